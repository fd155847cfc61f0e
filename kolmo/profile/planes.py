"""`bit_planes`: what each bit of pixels or samples costs, given the higher bits: which planes are noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_count
from kolmo._core.results import Result
from kolmo._core.resumable import Arrays, run_tasks
from kolmo.coders.base import Coder
from kolmo.coders.predictive import PredictiveCoder
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.profile.resampling import Interval, ratio_interval
from kolmo.profile.samples import SAMPLE_BYTES, checked_arrays, middles

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

_NOISE = 0.95
"""Bits of a plane, for each sample, from which on it is called noise."""


@dataclass(frozen=True, kw_only=True)
class BitPlanes(Result):
    """The cost of each bit plane. Made by `bit_planes`.

    Parameters
    ----------
    planes : tuple of int
        The planes, from the most significant one; 0 is the least significant one.
    bits : tuple of float
        Mean bits of the plane for each sample, given all higher planes.
    intervals : tuple of ((float, float) or None)
        95% intervals over pictures or sounds.
    n_samples : int
        Number of samples measured.
    name : str
        Name of the set.
    coder, fingerprint : str
        The coder, with its parameters and library versions.
    """

    derived: ClassVar[tuple[str, ...]] = ("noise",)
    question: ClassVar[str] = "Which bits of the samples are noise?"

    planes: tuple[int, ...]
    bits: tuple[float, ...]
    intervals: tuple[Interval | None, ...]
    n_samples: int
    name: str
    coder: str
    fingerprint: str

    @property
    def noise(self) -> tuple[int, ...]:
        """The planes that cost at least 0.95 bits a sample: the coder predicts next to nothing of them."""
        return tuple(plane for plane, bits in zip(self.planes, self.bits, strict=True) if bits >= _NOISE)

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each plane.

        Returns
        -------
        list of dict
        """
        rows = zip(self.planes, self.bits, strict=True)
        return [{"plane": plane, "bits": bits, "is_noise": plane in self.noise} for plane, bits in rows]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table for each result.

        Parameters
        ----------
        results : sequence of BitPlanes
            The results.
        verbose : bool
            Add fingerprints.

        Returns
        -------
        list of Table
        """
        return [result._table(verbose=verbose) for result in results]

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import BarChart

        return [
            BarChart(
                title=f"Bits of each plane given the higher ones: {each.name}",
                label="bits/sample, with 95% intervals",
                names=[f"bit {plane}" for plane in each.planes],
                series={each.name: each.bits},
                intervals={each.name: each.intervals},
                form=".3f",
            )
            for each in results
        ]

    def _table(self, *, verbose: bool) -> Table:
        from kolmo._core.tables import Column, Table

        names = ("bit", "bits/sample given higher bits", "95% interval")
        table = Table(f"Bit planes: {self.name}", [*(Column(name, True) for name in names), Column("")])
        for plane, bits, interval in zip(self.planes, self.bits, self.intervals, strict=True):
            told = "-" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"
            table.add(str(plane), f"{bits:.3f}", told, "noise" if plane in self.noise else "")
        table.footers = [
            f"{self.n_samples:,} samples; bit 0 is the least significant; noise: at least {_NOISE} bits/sample by "
            f"{self.coder}, which loses what exceeds 1"
        ]
        if verbose:
            table.footers.append(self.fingerprint)
        return table


def bit_planes(
    samples: Any,
    *,
    coder: CoderLike = "mix",
    sample_bytes: int = SAMPLE_BYTES,
    name: str = "data",
    n_jobs: int | None = None,
) -> BitPlanes:
    """Measure what each bit of pixels or samples costs, given the higher bits.

    The samples are coded without their lowest p bits for every p; the difference of two successive code lengths is the
    cost of one plane (chain rule).

    Parameters
    ----------
    samples : sequence of ndarray of integers
        Pictures or sounds of 8 or 16 bits; a 3-D array is a sequence of pictures.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    sample_bytes : int
        Bytes measured: the middle of each picture or sound; of many some.
    name : str
        Name in tables.
    n_jobs : int, optional
        Number of parallel workers, as in joblib.

    Returns
    -------
    BitPlanes

    Raises
    ------
    DataError
        If there are no samples, or they are not integers of 8 or 16 bits.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).integers(0, 4, (4, 32, 32), np.uint8)
    >>> found = bit_planes(noise + 128, coder="ngram")
    >>> found.noise
    (1, 0)
    """
    check_count("sample_bytes", sample_bytes, 1, 2**40)
    made = make_coder(coder)
    chosen = middles(checked_arrays(samples), sample_bytes)
    dtype = chosen[0].dtype
    depth = 8 * dtype.itemsize
    tasks = [(made, chosen, plane) for plane in range(depth)]
    found = run_tasks(_coded, tasks, label="bit planes", prefer=made.tags.parallel, n_jobs=n_jobs)
    totals = np.array([made.check_finite(bits) for (bits,) in found] + [np.zeros(len(chosen))])
    costs = totals[:-1] - totals[1:]
    sizes = [each.size for each in chosen]
    planes = tuple(range(depth))[::-1]
    return BitPlanes(
        planes=planes,
        bits=tuple(float(costs[plane].sum() / sum(sizes)) for plane in planes),
        intervals=tuple(ratio_interval(costs[plane], sizes) for plane in planes),
        n_samples=sum(sizes),
        name=name,
        coder=str(made),
        fingerprint=made.fingerprint,
    )


def _coded(coder: Coder, arrays: Sequence[NDArray[Any]], plane: int) -> Arrays:
    """Return the code length of each array without its lowest bits; of a coder without surprisals shared by size."""
    parts = [np.ascontiguousarray(array >> plane).astype(array.dtype.newbyteorder("<")).tobytes() for array in arrays]
    joined = b"".join(parts)
    sizes = np.array([len(part) for part in parts])
    if not isinstance(coder, PredictiveCoder):
        return (coder.code_length(joined) * sizes / sizes.sum(),)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return (np.add.reduceat(coder.cursor().surprisals(joined), starts),)
