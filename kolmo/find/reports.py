"""The results of a search for overlaps: what all have in common, and their tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kolmo._core.results import Result
from kolmo._core.units import format_seconds
from kolmo.find.pairs import Control

if TYPE_CHECKING:
    from kolmo._core.tables import Table

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

    def _footers(self, n_all: int, *, verbose: bool) -> list[str]:
        """Return the lines about thresholds, the control and the cost."""
        low, high = (100 * each for each in self.control.interval)
        lines = [
            f"flagged: at least {self.min_bits:g} bits saved over the background ({self.coder}), and "
            f"{100 * self.min_copied:g} % of the passage copied",
            f"random pairs flagged: {self.control.n_flagged:,} of {self.control.n_pairs:,}, 95 % confidence interval "
            f"{low:.2g} to {high:.2g} %",
            f"compared {self.n_compared:,} of {n_all:,} pairs in {format_seconds(self.seconds)}; all pairs would take "
            f"about {format_seconds(self.exact_seconds)} in one thread",
            *self.warnings,
        ]
        return [*lines, self.fingerprint] if verbose else lines


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
