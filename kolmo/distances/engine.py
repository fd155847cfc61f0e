"""Distances of many pairs, divided into tiles that run under joblib."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from kolmo._core.checks import check_choice, check_jobs
from kolmo._core.items import parameter_bytes
from kolmo._core.parallel import map_blocks
from kolmo._core.progress import progress
from kolmo._core.resumable import Arrays, ResumableRun, open_checkpoint
from kolmo.coders import registry
from kolmo.coders.registry import CoderLike
from kolmo.distances.formulas import METRICS, Floats
from kolmo.distances.nearest import Integers, Nearest
from kolmo.distances.tiles import COMBINE, Columns, PairRule, Search, Symmetrize, Tile
from kolmo.errors import PrimingError

Candidates = Callable[[int, int], list[Integers]]
"""Maps a range of rows, as start and stop, to the columns that each of these rows is compared with."""

_SMALLEST_TILE_BYTES = 2**22
_LARGEST_TILE_BYTES = 2**26
_TILES = 64
_ROWS, _ROWS_BOTH_WAYS, _LEAST_ROWS = 64, 32, 8


class Distances:
    """A distance metric under a coder, computed band by band.

    Parameters
    ----------
    coder : str, mapping or Coder
        See `kolmo.coder`.
    metric : str
        A key of `METRICS`.
    separator : str or bytes
        Inserted between the two items.
    symmetrize : {None, "mean", "min", "max"}
        Combination of L(xy) and L(yx).
    n_jobs : int, optional
        Number of workers, as in joblib.

    Raises
    ------
    ParameterError, PrimingError
        If a parameter has an unknown value, or the metric needs a coder that can be primed.
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
        check_jobs(n_jobs)
        check_choice("metric", metric, METRICS)
        check_choice("symmetrize", symmetrize, (None, *COMBINE))
        self.coder = registry.coder(coder)
        conditional = METRICS[metric].conditional
        if conditional and self.coder.tags.priming is None:
            raise PrimingError(
                f"metric={metric!r}: expected a coder that can be primed, got {self.coder.name!r}; "
                "take metric='ncd', or a coder such as 'deflate'"
            )
        self.rule = PairRule(
            self.coder, metric, parameter_bytes("separator", separator), None if conditional else symmetrize
        )
        self.n_jobs = n_jobs

    def bands(
        self, xs: Sequence[bytes], ys: Sequence[bytes], *, run: ResumableRun | None = None
    ) -> Iterator[tuple[int, Floats]]:
        """Yield ``(start, band)``: the distances of xs[start : start + len(band)] to all of ys, in order.

        Memory holds one band and the tiles in progress, never the matrix. Tiles saved in `run` are not computed again.
        """
        x_lengths, y_lengths = self._lengths(xs), self._lengths(ys)
        for start, forth, back in self._pair_lengths(xs, ys, self.rule.both_ways, run):
            lengths = x_lengths[start : start + len(forth), None]
            yield start, self.rule.distance(lengths, y_lengths[None, :], forth, back)

    def square(self, xs: Sequence[bytes], *, lengths: Floats | None = None, run: ResumableRun | None = None) -> Floats:
        """Return the distances of xs to each other; the joint length of a pair is computed once for each order.

        The caller may pass the code lengths of xs, if it has them.
        """
        if lengths is None:
            lengths = self._lengths(xs)
        forth = np.concatenate([forth for _, forth, _ in self._pair_lengths(xs, xs, False, run)])
        return self.rule.distance(lengths[:, None], lengths[None, :], forth, forth.T)

    def pair_lengths(
        self, xs: Sequence[bytes], ys: Sequence[bytes], *, both_ways: bool = True, run: ResumableRun | None = None
    ) -> tuple[Floats, Floats]:
        """Return L(xy) and L(yx), or L(y|x) and L(x|y), in bits, for each x (row) and y (column).

        Without `both_ways` the second equals the first, and costs nothing.
        """
        bands = [(forth, back) for _, forth, back in self._pair_lengths(xs, ys, both_ways, run)]
        forth, back = (np.concatenate(parts) for parts in zip(*bands, strict=True))
        return forth, back

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
        """Yield ``(start, nearest)``: the nearest ys of consecutive xs, in order.

        Memory holds the nearest items and the tiles in progress.

        Parameters
        ----------
        xs, ys : sequence of bytes
            The items of rows and columns.
        search : Search
            What to search for.
        own : int ndarray of shape (n_xs,), optional
            The column of each row's own item, which is left out.
        y_lengths : ndarray of shape (n_ys,), optional
            L(y) in bits, if known.
        candidates : callable, optional
            The columns that each row is compared with; by default all.
        run : ResumableRun, optional
            Tiles saved in it are not computed again.
        """
        x_lengths = self._lengths(xs)
        everything = Columns(ys, self._lengths(ys) if y_lengths is None else y_lengths)
        rows = _ROWS
        if candidates is None:
            # for both orders each column is read as a context too, which pays off only for several rows
            rows = max(_whole_rows(xs, ys), min(len(xs), _ROWS_BOTH_WAYS) if self.rule.both_ways else 1)
        starts = range(0, len(xs), rows)
        self._warn_about_contexts([*xs, *ys] if self.rule.both_ways else xs)

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
        """Return the run of these items in a checkpoint file, or None without a file.

        Parameters
        ----------
        checkpoint : path-like or None
            The file.
        xs, ys : sequence of bytes
            The items of rows and columns.
        **facts
            All else that determines the tiles, as JSON values.

        Raises
        ------
        DataError
            If the file has tiles of another run.
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
        """Whether the coder is primed with each x once, and then codes every y given it."""
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

    def _pair_lengths(
        self, xs: Sequence[bytes], ys: Sequence[bytes], both_ways: bool, run: ResumableRun | None
    ) -> Iterator[tuple[int, Floats, Floats]]:
        """Yield ``(start, forth, back)``, the lengths of pairs in bits, band by band; unused `back` equals `forth`."""
        rows, columns = _tile_shape(xs, ys, by_rows=self._reads_rows and not both_ways)
        corners = [(row, column) for row in range(0, len(xs), rows) for column in range(0, len(ys), columns)]
        self._warn_about_contexts([*xs, *ys] if both_ways else xs)

        def blocks() -> Iterator[Arrays]:
            for row, column in corners:
                yield self.rule, xs[row : row + rows], ys[column : column + columns], both_ways

        band: list[tuple[Floats, ...]] = []
        with progress(len(xs) * len(ys), label=self._label, unit="pair") as bar:
            for (row, column), tile in zip(
                corners, self._map(PairRule.pair_lengths, blocks(), len(corners), run), strict=True
            ):
                band.append(tile)
                bar.update(tile[0].size)
                if column + columns >= len(ys):
                    forth, back = (np.concatenate(parts, axis=1) for parts in zip(*band, strict=True))
                    yield row, forth, back
                    band = []

    def _warn_about_contexts(self, first: Sequence[bytes]) -> None:
        """Warn once if a first item of a pair exceeds the window, or is too short for native priming."""
        between = len(self.rule.separator)
        longest = max(map(len, first), default=0) + between
        if self._reads_rows:
            self.coder.warn_about_context(min((len(x) + between for x in first if x), default=longest), longest)
        else:
            self.coder.warn_beyond_window(longest)


def _whole_rows(xs: Sequence[bytes], ys: Sequence[bytes]) -> int:
    """Return the number of rows in a tile of all columns: several, if there are enough tiles for the workers."""
    rows = math.ceil(math.prod(_tile_shape(xs, ys)) / len(ys))
    return max(rows, min(_LEAST_ROWS, math.ceil(len(xs) / _LEAST_ROWS)))


def _tile_shape(xs: Sequence[bytes], ys: Sequence[bytes], *, by_rows: bool = False) -> tuple[int, int]:
    """Return the numbers of rows and columns of a tile: about 64 tiles in all, within limits on their bytes.

    A tile has several rows, since some coders read a column once for all rows; with `by_rows` it has as many columns as
    possible, for coders that read a row once.
    """
    pair_bytes = (sum(map(len, xs)) / len(xs) + sum(map(len, ys)) / len(ys)) + 1
    tile_bytes = len(xs) * len(ys) * pair_bytes / _TILES
    pairs = max(1, int(min(max(tile_bytes, _SMALLEST_TILE_BYTES), _LARGEST_TILE_BYTES) / pair_bytes))
    columns = min(len(ys), pairs if by_rows else max(1, pairs // min(len(xs), _ROWS)))
    return min(len(xs), max(1, pairs // columns)), columns
