"""The overlap of two items: the passage of y that a copy from x makes cheapest."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from kolmo.find.background import bucket_count
from kolmo.find.overlap_kernels import N_COLUMNS, find_overlaps

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def overlaps(ys: Sequence[bytes], surprisals: Sequence[Floats], xs: Sequence[bytes], pairs: Integers) -> Floats:
    """Return the overlaps of pairs of items.

    Parameters
    ----------
    ys, xs : sequence of bytes
        The items.
    surprisals : sequence of ndarray
        The bits of each byte of each y, by the background.
    pairs : int64 ndarray of shape (n_pairs, 2)
        The numbers of y and of x; pairs of the same y, or of the same x, are best together.

    Returns
    -------
    ndarray of shape (n_pairs, N_COLUMNS)
        The bits saved, start and end of the passage in y and in x, and the bits of the passage by the background.
    """
    longest_y, longest_x = max(map(len, ys), default=0), max(map(len, xs), default=0)
    rows = np.zeros((len(pairs), N_COLUMNS))
    find_overlaps(
        _joined(ys),
        _starts(ys),
        np.concatenate([np.empty(0), *surprisals]),
        _joined(xs),
        _starts(xs),
        np.ascontiguousarray(pairs, dtype=np.int64),
        np.empty(bucket_count(longest_x), np.int32),
        np.empty(longest_x + 1, np.int32),
        np.empty((4, max(longest_y, longest_x) + 1)),
        np.empty((3, longest_y + 1), np.int32),
        rows,
    )
    return rows


def _joined(items: Sequence[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(items) or b"\0", np.uint8)


def _starts(items: Sequence[bytes]) -> Integers:
    return np.cumsum([0, *map(len, items)], dtype=np.int64)


def folded(item: bytes) -> bytes:
    """Return an item in lower case: all letters whose lower case has the same number of bytes in UTF-8.

    Offsets stay valid, and bytes that are not UTF-8 are unchanged.

    Examples
    --------
    >>> folded("Der Straßenbau KÖLN".encode()).decode()
    'der straßenbau köln'
    >>> folded(b"\\xffABC")
    b'\\xffabc'
    """
    if item.isascii():
        return item.lower()
    return item.decode("utf-8", "surrogateescape").translate(_lower_case()).encode("utf-8", "surrogateescape")


@cache
def _lower_case() -> dict[int, str]:
    """Return the letters whose lower case is one letter of as many bytes."""
    letters = (chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    pairs = ((letter, letter.lower()) for letter in letters)
    return {
        ord(letter): lower
        for letter, lower in pairs
        if lower != letter and len(lower) == 1 and len(lower.encode()) == len(letter.encode())
    }
