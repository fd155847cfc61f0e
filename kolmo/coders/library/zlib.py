"""DEFLATE (RFC 1951) by zlib: raw, in the zlib wrapper (RFC 1950) and as a gzip member (RFC 1952)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from kolmo._core.checks import check_integer
from kolmo.coders.base import Coder, Decode, Encode, LowerBounds
from kolmo.coders.limits import decode_bounded
from kolmo.coders.tags import CoderTags

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SHORTEST_MATCH = 3


@dataclass(frozen=True, kw_only=True)
class _ZlibFamily(Coder):
    """Base of the three formats.

    Parameters
    ----------
    level : int
        0 (stored) to 9 (best, the default, as in Python's gzip).
    """

    level: int = 9

    window_bits: ClassVar[int]
    wrapper_bytes: ClassVar[int]
    """Size of header and checksum in addition to the raw stream."""

    def __post_init__(self) -> None:
        check_integer("level", self.level, 0, 9)

    @property
    def tags(self) -> CoderTags:
        return CoderTags(window=2**15, priming="native", min_context=_SHORTEST_MATCH, portable=True)

    def versions(self) -> dict[str, str]:
        return {"zlib": zlib.ZLIB_RUNTIME_VERSION}

    def _joint_batch(self, xs: Sequence[bytes], ys: Sequence[bytes]) -> NDArray[np.float64]:
        import numpy as np

        from kolmo.coders.deflate import lengths as deflate_lengths, pairs as deflate_pairs

        if not self._uses_kernels(xs, ys, len(xs) * len(ys)):
            return super()._joint_batch(xs, ys)
        return self._bits(np.stack(deflate_lengths.joint_sizes(xs, deflate_pairs.prepare(ys))))

    def _pairs_batch(
        self, xs: Sequence[bytes], ys: Sequence[bytes], columns: Sequence[NDArray[np.intp]]
    ) -> list[NDArray[np.float64]]:
        from kolmo.coders.deflate import lengths as deflate_lengths, pairs as deflate_pairs

        if not self._uses_kernels(xs, ys, sum(map(len, columns))):
            return super()._pairs_batch(xs, ys, columns)
        return list(map(self._bits, deflate_lengths.joint_sizes(xs, deflate_pairs.prepare(ys), columns)))

    def _lower_bounds(self, xs: Sequence[bytes], ys: Sequence[bytes]) -> Iterator[LowerBounds] | None:
        if not self._uses_kernels(xs, ys, len(xs) * len(ys)):
            return None
        return self._bounded(xs, ys)

    def _bounded(self, xs: Sequence[bytes], ys: Sequence[bytes]) -> Iterator[LowerBounds]:
        from kolmo.coders.deflate import lengths as deflate_lengths, pairs as deflate_pairs

        for row, columns, bounds, sizes in deflate_lengths.bounded_sizes(xs, deflate_pairs.prepare(ys)):
            exact = partial(self._exact, sizes)
            yield LowerBounds(row=row, columns=columns, lower_bits=self._bits(bounds), exact=exact)

    def _exact(self, sizes: Callable[[NDArray[np.intp]], NDArray[Any]], places: NDArray[np.intp]) -> Any:
        return self._bits(sizes(places))

    def _uses_kernels(self, xs: Sequence[bytes], ys: Sequence[bytes], n_pairs: int) -> bool:
        from kolmo.coders.deflate import lengths as deflate_lengths

        return self.level == deflate_lengths.LEVEL and deflate_lengths.pays(xs, ys, n_pairs)

    def _bits(self, sizes: NDArray[Any]) -> NDArray[np.float64]:
        bits: NDArray[np.float64] = 8.0 * (sizes + self.wrapper_bytes)
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
    """DEFLATE as a gzip member with 18 bytes of header and trailer, as in the gzip-kNN paper of 2023.

    The format has no preset dictionary, so a primed gzip coder computes the difference L(xy) - L(x).

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
    def tags(self) -> CoderTags:
        return CoderTags(window=2**15, portable=True)
