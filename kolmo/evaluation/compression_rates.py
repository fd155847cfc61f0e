"""Compression rates, raw and with the model's own size, whole and in chunks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kolmo._core.checks import check_integer
from kolmo._core.items import as_bytes
from kolmo._core.memory import peak_memory
from kolmo.coders.base import Coder
from kolmo.coders.registry import coder as make_coder
from kolmo.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How small a coder makes some data.

    Parameters
    ----------
    coder : str
    chunk : int or None
        Bytes of the pieces that were coded each alone; None for the whole.
    size_bytes : int
        Of the data.
    code_bits : float
        Of all codes.
    model_bits : float
        Of what must be sent along.
    seconds : float
        To measure the code length.
    memory_bytes : int or None
        How far the process grew; None where the system does not tell.
    fingerprint : str
    """

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
        """The code's share of the data, 1 for as many bits."""
        return self.code_bits / (8 * self.size_bytes)

    @property
    def adjusted(self) -> float:
        """The same with the model's bits."""
        return (self.code_bits + self.model_bits) / (8 * self.size_bytes)

    @property
    def bits_per_byte(self) -> float:
        """Of the code."""
        return self.code_bits / self.size_bytes

    @property
    def megabytes_per_second(self) -> float:
        """Millions of bytes measured a second."""
        return self.size_bytes / 1e6 / max(self.seconds, 1e-9)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON."""
        derived = ("raw", "adjusted", "bits_per_byte", "megabytes_per_second")
        return asdict(self) | {name: getattr(self, name) for name in derived}


def compression_rate(data: Any, coder: str | Coder, *, chunk: int | None = None) -> Rate:
    """Measure how small a coder makes data: whole, or in chunks that are each coded alone.

    Parameters
    ----------
    data : str or bytes-like
        Text counts as its UTF-8 bytes.
    coder : str or Coder
        See `kolmo.coder`.
    chunk : int, optional
        Bytes of a chunk, such as 2048, the context that the paper's language models see.

    Returns
    -------
    Rate

    Raises
    ------
    DataError
        If there are no data.

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
        raise DataError("there are no bytes, and a rate is a share of them; pass some data")
    if chunk is not None:
        check_integer("chunk", chunk, 1, 2**40)
    pieces = [raw] if chunk is None else [raw[start : start + chunk] for start in range(0, len(raw), chunk)]
    made._batch(pieces[:1] if len(pieces[0]) <= 2**16 else [pieces[0][: 2**12]])  # what is compiled or loaded once
    with peak_memory() as peak:
        start_time = time.perf_counter()
        bits = float(made._batch(pieces).sum())
        seconds = time.perf_counter() - start_time
    return Rate(
        coder=str(made),
        chunk=chunk,
        size_bytes=len(raw),
        code_bits=bits,
        model_bits=made.model_bits,
        seconds=seconds,
        memory_bytes=peak.size,
        fingerprint=made.fingerprint,
    )


def bits_by_position(data: Any, coder: str | Coder, *, chunk: int = 2048) -> list[tuple[int, float]]:
    """Measure how the bits of a byte fall with its place in a chunk: what the coder learns in its context.

    Parameters
    ----------
    data : str or bytes-like
        Cut into chunks, which are coded each alone; what does not fill one is left out.
    coder : str or Coder
        See `kolmo.coder`.
    chunk : int
        Bytes.

    Returns
    -------
    list of (int, float)
        For each stretch from half a place to the place: the place, and the mean bits of a byte in it.

    Raises
    ------
    DataError
        If the data fill no chunk.

    Examples
    --------
    >>> curve = bits_by_position("to be or not to be, " * 200, "ngram", chunk=256)
    >>> curve[0][0], curve[-1][0], curve[0][1] > curve[-1][1]
    (16, 256, True)
    """
    import numpy as np

    made, raw = make_coder(coder), as_bytes(data)
    check_integer("chunk", chunk, 16, 2**40)
    pieces = [raw[start : start + chunk] for start in range(0, len(raw) - chunk + 1, chunk)]
    if not pieces:
        raise DataError(f"{len(raw):,} bytes fill no chunk of {chunk:,}; pass more, or take smaller chunks")
    places = _places(chunk)
    lengths = np.array([made._batch([piece[:place] for piece in pieces]).mean() for place in (0, *places)])
    return [
        (place, float(step / (place - before)))
        for before, place, step in zip((0, *places), places, np.diff(lengths), strict=False)
    ]


def _places(chunk: int) -> Sequence[int]:
    places = [chunk]
    while places[-1] >= 32:
        places.append(places[-1] // 2)
    return places[::-1]
