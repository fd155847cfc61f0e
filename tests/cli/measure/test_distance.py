from __future__ import annotations

import csv
import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from kolmo import coder, pairwise
from kolmo.distances import METRICS

SYMMETRIZE = [None, "mean", "min", "max"]
ITEMS = {
    "one.txt": b"the cat sat on the mat and the dog lay by the door " * 3,
    "two.txt": b"the cat sat on the rug and a dog lay near the door " * 3,
    "three.txt": b"stocks fell as rates rose; bonds and shares followed " * 3,
}


@pytest.fixture
def files() -> list[str]:
    for name, data in ITEMS.items():
        Path(name).write_bytes(data)
    return list(ITEMS)


@pytest.mark.parametrize(("metric", "symmetrize"), list(itertools.product(METRICS, SYMMETRIZE)))
def test_two_files_give_the_distance_of_the_library(kolmo: Any, files: list[str], metric: str, symmetrize: Any) -> None:
    options = [] if symmetrize is None else ["--symmetrize", symmetrize]
    found = json.loads(kolmo("distance", *files[:2], "-c", "deflate", "-m", metric, *options, "--json").stdout)
    x, y = list(ITEMS.values())[:2]
    expected = pairwise([x], [y], metric=metric, symmetrize=symmetrize, dtype="float64")
    assert found["distance"] == pytest.approx(expected[0, 0], abs=1e-12)
    assert found["bits"]["L(x)"] == coder("deflate").code_length(x)
    linking = "L(y|x)" if metric.startswith("conditional") else "L(xy)"
    primed = coder("deflate").prime(x).code_length(y)
    assert found["bits"][linking] == (
        primed if metric.startswith("conditional") else coder("deflate").joint_code_length(x, y)
    )
    assert found["fingerprint"] == coder("deflate").fingerprint


def test_the_table_of_two_files_shows_what_the_distance_is_made_of(kolmo: Any, files: list[str]) -> None:
    found = json.loads(kolmo("distance", *files[:2], "--json").stdout)
    table = kolmo("distance", *files[:2]).stdout
    assert f"ncd by lzma = {found['distance']:.4f}" in table
    for name, bits in found["bits"].items():
        assert f"{name} " in table
        assert f"{bits:,.0f}" in table
    assert coder("lzma").fingerprint not in table
    assert coder("lzma").fingerprint in kolmo("distance", *files[:2], "-v").stdout


def test_more_files_give_the_matrix_as_table_json_and_csv(kolmo: Any, files: list[str]) -> None:
    expected = pairwise(list(ITEMS.values()), coder="zstd", symmetrize="mean", dtype="float64")
    options = ["-c", "zstd", "--symmetrize", "mean", "-j", "1"]
    found = json.loads(kolmo("distance", *files, *options, "--json", "-o", "matrix.csv").stdout)
    assert found["matrix"] == expected.tolist()
    assert found["files"] == files
    with open("matrix.csv", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["", *files]
    assert [row[0] for row in rows] == files
    assert [[float(cell) for cell in row[1:]] for row in rows] == expected.tolist()
    table = kolmo("distance", *files, *options).stdout
    row = next(line.split() for line in table.splitlines() if "three.txt" in line)
    assert row == ["3", "three.txt", *(f"{value:.3f}" for value in expected[2])]


def test_folders_are_items_by_file_or_sets(kolmo: Any, files: list[str]) -> None:
    for folder, names in {"pets": files[:2], "money": files[2:]}.items():
        Path(folder).mkdir()
        for name in names:
            Path(folder, name).write_bytes(ITEMS[name])
    found = json.loads(kolmo("distance", "pets", "money", "-j", "1", "--json").stdout)
    assert found["files"] == ["pets/one.txt", "pets/two.txt", "money/three.txt"]
    assert len(found["matrix"]) == 3
    pair = json.loads(kolmo("distance", "pets", "money", "--as-set", "--json").stdout)
    assert pair["files"] == ["pets", "money"]
    assert pair["bits"]["L(x)"] == coder("lzma").code_length(ITEMS["one.txt"] + ITEMS["two.txt"])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["one.txt"], 2, "expected at least two files, got 1"),
        (["one.txt", "absent"], 1, "there is no file 'absent'"),
        (["one.txt", "empty"], 1, "the folder 'empty' holds no files"),
        (["one.txt", "two.txt", "-m", "euclid"], 2, "'euclid' is not one of"),
        (["one.txt", "two.txt", "--symmetrize", "sum"], 2, "'sum' is not one of"),
        (["-", "-"], 2, "stdin can be read only once"),
        (["one.txt", "two.txt", "-j", "0"], 2, "expected a number of workers other than 0"),
    ],
)
def test_bad_input_is_one_line(refused: Any, files: list[str], arguments: list[str], code: int, message: str) -> None:
    Path("empty").mkdir()
    assert message in refused("distance", *arguments, code=code)


@pytest.mark.realdata
def test_related_species_are_near(kolmo: Any, data_dir: Path) -> None:
    folder = data_dir / "dna" / "mtdna_mammals24"
    paths = [folder / f"{name}.fa" for name in ("human", "pygmyChimpanzee", "carp")]
    matrix = json.loads(kolmo("distance", *paths, "-c", "ppmd", "--json").stdout)["matrix"]
    assert matrix[0][1] < matrix[0][2] - 0.03
