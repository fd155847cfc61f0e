from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from kolmo import Tree
from kolmo._core.terminal import visible
from kolmo.errors import DataError

names = st.lists(
    st.one_of(st.text(max_size=6), st.text("a'_ :,;()[]\n\t\"$é字", max_size=4)), min_size=1, max_size=9, unique=True
)
lengths = st.floats(-2, 2, allow_nan=False)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Trees of any shape, with names and lengths of all kinds."""
    leaves = draw(names)
    children: dict[int, list[int]] = {}
    open_nodes = list(range(len(leaves)))
    while len(open_nodes) > 1:
        count = draw(st.integers(2, min(4, len(open_nodes))))
        taken = [open_nodes.pop(draw(st.integers(0, len(open_nodes) - 1))) for _ in range(count)]
        node = len(leaves) + len(children)
        children[node] = taken
        open_nodes.append(node)
    nodes = range(len(leaves) + len(children) - 1)
    long = {node: draw(lengths) for node in nodes} if draw(st.booleans()) and len(leaves) > 1 else None
    return Tree.from_children(open_nodes[0], children, leaves, long)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees())
def test_newick_is_read_as_it_was_written(tree: Tree) -> None:
    read = Tree.from_newick(tree.newick())
    assert set(read.leaves) == set(tree.leaves)
    assert read.clades() == tree.clades()
    assert read.splits() == tree.splits()
    order = [tree.leaves.index(name) for name in read.leaves]
    assert np.allclose(read.cophenetic(), tree.cophenetic()[np.ix_(order, order)], atol=1e-12)
    assert Tree.from_newick(read.newick()) == read


@given(st.text("(),:;'[]ab_1.e- \n", max_size=30))
def test_text_is_a_tree_or_refused(text: str) -> None:
    try:
        tree = Tree.from_newick(text)
    except DataError:
        return
    assert Tree.from_newick(tree.newick()) == tree


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a semicolon at the end"),
        ("(a,b)", "expected a semicolon at the end"),
        ("((a,b);", "got ';'"),
        ("(a,b));", r"got '\)'"),
        ("(a,b);c;", "ends with its semicolon"),
        ("(a,);", "expected a name"),
        ("(a b,c);", "got 'b'"),
        ("(a:x,b);", "the length of a branch, got 'x'"),
        ("(a:nan,b);", "the length of a branch, got 'nan'"),
        ("(a:1_0,b);", "expected the length"),
        ("(a:,b);", "expected a length"),
        ("(a:1e999,b);", "finite"),
        ("('a,b);", '"\'" is never closed'),
        ("(a,b[c);", r"'\[' is never closed"),
        ("(a,a);", "got 'a' twice"),
        ("(" * 20_000 + "a" + ")" * 20_000 + ";", "nested deeper"),
    ],
)
def test_broken_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Tree.from_newick(text)


def test_the_length_of_text_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kolmo.trees.newick.LONGEST", 5)
    with pytest.raises(DataError, match="too long"):
        Tree.from_newick("(a,b);")
    with pytest.raises(DataError, match="expected a tree in Newick format as str"):
        Tree.from_newick(b"(a,b);")  # type: ignore[arg-type]


def test_comments_and_labels_of_inner_nodes_are_passed_over() -> None:
    tree = Tree.from_newick("[&R] ( (a:1 , b:2.5e-1)0.97:3 , 'c d':.5 )root:9 ;\n")
    assert tree == Tree(("a", "b", "c d"), (3, 3, 4, 4, -1), (1.0, 0.25, 0.5, 3.0, 0.0))


def test_deep_trees_need_no_recursion() -> None:
    text = "(" * 3000 + "a" + "".join(f",b{number})" for number in range(3000)) + ";"
    tree = Tree.from_newick(text)
    assert len(tree.leaves) == 3001
    assert tree.newick() == text


@pytest.mark.parametrize(
    "parents", [(), (2, 2), (2, 2, 2), (1, 2, -1), (3, 3, -1), (2, 0, -1), (2, 2, 4, 4, -1), (3, 3, 5, 5, 5, -1)]
)
def test_what_is_no_tree_is_refused(parents: tuple[int, ...]) -> None:
    with pytest.raises(DataError):
        Tree(("a", "b"), parents)


def test_lengths_are_finite_and_as_many_as_nodes() -> None:
    for wrong in ((1.0, 2.0), (1.0, float("nan"), 0.0)):
        with pytest.raises(DataError, match="expected 3 finite numbers"):
            Tree(("a", "b"), (2, 2, -1), wrong)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees())
def test_a_root_at_the_midpoint_changes_no_path(tree: Tree) -> None:
    if tree.lengths is not None:
        tree = Tree(tree.leaves, tree.parents, tuple(map(abs, tree.lengths)))
    rooted = tree.rooted_at_midpoint()
    assert rooted.leaves == tree.leaves
    assert rooted.splits() == tree.splits()
    if tree.lengths is None:
        return
    paths = rooted.cophenetic()
    assert np.allclose(paths, tree.cophenetic())
    assert rooted.depths()[: len(tree.leaves)].max() == pytest.approx(paths.max() / 2)


def test_splits_do_not_depend_on_the_root() -> None:
    rooted, elsewhere = (Tree.from_newick(text) for text in ("((a,b),(c,(d,e)));", "(d,e,(c,(b,a)));"))
    assert rooted.splits() == elsewhere.splits() == {frozenset("cde"), frozenset("de")}
    assert rooted.clades() != elsewhere.clades()
    assert rooted.binary
    assert elsewhere.binary
    assert not Tree.from_newick("(a,b,c,d);").binary


def test_the_smallest_trees() -> None:
    one, two = Tree.from_newick("a;"), Tree.from_newick("(a:1,b:2);")
    assert one.rooted_at_midpoint() is one
    assert one.newick() == "a;"
    assert one.cophenetic().tolist() == [[0]]
    assert one.clades() == two.splits() == set()
    assert two.rooted_at_midpoint().newick() == "(a:1.5,b:1.5);"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees())
def test_a_drawing_has_a_line_for_each_leaf(tree: Tree) -> None:
    lines = str(tree).split("\n")
    order = [tree.leaves[leaf] for leaf in tree.leaf_order()]
    assert len(lines) == len(order)
    assert {line.lstrip("+-| ") for line in lines} == {visible(name).lstrip("+-| ") for name in order}


def test_a_drawing_shows_levels_and_lengths() -> None:
    assert str(Tree.from_newick("((a,b),(c,(d,e)));")).split("\n") == [
        "+---+- a",
        "|   +- b",
        "+-+--- c",
        "  +-+- d",
        "    +- e",
    ]
    short, long = (line.index(" ") for line in str(Tree.from_newick("(a:1,b:2);")).split("\n"))
    assert (short, long) == (24, 48)
    assert str(Tree.from_newick("(a:1,b:2,(c:3,d:4):3);")).count("\n") == 3
    assert str(Tree.from_newick("one;")) == "one"
    deep = "(" * 3000 + "a" + "".join(f",b{number})" for number in range(3000)) + ";"
    assert str(Tree.from_newick(deep)).count("\n") == 3000
