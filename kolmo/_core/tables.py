"""Tables: styled and in the width of a terminal, elsewhere as plain text of full width, or as HTML."""

from __future__ import annotations

import html
import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from kolmo._core.terminal import is_terminal, one_line, unescaped, visible

_UNBOUNDED = 1_000_000
"""Width of plain tables, in which no cell is wrapped, or truncated unless its column is shortened."""
_SHORTENED = 80
"""Characters of a shortened cell in a plain table."""


class ItemCell(str):
    """A cell that names an item, so that an HTML report links it to an excerpt of the item.

    Parameters
    ----------
    text : str
        The cell, such as the position of the item.
    place : int
        Position of the item in its set.
    source : str
        The set, such as "test"; "" if there is one only.
    start : int
        Byte of the item at which the excerpt starts.
    excerpt : str
        The start of the item, where the result holds it.

    Examples
    --------
    >>> cell = ItemCell("1,024", 1024, source="test")
    >>> cell, cell.place, cell.source
    ('1,024', 1024, 'test')
    """

    place: int
    source: str
    start: int
    excerpt: str

    def __new__(cls, text: str, place: int, *, source: str = "", start: int = 0, excerpt: str = "") -> ItemCell:
        """Return the cell."""
        cell = super().__new__(cls, text)
        cell.place, cell.source, cell.start, cell.excerpt = int(place), source, int(start), excerpt
        return cell


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name : str
        Heading, with the unit.
    numeric : bool
        Whether to align right and never wrap.
    shortened : bool
        Whether to cut cells, so that each stays in one line: to the width that a terminal leaves, elsewhere to 80
        characters.
    """

    name: str
    numeric: bool = False
    shortened: bool = False


@dataclass
class Table:
    """Rows of text with headings, a title and footers.

    Parameters
    ----------
    title : str
        Title above the table.
    columns : list of Column
        The headings.
    rows : list of list of str
        The cells. Control characters and invalid bytes are shown escaped.
    footers : list of str
        Lines below the table, such as fingerprints of coders.

    Examples
    --------
    >>> table = Table("Lengths", [Column("file"), Column("bits", numeric=True)])
    >>> table.add("a.txt", "96")
    >>> table.add("long.txt", "1,024")
    >>> print(table.plain())
    Lengths
    <BLANKLINE>
    file       bits
    a.txt        96
    long.txt  1,024
    """

    title: str
    columns: list[Column]
    rows: list[list[str]] = field(default_factory=list)
    footers: list[str] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        """Append a row with one cell for each column."""
        if len(cells) != len(self.columns):
            raise ValueError(f"expected {len(self.columns)} cells, got {len(cells)}")
        self.rows.append(list(cells))

    def plain(self) -> str:
        """Return the table as plain text of full width."""
        buffer = io.StringIO()
        console = Console(file=buffer, width=_UNBOUNDED, color_system=None, force_terminal=False, legacy_windows=False)
        console.print(self._renderable(styled=False), highlight=False)
        return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())

    def html(self) -> str:
        """Return the table as HTML without scripts or style sheets; all text is escaped.

        Examples
        --------
        >>> table = Table("Lengths", [Column("bits", numeric=True)], rows=[["<b>"]])
        >>> "&lt;b&gt;" in table.html()
        True
        """
        align = [' style="text-align: right"' if column.numeric else "" for column in self.columns]
        heads = "".join(f"<th{at}>{_html(column.name)}</th>" for at, column in zip(align, self.columns, strict=True))
        rows = "".join(
            "<tr>" + "".join(f"<td{at}>{_html(cell)}</td>" for at, cell in zip(align, row, strict=True)) + "</tr>"
            for row in self.rows
        )
        footers = "".join(f"<p><small>{_html(footer)}</small></p>" for footer in self.footers)
        caption = f"<caption>{_html(self.title)}</caption>"
        return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{footers}"

    def print(self, file: IO[str]) -> None:
        """Write the table to `file`, styled if it is a terminal."""
        if is_terminal(file):
            Console(file=unescaped(file)).print(self._renderable(styled=True), highlight=False)
        else:
            file.write(self.plain() + "\n")

    def _renderable(self, *, styled: bool) -> RenderableType:
        table = RichTable(
            box=SIMPLE_HEAD if styled else None,
            padding=(0, 1, 0, 0) if styled else (0, 1),
            pad_edge=False,
            header_style="bold",
        )
        for column in self.columns:
            table.add_column(
                Text(visible(column.name)),
                justify="right" if column.numeric else "left",
                no_wrap=column.numeric,
                overflow="fold",
            )
        for row in self.rows:
            table.add_row(*(_cell(cell, column, styled) for cell, column in zip(row, self.columns, strict=True)))
        footers = [Text(visible(footer), style="dim", overflow="fold") for footer in self.footers]
        parts: list[RenderableType] = [Text(visible(self.title), style="bold", overflow="fold")]
        if styled:
            return Group(*parts, table, *footers)
        padded = Padding(table, (1, 0, 1 if footers else 0, 0), expand=False)
        return Group(*parts, padded, *footers)


def matrix_table(
    title: str, names: Sequence[str], cells: Sequence[Sequence[str]], *, corner: str, columns: range
) -> Table:
    """Return a square matrix as a table: rows have number and name, columns the number only.

    Parameters
    ----------
    title : str
        Title above the table.
    names : sequence of str
        The names of rows and columns.
    cells : sequence of sequence of str
        The values.
    corner : str
        Heading of the names.
    columns : range
        The columns to show, from 0; see `column_bands`.

    Examples
    --------
    >>> table = matrix_table("Distances", ["a", "b"], [["0", "1"], ["1", "0"]], corner="file", columns=range(2))
    >>> print(table.plain())
    Distances
    <BLANKLINE>
       file  1  2
    1  a     0  1
    2  b     1  0
    """
    headings = [Column(str(number + 1), numeric=True) for number in columns]
    table = Table(title, [Column("", numeric=True), Column(corner), *headings])
    for number, (name, row) in enumerate(zip(names, cells, strict=True), start=1):
        table.add(str(number), name, *(row[column] for column in columns))
    return table


def column_bands(names: Sequence[str], cells: Sequence[Sequence[str]], file: IO[str]) -> list[range]:
    """Return the columns of a matrix in bands that fit the width of a terminal; one band if `file` is not a terminal.

    Examples
    --------
    >>> column_bands(["a", "b"], [["0", "1"], ["1", "0"]], io.StringIO())
    [range(0, 2)]
    """
    if not is_terminal(file):
        return [range(len(names))]
    width = shutil.get_terminal_size().columns
    name_width = min(max(len(visible(name)) for name in names), width // 3)
    cell_width = 2 + max(len(str(len(names))), *(len(cell) for row in cells for cell in row))
    count = max(1, (width - name_width - len(str(len(names))) - 4) // cell_width)
    return [range(start, min(start + count, len(names))) for start in range(0, len(names), count)]


def number_cell(value: float | None, form: str) -> str:
    """Return a number in a format such as ``.4f``, or a dash for None."""
    return "-" if value is None else format(value, form)


def _cell(cell: str, column: Column, styled: bool) -> Text:
    if not column.shortened:
        return Text(visible(cell))
    shown = visible(cell) if styled else one_line(cell, _SHORTENED)
    return Text(shown, no_wrap=True, overflow="ellipsis")


def _html(text: str) -> str:
    return html.escape(visible(text))
