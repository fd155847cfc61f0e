"""Sounds as the bytes of their samples, with the depth of the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kolmo._core.extras import import_extra, library_errors, silent_library
from kolmo.data.lines import NamedBytes
from kolmo.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BYTES = {"PCM_U8": 1, "PCM_S8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "ULAW": 2, "ALAW": 2}
"""Bytes of a sample of the subtypes of libsndfile that hold integers; all others become 16 bits."""
_BLOCK = 2**16


@dataclass(frozen=True)
class Sound:
    """The samples of a sound.

    Parameters
    ----------
    data : bytes
        The samples in time, the channels side by side; one byte without sign, or 2 to 4 signed bytes, the lowest first.
    sample_bytes : int
        Bytes of a sample.
    channels : int
        Number of channels.
    description : str
        Depth and channels, and how they were changed.
    """

    data: bytes
    sample_bytes: int
    channels: int
    description: str


def read_sound(data: bytes, name: str, *, mono: bool = False, max_bytes: int = 2**30, cut: bool = False) -> Sound:
    """Return the samples of a sound file.

    Parameters
    ----------
    data : bytes
        The file: WAV, FLAC, AIFF, Ogg, MP3.
    name : str
        Its name, for messages.
    mono : bool
        Whether the channels are averaged.
    max_bytes : int
        Largest number of bytes of all samples.
    cut : bool
        Whether what is beyond `max_bytes` is left out instead of refused.

    Returns
    -------
    Sound
        Integers keep their 8, 16, 24 or 32 bits. Floats become 16 bits: those from -1 to 1 are multiplied by 32,768,
        louder ones are scaled so that the loudest is 32,767.

    Raises
    ------
    DataError
        If the file is no sound, is damaged, or is longer than allowed.
    MissingDependencyError
        If the extra ``audio`` is not installed.
    """
    soundfile = import_extra("soundfile", extra="audio", purpose=f"reading the sound {name!r}")
    import numpy as np

    with library_errors(f"the sound {name} cannot be read"), silent_library():
        with soundfile.SoundFile(NamedBytes(data, name)) as file:
            channels, width = file.channels, _BYTES.get(file.subtype)
            allowed = max_bytes // (channels * (width or 2))
            blocks, n_frames = [], 0
            while n_frames <= allowed:  # the header may state any number
                block = file.read(_BLOCK, dtype="float64" if width is None else "int32", always_2d=True)
                if not len(block):
                    break
                blocks.append(block)
                n_frames += len(block)
        if not n_frames:
            raise DataError(f"the sound {name} holds no samples")
        if n_frames > allowed and not cut:
            raise DataError(f"the sound {name}: expected samples of at most {max_bytes:,} bytes, got more")
        samples = np.concatenate(blocks)[:allowed]
        said = "" if channels == 1 else f", {channels} channels"
        if width is None:
            samples, scaled = _sixteen_bits(samples, file.subtype)
            said, width = f"{scaled}{said}", 2
        else:
            samples = samples >> (32 - 8 * width)  # libsndfile places them in the upper bits
        if data.startswith(b"RIFF") and len(data) + 8 < (stated := int.from_bytes(data[4:8], "little")) < 2**31 - 1:
            said += f", truncated: {len(data):,} of {stated:,} bytes"
        if mono and channels > 1:
            samples, said = np.rint(samples.mean(1, keepdims=True)).astype(np.int64), f"{said}, averaged"
            channels = 1
    return Sound(_packed(samples, width), width, channels, f"{8 * width}-bit samples{said}")


def _sixteen_bits(samples: NDArray[Any], subtype: str) -> tuple[NDArray[Any], str]:
    """Return floats as integers of 16 bits, and how they were scaled."""
    import numpy as np

    finite = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    peak = float(np.abs(finite).max(initial=0.0))
    said = ", scaled from floats" if subtype in ("FLOAT", "DOUBLE") else f", from {subtype}"
    if peak > 1:
        return np.rint(finite / peak * 32767).astype(np.int64), f"{said} of up to {peak:g}"
    return np.clip(np.rint(finite * 32768), -32768, 32767).astype(np.int64), said


def _packed(samples: NDArray[Any], width: int) -> bytes:
    """Return integers as little-endian bytes; those of one byte are without sign, as in WAV files."""
    import numpy as np

    flat = samples.reshape(-1)
    if width == 1:
        return (flat + 128).astype(np.uint8).tobytes()
    as_bytes = flat.astype("<i4").view(np.uint8).reshape(-1, 4)
    return np.ascontiguousarray(as_bytes[:, :width]).tobytes()
