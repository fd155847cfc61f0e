"""Length prefix of streams that do not mark their end."""

from __future__ import annotations

from kolmo.coders.limits import too_large
from kolmo.errors import DecodeError


def join_length(length: int, stream: bytes) -> bytes:
    """Return `length` as an unsigned LEB128 number (one byte up to 127, two up to 16,383), followed by `stream`.

    Examples
    --------
    >>> join_length(300, b"abc")
    b'\\xac\\x02abc'
    """
    prefix = bytearray()
    while length > 127:
        prefix.append(length & 127 | 128)
        length >>= 7
    prefix.append(length)
    return bytes(prefix) + stream


def split_length(payload: bytes, max_size: int) -> tuple[int, bytes]:
    """Return the length prefix of a payload, and the rest of the payload.

    Raises
    ------
    DecodeError
        If the payload ends within the number, the number is not in its shortest form, or it is larger than `max_size`.

    Examples
    --------
    >>> split_length(b"\\xac\\x02abc", 1000)
    (300, b'abc')
    """
    length = 0
    for position, byte in enumerate(payload[:10]):
        length |= (byte & 127) << 7 * position
        if byte < 128:
            if byte == 0 and position > 0:
                raise DecodeError("the length prefix of the stream is not in its shortest form: the payload is corrupt")
            if length > max_size:
                raise too_large(max_size)
            return length, payload[position + 1 :]
    raise DecodeError(f"the payload of {len(payload):,} bytes has no valid length prefix: it is truncated or corrupt")
