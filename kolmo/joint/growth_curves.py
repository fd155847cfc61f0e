"""The joint gain of two data sets as a function of their size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kolmo._core.checks import check_integer
from kolmo._core.results import Result
from kolmo._core.resumable import open_checkpoint, run_tasks
from kolmo._core.units import format_bits
from kolmo.coders.registry import CoderLike
from kolmo.errors import ParameterError
from kolmo.evaluation.diagnostics import diagnose
from kolmo.joint.caveats import size_warnings
from kolmo.joint.estimates import Gain, gain_of, remarks, six_lengths
from kolmo.joint.gain_results import CITATIONS, Order
from kolmo.joint.two_sets import prepared

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

_SMALLEST = 1000


@dataclass(frozen=True, kw_only=True)
class GainCurve(Result):
    """Joint gains of growing subsets of two data sets. Made by `gain_curve`; iterates over the points.

    Parameters
    ----------
    points : tuple of Gain
        By rising size; the last is the gain of the whole sets.
    coder : str
        The coder.
    fingerprint : str
        The coder with its parameters and library versions.
    order : {"concatenated", "shuffled", "interleaved"}
        The order of the documents in the joint code.
    overhead_bits : float
        The code length of the empty string, which the joint code saves once: a constant part of each gain.
    warnings : list of str
        Limits of the coder.
    """

    citations: ClassVar[tuple[str, ...]] = CITATIONS
    question: ClassVar[str] = "Would more data show more common information?"

    points: tuple[Gain, ...]
    coder: str
    fingerprint: str
    order: Order
    overhead_bits: float
    warnings: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Gain]:
        return iter(self.points)

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, place: int) -> Gain:
        return self.points[place]

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each point.

        Returns
        -------
        list of dict
        """
        rows = []
        for point in self.points:
            row = point.to_dict()
            size_x, size_y = row.pop("sizes")
            rows.append({"size_x": size_x, "size_y": size_y} | row)
        return rows

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table for each curve.

        Parameters
        ----------
        results : sequence of GainCurve
            The curves.
        verbose : bool
            Add fingerprints and citations.

        Returns
        -------
        list of Table
        """
        tables = []
        for curve in results:
            (table,) = Gain.tables_of(curve.points)
            table.title = f"Joint coding gain by size ({curve.coder}{order_note(curve.order)})"
            if curve.overhead_bits:
                header = format_bits(round(curve.overhead_bits, 1))
                table.footers.append(f"each gain includes {header} bits for one header instead of two")
            table.footers += remarks([curve], verbose=verbose)
            tables.append(table)
        return tables

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        said = []
        for each in results:
            if (gains := _last_gains(each)) is not None:
                before, last = gains
                trend = "still rises" if last > before else "no longer rises"
                said.append(
                    f"By {each.coder} the joint gain {trend} with the size: {before:.2f}% at "
                    f"{sum(each[-2].sizes):,} bytes of both sets, {last:.2f}% at {sum(each[-1].sizes):,}."
                )
        return "\n".join(said)

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import Curve, LineChart

        curves = [
            Curve(
                name=each.coder,
                x=[sum(point.sizes) for point in each],
                y=[100 * point.relative_gain for point in each],
            )
            for each in results
        ]
        return [
            LineChart(
                title="Joint gain by size",
                x_label="bytes of both sets",
                y_label="gain, % of L(X) + L(Y)",
                curves=curves,
                log_x=True,
            )
        ]

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        return [
            "The points of a curve are measured once each, without intervals: joint_gain and kolmo joint gain give the "
            "interval and the null of the last point."
        ]


def _last_gains(curve: GainCurve) -> tuple[float, float] | None:
    """Return the relative gains at the last two sizes in %."""
    return None if len(curve) < 2 else (100 * curve[-2].relative_gain, 100 * curve[-1].relative_gain)


def order_note(order: Order) -> str:
    """Return the order of the documents as part of a title; nothing for the default."""
    return "" if order == "concatenated" else f", documents {order}"


def gain_curve(
    X: Any,
    Y: Any,
    *,
    coder: CoderLike = "mix",
    sizes: Sequence[int] | None = None,
    separator: str | bytes = b"",
    order: Order = "concatenated",
    random_state: int = 0,
    n_jobs: int | None = None,
    checkpoint: str | Path | None = None,
) -> GainCurve:
    """Measure the joint gain of growing subsets of two data sets, up to the whole sets.

    A relative gain that still rises at the end would rise further with more data. One that falls shows that the coder
    has learned each set by itself, or that its window no longer reaches the other set. With the default sizes the curve
    takes twice the time of the last point.

    Parameters
    ----------
    X, Y : str, bytes-like, or collection of these
        The data sets. Subsets of a collection are random documents; subsets of a string are prefixes of its sixteen
        pieces. Both sets grow in proportion and keep their order.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    sizes : sequence of int, optional
        Bytes of the smaller set, strictly increasing; by default 1,000, 2,000, 4,000 and so on. The whole sets always
        come last.
    separator : str or bytes
        Placed between documents, and between X and Y.
    order : {"concatenated", "shuffled", "interleaved"}
        See `joint_gain`.
    random_state : int
        Seed of the subsets and of the order.
    n_jobs : int, optional
        Number of parallel workers, as in joblib.
    checkpoint : str or Path, optional
        Save progress to this file, and resume from it.

    Returns
    -------
    GainCurve
        One point for each size; the last is the gain of `joint_gain`.

    Raises
    ------
    DataError
        If a set is empty, or the checkpoint belongs to another run.
    ParameterError
        If the sizes are not strictly increasing, or the order is unknown.

    Warns
    -----
    WindowWarning
        If a set is longer than the coder's window.

    Examples
    --------
    >>> cats = [f"cat {n} sat on the mat" for n in range(99)]
    >>> dogs = [f"dog {n} sat on the mat" for n in range(99)]
    >>> curve = gain_curve(cats, dogs, coder="ngram", sizes=[100, 400])
    >>> [gain.sizes for gain in curve], curve[-1].relative_gain > 0
    ([(104, 105), (417, 418), (2069, 2069)], True)
    """
    made, between, (xs, ys), random = prepared(X, Y, coder, separator, order, random_state)
    smaller = min(sum(map(len, xs.blocks)), sum(map(len, ys.blocks)))
    fractions = [size / smaller for size in _checked(sizes, smaller)]
    orders = [random.permutation(len(each)).tolist() for each in (xs, ys)]
    parts = {
        (len(x.joined()), len(y.joined())): (x, y)
        for x, y in ((xs.prefix(part, orders[0]), ys.prefix(part, orders[1])) for part in fractions)
    }
    # the longest task first, so that the workers finish together
    tasks = [(*pair, between, order == "interleaved") for pair in reversed(parts.values())]
    run = open_checkpoint(
        checkpoint,
        str(made),
        made.fingerprint,
        xs.blocks,
        ys.blocks,
        label="growth",
        order=order,
        separator=between.decode("latin-1"),
        sizes=[list(size) for size in parts],
        random_state=random_state,
    )
    found = run_tasks(
        partial(six_lengths, made),
        tasks,
        label=f"gain curve by {made!s:.40}",
        prefer=made.tags.parallel,
        run=run,
        n_jobs=n_jobs,
    )
    samples = [xs.joined(), ys.joined()]
    points = tuple(gain_of(each) for each in found)[::-1]
    return GainCurve(
        points=points,
        coder=str(made),
        fingerprint=made.fingerprint,
        order=order,
        overhead_bits=made.overhead_bits,
        warnings=[
            *diagnose(made, max(map(len, samples)), sample=samples),
            *size_warnings(str(made), len(samples[0]), len(samples[1]), points[-1]),
        ],
    )


def _checked(sizes: Sequence[int] | None, smaller: int) -> list[int]:
    if sizes is None:
        sizes, size = [], _SMALLEST
        while 1.5 * size <= smaller:
            sizes.append(size)
            size *= 2
    for size in sizes:
        check_integer("each of sizes", size, 1, 2**60)
    if list(sizes) != sorted(set(sizes)):
        raise ParameterError(f"expected strictly increasing sizes, got {list(sizes)!r:.80}")
    return [*(size for size in sizes if size < smaller), smaller]
