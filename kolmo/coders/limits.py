"""Bounds on what an untrusted stream may decode to."""

from __future__ import annotations

from typing import Any

from kolmo.errors import DecodeError

MAX_DECODED_BYTES = 2**30
"""What `Coder.decompress` allows by default: 1 GiB."""


def too_large(max_size: int) -> DecodeError:
    """Return the error for a stream that holds more than the caller allows."""
    return DecodeError(f"the payload holds more than the {max_size:,} bytes allowed; pass a larger max_size")


def decode_bounded(decompressor: Any, payload: bytes, max_size: int) -> bytes:
    """Decode with a decompressor of the standard library's kind, never beyond `max_size` bytes."""
    data: bytes = decompressor.decompress(payload, max_size + 1)
    if len(data) > max_size:
        raise too_large(max_size)
    if not decompressor.eof:
        raise DecodeError(f"the payload of {len(payload):,} bytes is truncated: its end is missing")
    if decompressor.unused_data:
        raise DecodeError(
            f"{len(decompressor.unused_data):,} bytes follow the end of the stream; pass one whole stream"
        )
    return data
