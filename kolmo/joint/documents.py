"""A data set as a sequence of documents: concatenated, interleaved, resampled and cut to a prefix."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.items import as_bytes, as_items
from kolmo.errors import DataError

_PIECES, _LINE, _SHORTEST = 16, 64, 1024
"""The number of pieces of a set that is one string; the unit of their sizes, which keeps lines of pixels and samples of
sound whole; and the bytes of each piece that a prefix takes first."""
INTERLEAVED_BYTES = 2**13
"""Largest piece of a string that is interleaved, so that a window of 32 KiB holds neighbouring pieces of both sets."""


@dataclass(frozen=True)
class Documents:
    """A data set as a sequence of blocks.

    Parameters
    ----------
    blocks : list of bytes
        Documents, or pieces of one string.
    between : bytes
        The separator of documents; empty for pieces of a string.
    whole : bool
        Whether the blocks are pieces of one string.
    places : tuple of int
        The place of each block in the data set as it was given.
    """

    blocks: list[bytes]
    between: bytes
    whole: bool
    places: tuple[int, ...] = ()

    @classmethod
    def of(cls, data: Any, name: str, separator: bytes = b"", *, largest: int | None = None) -> Documents:
        """Return a data set as documents; one string becomes sixteen pieces, or more if they exceed `largest` bytes.

        Raises
        ------
        DataError
            If the set is empty.
        """
        if isinstance(data, str | bytes | bytearray | memoryview):
            string = as_bytes(data)
            size = max(1, -(-len(string) // _PIECES))
            if size > _LINE:
                size = min(-(-size // _LINE) * _LINE, largest or len(string))
            blocks = [string[start : start + size] for start in range(0, len(string), size)]
            found = cls(blocks, b"", True)
        else:
            found = cls(list(as_items(data)), separator, False)
        if not any(found.blocks):
            raise DataError(f"{name} is empty; expected at least one byte")
        return replace(found, places=tuple(range(len(found))))

    def __len__(self) -> int:
        return len(self.blocks)

    def joined(self) -> bytes:
        """Return the blocks as one string."""
        return self.between.join(self.blocks)

    def permuted(self, random: np.random.Generator) -> Documents:
        """Return the blocks in random order."""
        return self._of(random.permutation(len(self)).tolist())

    def part(self, chosen: NDArray[np.bool_]) -> Documents:
        """Return the chosen blocks, in their order."""
        return self._of(np.flatnonzero(chosen).tolist())

    def translated(self, values: bytes) -> Documents:
        """Return the blocks with each byte replaced by the one that a table of 256 bytes gives."""
        return replace(self, blocks=[block.translate(values) for block in self.blocks])

    def prefix(self, fraction: float, order: Sequence[int]) -> Documents:
        """Return a subset with a fraction of the bytes; a larger fraction gives a superset, and 1 the whole set.

        Documents are added whole, in the order given. The pieces of a string are added in that order with their first
        kilobyte, and are then extended together. The blocks keep their positions.
        """
        sizes = [len(self.blocks[place]) for place in order]
        size = math.ceil(fraction * sum(sizes))
        if size >= sum(sizes):
            return self
        if not self.whole:
            return self._of(sorted(order[: 1 + int(np.searchsorted(np.cumsum(sizes), size))]))
        starts = [min(each, _SHORTEST) for each in sizes]
        if size <= sum(starts):
            before = np.cumsum([0, *starts[:-1]]).tolist()
            taken = [max(0, min(start, size - earlier)) for start, earlier in zip(starts, before, strict=True)]
        else:
            taken = _equal_parts(sizes, size)
        kept = sorted((place, count) for place, count in zip(order, taken, strict=True) if count)
        shortened = [self.blocks[place][:count] for place, count in kept]
        return replace(self, blocks=shortened, places=tuple(self.places[place] for place, _ in kept))

    def _of(self, numbers: Sequence[int]) -> Documents:
        chosen = [self.blocks[number] for number in numbers]
        return replace(self, blocks=chosen, places=tuple(self.places[number] for number in numbers))


def _equal_parts(sizes: Sequence[int], total: int) -> list[int]:
    """Return sizes of equal parts, limited by `sizes`, that sum to `total`."""
    taken = [0] * len(sizes)
    for done, place in enumerate(sorted(range(len(sizes)), key=sizes.__getitem__)):
        taken[place] = min(sizes[place], -(-total // (len(sizes) - done)))
        total -= taken[place]
    return taken


def concatenated(first: Documents, second: Documents, separator: bytes) -> bytes:
    """Return the first set followed by the second."""
    return first.joined() + separator + second.joined()


def interleaved(first: Documents, second: Documents, separator: bytes) -> bytes:
    """Return the blocks of two sets interleaved, starting with the first set; the smaller set is spread evenly.

    Examples
    --------
    >>> few, many = (Documents.of(blocks, "it", b" ") for blocks in (["A", "B"], ["1", "2", "3", "4"]))
    >>> interleaved(few, many, b" "), interleaved(many, few, b" ")
    (b'A 1 2 B 3 4', b'1 A 2 3 B 4')
    """
    turns = sorted(
        (place / len(each), number, place) for number, each in enumerate((first, second)) for place in range(len(each))
    )
    parts: list[bytes] = []
    last = None
    for _, number, place in turns:
        each = (first, second)[number]
        if last is not None:
            parts.append(each.between if last == number else separator)
        parts.append(each.blocks[place])
        last = number
    return b"".join(parts)
