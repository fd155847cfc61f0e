"""The frame of the streams of own coders: the length in front, a prefix-free end, and a bound on the ratio.

A stream is the number of bytes (LEB128) and an arithmetic code of them. The code ends with the fewest bytes all of
whose continuations lie in the final interval, so no stream is the start of another, and a decoder finds every missing
and every additional byte. A code has at least one byte for each `MAX_RATIO` bytes of data (zeros are appended if
needed), so the size that a forged stream can claim, and with it the decoder's work and memory, is bounded by the
length of the stream.
"""

from __future__ import annotations

from kolmo.coders.limits import too_large
from kolmo.errors import DecodeError

MAX_RATIO = 1024
"""The most bytes of data for each byte of a code. The limit of deflate is 1,032."""

END_BITS = 2.0
"""The most bits that a prefix-free end adds to the ideal code length. Whole bytes can add 7 more."""


def code_bits(size: int, surprisal: float) -> float:
    """Return the stated length of an arithmetic code with its end, in bits.

    Parameters
    ----------
    size : int
        Number of bytes of the data.
    surprisal : float
        Sum of their surprisals, in bits.

    Examples
    --------
    >>> code_bits(0, 0.0), code_bits(20, 31.5), code_bits(10**6, 5.0)
    (0.0, 33.5, 7808.0)
    """
    return max(surprisal + END_BITS, 8.0 * (size // MAX_RATIO)) if size else 0.0


def pad_code(code: bytes, size: int) -> bytes:
    """Return the code of `size` bytes, with the zeros that `MAX_RATIO` requires."""
    return code.ljust(size // MAX_RATIO, b"\0")


def check_ratio(payload_size: int, size: int) -> None:
    """Raise a DecodeError if a code of `payload_size` bytes cannot hold `size` bytes."""
    if size // MAX_RATIO > payload_size:
        raise DecodeError(f"a payload of {payload_size:,} bytes cannot hold {size:,} bytes: it is truncated or corrupt")


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
