"""Compression rates, raw and adjusted for the size of the model, of whole data and of chunks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kolmo._core.checks import check_integer
from kolmo._core.items import as_bytes
from kolmo._core.memory import peak_memory
from kolmo._core.results import Result
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.errors import DataError

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

_WHOLE = "whole"
_CITATIONS = ('Delétang et al., "Language Modeling Is Compression", ICLR 2024',)


@dataclass(frozen=True, kw_only=True)
class CompressionRate(Result):
    """The compression rate of a coder on some data. Made by `compression_rate`.

    Parameters
    ----------
    coder : str
        The coder.
    chunk : int or None
        Bytes of the chunks that were coded independently; None if the data were coded whole.
    size_bytes : int
        Bytes of the data.
    code_bits : float
        Sum of the code lengths.
    model_bits : float
        Bits of the model that the decoder needs.
    seconds : float
        Time to compute the code lengths.
    memory_bytes : int or None
        Growth of the process's memory; None if the system does not tell.
    fingerprint : str
        The coder with its parameters and library versions.
    """

    derived: ClassVar[tuple[str, ...]] = ("raw", "adjusted", "bits_per_byte", "megabytes_per_second")
    citations: ClassVar[tuple[str, ...]] = _CITATIONS
    question: ClassVar[str] = "How far can these data be compressed, and by which coder?"

    coder: str
    chunk: int | None
    size_bytes: int
    code_bits: float
    model_bits: float
    seconds: float
    memory_bytes: int | None
    fingerprint: str

    @property
    def raw(self) -> float:
        """Raw compression rate: compressed size over raw size; 1 for data that cannot be compressed."""
        return self.code_bits / (8 * self.size_bytes)

    @property
    def adjusted(self) -> float:
        """Adjusted compression rate: the size of the code and the model over the raw size."""
        return (self.code_bits + self.model_bits) / (8 * self.size_bytes)

    @property
    def bits_per_byte(self) -> float:
        """Bits of the code for each byte of raw data."""
        return self.code_bits / self.size_bytes

    @property
    def megabytes_per_second(self) -> float:
        """Speed of computing the code length, in 10**6 bytes a second."""
        return self.size_bytes / 1e6 / max(self.seconds, 1e-9)

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return one table with a row for each rate, by rising size of the chunks.

        Parameters
        ----------
        results : sequence of CompressionRate
            The rates.
        verbose : bool
            Add fingerprints and the citation.

        Returns
        -------
        list of Table
        """
        from kolmo._core.tables import Column, Table, number_cell

        names = ("raw, %", "adjusted, %", "bits/byte", "MB/s", "memory, MB")
        table = Table(
            "Compression rates", [Column("chunk", True), Column("coder"), *(Column(name, True) for name in names)]
        )
        for rate in sorted(results, key=lambda rate: rate.chunk or 2**62):
            table.add(
                f"{rate.chunk:,}" if rate.chunk else _WHOLE,
                rate.coder,
                f"{100 * rate.raw:.1f}",
                f"{100 * rate.adjusted:.1f}",
                f"{rate.bits_per_byte:.3f}",
                number_cell(rate.megabytes_per_second, ".3g"),
                number_cell(None if rate.memory_bytes is None else rate.memory_bytes / 1e6, ".0f"),
            )
        table.footers.append("raw, adjusted: compressed size in % of the raw size, without and with the model")
        if verbose:
            table.footers += [*dict.fromkeys(rate.fingerprint for rate in results), *cls.citations]
        return [table]

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        largest = max(rate.chunk or 2**62 for rate in results)
        ranked = sorted((r for r in results if (r.chunk or 2**62) == largest), key=lambda rate: rate.adjusted)
        best = ranked[0]
        how = f"in chunks of {best.chunk:,} bytes" if best.chunk else "coded whole"
        if best.adjusted >= 1:
            return (
                f"No coder makes the {best.size_bytes:,} bytes shorter ({how}): the best, {best.coder}, takes "
                f"{100 * best.adjusted:.1f}% of their size."
            )
        text = (
            f"{best.coder} makes the {best.size_bytes:,} bytes shortest ({how}): {100 * best.adjusted:.1f}% of their "
            f"size, {8 * best.adjusted:.3f} bits/byte{' with its model' if best.model_bits else ''}"
        )
        return text + (f"; next is {ranked[1].coder} with {100 * ranked[1].adjusted:.1f}%." if ranked[1:] else ".")

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import BarChart

        coders = list(dict.fromkeys(rate.coder for rate in results))
        chunks = sorted({rate.chunk or 2**62 for rate in results}, reverse=True)
        found = {(rate.coder, rate.chunk or 2**62): 100 * rate.adjusted for rate in results}
        return [
            BarChart(
                title="Adjusted compression rate",
                label="size of the code and the model, % of the raw size",
                names=coders,
                series={
                    _WHOLE if chunk == 2**62 else f"chunks of {chunk:,} bytes": [found.get((c, chunk)) for c in coders]
                    for chunk in chunks
                },
                form=".1f",
            )
        ]

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        return [
            "A code length is exact for these data, this coder and these parameters, so it has no interval; speed and "
            "memory are of one run on this machine.",
            "A rate is an upper bound on the Kolmogorov complexity of the data, up to the size of the decoder.",
        ]


@dataclass(frozen=True, kw_only=True)
class PositionCurve(Result):
    """Mean code length of a byte by its position in a chunk. Made by `bits_by_position`; iterates over the points.

    Parameters
    ----------
    positions : tuple of int
        The end of each interval; an interval starts at the end of the one before, the first at 0.
    bits_per_byte : tuple of float
        Mean code length of a byte in each interval.
    coder : str
        The coder.
    chunk : int
        Bytes of a chunk.
    n_chunks : int
        Number of chunks.
    fingerprint : str
        The coder with its parameters and library versions.
    """

    citations: ClassVar[tuple[str, ...]] = _CITATIONS
    question: ClassVar[str] = "How fast do the coders learn from their context?"

    positions: tuple[int, ...]
    bits_per_byte: tuple[float, ...]
    coder: str
    chunk: int
    n_chunks: int
    fingerprint: str

    def __iter__(self) -> Iterator[tuple[int, float]]:
        return zip(self.positions, self.bits_per_byte, strict=True)

    def __len__(self) -> int:
        return len(self.positions)

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each interval.

        Returns
        -------
        list of dict
        """
        return [{"position": position, "bits_per_byte": bits} for position, bits in self]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return one table with a column for each curve.

        Parameters
        ----------
        results : sequence of PositionCurve
            The curves, all of one size of chunks.
        verbose : bool
            Add fingerprints and the citation.

        Returns
        -------
        list of Table
        """
        from kolmo._core.tables import Column, Table

        columns = [Column("position, bytes", True), *(Column(curve.coder, True) for curve in results)]
        table = Table("Code length by position in the chunk, bits/byte", columns)
        for row, position in enumerate(results[0].positions):
            table.add(f"{position:,}", *(f"{curve.bits_per_byte[row]:.3f}" for curve in results))
        table.footers.append(f"mean of {results[0].n_chunks:,} chunks of {results[0].chunk:,} bytes")
        if verbose:
            table.footers += [*dict.fromkeys(curve.fingerprint for curve in results), *cls.citations]
        return [table]

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import Curve, LineChart

        return [
            LineChart(
                title="Code length by position in the chunk",
                x_label="position in the chunk, bytes",
                y_label="bits/byte",
                curves=[Curve(name=each.coder, x=each.positions, y=each.bits_per_byte) for each in results],
                log_x=True,
                levels={"no compression": 8.0},
            )
        ]


def compression_rate(data: Any, coder: CoderLike, *, chunk: int | None = None) -> CompressionRate:
    """Measure the compression rate of a coder on data that are coded whole or in independent chunks.

    Parameters
    ----------
    data : str or bytes-like
        The data; a str counts as its UTF-8 bytes.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    chunk : int, optional
        Bytes of a chunk, such as 2048, the context of the language models in the paper.

    Returns
    -------
    CompressionRate

    Raises
    ------
    DataError
        If the data are empty.

    References
    ----------
    Delétang et al., "Language Modeling Is Compression", ICLR 2024, Table 1.

    Examples
    --------
    >>> rate = compression_rate("to be or not to be, " * 200, "deflate", chunk=1000)
    >>> rate.raw == rate.adjusted < 0.1
    True
    """
    made, raw = make_coder(coder), as_bytes(data)
    if not raw:
        raise DataError("expected at least one byte of data, got none")
    if chunk is not None:
        check_integer("chunk", chunk, 1, 2**40)
    pieces = [raw] if chunk is None else [raw[start : start + chunk] for start in range(0, len(raw), chunk)]
    made._batch(pieces[:1] if len(pieces[0]) <= 2**16 else [pieces[0][: 2**12]])  # compiles and loads before the timer
    with peak_memory() as peak:
        start_time = time.perf_counter()
        bits = float(made._batch(pieces).sum())
        seconds = time.perf_counter() - start_time
    return CompressionRate(
        coder=str(made),
        chunk=chunk,
        size_bytes=len(raw),
        code_bits=bits,
        model_bits=made.model_bits,
        seconds=seconds,
        memory_bytes=peak.size,
        fingerprint=made.fingerprint,
    )


def bits_by_position(data: Any, coder: CoderLike, *, chunk: int = 2048) -> PositionCurve:
    """Measure the code length of a byte by its position in a chunk: how fast the coder learns from its context.

    Parameters
    ----------
    data : str or bytes-like
        The data, cut into chunks that are coded independently; a last chunk that is not full is left out.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    chunk : int
        Bytes of a chunk.

    Returns
    -------
    PositionCurve
        The intervals end at chunk, chunk / 2, chunk / 4 and so on, down to 16 bytes or more.

    Raises
    ------
    DataError
        If the data are shorter than a chunk.

    References
    ----------
    Delétang et al., "Language Modeling Is Compression", ICLR 2024.

    Examples
    --------
    >>> curve = bits_by_position("to be or not to be, " * 200, "ngram", chunk=256)
    >>> curve.positions
    (16, 32, 64, 128, 256)
    >>> curve.bits_per_byte[0] > curve.bits_per_byte[-1]
    True
    """
    import numpy as np

    made, raw = make_coder(coder), as_bytes(data)
    check_integer("chunk", chunk, 16, 2**40)
    pieces = [raw[start : start + chunk] for start in range(0, len(raw) - chunk + 1, chunk)]
    if not pieces:
        raise DataError(
            f"expected at least one chunk of {chunk:,} bytes, got {len(raw):,} bytes; pass more data or reduce chunk"
        )
    ends = _interval_ends(chunk)
    lengths = np.array([made._batch([piece[:end] for piece in pieces]).mean() for end in (0, *ends)])
    means = [float(step / (end - start)) for start, end, step in zip((0, *ends), ends, np.diff(lengths), strict=False)]
    return PositionCurve(
        positions=tuple(ends),
        bits_per_byte=tuple(means),
        coder=str(made),
        chunk=chunk,
        n_chunks=len(pieces),
        fingerprint=made.fingerprint,
    )


def _interval_ends(chunk: int) -> Sequence[int]:
    ends = [chunk]
    while ends[-1] >= 32:
        ends.append(ends[-1] // 2)
    return ends[::-1]
