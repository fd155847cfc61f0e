"""The nearest columns of each row, compared with plain sorting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from kolmo.distances.nearest import Nearest

steps = st.integers(0, 3).map(float)
matrices = st.integers(1, 7).flatmap(
    lambda width: st.lists(st.lists(steps, min_size=width, max_size=width), min_size=1, max_size=4)
)


def kept(row: list[float], count: int) -> list[tuple[float, int]]:
    """Return the sorted columns up to the distance of the count-th."""
    ranked = sorted((distance, column) for column, distance in enumerate(row))
    return [pair for pair in ranked if pair[0] <= ranked[min(count, len(ranked)) - 1][0]]


def row_of(nearest: Nearest, row: int) -> list[tuple[float, int]]:
    part = slice(nearest.starts[row], nearest.starts[row + 1])
    return list(zip(nearest.distances[part].tolist(), nearest.columns[part].tolist(), strict=True))


@given(matrices, st.integers(1, 8))
def test_all_that_tie_with_the_last_are_kept_nearest_first(rows: list[list[float]], count: int) -> None:
    nearest = Nearest.of(np.array(rows), count)
    assert [row_of(nearest, row) for row in range(len(nearest))] == [kept(row, count) for row in rows]
    count = min(count, len(rows[0]))
    distances, columns = nearest.first(count)
    assert np.array_equal(distances, np.sort(rows, axis=1)[:, :count])
    assert np.array_equal(np.take_along_axis(np.array(rows), columns, axis=1), distances)


@given(matrices, st.integers(1, 3), st.data())
def test_the_nearest_of_each_group_are_kept(rows: list[list[float]], count: int, data: st.DataObject) -> None:
    width = len(rows[0])
    groups = np.array(data.draw(st.lists(st.integers(0, 2), min_size=width, max_size=width)))
    nearest = Nearest.of(np.array(rows), count, groups)
    for row, distances in enumerate(rows):
        found = row_of(nearest, row)
        for group in set(groups.tolist()):
            members = np.flatnonzero(groups == group)
            expected = [(d, int(members[c])) for d, c in kept([distances[member] for member in members], count)]
            assert [pair for pair in found if groups[pair[1]] == group] == expected


@given(matrices, matrices)
def test_rows_of_parts_follow_each_other(upper: list[list[float]], lower: list[list[float]]) -> None:
    parts = [Nearest.of(np.array(rows), 2) for rows in (upper, lower)]
    whole = Nearest.concatenated(parts)
    assert len(whole) == len(upper) + len(lower)
    rows = [row_of(part, row) for part in parts for row in range(len(part))]
    assert [row_of(whole, row) for row in range(len(whole))] == rows
    assert whole.rows.tolist() == [row for row, pairs in enumerate(rows) for _ in pairs]


def test_columns_at_infinite_distance_are_left_out() -> None:
    assert Nearest.of(np.array([[np.inf, 1.0], [2.0, np.inf]]), 2).columns.tolist() == [1, 0]


def test_ties_in_another_order() -> None:
    nearest = Nearest.of(np.array([[1.0, 1.0, 0.0, 1.0]]), 2)
    assert nearest.first(3)[1].tolist() == [[2, 0, 1]]
    assert nearest.first(3, np.array([2, 1, 0, 0]))[1].tolist() == [[2, 3, 1]]


@pytest.mark.parametrize("rows", [[], [[], []]])
def test_empty_rows(rows: list[list[float]]) -> None:
    empty = [np.array(row) for row in rows]
    nearest = Nearest.of_rows([row.astype(int) for row in empty], empty)
    assert len(nearest) == len(Nearest.concatenated([nearest])) == len(rows)
    assert nearest.rows.tolist() == []
