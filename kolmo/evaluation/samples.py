"""Samples of several kinds of data to test coders with; all come with Python and the dependencies."""

from __future__ import annotations

import sysconfig
from collections.abc import Callable
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np

_RANDOM_BYTES = 2**22
"""Pieces of up to 2 MiB can be drawn in pairs."""


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


def _random() -> bytes:
    return np.random.default_rng(0).integers(0, 256, _RANDOM_BYTES, np.uint8).tobytes()


KINDS: dict[str, Callable[[], bytes]] = {"text": _text, "source": _source, "records": _records, "random": _random}
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
