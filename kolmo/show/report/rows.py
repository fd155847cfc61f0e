"""Tables of a report: cells with links and the numbers to sort by, and what was left out."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from kolmo._core.tables import ItemCell, Table
from kolmo._core.terminal import one_line
from kolmo.show.report.excerpts import Excerpts

MOST_ROWS = 100
"""Largest number of rows of a table."""
_LONGEST_CELL = 300
_FACTORS = {
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "ms": 1e-3,
    "µs": 1e-6,
    "min": 60.0,
    "h": 3600.0,
    "day": 86400.0,
    "days": 86400.0,
}
"""Factors of the units that a number may have."""
_NUMBER = re.compile(r"([-+−]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?)(?:\s?(days?|min|ms|µs|h\b|[kMGT](?=i?B|bit)))?")


@dataclass(frozen=True)
class Cell:
    """A cell.

    Parameters
    ----------
    text : str
        Its text.
    link : str
        The anchor of the excerpt of the item that it names; "" for none.
    is_first : bool
        Whether it is the first cell that links there, to which the excerpt links back.
    value : str
        The number to sort by, where it is not the text.
    """

    text: str
    link: str
    is_first: bool
    value: str


@dataclass(frozen=True)
class Sheet:
    """A table of a page.

    Parameters
    ----------
    title : str
        Its caption.
    heads : list of (str, bool)
        The headings, and whether the column is of numbers.
    rows : list of list of Cell
        At most `MOST_ROWS`.
    notes : list of str
        Lines below the table.
    """

    title: str
    heads: list[tuple[str, bool]]
    rows: list[list[Cell]]
    notes: list[str]


def sheet_of(table: Table, excerpts: Excerpts, *, title: str = "") -> Sheet:
    """Return a table for a page: its first rows, as long as there is room for the excerpts that they name.

    Examples
    --------
    >>> from kolmo._core.tables import Column
    >>> table = Table("Lengths", [Column("bits", numeric=True)], rows=[[str(number)] for number in range(150)])
    >>> sheet = sheet_of(table, Excerpts())
    >>> len(sheet.rows), sheet.notes
    (100, ['50 of 150 rows are left out; the command has options for all of them, such as --json'])
    """
    rows: list[list[Cell]] = []
    seen: set[str] = {each.anchor for each in excerpts.found}
    for cells in table.rows[:MOST_ROWS]:
        if not excerpts.has_room_for(cells):
            break
        row = []
        for cell, column in zip(cells, table.columns, strict=True):
            link = excerpts.link(cell)
            row.append(
                Cell(
                    text=one_line(excerpts.shown(cell), _LONGEST_CELL),
                    link=link,
                    is_first=bool(link) and link not in seen,
                    value=sort_value(cell) if column.numeric else "",
                )
            )
            seen |= {link}
        rows.append(row)
    left_out = len(table.rows) - len(rows)
    notes = list(table.footers)
    if left_out:
        what = "rows are" if len(table.rows) > 1 else "row is"
        notes.insert(
            0,
            f"{left_out:,} of {len(table.rows):,} {what} left out; the command has options for all of them, such as "
            "--json",
        )
    heads = [(column.name, column.numeric) for column in table.columns]
    return Sheet(title or table.title, heads, rows, notes)


def sort_value(text: str) -> str:
    """Return the number by which a cell is sorted; "" if it is the text itself, or if there is none.

    Examples
    --------
    >>> sort_value("12.5"), sort_value("1,024"), sort_value("2.0 (1.5 to 2.5)"), sort_value("30.7 kB"), sort_value("-")
    ('', '1024', '2', '30700', '')
    """
    if isinstance(text, ItemCell):
        return str(text.place)
    if text.strip() == "infinite":
        return "Infinity"
    if (found := _NUMBER.search(text)) is None:
        return ""
    number = float(found[1].replace(",", "").replace("−", "-")) * _FACTORS.get(found[2] or "", 1.0)
    try:
        return "" if float(text) == number else f"{number:.12g}"
    except ValueError:
        return f"{number:.12g}" if math.isfinite(number) else ""
