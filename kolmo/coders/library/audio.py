"""FLAC, a lossless audio format for raw samples, by libsndfile."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any, ClassVar

from kolmo._core.checks import check_integer
from kolmo._core.extras import import_extra
from kolmo.coders.base import Coder, Decode, Encode
from kolmo.coders.entropy.framing import join_length, split_length
from kolmo.coders.tags import CoderTags
from kolmo.errors import DecodeError

_SUBTYPES = {1: "PCM_S8", 2: "PCM_16", 3: "PCM_24"}
_RATE = 44_100
"""Sample rate, which FLAC requires and no code length depends on."""

_SIGN = 0x80
"""Converts unsigned bytes to signed ones and back by exclusive or."""


@dataclass(frozen=True, kw_only=True)
class Flac(Coder):
    """Bytes as the samples of a FLAC file. Needs the extra ``audio``.

    The stream is the number of bytes (LEB128), the length of the file, the file, and the remaining bytes that do not
    fill a frame of all channels. A file starts with about 90 bytes of headers.

    Parameters
    ----------
    channels : int
        1 to 8, interleaved.
    width : int
        Bytes in a sample, as in WAV files: 1 (unsigned), 2 or 3 (signed, little-endian).
    level : int
        0 (fast) to 8 (small).

    References
    ----------
    van Beurden, Weaver, "Free Lossless Audio Codec (FLAC)", RFC 9639, 2024.

    Examples
    --------
    >>> import numpy as np
    >>> sine = (9000 * np.sin(np.arange(8000) / 20)).astype("<i2").tobytes()
    >>> flac = Flac()
    >>> flac.decompress(flac.compress(sine)) == sine, flac.code_length(sine) < 0.4 * 8 * len(sine)
    (True, True)
    """

    channels: int = 1
    width: int = 2
    level: int = 8

    name: ClassVar[str] = "flac"

    def __post_init__(self) -> None:
        check_integer("channels", self.channels, 1, 8)
        check_integer("width", self.width, 1, 3)
        check_integer("level", self.level, 0, 8)
        _soundfile()

    @property
    def tags(self) -> CoderTags:
        block = 1152 if self.level < 3 else 4096  # samples that libFLAC codes independently
        return CoderTags(window=block * self.channels * self.width, portable=True)

    def versions(self) -> dict[str, str]:
        # libFLAC writes its version into the file; libsndfile does not report it
        signed = re.search(rb"libFLAC ([\w.]+)", self._write(bytes(self.channels * self.width)))
        found = {"libsndfile": str(_soundfile().__libsndfile_version__)}
        return found | ({"libFLAC": signed[1].decode("ascii")} if signed else {})

    def _encoder(self, context: bytes) -> Encode:
        frame = self.channels * self.width

        def encode(data: bytes) -> bytes:
            whole = len(data) // frame * frame
            file = self._write(data[:whole]) if whole else b""  # a FLAC file has at least one frame
            return join_length(len(data), join_length(len(file), file) + data[whole:])

        return encode

    def _decoder(self, context: bytes) -> Decode:
        frame = self.channels * self.width

        def decode(payload: bytes, max_size: int) -> bytes:
            size, stream = split_length(payload, max_size)
            length, stream = split_length(stream, len(stream))
            frames, rest = divmod(size, frame)
            if length + rest != len(stream) or (frames == 0) != (length == 0):
                raise DecodeError(
                    f"expected a file of {length:,} bytes and {rest} more bytes, got {len(stream):,} in all"
                )
            return (self._read(stream[:length], frames) if frames else b"") + stream[length:]

        return decode

    def _write(self, data: bytes) -> bytes:
        """Return the FLAC file of at least one complete frame."""
        import numpy as np

        # libsndfile takes 16 or 32 bits and writes the upper ones, so samples of 8 and 24 bits are placed there
        samples = np.zeros((len(data) // self.width, self._held), dtype=np.uint8)
        samples[:, -self.width :] = np.frombuffer(data, dtype=np.uint8).reshape(-1, self.width)
        if self.width == 1:
            samples ^= _SIGN
        file, frames = BytesIO(), samples.view(f"<i{self._held}").reshape(-1, self.channels)
        _soundfile().write(
            file,
            frames.astype(f"i{self._held}", copy=False),
            samplerate=_RATE,
            format="FLAC",
            subtype=_SUBTYPES[self.width],
            compression_level=self.level / 8,
        )
        return file.getvalue()

    def _read(self, file: bytes, frames: int) -> bytes:
        """Return the samples of a FLAC file after checking that its header states this number of frames."""
        import numpy as np

        # STREAMINFO is first: 20 bits of rate, 3 of channels less 1, 5 of sample width less 1, 36 of frames
        claimed = int.from_bytes(file[18:26], "big") & 2**44 - 1
        if file[:4] != b"fLaC" or claimed != self.channels - 1 << 41 | 8 * self.width - 1 << 36 | frames:
            raise DecodeError(
                f"expected the header of {frames:,} x {self.channels} samples of {self.width} bytes, got another"
            )
        with _soundfile().SoundFile(BytesIO(file)) as sound:
            if (sound.format, sound.channels, sound.subtype) != ("FLAC", self.channels, _SUBTYPES[self.width]):
                raise DecodeError(
                    f"expected {self.channels} channels of FLAC, got {sound.channels} channels of {sound.format}"
                )
            found = sound.read(frames, dtype=f"int{8 * self._held}", always_2d=True)
        if found.shape != (frames, self.channels):
            raise DecodeError(f"expected {frames:,} frames, got {len(found):,}")
        samples = found.astype(f"<i{self._held}", copy=False).reshape(-1, 1).view(np.uint8)
        data: bytes = (samples[:, -self.width :] ^ _SIGN if self.width == 1 else samples[:, -self.width :]).tobytes()
        return data

    @property
    def _held(self) -> int:
        """Bytes in a sample at the interface of libsndfile."""
        return 4 if self.width == 3 else 2


def _soundfile() -> Any:
    return import_extra("soundfile", extra="audio", purpose="the coder 'flac'")
