"""bzip2: the Burrows-Wheeler transform and Huffman codes."""

from __future__ import annotations

import bz2
import platform
from dataclasses import dataclass
from typing import ClassVar

from kolmo._core.checks import check_integer
from kolmo.coders.base import Coder, Decode, Encode
from kolmo.coders.limits import decode_bounded
from kolmo.coders.tags import CoderTags


@dataclass(frozen=True, kw_only=True)
class Bz2(Coder):
    """bzip2 streams.

    Parameters
    ----------
    level : int
        Block size in units of 100,000 bytes, 1 to 9; blocks are independent.

    Examples
    --------
    >>> Bz2().code_length(b"a") / 8
    37.0
    """

    level: int = 9

    name: ClassVar[str] = "bz2"

    def __post_init__(self) -> None:
        check_integer("level", self.level, 1, 9)

    @property
    def tags(self) -> CoderTags:
        return CoderTags(window=100_000 * self.level, portable=True)

    def versions(self) -> dict[str, str]:
        return {"python": platform.python_version()}

    def _encoder(self, context: bytes) -> Encode:
        return lambda data: bz2.compress(data, self.level)

    def _decoder(self, context: bytes) -> Decode:
        return lambda payload, max_size: decode_bounded(bz2.BZ2Decompressor(), payload, max_size)
