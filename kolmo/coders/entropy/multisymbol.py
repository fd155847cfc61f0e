"""Arithmetic coding of bytes with a given distribution for each: turns any predictor into a compressor.

Witten, Neal and Cleary, "Arithmetic coding for data compression", Communications of the ACM, 1987. The code is a number
between 0 and 1, written in bytes; each symbol narrows the interval in which it must lie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kolmo.coders.entropy.framing import pad_code
from kolmo.errors import DecodeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TOTAL = 2**32
"""Sum of the frequencies of a distribution."""
_BYTES = 16
_WHOLE = 256**_BYTES - 1
_TOP, _BOTTOM = 256 ** (_BYTES - 1), 2**72
"""An interval below the bottom that straddles a byte boundary is cut there, which is rare enough to cost nothing."""


def frequencies(distribution: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return positive integers with a sum of 2 to the power of 32, close to the probabilities."""
    import numpy as np

    share = distribution / distribution.sum()
    counts: NDArray[np.int64] = 1 + np.floor(share * (_TOTAL - len(share))).astype(np.int64)
    counts[int(np.argmax(counts))] += _TOTAL - int(counts.sum())
    return counts


class _Interval:
    """The interval that contains the code, as `low` and `size`, without the leading bytes already written."""

    def __init__(self) -> None:
        self.low: int = 0
        self.size: int = _WHOLE

    def narrow(self, counts: NDArray[np.int64], symbol: int) -> None:
        unit = self.size // _TOTAL
        self.low += unit * int(counts[:symbol].sum())
        self.size = unit * int(counts[symbol])

    def settled(self) -> list[int]:
        """Remove and return the common leading bytes; cut the interval if it is small and straddles a boundary."""
        removed: list[int] = []
        while True:
            if (self.low ^ (self.low + self.size)) >= _TOP:
                if self.size >= _BOTTOM:
                    return removed
                self.size = -self.low & (_BOTTOM - 1)
            removed.append(self.low >> 8 * (_BYTES - 1))
            self.low, self.size = (self.low << 8) & _WHOLE, self.size << 8

    def last(self) -> bytes:
        """Return the shortest byte string all of whose continuations lie in the interval."""
        for size in range(_BYTES + 1):
            unit = 256 ** (_BYTES - size)
            value = -(-self.low // unit)
            if (value + 1) * unit <= self.low + self.size:
                return int(value).to_bytes(size, "big")
        raise AssertionError("an interval is never empty")


class Encoder:
    """Arithmetic encoder of symbols."""

    def __init__(self) -> None:
        self._interval, self._stream = _Interval(), bytearray()

    def encode(self, counts: NDArray[np.int64], symbol: int) -> None:
        """Append a symbol whose `counts` come from `frequencies`."""
        self._interval.narrow(counts, symbol)
        self._stream += bytes(self._interval.settled())

    def finish(self) -> bytes:
        """Return the code with its prefix-free end."""
        return bytes(self._stream + self._interval.last())


class Decoder:
    """Arithmetic decoder of symbols."""

    def __init__(self, stream: bytes) -> None:
        self._interval, self._stream = _Interval(), stream
        self._window, self._taken = int.from_bytes(stream[:_BYTES].ljust(_BYTES, b"\0"), "big"), bytearray()

    def decode(self, counts: NDArray[np.int64]) -> int:
        """Return the next symbol.

        Raises
        ------
        DecodeError
            If the stream ended before it.
        """
        import numpy as np

        if len(self._taken) > len(self._stream) + _BYTES:
            raise DecodeError("the payload ends before its last byte: it is truncated or corrupt")
        offset = (self._window - self._interval.low) // (self._interval.size // _TOTAL)
        symbol = int(np.searchsorted(np.cumsum(counts), offset, side="right"))
        if symbol >= len(counts):
            raise DecodeError("the payload is not an arithmetic code of this coder: it is corrupt")
        self._interval.narrow(counts, symbol)
        for byte in self._interval.settled():
            self._taken.append(byte)
            place = len(self._taken) + _BYTES - 1
            following = self._stream[place] if place < len(self._stream) else 0
            self._window = (self._window << 8 & _WHOLE) | following
        return symbol

    def finish(self, size: int) -> None:
        """Check that the code of `size` symbols ends after the last of them.

        Raises
        ------
        DecodeError
            If it does not.
        """
        if pad_code(bytes(self._taken + self._interval.last()), size) != self._stream:
            raise DecodeError("the payload does not end with its data: it is corrupt, or other bytes follow")
