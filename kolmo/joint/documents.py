"""A data set as documents in a row: joined, halved, grown, and alternating with another's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kolmo._core.items import as_bytes, as_items
from kolmo.errors import DataError

_PIECES, _LINE, _SHORTEST = 16, 64, 1024
"""Into how many pieces a set that is one long string is cut, in whole lines of a patch of pixels, or whole samples of
sound; and bytes of the pieces that a growing set begins with."""
NEIGHBORS = 2**13
"""Bytes of the pieces that alternate: the shortest window of a coder, 32 KiB, holds the nearest of both sets."""


@dataclass(frozen=True)
class Documents:
    """Blocks of bytes, in order.

    Parameters
    ----------
    blocks : list of bytes
        Documents, or pieces of one long string.
    between : bytes
        What stands between two of them: the separator, or nothing.
    whole : bool
        They are pieces of one long string.
    """

    blocks: list[bytes]
    between: bytes
    whole: bool

    @classmethod
    def of(cls, data: Any, name: str, separator: bytes = b"", *, largest: int | None = None) -> Documents:
        """Return a set as documents, or as sixteen pieces of one string, or more of them if none may be larger.

        Raises
        ------
        DataError
            If it is empty.
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
            raise DataError(f"{name} is empty, and nothing shares nothing with it; pass some data")
        return found

    def __len__(self) -> int:
        return len(self.blocks)

    def joined(self) -> bytes:
        """Return all of it."""
        return self.between.join(self.blocks)

    def permuted(self, random: np.random.Generator) -> Documents:
        """Return the blocks in an order drawn at random."""
        return self._of(random.permutation(len(self)).tolist())

    def half(self, random: np.random.Generator) -> Documents:
        """Return half of the blocks, in their order."""
        return self._of(sorted(random.permutation(len(self)).tolist()[: max(1, len(self) // 2)]))

    def grown(self, share: float, order: Sequence[int]) -> Documents:
        """Return a share of the bytes: what grows with the share, and is all for 1.

        Whole documents come as `order` says; of a long string pieces do, a kilobyte of each, and once all are there
        they grow together. All keep their places.
        """
        sizes = [len(self.blocks[place]) for place in order]
        size = math.ceil(share * sum(sizes))
        if size >= sum(sizes):
            return self
        if not self.whole:
            return self._of(sorted(order[: 1 + int(np.searchsorted(np.cumsum(sizes), size))]))
        starts = [min(each, _SHORTEST) for each in sizes]
        if size <= sum(starts):
            before = np.cumsum([0, *starts[:-1]]).tolist()
            taken = [max(0, min(start, size - earlier)) for start, earlier in zip(starts, before, strict=True)]
        else:
            taken = _level(sizes, size)
        kept = sorted((place, count) for place, count in zip(order, taken, strict=True) if count)
        return replace(self, blocks=[self.blocks[place][:count] for place, count in kept])

    def _of(self, places: Sequence[int]) -> Documents:
        return replace(self, blocks=[self.blocks[place] for place in places])


def _level(sizes: Sequence[int], total: int) -> list[int]:
    """Return as much of each as of any other, as far as it goes, and the total in all."""
    taken = [0] * len(sizes)
    for done, place in enumerate(sorted(range(len(sizes)), key=sizes.__getitem__)):
        taken[place] = min(sizes[place], -(-total // (len(sizes) - done)))
        total -= taken[place]
    return taken


def concatenated(first: Documents, second: Documents, separator: bytes) -> bytes:
    """Return one set after the other."""
    return first.joined() + separator + second.joined()


def interleaved(first: Documents, second: Documents, separator: bytes) -> bytes:
    """Return the blocks of two sets by turns, beginning with the first; those of the smaller are spread evenly.

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
