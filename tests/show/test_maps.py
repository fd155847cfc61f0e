from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from kolmo import Tree, linkage_tree, neighbor_joining
from kolmo.errors import DataError, MissingDependencyError, ParameterError
from kolmo.show import dendrogram, heat_map, scatter_map
from kolmo.show.maps import _order

pytest.importorskip("matplotlib", reason="matplotlib is not installed")

NAMES = ["cat", "$x^2", "two\nlines", "x" * 200, "a_b"]
D = np.random.default_rng(0).uniform(0.2, 1, (5, 5))
D = (D + D.T) / 2 * (1 - np.eye(5))


def is_picture(path: Path) -> bool:
    start = path.read_bytes()[:100]
    return start.startswith(b"\x89PNG") if path.suffix == ".png" else b"<?xml" in start


@pytest.mark.parametrize("name", ["picture.png", "picture.svg"])
def test_pictures_are_written(tmp_path: Path, name: str) -> None:
    path, tree = tmp_path / name, neighbor_joining(D, NAMES)
    for draw in (
        lambda: dendrogram(tree, path, title="$ree"),
        lambda: dendrogram(linkage_tree(D, NAMES), str(path)),
        lambda: heat_map(D, NAMES, path, order=tree, title="all"),
        lambda: scatter_map(D[:, :2], NAMES, [1, 1, 2, 2, "$"], path, title="some"),
    ):
        draw()
        assert is_picture(path)
        path.unlink()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["a;", "(a,b);", "(a:0,b:0,c:0);", "(a,b,c,d);", "((a:-1,b:2):-3,c:1);"])
def test_any_tree_can_be_drawn(tmp_path: Path, text: str) -> None:
    dendrogram(Tree.from_newick(text), tmp_path / "tree.png")
    assert is_picture(tmp_path / "tree.png")


def test_the_smallest_maps(tmp_path: Path) -> None:
    heat_map([[0.1]], None, tmp_path / "one.png")
    scatter_map([[0, 0]], None, None, tmp_path / "one.svg")
    scatter_map([[1, 1], [1, 1]], ["a", "b"], None, tmp_path / "two.svg")
    assert all(map(is_picture, tmp_path.iterdir()))


def test_rows_come_in_the_order_of_the_tree() -> None:
    tree = Tree.from_newick("((c,a),(d,b));")
    assert _order(tree, ("a", "b", "c", "d")) == [2, 0, 3, 1]
    with pytest.raises(DataError, match="leaves have the names"):
        _order(tree, ("a", "b", "c", "x"))


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    tree, path = Tree.from_newick("(a,b);"), tmp_path / "picture.png"
    for draw in (
        lambda: dendrogram(tree, "tree.jpg"),
        lambda: heat_map([[0]], None, "map"),
        lambda: scatter_map([[0, 0]], None, None, "map.pdf"),
    ):
        with pytest.raises(ParameterError, match=r"\.png or \.svg"):
            draw()
    with pytest.raises(DataError, match="square"):
        heat_map([[0, 1]], None, path)
    with pytest.raises(DataError, match=r"of shape \(n, 2\)"):
        scatter_map([[0, 1, 2]], None, None, path)
    with pytest.raises(DataError, match="numbers"):
        scatter_map([["a", "b"]], None, None, path)
    with pytest.raises(DataError, match="names: expected 1, one for each point, got 2"):
        scatter_map([[0, 1]], ["a", "b"], None, path)
    with pytest.raises(DataError, match="labels: expected 1, one for each point, got 0"):
        scatter_map([[0, 1]], None, [], path)


def test_drawing_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    tree, path = Tree.from_newick("(a,b);"), tmp_path / "picture.png"
    for draw in (
        lambda: dendrogram(tree, path),
        lambda: heat_map([[0]], None, path),
        lambda: scatter_map([[0, 0]], None, [1], path),
    ):
        with pytest.raises(MissingDependencyError, match=r"pip install '\.\[plot\]"):
            draw()
