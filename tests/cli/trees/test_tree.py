"""``kolmo tree``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kolmo import Tree, gain_matrix, linkage_tree
from kolmo.distances import double_centered, symmetric


@pytest.fixture
def sets(tmp_path: Path) -> list[str]:
    texts = {
        "cats.txt": "".join(f"the cat {n} sat on mat {n * n}; " for n in range(80)),
        "dogs.txt": "".join(f"the dog {n} sat on mat {n * n}; " for n in range(80)),
        "code.py": "".join(f"def f{n}(x):\n    return x ** {n}\n" for n in range(80)),
        "more.py": "".join(f"def g{n}(y):\n    return y - {n}\n" for n in range(80)),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return [str(tmp_path / name) for name in texts]


@pytest.mark.parametrize("method", ["average", "neighbors", "quartets"])
def test_trees_and_pictures(kolmo: Any, sets: list[str], tmp_path: Path, method: str) -> None:
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")
    outputs = {name: tmp_path / f"{name}.png" for name in ("heat-map", "plot", "map")}
    options = [part for name, path in outputs.items() for part in (f"--{name}", str(path))]
    newick = tmp_path / "tree.nwk"
    options += ["--double-centered"] if method == "average" else []
    kolmo("tree", *sets, "-c", "ngram", "--method", method, "--newick", str(newick), *options)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in outputs.values())
    tree = Tree.from_newick(newick.read_text())
    assert frozenset({"code.py", "more.py"}) in tree.splits() or frozenset({"cats.txt", "dogs.txt"}) in tree.splits()
    shown = kolmo("tree", *sets, "-c", "ngram", "--method", method, "--newick", "-", "--force", *options).stdout
    assert shown == newick.read_text()


@pytest.mark.parametrize("centered", [False, True])
def test_python_gives_the_same_tree(kolmo: Any, sets: list[str], centered: bool) -> None:
    options = ("--double-centered",) if centered else ()
    found = json.loads(kolmo("tree", *sets, "-c", "ngram", "--json", *options).stdout)
    data = {Path(path).name: Path(path).read_bytes() for path in sets}
    matrix = gain_matrix(data, coder="ngram", n_permutations=1)
    distances = double_centered(matrix.distances()) if centered else matrix.distances()
    np.testing.assert_array_equal(found["distances"], distances)
    assert found["newick"] == linkage_tree(symmetric(distances), matrix.names).newick()
    assert found["gains"]["relative_gain"] == matrix.relative_gain.tolist()
    assert (found["method"], found["double_centered"]) == ("average", centered)


def test_the_tree_is_drawn_as_text(kolmo: Any, sets: list[str]) -> None:
    shown = kolmo("tree", *sets, "-c", "ngram").stdout
    tree = Tree.from_newick(json.loads(kolmo("tree", *sets, "-c", "ngram", "--json").stdout)["newick"])
    assert shown.startswith("Data sets\n")
    assert "\nNormalized distance 1 - 2 x gain (ngram), average linkage\n" in shown
    assert str(tree) in shown
    assert "warning: ngram saves less than half" in shown
    assert "Sokal and Michener" not in shown
    assert "Sokal and Michener" in kolmo("tree", *sets, "-c", "ngram", "-v").stdout
    assert "double-centred" in kolmo("tree", *sets, "-c", "ngram", "--double-centered").stdout


def test_groups_have_support(kolmo: Any, sets: list[str]) -> None:
    arguments = ("tree", *sets, "-c", "ngram", "--resamples", "5")
    found = json.loads(kolmo(*arguments, "--json").stdout)
    (group,) = found["support"]
    assert group["leaves"] in (["code.py", "more.py"], ["dogs.txt", "cats.txt"])
    assert group["support"] >= 0.8
    assert f"){100 * group['support']:.0f}:" in found["newick"]
    assert Tree.from_newick(found["newick"]).leaves
    assert "Support by 5 half-samples" in kolmo(*arguments).stdout


def test_sets_that_share_nothing_have_no_tree(kolmo: Any, refused: Any, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    letters = np.frombuffer(b"abcdefgh", np.uint8)
    for n in range(4):
        chosen = random.choice(8, 3000, p=random.dirichlet(np.ones(8)))
        (tmp_path / f"{n}.txt").write_bytes(letters[chosen].tobytes())
    arguments = ("tree", *(tmp_path / f"{n}.txt" for n in range(4)), "-c", "deflate")
    done = kolmo(*arguments, "--newick", tmp_path / "tree.nwk")
    assert "No two sets have an excess gain above the noise floor" in done.stdout
    assert "average linkage" not in done.stdout
    assert "tree.nwk: not written" in done.stderr
    assert not (tmp_path / "tree.nwk").exists()
    assert json.loads(kolmo(*arguments, "--json").stdout)["newick"] is None
    assert "a tree would show noise" in refused(*arguments, "--newick", "-", code=1)
    assert "average linkage" in kolmo(*arguments, "--permutations", "0").stdout


def test_wrong_usage_is_told(refused: Any, sets: list[str], tmp_path: Path) -> None:
    assert "at least three data sets, got 2" in refused("tree", *sets[:2], code=2)
    assert "are the same" in refused("tree", *sets, sets[0], code=2)
    assert "at least four data sets" in refused("tree", *sets[:3], "--resamples", "5", code=2)
    assert "either --json or --newick -" in refused("tree", *sets, "--json", "--newick", "-", code=2)
    assert "no directory" in refused("tree", *sets, "--newick", tmp_path / "no folder" / "t.nwk", code=2)
    (tmp_path / "t.nwk").write_text("kept")
    assert "--force" in refused("tree", *sets, "--newick", tmp_path / "t.nwk", code=2)
    assert (tmp_path / "t.nwk").read_text() == "kept"
    assert ".png or .svg" in refused("tree", *sets, "--plot", tmp_path / "t.pdf", code=2)
