"""The nearest items of each row, with all items that tie with the last of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kolmo.distances.formulas import Floats

Integers = NDArray[np.intp]

_NO_COLUMN = np.empty(0, np.intp)
_NONE = np.empty(0)


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest columns of each row, ordered by distance and then by position.

    A row has all columns up to the distance of its k-th nearest, or of the k-th nearest of their group: at least k
    columns, and more where there are ties.

    Parameters
    ----------
    starts : int ndarray of shape (n_rows + 1,)
        Start of each row in `columns` and `distances`, and the end of the last row.
    columns : int ndarray of shape (n_entries,)
        Positions of the items.
    distances : ndarray of shape (n_entries,)
        Their distances.
    """

    starts: Integers
    columns: Integers
    distances: Floats

    @classmethod
    def of(cls, distances: Floats, count: int, groups: Integers | None = None) -> Self:
        """Return the nearest columns of every row of a full matrix.

        Parameters
        ----------
        distances : ndarray of shape (n_rows, n_columns)
            Infinite for columns to leave out.
        count : int
            Number of columns to keep in each row.
        groups : int ndarray of shape (n_columns,), optional
            Group of each column; `count` columns of each group are kept.

        Returns
        -------
        Nearest

        Examples
        --------
        >>> nearest = Nearest.of(np.array([[0.3, 0.1, 0.3, 0.5]]), 2)
        >>> nearest.columns, nearest.distances
        (array([1, 0, 2]), array([0.1, 0.3, 0.3]))
        """
        kept = distances <= _limits(distances, count)
        if groups is not None:
            for group in np.unique(groups):
                members = np.flatnonzero(groups == group)
                kept[:, members] = distances[:, members] <= _limits(distances[:, members], count)
        kept &= np.isfinite(distances)
        rows, columns = np.nonzero(kept)
        return cls._sorted(rows, columns, distances[rows, columns], len(distances))

    @classmethod
    def of_rows(cls, columns: Sequence[Integers], distances: Sequence[Floats]) -> Self:
        """Return these columns of each row, ordered by distance."""
        sizes = np.array([len(row) for row in columns], np.intp)
        rows = np.repeat(np.arange(len(sizes)), sizes)
        return cls._sorted(
            rows, np.concatenate([_NO_COLUMN, *columns]), np.concatenate([_NONE, *distances]), len(sizes)
        )

    @classmethod
    def concatenated(cls, parts: Sequence[Self]) -> Self:
        """Return the rows of all parts as one object."""
        starts = [np.zeros(1, np.intp)]
        for part in parts:
            starts.append(part.starts[1:] + starts[-1][-1])
        columns = np.concatenate([_NO_COLUMN, *(part.columns for part in parts)])
        return cls(np.concatenate(starts), columns, np.concatenate([_NONE, *(part.distances for part in parts)]))

    @classmethod
    def _sorted(cls, rows: Integers, columns: Integers, distances: Floats, n_rows: int) -> Self:
        order = np.lexsort((columns, distances, rows))
        starts = np.searchsorted(rows[order], np.arange(n_rows + 1))
        return cls(starts.astype(np.intp), columns[order], distances[order])

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def rows(self) -> Integers:
        """The row of each entry."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def first(self, count: int, order: Integers | None = None) -> tuple[Floats, Integers]:
        """Return the distances and positions of the `count` nearest, as two arrays of shape (n_rows, count).

        Parameters
        ----------
        count : int
            At most the number of entries of every row.
        order : int ndarray, optional
            Rank of each position, which orders columns at equal distance.
        """
        places = self.starts[:-1, None] + np.arange(count)
        if order is None:
            return self.distances[places], self.columns[places]
        ranked = np.lexsort((order[self.columns], self.distances, self.rows))
        return self.distances[ranked][places], self.columns[ranked][places]


def _limits(distances: Floats, count: int) -> Floats:
    """Return the count-th smallest distance of each row, as a column."""
    if count >= distances.shape[1]:
        return np.full((len(distances), 1), np.inf)
    limits: Floats = np.partition(distances, count - 1, axis=1)[:, count - 1, None]
    return limits
