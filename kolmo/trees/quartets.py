"""Quartet trees: the unrooted tree that fits the distances of all groups of four items best."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kolmo._core.checks import check_count, check_random_state
from kolmo._core.results import Result
from kolmo.distances.matrices import Floats, checked_names, symmetric
from kolmo.errors import DataError
from kolmo.trees.cluster import neighbor_joining
from kolmo.trees.tree import Tree

if TYPE_CHECKING:
    from kolmo._core.tables import Table

Links = NDArray[np.int64]
"""An unrooted binary tree as the kernels represent it: the three neighbours of each node, -1 where a leaf has none."""

_ROUNDING = 1e-11
"""Costs with a smaller relative difference are equal."""
_PATIENCE = 100
"""A climb ends after this number of steps without improvement, times the square of the number of items."""
_MOST_CHANGES = 32
_CITATION = (
    'Cilibrasi and Vitanyi, "A fast quartet tree heuristic for hierarchical clustering", Pattern Recognition, 2011'
)
_STEPS_AT_ONCE = 20_000_000
"""Approximate number of distances that a kernel call reads, so that Python can be interrupted between calls."""


@dataclass(frozen=True, kw_only=True)
class TreeScore(Result):
    """The fit of a tree to a matrix of distances. Made by `quartet_score`; ``float(score)`` is its value.

    Parameters
    ----------
    score : float
        The normalized tree benefit score S(T) from 0 (worst) to 1: all quartets are paired at the lowest cost.
    cost : float
        The cost of the tree, C.
    lowest_cost, highest_cost : float
        The sums of the lowest and of the highest cost of each quartet, m and M.
    n_leaves, n_quartets : int
        Number of leaves, and of groups of four leaves.
    """

    score: float
    cost: float
    lowest_cost: float
    highest_cost: float
    n_leaves: int
    n_quartets: int

    def __float__(self) -> float:
        return self.score

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return one table with a row for each score.

        Parameters
        ----------
        results : sequence of TreeScore
            The scores.
        verbose : bool
            Add the citation.

        Returns
        -------
        list of Table
        """
        from kolmo._core.tables import Column, Table

        names = ("leaves", "quartets", "cost", "lowest cost", "highest cost", "S(T)")
        table = Table("Quartet score", [Column(name, True) for name in names])
        for found in results:
            costs = (found.cost, found.lowest_cost, found.highest_cost)
            table.add(
                f"{found.n_leaves:,}",
                f"{found.n_quartets:,}",
                *(f"{cost:,.6g}" for cost in costs),
                f"{found.score:.6f}",
            )
        table.footers = ["S(T) = (highest cost - cost) / (highest cost - lowest cost); 1 = best"]
        if verbose:
            table.footers.append(_CITATION)
        return [table]


def quartet_score(tree: Tree, D: ArrayLike, names: Iterable[Any] | None = None) -> TreeScore:
    """Measure the fit of a tree to a matrix of distances: the normalized tree benefit score S(T), from 0 to 1.

    A tree pairs any four items u, v, w, x two and two, such as uv|wx, with the cost D[u, v] + D[w, x]. The cost C of
    the tree is the sum over all quartets. With m and M, the sums of the lowest and the highest cost of each quartet,
    S = (M - C) / (M - m). A tree that pairs every quartet at the lowest cost scores 1, but need not exist.

    Parameters
    ----------
    tree : Tree
        A binary tree, rooted or unrooted, such as that of `linkage_tree`, `neighbor_joining` or `quartet_tree`.
    D : array-like of shape (n, n)
        Distances; D[i, j] and D[j, i] are averaged, see `kolmo.distances.symmetric`.
    names : iterable of str, optional
        The leaf of each row; by default the rows are in the order of ``tree.leaves``.

    Returns
    -------
    TreeScore
        The score is 1 for fewer than four items, and if all pairings have the same cost.

    Raises
    ------
    DataError
        If the tree is not binary, its leaves do not match the rows, or D is not a matrix of distances.

    References
    ----------
    Cilibrasi and Vitanyi, "A fast quartet tree heuristic for hierarchical clustering", Pattern Recognition, 2011.

    Examples
    --------
    >>> tree = Tree.from_newick("((a,b),(c,d));")
    >>> near, far = [[0, 1, 3, 3], [1, 0, 3, 3], [3, 3, 0, 1], [3, 3, 1, 0]], ["a", "c", "b", "d"]
    >>> quartet_score(tree, near).score, quartet_score(tree, near, far).score
    (1.0, 0.0)
    """
    even = symmetric(D)
    rows = tree.leaves if names is None else checked_names(names, len(even))
    if len(rows) != len(even) or set(rows) != set(tree.leaves):
        raise DataError(
            f"expected a leaf for each row of the matrix, got {len(tree.leaves)} leaves and {len(even)} rows"
            + ("" if len(rows) != len(even) else " with different names")
        )
    if not tree.binary:
        raise DataError(
            "expected a binary tree, got one with a node of more than two children or one child, which leaves the "
            "pairing of some quartets open"
        )
    if len(rows) < 4:
        return TreeScore(score=1.0, cost=0.0, lowest_cost=0.0, highest_cost=0.0, n_leaves=len(rows), n_quartets=0)
    leaf = {name: number for number, name in enumerate(rows)}
    problem = _Problem(even)
    cost = problem.cost(_links(tree, [leaf[name] for name in tree.leaves]))
    return TreeScore(
        score=problem.score(cost),
        cost=cost,
        lowest_cost=problem.least,
        highest_cost=problem.most,
        n_leaves=len(rows),
        n_quartets=math.comb(len(rows), 4),
    )


def quartet_tree(
    D: ArrayLike,
    names: Iterable[Any] | None = None,
    *,
    random_state: int | None = 0,
    agreement: int = 5,
    max_runs: int = 12,
) -> Tree:
    """Return an unrooted tree with a high `quartet_score`, found by randomized hill climbing.

    A step swaps leaves, swaps subtrees or moves subtrees, usually once and sometimes many times, and is kept if the
    score rises. A run ends after many steps without improvement. The first run starts from the tree of
    `neighbor_joining`, the others from random trees. The search ends at a score of 1, or when `agreement` runs have
    found the best score.

    The time of a step and the number of steps both grow with the square of n: 25 items take less than a second, 50
    items about ten seconds, 100 items minutes, for which fewer runs may suffice. The result depends only on the
    distances and on `random_state`.

    Parameters
    ----------
    D : array-like of shape (n, n)
        Distances; D[i, j] and D[j, i] are averaged, see `kolmo.distances.symmetric`.
    names : iterable of str, optional
        The names of the items, all different; by default numbers from 0.
    random_state : int, optional
        Seed of the random choices; None for different ones each time.
    agreement : int
        Number of runs that must find the best score.
    max_runs : int
        Largest number of runs.

    Returns
    -------
    Tree
        With three children of the root, from three items on, and without lengths.

    Raises
    ------
    DataError
        If D is not a matrix of distances, or the names do not match it.
    ParameterError
        If `agreement` or `max_runs` is below 1.

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
        check_count(name, number)
    check_random_state(random_state)
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
    """The distances of at least four items, and the costs of trees."""

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
        """Return the cost of a tree, the sum over all quartets."""
        found = np.zeros(1)
        self._kernels.cost(self.D, self._totals, links, self._scratch, self._sums, found)
        return float(found[0])

    def score(self, cost: float) -> float:
        """Return S(T)."""
        if self.most - self.least <= self.rounding:
            return 1.0
        # exactly 1 for the lowest cost, in spite of rounding errors
        score = (self.most - cost) / (self.most - self.least)
        return 1.0 if cost <= self.least + self.rounding else max(score, 0.0)

    def climb(self, links: Links, seed: int) -> float:
        """Improve a tree in place by hill climbing, and return its cost."""
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
    """Return a random tree of at least four leaves; each leaf is inserted into a random branch."""
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
    """Return the cumulative probabilities of 1, 2, ... changes in a step, times 2**31; the tail is heavy."""
    number = np.arange(1, _MOST_CHANGES + 1)
    chances = 1 / (number * np.log2(number + 1) ** 2)
    return np.asarray(np.cumsum(chances) / chances.sum() * 2**31, np.int64)


def _links(tree: Tree, numbers: Iterable[int]) -> Links:
    """Return a binary tree as links, with the given numbers of the leaves; a root with two children is removed."""
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
