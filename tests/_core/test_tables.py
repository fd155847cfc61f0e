from __future__ import annotations

import io
import re

import pytest
from hypothesis import given, strategies as st

from kolmo._core.tables import column_bands
from kolmo._core.terminal import visible
from kolmo.show import Column, Table, matrix_table


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_shortened_column_takes_the_width_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setenv("TERM", "xterm")
    table = Table("title", [Column("bits", numeric=True), Column("text", shortened=True)], [["12", "many words " * 30]])
    file = Terminal()
    table.print(file)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue()).splitlines()
    (row,) = [line for line in lines if "many words" in line]
    assert 45 <= len(row) <= 50
    assert row.rstrip().endswith("…")
    assert table.plain().splitlines()[3] == f"  12  {('many words ' * 30)[:79]}…"
    assert "many words " * 30 in table.html()
    assert "\x1b" not in Table("t", [Column("text", shortened=True)], [["\x1b[2J" * 50]]).plain()


@given(st.text())
def test_what_is_visible_is_one_printable_line_in_any_encoding(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert shown.encode("utf-8").decode() == shown
    assert visible(shown) == shown


def test_cells_are_text_and_never_markup() -> None:
    table = Table("[bold]title[/bold]", [Column("a")], [["[red]x[/red] :smile: [zlib 1.2]"]], ["[dim]end"])
    lines = table.plain().splitlines()
    assert lines == ["[bold]title[/bold]", "", "a", "[red]x[/red] :smile: [zlib 1.2]", "", "[dim]end"]


def test_plain_text_is_never_cut_and_has_no_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("FORCE_COLOR", "1")
    long = "x" * 500
    table = Table(long, [Column("name"), Column("number", numeric=True)], [[long, "1" * 300]], [long])
    file = io.StringIO()
    table.print(file)
    assert file.getvalue().splitlines() == [
        long,
        "",
        f"{'name':<500}  {'number':>300}",
        f"{long}  {'1' * 300}",
        "",
        long,
    ]


def test_a_terminal_gets_lines_of_its_width_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    name = "a_long_name_" * 10
    file = Terminal()
    Table("title", [Column("name"), Column("bits", numeric=True)], [[name, "123,456"]]).print(file)
    assert "\x1b[1m" in file.getvalue(), "headings are bold"
    lines = re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue()).splitlines()
    assert max(map(len, lines)) <= 40
    assert sum("123,456" in line for line in lines) == 1
    assert name in "".join(line.replace("123,456", "").strip() for line in lines)


def test_a_row_has_as_many_cells_as_there_are_columns() -> None:
    with pytest.raises(ValueError, match="expected 2 cells, got 1"):
        Table("t", [Column("a"), Column("b")]).add("1")


def test_a_wide_matrix_is_cut_into_bands_that_fit_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    names = [f"file{number}.txt" for number in range(30)]
    cells = [[f"{row / 31 + column / 997:.3f}" for column in range(30)] for row in range(30)]
    bands = column_bands(names, cells, Terminal())
    assert [column for band in bands for column in band] == list(range(30))
    assert len(bands) > 1
    for band in bands:
        plain = matrix_table("distances", names, cells, corner="file", columns=band).plain()
        assert max(map(len, plain.splitlines())) <= 60
        assert all(cells[7][column] in plain for column in band)
    assert column_bands(names, cells, io.StringIO()) == [range(30)]
