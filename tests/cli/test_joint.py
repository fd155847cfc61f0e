"""``kolmo joint``."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    texts = {
        "cats.txt": "".join(f"the cat {n} sat on mat {n * n}; " for n in range(80)),
        "dogs.txt": "".join(f"the dog {n} sat on mat {n * n}; " for n in range(80)),
        "code.py": "".join(f"def f{n}(x):\n    return x ** {n}\n" for n in range(80)),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return [str(tmp_path / name) for name in texts]


def test_two_sets_in_depth(kolmo: Any, files: list[str]) -> None:
    found = json.loads(kolmo("joint", *files[:2], "-c", "ngram", "-c", "xz", "--json").stdout)
    assert [each["name"] for each in found["sets"]] == ["cats.txt", "dogs.txt"]
    for gain in found["gains"]:
        assert gain["self_share"] > gain["share"] > max(gain["random_share"], 0)
        assert gain["interval"][0] < gain["share"] < gain["interval"][1]
    shown = kolmo("joint", *files[:2], "-c", "ngram").stdout
    assert "What one code saves over two" in shown
    assert "50 for all" in shown


def test_several_sets_as_a_matrix(kolmo: Any, files: list[str], tmp_path: Path) -> None:
    arguments = ("joint", *files, "-c", "ngram", "--csv", str(tmp_path / "gains.csv"))
    (matrix,) = json.loads(kolmo(*arguments, "--json").stdout)["matrices"]
    shares = matrix["shares"]
    assert shares[0][1] == pytest.approx(shares[1][0])
    assert shares[0][0] > shares[0][1] > shares[0][2]
    rows = list(csv.reader((tmp_path / "gains.csv").read_text().splitlines()))
    assert rows[0] == ["set", "cats.txt", "dogs.txt", "code.py"]
    assert [float(cell) for cell in rows[1][1:]] == shares[0]
    assert "on the diagonal" in kolmo("joint", *files, "-c", "ngram").stdout


@pytest.mark.parametrize("method", ["average", "neighbors", "quartets"])
def test_trees_and_pictures(kolmo: Any, files: list[str], tmp_path: Path, method: str) -> None:
    from kolmo import Tree

    (tmp_path / "more.py").write_text("".join(f"def g{n}(y):\n    return y - {n}\n" for n in range(80)))
    outputs = {name: tmp_path / f"{name}.png" for name in ("heat-map", "tree", "map")}
    options = [part for name, path in outputs.items() for part in (f"--{name}", str(path))]
    newick = tmp_path / "tree.nwk"
    sets = [*files, str(tmp_path / "more.py")]
    kolmo("joint", *sets, "-c", "ngram", "--method", method, "--newick", str(newick), *options)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in outputs.values())
    tree = Tree.from_newick(newick.read_text())
    assert frozenset({"code.py", "more.py"}) in tree.splits() or frozenset({"cats.txt", "dogs.txt"}) in tree.splits()


def test_wrong_usage_is_told(refused: Any, files: list[str], tmp_path: Path) -> None:
    assert "at least two sets" in refused("joint", files[0], code=2)
    assert "each once" in refused("joint", files[0], files[0], code=2)
    assert "no file" in refused("joint", files[0], tmp_path / "missing", code=1)
    assert "three sets" in refused("joint", *files[:2], "--tree", tmp_path / "t.png", code=2)
    (tmp_path / "empty").write_bytes(b"")
    assert "nothing to measure" in refused("joint", files[0], tmp_path / "empty", code=1)
