"""The real code of tokens: the encoder takes the steps of the decoder, on one thread, as in `coding`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.neural.inference.byte_code import categorical, one_thread, packed, range_coder, words
from kolmo.coders.neural.inference.tokens import TOTAL, Lanes, TokenReader
from kolmo.errors import DecodeError

_LANES = 16


def encode(reader: TokenReader, symbols: NDArray[np.int64], piece: int) -> bytes:
    """Return the code of tokens, in pieces that are each read from where the reader stands."""
    encoder, model = range_coder("RangeEncoder"), categorical()
    with one_thread():
        for lengths, place in _groups(len(symbols), piece):
            lanes = Lanes(reader, len(lengths))
            rows = np.zeros((len(lengths), lengths[0]), np.int64)
            rows.reshape(-1)[: sum(lengths)] = symbols[place : place + sum(lengths)]
            for column, active in _columns(lengths):
                encoder.encode(rows[:active, column].astype(np.int32), model, lanes.frequencies()[:active])
                if column + 1 < lengths[0]:
                    lanes.step(rows[:, column])
    return packed(encoder)


def decode(reader: TokenReader, size: int, piece: int, payload: bytes) -> NDArray[np.int64]:
    """Return the `size` tokens whose code this is.

    Raises
    ------
    DecodeError
        If it is not the code of so many.
    """
    least_bits = -np.log2(1 - (reader.n_symbols - 1) / TOTAL)
    if size * least_bits > 8 * (len(payload) + 8):
        raise DecodeError(f"{len(payload):,} bytes cannot hold {size:,} tokens: the payload is truncated or corrupt")
    decoder, encoder, model = range_coder("RangeDecoder", words(payload)), range_coder("RangeEncoder"), categorical()
    symbols = np.zeros(size, np.int64)
    with one_thread():
        for lengths, place in _groups(size, piece):
            lanes = Lanes(reader, len(lengths))
            rows = np.zeros((len(lengths), lengths[0]), np.int64)
            for column, active in _columns(lengths):
                counts = lanes.frequencies()[:active]
                found: Any = decoder.decode(model, counts)
                encoder.encode(found, model, counts)
                rows[:active, column] = found
                if column + 1 < lengths[0]:
                    lanes.step(rows[:, column])
            symbols[place : place + sum(lengths)] = rows.reshape(-1)[: sum(lengths)]
    if packed(encoder) != payload:  # whatever decodes to these tokens, they are coded otherwise
        raise DecodeError(f"these {len(payload):,} bytes are no code of this model: they are truncated, or corrupt")
    return symbols


def _groups(size: int, piece: int) -> Iterator[tuple[list[int], int]]:
    """Yield the lengths of pieces that go side by side, of which only the last may be shorter, and their start."""
    for place in range(0, size, piece * _LANES):
        until = min(size, place + piece * _LANES)
        yield [min(piece, until - start) for start in range(place, until, piece)], place


def _columns(lengths: list[int]) -> Iterator[tuple[int, int]]:
    """Yield each place in the pieces, and how many of them reach it."""
    for column in range(lengths[0]):
        yield column, len(lengths) - (lengths[-1] <= column)
