"""Distances of many pairs, in tiles that run wherever joblib is told to run them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from kolmo._items import as_bytes
from kolmo._parallel import map_blocks
from kolmo._progress import progress
from kolmo.coders import registry
from kolmo.coders.base import Coder, PrimedCoder
from kolmo.errors import ParameterError, PrimingError
from kolmo.measures.formulas import MEASURES, Floats

CoderLike = str | Coder | Mapping[str, Any]
Symmetrize = Literal["mean", "min", "max"] | None

_COMBINE: dict[str, Callable[[Floats, Floats], Floats]] = {
    "mean": lambda forth, back: (forth + back) / 2,
    "min": np.minimum,
    "max": np.maximum,
}

_SMALLEST_TILE_BYTES = 2**18
_LARGEST_TILE_BYTES = 2**24
_TILES = 64
_ROWS = 64


class Distances:
    """A measure under a coder, ready to be computed band by band.

    Parameters
    ----------
    coder : str, mapping or Coder
        See `kolmo.coder`.
    measure : str
        A key of `MEASURES`.
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
        measure: str = "ncd",
        separator: str | bytes = b"",
        symmetrize: Symmetrize = None,
        n_jobs: int | None = None,
    ) -> None:
        if measure not in MEASURES:
            raise ParameterError(f"there is no measure named {measure!r}; known: {', '.join(MEASURES)}")
        if symmetrize is not None and symmetrize not in _COMBINE:
            raise ParameterError(f"symmetrize must be None, 'mean', 'min' or 'max', but {symmetrize!r} came")
        self.coder = registry.coder(coder)
        self.measure = MEASURES[measure]
        if self.measure.conditional and self.coder.tags.priming is None:
            raise PrimingError(
                f"the measure {measure!r} needs a coder that primes, and {self.coder.name!r} does not; "
                "take measure='ncd', or a coder such as 'deflate'"
            )
        self.separator = as_bytes(separator)
        self.symmetrize = None if self.measure.conditional else symmetrize
        self.n_jobs = n_jobs

    def bands(self, xs: Sequence[bytes], ys: Sequence[bytes]) -> Iterator[tuple[int, Floats]]:
        """Yield ``(start, band)``: the distances of xs[start : start + len(band)] to all of ys, from top to bottom.

        Memory holds a band and the tiles in flight, never the matrix.
        """
        both_ways = self.measure.conditional or self.symmetrize is not None
        x_lengths, y_lengths = self._lengths(xs), self._lengths(ys)
        for start, forth, back in self._links(xs, ys, both_ways=both_ways):
            yield start, self._distance(x_lengths[start : start + len(forth)], y_lengths, forth, back)

    def square(self, xs: Sequence[bytes]) -> Floats:
        """Return the distances of xs to each other; what links a pair is computed once for each order."""
        lengths = self._lengths(xs)
        forth = np.concatenate([forth for _, forth, _ in self._links(xs, xs, both_ways=False)])
        return self._distance(lengths, lengths, forth, forth.T)

    def _distance(self, x_lengths: Floats, y_lengths: Floats, forth: Floats, back: Floats) -> Floats:
        if self.symmetrize is not None:
            forth = _COMBINE[self.symmetrize](forth, back)
        return self.measure.formula(x_lengths[:, None], y_lengths[None, :], forth, back)

    def _lengths(self, items: Sequence[bytes]) -> Floats:
        return self.coder.code_lengths(items, n_jobs=self.n_jobs)

    def _links(
        self, xs: Sequence[bytes], ys: Sequence[bytes], *, both_ways: bool
    ) -> Iterator[tuple[int, Floats, Floats]]:
        """Yield ``(start, forth, back)`` in bits, band by band; back is forth where it is not needed."""
        rows, columns = _tile_shape(xs, ys)
        corners = [(row, column) for row in range(0, len(xs), rows) for column in range(0, len(ys), columns)]
        self._warn_beyond_window([*xs, *ys] if both_ways else xs)

        def blocks() -> Iterator[tuple[Any, ...]]:
            for row, column in corners:
                tile_xs, tile_ys = xs[row : row + rows], ys[column : column + columns]
                yield self.coder, self.measure.conditional, self.separator, tile_xs, tile_ys, both_ways

        tiles = map_blocks(_link_tile, blocks(), n_jobs=self.n_jobs, prefer=self.coder.tags.parallel)
        band: list[tuple[Floats, Floats]] = []
        with progress(len(xs) * len(ys), label=f"distances by {self.coder}", unit="pair") as bar:
            for (row, column), tile in zip(corners, tiles, strict=True):
                band.append(tile)
                bar.update(tile[0].size)
                if column + columns >= len(ys):
                    forth, back = (np.concatenate(parts, axis=1) for parts in zip(*band, strict=True))
                    yield row, forth, back
                    band = []

    def _warn_beyond_window(self, first: Sequence[bytes]) -> None:
        self.coder.warn_beyond_window(max(map(len, first), default=0) + len(self.separator))


def _tile_shape(xs: Sequence[bytes], ys: Sequence[bytes]) -> tuple[int, int]:
    """Return rows and columns of a tile: about 64 tiles in all, each neither trifling nor long to wait for.

    A tile has several rows, if there are, since some coders read a column once for all of them.
    """
    pair_bytes = (sum(map(len, xs)) / len(xs) + sum(map(len, ys)) / len(ys)) + 1
    tile_bytes = len(xs) * len(ys) * pair_bytes / _TILES
    pairs = max(1, int(min(max(tile_bytes, _SMALLEST_TILE_BYTES), _LARGEST_TILE_BYTES) / pair_bytes))
    columns = min(len(ys), max(1, pairs // min(len(xs), _ROWS)))
    return min(len(xs), max(1, pairs // columns)), columns


def _link_tile(
    coder: Coder, conditional: bool, separator: bytes, xs: Sequence[bytes], ys: Sequence[bytes], both_ways: bool
) -> tuple[Floats, Floats]:
    forth = _link(coder, conditional, separator, xs, ys)
    return forth, _link(coder, conditional, separator, ys, xs).T if both_ways else forth


def _link(coder: Coder, conditional: bool, separator: bytes, xs: Sequence[bytes], ys: Sequence[bytes]) -> Floats:
    """Return L(xy), or L(y|x), in bits, for each x (row) and y (column)."""
    contexts = [x + separator for x in xs]
    if not conditional:
        return coder.joint_lengths(contexts, ys)
    lengths = np.empty((len(xs), len(ys)))
    for row, context in enumerate(contexts):
        primed = PrimedCoder(coder=coder, context=context) if context else coder
        lengths[row] = primed.lengths(ys)
    return lengths
