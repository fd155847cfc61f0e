"""PPMd variant H (7-Zip's PPMd7) by pyppmd: prediction by partial matching, the strongest library coder on text."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import Any, ClassVar

from kolmo._extras import import_extra
from kolmo.coders import ppmd_decoder
from kolmo.coders.base import Coder, Decode, Encode, Meter, Tags, check_integer
from kolmo.coders.framing import join_length, split_length
from kolmo.errors import DecodeError, KolmoError

_CHUNK = 2**12
"""pyppmd 1.0 to 1.3 corrupts some inputs at byte 32,768 when they go through one call of encode()."""


@dataclass(frozen=True, kw_only=True)
class Ppmd(Coder):
    """A PPMd variant H stream behind its original length (LEB128), which the stream does not tell.

    Needs the extra ``ppmd``. When the model's memory is full it starts anew.

    Parameters
    ----------
    order : int
        Longest context in bytes, 2 to 64.
    memory : int
        Bytes for the model, 2 KiB to 1 GiB.

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
    def tags(self) -> Tags:
        return Tags(parallel="processes")

    def library_versions(self) -> dict[str, str]:
        return {"pyppmd": str(_pyppmd().__version__)}

    def _meter(self, context: bytes) -> Meter:
        return lambda data: 8.0 * len(self._encode(data))

    def _encode(self, data: bytes) -> bytes:
        encoder = _pyppmd().Ppmd7Encoder(self.order, self.memory)
        parts = [encoder.encode(data[start : start + _CHUNK]) for start in range(0, len(data), _CHUNK)]
        return join_length(len(data), b"".join(parts) + encoder.flush())

    def _encoder(self, context: bytes) -> Encode:
        def encode(data: bytes) -> bytes:
            payload = self._encode(data)
            if self._decode_apart(payload[len(join_length(len(data), b"")) :], len(data)) != data:
                raise KolmoError(
                    f"pyppmd {_pyppmd().__version__} wrote a stream that does not decode to the {len(data):,} bytes it "
                    "was given; nothing was returned; use another coder, and report this to pyppmd"
                )
            return payload

        return encode

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            size, stream = split_length(payload, max_size)
            data = self._decode_apart(stream, size)
            if self._encode(data) != payload:
                raise DecodeError(f"the {len(payload):,} bytes are not the whole PPMd stream of what they decode to")
            return data

        return decode

    def _decode_apart(self, stream: bytes, size: int) -> bytes:
        """Decode in a process of its own: pyppmd's decoder can crash the interpreter on a corrupt stream."""
        command = [sys.executable, "-P", ppmd_decoder.__file__, str(self.order), str(self.memory), str(size)]
        seconds = 30 + size / 50_000
        try:
            child = subprocess.run(command, input=stream, capture_output=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            raise DecodeError(
                f"the stream did not decode to {size:,} bytes within {seconds:.0f} s; it is corrupt"
            ) from None
        if child.returncode != 0 or len(child.stdout) != size:
            raise DecodeError(f"the stream does not hold the {size:,} bytes it claims; it is corrupt or truncated")
        return child.stdout


def _pyppmd() -> Any:
    return import_extra("pyppmd", extra="ppmd", purpose="the coder 'ppmd'")
