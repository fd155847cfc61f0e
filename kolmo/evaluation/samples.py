"""Pieces of data of several kinds to try coders on; all come with Python and the dependencies."""

from __future__ import annotations

import sysconfig
from collections.abc import Callable
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np

_NOISE = 2**22
"""Random bytes to draw from: pieces of 2 MiB, as large as any audit that ends today."""


def _text() -> bytes:
    """Prose of API docstrings."""
    from kolmo.data.builtin import docstrings

    return b"\n".join([*docstrings("train").items, *docstrings("test").items])


def _source() -> bytes:
    """Modules of Python's standard library."""
    return b"".join(path.read_bytes() for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")))


def _records() -> bytes:
    """Handwritten digits, in records of 64 pixels."""
    from kolmo.data.builtin import digits

    return b"".join([*digits("train").items, *digits("test").items])


def _random() -> bytes:
    return np.random.default_rng(0).integers(0, 256, _NOISE, np.uint8).tobytes()


KINDS: dict[str, Callable[[], bytes]] = {"text": _text, "source": _source, "records": _records, "random": _random}


@cache
def specimen(kind: str) -> bytes:
    """Return all there is of a kind."""
    return KINDS[kind]()


def pairs(data: bytes, size: int, count: int, *, kind: str, random_state: int) -> list[tuple[bytes, bytes]]:
    """Draw pairs of pieces that do not overlap; a pair depends on the kind, the size and the seed alone."""
    random = np.random.default_rng([random_state, crc32(kind.encode()), size])
    starts = np.sort(random.integers(0, len(data) - 2 * size + 1, (count, 2)))
    found = [(data[first : first + size], data[second + size : second + 2 * size]) for first, second in starts.tolist()]
    return [pair[::step] for pair, step in zip(found, random.choice([-1, 1], count).tolist(), strict=True)]  # type: ignore[misc]


def respelled(data: bytes, *, random_state: int = 0) -> bytes:
    """Return `data` in another alphabet: each letter is another one, capitals stay capitals.

    Nothing that a coder could learn from the data themselves changes; what it knew of the language beforehand is of
    no use.
    """
    order = np.random.default_rng(random_state).permutation(26)
    lower = bytes(range(ord("a"), ord("z") + 1))
    other = bytes(lower[letter] for letter in order)
    return data.translate(bytes.maketrans(lower + lower.upper(), other + other.upper()))
