"""Entropy coding of tokens; as in `byte_coding`, the encoder takes exactly the steps of the decoder on one thread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.entropy.framing import check_ratio
from kolmo.coders.neural.inference.byte_coding import categorical, one_thread, packed, range_coder, words
from kolmo.coders.neural.inference.token_inference import TokenInference, TokenState
from kolmo.errors import DecodeError

_BATCH_SIZE = 16


def encode(inference: TokenInference, symbols: NDArray[np.int64], piece: int) -> bytes:
    """Return the code of tokens, cut into pieces that are each coded after the context."""
    encoder, model = range_coder("RangeEncoder"), categorical()
    with one_thread():
        for lengths, place in _groups(len(symbols), piece):
            batch = TokenState(inference, len(lengths))
            rows = np.zeros((len(lengths), lengths[0]), np.int64)
            rows.reshape(-1)[: sum(lengths)] = symbols[place : place + sum(lengths)]
            for column, active in _columns(lengths):
                encoder.encode(rows[:active, column].astype(np.int32), model, batch.frequencies()[:active])
                if column + 1 < lengths[0]:
                    batch.step(rows[:, column])
    return packed(encoder, len(symbols))


def decode(inference: TokenInference, size: int, piece: int, payload: bytes) -> NDArray[np.int64]:
    """Return the `size` decoded tokens.

    Raises
    ------
    DecodeError
        If the payload is truncated or corrupt.
    """
    check_ratio(len(payload), size)
    decoder, encoder, model = range_coder("RangeDecoder", words(payload)), range_coder("RangeEncoder"), categorical()
    symbols = np.zeros(size, np.int64)
    with one_thread():
        for lengths, place in _groups(size, piece):
            batch = TokenState(inference, len(lengths))
            rows = np.zeros((len(lengths), lengths[0]), np.int64)
            for column, active in _columns(lengths):
                counts = batch.frequencies()[:active]
                found: Any = decoder.decode(model, counts)
                encoder.encode(found, model, counts)
                rows[:active, column] = found
                if column + 1 < lengths[0]:
                    batch.step(rows[:, column])
            symbols[place : place + sum(lengths)] = rows.reshape(-1)[: sum(lengths)]
    if packed(encoder, size) != payload:  # the payload decodes to these tokens, but is not their code
        raise DecodeError(f"these {len(payload):,} bytes are not a code of this model: they are truncated or corrupt")
    return symbols


def _groups(size: int, piece: int) -> Iterator[tuple[list[int], int]]:
    """Yield batches of pieces: their lengths, of which only the last may be shorter, and where they start."""
    for place in range(0, size, piece * _BATCH_SIZE):
        until = min(size, place + piece * _BATCH_SIZE)
        yield [min(piece, until - start) for start in range(place, until, piece)], place


def _columns(lengths: list[int]) -> Iterator[tuple[int, int]]:
    """Yield each position in the pieces, and how many pieces reach it."""
    for column in range(lengths[0]):
        yield column, len(lengths) - (lengths[-1] <= column)
