"""Exact sizes of deflate's level 9 for many pairs x + y, without compressing them one by one.

zlib reads x anew for every y. Here x is parsed once, its matches with y are looked up in its own chains, and the size
of the block follows from how often each symbol occurs: the very number that zlib gives, for a fraction of the time. A
pair goes to zlib itself where the short cut could miss what zlib does:

- joint sizes over 32,505 bytes, where the oldest bytes drop out of reach;
- more than 16,382 symbols, which zlib spreads over two blocks;
- more than 1,024 positions in one hash bucket, which zlib does not search to the end;
- an empty x, whose first byte zlib cannot match;
- an installed zlib that is another implementation, with other matches and other sizes.
"""

from __future__ import annotations

import functools
import itertools
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.deflate_tables import (
    END_OF_BLOCK,
    HASH_SIZE,
    LARGEST_JOINT_SIZE,
    LONGEST_CHAIN,
    N_LITERAL_CODES,
    N_SYMBOLS,
)
from kolmo.errors import FallbackWarning

LEVEL = 9
SMALLEST_WORK = 2**22
"""Bytes in all pairs together from which loading the kernels pays."""

_RAW = -15
_BLOCK_OF_ITEMS = 256


@dataclass(frozen=True, eq=False)
class PreparedItems:
    """Items y in the form that the kernels read, good for any number of x.

    Parameters
    ----------
    items : sequence of bytes
        As they came.
    text : ndarray of uint8
        All of them, one after the other.
    starts : ndarray of int64, of shape (n_items + 1,)
        Where each begins, and where the last one ends.
    facts : ndarray of uint64
        For each byte the name of the three bytes that start there, and the latest longest match inside its item.
    occupancy : ndarray of int64, of shape (n_items,)
        Positions in the fullest hash bucket of each item.
    keys, names : ndarray of int32
        The table that names three bytes.
    n_names : int
        How many names there are.
    """

    items: Sequence[bytes]
    text: NDArray[np.uint8]
    starts: NDArray[np.int64]
    facts: NDArray[np.uint64]
    occupancy: NDArray[np.int64]
    keys: NDArray[np.int32]
    names: NDArray[np.int32]
    n_names: int


def prepare(items: Sequence[bytes]) -> PreparedItems:
    """Read the items that will come second in pairs."""
    from kolmo.coders import deflate_index

    starts = np.fromiter(itertools.accumulate(map(len, items), initial=0), np.int64, len(items) + 1)
    text = np.frombuffer(b"".join(items), np.uint8)
    keys, numbers = _table(len(text))
    trigrams = np.zeros(len(text), np.int32)
    counts = np.zeros(len(text) + 1, np.int64)
    found = deflate_index.number_trigrams(text, starts, keys, numbers, trigrams, counts)
    # frequent trigrams get names that lie close together, so that their heads share the fastest memory
    name_of_number = np.empty(found + 1, np.int32)
    name_of_number[np.argsort(-counts[:found], kind="stable")] = np.arange(1, found + 1)
    small_keys, names = _table(found)
    deflate_index.copy_names(keys, numbers, name_of_number, small_keys, names)
    facts = np.zeros(len(text), np.uint64)
    occupancy = np.zeros(len(items), np.int64)
    latest, previous = np.zeros(found + 1, np.int64), np.zeros(LARGEST_JOINT_SIZE + 1, np.int64)
    bucket_sizes = np.zeros(HASH_SIZE, np.int64)
    deflate_index.match_inside(text, starts, name_of_number[trigrams], latest, previous, bucket_sizes, facts, occupancy)
    return PreparedItems(items, text, starts, facts, occupancy, small_keys, names, found)


def _table(n_entries: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    size = 2 << max(n_entries, 1).bit_length()
    return np.full(size, -1, np.int32), np.zeros(size, np.int32)


def pays(prefixes: Sequence[bytes], items: Sequence[bytes]) -> bool:
    """Tell whether there is so much to do that the short cut is worth loading, and whether it can be taken at all."""
    work = len(items) * sum(map(len, prefixes)) + len(prefixes) * sum(map(len, items))
    return (
        work >= SMALLEST_WORK
        and min(map(len, prefixes)) + min(map(len, items)) <= LARGEST_JOINT_SIZE
        and is_available()
    )


@functools.cache
def is_available() -> bool:
    """Tell whether the kernels run here and know the installed zlib; warn once if not.

    Warns
    -----
    FallbackWarning
        If every pair has to be compressed.
    """
    if reason := _obstacle():
        warnings.warn(
            f"deflate lengths of many pairs are computed by compressing each pair, which is slower: {reason}",
            FallbackWarning,
            stacklevel=2,
        )
    return not reason


def _obstacle() -> str:
    if "zlib-ng" in zlib.ZLIB_RUNTIME_VERSION:
        return f"the installed zlib is zlib-ng ({zlib.ZLIB_RUNTIME_VERSION}), whose sizes are its own"
    try:
        known = all(_agrees(prefix, items) for prefix, items in _samples())
    except Exception as error:  # a missing or broken Numba, a folder that cannot be written: whatever comes
        return f"the compiled kernels do not run here ({type(error).__name__}: {error})".partition("\n")[0]
    return "" if known else f"the installed zlib ({zlib.ZLIB_RUNTIME_VERSION}) gives sizes of its own"


def _samples() -> list[tuple[bytes, list[bytes]]]:
    """Return cases in which zlib's own choices decide: lazy matches, far ones, ties in trees, all kinds of blocks."""
    words = (
        b"it was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness"
    )
    scattered = bytes(pow(3, exponent, 257) % 256 for exponent in range(300))
    skewed = b"".join(bytes([65 + rank]) * (2**rank % 97) for rank in range(40))
    far = words[:50] + scattered * 18 + b"."
    two_letters = bytes(97 + (pow(3, exponent, 65537) >> 7) % 2 for exponent in range(3000))  # chains of hundreds
    return [
        (words, [words[20:], words[::-1], b"of times", b""]),
        (scattered, [scattered[:100], scattered[::-1], skewed, words]),
        (skewed, [words, skewed[::3], b"A" * 700, b"abcabcabd" * 40]),
        (far, [words[:3], words[:20], scattered[5:]]),
        (two_letters[:2000], [two_letters[2000:], two_letters[2500:], two_letters[400:0:-1]]),
    ]


def _agrees(prefix: bytes, items: list[bytes]) -> bool:
    expected = [_size_by_zlib(prefix, item) for item in items]
    return bool(np.array_equal(_sizes_by_kernels([prefix], prepare(items))[0], expected))


def _size_by_zlib(prefix: bytes, item: bytes) -> int:
    return len(zlib.compress(prefix + item, LEVEL, _RAW))


def joint_sizes(prefixes: Sequence[bytes], prepared: PreparedItems) -> NDArray[np.int64]:
    """Return how many bytes raw deflate of level 9 makes of each prefix and each item.

    Parameters
    ----------
    prefixes : sequence of bytes
        What comes first, any separator included.
    prepared : PreparedItems
        What comes second.

    Returns
    -------
    ndarray of shape (n_prefixes, n_items)
        Bytes; those of the zlib format are 6 more, those of a gzip member 18 more.

    Examples
    --------
    >>> import zlib
    >>> joint_sizes([b"to be or "], prepare([b"not to be"])) == len(zlib.compress(b"to be or not to be", 9, -15))
    array([[ True]])
    """
    sizes = _sizes_by_kernels(prefixes, prepared)
    for row, column in np.argwhere(sizes < 0):
        sizes[row, column] = _size_by_zlib(prefixes[row], prepared.items[column])
    return sizes


def _sizes_by_kernels(prefixes: Sequence[bytes], prepared: PreparedItems) -> NDArray[np.int64]:
    """Return the joint sizes, -1 for each pair that only zlib itself can judge."""
    from kolmo.coders import deflate_huffman, deflate_parse

    sizes = np.full((len(prefixes), len(prepared.items)), -1, np.int64)
    room = LARGEST_JOINT_SIZE + 1
    window = np.zeros(room, np.uint8)
    buckets, bucket_sizes = np.zeros(HASH_SIZE, np.uint16), np.zeros(HASH_SIZE, np.uint16)
    previous, bucket_previous = np.zeros(room + 1, np.uint16), np.zeros(room, np.uint16)
    fours, fours_previous = np.zeros(deflate_parse.FOURS, np.uint16), np.zeros(room, np.uint16)
    heads = np.zeros(prepared.n_names + 1, np.uint16)
    prefix_tallies = np.zeros(N_SYMBOLS, np.uint16)
    state = np.zeros(deflate_parse.N_STATE, np.int64)
    tallies = np.zeros((min(_BLOCK_OF_ITEMS, len(prepared.items)), N_SYMBOLS), np.uint16)
    stored_sizes = np.zeros(len(tallies), np.int64)
    scratch = deflate_huffman.scratch()
    chains = (window, heads, previous, buckets, bucket_previous, fours, fours_previous, prefix_tallies, state)
    table = (prepared.keys, prepared.names)
    alphabet = _alphabet(prefixes, prepared.text)
    for row, prefix in enumerate(prefixes):
        if not 0 < len(prefix) <= LARGEST_JOINT_SIZE:
            continue
        deflate_parse.parse_prefix(np.frombuffer(prefix, np.uint8), *table, *chains, bucket_sizes)
        if state[deflate_parse.OCCUPANCY] > LONGEST_CHAIN:
            continue
        for first in range(0, len(prepared.items), _BLOCK_OF_ITEMS):
            n = min(_BLOCK_OF_ITEMS, len(prepared.items) - first)
            items = (prepared.text, prepared.starts, prepared.facts, prepared.occupancy)
            deflate_parse.tally_items(*items, *table, *chains, first, tallies[:n], stored_sizes[:n])
            deflate_huffman.block_sizes(
                tallies[:n], stored_sizes[:n], alphabet, *scratch, sizes[row, first : first + n]
            )
    return sizes


def _alphabet(prefixes: Sequence[bytes], text: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the literals and lengths that can occur, in ascending order."""
    occurs = np.ones(N_LITERAL_CODES, bool)
    occurs[:END_OF_BLOCK] = np.bincount(text, minlength=END_OF_BLOCK) > 0
    occurs[np.frombuffer(b"".join(prefixes), np.uint8)] = True
    return np.flatnonzero(occurs)
