from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kolmo import Tree, linkage_tree, mds, neighbor_joining, quartet_tree
from kolmo.errors import DataError, ParameterError
from kolmo.trees import quartet_score
from kolmo.trees.quartets import _Problem, _tree, random_links

sizes, seeds = st.integers(4, 14), st.integers(0, 2**32)


def leaf_names(count: int) -> tuple[str, ...]:
    return tuple(f"leaf {number}" for number in range(count))


def random_tree(count: int, seed: int) -> Tree:
    """Return an unrooted binary tree with lengths."""
    random = np.random.default_rng(seed)
    tree = _tree(random_links(count, random), leaf_names(count))
    return Tree(tree.leaves, tree.parents, (*random.uniform(0.1, 2, len(tree.parents) - 1), 0.0))


def nearly_symmetric(count: int, random: np.random.Generator) -> np.ndarray:
    """Return distances that differ by direction and are not 0 on the diagonal, as those of real coders."""
    D = random.uniform(0.2, 1, (count, count))
    D = (D + D.T) / 2 * random.uniform(0.95, 1.05, (count, count))
    np.fill_diagonal(D, random.uniform(0, 0.1, count))
    return D


def same_but_for_rounding(one: Tree, other: Tree) -> bool:
    return one.splits() == other.splits() and np.allclose(one.cophenetic(), other.cophenetic(), atol=1e-9)


@settings(deadline=None)
@given(sizes, seeds)
def test_neighbor_joining_finds_the_tree_that_distances_add_up_along(count: int, seed: int) -> None:
    tree = random_tree(count, seed)
    assert same_but_for_rounding(neighbor_joining(tree.cophenetic(), tree.leaves), tree)


@settings(deadline=None)
@given(sizes, seeds)
def test_hierarchies_find_a_tree_whose_leaves_are_all_as_deep(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    children: dict[int, list[int]] = {}
    height, nodes = dict.fromkeys(range(count), 0.0), list(range(count))
    for node in range(count, 2 * count - 1):
        children[node] = [nodes.pop(random.integers(len(nodes))) for _ in range(2)]
        height[node] = node - count + random.uniform(0.3, 0.7)
        nodes.append(node)
    lengths = {child: height[node] - height[child] for node, below in children.items() for child in below}
    tree = Tree.from_children(nodes[0], children, leaf_names(count), lengths)
    for method in ("average", "complete", "single", "weighted"):
        found = linkage_tree(tree.cophenetic(), tree.leaves, method=method)
        assert found.clades() == tree.clades()
        assert np.allclose(found.cophenetic(), tree.cophenetic())


@settings(deadline=None, max_examples=40)
@given(sizes, seeds)
def test_quartet_trees_find_the_tree_that_distances_add_up_along(count: int, seed: int) -> None:
    tree = random_tree(count, seed)
    D = tree.cophenetic()
    assert quartet_score(tree, D).score == 1
    assert quartet_tree(D, tree.leaves).splits() == tree.splits()
    # and so does the search alone, from a random tree
    links = random_links(count, np.random.default_rng(seed))
    problem = _Problem(D)
    scores = [problem.score(problem.climb(links.copy(), start)) for start in (1, 2, 3)]
    assert max(scores) == 1
    problem.climb(links, scores.index(1) + 1)
    assert _tree(links, tree.leaves).splits() == tree.splits()


def score_by_definition(tree: Tree, D: np.ndarray) -> float:
    from itertools import combinations

    paths = Tree(tree.leaves, tree.parents).cophenetic()
    cost = least = most = 0.0
    for u, v, w, x in combinations(range(len(D)), 4):
        pairings = [((u, v), (w, x)), ((u, w), (v, x)), ((u, x), (v, w))]
        costs = [D[one] + D[other] for one, other in pairings]
        near = [paths[one] + paths[other] for one, other in pairings]
        cost, least, most = cost + costs[int(np.argmin(near))], least + min(costs), most + max(costs)
    return (most - cost) / (most - least)


@settings(deadline=None, max_examples=30)
@given(st.integers(4, 10), seeds)
def test_the_score_is_its_definition(count: int, seed: int) -> None:
    D = nearly_symmetric(count, np.random.default_rng(seed))
    D = D + D.T
    unrooted, rooted = random_tree(count, seed), linkage_tree(D, leaf_names(count))
    for tree in (unrooted, rooted, unrooted.rooted_at_midpoint()):
        assert quartet_score(tree, D).score == pytest.approx(score_by_definition(tree, D), abs=1e-9)


def test_a_wrong_tree_scores_less() -> None:
    tree, wrong = random_tree(12, 1), random_tree(12, 2)
    assert quartet_score(wrong, tree.cophenetic()).score < 0.9
    shuffled = [4, 0, 7, 2, 11, 1, 9, 3, 10, 5, 8, 6]
    D = tree.cophenetic()[np.ix_(shuffled, shuffled)]
    assert quartet_score(tree, D, [tree.leaves[place] for place in shuffled]).score == 1
    assert quartet_score(tree, D).score < 1


@settings(deadline=None, max_examples=20)
@given(st.integers(4, 9), seeds)
def test_the_order_of_rows_changes_nothing(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    D, order, names = nearly_symmetric(count, random), random.permutation(count), np.array(leaf_names(count))
    again = D[np.ix_(order, order)]
    for method in (linkage_tree, neighbor_joining):
        one, other = method(D, names), method(again, names[order])
        assert one.splits() == other.splits()
        assert np.allclose(one.cophenetic()[np.ix_(order, order)], other.cophenetic())
    trees = ((quartet_tree(D, names), D), (quartet_tree(again, names[order]), again))
    scores = [quartet_score(*pair).score for pair in trees]
    assert scores[0] == pytest.approx(scores[1], abs=1e-9)


def test_a_quartet_tree_is_the_same_each_time_and_no_worse_than_the_others() -> None:
    random = np.random.default_rng(0)
    D = random.uniform(0.5, 1, (16, 16))
    tree = quartet_tree(D)
    assert tree == quartet_tree(D) == quartet_tree(D, random_state=0)
    others = [quartet_score(method(D), D).score for method in (linkage_tree, neighbor_joining)]
    assert quartet_score(tree, D).score >= max(others)
    assert tree.lengths is None
    assert tree.binary


@pytest.mark.parametrize("count", [1, 2, 3])
def test_so_few_items_have_one_tree(count: int) -> None:
    D = np.array([[0, 2, 3], [2, 0, 5], [3, 5, 0]])[:count, :count]
    for method in (linkage_tree, neighbor_joining, quartet_tree):
        tree = method(D, ["a", "b", "c"][:count])
        assert tree.leaves == ("a", "b", "c")[:count]
        assert tree.splits() == set()
        assert tree.binary
        assert quartet_score(tree, D).score == 1
    assert np.allclose(neighbor_joining(D).cophenetic(), D)
    points = mds(D)
    apart = np.linalg.norm(points[:, None] - points, axis=-1)
    assert apart == pytest.approx(D, abs=1e-3)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_equal_distances_are_no_error(value: float) -> None:
    D = np.full((6, 6), value)
    for method in (linkage_tree, neighbor_joining, quartet_tree):
        assert quartet_score(method(D), D).score == 1
    assert np.isfinite(mds(D)).all()


def test_only_binary_trees_with_these_leaves_have_a_score() -> None:
    D = np.ones((4, 4))
    with pytest.raises(DataError, match="binary"):
        quartet_score(Tree.from_newick("(a,b,c,d);"), D)
    with pytest.raises(DataError, match="3 leaves and 4 rows"):
        quartet_score(Tree.from_newick("(a,b,c);"), D)
    with pytest.raises(DataError, match="different names"):
        quartet_score(Tree.from_newick("((a,b),(c,d));"), D, ["a", "b", "c", "x"])


@pytest.mark.parametrize("number", [0, 1.5, True])
def test_runs_are_whole_numbers(number: object) -> None:
    for name in ("agreement", "max_runs"):
        with pytest.raises(ParameterError, match=name):
            quartet_tree(np.ones((4, 4)), **{name: number})


def test_points_of_a_plane_keep_their_distances() -> None:
    points = np.random.default_rng(0).normal(size=(12, 2))
    D = np.linalg.norm(points[:, None] - points, axis=-1)
    found = mds(D)
    assert np.linalg.norm(found[:, None] - found, axis=-1) == pytest.approx(D, abs=1e-2)
    assert found.mean(axis=0) == pytest.approx([0, 0], abs=1e-9)
    assert np.array_equal(found, mds(D))
    assert found[:, 0].std() >= found[:, 1].std()
    assert np.isfinite(mds(np.where(D < 1, 0, D))).all()


def test_a_score_is_a_table() -> None:
    tree = random_tree(6, 3)
    found = quartet_score(tree, tree.cophenetic())
    assert float(found) == found.score == 1
    assert (found.n_leaves, found.n_quartets) == (6, 15)
    assert found.lowest_cost == pytest.approx(found.cost)
    assert found.cost < found.highest_cost
    assert str(found).startswith("Quartet score\n")
    assert found.to_dict()["n_quartets"] == 15
    assert "Cilibrasi" in type(found).tables_of([found], verbose=True)[0].footers[-1]
