"""PPMd variant H (7-Zip's PPMd7) by pyppmd: prediction by partial matching, the best library coder on text."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from kolmo._core.checks import check_integer
from kolmo._core.extras import import_extra
from kolmo.coders.base import Coder, Decode, Encode, Meter
from kolmo.coders.entropy.framing import join_length, split_length
from kolmo.coders.library import ppmd_process
from kolmo.coders.tags import CoderTags
from kolmo.errors import DecodeError, KolmoError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BATCH = 2**13
_LEAK_TOLERATED = 2**13
"""Items measured in this process before batches go to subprocesses: each encoder leaks 19 KiB."""

_FORKS_AFTER = 2**14
"""Bytes of a prefix from which a fork for each item is faster than reading the prefix again."""
_FORKS_FROM = 2**20
"""Bytes to be read again from which it also makes up for the start of a process."""

_measured_here = 0


@dataclass(frozen=True, kw_only=True)
class Ppmd(Coder):
    """The original length (LEB128), which a PPMd variant H stream does not contain, and the stream.

    Needs the extra ``ppmd``. The model is reset when its memory is full.

    Parameters
    ----------
    order : int
        Longest context in bytes, 2 to 64.
    memory : int
        Memory of the model in bytes, 2 KiB to 1 GiB.

    References
    ----------
    Shkarin, "PPM: one step to practicality", DCC 2002.

    Examples
    --------
    >>> Ppmd().code_length(b"a") / 8
    7.0
    """

    order: int = 6
    memory: int = 2**24

    name: ClassVar[str] = "ppmd"

    def __post_init__(self) -> None:
        check_integer("order", self.order, 2, 64)
        check_integer("memory", self.memory, 2**11, 2**30)
        _pyppmd()

    @property
    def tags(self) -> CoderTags:
        # not portable: variant H is defined by 7-Zip's source only, and decoding compares with the stream of pyppmd
        return CoderTags(parallel="processes")

    def versions(self) -> dict[str, str]:
        return {"pyppmd": str(_pyppmd().__version__)}

    def _meter(self, context: bytes) -> Meter:
        return lambda data: 8.0 * len(self._encode(data))

    def _joint_batch(self, xs: Sequence[bytes], ys: Sequence[bytes]) -> NDArray[np.float64]:
        import numpy as np

        table = np.empty((len(xs), len(ys)))
        for row, x in enumerate(xs):
            table[row] = self._batch_after(x, ys)
        return table

    def _batch_after(self, x: bytes, ys: Sequence[bytes]) -> NDArray[np.float64]:
        """Return L(xy) in bits for every y; a long x is read once for many ys where processes can be forked."""
        if hasattr(os, "fork") and len(x) >= _FORKS_AFTER and len(x) * (len(ys) - 1) >= _FORKS_FROM:
            lengths = self._batch_apart("after", ys, x)
            if lengths is not None:
                return lengths
        return self._batch([x + y for y in ys])

    def _batch(self, items: Sequence[bytes]) -> NDArray[np.float64]:
        """Return L(y) in bits for every y, in this process for the first items and in subprocesses for all others."""
        if _may_leak(len(items)):
            return super()._batch(items)
        lengths = self._batch_apart("sizes", items)
        if lengths is None:
            raise KolmoError(
                f"pyppmd {_pyppmd().__version__} failed on a batch of {len(items):,} items; choose another coder"
            )
        return lengths

    def _batch_apart(self, task: str, items: Sequence[bytes], prefix: bytes = b"") -> NDArray[np.float64] | None:
        """Return L(y) in bits, or L(xy) with a prefix x, measured by subprocesses; None if one of them fails."""
        import numpy as np

        first = [prefix] if prefix else []
        bits: list[float] = []
        for start in range(0, len(items), _BATCH):
            batch = items[start : start + _BATCH]
            output = self._run_apart(task, ppmd_process.join_items([*first, *batch]))
            sizes = [] if output is None else output.split()
            if len(sizes) != len(batch):
                return None
            bits += [
                8.0 * (len(join_length(len(prefix) + len(item), b"")) + int(size))
                for item, size in zip(batch, sizes, strict=True)
            ]
        return np.array(bits, dtype=np.float64)

    def _stream(self, data: bytes) -> bytes:
        return ppmd_process.encode(data, order=self.order, memory=self.memory)

    def _encode(self, data: bytes) -> bytes:
        return join_length(len(data), self._stream(data))

    def _encoder(self, context: bytes) -> Encode:
        def encode(data: bytes) -> bytes:
            stream = self._stream(data)
            if self._decode_apart(stream, len(data)) != data:
                raise KolmoError(
                    f"pyppmd {_pyppmd().__version__} wrote a stream that does not decode to the original "
                    f"{len(data):,} bytes; choose another coder, and report this to pyppmd"
                )
            return join_length(len(data), stream)

        return encode

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            size, stream = split_length(payload, max_size)
            data = self._decode_apart(stream, size)
            if data is None or len(data) != size:
                raise DecodeError(f"expected a stream of {size:,} bytes, got one that is corrupt or truncated")
            if self._encode(data) != payload:
                raise DecodeError(
                    f"the {len(payload):,} bytes are not the complete PPMd stream of the data that they decode to"
                )
            return data

        return decode

    def _decode_apart(self, stream: bytes, size: int) -> bytes | None:
        return self._run_apart("decode", stream, size, seconds=30 + size / 50_000)

    def _run_apart(self, task: str, data: bytes, *numbers: int, seconds: float | None = None) -> bytes | None:
        """Return the output of a subprocess for `data`; None if it crashes or exceeds the time limit."""
        arguments = map(str, (self.order, self.memory, *numbers))
        # -P, since the modules beside the script would shadow those of the standard library
        command = [sys.executable, "-P", ppmd_process.__file__, task, *arguments]
        try:
            child = subprocess.run(command, input=data, capture_output=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            return None
        return child.stdout if child.returncode == 0 else None


def _may_leak(count: int) -> bool:
    """Return whether so many more items may be measured in this process, and count them."""
    global _measured_here
    if _measured_here + count > _LEAK_TOLERATED:
        return False
    _measured_here += count
    return True


def _pyppmd() -> Any:
    return import_extra("pyppmd", extra="ppmd", purpose="the coder 'ppmd'")
