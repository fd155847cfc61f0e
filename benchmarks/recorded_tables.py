"""Tables made from recorded results: which rows, grouped by what, in which columns, and a line on where they come from.

A cell is a template, such as "{accuracy:.3f}", that is filled from the last row of its group, or a function of all rows
of the group. A cell that lacks a value is "-".
"""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Cell = str | Callable[[list[Row]], str]
Fields = Mapping[str, Any]
FOLDER = Path(__file__).parent / "results"
MISSING = "-"
UNKNOWN = "not recorded"
NUMBER = re.compile(r"[-+]?[.\d]|-$")
MINUS_ZERO = re.compile(r"(?<![\w.,])[-+](0(?:\.0+)?)(?![\w.,])")


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of one file of recorded results.

    Parameters
    ----------
    record
        The file of `benchmarks/results`, without its suffix.
    command
        The command that measures the rows.
    run
        The fields that tell results apart. Of results that agree in all of them, the latest counts.
    rows
        Columns that name a row of the table: templates by header. Records with equal names are one group.
    columns
        Cells by header. A header is a template too.
    across, spread
        A field, and cells by header that are repeated for each of its values, before the other columns.
    where
        Fields that a record must have: a value, or a tuple of values.
    derive
        Fields that are computed from those of a record.
    split
        A field: a table for each of its values.
    chosen
        The rows to show, in this order, by the first name.
    order
        A key that sorts the rows, by their names and records; without it they come as they were measured.
    caption
        A sentence above the table.
    """

    record: str
    command: str
    run: tuple[str, ...]
    rows: Mapping[str, str]
    columns: Mapping[str, Cell] = field(default_factory=dict)
    across: str = ""
    spread: Mapping[str, Cell] = field(default_factory=dict)
    where: Fields = field(default_factory=dict)
    derive: Callable[[Row], Fields] = lambda _: {}
    split: str = ""
    chosen: tuple[str, ...] = ()
    order: Callable[[tuple[str, ...], list[Row]], Any] | None = None
    caption: str = ""

    def read(self, folder: Path = FOLDER) -> list[Row]:
        """Return the latest records that belong to the table; none if the file is missing."""
        path = folder / f"{self.record}.jsonl"
        if not path.exists():
            return []
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        rows = [row for row in (record | self.derive(record) for record in records) if matches(row, self.where)]
        return list({tuple(str(row.get(name)) for name in self.run): row for row in rows}.values())

    def markdown(self, folder: Path = FOLDER) -> str:
        """Return the tables and the line below them; an empty string if nothing is recorded."""
        rows = self.read(folder)
        if not rows:
            return ""
        parts = [rows] if not self.split else grouped(rows, lambda row: row.get(self.split)).values()
        tables = ["\n".join(self._lines(part)) for part in parts]
        return "\n\n".join([*filter(None, [self.caption]), *tables, f"{origin(rows)}: `{self.command}`"])

    def _lines(self, rows: list[Row]) -> list[str]:
        groups = grouped(rows, lambda row: tuple(filled(form, [row]) for form in self.rows.values()))
        if self.chosen:
            groups = {name: groups[name] for first in self.chosen for name in groups if name[0] == first}
        if self.order is not None:
            groups = {name: groups[name] for name in sorted(groups, key=lambda name: self.order(name, groups[name]))}
        values = grouped(rows, lambda row: row.get(self.across)) if self.across else {}
        header = [filled(form, rows) for form in self.rows]
        header += [filled(form, some) for some in values.values() for form in self.spread]
        header += [filled(form, rows) for form in self.columns]
        body = []
        for name, group in groups.items():
            cells = [*name]
            for value in values:
                some = [row for row in group if row.get(self.across) == value]
                cells += [filled(cell, some) for cell in self.spread.values()]
            body.append([*cells, *(filled(cell, group) for cell in self.columns.values())])
        numbers = [all(NUMBER.match(cell) for cell in column) for column in zip(*body, strict=True)]
        return [line(header), f"|{'|'.join('---:' if each else '---' for each in numbers)}|", *map(line, body)]


def matches(row: Row, where: Fields) -> bool:
    """Return whether a record has the fields that are asked for."""
    return all(row.get(name) in (value if isinstance(value, tuple) else (value,)) for name, value in where.items())


def grouped(rows: Iterable[Row], key: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def filled(cell: Cell, rows: list[Row]) -> str:
    """Return the text of a cell, without a minus before zero; "-" where a field is missing or null."""
    try:
        text = cell.format_map(rows[-1]) if isinstance(cell, str) else cell(rows)
        return MINUS_ZERO.sub(r"\1", text)
    except (KeyError, IndexError, TypeError, statistics.StatisticsError):
        return MISSING


def line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def of(cell: Cell, **where: Any) -> Cell:
    """Return a cell of those records of a group that have some fields."""
    return lambda rows: filled(cell, [row for row in rows if matches(row, where)])


def mean(name: str, form: str = ".3f") -> Cell:
    """Return a cell with the mean of a field."""
    return lambda rows: format(statistics.fmean(row[name] for row in rows if name in row), form)


def median(name: str, form: Callable[[float], str]) -> Cell:
    """Return a cell with the median of a field."""
    return lambda rows: form(statistics.median(row[name] for row in rows))


def percent(name: str, digits: int = 1) -> Cell:
    """Return a cell with 100 times a field."""
    return lambda rows: f"{100 * rows[-1][name]:.{digits}f}"


def value(name: str, form: str = "") -> Cell:
    """Return a cell with a field whose name a template cannot hold."""
    return lambda rows: format(rows[-1][name], form)


def origin(rows: Sequence[Row]) -> str:
    """Return a line with the dates, the machine and the versions of recorded results, in italics."""
    days = sorted({str(row.get("date") or row.get("time") or "")[:10] for row in rows} - {""})
    day = " to ".join(dict.fromkeys(days[:1] + days[-1:])) or f"date {UNKNOWN}"
    machine = ", ".join(_several(row.get("machine", f"machine {UNKNOWN}") for row in rows))
    python = ", ".join(_several(row.get("python", UNKNOWN) for row in rows))
    return f"*{day}; {machine}; Python {python}; kolmo {', '.join(_several(map(version, rows)))}*"


def version(row: Row) -> str:
    """Return the version of Kolmo that measured a record."""
    for name in ("version", "kolmo"):
        if isinstance(row.get(name), str):
            return str(row[name])
    found = re.search(r"\bkolmo (\d[\w.]*)", str(row.get("fingerprint", "")))
    return found.group(1) if found else UNKNOWN


def _several(values: Iterable[str]) -> list[str]:
    return sorted(set(values))
