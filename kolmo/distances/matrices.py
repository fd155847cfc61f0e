"""Square matrices of distances: what can be used of them, and what their rows are called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kolmo.errors import DataError, ParameterError

Floats = NDArray[np.float64]
How = Literal["mean", "min", "max"]

TOLERANCE = 0.01
"""Real coders give distances a little below zero; this share of the largest distance is taken for zero."""

_COMBINED: dict[str, Any] = {"mean": lambda D: D / 2 + D.T / 2, "min": lambda D: np.minimum(D, D.T)}
_COMBINED["max"] = lambda D: np.maximum(D, D.T)


def symmetric(D: ArrayLike, how: How = "mean") -> Floats:
    """Return distances as a symmetric matrix with a zero diagonal.

    The matrix of `pairwise` is neither: L(xy) and L(yx) differ for real coders, and an item is at some distance from
    itself. Trees and maps need both, and even the matrix out by its mean unless this was done before.

    Parameters
    ----------
    D : array-like of shape (n, n)
        Distances between n items.
    how : {"mean", "min", "max"}
        What is taken of D[i, j] and D[j, i].

    Returns
    -------
    float64 ndarray of shape (n, n)
        A new matrix. Distances below zero by no more than a hundredth of the largest one are set to zero.

    Raises
    ------
    DataError
        If D is not square, or holds NaN, infinity or distances further below zero.
    ParameterError
        If there is no such `how`.

    Examples
    --------
    >>> symmetric([[0.1, 0.75], [0.25, 0.1]])
    array([[0. , 0.5],
           [0.5, 0. ]])
    """
    if how not in _COMBINED:
        raise ParameterError(f"how must be one of {', '.join(map(repr, _COMBINED))}, but {how!r} came")
    even: Floats = _COMBINED[how](square(D))
    np.fill_diagonal(even, 0.0)
    lowest = even.min()
    if lowest < -TOLERANCE * np.abs(even).max():
        row, column = np.unravel_index(even.argmin(), even.shape)
        raise DataError(
            f"distances must not be negative, but that of items {row} and {column} is {lowest:.6g}; "
            "if these are similarities, subtract them from the largest one"
        )
    return np.maximum(even, 0.0)


def double_centered(D: ArrayLike) -> Floats:
    """Return distances less what each item is from all others on average.

    Some items are near to everything: they are short, or hold much of what all have in common. As the nearest
    neighbour of most they hide who is truly close. Only the excess over the means of both items is left here, as
    neighbour joining takes it (its trees are the same before and after), for hierarchies, maps and nearest neighbours.

    Parameters
    ----------
    D : array-like of shape (n, n)
        Distances between three items or more; see `symmetric` for how they are made even.

    Returns
    -------
    float64 ndarray of shape (n, n)
        A symmetric matrix with a zero diagonal; the smallest distance of two items is zero. Ranks of distances mean
        something, ratios do not.

    Raises
    ------
    DataError
        If D is no matrix of distances, or of fewer than three items.

    References
    ----------
    Saitou and Nei, "The neighbor-joining method", Molecular Biology and Evolution, 1987. Radovanovic, Nanopoulos and
    Ivanovic, "Hubs in space: popular nearest neighbors in high-dimensional data", JMLR 11, 2010.

    Examples
    --------
    >>> D = [[0, 8, 6, 9], [8, 0, 5, 9], [6, 5, 0, 4], [9, 9, 4, 0]]  # the third is near to all
    >>> double_centered(D)[0].argsort()[1], symmetric(D)[0].argsort()[1]
    (np.int64(1), np.int64(2))
    """
    even = symmetric(D)
    if len(even) < 3:
        raise DataError(f"distances of {len(even)} items came; to be centered they must be of three or more")
    own = even.sum(axis=1) / (len(even) - 2)  # what of each distance is an item's own, in the sense of least squares
    excess: Floats = even - (own[:, None] + own[None, :])
    np.fill_diagonal(excess, np.inf)
    excess -= excess.min()
    np.fill_diagonal(excess, 0.0)
    return excess


def square(D: ArrayLike) -> Floats:
    """Return a square matrix of finite numbers, as a copy.

    Raises
    ------
    DataError
        If it is anything else.
    """
    try:
        matrix: Floats = np.array(D, np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"distances must be a square matrix of numbers, but this came: {error}") from error
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        hint = "; scipy.spatial.distance.squareform makes one of condensed distances" if matrix.ndim == 1 else ""
        raise DataError(
            f"distances must be a square matrix, one row and one column for each item, but an array of shape "
            f"{matrix.shape} came{hint}"
        )
    if not len(matrix):
        raise DataError("the distances are of no items; pass a matrix of one item or more")
    broken = ~np.isfinite(matrix)
    if broken.any():
        row, column = np.argwhere(broken)[0]
        raise DataError(
            f"distances must be finite numbers, but row {row}, column {column} holds {matrix[row, column]} "
            f"({broken.sum()} such in all); leave out these items, or compute the distances again"
        )
    return matrix


def checked_names(names: Iterable[Any] | None, count: int) -> tuple[str, ...]:
    """Return a name for each row of a matrix: those given, as text, or numbers from 0.

    Raises
    ------
    DataError
        If they are not as many as rows, or not all different.
    """
    if names is None:
        return tuple(map(str, range(count)))
    if isinstance(names, str | bytes):
        raise DataError(f"names must be a list with one name for each row, but the single text {names!r} came")
    found = tuple(map(str, names))
    if len(found) != count:
        raise DataError(f"names must be as many as the matrix has rows, which is {count}, but {len(found)} came")
    check_different(found)
    return found


def check_different(names: tuple[str, ...]) -> None:
    """Refuse names that occur twice, for the leaves of a tree are told apart by them."""
    if len(set(names)) < len(names):
        seen: set[str] = set()
        twice = next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise DataError(f"names of leaves must be different, but {twice!r} came twice; number such names")
