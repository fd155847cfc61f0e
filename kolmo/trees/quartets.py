"""Quartet trees: the unrooted tree that goes best with the distances among all groups of four items."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kolmo.distances.matrices import Floats, checked_names, symmetric
from kolmo.errors import DataError, ParameterError
from kolmo.trees.cluster import neighbor_joining
from kolmo.trees.tree import Tree

Links = NDArray[np.int64]
"""A tree as `kolmo.trees.quartet_kernels` has it."""

_ROUNDING = 1e-11
"""Costs that differ by no more than this share are the same."""
_PATIENCE = 100
"""Steps without success after which a climb ends, times the square of the number of items."""
_MOST_CHANGES = 32
_STEPS_AT_ONCE = 20_000_000
"""So many distances are looked at, roughly, before Python may be interrupted."""


def quartet_score(tree: Tree, D: ArrayLike, names: Iterable[Any] | None = None) -> float:
    """Return how well a tree goes with distances, from 0 to 1: the normalized tree benefit score S(T).

    Of any four items u, v, w, x the tree pairs two and two, such as uv|wx, which costs D[u, v] + D[w, x]. The tree's
    cost C is the sum over all quartets. With M and m, the sums of the dearest and of the cheapest pairing of each
    quartet, S = (M - C) / (M - m). It is 1 for a tree that pairs all quartets in the cheapest way. There need not be
    one.

    Parameters
    ----------
    tree : Tree
        Any binary tree, rooted or not, of `linkage_tree`, `neighbor_joining` or `quartet_tree`.
    D : array-like of shape (n, n)
        Distances; of D[i, j] and D[j, i] the mean is taken. See `kolmo.distances.symmetric`.
    names : iterable of str, optional
        The leaf of each row; by default the rows are in the order of ``tree.leaves``.

    Returns
    -------
    float
        1 where there is nothing to choose: with less than four items, or if all pairings cost the same.

    Raises
    ------
    DataError
        If the tree is not binary, or has other leaves, or D is no matrix of distances.

    References
    ----------
    Cilibrasi and Vitanyi, "A fast quartet tree heuristic for hierarchical clustering", Pattern Recognition, 2011.

    Examples
    --------
    >>> tree = Tree.from_newick("((a,b),(c,d));")
    >>> near, far = [[0, 1, 3, 3], [1, 0, 3, 3], [3, 3, 0, 1], [3, 3, 1, 0]], ["a", "c", "b", "d"]
    >>> quartet_score(tree, near), quartet_score(tree, near, far)
    (1.0, 0.0)
    """
    even = symmetric(D)
    rows = tree.leaves if names is None else checked_names(names, len(even))
    if len(rows) != len(even) or set(rows) != set(tree.leaves):
        raise DataError(
            f"the tree must have a leaf for each row of the matrix, but it has {len(tree.leaves)} leaves, and the "
            f"matrix {len(even)} rows" + ("" if len(rows) != len(even) else " with other names")
        )
    if not tree.binary:
        raise DataError(
            "the tree must be binary, but a node has more than two children, or one: which quartets it pairs is open"
        )
    if len(rows) < 4:
        return 1.0
    leaf = {name: number for number, name in enumerate(rows)}
    problem = _Problem(even)
    return problem.score(problem.cost(_links(tree, [leaf[name] for name in tree.leaves])))


def quartet_tree(
    D: ArrayLike,
    names: Iterable[Any] | None = None,
    *,
    random_state: int | None = 0,
    agreement: int = 5,
    max_runs: int = 12,
) -> Tree:
    """Return an unrooted tree whose `quartet_score` is as high as a search can make it.

    A run climbs from tree to better tree: it swaps leaves, swaps subtrees or moves subtrees, mostly once and now and
    then many times before it looks at the score, and ends when nothing has helped for long. The first run begins at the
    tree of `neighbor_joining`, which it can only improve, the others at random trees. The search is over at a score
    of 1, or as soon as several runs have found the best score.

    The time of a step grows with the square of n, and so does their number: 25 items take less than a second, 50 items
    some ten seconds, 100 items minutes, for which fewer runs may do. The tree is the same each time for the same
    distances and `random_state`.

    Parameters
    ----------
    D : array-like of shape (n, n)
        Distances; of D[i, j] and D[j, i] the mean is taken. See `kolmo.distances.symmetric`.
    names : iterable of str, optional
        The names of the items, all different; numbers from 0 by default.
    random_state : int, optional
        Decides the random choices; None for other ones each time.
    agreement : int
        How many runs must have found the best score.
    max_runs : int
        How many runs there are at most.

    Returns
    -------
    Tree
        With three branches at the root, from three items on, and without lengths.

    Raises
    ------
    DataError
        If D is no matrix of distances, or does not go with the names.
    ParameterError
        If a number of runs is below 1.

    References
    ----------
    Cilibrasi and Vitanyi, "Clustering by compression", IEEE Transactions on Information Theory, 2005; "A fast quartet
    tree heuristic for hierarchical clustering", Pattern Recognition, 2011.

    Examples
    --------
    >>> D = [[0, 3, 7, 8], [3, 0, 8, 9], [7, 8, 0, 7], [8, 9, 7, 0]]
    >>> quartet_tree(D, ["cat", "dog", "ape", "man"]).newick()
    '(cat,dog,(ape,man));'
    """
    for name, number in (("agreement", agreement), ("max_runs", max_runs)):
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
            raise ParameterError(f"{name} must be a whole number from 1, but {number!r} came")
    even = symmetric(D)
    leaves = checked_names(names, len(even))
    start = neighbor_joining(even, leaves)
    if len(leaves) < 4:
        return Tree(leaves, start.parents)
    problem, random = _Problem(even), np.random.default_rng(random_state)
    best, lowest, agreeing = _links(start, range(len(leaves))), np.inf, 0
    for number in range(max_runs):
        links = best.copy() if number == 0 else random_links(len(leaves), random)
        found = problem.climb(links, int(random.integers(1, 2**63)))
        if found < lowest - problem.rounding:
            best, lowest, agreeing = links, found, 1
        elif found <= lowest + problem.rounding:
            agreeing += 1
        if lowest <= problem.least + problem.rounding or agreeing >= agreement:
            break
    return _tree(best, leaves)


class _Problem:
    """Distances among four items or more, and what trees of them cost."""

    def __init__(self, D: Floats) -> None:
        from kolmo.trees import quartet_kernels as kernels

        self._kernels = kernels
        self.D, self._totals = D, D.sum(axis=1)
        n_nodes = 2 * len(D) - 2
        self._scratch = np.zeros((kernels.N_SCRATCH, n_nodes), np.int64)
        self._sums = np.zeros((kernels.N_SUMS, n_nodes))
        found = np.zeros(2)
        kernels.bounds(D, found)
        self.least, self.most = map(float, found)
        self.rounding = _ROUNDING * self.most

    def cost(self, links: Links) -> float:
        """Return the sum of what all quartets cost as a tree pairs them."""
        found = np.zeros(1)
        self._kernels.cost(self.D, self._totals, links, self._scratch, self._sums, found)
        return float(found[0])

    def score(self, cost: float) -> float:
        """Return S(T)."""
        if self.most - self.least <= self.rounding:
            return 1.0
        # rounded as far as costs are exact, so that the best tree has 1 and not nearly so
        score = (self.most - cost) / (self.most - self.least)
        return 1.0 if cost <= self.least + self.rounding else max(score, 0.0)

    def climb(self, links: Links, seed: int) -> float:
        """Improve a tree in place, and return its cost."""
        best, counts = np.array([self.cost(links)]), np.zeros(1, np.int64)
        trial, random = links.copy(), np.array([seed], np.uint64)
        thresholds, size = _thresholds(), len(self.D)
        patience = _PATIENCE * size**2
        while counts[0] < patience and best[0] > self.least + self.rounding:
            self._kernels.climb(
                self.D,
                self._totals,
                links,
                trial,
                self._scratch,
                self._sums,
                thresholds,
                random,
                best,
                counts,
                self.rounding,
                patience,
                max(1, _STEPS_AT_ONCE // size**2),
            )
        return self.cost(links)


def random_links(n_leaves: int, random: np.random.Generator) -> Links:
    """Return a random tree of four leaves or more: one leaf after the other is put into a random branch."""
    links = np.full((2 * n_leaves - 2, 3), -1, np.int64)
    leaves = random.permutation(n_leaves)
    links[leaves[:3], 0], links[n_leaves] = n_leaves, leaves[:3]
    for joint, leaf in enumerate(leaves[3:], start=n_leaves + 1):
        ends = np.argwhere(links >= 0)
        one, place = ends[random.integers(len(ends))]
        other = links[one, place]
        links[one, place] = joint
        links[other, links[other] == one] = joint
        links[joint], links[leaf, 0] = (one, other, leaf), joint
    return links


def _thresholds() -> NDArray[np.int64]:
    """Return the chances of 1, 2, ... changes at once, added up, in 2**31sts: mostly one, with a heavy tail."""
    number = np.arange(1, _MOST_CHANGES + 1)
    chances = 1 / (number * np.log2(number + 1) ** 2)
    return np.asarray(np.cumsum(chances) / chances.sum() * 2**31, np.int64)


def _links(tree: Tree, numbers: Iterable[int]) -> Links:
    """Return a binary tree without its root, if that joins only two; its leaves get these numbers."""
    number = dict(enumerate(numbers))
    children = {node: list(below) for node, below in tree.children.items()}
    root = len(tree.parents) - 1
    inner = [node for node in children if node != root or len(children[root]) == 3]
    number.update({node: len(tree.leaves) + place for place, node in enumerate(inner)})
    branches = [(node, child) for node in inner for child in children[node]]
    if root not in inner:
        branches.append((children[root][0], children[root][1]))
    links = np.full((len(number), 3), -1, np.int64)
    filled = [0] * len(number)
    for ends in branches:
        for one, other in (ends, ends[::-1]):
            links[number[one], filled[number[one]]] = number[other]
            filled[number[one]] += 1
    return links


def _tree(links: Links, leaves: tuple[str, ...]) -> Tree:
    root = int(links[0, 0])
    children: dict[int, list[int]] = {}
    waiting = [(root, -1)]
    while waiting:
        node, above = waiting.pop()
        if node >= len(leaves):
            children[node] = [neighbor for neighbor in links[node].tolist() if neighbor != above]
            waiting.extend((child, node) for child in children[node])
    return Tree.from_children(root, children, leaves)
