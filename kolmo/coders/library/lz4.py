"""LZ4 blocks by python-lz4, the fastest of the built-in coders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from kolmo._core.checks import check_integer
from kolmo._core.extras import import_extra
from kolmo.coders.base import Coder, Decode, Encode
from kolmo.coders.entropy.framing import join_length, split_length
from kolmo.coders.tags import CoderTags
from kolmo.errors import DecodeError

_LARGEST_RATIO = 255
_MIN_CONTEXT = 12
"""liblz4 ends a block with literals, so it finds no match for text that equals a shorter context."""


@dataclass(frozen=True, kw_only=True)
class Lz4(Coder):
    """The original length (LEB128), which an LZ4 block does not contain, and a raw block. Needs the extra ``lz4``.

    Parameters
    ----------
    level : int
        0 is the fast compressor, 1 to 12 the high-compression one.

    Examples
    --------
    >>> Lz4().overhead_bits
    16.0
    """

    level: int = 0

    name: ClassVar[str] = "lz4"

    def __post_init__(self) -> None:
        check_integer("level", self.level, 0, 12)
        _block()

    @property
    def tags(self) -> CoderTags:
        return CoderTags(
            window=2**16 - 1, parallel="processes", priming="native", min_context=_MIN_CONTEXT, portable=True
        )

    def versions(self) -> dict[str, str]:
        package = import_extra("lz4", extra="lz4", purpose="the coder 'lz4'")
        return {"liblz4": str(package.library_version_string()), "lz4": str(package.__version__)}

    def _encoder(self, context: bytes) -> Encode:
        compress, level = _block().compress, self.level
        mode = "high_compression" if level else "default"
        options: dict[str, Any] = {"mode": mode, "store_size": False} | ({"compression": level} if level else {})
        if context:
            options["dict"] = context[-(2**16) :]
        return lambda data: join_length(len(data), compress(data, **options))

    def _decoder(self, context: bytes) -> Decode:
        decompress = _block().decompress
        options = {"dict": context[-(2**16) :]} if context else {}

        def decode(payload: bytes, max_size: int) -> bytes:
            size, block = split_length(payload, max_size)
            if size > _LARGEST_RATIO * len(block):
                raise DecodeError(f"a block of {len(block):,} bytes cannot hold {size:,} bytes")
            data: bytes = decompress(block, uncompressed_size=size, **options)
            if len(data) != size:
                raise DecodeError(f"expected a block of {size:,} bytes, got {len(data):,}")
            return data

        return decode


def _block() -> Any:
    return import_extra("lz4.block", extra="lz4", purpose="the coder 'lz4'")
