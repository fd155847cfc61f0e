"""Samples of several kinds of data to test coders with; all come with Python and the dependencies, or are simulated."""

from __future__ import annotations

import sysconfig
from collections.abc import Callable
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np

_RANDOM_BYTES = 2**22
"""Pieces of up to 2 MiB can be drawn in pairs."""
_GENOME, _GENOMES = 16_000, 40
"""Bases of a simulated genome, as of a mitochondrion, and their number."""


def _text() -> bytes:
    """Return the prose of API docstrings."""
    from kolmo.data.builtin import docstrings

    return b"\n".join([*docstrings("train").items, *docstrings("test").items])


def _source() -> bytes:
    """Return the modules of Python's standard library."""
    return b"".join(path.read_bytes() for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")))


def _records() -> bytes:
    """Return handwritten digits as records of 64 pixels."""
    from kolmo.data.builtin import digits

    return b"".join([*digits("train").items, *digits("test").items])


def _dna() -> bytes:
    """Return simulated genomes: descendants of one ancestor, with substitutions, insertions and deletions."""
    random = np.random.default_rng(0)
    ancestor = random.choice(4, _GENOME, p=(0.31, 0.27, 0.13, 0.29)).astype(np.uint8)
    genomes = []
    for _ in range(_GENOMES):
        genome = ancestor.copy()
        changed = random.random(_GENOME) < random.uniform(0.05, 0.3)
        genome[changed] = random.integers(0, 4, int(changed.sum()))
        # gaps, and the end moved to the start, as in circular genomes
        kept = random.random(_GENOME).reshape(-1, 50)[:, 0].repeat(50) > 0.02
        genomes.append(np.roll(genome[kept], int(random.integers(0, _GENOME))))
    return np.frombuffer(b"ACGT", np.uint8)[np.concatenate(genomes)].tobytes()


def _sound() -> bytes:
    """Return a simulated sound of 16-bit samples at 8 kHz: notes with overtones, which decay, and noise."""
    random = np.random.default_rng(0)
    time = np.arange(4000) / 8000
    notes = []
    for pitch in 110 * 2 ** (random.integers(0, 37, 120) / 12):
        overtones = sum(np.sin(2 * np.pi * number * pitch * time) / number for number in range(1, 6))
        notes.append(overtones * np.exp(-random.uniform(2, 12) * time) * random.uniform(1000, 6000))
    samples = np.concatenate(notes) + random.normal(0, 20, 120 * 4000)
    return np.clip(samples, -32768, 32767).astype("<i2").tobytes()


def _random() -> bytes:
    return np.random.default_rng(0).integers(0, 256, _RANDOM_BYTES, np.uint8).tobytes()


KINDS: dict[str, Callable[[], bytes]] = {
    "text": _text,
    "source": _source,
    "records": _records,
    "dna": _dna,
    "sound": _sound,
    "random": _random,
}
"""The kinds of data, each with the function that reads all of it."""


@cache
def sample_of(kind: str) -> bytes:
    """Return all data of a kind."""
    return KINDS[kind]()


def pairs(data: bytes, size: int, count: int, *, kind: str, random_state: int) -> list[tuple[bytes, bytes]]:
    """Draw pairs of pieces that do not overlap; a pair depends on the kind, the size and the seed alone."""
    random = np.random.default_rng([random_state, crc32(kind.encode()), size])
    starts = np.sort(random.integers(0, len(data) - 2 * size + 1, (count, 2)))
    found = [(data[first : first + size], data[second + size : second + 2 * size]) for first, second in starts.tolist()]
    return [pair[::step] for pair, step in zip(found, random.choice([-1, 1], count).tolist(), strict=True)]  # type: ignore[misc]


def substitute_letters(data: bytes, *, random_state: int = 0) -> bytes:
    """Return `data` under a random substitution of the letters a to z; capitals stay capitals.

    The statistics of the data stay the same, but prior knowledge of the language, such as a built-in dictionary, is of
    no use.
    """
    order = np.random.default_rng(random_state).permutation(26)
    lower = bytes(range(ord("a"), ord("z") + 1))
    other = bytes(lower[letter] for letter in order)
    return data.translate(bytes.maketrans(lower + lower.upper(), other + other.upper()))
