"""Trees and maps of items whose distances are known, by the methods everybody knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kolmo.distances.matrices import Floats, checked_names, symmetric
from kolmo.errors import ParameterError
from kolmo.trees.tree import Tree

METHODS = ("average", "complete", "single", "weighted")
"""Linkages that any distances allow; those of centroids and of Ward need coordinates."""
_RANDOM_STARTS = 4


def linkage_tree(D: ArrayLike, names: Iterable[Any] | None = None, *, method: str = "average") -> Tree:
    """Return a rooted tree by agglomerative clustering: the nearest two clusters are joined until one is left.

    Parameters
    ----------
    D : array-like of shape (n, n)
        Distances; of D[i, j] and D[j, i] the mean is taken. See `kolmo.distances.symmetric`.
    names : iterable of str, optional
        The names of the items, all different; numbers from 0 by default.
    method : {"average", "complete", "single", "weighted"}
        The distance between clusters. The default is known as UPGMA.

    Returns
    -------
    Tree
        Binary, with lengths: two leaves are as far apart along the branches as the clusters in which they met.

    Raises
    ------
    DataError
        If D is no matrix of distances, or does not go with the names.
    ParameterError
        If there is no such method.

    References
    ----------
    Sokal and Michener, "A statistical method for evaluating systematic relationships", University of Kansas Science
    Bulletin, 1958.

    Examples
    --------
    >>> linkage_tree([[0, 2, 6], [2, 0, 6], [6, 6, 0]], ["cat", "dog", "ape"]).newick()
    '((cat:1.0,dog:1.0):2.0,ape:3.0);'
    """
    if method not in METHODS:
        raise ParameterError(f"method must be one of {', '.join(map(repr, METHODS))}, but {method!r} came")
    even = symmetric(D)
    leaves = checked_names(names, len(even))
    if len(leaves) == 1:
        return Tree(leaves, (-1,), (0.0,))
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    merges = linkage(squareform(even, checks=False), method)
    height = np.concatenate([np.zeros(len(leaves)), merges[:, 2] / 2])
    parents = np.full(len(height), -1)
    for number, pair in enumerate(merges[:, :2].astype(int)):
        parents[pair] = len(leaves) + number
    # the root is last, so that parents[-1] takes its own height and its length comes out as zero
    lengths = height[parents] - height
    return Tree(leaves, tuple(parents.tolist()), tuple(lengths.tolist()))


def neighbor_joining(D: ArrayLike, names: Iterable[Any] | None = None) -> Tree:
    """Return an unrooted tree by neighbor joining, which finds the true tree where distances add up along one.

    Unlike `linkage_tree` it lets some items lie farther from the common origin than others. The time grows with the cube
    of n; 500 items take a fraction of a second.

    Parameters
    ----------
    D : array-like of shape (n, n)
        Distances; of D[i, j] and D[j, i] the mean is taken. See `kolmo.distances.symmetric`.
    names : iterable of str, optional
        The names of the items, all different; numbers from 0 by default.

    Returns
    -------
    Tree
        With three branches at the root, from three items on, and with lengths. Some can be a little below zero where
        distances do not add up.

    Raises
    ------
    DataError
        If D is no matrix of distances, or does not go with the names.

    References
    ----------
    Saitou and Nei, "The neighbor-joining method: a new method for reconstructing phylogenetic trees", Molecular
    Biology and Evolution, 1987. Studier and Keppler, "A note on the neighbor-joining algorithm of Saitou and Nei",
    Molecular Biology and Evolution, 1988.

    Examples
    --------
    >>> D = [[0, 3, 7, 8], [3, 0, 8, 9], [7, 8, 0, 7], [8, 9, 7, 0]]
    >>> neighbor_joining(D, ["cat", "dog", "ape", "man"]).newick()
    '((cat:1.0,dog:2.0):3.0,ape:3.0,man:4.0);'
    """
    left = symmetric(D)
    leaves = checked_names(names, len(left))
    nodes = list(range(len(leaves)))
    children: dict[int, list[int]] = {}
    lengths: dict[int, float] = {}
    while len(nodes) > 3:
        count = len(nodes)
        total = left.sum(axis=1)
        gain = (count - 2) * left - total[:, None] - total
        np.fill_diagonal(gain, np.inf)
        one, other = sorted(divmod(int(gain.argmin()), count))
        apart = left[one, other]
        first = apart / 2 + (total[one] - total[other]) / (2 * (count - 2))
        joined = len(leaves) + len(children)
        children[joined] = [nodes[one], nodes[other]]
        lengths[nodes[one]], lengths[nodes[other]] = first, apart - first
        left[one] = left[:, one] = (left[one] + left[other] - apart) / 2
        left[one, one] = 0.0
        left = np.delete(np.delete(left, other, axis=0), other, axis=1)
        nodes[one] = joined
        del nodes[other]
    if len(nodes) == 1:
        return Tree(leaves, (-1,), (0.0,))
    root = len(leaves) + len(children)
    children[root] = nodes
    if len(nodes) == 2:
        lengths.update(dict.fromkeys(nodes, left[0, 1] / 2))
    else:
        for node, to_others in zip(nodes, left.sum(axis=1), strict=True):
            # its two paths less the one between the others, which is half of all less those two
            lengths[node] = (2 * to_others - left.sum() / 2) / 2
    return Tree.from_children(root, children, leaves, lengths)


def mds(D: ArrayLike, *, random_state: int | None = 0) -> Floats:
    """Return points in the plane whose distances are near those given, by metric multidimensional scaling.

    The best of five runs is taken: one from the classical solution, the others from random points.

    Parameters
    ----------
    D : array-like of shape (n, n)
        Distances; of D[i, j] and D[j, i] the mean is taken. See `kolmo.distances.symmetric`.
    random_state : int, optional
        Decides the random points; None for other ones each time.

    Returns
    -------
    float64 ndarray of shape (n, 2)
        Around the origin, the widest spread along the first axis. Directions have no meaning beyond this.

    Raises
    ------
    DataError
        If D is no matrix of distances.

    References
    ----------
    Kruskal, "Multidimensional scaling by optimizing goodness of fit to a nonmetric hypothesis", Psychometrika, 1964.
    De Leeuw, "Applications of convex analysis to multidimensional scaling", 1977.

    Examples
    --------
    >>> points = mds([[0, 3, 4], [3, 0, 5], [4, 5, 0]])
    >>> float(np.linalg.norm(points[1] - points[2]).round(3))
    5.0
    """
    even = symmetric(D)
    if len(even) < 3 or not even.any():
        points = np.zeros((len(even), 2))
        points[:2, 0] = [even[0, -1] / 2, -even[0, -1] / 2][: len(even)]
        return points
    from sklearn.manifold import smacof

    random = np.random.default_rng(random_state)
    starts = [_classical(even), *random.normal(scale=even.mean(), size=(_RANDOM_STARTS, len(even), 2))]
    # the function rather than the class MDS, whose parameters mean different things from one scikit-learn to the next
    runs = [smacof(even, n_components=2, init=start, n_init=1, max_iter=1000, eps=1e-9) for start in starts]
    points, _ = min(runs, key=lambda run: run[1])
    return _turned(points)


def _classical(D: NDArray[np.float64]) -> Floats:
    """Return the two widest principal coordinates (Torgerson, 1952)."""
    inner = D**2
    inner = -(inner - inner.mean(axis=0) - inner.mean(axis=1)[:, None] + inner.mean()) / 2
    values, vectors = np.linalg.eigh(inner)
    points: Floats = vectors[:, -2:] * np.sqrt(np.maximum(values[-2:], 0.0))
    return points


def _turned(points: Floats) -> Floats:
    """Turn points to their principal axes; of the two ways along an axis, the farthest point goes to the right."""
    centred = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    turned: Floats = centred @ axes.T
    ends = turned[np.abs(turned).argmax(axis=0), range(turned.shape[1])]
    return turned * np.where(ends < 0, -1.0, 1.0)
