"""Square matrices of distances: symmetry, hubness correction, checks, and names of the rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kolmo._core.checks import check_choice
from kolmo._core.items import check_unmasked, in_order
from kolmo.errors import DataError

Floats = NDArray[np.float64]
How = Literal["mean", "min", "max"]

NEGATIVE_TOLERANCE = 0.05
"""Coders give slightly negative distances; up to this share of the largest distance they are set to zero.

With 14 coders and 4 metrics on texts, DNA and random bytes from 0 to 60,000 bytes the largest share was 0.012.
"""
ASYMMETRY_TOLERANCE = 0.5
"""Largest difference of D[i, j] and D[j, i], as a share of the largest distance.

None of 8,400 matrices of 2 to 6 texts by 14 coders exceeded it; zstd can, with texts of some 30 characters of 4 kinds.
"""
DIAGONAL_TOLERANCE = 0.01
"""Coders give distances above zero for an item and itself, but hardly larger ones than for two items.

No item, or ten times this share on average over the items, may exceed the mean distance of two items by this share of
the largest. Of 7,800 matrices of 2 to 6 texts by 13 coders 4 did, all of two short texts; of 600 by flac 154 did.
"""
_LARGEST = 1e100
"""Squares and sums of distances up to this number do not overflow."""

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
        A new matrix. Slightly negative distances, up to 5% of the largest one, are set to zero.

    Raises
    ------
    DataError
        If D is not a matrix of distances, see `check_distances`.
    ParameterError
        If `how` is unknown.

    Examples
    --------
    >>> symmetric([[0.1, 0.625], [0.375, 0.1]])
    array([[0. , 0.5],
           [0.5, 0. ]])
    """
    check_choice("how", how, _COMBINED)
    matrix = square(D)
    check_distances(matrix)
    even: Floats = _COMBINED[how](np.maximum(matrix, 0.0))
    np.fill_diagonal(even, 0.0)
    return even


def check_distances(matrix: Floats) -> None:
    """Refuse a square matrix that cannot hold distances, such as one of similarities.

    Parameters
    ----------
    matrix : float64 ndarray of shape (n, n)
        Finite numbers.

    Raises
    ------
    DataError
        If D[i, j] and D[j, i] differ by more than half of the largest distance; if the distances of items from
        themselves, the diagonal, are on average above those of two items, or one of them is more than twice as large
        as any distance of two items; if a distance is further below zero than 5% of the largest, or above 1e100.

    Examples
    --------
    >>> similarities = np.array([[1, 0.9], [0.9, 1]])
    >>> check_distances(1 - similarities)
    >>> check_distances(similarities)  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    kolmo.errors.DataError: expected zeros on the diagonal, or small values compared to those beside it
    """
    largest = float(np.abs(matrix).max())
    if largest > _LARGEST:
        raise DataError(
            f"expected distances up to {_LARGEST:g}, got {largest:g} in {_place(np.abs(matrix))}; divide them by the "
            "largest one"
        )
    off_diagonal = matrix.copy()
    np.fill_diagonal(off_diagonal, 0.0)
    not_negative(off_diagonal)
    if len(matrix) == 1:
        return
    apart = np.abs(matrix - matrix.T)
    if apart.max() > ASYMMETRY_TOLERANCE * largest:
        row, column = np.unravel_index(apart.argmax(), apart.shape)
        raise DataError(
            f"expected a symmetric matrix, within {ASYMMETRY_TOLERANCE:.0%} of the largest distance, got "
            f"{matrix[row, column]:.6g} in row {row}, column {column} and {matrix[column, row]:.6g} in row {column}, "
            f"column {row}; pass symmetrize='mean' to pairwise, or (D + D.T) / 2"
        )
    _check_diagonal(matrix.diagonal(), matrix[~np.eye(len(matrix), dtype=bool)], largest)


def _check_diagonal(diagonal: Floats, others: Floats, largest: float) -> None:
    slack, mean = DIAGONAL_TOLERANCE * largest, float(others.mean())
    item = int(diagonal.argmax())
    # the last two limits are wider for single items: an empty one has L(x|x) = L(x) with some coders
    above = diagonal.min() > mean + slack or diagonal.mean() > mean + 10 * slack
    above = above or diagonal.max() > 2 * others.max() + slack
    if not above and diagonal.min() < -25 * slack:
        item, above = int(diagonal.argmin()), True
    if above:
        raise DataError(
            f"expected zeros on the diagonal, or small values compared to those beside it, got {diagonal[item]:.6g} in "
            f"row {item}, column {item} and {mean:.6g} beside it on average; if these are similarities, subtract them "
            "from the largest one; if they are distances, the coder does not recognise copies: use another one"
        )


def not_negative(distances: Floats) -> Floats:
    """Return distances with slightly negative ones, up to 5% of the largest, set to zero.

    Raises
    ------
    DataError
        If a distance is further below zero.
    """
    lowest = distances.min(initial=0.0)
    if lowest < -NEGATIVE_TOLERANCE * np.abs(distances).max(initial=0.0):
        raise DataError(
            f"expected distances that are not negative, got {lowest:.6g} in {_place(-distances)}; if these are "
            "similarities, subtract them from the largest one"
        )
    return np.maximum(distances, 0.0)


def _place(values: Floats) -> str:
    row, column = np.unravel_index(values.argmax(), values.shape)
    return f"row {row}, column {column}"


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
    check_unmasked(D)
    try:
        given = np.asarray(in_order(D, "rows of distances"))
        if given.dtype.kind not in "biufO":
            raise TypeError(f"its type is {given.dtype}")
        matrix: Floats = given.astype(np.float64)
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
    found = tuple(map(str, in_order(names, "names, one for each row")))
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
