"""Joint gains: what two data sets share is what one code for both saves over two."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kolmo._items import as_bytes, as_items
from kolmo._parallel import map_blocks
from kolmo.coders.base import Coder, PrimedCoder, check_integer
from kolmo.coders.predictive import PredictiveCoder
from kolmo.coders.registry import coder as make_coder
from kolmo.errors import DataError, ParameterError
from kolmo.measures.blocks import CoderLike
from kolmo.measures.distance import pairwise

Order = Literal["concatenated", "shuffled"]
_ORDERS = ("concatenated", "shuffled")
_PIECES = 16
"""Into how many blocks a set that is one long string is cut, to resample it."""
_SURE = 1.96
_REMEMBERS = 0.25
"""The share of X with itself, a half at most, below which a coder keeps little of what it has read."""


@dataclass(frozen=True, kw_only=True)
class JointGain:
    """What two data sets share under a coder. Lengths are bits.

    Parameters
    ----------
    coder, fingerprint : str
    sizes : tuple of int
        Bytes of X and of Y.
    length_x, length_y : float
        L(X) and L(Y).
    length_xy, length_yx : float
        L(XY) and L(YX), one code for both in either order.
    length_y_given_x, length_x_given_y : float
        L(Y|X) and L(X|Y): NaN for a coder that cannot be primed.
    random_share, self_share : float
        The same share for X and random bytes of the size of Y, and for X and X: what nothing and all in common give.
    interval : tuple of float or None
        95 % interval of the share, from random halves of the blocks; None if there was no resampling.
    doubts : list of str
        Why the coder may see less, or other, than what is shared.
    """

    coder: str
    fingerprint: str
    sizes: tuple[int, int]
    length_x: float
    length_y: float
    length_xy: float
    length_yx: float
    length_y_given_x: float
    length_x_given_y: float
    random_share: float
    self_share: float
    interval: tuple[float, float] | None
    doubts: list[str] = field(default_factory=list)

    @property
    def bits(self) -> float:
        """The gain, L(X) + L(Y) - L(X,Y), as the mean of both orders; below 0 if one code is worse than two."""
        return self.length_x + self.length_y - (self.length_xy + self.length_yx) / 2

    @property
    def share(self) -> float:
        """The gain as a share of L(X) + L(Y): 0 for nothing in common, a half at most."""
        return self.bits / (self.length_x + self.length_y)

    @property
    def bound(self) -> float:
        """Upper bound on K(X,Y): both in the better order, or each by itself, and the bits that say which.

        A first bit says whether both are coded together, and then a second in which order: so it is never above
        L(X) + L(Y) + 1, whatever the coder.
        """
        return min(1 + self.length_x + self.length_y, 2 + min(self.length_xy, self.length_yx))

    @property
    def information_distance(self) -> float:
        """max(L(X|Y), L(Y|X)), in bits."""
        return max(self.length_x_given_y, self.length_y_given_x)

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as JSON; what is not known is None."""
        derived = {name: getattr(self, name) for name in ("bits", "share", "bound", "information_distance")}
        everything = asdict(self) | derived
        return {
            key: None if isinstance(value, float) and math.isnan(value) else value for key, value in everything.items()
        }


def joint_gain(
    X: Any,
    Y: Any,
    *,
    coder: CoderLike = "mix",
    separator: str | bytes = b"",
    order: Order = "concatenated",
    n_resamples: int = 8,
    random_state: int = 0,
    n_jobs: int | None = None,
) -> JointGain:
    """Measure what two data sets share: the bits that one code for both saves over two.

    K(X,Y) <= K(X) + K(Y) + c. What is saved is the information that one holds on the other, as far as the coder sees
    it; the constant c is one bit here, see `JointGain.bound`.

    Parameters
    ----------
    X, Y : str, bytes-like, or collection of these
        The sets; a collection holds documents.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    separator : str or bytes
        Written between the documents, and between X and Y.
    order : {"concatenated", "shuffled"}
        Documents as they come, or each set in an order drawn by `random_state`.
    n_resamples : int
        How many random halves of the blocks (documents, or sixteen pieces of a long string) the interval is made from;
        0 for none. The spread of a statistic over random halves is that over new samples of the whole.
    random_state : int
        Seed of the order, the halves and the random control.
    n_jobs : int, optional
        Workers as joblib counts them.

    Returns
    -------
    JointGain

    Raises
    ------
    DataError
        If a set is empty.
    ParameterError
        If `order` or `n_resamples` is none of these.

    Warns
    -----
    WindowWarning
        If a set is longer than the coder's window.

    References
    ----------
    Li, Chen, Li, Ma and Vitanyi, "The similarity metric", IEEE Transactions on Information Theory, 2004. Politis and
    Romano, "Large sample confidence regions based on subsamples under minimal assumptions", Annals of Statistics, 1994.

    Examples
    --------
    >>> cats = [f"cat {n} sat on the mat" for n in range(40)]
    >>> dogs = [f"dog {n} sat on the mat" for n in range(40)]
    >>> gain = joint_gain(cats, dogs, coder="ngram", separator="; ")
    >>> gain.self_share > gain.share > gain.random_share
    True
    >>> gain.bound <= gain.length_x + gain.length_y + 1
    True
    """
    made, between = make_coder(coder), as_bytes(separator)
    if order not in _ORDERS:
        raise ParameterError(f"order must be {' or '.join(map(repr, _ORDERS))}, but {order!r} came")
    check_integer("n_resamples", n_resamples, 0, 10_000)
    drawn = np.random.default_rng(random_state)
    xs, ys = _blocks(X, "X"), _blocks(Y, "Y")
    if order == "shuffled":
        xs, ys = ([blocks[place] for place in drawn.permutation(len(blocks))] for blocks in (xs, ys))
    x, y = _joined(xs, X, between), _joined(ys, Y, between)
    made.warn_beyond_window(max(len(x), len(y)))
    noise = drawn.integers(0, 256, len(y), np.uint8).tobytes()
    halves = [(_half(xs, X, between, drawn), _half(ys, Y, between, drawn)) for _ in range(n_resamples)]
    pairs = [(x, y), (x, noise), (x, x), *halves]
    found = map_blocks(_lengths, ((made, between, *pair) for pair in pairs), n_jobs=n_jobs, prefer=made.tags.parallel)
    whole, random, itself, *resampled = list(found)
    share = _share(whole)
    spread = _SURE * float(np.std([_share(part) for part in resampled], ddof=1)) if n_resamples > 1 else math.nan
    return JointGain(
        coder=str(made),
        fingerprint=made.fingerprint,
        sizes=(len(x), len(y)),
        length_x=whole[0],
        length_y=whole[1],
        length_xy=whole[2],
        length_yx=whole[3],
        length_y_given_x=whole[4],
        length_x_given_y=whole[5],
        random_share=_share(random),
        self_share=_share(itself),
        interval=None if math.isnan(spread) else (share - spread, share + spread),
        doubts=_doubts(made, x, y, whole, _share(itself)),
    )


def joint_gains(
    sets: Mapping[str, Any],
    *,
    coder: CoderLike = "mix",
    n_jobs: int | None = None,
    checkpoint: Any = None,
) -> NDArray[np.float64]:
    """Measure what every two of some data sets share, each read once for its whole row.

    Parameters
    ----------
    sets : mapping of str to str or bytes-like
        Data sets by name.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    n_jobs : int, optional
        Workers as joblib counts them.
    checkpoint : str or Path, optional
        A file that keeps what is finished; the same call goes on from it.

    Returns
    -------
    ndarray of shape (n_sets, n_sets)
        `JointGain.share` of each pair; on the diagonal that of each set with itself.

    Raises
    ------
    DataError
        If there are fewer than two sets, or one is empty.

    Examples
    --------
    >>> sets = {"a": "the cat sat on the mat " * 9, "b": "the cat sat on the rug " * 9, "c": "3.14159 26535 89793 " * 9}
    >>> gains = joint_gains(sets, coder="ngram")
    >>> bool(gains[0, 1] > gains[0, 2])
    True
    """
    items = [as_bytes(data) for data in sets.values()]
    if len(items) < 2:
        raise DataError(f"{len(items)} sets came; gains are of at least two")
    for name, item in zip(sets, items, strict=True):
        if not item:
            raise DataError(f"the set {name!r} is empty; leave it out")
    made = make_coder(coder)
    made.warn_beyond_window(max(map(len, items)))
    conditional = isinstance(made, PredictiveCoder)
    apart: Any = pairwise(
        items,
        items,
        coder=made,
        measure="conditional_cdm" if conditional else "cdm",
        symmetrize=None if conditional else "mean",
        n_jobs=n_jobs,
        checkpoint=checkpoint,
    )
    # (L(Y|X) + L(X|Y)) / (L(X) + L(Y)), or the same of L(XY): what is missing from 1 is saved
    gains: NDArray[np.float64] = (1 - apart) / 2 if conditional else 1 - apart
    return gains


@dataclass(frozen=True, kw_only=True)
class PairedGain:
    """Whether things that belong together tell of each other more than others do.

    Parameters
    ----------
    bits : float
        Mean bits that a pair saves more than a pair put together at random.
    share : float
        These as a share of the mean L(y).
    p_value : float
        The share of random pairings, itself counted in, that save as much as the true one.
    """

    bits: float
    share: float
    p_value: float


def paired_gain(
    X: Any,
    Y: Any,
    *,
    coder: CoderLike = "ngram",
    n_shuffles: int = 999,
    random_state: int = 0,
    n_jobs: int | None = None,
) -> PairedGain:
    """Measure what the items of Y share with their own partners in X, beyond what they share with all of X.

    Captions with their pictures, translations, labels with inputs: L(y|x) of true pairs is set beside all others.

    Parameters
    ----------
    X, Y : collection of str or bytes-like
        Item n of X belongs to item n of Y. Every y is coded given every x, so take some hundred pairs at most.
    coder : str, mapping or Coder
        One that primes.
    n_shuffles : int
        Random pairings to compare with.
    random_state : int
        Their seed.
    n_jobs : int, optional
        Workers as joblib counts them.

    Returns
    -------
    PairedGain

    Raises
    ------
    DataError
        If there are fewer than two pairs, or an x without a y.

    Examples
    --------
    >>> words = ["horse", "castle", "bridge", "window", "forest", "garden"]
    >>> questions, answers = [f"where is the {w}?" for w in words], [f"the {w} is over there" for w in words]
    >>> paired_gain(questions, answers).bits > 0
    True
    """
    made, xs, ys = make_coder(coder), list(as_items(X)), list(as_items(Y))
    if len(xs) != len(ys) or len(xs) < 2:
        raise DataError(f"{len(xs)} items of X and {len(ys)} of Y came; pairs are expected, and at least two")
    check_integer("n_shuffles", n_shuffles, 1, 10**6)
    rows = map_blocks(_given, ((made, x, ys) for x in xs), n_jobs=n_jobs, prefer=made.tags.parallel)
    given = np.array(list(rows))
    true = float(np.trace(given))
    drawn, places = np.random.default_rng(random_state), np.arange(len(xs))
    shuffled = np.array([given[drawn.permutation(len(xs)), places].sum() for _ in range(n_shuffles)])
    others = (given.sum() - true) / (len(xs) - 1)
    bits = float(others - true) / len(xs)
    return PairedGain(
        bits=bits,
        share=bits / max(float(made.lengths(ys).mean()), 1e-9),
        p_value=float((1 + (shuffled <= true).sum()) / (1 + n_shuffles)),
    )


def _given(coder: Coder, context: bytes, items: list[bytes]) -> NDArray[np.float64]:
    return _prime(coder, context).lengths(items)


def _blocks(data: Any, name: str) -> list[bytes]:
    """Return the documents of a set, or pieces of one string."""
    if isinstance(data, str | bytes | bytearray | memoryview):
        whole = as_bytes(data)
        size = max(1, -(-len(whole) // _PIECES))
        blocks = [whole[start : start + size] for start in range(0, len(whole), size)]
    else:
        blocks = list(as_items(data))
    if not any(blocks):
        raise DataError(f"{name} is empty, and nothing shares nothing with it; pass some data")
    return blocks


def _joined(blocks: Sequence[bytes], data: Any, separator: bytes) -> bytes:
    whole = isinstance(data, str | bytes | bytearray | memoryview)
    return (b"" if whole else separator).join(blocks)


def _half(blocks: Sequence[bytes], data: Any, separator: bytes, drawn: np.random.Generator) -> bytes:
    """Return half of the blocks, in their order."""
    kept = sorted(drawn.permutation(len(blocks))[: max(1, len(blocks) // 2)])
    return _joined([blocks[place] for place in kept], data, separator)


def _lengths(coder: Coder, separator: bytes, x: bytes, y: bytes) -> tuple[float, ...]:
    """Return L(X), L(Y), L(XY), L(YX), L(Y|X) and L(X|Y)."""
    first, second = x + separator, y + separator
    if not isinstance(coder, PredictiveCoder):
        alone = [float(length) for length in coder.lengths([x, y, first + y, second + x])]
        given = [math.nan, math.nan]
        if coder.tags.priming is not None:
            given = [_prime(coder, first).code_length(y), _prime(coder, second).code_length(x)]
        return (*alone, *given)
    # what predicts byte after byte keeps the chain rule, so that the context need be read only once
    length_x, length_y = map(float, coder.lengths([x, y]))
    given = [_prime(coder, first).code_length(y), _prime(coder, second).code_length(x)]
    return length_x, length_y, length_x + given[0], length_y + given[1], *given


def _prime(coder: Coder, context: bytes) -> Coder:
    return PrimedCoder(coder=coder, context=context) if context else coder


def _share(lengths: tuple[float, ...]) -> float:
    alone = lengths[0] + lengths[1]
    return (alone - (lengths[2] + lengths[3]) / 2) / alone if alone > 0 else 0.0


def _doubts(coder: Coder, x: bytes, y: bytes, lengths: tuple[float, ...], self_share: float) -> list[str]:
    found = []
    window = coder.tags.window
    if window is not None and max(len(x), len(y)) > window:
        found.append(f"{coder} sees only the last {window:,} bytes of what it has read: the gain is too low")
    if min(lengths[2], lengths[3]) > lengths[0] + lengths[1] + 64:
        found.append(f"one code by {coder} is longer than two: its tables, or its dictionary, do not suit both")
    if self_share < _REMEMBERS:
        found.append(
            f"of a second X {coder} saves {200 * self_share:.1f} %, and all could be saved: set the share beside that "
            "of X with itself; a model that was trained beforehand reads more if it is tuned, such as by passes=8"
        )
    if max(len(x), len(y)) > 20 * min(len(x), len(y)):
        found.append("the sets differ in size more than twentyfold: the share is small whatever they have in common")
    return found
