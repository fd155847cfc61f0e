"""Trees and maps from a matrix of distances: agglomerative clustering, neighbour joining, multidimensional scaling."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kolmo._core.checks import check_choice, check_random_state
from kolmo.distances.matrices import Floats, checked_names, symmetric
from kolmo.trees.tree import Tree

LINKAGES = ("average", "complete", "single", "weighted")
"""Linkages for any distances; centroid and Ward linkage need coordinates."""
_RANDOM_STARTS = 4


def linkage_tree(D: ArrayLike, names: Iterable[Any] | None = None, *, method: str = "average") -> Tree:
    """Return the rooted tree of agglomerative clustering: the two nearest clusters are joined until one is left.

    Parameters
    ----------
    D : array-like of shape (n, n)
        Distances; D[i, j] and D[j, i] are averaged, see `kolmo.distances.symmetric`.
    names : iterable of str, optional
        The names of the items, all different; by default numbers from 0.
    method : {"average", "complete", "single", "weighted"}
        The distance between clusters. Average linkage is known as UPGMA.

    Returns
    -------
    Tree
        Binary, with lengths: the path between two leaves is as long as the distance of the clusters that joined them.

    Raises
    ------
    DataError
        If D is not a matrix of distances, or the names do not match it.
    ParameterError
        If the method is unknown.

    References
    ----------
    Sokal and Michener, "A statistical method for evaluating systematic relationships", University of Kansas Science
    Bulletin, 1958.

    Examples
    --------
    >>> linkage_tree([[0, 2, 6], [2, 0, 6], [6, 6, 0]], ["cat", "dog", "ape"]).newick()
    '((cat:1.0,dog:1.0):2.0,ape:3.0);'
    """
    check_choice("method", method, LINKAGES)
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
    # parents[-1] is -1, the root itself, so its length is 0
    lengths = height[parents] - height
    return Tree(leaves, tuple(parents.tolist()), tuple(lengths.tolist()))


def neighbor_joining(D: ArrayLike, names: Iterable[Any] | None = None) -> Tree:
    """Return the unrooted tree of neighbour joining, which is exact for distances that are additive on a tree.

    Unlike `linkage_tree` it does not assume that all items have the same distance from a common origin. The time grows
    with the cube of n; 500 items take a fraction of a second.

    Parameters
    ----------
    D : array-like of shape (n, n)
        Distances; D[i, j] and D[j, i] are averaged, see `kolmo.distances.symmetric`.
    names : iterable of str, optional
        The names of the items, all different; by default numbers from 0.

    Returns
    -------
    Tree
        With three children of the root, from three items on, and with lengths. Some can be slightly negative if the
        distances are not additive.

    Raises
    ------
    DataError
        If D is not a matrix of distances, or the names do not match it.

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
            # half of: the paths to the two others, minus the path between these two
            lengths[node] = (2 * to_others - left.sum() / 2) / 2
    return Tree.from_children(root, children, leaves, lengths)


def mds(D: ArrayLike, *, random_state: int | None = 0) -> Floats:
    """Return points in the plane that approximate the distances, by metric multidimensional scaling (SMACOF).

    The best of five runs is returned: one starts from the classical solution, the others from random points.

    Parameters
    ----------
    D : array-like of shape (n, n)
        Distances; D[i, j] and D[j, i] are averaged, see `kolmo.distances.symmetric`.
    random_state : int, optional
        Seed of the random points; None for different ones each time.

    Returns
    -------
    float64 ndarray of shape (n, 2)
        Centred, and rotated so that the variance is largest along the first axis.

    Raises
    ------
    DataError
        If D is not a matrix of distances.

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
    check_random_state(random_state)
    even = symmetric(D)
    if len(even) < 3 or not even.any():
        points = np.zeros((len(even), 2))
        points[:2, 0] = [even[0, -1] / 2, -even[0, -1] / 2][: len(even)]
        return points
    from sklearn.manifold import smacof

    scale = 2.0 ** int(np.frexp(even.max())[1])  # very small distances would not be told from zero
    even = even / scale
    random = np.random.default_rng(random_state)
    starts = [_classical(even), *random.normal(scale=even.mean(), size=(_RANDOM_STARTS, len(even), 2))]
    # the function and not the class MDS, whose parameters changed between versions of scikit-learn
    runs = [smacof(even, n_components=2, init=start, n_init=1, max_iter=1000, eps=1e-9) for start in starts]
    points, _ = min(runs, key=lambda run: run[1])
    placed: Floats = _rotated(points) * scale
    return placed


def _classical(D: NDArray[np.float64]) -> Floats:
    """Return the first two principal coordinates (Torgerson, 1952)."""
    inner = D**2
    inner = -(inner - inner.mean(axis=0) - inner.mean(axis=1)[:, None] + inner.mean()) / 2
    values, vectors = np.linalg.eigh(inner)
    points: Floats = vectors[:, -2:] * np.sqrt(np.maximum(values[-2:], 0.0))
    return points


def _rotated(points: Floats) -> Floats:
    """Return points rotated to their principal axes, with the farthest point on the positive side of each axis."""
    centred = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    rotated: Floats = centred @ axes.T
    ends = rotated[np.abs(rotated).argmax(axis=0), range(rotated.shape[1])]
    return rotated * np.where(ends < 0, -1.0, 1.0)
