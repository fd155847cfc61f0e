"""Binary arithmetic coding: the entropy coder of all models that predict bit by bit.

The code is a number between `low` and `high`, of 32 bits at a time. Each bit narrows the interval in proportion to its
probability, and leading bytes common to both ends are written. All arithmetic is in integers.

Witten, Neal and Cleary, "Arithmetic coding for data compression", Communications of the ACM, 1987. Rissanen and
Langdon, "Arithmetic coding", IBM Journal of Research and Development, 1979.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.jit import i64, inline, u64
from kolmo.coders.entropy.framing import check_ratio, pad_code
from kolmo.errors import DecodeError

MEASURE, ENCODE, DECODE = 0, 1, 2
"""Modes of a kernel; `MEASURE` uses no stream."""
PLACE, LOW, HIGH, WINDOW = range(4)
"""Positions in a cursor, the coder state between calls of a kernel: place in the stream, interval, decoder window."""
STREAM_ROOM = 2**16

_BYTE_ROOM = 32  # 8 bits, each of which writes at most 4 bytes
_AFTER_END = 8

Bytes = NDArray[np.uint8]
Cursor = NDArray[np.int64]


@inline
def stuck(mode: int, place: int, stream: Any) -> bool:
    """Return whether the stream may be too short for another byte (`ENCODE`), or has ended (`DECODE`)."""
    return (mode == ENCODE and place + _BYTE_ROOM > len(stream)) or (
        mode == DECODE and place > len(stream) + _AFTER_END
    )


@inline
def code_bit(mode: int, bit: int, chance: int, low: Any, high: Any, window: Any, place: Any, stream: Any) -> Any:
    """Write a bit (`ENCODE`) or read one (`DECODE`); return the bit and the new low, high, window and place.

    Parameters
    ----------
    mode : {ENCODE, DECODE}
    bit : int
        Ignored by `DECODE`.
    chance : int
        Probability of a one in units of 2 to the power of -32, from 0 to 2 to the power of 32 minus 1. Both bits can
        always be coded, as each keeps at least one number of the interval.
    low, high, window, place : int64
        State of the cursor.
    stream : ndarray of uint8
    """
    middle = low + i64((u64(high - low) * u64(chance)) >> u64(32))
    if mode == DECODE:
        bit = 1 if window <= middle else 0
    if bit:
        high = middle
    else:
        low = middle + 1
    while (low ^ high) & 0xFF000000 == 0:
        if mode == ENCODE:
            stream[u64(place)] = np.uint8(high >> 24)
        else:
            window = (window << 8) & 0xFFFFFFFF
            if place < len(stream):
                window |= i64(stream[u64(place)])
        place += 1
        low = (low << 8) & 0xFFFFFFFF
        high = ((high << 8) & 0xFFFFFFFF) | 255
    return bit, low, high, window, place


def encode(code: Callable[[Bytes, Cursor], bool], size: int) -> bytes:
    """Return the code of `size` bytes that a kernel writes.

    Parameters
    ----------
    code : callable
        Takes a stream and a cursor, encodes until the data end or the stream is `stuck`, and returns whether the data
        ended.
    size : int
    """
    cursor = np.array([0, 0, 0xFFFFFFFF, 0])
    stream, pieces, done = np.empty(STREAM_ROOM, np.uint8), [], False
    while not done:
        done = code(stream, cursor)
        pieces.append(stream[: cursor[PLACE]].tobytes())
        cursor[PLACE] = 0
    return pad_code(b"".join(pieces) + _last_bytes(cursor), size)


def decode(code: Callable[[int, Bytes, Cursor], int], payload: bytes, size: int) -> None:
    """Decode `size` bytes from a stream with a kernel.

    Parameters
    ----------
    code : callable
        Takes a number of bytes, a stream and a cursor, decodes this many bytes, or fewer if the stream is `stuck`, and
        returns how many.
    payload : bytes
    size : int

    Raises
    ------
    DecodeError
        If the stream is too short or too long.
    """
    check_ratio(len(payload), size)
    cursor = np.array([4, 0, 0xFFFFFFFF, int.from_bytes(payload[:4].ljust(4, b"\0"), "big")])
    stream, done = np.frombuffer(payload, np.uint8).copy(), 0  # writable, as the kernels are compiled for
    while done < size:
        # memory grows with the decoded data, not with the size that the stream claims
        asked = min(size - done, max(done, STREAM_ROOM))
        if code(asked, stream, cursor) < asked:
            raise DecodeError(f"the payload ends before its {size:,} bytes: it is truncated or corrupt")
        done += asked
    taken = int(cursor[PLACE]) - 4
    if pad_code(payload[:taken].ljust(taken, b"\0") + _last_bytes(cursor), size) != payload:
        raise DecodeError(f"the payload does not end with its {size:,} bytes: it is corrupt, or other bytes follow")


def _last_bytes(cursor: Cursor) -> bytes:
    """Return the shortest end all of whose continuations lie between low and high."""
    low, high = int(cursor[LOW]), int(cursor[HIGH])
    for size in range(5):
        unit = 1 << 8 * (4 - size)
        value = -(-low // unit)
        if (value + 1) * unit - 1 <= high:
            return value.to_bytes(size, "big")
    raise AssertionError("an interval holds at least one number")
