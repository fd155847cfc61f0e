"""DEFLATE (RFC 1951) by zlib: raw, in the zlib wrapper (RFC 1950) and as a gzip member (RFC 1952)."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from kolmo.coders.base import Coder, Decode, Encode, Tags, check_integer, decode_bounded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class _ZlibFamily(Coder):
    """What the three wrappings share.

    Parameters
    ----------
    level : int
        0 (stored) to 9 (best, the default here and in Python's gzip).
    """

    level: int = 9

    window_bits: ClassVar[int]
    wrapper_bytes: ClassVar[int]
    """What header and checksum add to the raw stream."""

    def __post_init__(self) -> None:
        check_integer("level", self.level, 0, 9)

    @property
    def tags(self) -> Tags:
        return Tags(window=2**15, priming="native")

    def versions(self) -> dict[str, str]:
        return {"zlib": zlib.ZLIB_RUNTIME_VERSION}

    def joint_lengths(self, xs: Sequence[bytes], ys: Sequence[bytes]) -> NDArray[np.float64]:
        from kolmo.coders import deflate_lengths

        if self.level != deflate_lengths.LEVEL or not deflate_lengths.pays(xs, ys):
            return super().joint_lengths(xs, ys)
        sizes = deflate_lengths.joint_sizes(xs, deflate_lengths.prepare(ys))
        bits: NDArray[np.float64] = (8 * (sizes + self.wrapper_bytes)).astype(float)
        return bits

    def _encoder(self, context: bytes) -> Encode:
        level, window_bits = self.level, self.window_bits
        if not context:
            return lambda data: zlib.compress(data, level, window_bits)

        def encode(data: bytes) -> bytes:
            compressor = zlib.compressobj(level, zlib.DEFLATED, window_bits, zdict=context)
            return compressor.compress(data) + compressor.flush()

        return encode

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            if context:
                decompressor = zlib.decompressobj(self.window_bits, zdict=context)
            else:
                decompressor = zlib.decompressobj(self.window_bits)
            return decode_bounded(decompressor, payload, max_size)

        return decode


@dataclass(frozen=True, kw_only=True)
class Deflate(_ZlibFamily):
    """Raw DEFLATE: no header, no checksum.

    Parameters
    ----------
    level : int
        0 (stored) to 9 (best).

    Examples
    --------
    >>> Deflate().overhead_bits
    16.0
    """

    name: ClassVar[str] = "deflate"
    window_bits: ClassVar[int] = -15
    wrapper_bytes: ClassVar[int] = 0


@dataclass(frozen=True, kw_only=True)
class Zlib(_ZlibFamily):
    """DEFLATE in the zlib format: 6 bytes of header and checksum, 10 when primed.

    Parameters
    ----------
    level : int
        0 (stored) to 9 (best).

    Examples
    --------
    >>> Zlib().overhead_bits
    64.0
    """

    name: ClassVar[str] = "zlib"
    window_bits: ClassVar[int] = 15
    wrapper_bytes: ClassVar[int] = 6


@dataclass(frozen=True, kw_only=True)
class Gzip(_ZlibFamily):
    """DEFLATE as a gzip member, 18 bytes of header and trailer included: what the 2023 gzip-kNN paper measured.

    The format cannot name a preset dictionary, so a primed gzip coder is the difference L(xy) - L(x).

    Parameters
    ----------
    level : int
        0 (stored) to 9 (best).

    References
    ----------
    Jiang et al., "Low-Resource" Text Classification: A Parameter-Free Classification Method with Compressors,
    Findings of ACL 2023.

    Examples
    --------
    >>> import gzip
    >>> Gzip().code_length(b"abracadabra") == 8 * len(gzip.compress(b"abracadabra"))
    True
    """

    name: ClassVar[str] = "gzip"
    window_bits: ClassVar[int] = 31
    wrapper_bytes: ClassVar[int] = 18

    @property
    def tags(self) -> Tags:
        return Tags(window=2**15)
