"""``kolmo joint matrix``."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest


def test_several_sets_as_a_matrix(kolmo: Any, files: list[str], tmp_path: Path) -> None:
    arguments = ("joint", "matrix", *files, "-c", "ngram", "--csv", str(tmp_path / "gains.csv"))
    found = json.loads(kolmo(*arguments, "--json").stdout)
    (matrix,) = found["matrices"]
    gains = matrix["relative_gain"]
    assert matrix["names"] == [each["name"] for each in found["sets"]] == ["cats.txt", "dogs.txt", "code.py"]
    assert gains[0][1] == pytest.approx(gains[1][0])
    assert gains[0][0] > gains[0][1] > gains[0][2]
    rows = list(csv.reader((tmp_path / "gains.csv").read_text().splitlines()))
    assert rows[0] == ["set", "cats.txt", "dogs.txt", "code.py"]
    assert [float(cell) for cell in rows[1][1:]] == gains[0]
    shown = kolmo("joint", "matrix", *files, "-c", "ngram").stdout
    assert shown.startswith("Data sets\n")
    assert "diagonal: self gain" in shown
    assert matrix["fingerprint"] not in shown
    assert matrix["fingerprint"] in kolmo("joint", "matrix", *files, "-c", "ngram", "-v").stdout


def test_pairs_and_a_heat_map_are_written(kolmo: Any, refused: Any, files: list[str], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra plot)")
    pairs, picture = tmp_path / "pairs.csv", tmp_path / "gains.svg"
    arguments = ("joint", "matrix", *files, "-c", "xz", "--pairs-csv", pairs, "--heat-map", picture)
    found = json.loads(kolmo(*arguments, "--json").stdout)["matrices"][0]
    rows = list(csv.DictReader(pairs.read_text().splitlines()))
    assert [(row["x"], row["y"]) for row in rows] == [
        ("cats.txt", "dogs.txt"), ("cats.txt", "code.py"), ("dogs.txt", "code.py"),
    ]  # fmt: skip
    assert float(rows[0]["length_y_given_x"]) == found["conditional_code_lengths"][0][1]
    assert float(rows[0]["excess_gain"]) == pytest.approx(found["excess_gain"][0][1])
    assert "excess gain" in picture.read_text()
    told = refused("joint", "matrix", *files, "--permutations", "0", "--heat-map", tmp_path / "b.png", code=2)
    assert "expected at least 1 permutation" in told


def test_a_set_of_one_byte_leaves_its_cells_empty(kolmo: Any, refused: Any, files: list[str], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra plot)")
    zeros, ones = tmp_path / "zeros", tmp_path / "ones"
    zeros.write_bytes(bytes(900))
    ones.write_bytes(b"1" * 900)
    pairs, picture = tmp_path / "pairs.csv", tmp_path / "gains.svg"
    arguments = ("joint", "matrix", *files[:2], zeros, "-c", "zlib", "--pairs-csv", pairs, "--heat-map", picture)
    assert "the bytes of 'zeros' cannot be permuted" in kolmo(*arguments).stdout
    assert picture.exists()
    rows = list(csv.DictReader(pairs.read_text().splitlines()))
    assert [bool(row["excess_gain"]) for row in rows] == [True, False, False]
    told = refused("joint", "matrix", zeros, ones, "-c", "zlib", "--heat-map", tmp_path / "none.svg", code=1)
    assert "there are none" in told


def test_random_bytes_are_a_control(kolmo: Any, refused: Any, files: list[str], tmp_path: Path) -> None:
    arguments = ("joint", "matrix", *files, "-c", "mix", "--random", "--json")
    found = json.loads(kolmo(*arguments, "--seed", 1).stdout)
    assert found["sets"][-1]["name"] == "random"
    gains = np.array(found["matrices"][0]["relative_gain"])
    assert gains.shape == (4, 4)
    assert abs(gains[3, :3]).max() < 0.03
    assert gains[0, 1] > 0.1
    assert json.loads(kolmo(*arguments, "--seed", 1).stdout) == found
    assert "random" in kolmo("joint", "matrix", *files[:2], "-c", "ngram", "--random").stdout
    (tmp_path / "random").write_text("not so random")
    told = refused("joint", "matrix", *files, tmp_path / "random", "--random", code=2)
    assert "there is a set named 'random'" in told


def test_one_set_is_refused(refused: Any, files: list[str]) -> None:
    assert "at least two data sets, got 1" in refused("joint", "matrix", files[0], code=2)


def test_a_slow_coder_follows_a_first_look_on_a_terminal(
    kolmo: Any, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from kolmo.cli.joint import matrix

    monkeypatch.setattr(matrix, "_FIRST_LOOK_BYTES", 0)
    arguments = ("joint", "matrix", *files, "-c", "ngram")
    assert "first look" not in kolmo(*arguments).stderr
    monkeypatch.setattr(matrix, "is_terminal", lambda _: True)
    shown = kolmo(*arguments)
    assert "A first look: Joint gain matrix (xz)" in shown.stderr
    assert "first look" not in shown.stdout
    assert "first look" not in kolmo(*arguments, "--json").stderr
    assert "first look" not in kolmo("joint", "matrix", *files, "-c", "xz").stderr
