"""The length in front of a stream that does not tell where it ends."""

from __future__ import annotations

from kolmo.coders.limits import too_large
from kolmo.errors import DecodeError


def join_length(length: int, stream: bytes) -> bytes:
    """Return `stream` behind `length` as an unsigned LEB128 number: one byte up to 127, two up to 16,383.

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
    """Return the length in front and the stream behind it.

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
                raise DecodeError("the length in front of the stream is not in its shortest form")
            if length > max_size:
                raise too_large(max_size)
            return length, payload[position + 1 :]
    raise DecodeError(f"the payload of {len(payload):,} bytes does not start with the length of its content")
