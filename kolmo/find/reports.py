"""The results of a search for overlaps: what all have in common, their tables, and their passages side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kolmo._core.checks import check_count
from kolmo._core.results import Result
from kolmo._core.units import format_seconds
from kolmo.find.overlap_kernels import BITS, COPIED_BITS, PASSAGE_BITS, X_START, X_STOP, Y_START, Y_STOP
from kolmo.find.overlaps import Floats
from kolmo.find.pairs import Control
from kolmo.find.passages import Passage, Span, side_by_side

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

SHOWN, REPORTED = 20, 100
"""Pairs in a table, and in an HTML report."""
WIDTH = 130
"""Characters of a line of two passages side by side, as of ``diff -y``."""


@dataclass(frozen=True)
class Side:
    """An item of a pair: its position, the start and end of the passage in bytes, and the passage."""

    index: int
    span: Span
    passage: Passage


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Base of the pairs of items that share a passage.

    Parameters
    ----------
    bits_saved : float
        The bits by which a copy from the second item shortens the code of the first one.
    copied : float
        Share of the bits of the passage that are in copied phrases; the rest is edited.
    identical : bool
        Whether the items are equal, up to case if case is folded.
    same_label : bool or None
        Whether the labels are equal; None without labels.
    """

    bits_saved: float
    copied: float
    identical: bool
    same_label: bool | None

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both items, the one that the copy would shorten first."""
        raise NotImplementedError

    @classmethod
    def columns(cls) -> list[str]:
        """Return the names of the fields, those of the items first."""
        shared = [each.name for each in dataclasses.fields(Overlap)]
        return [*(each.name for each in dataclasses.fields(cls) if each.name not in shared), *shared]

    def record(self) -> dict[str, Any]:
        """Return the fields, with passages as text."""
        values = {name: getattr(self, name) for name in self.columns()}
        return {name: value.text if isinstance(value, Passage) else value for name, value in values.items()}


def measured(row: Floats) -> dict[str, Any]:
    """Return the fields of an overlap that are measured, from its row."""
    copied = float(row[COPIED_BITS] / row[PASSAGE_BITS]) if row[PASSAGE_BITS] else 1.0
    return {"bits_saved": float(row[BITS]), "copied": copied}


def spans_of(row: Floats) -> tuple[Span, Span]:
    """Return the spans of the passage in both items, from the row of an overlap."""
    return (int(row[Y_START]), int(row[Y_STOP])), (int(row[X_START]), int(row[X_STOP]))


@dataclass(frozen=True, kw_only=True)
class OverlapReport(Result):
    """Base of the results of a search for overlaps: its thresholds, its control and its cost.

    Parameters
    ----------
    n_label_conflicts : int or None
        Number of pairs whose labels differ; None without labels.
    min_bits, min_copied : float
        The thresholds.
    control : Control
        Random pairs that pass for copies, with their 95% confidence interval.
    n_compared : int
        Number of pairs compared.
    seconds, exact_seconds : float
        Wall time; estimated time of a comparison of all pairs in one thread.
    coder, fingerprint : str
        The coder of the background, with its parameters and versions.
    warnings : list of str
        What was left out.
    """

    pair_type: ClassVar[type[Overlap]] = Overlap
    names: ClassVar[tuple[str, str]]
    """What the items of a pair are called."""
    sources: ClassVar[tuple[str, str]]
    """The sets that they are from, as an HTML report names them."""
    chart_title: ClassVar[tuple[str, str]]
    """Title and unit of the histogram of the bits saved."""

    n_label_conflicts: int | None
    min_bits: float
    min_copied: float
    control: Control
    n_compared: int
    seconds: float
    exact_seconds: float
    coder: str
    fingerprint: str
    warnings: list[str] = field(default_factory=list)

    def _overlaps(self) -> Sequence[Overlap]:
        """Return all pairs found."""
        raise NotImplementedError

    def _best(self) -> Sequence[Overlap]:
        """Return the pairs of a table that does not list all, the most bits first."""
        raise NotImplementedError

    def _title(self) -> str:
        """Return the title of the table."""
        raise NotImplementedError

    def _n_all(self) -> int:
        """Return the number of all pairs."""
        raise NotImplementedError

    def _remarks(self) -> list[str]:
        """Return the first lines below the table."""
        return []

    def records(self) -> list[dict[str, Any]]:
        """Return one row for each pair.

        Returns
        -------
        list of dict
        """
        return [pair.record() for pair in self._overlaps()]

    def side_by_side(self, count: int = SHOWN, *, width: int = WIDTH) -> str:
        """Return the passages of pairs side by side, as ``diff -y`` shows two files.

        Equal words are opposite each other, the passage is in brackets, and up to 60 bytes of the text around it are
        shown. Of a passage of more than 600 bytes the first 400 and the last 200 are shown.

        Parameters
        ----------
        count : int
            Number of pairs, the most bits first: those of the table.
        width : int
            Characters of a line, at least 40.

        Returns
        -------
        str
        """
        return "\n\n".join(table.plain() for table in self.passage_tables(count, width=width))

    def passage_tables(self, count: int | None = SHOWN, *, width: int = WIDTH) -> list[Table]:
        """Return the tables of `side_by_side`, one for each pair; of all pairs if `count` is None."""
        from kolmo._core.tables import Column, Table

        check_count("width", width, 40)
        check_count("count", 1 if count is None else count)
        tables = []
        for pair in self._overlaps() if count is None else self._best()[:count]:
            heads = [
                f"{name} item {side.index:,}, bytes {side.span[0]:,}-{side.span[1]:,}"
                for name, side in zip(self.names, pair.sides, strict=True)
            ]
            first, second = pair.sides
            rows = side_by_side(first.passage, second.passage, (width - 5) // 2)
            title = f"{pair.bits_saved:,.0f} bits saved, {100 * pair.copied:.0f}% copied"
            title += ", different labels" if pair.same_label is False else ""
            columns = [Column(heads[0]), Column(""), Column(heads[1])]
            tables.append(Table(title, columns, [list(row) for row in rows]))
        return tables

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table of the pairs for each report, at most the 20 with the most bits unless `verbose`.

        Parameters
        ----------
        results : sequence of this type
            The reports.
        verbose : bool
            List all pairs with the bytes of the passages, and the fingerprint.

        Returns
        -------
        list of Table
        """
        return [report._table(verbose=verbose, shown=SHOWN) for report in results]

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import Histogram

        title, unit = cls.chart_title
        return [
            Histogram(
                title=title,
                x_label="bits saved",
                values=[pair.bits_saved for pair in each._best()],
                marks={f"threshold: {each.min_bits:g} bits": each.min_bits},
                y_label=unit,
            )
            for each in results
            if each._best()
        ]

    @classmethod
    def report_tables_of(cls, results: Sequence[Self]) -> list[Table]:
        tables = []
        for each in results:
            tables.append(each._table(verbose=False, shown=REPORTED, with_bytes=True, with_passage=False))
            tables += [each._marked_table()] if each._best() else []
        return tables

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        said = []
        for each in results:
            low, high = (100 * end for end in each.control.interval)
            said += [
                f"Control: {each.control.n_flagged:,} of {each.control.n_pairs:,} random pairs are flagged as copies, "
                f"95% confidence interval {low:.2g} to {high:.2g}%.",
                f"A passage counts if its copy saves at least {each.min_bits:g} bits over a coder that has read other "
                f"data of the kind ({each.coder}), and {100 * each.min_copied:g}% of it is copied.",
                f"{each.n_compared:,} pairs were compared, in {format_seconds(each.seconds)}.",
            ]
        return said

    def _table(self, *, verbose: bool, shown: int, with_bytes: bool = False, with_passage: bool = True) -> Table:
        """Return the table of the pairs, which says how many are not shown."""
        from kolmo._core.tables import Column, Table

        pairs = self._overlaps() if verbose else self._best()
        shown = len(pairs) if verbose else shown
        with_bytes |= verbose
        numbers = [f"{name} item" for name in self.names]
        numbers += [f"bytes in {name}" for name in self.names] if with_bytes else []
        columns = [Column(name, numeric=True) for name in (*numbers, "bits saved", "copied, %")]
        last = [Column(f"passage in {self.names[0]}", shortened=True)] if with_passage else []
        table = Table(self._title(), [*columns, *last])
        for pair in pairs[:shown]:
            spans = (f"{side.span[0]:,}-{side.span[1]:,}" for side in pair.sides)
            table.add(
                *(self._cell(pair, number) for number in (0, 1)),
                *(spans if with_bytes else ()),
                f"{pair.bits_saved:,.0f}",
                f"{100 * pair.copied:.0f}",
                *([pair.sides[0].passage.text] if with_passage else ()),
            )
        if len(pairs) > shown:
            table.footers.append(f"{shown:,} of {len(pairs):,} shown; all with --verbose, --json or --output")
        table.footers += self._remarks()
        if self.n_label_conflicts is not None:
            n_pairs = len(self._overlaps())
            table.footers.append(f"{self.n_label_conflicts:,} of {n_pairs:,} pairs have different labels")
        low, high = (100 * each for each in self.control.interval)
        in_all = f"; comparing all pairs would take about {format_seconds(self.exact_seconds)} in one thread"
        table.footers += [
            f"flagged: at least {self.min_bits:g} bits saved over the background ({self.coder}), and "
            f"{100 * self.min_copied:g}% of the passage copied",
            f"random pairs flagged: {self.control.n_flagged:,} of {self.control.n_pairs:,}, 95% confidence interval "
            f"{low:.2g} to {high:.2g}%",
            f"compared {self.n_compared:,} of {self._n_all():,} pairs in {format_seconds(self.seconds)}, compilation "
            f"and reading included{in_all if self.n_compared < self._n_all() else ''}",
            *self.warnings,
            *([self.fingerprint] if verbose else ()),
        ]
        return table

    def _marked_table(self) -> Table:
        """Return the table of both passages of each pair for an HTML report."""
        from kolmo._core.tables import Column, Table

        names = [column for name in self.names for column in (Column(f"{name} item", True), Column(f"in {name}"))]
        table = Table("Passages side by side, in brackets, with the text around them", names)
        for pair in self._best()[:REPORTED]:
            cells = ((self._cell(pair, number), pair.sides[number].passage.marked()) for number in (0, 1))
            table.add(*(cell for both in cells for cell in both))
        return table

    def _cell(self, pair: Overlap, number: int) -> str:
        """Return the cell that names an item of a pair, whose excerpt starts at the passage."""
        from kolmo._core.tables import ItemCell

        side = pair.sides[number]
        return ItemCell(f"{side.index:,}", side.index, source=self.sources[number], start=side.span[0])
