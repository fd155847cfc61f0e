"""`prequential_curve`: bits per byte against data seen, and its split into structure and noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.results import Result
from kolmo._core.units import format_size
from kolmo.coders.lengths import check_predictive
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.errors import DataError
from kolmo.learn.class_models import SEPARATOR
from kolmo.profile.levels import Doubling, edges_of, level_of
from kolmo.profile.resampling import Interval
from kolmo.profile.sampling import sample_of

if TYPE_CHECKING:
    from kolmo._core.tables import Table

BUDGET = 2**20
"""Default number of bytes that the coder reads."""


@dataclass(frozen=True, kw_only=True)
class PrequentialCurve(Result):
    """The bits per byte of a coder by the data that it has seen. Made by `prequential_curve`.

    Parameters
    ----------
    sizes : ndarray of shape (n_blocks,)
        Bytes seen at the end of each block; a block begins where the one before ends.
    bits_per_byte : ndarray of shape (n_blocks,)
        Mean code length of a byte of each block, before the coder has read it.
    size_bytes : int
        Bytes read: the budget.
    code_bits : float
        Code length of all of them.
    noise_bits_per_byte : float
        H_T: the level of the curve.
    noise_interval : (float, float)
        Interval of the level.
    structure_bits : float
        S_T: the area of the curve above the level, in bits.
    structure_interval : (float, float)
        The area above the ends of `noise_interval`.
    level : {"extrapolated", "last quarter"}
        Whether the level is the one that the curve tends to, or the mean of its last quarter.
    is_level_known : bool
        Whether the interval is narrower than a quarter of the level.
    doubling : Doubling
        What as many data again would bring.
    order : str
        The order of the data.
    coder, fingerprint : str
        The coder, with its parameters and library versions.
    name : str
        Name of the data in tables.
    """

    citations: ClassVar[tuple[str, ...]] = (
        'Finzi et al., "From entropy to epiplexity", arXiv 2601.03220, 2026',
        'Dawid, "Present position and potential developments: the prequential approach", 1984',
    )

    sizes: NDArray[np.int64]
    bits_per_byte: NDArray[np.float64]
    size_bytes: int
    code_bits: float
    noise_bits_per_byte: float
    noise_interval: Interval
    structure_bits: float
    structure_interval: Interval
    level: str
    is_level_known: bool
    doubling: Doubling
    order: str
    coder: str
    fingerprint: str
    name: str = field(default="data")

    @classmethod
    def of(cls, edges: Any, bits: Any, squares: Any, **facts: Any) -> Self:
        """Return the curve of a coder that needs `bits` for each block, with sums of squares of the bits of bytes."""
        ends, sums = np.asarray(edges, np.int64), np.asarray(bits, np.float64)
        sizes = np.diff(ends)
        means = sums / sizes
        errors = np.sqrt(np.maximum(np.asarray(squares) / sizes - means**2, 0) / sizes)
        level, doubling = level_of(ends, means, errors)
        n, total = int(ends[-1]), float(sums.sum())
        area = [total - each * n for each in (level.value, *reversed(level.interval))]
        return cls(
            sizes=ends[1:],
            bits_per_byte=means,
            size_bytes=n,
            code_bits=total,
            noise_bits_per_byte=level.value,
            noise_interval=level.interval,
            structure_bits=max(area[0], 0.0),
            structure_interval=(max(area[1], 0.0), max(area[2], 0.0)),
            level="extrapolated" if level.is_extrapolated else "last quarter",
            is_level_known=level.is_known,
            doubling=doubling,
            **facts,
        )

    @classmethod
    def from_log(cls, n_bytes: Any, losses: Any, *, model: str = "", name: str = "training") -> Self:
        """Return the curve of a training log, such as ``curve.jsonl`` of `kolmo train`.

        Only of the first pass over the data is the loss a code length: a later pass reads what the model has seen.

        Parameters
        ----------
        n_bytes : array-like of shape (n_points,)
            Bytes read at each point, ascending; a point at 0 bytes, before the first step, is left out, since the loss
            of a later point is the mean of all bytes read since the point before.
        losses : array-like of shape (n_points,)
            Mean training loss since the point before, in bits per byte.
        model : str
            The model, for tables.
        name : str
            Name in tables.

        Returns
        -------
        PrequentialCurve

        Raises
        ------
        DataError
            If there are no points, their numbers of bytes do not ascend, or a loss is negative or not finite.

        Examples
        --------
        >>> curve = PrequentialCurve.from_log([0, 1000, 2000, 4000], [8.0, 5.0, 4.0, 4.0])
        >>> curve.code_bits, curve.noise_bits_per_byte, curve.structure_bits
        (17000.0, 4.0, 1000.0)
        """
        ends, means = np.asarray(n_bytes, np.float64), np.asarray(losses, np.float64)
        if ends.ndim != 1 or ends.shape != means.shape or not (ends > 0).any():
            raise DataError(
                f"expected numbers of bytes above 0 and as many losses, got arrays of shapes {ends.shape} and "
                f"{means.shape}"
            )
        if not np.isfinite(ends).all() or (np.diff(ends) <= 0).any() or ends[0] < 0:
            raise DataError("expected numbers of bytes that ascend from 0 or more")
        if not (np.isfinite(means) & (means >= 0)).all():
            raise DataError("expected losses in bits per byte, finite and not negative")
        means, ends = means[ends > 0], ends[ends > 0]
        edges = np.concatenate([[0], ends]).astype(np.int64)
        sizes = np.diff(edges)
        bits = means * sizes
        return cls.of(
            edges, bits, bits * means, order="in the order of the training", coder=model, fingerprint=model, name=name
        )

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each block.

        Returns
        -------
        list of dict
        """
        return [
            {"size_bytes": int(size), "bits_per_byte": float(rate)}
            for size, rate in zip(self.sizes, self.bits_per_byte, strict=True)
        ]

    def at(self, size: int) -> float:
        """Return the mean bits per byte of the first `size` bytes, at a block end at most this large."""
        place = max(int(np.searchsorted(self.sizes, size, side="right")), 1)
        lengths = np.diff(np.concatenate([[0], self.sizes]))[:place]
        return float((self.bits_per_byte[:place] * lengths).sum() / lengths.sum())

    def points(self) -> list[tuple[float, float]]:
        """Return bytes seen and bits per byte, for a plot; blocks are joined by doublings of the size."""
        return [(float(size), rate) for size, rate in self._doublings()]

    def _doublings(self) -> list[tuple[int, float]]:
        lengths = np.diff(np.concatenate([[0], self.sizes]))
        rows, stop = [], len(self.sizes)
        while stop > 0:
            start = max(stop - 4, 0) if stop > 4 else 0
            part = slice(start, stop)
            rows.append((int(self.sizes[stop - 1]), float(np.average(self.bits_per_byte[part], weights=lengths[part]))))
            stop = start
        return rows[::-1]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table of structure and noise, with a row for each curve, and one of each curve if `verbose`.

        Parameters
        ----------
        results : sequence of PrequentialCurve
            The curves.
        verbose : bool
            Add the curves, fingerprints and citations.

        Returns
        -------
        list of Table
        """
        from kolmo._core.tables import Column, Table

        names = (
            "bytes read",
            "bits/byte",
            "noise, bits/byte",
            "interval",
            "structure, bits",
            "interval",
            "doubling, %",
        )
        table = Table("Structure and noise", [Column("set"), Column("coder"), *(Column(name, True) for name in names)])
        for each in results:
            table.add(each.name, each.coder, *each._cells())
        table.footers = [
            "bits/byte: of all bytes read; noise: the level of the curve, extrapolated, or the mean of its last "
            "quarter (=)",
            "structure: area of the curve above that level; doubling: predicted change of bits/byte with as many data "
            "again (range over four fits of the curve), ? if the curve cannot tell",
        ]
        if verbose:
            table.footers += [*dict.fromkeys(each.fingerprint for each in results), *cls.citations]
        return [table, *(each._curve_table() for each in results if verbose)]

    def _cells(self) -> list[str]:
        change = self.doubling.change
        last = self.noise_interval[1]
        band = self.doubling.interval
        told = (
            "-"
            if change is None or band is None
            else f"{100 * change:+.1f} ({100 * (band[0] / last - 1):+.1f} to {100 * (band[1] / last - 1):+.1f})"
        )
        return [
            f"{self.size_bytes:,}",
            f"{self.code_bits / self.size_bytes:.3f}",
            f"{self.noise_bits_per_byte:.3f}{'' if self.level == 'extrapolated' else ' ='}",
            " to ".join(f"{end:.3f}" for end in self.noise_interval),
            f"{self.structure_bits:,.0f}",
            " to ".join(f"{end:,.0f}" for end in self.structure_interval),
            told + ("" if self.doubling.is_known or change is None else " ?"),
        ]

    def _curve_table(self) -> Table:
        from kolmo._core.tables import Column, Table

        table = Table(f"Bits/byte by data seen: {self.name}", [Column("bytes seen", True), Column("bits/byte", True)])
        for size, rate in self._doublings():
            table.add(format_size(size), f"{rate:.3f}")
        table.footers.append(self.order)
        return table


def prequential_curve(
    data: Any, *, coder: CoderLike = "mix", budget: int = BUDGET, name: str = "data"
) -> PrequentialCurve:
    """Measure bits per byte against data seen, and split the code length into structure and noise.

    Each byte is coded by a model of all bytes before it. The level that the curve tends to is noise: bits that this
    coder cannot predict, however many such data it has seen. The area above the level is structure: what the coder
    learned. Both depend on the coder and on the bytes that it reads.

    Parameters
    ----------
    data : str, bytes-like, Corpus, or collection of str or bytes
        A string is read in its order. Documents are read in the order of the digests of their bytes, so the curve does
        not depend on their order in the set; copies are neighbours.
    coder : str, mapping or Coder
        A predictive coder; see `kolmo.coder`.
    budget : int
        Largest number of bytes that the coder reads.
    name : str
        Name in tables.

    Returns
    -------
    PrequentialCurve

    Raises
    ------
    DataError
        If the data are empty.
    ParameterError
        If the coder is not predictive.

    References
    ----------
    Finzi et al., "From entropy to epiplexity", arXiv 2601.03220, 2026.

    Examples
    --------
    >>> import numpy as np
    >>> curve = prequential_curve(np.random.default_rng(0).integers(0, 4, 20_000, np.uint8))
    >>> 1.9 < curve.noise_bits_per_byte < 2.1
    True
    """
    from kolmo._core.checks import check_integer
    from kolmo._core.items import as_bytes

    check_integer("budget", budget, 1, 2**40)
    made = check_predictive(make_coder(coder))
    if isinstance(data, str | bytes | bytearray | memoryview) or (getattr(data, "ndim", 0) == 1 and _is_numeric(data)):
        string, order = as_bytes(data)[:budget], "in the order of the data"
        if not string:
            raise DataError(f"{name} is empty: expected at least one byte")
    else:
        string = SEPARATOR.join(sample_of(data, name=name, max_bytes=budget).with_copies(budget))
        order = ORDER
    edges, bits, squares = curve_of(made.surprisals(string))
    return PrequentialCurve.of(
        edges, bits, squares, order=order, coder=str(made), fingerprint=made.fingerprint, name=name
    )


ORDER = "documents in the order of the digests of their bytes"


def curve_of(surprisals: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of blocks, and the sums of the bits of their bytes and of the squares of these."""
    edges = edges_of(len(surprisals))
    sums, squares = (np.add.reduceat(each, edges[:-1]) for each in (surprisals, surprisals**2))
    return edges, sums, squares


def _is_numeric(data: Any) -> bool:
    return getattr(getattr(data, "dtype", None), "kind", "O") in "biufc"
