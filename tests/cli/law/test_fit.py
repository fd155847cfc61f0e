"""``kolmo law fit``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest


def test_forms_are_compared_and_held_out_runs_scored(kolmo: Any, runs: str) -> None:
    forms = ("--form", "constant", "--form", "power", "--form", "power+offset")
    result = kolmo("law", "fit", runs, "--where", "model=a", *forms, "--extrapolate", "1e11", "--json")
    found = json.loads(result.stdout)
    assert found["columns"] == {"x": "tokens", "y": "loss (nats)", "n": None}
    assert found["units"] == {"x": "tokens", "y": "nats"}
    (group,) = found["groups"]
    assert group["held_out"]["n_points"] == 4
    assert group["held_out"]["errors"]["average"] < group["held_out"]["errors"]["constant"]
    assert group["extrapolation"]["predicted"][0] == pytest.approx(1.7, abs=0.1)
    assert "by the names of the columns, x is 'tokens'" in result.stderr
    shown = kolmo("law", "fit", runs, "--where", "model=a", *forms).stdout
    assert "Forms fitted to 8 points" in shown
    assert "Error on 4 held-out points" in shown


def test_groups_have_a_row_each(kolmo: Any, runs: str) -> None:
    shown = kolmo("law", "fit", runs, "--by", "model", "--form", "power+offset").stdout
    assert shown.count("\na ") == shown.count("\nb ") == 1
    assert "Mean held-out error of 2 groups" in shown


def test_a_joint_law_is_fitted(kolmo: Any, joint: str) -> None:
    found = json.loads(kolmo("law", "fit", joint, "--n", "params", "--extrapolate", "1e10,1e12", "--json").stdout)
    assert found["groups"][0]["law"]["params"]["alpha"] == pytest.approx(0.34, rel=1e-3)
    shown = kolmo("law", "fit", joint, "--n", "params", "--resamples", "4").stdout
    assert "95% interval" in shown


def test_it_is_drawn(kolmo: Any, runs: str, joint: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")
    kolmo("law", "fit", runs, "--by", "model", "--form", "power", "--form", "M3", "--plot", tmp_path / "a.png")
    kolmo("law", "fit", joint, "--n", "params", "--plot", tmp_path / "b.svg")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (tmp_path / "b.svg").read_bytes()


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("x,loss\n1,2\n2,3\n", [], "expected at least 2 different points, got 2|expected at least 3"),
        ("tokens,loss\n1,2\n2,0\n3,1\n4,1\n", [], "row 2, column 'loss': expected a positive, finite number"),
        ("tokens,loss\n1,2\n-2,2\n3,1\n4,1\n", [], "row 2, column 'tokens'"),
        ("tokens,loss\n1,2\n2,nan\n3,1\n4,1\n", [], "got nan"),
        ("tokens,loss\n5,2\n5,2.1\n5,1\n5,1\n", ["--form", "power"], "expected at least 3 different points, got 1"),
        ("tokens,loss\n1,2\n2,abc\n3,1\n", [], "row 2, column 'loss': expected a number, got 'abc'"),
        ("tokens,loss\n1B,2\n70,2\n3B,1\n4B,1\n", [], "mixed units"),
        ("tokens,loss\n1,2 bits\n2,2 nats\n3,1 bits\n", [], "mixed units: 'bits' in row 1, 'nats' in row 2"),
        ("a,b\n1,2\n2,3\n", [], "which column is it? Name it with --x; its columns: a, b"),
        ("tokens,loss\n1,2\n2,3\n", ["--y", "los"], "has no column 'los'"),
        ("tokens,loss,training\n1,2,1\n2,3,maybe\n", [], "expected 1 for a run to fit or 0"),
        ("params,tokens,loss\n" + "".join(f"{n},5,{n}\n" for n in range(1, 9)), ["--n", "params"], "one D"),
        ("tokens,loss\n1,2\n2,1\n3,1\n", ["--where", "tokens>9"], "no row fulfils --where"),
    ],
)
def test_unusable_runs_are_refused(refused: Any, text: str, arguments: list[str], message: str) -> None:
    Path("bad.csv").write_text(text)
    told = refused("law", "fit", "bad.csv", *arguments, code=1)
    assert re.search(message.replace("?", r"\?"), told), told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--where", "tokens"], "expected a column, a sign and a value"),
        (["--form", "pwoer"], "expected a Form or one of"),
        (["--extrapolate", "1e9,2"], "expected a size such as 1e12"),
        (["--unique", "tokens"], "--unique needs --n"),
        (["--training", "training", "--hold-out", "0.2"], "exclude each other"),
    ],
)
def test_wrong_options_are_refused(refused: Any, runs: str, arguments: list[str], message: str) -> None:
    assert message in refused("law", "fit", runs, *arguments, code=2)


def test_numbers_with_factors_are_read(kolmo: Any) -> None:
    sizes = {"1M": 1e6, "10M": 1e7, "100 M": 1e8, "1B": 1e9, "2,000M": 2e9}
    rows = [f"{size};{1.7 + 400 * value**-0.4:.8f}" for size, value in sizes.items()]
    Path("sizes.csv").write_text("\n".join(["tokens;loss", *rows]) + "\n")
    found = json.loads(kolmo("law", "fit", "sizes.csv", "--form", "power+offset", "--json").stdout)
    assert found["groups"][0]["law"]["params"]["a"] == pytest.approx(0.4, rel=1e-3)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--hold-out", "nan"], "finite"),
        (["--level", "nan"], "finite"),
        (["--x", "9" * 5000], "has no column"),
        (["--x", "tokens", "--y", "tokens"], "--x and --y: expected different columns"),
        (["--n", "tokens", "--x", "tokens"], "--n and --x: expected different columns"),
        (["--form", "power", "--extrapolate", "1e400"], "expected a size"),
        (["--form", "power", "--extrapolate", "1e9,"], "expected a size"),
        (["--form", "power", "--resamples", "1"], "at least 2 for an interval"),
    ],
)
def test_odd_options_are_refused(refused: Any, runs: str, arguments: list[str], told: str) -> None:
    assert told in refused("law", "fit", runs, *arguments, code=1 if "has no" in told else 2)


def test_a_size_is_written_as_in_a_table(kolmo: Any, runs: str) -> None:
    outputs = [
        kolmo("law", "fit", runs, "--form", "power", "--extrapolate", size, "--json").stdout for size in ("7e10", "70B")
    ]
    assert outputs[0] == outputs[1]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("tokens,loss,loss\n1,2,3\n", "2 columns that could be meant, 'loss' (number 1) and 'loss' (number 2)"),
        ("tokens,loss (nats),loss (bits)\n1,2,3\n", "name one with --y"),
        ("tokens,loss\n1e400,2\n", "got 1e400; leave such rows out with --where 'tokens<inf'"),
        ("tokens,loss\n0,2\n", "got 0; leave such rows out with --where 'tokens>0'"),
        ("tokens,loss\n5,2\n5 GiB,2\n", "no unit in row 1, 'b' in row 2"),
        ('tokens,loss\n5,"0,345"\n', "write decimals with a point"),
    ],
)
def test_ambiguous_tables_are_refused(refused: Any, table: str, told: str) -> None:
    Path("odd.csv").write_text(table)
    assert told in refused("law", "fit", "odd.csv", code=1)


def test_where_compares_numbers_however_they_are_written(kolmo: Any, runs: str) -> None:
    result = kolmo(
        "law", "fit", runs, "--where", "tokens!=1000000.0", "--where", "model=a", "--form", "power", "--json"
    )
    assert '"n_points": 7' in result.stdout


def test_a_comma_is_said_to_separate_thousands(kolmo: Any) -> None:
    Path("runs.csv").write_text(
        "tokens;loss\n" + "".join(f"{n};{10 / n**0.3:.4f}\n" for n in range(100, 900, 100)) + "1,000;1.2589\n"
    )
    shown = kolmo("law", "fit", "runs.csv", "--form", "power")
    assert "the comma in 1,000 is read as a separator of thousands" in shown.stderr
