"""Joint gains: what two data sets share is what one code for both saves over two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_integer
from kolmo._core.items import as_bytes
from kolmo._core.resumable import open_checkpoint, run_tasks
from kolmo.coders.base import Coder
from kolmo.coders.predictive import PredictiveCoder
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.distances.api import pairwise
from kolmo.errors import DataError, ParameterError
from kolmo.joint.caveats import diagnose_pair
from kolmo.joint.documents import NEIGHBORS, Documents
from kolmo.joint.estimates import Gain, gain_of, six_lengths

Order = Literal["concatenated", "shuffled", "interleaved"]
ORDERS: tuple[Order, ...] = ("concatenated", "shuffled", "interleaved")
_SURE = 1.96


@dataclass(frozen=True, kw_only=True)
class JointGain(Gain):
    """What two data sets share under a coder: a `Gain`, with its controls and what to doubt about it.

    Parameters
    ----------
    sizes : tuple of int
        Bytes of X and of Y.
    length_x, length_y, length_xy, length_yx, length_y_given_x, length_x_given_y : float
        See `Gain`.
    coder, fingerprint : str
        The coder, and its versions.
    random_gain, self_gain : float
        The same share for X and random bytes of the size of Y, and for X and X: what nothing and all in common give.
    interval : tuple of float or None
        95 % interval of the share, from random halves of the blocks; None if there was no resampling.
    order : {"concatenated", "shuffled", "interleaved"}
        How the documents came.
    warnings : list of str
        Why the coder may see less, or other, than what is shared.
    """

    coder: str
    fingerprint: str
    random_gain: float
    self_gain: float
    interval: tuple[float, float] | None
    order: Order = "concatenated"
    warnings: list[str] = field(default_factory=list)


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
    checkpoint: str | Path | None = None,
) -> JointGain:
    """Measure what two data sets share: the bits that one code for both saves over two.

    K(X,Y) <= K(X) + K(Y) + c. What is saved is the information that one holds on the other, as far as the coder sees
    it; the constant c is one bit here, see `Gain.bound`.

    A coder with a short window has forgotten X by the time it comes to most of Y: deflate sees 32 KiB back. Where the
    sets come by turns, a document of X is always beside one of Y, and such a coder sees what neighbours share. It sees
    less of each set in turn: unless the documents are short, or each tells of its neighbour, as translations do, the
    gain may come out lower, and so it mostly does for long strings, which have to be cut.

    Parameters
    ----------
    X, Y : str, bytes-like, or collection of these
        The sets; a collection holds documents.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    separator : str or bytes
        Written between the documents, and between X and Y.
    order : {"concatenated", "shuffled", "interleaved"}
        One set after the other, with documents as they come, or each set in an order drawn by `random_state`; or
        documents by turns, those of the smaller set spread evenly, beginning with X for L(XY) and with Y for L(YX).
        Pieces of a long string stand for documents, of 8 KiB at most where they come by turns. L(Y|X) and L(X|Y) are
        of one set after the other in any case.
    n_resamples : int
        How many random halves of the blocks (documents, or sixteen pieces of a long string) the interval is made from;
        0 for none. The spread of a statistic over random halves is that over new samples of the whole.
    random_state : int
        Seed of the order, the halves and the random control.
    n_jobs : int, optional
        Workers as joblib counts them.
    checkpoint : str or Path, optional
        A file that keeps what is finished; the same call goes on from it, also with more halves.

    Returns
    -------
    JointGain

    Raises
    ------
    DataError
        If a set is empty, or the checkpoint holds another run.
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
    >>> gain.self_gain > gain.share > gain.random_gain
    True
    >>> gain.bound <= gain.length_x + gain.length_y + 1
    True
    """
    check_integer("n_resamples", n_resamples, 0, 10_000)
    made, between, (xs, ys), drawn = prepared(X, Y, coder, separator, order, random_state)
    x, y = xs.joined(), ys.joined()
    noise = Documents.of(drawn.integers(0, 256, len(y), np.uint8).tobytes(), "noise", largest=_largest(order))
    halves = [(xs.half(drawn), ys.half(drawn)) for _ in range(n_resamples)]
    tasks = [(*pair, between, order == "interleaved") for pair in [(xs, ys), (xs, noise), (xs, xs), *halves]]
    run = open_checkpoint(
        checkpoint,
        str(made),
        made.fingerprint,
        xs.blocks,
        ys.blocks,
        label="two sets",
        order=order,
        separator=between.decode("latin-1"),
        random_state=random_state,
    )
    found = run_tasks(
        partial(six_lengths, made),
        tasks,
        label=f"joint gain by {made!s:.40}",
        prefer=made.tags.parallel,
        run=run,
        n_jobs=n_jobs,
    )
    whole, random, itself, *resampled = map(gain_of, found)
    interval = None
    if n_resamples > 1:
        spread = _SURE * float(np.std([part.share for part in resampled], ddof=1))
        interval = whole.share - spread, whole.share + spread
    return JointGain(
        **{each.name: getattr(whole, each.name) for each in fields(Gain)},
        coder=str(made),
        fingerprint=made.fingerprint,
        random_gain=random.share,
        self_gain=itself.share,
        interval=interval,
        order=order,
        warnings=diagnose_pair(made, x, y, whole, itself.share, (len(xs), len(ys)) if interval else None),
    )


def prepared(
    X: Any, Y: Any, coder: CoderLike, separator: str | bytes, order: Order, random_state: int
) -> tuple[Coder, bytes, tuple[Documents, Documents], np.random.Generator]:
    """Return what measures of two sets begin with: coder, separator, the sets in their order, and random numbers.

    Raises
    ------
    DataError
        If a set is empty.
    ParameterError
        If there is no such order.
    """
    made, between = make_coder(coder), as_bytes(separator)
    if order not in ORDERS:
        raise ParameterError(f"order must be {', '.join(map(repr, ORDERS[:-1]))} or {ORDERS[-1]!r}, but {order!r} came")
    random = np.random.default_rng(random_state)
    xs, ys = (Documents.of(data, name, between, largest=_largest(order)) for data, name in ((X, "X"), (Y, "Y")))
    if order == "shuffled":
        xs, ys = xs.permuted(random), ys.permuted(random)
    made.warn_beyond_window(max(len(each.joined()) for each in (xs, ys)))
    return made, between, (xs, ys), random


def _largest(order: Order) -> int | None:
    return NEIGHBORS if order == "interleaved" else None


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
        Data sets by name. With one of random bytes among them, see `random_control`, the matrix shows that nothing gains
        from those.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    n_jobs : int, optional
        Workers as joblib counts them.
    checkpoint : str or Path, optional
        A file that keeps what is finished; the same call goes on from it.

    Returns
    -------
    ndarray of shape (n_sets, n_sets)
        `JointGain.share` of each pair; on the diagonal that of each set with itself. What to doubt about them,
        `kolmo.joint.diagnose_matrix` tells.

    Raises
    ------
    DataError
        If there are fewer than two sets, or one is empty.

    Warns
    -----
    WindowWarning
        If a set is longer than the coder's window.

    Examples
    --------
    >>> sets = {"a": "the cat sat on the mat " * 9, "b": "the cat sat on the rug " * 9, "c": "3.14159 26535 " * 9}
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
    conditional = isinstance(made, PredictiveCoder)
    apart: Any = pairwise(
        items,
        coder=made,
        metric="conditional_cdm" if conditional else "cdm",
        symmetrize=None if conditional else "mean",
        dtype=np.float64,
        n_jobs=n_jobs,
        checkpoint=checkpoint,
    )
    # (L(Y|X) + L(X|Y)) / (L(X) + L(Y)), or the same of L(XY): what is missing from 1 is saved
    gains: NDArray[np.float64] = (1 - apart) / 2 if conditional else 1 - apart
    return gains


def random_control(sets: Mapping[str, Any], *, random_state: int = 0) -> bytes:
    """Return random bytes, as many as the set of the middle size has: a control for `joint_gains`.

    Parameters
    ----------
    sets : mapping of str to str or bytes-like
        Data sets by name.
    random_state : int
        Seed.

    Returns
    -------
    bytes

    Examples
    --------
    >>> len(random_control({"a": "few", "b": "some more", "c": "so many more"}))
    9
    """
    if not sets:
        raise DataError("no sets came; random bytes are made beside at least one")
    size = int(np.median([len(as_bytes(data)) for data in sets.values()]))
    return np.random.default_rng(random_state).integers(0, 256, size, np.uint8).tobytes()
