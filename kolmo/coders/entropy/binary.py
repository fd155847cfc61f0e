"""A binary arithmetic coder: bit after bit, each with a probability of its own; what bitwise coders share.

The code is a number from `low` to `high`, of which 32 bits are in hand; each bit takes a part of the interval as large
as it was likely, and bytes on which both ends agree leave it. All is done in whole numbers.

Witten, Neal and Cleary, "Arithmetic coding for data compression", Communications of the ACM, 1987. Rissanen and
Langdon, "Arithmetic coding", IBM Journal of Research and Development, 1979.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.jit import i64, inline, u64
from kolmo.errors import DecodeError

MEASURE, ENCODE, DECODE = 0, 1, 2
"""What a kernel does with each byte; the first needs no code."""
PLACE, LOW, HIGH, WINDOW = range(4)
"""What a cursor holds between calls of a kernel: the place in the stream, the interval, and what a decoder sees."""
STREAM_ROOM = 2**16

_BYTE_ROOM = 32  # 8 bits, and no bit settles more than the 4 bytes in hand
_AFTER_END = 8

Bytes = NDArray[np.uint8]
Cursor = NDArray[np.int64]


@inline
def stuck(mode: int, place: int, stream: Any) -> bool:
    """Tell whether the stream might not hold another byte (`ENCODE`), or ended before one (`DECODE`)."""
    return (mode == ENCODE and place + _BYTE_ROOM > len(stream)) or (
        mode == DECODE and place > len(stream) + _AFTER_END
    )


@inline
def code_bit(mode: int, bit: int, chance: int, low: Any, high: Any, window: Any, place: Any, stream: Any) -> Any:
    """Write a bit (`ENCODE`) or read one (`DECODE`); return it, and the new low, high, window and place.

    Parameters
    ----------
    mode : {ENCODE, DECODE}
    bit : int
        `DECODE` ignores it.
    chance : int
        The probability of a one in units of 2 to the power of -32: 0 to 2 to the power of 32, less 1. Both bits can
        be coded whatever it is, as each keeps at least one number of the interval.
    low, high, window, place : int64
        What the cursor holds.
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


def encode(code: Callable[[Bytes, Cursor], bool]) -> bytes:
    """Return the stream that a kernel writes.

    Parameters
    ----------
    code : callable
        Gets a stream and a cursor, codes on until all is coded or the stream is `stuck`, and tells whether all is.
    """
    cursor = np.array([0, 0, 0xFFFFFFFF, 0])
    stream, pieces, done = np.empty(STREAM_ROOM, np.uint8), [], False
    while not done:
        done = code(stream, cursor)
        pieces.append(stream[: cursor[PLACE]].tobytes())
        cursor[PLACE] = 0
    return b"".join(pieces) + _last_bytes(cursor)


def decode(code: Callable[[int, Bytes, Cursor], int], payload: bytes, size: int) -> None:
    """Let a kernel read `size` bytes from a stream.

    Parameters
    ----------
    code : callable
        Gets a number of bytes, a stream and a cursor, and reads so many bytes, or fewer if the stream is `stuck`;
        returns how many.
    payload : bytes
    size : int

    Raises
    ------
    DecodeError
        If the stream ends before them, or after.
    """
    cursor = np.array([4, 0, 0xFFFFFFFF, int.from_bytes(payload[:4].ljust(4, b"\0"), "big")])
    stream, done = np.frombuffer(payload, np.uint8).copy(), 0  # one that can be written, as kernels know no other
    while done < size:
        # the memory grows with what was decoded, not with what the stream claims
        asked = min(size - done, max(done, STREAM_ROOM))
        if code(asked, stream, cursor) < asked:
            raise DecodeError(f"the payload ends before its {size:,} bytes: it is truncated or corrupt")
        done += asked
    taken = int(cursor[PLACE]) - 4
    if payload[:taken].ljust(taken, b"\0") + _last_bytes(cursor) != payload:
        raise DecodeError(f"the payload does not end where its {size:,} bytes end: it is corrupt, or has a tail")


def check_size(payload_size: int, size: int, finest: int) -> None:
    """Refuse a size that no stream of so many bytes can hold.

    Parameters
    ----------
    payload_size, size : int
    finest : int
        No bit had a chance below 2 to the power of minus this, or above 1 less that: each took some length.

    Raises
    ------
    DecodeError
        If it is too large.
    """
    least_bits = -math.log1p(-(2.0**-finest)) / math.log(2)
    if size > (payload_size + 8) / least_bits:
        raise DecodeError(f"{payload_size:,} bytes cannot hold {size:,}: the payload is truncated or corrupt")


def _last_bytes(cursor: Cursor) -> bytes:
    """Return the fewest bytes that end a code between low and high; a reader takes what follows for zeros."""
    low, high = int(cursor[LOW]), int(cursor[HIGH])
    for size in range(1, 4):
        unit = 1 << 8 * (4 - size)
        value = -(-low // unit)
        if value * unit <= high:
            return value.to_bytes(size, "big")
    return low.to_bytes(4, "big")
