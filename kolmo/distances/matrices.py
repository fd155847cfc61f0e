"""Square matrices of distances: symmetry, hubness correction, checks, and names of the rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kolmo._core.checks import check_choice
from kolmo.errors import DataError

Floats = NDArray[np.float64]
How = Literal["mean", "min", "max"]

TOLERANCE = 0.01
"""Real coders give slightly negative distances; up to this share of the largest distance they are set to zero."""

_COMBINED: dict[str, Any] = {"mean": lambda D: D / 2 + D.T / 2, "min": lambda D: np.minimum(D, D.T)}
_COMBINED["max"] = lambda D: np.maximum(D, D.T)


def symmetric(D: ArrayLike, how: How = "mean") -> Floats:
    """Return distances as a symmetric matrix with a zero diagonal.

    The matrix of `pairwise` has neither: L(xy) and L(yx) differ for real coders, and the distance of an item from
    itself is above zero. Trees and maps need both, so they apply this function with ``how="mean"``.

    Parameters
    ----------
    D : array-like of shape (n, n)
        Distances between n items.
    how : {"mean", "min", "max"}
        Combination of D[i, j] and D[j, i].

    Returns
    -------
    float64 ndarray of shape (n, n)
        A new matrix. Negative distances of at most a hundredth of the largest one are set to zero.

    Raises
    ------
    DataError
        If D is not square, or has NaN, infinity or distances further below zero.
    ParameterError
        If `how` is unknown.

    Examples
    --------
    >>> symmetric([[0.1, 0.75], [0.25, 0.1]])
    array([[0. , 0.5],
           [0.5, 0. ]])
    """
    check_choice("how", how, _COMBINED)
    even: Floats = _COMBINED[how](square(D))
    np.fill_diagonal(even, 0.0)
    lowest = even.min()
    if lowest < -TOLERANCE * np.abs(even).max():
        row, column = np.unravel_index(even.argmin(), even.shape)
        raise DataError(
            f"expected distances that are not negative, got {lowest:.6g} for items {row} and {column}; "
            "if these are similarities, subtract them from the largest one"
        )
    return np.maximum(even, 0.0)


def double_centered(D: ArrayLike) -> Floats:
    """Return double-centred distances: the mean distance of each item is subtracted, as a correction for hubness.

    Some items, hubs, have small distances to all others: they are short, or share much with everything. They are the
    nearest neighbours of most items and hide close pairs. Neighbour joining subtracts the same means, so its trees do
    not change; linkage trees, maps and nearest neighbours do.

    Parameters
    ----------
    D : array-like of shape (n, n)
        Distances between at least three items; `symmetric` is applied to them.

    Returns
    -------
    float64 ndarray of shape (n, n)
        A symmetric matrix with a zero diagonal; the smallest distance of two items is zero. The order of distances is
        meaningful, their ratios are not.

    Raises
    ------
    DataError
        If D is not a matrix of distances, or has fewer than three items.

    References
    ----------
    Saitou and Nei, "The neighbor-joining method", Molecular Biology and Evolution, 1987. Radovanovic, Nanopoulos and
    Ivanovic, "Hubs in space: popular nearest neighbors in high-dimensional data", JMLR 11, 2010.

    Examples
    --------
    >>> D = [[0, 8, 6, 9], [8, 0, 5, 9], [6, 5, 0, 4], [9, 9, 4, 0]]  # the third is a hub
    >>> double_centered(D)[0].argsort()[1], symmetric(D)[0].argsort()[1]
    (np.int64(1), np.int64(2))
    """
    even = symmetric(D)
    if len(even) < 3:
        raise DataError(f"expected distances of at least three items to double-centre, got {len(even)}")
    own = even.sum(axis=1) / (len(even) - 2)  # least-squares estimate of each item's own part
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
        If it is not square, or has values that are not finite numbers.
    """
    try:
        matrix: Floats = np.array(D, np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"expected distances as a square matrix of numbers, got an array that is not: {error}"
        ) from error
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        hint = "; scipy.spatial.distance.squareform converts condensed distances" if matrix.ndim == 1 else ""
        raise DataError(
            f"expected distances as a square matrix, a row and a column for each item, got shape {matrix.shape}{hint}"
        )
    if not len(matrix):
        raise DataError("expected distances of at least one item, got a matrix of no items")
    broken = ~np.isfinite(matrix)
    if broken.any():
        row, column = np.argwhere(broken)[0]
        raise DataError(
            f"expected finite distances, but row {row}, column {column} holds {matrix[row, column]} "
            f"(one of {broken.sum()} values that are not finite); leave out these items, or compute the distances again"
        )
    return matrix


def checked_names(names: Iterable[Any] | None, count: int) -> tuple[str, ...]:
    """Return a name for each row of a matrix: `names` as str, or numbers from 0.

    Raises
    ------
    DataError
        If there is not one name for each row, or a name is repeated.
    """
    if names is None:
        return tuple(map(str, range(count)))
    if isinstance(names, str | bytes):
        raise DataError(f"names: expected a list with one name for each row, got the single text {names!r}")
    found = tuple(map(str, names))
    if len(found) != count:
        raise DataError(f"names: expected {count}, one for each row of the matrix, got {len(found)}")
    check_different(found)
    return found


def check_different(names: tuple[str, ...]) -> None:
    """Refuse repeated names, since names identify the leaves of a tree."""
    if len(set(names)) < len(names):
        seen: set[str] = set()
        repeated = next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise DataError(f"expected a different name for each leaf, got {repeated!r} twice; add numbers to equal names")
