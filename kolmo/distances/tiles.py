"""Tiles: the joint or conditional code lengths of many pairs, and the nearest columns of each row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from kolmo.coders.base import Coder, PrimedCoder
from kolmo.coders.hooks import LowerBounds
from kolmo.distances.formulas import METRICS, Floats, Metric
from kolmo.distances.nearest import Integers, Nearest

Symmetrize = Literal["mean", "min", "max"] | None

COMBINE: dict[str, Callable[[Floats, Floats], Floats]] = {
    "mean": lambda forth, back: (forth + back) / 2,
    "min": np.minimum,
    "max": np.maximum,
}

_MIN_COLUMNS_PER_NEIGHBOR = 16
"""Pruning is used only with this many columns for each neighbour; with fewer it saves little."""
_SEEDS = 32
"""Number of columns with the lowest bounds that are computed first, so that the limit is low from the start."""
_MAX_COMPUTED_SHARE = 0.7
"""Share of pairs computed in the first row up to which pruning is faster than computing all pairs."""


@dataclass(frozen=True)
class PairRule:
    """The distance of a pair: a metric under a coder, with a separator and the combination of both orders.

    Parameters
    ----------
    coder : Coder
        The coder.
    metric_name : str
        A key of `METRICS`.
    separator : bytes
        Inserted between the two items.
    symmetrize : {None, "mean", "min", "max"}
        Combination of L(xy) and L(yx); None for a conditional metric.
    """

    coder: Coder
    metric_name: str
    separator: bytes
    symmetrize: Symmetrize

    @property
    def metric(self) -> Metric:
        return METRICS[self.metric_name]

    @property
    def both_ways(self) -> bool:
        return self.metric.conditional or self.symmetrize is not None

    def distance(self, x_lengths: Floats, y_lengths: Floats, forth: Floats, back: Floats) -> Floats:
        """Return the distances of pairs from their code lengths; all arrays broadcast."""
        if self.symmetrize is not None:
            forth = COMBINE[self.symmetrize](forth, back)
        return self.metric.formula(x_lengths, y_lengths, forth, back)

    def pair_lengths(self, xs: Sequence[bytes], ys: Sequence[bytes], both_ways: bool) -> tuple[Floats, Floats]:
        """Return the lengths of each pair of x (row) and y (column) in both orders; unused `back` equals `forth`."""
        check = self.coder.check_finite
        forth = check(self._lengths(xs, ys))
        return forth, check(self._lengths(ys, xs)).T if both_ways else forth

    def _lengths(self, xs: Sequence[bytes], ys: Sequence[bytes]) -> Floats:
        """Return L(xy), or L(y|x), in bits, for each x (row) and y (column)."""
        contexts = [x + self.separator for x in xs]
        if not xs or not ys:
            return np.empty((len(xs), len(ys)))
        if not self.metric.conditional:
            return self.coder._joint_batch(contexts, ys)
        if self.coder.tags.priming == "difference" and all(contexts):
            return self.coder._joint_batch(contexts, ys) - self.coder._batch(contexts)[:, None]
        return np.stack([self._primed(context)._batch(ys) for context in contexts])

    def _primed(self, context: bytes) -> Coder:
        return PrimedCoder(coder=self.coder, context=context) if context else self.coder

    def chosen_lengths(
        self, xs: Sequence[bytes], ys: Sequence[bytes], columns: Sequence[Integers]
    ) -> tuple[list[Floats], list[Floats]]:
        """Return the lengths of each x and the ys at its columns, in both orders; unused `back` equals `forth`."""
        forth = self._chosen_lengths(xs, ys, columns)
        if not self.both_ways:
            return forth, forth
        rows = np.repeat(np.arange(len(xs)), [len(chosen) for chosen in columns])
        chosen_columns = np.concatenate([np.empty(0, np.intp), *columns])
        firsts, places = np.unique(chosen_columns, return_inverse=True)
        by_first = np.argsort(places, kind="stable")
        seconds = np.split(rows[by_first], np.searchsorted(places[by_first], np.arange(1, len(firsts))))
        lengths = np.empty(len(chosen_columns))
        if len(chosen_columns):
            lengths[by_first] = np.concatenate(self._chosen_lengths([ys[first] for first in firsts], xs, seconds))
        return forth, np.split(lengths, np.cumsum([len(chosen) for chosen in columns])[:-1])

    def _chosen_lengths(self, xs: Sequence[bytes], ys: Sequence[bytes], columns: Sequence[Integers]) -> list[Floats]:
        return [self.coder.check_finite(lengths) for lengths in self._raw_chosen_lengths(xs, ys, columns)]

    def _raw_chosen_lengths(
        self, xs: Sequence[bytes], ys: Sequence[bytes], columns: Sequence[Integers]
    ) -> list[Floats]:
        contexts = [x + self.separator for x in xs]
        if not self.metric.conditional:
            return self.coder._pairs_batch(contexts, ys, columns)
        if self.coder.tags.priming == "difference" and all(contexts):
            joint, alone = self.coder._pairs_batch(contexts, ys, columns), self.coder._batch(contexts)
            return [lengths - length for lengths, length in zip(joint, alone, strict=True)]
        return [
            self._primed(context)._batch([ys[column] for column in chosen])
            for context, chosen in zip(contexts, columns, strict=True)
        ]


@dataclass(frozen=True, kw_only=True)
class Search:
    """A search for the nearest columns of each row.

    Parameters
    ----------
    count : int
        Number of nearest columns to keep.
    groups : int ndarray of shape (n_columns,), optional
        Group of each column; `count` columns of each group are kept.
    margin_bits : float, optional
        Skip pairs whose lower bound plus this margin is too large: 0 loses nothing. None computes every pair.
    """

    count: int
    groups: Integers | None = None
    margin_bits: float | None = 0.0


@dataclass(frozen=True, eq=False)
class Columns:
    """The items of all columns as one object, which a cluster sends to its workers once and not with every tile.

    Parameters
    ----------
    items : sequence of bytes
        The items.
    lengths : ndarray of shape (n_items,)
        L of each, in bits.
    """

    items: Sequence[bytes]
    lengths: Floats

    def __sizeof__(self) -> int:
        """Include the items: joblib's Dask backend scatters large objects."""
        return object.__sizeof__(self) + sum(map(len, self.items)) + self.lengths.nbytes


@dataclass(frozen=True)
class Tile:
    """Some rows whose nearest columns are to be found.

    Parameters
    ----------
    rule : PairRule
        The distance of a pair.
    search : Search
        What to search for.
    xs : sequence of bytes
        The items of the rows.
    x_lengths : ndarray of shape (n_xs,)
        L of each, in bits.
    own : int ndarray of shape (n_xs,), optional
        The column of each row's own item, which is left out.
    candidates : sequence of int arrays, one for each row, optional
        The columns that each row is compared with; by default all.
    """

    rule: PairRule
    search: Search
    xs: Sequence[bytes]
    x_lengths: Floats
    own: Integers | None = None
    candidates: Sequence[Integers] | None = None

    def nearest(self, columns: Columns) -> tuple[Integers, Integers, Floats, Integers]:
        """Return the `Nearest` of all rows as plain arrays, and the number of pairs that were computed exactly."""
        if self.candidates is not None:
            nearest, computed = self._among(self.candidates, columns)
        else:
            # the first row shows whether pruning saves enough for the others
            nearest, computed = self._rows(0, 1)._by_bounds(columns)
            if len(self.xs) > 1:
                rest, saves = self._rows(1, len(self.xs)), computed <= _MAX_COMPUTED_SHARE * len(columns.items)
                others, more = rest._by_bounds(columns) if saves else rest._among_all(columns)
                nearest, computed = Nearest.concatenated([nearest, others]), computed + more
        return nearest.starts, nearest.columns, nearest.distances, np.array([computed])

    def _rows(self, start: int, stop: int) -> Tile:
        own = None if self.own is None else self.own[start:stop]
        return replace(self, xs=self.xs[start:stop], x_lengths=self.x_lengths[start:stop], own=own)

    def _among_all(self, columns: Columns) -> tuple[Nearest, int]:
        forth, back = self.rule.pair_lengths(self.xs, columns.items, self.rule.both_ways)
        distances = self.rule.distance(self.x_lengths[:, None], columns.lengths[None, :], forth, back)
        if self.own is not None:
            distances[np.arange(len(self.xs)), self.own] = np.inf
        return Nearest.of(distances, self.search.count, self.search.groups), distances.size

    def _among(self, candidates: Sequence[Integers], columns: Columns) -> tuple[Nearest, int]:
        if self.own is not None:
            candidates = [chosen[chosen != place] for chosen, place in zip(candidates, self.own, strict=True)]
        if not self.xs:
            return Nearest.of_rows([], []), 0
        forth, back = self.rule.chosen_lengths(self.xs, columns.items, candidates)
        kept, distances = [], []
        for chosen, length, *lengths in zip(candidates, self.x_lengths, forth, back, strict=True):
            row = self.rule.distance(length, columns.lengths[chosen], *lengths)
            groups = None if self.search.groups is None else self.search.groups[chosen]
            nearest = Nearest.of(row[None, :], self.search.count, groups)
            kept.append(chosen[nearest.columns])
            distances.append(nearest.distances)
        return Nearest.of_rows(kept, distances), sum(map(len, candidates))

    def _by_bounds(self, columns: Columns) -> tuple[Nearest, int]:
        bounded = None
        prunes = self.search.margin_bits is not None and self.search.groups is None and not self.rule.both_ways
        if prunes and len(columns.items) >= _MIN_COLUMNS_PER_NEIGHBOR * self.search.count:
            bounded = self.rule.coder._lower_bounds([x + self.rule.separator for x in self.xs], columns.items)
        if bounded is None:
            return self._among_all(columns)
        places = np.full(len(self.xs), -1) if self.own is None else self.own
        rows = [
            _Row(self.rule, self.search, length, columns.lengths, place)
            for length, place in zip(self.x_lengths, places, strict=True)
        ]
        for part in bounded:
            rows[part.row].take(part)
        nearest = Nearest.of_rows([row.columns for row in rows], [row.distances for row in rows])
        return nearest, sum(row.computed for row in rows)


class _Row:
    """The nearest columns of one row among the columns that were computed so far."""

    def __init__(self, rule: PairRule, search: Search, x_length: float, y_lengths: Floats, own: int) -> None:
        self._rule, self._x_length, self._y_lengths, self._own = rule, np.array([x_length]), y_lengths, own
        self._count, self._margin = search.count, search.margin_bits or 0.0
        self._limit = np.inf
        self.columns, self.distances = np.empty(0, np.intp), np.empty(0)
        self.computed = 0

    def take(self, part: LowerBounds) -> None:
        """Compute the columns with the lowest bounds, then all others whose bound does not exceed the limit."""
        y_lengths = self._y_lengths[part.columns]
        lowest = self._distance(part.lower_bits + self._margin, y_lengths)
        if part.columns.start <= self._own < part.columns.stop:
            lowest[self._own - part.columns.start] = np.inf
        n_seeds = min(max(2 * self._count, _SEEDS), len(lowest))
        seeds = np.argpartition(lowest, n_seeds - 1)[:n_seeds]
        self._compute(part, seeds[np.isfinite(lowest[seeds])], y_lengths)
        lowest[seeds] = np.inf
        self._compute(part, np.flatnonzero((lowest <= self._limit) & np.isfinite(lowest)), y_lengths)

    def _compute(self, part: LowerBounds, places: Integers, y_lengths: Floats) -> None:
        self.computed += len(places)
        columns = np.concatenate([self.columns, part.columns.start + places])
        distances = np.concatenate([self.distances, self._distance(part.exact(places), y_lengths[places])])
        if len(distances) >= self._count:
            self._limit = np.partition(distances, self._count - 1)[self._count - 1]
        near = distances <= self._limit
        self.columns, self.distances = columns[near], distances[near]

    def _distance(self, bits: Floats, y_lengths: Floats) -> Floats:
        return self._rule.distance(self._x_length, y_lengths, bits, bits)
