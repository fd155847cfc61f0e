"""Distances of many pairs, in tiles that run wherever joblib is told to run them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from kolmo._core.items import as_bytes
from kolmo._core.parallel import map_blocks
from kolmo._core.progress import progress
from kolmo._core.resumable import Arrays, ResumableRun, open_checkpoint
from kolmo.coders import registry
from kolmo.coders.registry import CoderLike
from kolmo.distances.formulas import METRICS, Floats
from kolmo.distances.nearest import Integers, Nearest
from kolmo.distances.tiles import COMBINE, Columns, PairRule, Search, Symmetrize, Tile
from kolmo.errors import ParameterError, PrimingError

Candidates = Callable[[int, int], list[Integers]]
"""Takes the first row and the one after the last, and returns the columns to look at for each row between."""

_SMALLEST_TILE_BYTES = 2**22
_LARGEST_TILE_BYTES = 2**26
_TILES = 64
_ROWS, _ROWS_BOTH_WAYS, _LEAST_ROWS = 64, 32, 8


class Distances:
    """A measure under a coder, ready to be computed band by band.

    Parameters
    ----------
    coder : str, mapping or Coder
        See `kolmo.coder`.
    metric : str
        A key of `METRICS`.
    separator : str or bytes
        Written between the two items.
    symmetrize : {None, "mean", "min", "max"}
        What is taken of L(xy) and L(yx).
    n_jobs : int, optional
        Workers as joblib counts them.

    Raises
    ------
    ParameterError, PrimingError
        If the parameters do not fit together.
    """

    def __init__(
        self,
        coder: CoderLike,
        *,
        metric: str = "ncd",
        separator: str | bytes = b"",
        symmetrize: Symmetrize = None,
        n_jobs: int | None = None,
    ) -> None:
        if metric not in METRICS:
            raise ParameterError(f"there is no metric named {metric!r}; known: {', '.join(METRICS)}")
        if symmetrize is not None and symmetrize not in COMBINE:
            raise ParameterError(f"symmetrize must be None, 'mean', 'min' or 'max', but {symmetrize!r} came")
        self.coder = registry.coder(coder)
        conditional = METRICS[metric].conditional
        if conditional and self.coder.tags.priming is None:
            raise PrimingError(
                f"the metric {metric!r} needs a coder that primes, and {self.coder.name!r} does not; "
                "take metric='ncd', or a coder such as 'deflate'"
            )
        self.rule = PairRule(self.coder, metric, as_bytes(separator), None if conditional else symmetrize)
        self.n_jobs = n_jobs

    def bands(
        self, xs: Sequence[bytes], ys: Sequence[bytes], *, run: ResumableRun | None = None
    ) -> Iterator[tuple[int, Floats]]:
        """Yield ``(start, band)``: the distances of xs[start : start + len(band)] to all of ys, from top to bottom.

        Memory holds a band and the tiles in flight, never the matrix. Tiles that `run` holds are not computed again.
        """
        x_lengths, y_lengths = self._lengths(xs), self._lengths(ys)
        for start, forth, back in self._links(xs, ys, self.rule.both_ways, run):
            lengths = x_lengths[start : start + len(forth), None]
            yield start, self.rule.distance(lengths, y_lengths[None, :], forth, back)

    def square(self, xs: Sequence[bytes], *, run: ResumableRun | None = None) -> Floats:
        """Return the distances of xs to each other; what links a pair is computed once for each order."""
        lengths = self._lengths(xs)
        forth = np.concatenate([forth for _, forth, _ in self._links(xs, xs, False, run)])
        return self.rule.distance(lengths[:, None], lengths[None, :], forth, forth.T)

    def nearest(
        self,
        xs: Sequence[bytes],
        ys: Sequence[bytes],
        search: Search,
        *,
        own: Integers | None = None,
        y_lengths: Floats | None = None,
        candidates: Candidates | None = None,
        run: ResumableRun | None = None,
    ) -> Iterator[tuple[int, Nearest]]:
        """Yield ``(start, nearest)``: what is nearest to consecutive xs among ys, from top to bottom.

        Memory holds what is near, and the tiles in flight.

        Parameters
        ----------
        xs, ys : sequence of bytes
            The items of rows and columns.
        search : Search
            What to look for.
        own : int ndarray of shape (n_xs,), optional
            The column that each row is itself, which is no neighbour of its own.
        y_lengths : ndarray of shape (n_ys,), optional
            L(y) in bits, where they are known already.
        candidates : callable, optional
            Which columns to look at; by default all.
        run : ResumableRun, optional
            Tiles that it holds are not computed again.
        """
        x_lengths = self._lengths(xs)
        everything = Columns(ys, self._lengths(ys) if y_lengths is None else y_lengths)
        rows = _ROWS
        if candidates is None:
            # where each column is read first too, that is worth while for several rows only
            rows = max(_whole_rows(xs, ys), min(len(xs), _ROWS_BOTH_WAYS) if self.rule.both_ways else 1)
        starts = range(0, len(xs), rows)
        self._warn_beyond_window([*xs, *ys] if self.rule.both_ways else xs)

        def blocks() -> Iterator[Arrays]:
            for start in starts:
                stop = min(start + rows, len(xs))
                own_part = None if own is None else own[start:stop]
                among = None if candidates is None else candidates(start, stop)
                tile = Tile(self.rule, search, xs[start:stop], x_lengths[start:stop], own_part, among)
                yield tile, everything

        with progress(len(xs) * len(ys), label=self._label, unit="pair") as bar:
            for start, (row_starts, columns, distances, _) in zip(
                starts, self._map(Tile.nearest, blocks(), len(starts), run), strict=True
            ):
                nearest = Nearest(row_starts, columns, distances)
                bar.update(len(nearest) * len(ys))
                yield start, nearest

    def run(
        self, checkpoint: str | Path | None, xs: Sequence[bytes], ys: Sequence[bytes], **facts: Any
    ) -> ResumableRun | None:
        """Return the run of these items in a checkpoint file, if one is asked for.

        Parameters
        ----------
        checkpoint : path-like or None
            The file.
        xs, ys : sequence of bytes
            The items of rows and columns.
        **facts
            What else decides the tiles, as JSON values.

        Raises
        ------
        DataError
            If the file holds other tiles.
        """
        rule = self.rule
        return open_checkpoint(
            checkpoint,
            str(self.coder),
            self.coder.fingerprint,
            xs,
            ys,
            measure=rule.metric_name,
            separator=rule.separator.decode("latin-1"),
            symmetrize=rule.symmetrize,
            tiles=[_ROWS, _ROWS_BOTH_WAYS, _LEAST_ROWS, _SMALLEST_TILE_BYTES, _LARGEST_TILE_BYTES, _TILES],
            **(facts | {"by rows": self._reads_rows}),
        )

    @property
    def _reads_rows(self) -> bool:
        """Whether the coder reads each x by itself, and then codes every y given it."""
        return self.rule.metric.conditional and self.coder.tags.priming == "native"

    @property
    def _label(self) -> str:
        return f"distances by {self.coder!s:.40}"

    def _lengths(self, items: Sequence[bytes]) -> Floats:
        return self.coder.code_lengths(items, n_jobs=self.n_jobs)

    def _map(
        self, function: Callable[..., Arrays], blocks: Iterator[Arrays], count: int, run: ResumableRun | None
    ) -> Iterator[Arrays]:
        compute = partial(map_blocks, function, n_jobs=self.n_jobs, prefer=self.coder.tags.parallel)
        return compute(blocks) if run is None else run.resumed(compute, blocks, count)

    def _links(
        self, xs: Sequence[bytes], ys: Sequence[bytes], both_ways: bool, run: ResumableRun | None
    ) -> Iterator[tuple[int, Floats, Floats]]:
        """Yield ``(start, forth, back)`` in bits, band by band; back is forth where it is not needed."""
        rows, columns = _tile_shape(xs, ys, by_rows=self._reads_rows and not both_ways)
        corners = [(row, column) for row in range(0, len(xs), rows) for column in range(0, len(ys), columns)]
        self._warn_beyond_window([*xs, *ys] if both_ways else xs)

        def blocks() -> Iterator[Arrays]:
            for row, column in corners:
                yield self.rule, xs[row : row + rows], ys[column : column + columns], both_ways

        band: list[tuple[Floats, ...]] = []
        with progress(len(xs) * len(ys), label=self._label, unit="pair") as bar:
            for (row, column), tile in zip(
                corners, self._map(PairRule.links, blocks(), len(corners), run), strict=True
            ):
                band.append(tile)
                bar.update(tile[0].size)
                if column + columns >= len(ys):
                    forth, back = (np.concatenate(parts, axis=1) for parts in zip(*band, strict=True))
                    yield row, forth, back
                    band = []

    def _warn_beyond_window(self, first: Sequence[bytes]) -> None:
        self.coder.warn_beyond_window(max(map(len, first), default=0) + len(self.rule.separator))


def _whole_rows(xs: Sequence[bytes], ys: Sequence[bytes]) -> int:
    """Return how many rows of all columns make a tile: several, if there are enough to share among workers."""
    rows = math.ceil(math.prod(_tile_shape(xs, ys)) / len(ys))
    return max(rows, min(_LEAST_ROWS, math.ceil(len(xs) / _LEAST_ROWS)))


def _tile_shape(xs: Sequence[bytes], ys: Sequence[bytes], *, by_rows: bool = False) -> tuple[int, int]:
    """Return rows and columns of a tile: about 64 tiles in all, each neither trifling nor long to wait for.

    A tile has several rows, if there are, since some coders read a column once for all of them; or as much of a row
    as it can take, for those that read the row once.
    """
    pair_bytes = (sum(map(len, xs)) / len(xs) + sum(map(len, ys)) / len(ys)) + 1
    tile_bytes = len(xs) * len(ys) * pair_bytes / _TILES
    pairs = max(1, int(min(max(tile_bytes, _SMALLEST_TILE_BYTES), _LARGEST_TILE_BYTES) / pair_bytes))
    columns = min(len(ys), pairs if by_rows else max(1, pairs // min(len(xs), _ROWS)))
    return min(len(xs), max(1, pairs // columns)), columns
