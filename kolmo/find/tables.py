"""Tables of overlaps, and the lines about their cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from kolmo._core.units import format_seconds

if TYPE_CHECKING:
    from kolmo._core.tables import Table
    from kolmo.find.pairs import Control

Span = tuple[int, int]
Overlap = tuple[int, int, Span, Span, float, float]
"""Two positions, two spans, the bits saved, and the copied share."""


class Report(Protocol):
    """What `cost_footers` prints."""

    min_bits: float
    min_copied: float
    control: Control
    n_compared: int
    seconds: float
    exact_seconds: float
    coder: str
    fingerprint: str
    warnings: list[str]


def overlap_table(title: str, names: tuple[str, str], overlaps: Sequence[Overlap], *, shown: int) -> Table:
    """Return a table of overlaps, which says how many are not shown."""
    from kolmo._core.tables import Column, Table

    columns = [f"{names[0]} item", f"{names[1]} item", f"bytes in {names[0]}", f"bytes in {names[1]}"]
    table = Table(title, [Column(name, True) for name in (*columns, "bits saved", "copied, %")])
    for first, second, first_span, second_span, bits, copied in overlaps[:shown]:
        spans = (f"{start:,}-{stop:,}" for start, stop in (first_span, second_span))
        table.add(f"{first:,}", f"{second:,}", *spans, f"{bits:,.0f}", f"{100 * copied:.0f}")
    if len(overlaps) > shown:
        table.footers.append(f"{shown:,} of {len(overlaps):,} shown; all with --verbose, --json or --output")
    return table


def cost_footers(report: Report, n_all: int, *, verbose: bool) -> list[str]:
    """Return the lines about thresholds, the control and the cost."""
    control = report.control
    low, high = (100 * each for each in control.interval)
    lines = [
        f"flagged: at least {report.min_bits:g} bits saved over the background ({report.coder}), and "
        f"{100 * report.min_copied:g} % of the passage copied",
        f"random pairs flagged: {control.n_flagged:,} of {control.n_pairs:,}, 95 % confidence interval "
        f"{low:.2g} to {high:.2g} %",
        f"compared {report.n_compared:,} of {n_all:,} pairs in {format_seconds(report.seconds)}; all pairs would take "
        f"about {format_seconds(report.exact_seconds)} in one thread",
        *report.warnings,
    ]
    return [*lines, report.fingerprint] if verbose else lines
