"""The tables of the documentation: they are those of the recorded results, and a table is what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import write_tables
from click.testing import CliRunner
from recorded_tables import Table, mean, of, version
from table_list import NOT_SHOWN, TABLES

RESULTS = write_tables.RESULTS
Recorded = Callable[..., Path]


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    """Write records and return their folder."""

    def write(*rows: dict[str, Any]) -> Path:
        about = {
            "date": "2026-11-29T10:00:00+00:00",
            "machine": "x86_64, 2 cores",
            "python": "3.11.7",
            "kolmo": "0.2.0",
        }
        (tmp_path / "some.jsonl").write_text("".join(json.dumps(about | row) + "\n" for row in rows))
        return tmp_path

    return write


def some(**fields: Any) -> Table:
    return Table(record="some", command="python benchmarks/some.py", run=("set", "method"), **fields)


def test_the_tables_are_those_of_the_recorded_results() -> None:
    """`python benchmarks/write_tables.py` renews them."""
    run = CliRunner().invoke(write_tables.main, ["--check"])
    assert run.exit_code == 0, run.output


def test_every_file_of_records_is_shown_or_named_with_a_reason() -> None:
    files = {path.stem for path in RESULTS.glob("*.jsonl")}
    shown = {table.record for table in TABLES.values()}
    assert files <= shown | set(NOT_SHOWN)
    assert set(NOT_SHOWN) <= files - shown
    assert all(NOT_SHOWN.values())


def test_every_command_names_a_script() -> None:
    for name, table in TABLES.items():
        assert table.command.startswith("python benchmarks/"), name
        assert (RESULTS.parents[1] / table.command.split()[1]).exists(), name


def test_a_stale_table_is_renewed_and_named() -> None:
    name = next(name for name, table in TABLES.items() if table.read(RESULTS))
    page = f"before\n<!-- table: {name} -->\n\n| old |\n\n<!-- end -->\nafter\n"
    text, names, changed = write_tables.renewed(page)
    assert (names, changed) == ([name], [name])
    assert TABLES[name].markdown(RESULTS) in text
    assert text.startswith("before\n<!-- table")
    assert text.endswith("<!-- end -->\nafter\n")
    assert write_tables.renewed(text) == (text, [name], [])


def test_of_repeated_runs_the_latest_counts_and_new_sets_appear(recorded: Recorded) -> None:
    folder = recorded(
        {"set": "A", "method": "m", "accuracy": 0.1},
        {"set": "A", "method": "m", "accuracy": 0.25},
        {"set": "B", "method": "n", "accuracy": 0.5},
    )
    table = some(rows={"method": "{method}"}, across="set", spread={"{set}": "{accuracy:.2f}"})
    lines = table.markdown(folder).splitlines()
    assert lines[:4] == ["| method | A | B |", "|---|---:|---:|", "| m | 0.25 | - |", "| n | - | 0.50 |"]
    assert lines[-1] == "*2026-11-29; x86_64, 2 cores; Python 3.11.7; kolmo 0.2.0*: `python benchmarks/some.py`"


def test_cells_are_means_of_groups_and_missing_values_are_dashes(recorded: Recorded) -> None:
    rows = [{"set": name, "method": "m", "auc": auc} for name, auc in (("A", 0.25), ("B", 0.75), ("C", None))]
    table = some(
        where={"set": ("A", "B")},
        rows={"method": "{method}"},
        columns={"mean": mean("auc", ".0%"), "A": of("{auc}", set="A"), "C": of("{auc}", set="C"), "bits": "{bits}"},
    )
    assert table.markdown(recorded(*rows)).splitlines()[2] == "| m | 50% | 0.25 | - | - |"


def test_what_was_not_recorded_is_said(recorded: Recorded) -> None:
    folder = recorded({"set": "A", "method": "m|n", "kolmo": None, "date": None})
    lines = some(rows={"set": "{set}"}, columns={"zero": lambda _: "-0.00", "method": "{method}"}).markdown(folder)
    assert "| A | 0.00 | m\\|n |" in lines
    assert "*date not recorded; x86_64, 2 cores; Python 3.11.7; kolmo not recorded*" in lines
    assert version({"kolmo": 2.5, "fingerprint": "gzip:level=9 [zlib 1.2.13, kolmo 0.1.0]"}) == "0.1.0"


def test_a_table_without_records_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert some(rows={"set": "{set}"}).markdown(tmp_path) == ""
    monkeypatch.setitem(
        TABLES, "new", Table(record="nothing", command="python benchmarks/x.py", run=(), rows={"a": "b"})
    )
    page = "<!-- table: new -->\n<!-- end -->\n"
    assert write_tables.renewed(page) == (page, ["new"], [])
