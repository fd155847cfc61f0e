"""The joint gain of two data sets with its controls and its confidence interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np

from kolmo._core.checks import check_choice, check_integer
from kolmo._core.items import as_bytes
from kolmo._core.resumable import open_checkpoint, run_tasks
from kolmo._core.units import format_bits
from kolmo.coders.base import Coder
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.joint.caveats import diagnose_pair
from kolmo.joint.documents import INTERLEAVED_BYTES, Documents
from kolmo.joint.estimates import SCALE, Gain, gain_of, remarks, six_lengths

if TYPE_CHECKING:
    from kolmo._core.tables import Table

Order = Literal["concatenated", "shuffled", "interleaved"]
ORDERS: tuple[Order, ...] = ("concatenated", "shuffled", "interleaved")
CITATIONS = (
    'Li, Chen, Li, Ma and Vitanyi, "The similarity metric", IEEE Transactions on Information Theory, 2004',
    'Politis and Romano, "Large sample confidence regions based on subsamples under minimal assumptions", Annals of '
    "Statistics, 1994",
)
_NORMAL_QUANTILE = 1.96


@dataclass(frozen=True, kw_only=True)
class JointGain(Gain):
    """The joint gain of two data sets, with controls, confidence interval and warnings. Made by `joint_gain`.

    Parameters
    ----------
    sizes : tuple of int
        Bytes of X and of Y.
    length_x, length_y, length_xy, length_yx, length_y_given_x, length_x_given_y : float
        Code lengths in bits; see `Gain`.
    coder : str
        The coder.
    fingerprint : str
        The coder with its parameters and library versions.
    random_gain : float
        Lower control: the relative gain of X with random bytes of the size of Y.
    self_gain : float
        Upper control: the relative gain of X with itself.
    interval : tuple of float or None
        95 % confidence interval of the relative gain, by half-sample resampling of the blocks; None without resampling.
    order : {"concatenated", "shuffled", "interleaved"}
        The order of the documents in the joint code.
    warnings : list of str
        Limits of the coder, and properties of the sets that make them hard to compare.
    """

    citations: ClassVar[tuple[str, ...]] = CITATIONS

    coder: str
    fingerprint: str
    random_gain: float
    self_gain: float
    interval: tuple[float, float] | None
    order: Order = "concatenated"
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table of code lengths and a table of gains, with a row for each coder.

        Parameters
        ----------
        results : sequence of JointGain
            The gains of the same two sets by several coders.
        verbose : bool
            Add fingerprints and citations.

        Returns
        -------
        list of Table
        """
        return [_lengths_table(results), _gains_table(results, verbose=verbose)]


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
    """Estimate the algorithmic mutual information K(X) + K(Y) - K(X,Y) of two data sets in bits, by joint coding.

    The joint gain is L(X) + L(Y) - (L(XY) + L(YX)) / 2. Code lengths are upper bounds on Kolmogorov complexity up to
    the size of the coder, so the gain is an estimate from upper bounds and not a bound itself. The controls show its
    scale for this coder: the self gain of X with itself, and the gain of X with random bytes. K(X,Y) itself is bounded
    by L(X) + L(Y) + 1 and by the field `joint_upper_bound`.

    A coder with a short window has lost X when it codes most of Y: deflate sees 32 KiB. With interleaved documents, a
    document of X is always close to one of Y, and the coder sees what neighbours have in common. But it then sees less
    of each set at a time, so the gain is often lower, unless the documents are short or neighbours correspond, as
    translations do.

    Parameters
    ----------
    X, Y : str, bytes-like, or collection of these
        The data sets; a collection holds documents.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    separator : str or bytes
        Placed between documents, and between X and Y.
    order : {"concatenated", "shuffled", "interleaved"}
        One set after the other, with documents in their order or in random order; or documents interleaved, those of
        the smaller set spread evenly, starting with X for L(XY) and with Y for L(YX). A string is interleaved in pieces
        of at most 8 KiB. L(Y|X) and L(X|Y) read the whole context first in any case.
    n_resamples : int
        Number of half-samples of the blocks (documents, or sixteen pieces of a string) for the 95 % confidence
        interval; 0 for none. The standard deviation over half-samples estimates that over new samples of the size of
        the whole.
    random_state : int
        Seed of the order, the half-samples and the random control.
    n_jobs : int, optional
        Number of parallel workers, as in joblib.
    checkpoint : str or Path, optional
        Save progress to this file, and resume from it, also with more resamples.

    Returns
    -------
    JointGain

    Raises
    ------
    DataError
        If a set is empty, or the checkpoint belongs to another run.
    ParameterError
        If `order` or `n_resamples` is not valid.

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
    >>> gain.self_gain > gain.relative_gain > gain.random_gain
    True
    >>> gain.joint_upper_bound <= gain.length_x + gain.length_y + 1
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
        spread = _NORMAL_QUANTILE * float(np.std([part.relative_gain for part in resampled], ddof=1))
        interval = whole.relative_gain - spread, whole.relative_gain + spread
    return JointGain(
        **{each.name: getattr(whole, each.name) for each in fields(Gain)},
        coder=str(made),
        fingerprint=made.fingerprint,
        random_gain=random.relative_gain,
        self_gain=itself.relative_gain,
        interval=interval,
        order=order,
        warnings=diagnose_pair(made, x, y, whole, itself.relative_gain, (len(xs), len(ys)) if interval else None),
    )


def prepared(
    X: Any, Y: Any, coder: CoderLike, separator: str | bytes, order: Order, random_state: int
) -> tuple[Coder, bytes, tuple[Documents, Documents], np.random.Generator]:
    """Return the coder, the separator, both sets as documents in the chosen order, and the random generator.

    Raises
    ------
    DataError
        If a set is empty.
    ParameterError
        If the order is unknown.
    """
    made, between = make_coder(coder), as_bytes(separator)
    check_choice("order", order, ORDERS)
    random = np.random.default_rng(random_state)
    xs, ys = (Documents.of(data, name, between, largest=_largest(order)) for data, name in ((X, "X"), (Y, "Y")))
    if order == "shuffled":
        xs, ys = xs.permuted(random), ys.permuted(random)
    made.warn_beyond_window(max(len(each.joined()) for each in (xs, ys)))
    return made, between, (xs, ys), random


def _largest(order: Order) -> int | None:
    return INTERLEAVED_BYTES if order == "interleaved" else None


def _lengths_table(gains: Sequence[JointGain]) -> Table:
    from kolmo._core.tables import Column, Table, number_cell

    order = gains[0].order
    names = ("L(X)", "L(Y)", "L(XY)", "L(YX)", "L(Y|X)", "L(X|Y)")
    table = Table(
        f"Code lengths in bits{'' if order == 'concatenated' else f', documents {order}'}",
        [Column("coder"), *(Column(name, True) for name in names)],
    )
    for gain in gains:
        lengths = (gain.length_x, gain.length_y, gain.length_xy, gain.length_yx)
        conditional = (gain.length_y_given_x, gain.length_x_given_y)
        table.add(
            gain.coder,
            *(format_bits(round(length, 1)) for length in lengths),
            *(number_cell(None if math.isnan(length) else length, ",.0f") for length in conditional),
        )
    return table


def _gains_table(gains: Sequence[JointGain], *, verbose: bool) -> Table:
    from kolmo._core.tables import Column, Table

    names = ("gain, bits", "gain, %", "95 % interval", "random, %", "self, %", "K(X,Y) <= bits")
    table = Table("Joint coding gain", [Column("coder"), *(Column(name, True) for name in names)])
    for gain in gains:
        interval = "-" if gain.interval is None else " to ".join(f"{100 * end:.2f}" for end in gain.interval)
        table.add(
            gain.coder,
            format_bits(round(gain.gain_bits, 1)),
            f"{100 * gain.relative_gain:.2f}",
            interval,
            f"{100 * gain.random_gain:.2f}",
            f"{100 * gain.self_gain:.2f}",
            format_bits(round(gain.joint_upper_bound, 1)),
        )
    table.footers = [
        SCALE,
        "controls: random = X with random bytes, self = X with itself",
        "upper bound = min(L(X)+L(Y)+1, min(L(XY), L(YX))+2)",
        *remarks(gains, verbose=verbose),
    ]
    return table
