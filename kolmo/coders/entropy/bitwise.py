"""Base class of models that code bit by bit: the text read so far, and a kernel that continues it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.entropy import binary as binary_code

_NO_BYTES, _NO_COSTS = np.zeros(0, np.uint8), np.zeros(0)


class TextModel(ABC):
    """The learned parameters of a model, and the text that it has read.

    Parameters
    ----------
    size : int
        Number of bytes that the tables are sized for. The model can read more, with more hash collisions.
    """

    def __init__(self, size: int) -> None:
        self.text = np.zeros(size + 1, np.uint8)

    @property
    @abstractmethod
    def position(self) -> int:
        """Number of bytes read."""

    @abstractmethod
    def _run(self, mode: int, stop: int, stream: Any, cursor: Any, costs: Any = _NO_COSTS, **more: Any) -> int:
        """Run the kernel up to `stop`; return the position reached."""

    def measure(self, data: bytes, *, by_bit: bool = False, **more: Any) -> NDArray[np.float64]:
        """Return the code length of each byte of `data` in bits, or of each bit, and continue after it."""
        stop, bits = self._append(data), np.empty(8 * len(data) if by_bit else len(data))
        self._run(binary_code.MEASURE, stop, _NO_BYTES, np.zeros(4, np.int64), bits, **more)
        return bits

    def encode(self, data: bytes) -> bytes:
        """Return the arithmetic code of `data`, and continue after it."""
        stop = self._append(data)
        return binary_code.encode(
            lambda stream, cursor: self._run(binary_code.ENCODE, stop, stream, cursor) == stop, len(data)
        )

    def decode(self, stream: bytes, size: int) -> bytes:
        """Return the `size` bytes of a stream of `encode`, and continue after them.

        Raises
        ------
        DecodeError
            If the stream is too short or too long.
        """
        start = self.position

        def code(asked: int, stream: NDArray[np.uint8], cursor: NDArray[np.int64]) -> int:
            before = self.position
            return self._run(binary_code.DECODE, self._make_room(asked), stream, cursor) - before

        binary_code.decode(code, stream, size)
        return self.text[start : start + size].tobytes()

    def _append(self, data: bytes) -> int:
        stop = self._make_room(len(data))
        self.text[self.position : stop] = np.frombuffer(data, np.uint8)
        return stop

    def _make_room(self, size: int) -> int:
        stop = self.position + size
        if stop >= len(self.text):
            text = np.zeros(max(stop + 1, 3 * len(self.text) // 2), np.uint8)
            text[: self.position] = self.text[: self.position]
            self.text = text
        return stop
