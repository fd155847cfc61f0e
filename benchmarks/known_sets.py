"""Public data sets in two halves each, without a common picture, recording, page or gene, for tests and benchmarks.

The sets are named, and the halves of a set are neighbours: ``{"speech 1": ..., "speech 2": ..., "noise 1": ...}``.
"""

from __future__ import annotations

import io
import sysconfig
import tarfile
import wave
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.data.decoding import Reading
from kolmo.data.symbols import read_symbols

PIXELS = 28 * 28
NOISE = "noise"
GREY = Reading(pixels="grey")


class Recording(NamedTuple):
    """The digit, the speaker and the number of a recording."""

    digit: int
    speaker: str
    take: int


def written_digits(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the 10,000 test pictures of MNIST, each a row of 784 grey pixels, and their digits."""
    pictures = np.fromfile(folder / "images/mnist/t10k-images-idx3-ubyte", np.uint8, offset=16)
    return pictures.reshape(-1, PIXELS), np.fromfile(folder / "images/mnist/t10k-labels-idx1-ubyte", np.uint8, offset=8)


def grey(picture: NDArray[np.uint8]) -> bytes:
    """Return one byte for each pixel."""
    return picture.tobytes()


def ink(picture: NDArray[np.uint8]) -> bytes:
    """Return one bit for each pixel, ink or paper, eight bits to a byte."""
    return np.packbits(picture > 127).tobytes()


def spoken_digits(folder: Path) -> dict[Recording, bytes]:
    """Return the samples of the Free Spoken Digit Dataset, 16 bits at 8 kHz, by digit, speaker and take."""
    found = {}
    with tarfile.open(folder / "audio/fsdd/recordings.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None and member.name.endswith(".wav"):
                digit, speaker, take = Path(member.name).stem.split("_")
                with wave.open(io.BytesIO(file.read())) as sound:
                    found[Recording(int(digit), speaker, int(take))] = sound.readframes(sound.getnframes())
    return dict(sorted(found.items()))


def modalities(folder: Path, size: int) -> dict[str, bytes]:
    """Return about `size` bytes of each half of seven kinds of data."""
    pictures, _ = written_digits(folder)
    spoken = spoken_digits(folder)
    takes = sorted(spoken, key=lambda recording: (recording.take, recording.digit))
    photographs = sorted((folder / "images/kodak").glob("*.png"))
    modules = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    prose = (folder / "corpora/silesia/dickens").read_bytes()
    genes = (folder / "dna/ecoli/ecoli_k12_acgt").read_bytes()
    noise = np.random.default_rng(0).integers(0, 256, 2 * size, np.uint8).tobytes()
    count = size // PIXELS
    part = -(-size // len(photographs[::2]))
    return _halves(
        {
            "writing": lambda half: pictures[half::2][:count].tobytes(),
            "speech": lambda half: b"".join(spoken[key] for key in takes if key.take % 2 == half)[:size],
            "photographs": lambda half: b"".join(
                read_symbols(path, reading=GREY).data[:part] for path in photographs[half::2]
            ),
            "prose": lambda half: _middle(prose, half, size),
            "programs": lambda half: b"".join(path.read_bytes() for path in modules[half::2])[:size],
            "genes": lambda half: _middle(genes, half, size),
            NOISE: lambda half: noise[half * size :][:size],
        }
    )


def by_written_digit(folder: Path, count: int, symbols: Callable[[NDArray[np.uint8]], bytes]) -> dict[str, bytes]:
    """Return `count` pictures of each digit in each half, as the bytes that `symbols` returns for a picture."""
    pictures, digits = written_digits(folder)

    def half_of(digit: int, half: int) -> bytes:
        return b"".join(map(symbols, pictures[digits == digit][half::2][:count]))

    return _halves({str(digit): lambda half, digit=digit: half_of(digit, half) for digit in range(10)})  # type: ignore[misc]


def by_speaker(folder: Path, count: int) -> dict[str, bytes]:
    """Return `count` recordings of all ten digits by each speaker in each half."""
    return _by(folder, lambda key: key.speaker, count)


def by_spoken_digit(folder: Path, count: int, speaker: str) -> dict[str, bytes]:
    """Return `count` recordings of each digit by one speaker in each half."""
    return _by(folder, lambda key: str(key.digit) if key.speaker == speaker else "", count)


def own_and_others(gains: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the gain of each half with the other half of its set, and its largest gain with any other set."""
    places = np.arange(len(gains))
    others = np.where(places[:, None] // 2 == places // 2, -np.inf, gains)
    return gains[places, places ^ 1], others.max(axis=1)


def _by(folder: Path, name_of: Callable[[Recording], str], count: int) -> dict[str, bytes]:
    spoken = spoken_digits(folder)
    names = sorted({name_of(key) for key in spoken} - {""})

    def half_of(name: str, half: int) -> bytes:
        return b"".join(
            sound
            for key, sound in spoken.items()
            if name_of(key) == name and key.take % 2 == half and key.take // 2 < count
        )

    return _halves({name: lambda half, name=name: half_of(name, half) for name in names})  # type: ignore[misc]


def _halves(kinds: Mapping[str, Callable[[int], bytes]]) -> dict[str, bytes]:
    return {f"{name} {half + 1}": part(half) for name, part in kinds.items() for half in (0, 1)}


def _middle(whole: bytes, half: int, size: int) -> bytes:
    start = (1 + 4 * half) * len(whole) // 6
    return whole[start : start + size]
