"""The results of a search for overlaps: what all have in common, and their tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from kolmo._core.results import Result
from kolmo._core.units import format_seconds
from kolmo.find.pairs import Control

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

REPORTED = 100
"""Pairs in an HTML report."""
Span = tuple[int, int]
Overlap = tuple[int, int, Span, Span, float, float]
"""Two positions, two spans, the bits saved, and the copied share."""


@dataclass(frozen=True, kw_only=True)
class OverlapReport(Result):
    """Base of the results of a search for overlaps: its thresholds, its control and its cost.

    Parameters
    ----------
    min_bits, min_copied : float
        The thresholds.
    control : Control
        Random pairs that pass for copies, with their 95 % confidence interval.
    n_compared : int
        Number of pairs compared.
    seconds, exact_seconds : float
        Wall time; estimated time of a comparison of all pairs in one thread.
    coder, fingerprint : str
        The coder of the background, with its parameters and versions.
    warnings : list of str
        What was left out.
    """

    min_bits: float
    min_copied: float
    control: Control
    n_compared: int
    seconds: float
    exact_seconds: float
    coder: str
    fingerprint: str
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        said = []
        for each in results:
            low, high = (100 * end for end in each.control.interval)
            said += [
                f"Control: of {each.control.n_pairs:,} random pairs {each.control.n_flagged:,} pass for copies, 95 % "
                f"confidence interval {low:.2g} to {high:.2g} %.",
                f"A passage counts if its copy saves at least {each.min_bits:g} bits over a coder that has read other "
                f"data of the kind ({each.coder}), and {100 * each.min_copied:g} % of it is copied.",
                f"{each.n_compared:,} pairs were compared, in {format_seconds(each.seconds)}.",
            ]
        return said

    def _footers(self, n_all: int, *, verbose: bool) -> list[str]:
        """Return the lines about thresholds, the control and the cost."""
        low, high = (100 * each for each in self.control.interval)
        lines = [
            f"flagged: at least {self.min_bits:g} bits saved over the background ({self.coder}), and "
            f"{100 * self.min_copied:g} % of the passage copied",
            f"random pairs flagged: {self.control.n_flagged:,} of {self.control.n_pairs:,}, 95 % confidence interval "
            f"{low:.2g} to {high:.2g} %",
            f"compared {self.n_compared:,} of {n_all:,} pairs in {format_seconds(self.seconds)}, compilation and "
            "reading included; comparing all pairs would take about "
            f"{format_seconds(self.exact_seconds)} in one thread",
            *self.warnings,
        ]
        return [*lines, self.fingerprint] if verbose else lines


def savings_chart(title: str, bits: Sequence[float], min_bits: float, unit: str) -> list[Chart]:
    """Return a chart of the bits that copies save; none without copies."""
    from kolmo._core.reports.charts import Histogram

    marks = {"smallest that counts": min_bits}
    return [Histogram(title=title, x_label="bits saved", values=bits, marks=marks, y_label=unit)] if bits else []


def overlap_table(
    title: str,
    names: tuple[str, str],
    overlaps: Sequence[Overlap],
    *,
    shown: int,
    sources: tuple[str, str] | None = None,
) -> Table:
    """Return a table of overlaps, which says how many are not shown; `sources` are the sets of the items."""
    from kolmo._core.tables import Column, ItemCell, Table

    columns = [f"{names[0]} item", f"{names[1]} item", f"bytes in {names[0]}", f"bytes in {names[1]}"]
    table = Table(title, [Column(name, True) for name in (*columns, "bits saved", "copied, %")])
    for first, second, first_span, second_span, bits, copied in overlaps[:shown]:
        pairs = zip(sources or names, (first, second), (first_span, second_span), strict=True)
        cells = [ItemCell(f"{index:,}", index, source=source, start=span[0]) for source, index, span in pairs]
        spans = (f"{start:,}-{stop:,}" for start, stop in (first_span, second_span))
        table.add(*cells, *spans, f"{bits:,.0f}", f"{100 * copied:.0f}")
    if len(overlaps) > shown:
        table.footers.append(f"{shown:,} of {len(overlaps):,} shown; all with --verbose, --json or --output")
    return table
