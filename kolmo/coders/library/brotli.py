"""Brotli (RFC 7932), which has a built-in dictionary of words and markup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import brotli

from kolmo._core.checks import check_integer
from kolmo.coders.base import Coder, Decode, Encode
from kolmo.coders.limits import too_large
from kolmo.coders.tags import CoderTags
from kolmo.errors import DecodeError


@dataclass(frozen=True, kw_only=True)
class Brotli(Coder):
    """Brotli streams.

    The Python binding accepts no dictionary, so a primed brotli coder computes the difference L(xy) - L(x).

    Parameters
    ----------
    quality : int
        0 to 11 (best, the library's default; about 25 times slower than 5 on short texts).
    window_log : int
        Base 2 logarithm of the window in bytes, 10 to 24.

    Examples
    --------
    >>> Brotli().code_length(b"a") / 8
    5.0
    """

    quality: int = 11
    window_log: int = 22

    name: ClassVar[str] = "brotli"

    def __post_init__(self) -> None:
        check_integer("quality", self.quality, 0, 11)
        check_integer("window_log", self.window_log, 10, 24)

    @property
    def tags(self) -> CoderTags:
        return CoderTags(window=2**self.window_log - 16, portable=True)

    def versions(self) -> dict[str, str]:
        return {"brotli": str(brotli.__version__)}

    def _encoder(self, context: bytes) -> Encode:
        quality, window_log = self.quality, self.window_log
        return lambda data: brotli.compress(data, quality=quality, lgwin=window_log)

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            decompressor = brotli.Decompressor()
            limit = max_size + 1
            parts = [decompressor.process(payload, output_buffer_limit=limit)]
            size = len(parts[0])
            while size <= max_size and not decompressor.is_finished() and not decompressor.can_accept_more_data():
                parts.append(decompressor.process(b"", output_buffer_limit=limit - size))
                size += len(parts[-1])
            if size > max_size:
                raise too_large(max_size)
            if not decompressor.is_finished():
                raise DecodeError(f"the payload of {len(payload):,} bytes is truncated: its end is missing")
            return b"".join(parts)

        return decode
