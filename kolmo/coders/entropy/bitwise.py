"""What models that code bit by bit have in common: the text they have read, and a kernel that reads on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.entropy import binary as binary_code

_NO_BYTES, _NO_COSTS = np.zeros(0, np.uint8), np.zeros(0)


class TextModel(ABC):
    """What a model has learned, and the text that it has read.

    Parameters
    ----------
    size : int
        How many bytes it is made for; more can be read, but then its tables are crowded.
    """

    def __init__(self, size: int) -> None:
        self.text = np.zeros(size + 1, np.uint8)

    @property
    @abstractmethod
    def position(self) -> int:
        """How many bytes it has read."""

    @abstractmethod
    def _run(self, mode: int, stop: int, stream: Any, cursor: Any, costs: Any = _NO_COSTS, **more: Any) -> int:
        """Let the kernel code up to `stop`; return how far it came."""

    def measure(self, data: bytes, **more: Any) -> NDArray[np.float64]:
        """Read on, and return the bits of each byte."""
        stop, bits = self._append(data), np.empty(len(data))
        self._run(binary_code.MEASURE, stop, _NO_BYTES, np.zeros(4, np.int64), bits, **more)
        return bits

    def encode(self, data: bytes) -> bytes:
        """Read on, and return the arithmetic code of `data`."""
        stop = self._append(data)
        return binary_code.encode(lambda stream, cursor: self._run(binary_code.ENCODE, stop, stream, cursor) == stop)

    def decode(self, stream: bytes, size: int) -> bytes:
        """Read on as `encode` did, and return its `size` bytes.

        Raises
        ------
        DecodeError
            If the stream ends before them, or after.
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
