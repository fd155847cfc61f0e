"""`spatial_frequencies`: what each octave of spatial frequency of pictures costs: which frequencies are noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from kolmo._core.checks import check_count
from kolmo._core.results import Result
from kolmo._core.resumable import Arrays, run_tasks
from kolmo.coders.base import Coder
from kolmo.coders.predictive import PredictiveCoder
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.errors import DataError
from kolmo.profile.resampling import Interval, ratio_interval
from kolmo.profile.samples import SAMPLE_BYTES, Array, checked_arrays, middles

if TYPE_CHECKING:
    from kolmo._core.tables import Table

MAX_OCTAVES = 5
_SHORTEST_SIDE = 8
_NOISE = 0.95
"""Share of the code length of shuffled coefficients from which on an octave is called noise."""
_LEAST_BITS, _LEAST_COEFFICIENTS = 0.05, 1000


@dataclass(frozen=True, kw_only=True)
class Octave:
    """The coefficients of an octave of spatial frequency, or the means that remain below all octaves.

    Parameters
    ----------
    lowest, highest : float
        Its frequencies, in cycles per pixel; 0 and the lowest end of all octaves for the means.
    n_coefficients : int
        Number of coefficients.
    bits : float
        Bits of a coefficient.
    interval : (float, float) or None
        95% interval over pictures.
    shuffled_bits : float
        Bits of a coefficient if the coefficients of each picture are shuffled: what their values cost without order.
    """

    lowest: float
    highest: float
    n_coefficients: int
    bits: float
    interval: Interval | None
    shuffled_bits: float

    @property
    def is_noise(self) -> bool:
        """Whether the order of at least 1,000 coefficients saves less than 5%: the coder finds no structure in it."""
        is_told = self.n_coefficients >= _LEAST_COEFFICIENTS and self.shuffled_bits > _LEAST_BITS
        return is_told and self.bits >= _NOISE * self.shuffled_bits


@dataclass(frozen=True, kw_only=True)
class SpatialFrequencies(Result):
    """The cost of pictures by spatial frequency. Made by `spatial_frequencies`.

    Parameters
    ----------
    octaves : tuple of Octave
        From the finest to the coarsest; the last one holds the means.
    n_pictures : int
        Number of pictures measured.
    name : str
        Name of the set.
    coder, fingerprint : str
        The coder, with its parameters and library versions.
    """

    derived: ClassVar[tuple[str, ...]] = ("noise",)
    citations: ClassVar[tuple[str, ...]] = (
        'Calderbank et al., "Wavelet transforms that map integers to integers", 1998',
    )

    octaves: tuple[Octave, ...]
    n_pictures: int
    name: str
    coder: str
    fingerprint: str

    @property
    def noise(self) -> tuple[float, ...]:
        """The lowest frequency of each octave that is noise to the coder, in cycles per pixel."""
        return tuple(each.lowest for each in self.octaves if each.is_noise)

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each octave.

        Returns
        -------
        list of dict
        """
        names = ("lowest", "highest", "n_coefficients", "bits", "shuffled_bits", "is_noise")
        return [{name: getattr(each, name) for name in names} for each in self.octaves]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table for each result.

        Parameters
        ----------
        results : sequence of SpatialFrequencies
            The results.
        verbose : bool
            Add fingerprints and citations.

        Returns
        -------
        list of Table
        """
        return [result._table(verbose=verbose) for result in results]

    def _table(self, *, verbose: bool) -> Table:
        from kolmo._core.tables import Column, Table

        names = ("cycles/pixel", "bits/coefficient", "95% interval", "shuffled", "of all bits, %")
        table = Table(f"Spatial frequencies: {self.name}", [*(Column(name, True) for name in names), Column("")])
        total = sum(each.bits * each.n_coefficients for each in self.octaves)
        for each in self.octaves:
            table.add(
                f"{each.lowest:.4g} to {each.highest:.4g}",
                f"{each.bits:.3f}",
                "-" if each.interval is None else f"{each.interval[0]:.3f} to {each.interval[1]:.3f}",
                f"{each.shuffled_bits:.3f}",
                f"{100 * each.bits * each.n_coefficients / total:.1f}" if total else "-",
                "noise" if each.is_noise else "",
            )
        table.footers = [
            f"{self.n_pictures:,} pictures; coefficients of a reversible Haar transform, each octave coded alone by "
            f"{self.coder}; shuffled: bits/coefficient without order; noise: the order of at "
            f"least {_LEAST_COEFFICIENTS:,} coefficients saves less than 5%"
        ]
        if verbose:
            table.footers += [self.fingerprint, *self.citations]
        return table


def spatial_frequencies(
    pictures: Any,
    *,
    coder: CoderLike = "mix",
    sample_bytes: int = SAMPLE_BYTES,
    name: str = "data",
    n_jobs: int | None = None,
) -> SpatialFrequencies:
    """Measure what each octave of spatial frequency of pictures costs.

    A reversible Haar transform splits each picture into differences of neighbours, which are its highest octave of
    frequencies, and means, which are split again. The coefficients of an octave are coded by themselves. The pictures
    can be recovered from all of them.

    Parameters
    ----------
    pictures : sequence of ndarray of integers
        Pictures of 8 or 16 bits, of shape (height, width) or (height, width, n_channels); a 3-D array is a sequence of
        grey pictures.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    sample_bytes : int
        Bytes measured: the middle of each picture; of many pictures some.
    name : str
        Name in tables.
    n_jobs : int, optional
        Number of parallel workers, as in joblib.

    Returns
    -------
    SpatialFrequencies

    Raises
    ------
    DataError
        If there are no pictures, they are not integers of 8 or 16 bits, or are smaller than 8 x 8 pixels.

    References
    ----------
    Calderbank et al., "Wavelet transforms that map integers to integers", 1998.

    Examples
    --------
    >>> import numpy as np
    >>> waves = (60 * np.sin(np.arange(64) / 6) + 100).astype(np.uint8) * np.ones((4, 64, 1), np.uint8)
    >>> noise = np.random.default_rng(0).integers(0, 8, waves.shape, np.uint8)
    >>> found = spatial_frequencies(waves + noise, coder="ngram")
    >>> found.noise  # the waves, 0.027 cycles/pixel, are below these octaves
    (0.25, 0.125)
    """
    check_count("sample_bytes", sample_bytes, 1, 2**40)
    made = make_coder(coder)
    arrays = checked_arrays(pictures)
    shortest = min((min(each.shape[:2]) if each.ndim in (2, 3) else 0) for each in arrays)
    if shortest < _SHORTEST_SIDE:
        shape = next(each.shape for each in arrays if each.ndim not in (2, 3) or min(each.shape[:2]) == shortest)
        raise DataError(
            f"expected pictures of at least {_SHORTEST_SIDE} x {_SHORTEST_SIDE} pixels, got an array of shape {shape}"
        )
    n_octaves = min(MAX_OCTAVES, (shortest // (_SHORTEST_SIDE // 2)).bit_length() - 1)
    chosen = middles(arrays, sample_bytes, multiple=2**n_octaves)
    split = [octaves_of(each, n_octaves) for each in chosen]
    streams = [[each[place] for each in split] for place in range(n_octaves + 1)]
    tasks = [(made, each) for each in (*streams, *map(_shuffled, streams))]
    found = run_tasks(_coded, tasks, label="frequencies", prefer=made.tags.parallel, n_jobs=n_jobs)
    lengths = [made.check_finite(bits) for (bits,) in found]
    octaves = []
    for place, (parts, bits) in enumerate(zip(streams, lengths, strict=False)):
        sizes = np.array([part.size for part in parts])
        is_means = place == n_octaves
        octaves.append(
            Octave(
                lowest=0.0 if is_means else 0.25 / 2**place,
                highest=0.5 / 2**place,
                n_coefficients=int(sizes.sum()),
                bits=float(bits.sum() / sizes.sum()),
                interval=ratio_interval(bits, sizes),
                shuffled_bits=float(lengths[place + len(streams)].sum() / sizes.sum()),
            )
        )
    return SpatialFrequencies(
        octaves=tuple(octaves), n_pictures=len(chosen), name=name, coder=str(made), fingerprint=made.fingerprint
    )


def is_large(pictures: Sequence[Array]) -> bool:
    """Return whether all arrays are pictures that are large enough for `spatial_frequencies`."""
    return all(each.ndim in (2, 3) and min(each.shape[:2]) >= _SHORTEST_SIDE for each in pictures)


def octaves_of(picture: Array, n_octaves: int) -> list[Array]:
    """Return the coefficients of each octave, from the finest, and the means that remain.

    Parameters
    ----------
    picture : ndarray of integers, shape (height, width) or (height, width, n_channels)
        Sides that are multiples of 2 to the power `n_octaves`.
    n_octaves : int
        Number of octaves.

    Returns
    -------
    list of ndarray of shape (height, width, n_coefficients)
        The three differences of an octave side by side, as the channels of a pixel.

    Examples
    --------
    >>> [each.ravel().tolist() for each in octaves_of(np.array([[8, 6], [9, 5]], np.uint8), 1)]
    [[253, 0, 254], [7]]
    """
    found = []
    means = picture.view(f"u{picture.dtype.itemsize}")
    means = means[:, :, None] if means.ndim == 2 else means
    for _ in range(n_octaves):
        left, across = _pairs(means, axis=1)
        means, down = _pairs(left, axis=0)
        of_across, both = _pairs(across, axis=0)
        found.append(np.concatenate([of_across, down, both], axis=2))
    return [*found, means]


def _pairs(x: Array, axis: int) -> tuple[Array, Array]:
    """Return means and differences of neighbours, modulo the range of the numbers: a reversible lifting step."""
    first, second = np.moveaxis(x, axis, 0)[0::2], np.moveaxis(x, axis, 0)[1::2]
    difference = second - first
    half = (difference.view(f"i{x.dtype.itemsize}") >> 1).view(x.dtype)
    return np.moveaxis(first + half, 0, axis), np.moveaxis(difference, 0, axis)


def _coded(coder: Coder, parts: Sequence[Array]) -> Arrays:
    """Return the code length of the coefficients of each picture, of all together; without surprisals by size."""
    strings = [np.ascontiguousarray(part, dtype=part.dtype.newbyteorder("<")).tobytes() for part in parts]
    joined = b"".join(strings)
    sizes = np.array([len(each) for each in strings])
    if not isinstance(coder, PredictiveCoder):
        return (coder.code_length(joined) * sizes / sizes.sum(),)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return (np.add.reduceat(coder.surprisals(joined), starts),)


def _shuffled(parts: Sequence[Array]) -> list[Array]:
    """Return the coefficients of each picture and each channel in random order."""
    random = np.random.default_rng(0)
    return [random.permuted(part.reshape(-1, part.shape[2]), axis=0).reshape(part.shape) for part in parts]
