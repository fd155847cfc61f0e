"""Limits on the size of data decoded from untrusted streams."""

from __future__ import annotations

from typing import Any

from kolmo.errors import DecodeError

MAX_DECODED_BYTES = 2**30
"""Default limit of `Coder.decompress`: 1 GiB."""


def too_large(max_size: int) -> DecodeError:
    """Return the error for a stream that decodes to more than `max_size` bytes."""
    return DecodeError(f"expected at most {max_size:,} decoded bytes, got more; pass a larger max_size")


def decode_bounded(decompressor: Any, payload: bytes, max_size: int) -> bytes:
    """Return the decoded payload; `decompressor` has the interface of those in the standard library."""
    data: bytes = decompressor.decompress(payload, max_size + 1)
    if len(data) > max_size:
        raise too_large(max_size)
    if not decompressor.eof:
        raise DecodeError(f"the payload of {len(payload):,} bytes is truncated: its end is missing")
    if decompressor.unused_data:
        raise DecodeError(
            f"{len(decompressor.unused_data):,} bytes follow the end of the stream; pass one complete stream"
        )
    return data
