"""Sketches: min-hash digests of the phrases of items, whose similarity estimates that of the items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_count
from kolmo._core.items import as_bytes
from kolmo.distances.sketch_kernels import phrase_hashes, similarities
from kolmo.errors import ParameterError

Hashes = NDArray[np.uint32]

SIZE = 128
LARGEST_SIZE = 2**16
ALL = np.empty(0, np.int64)
"""For the kernel `similarities`: no sketches are chosen, so all are compared."""


@dataclass(frozen=True, eq=False)
class Sketch:
    """A digest of an item: the smallest hashes of the phrases of its LZ78 parse. Made by `sketch`.

    Parameters
    ----------
    hashes : uint32 ndarray of shape (n_hashes,)
        The smallest hashes, ascending; fewer than `size` if the item has fewer phrases.
    size : int
        The largest number of hashes.
    """

    hashes: Hashes
    size: int

    def similarity(self, other: Sketch) -> float:
        """Return the estimated Jaccard similarity of the sets of phrases, from 0 to 1.

        Parameters
        ----------
        other : Sketch
            A sketch of the same size.

        Returns
        -------
        float
            The Lempel-Ziv Jaccard similarity; 1 minus it is a distance.

        Raises
        ------
        ParameterError
            If the sizes differ.
        """
        if other.size != self.size:
            raise ParameterError(f"expected a sketch of size {self.size}, got one of size {other.size}; use one size")
        found = np.empty(1)
        similarities(self.hashes, other.hashes, np.array([0, len(other.hashes)]), ALL, self.size, found)
        return float(found[0])


def sketch(item: Any, *, size: int = SIZE) -> Sketch:
    """Return the sketch of an item: a digest whose similarity to other sketches estimates that of the items.

    The item is cut into the phrases of its LZ78 parse, each the shortest string that is not a phrase yet, and the
    smallest of their hashes are kept.

    Parameters
    ----------
    item : str or bytes-like
        Text is encoded as UTF-8.
    size : int
        Largest number of hashes; an estimate from 128 has a standard error of at most 0.044.

    Returns
    -------
    Sketch

    References
    ----------
    Raff and Nicholas, "An Alternative to NCD for Large Sequences, Lempel-Ziv Jaccard Distance", KDD 2017.

    Examples
    --------
    >>> text = "It was the best of times, it was the worst of times, it was the age of wisdom"
    >>> one, two, three = sketch(text), sketch(text.replace("age", "era")), sketch("Call me Ishmael. Some years ago")
    >>> one.similarity(two) > 0.5 > one.similarity(three)
    True
    """
    check_count("size", size, 1, LARGEST_SIZE)
    return Sketch(hashes_of([as_bytes(item)], size)[0], size)


def hashes_of(items: Sequence[bytes], size: int) -> list[Hashes]:
    """Return the hashes of each item, ascending."""
    longest = max(map(len, items), default=0)
    table = np.zeros(1 << max(4, (2 * longest).bit_length()), np.uint64)
    found = np.empty(longest + 1, np.uint32)
    sketches = []
    for item in items:
        used = table[: 1 << max(4, (2 * len(item)).bit_length())]
        used[:] = 0
        count = int(phrase_hashes(np.frombuffer(item, np.uint8), used, found))
        hashes = np.unique(found[:count])
        sketches.append(hashes[:size].copy())
    return sketches


def hashes_of_block(items: Sequence[bytes], size: int) -> tuple[Hashes, NDArray[np.int64]]:
    """Return the hashes of items, concatenated, and their numbers."""
    found = hashes_of(items, size)
    return np.concatenate([np.empty(0, np.uint32), *found]), np.array([len(each) for each in found], np.int64)
