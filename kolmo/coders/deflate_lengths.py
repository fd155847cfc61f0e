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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.deflate_tables import HASH_SIZE, LARGEST_JOINT_SIZE, LONGEST_CHAIN, N_SYMBOLS
from kolmo.errors import FallbackWarning

LEVEL = 9
SMALLEST_WORK = 2**20
"""Bytes in all pairs together from which the short cut is taken; less is done before its kernels are loaded."""

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
    from kolmo.coders import deflate_parse as kernels

    starts = np.fromiter(itertools.accumulate(map(len, items), initial=0), np.int64, len(items) + 1)
    text = np.frombuffer(b"".join(items), np.uint8)
    keys, numbers = _table(len(text))
    trigrams = np.zeros(len(text), np.int32)
    counts = np.zeros(len(text) + 1, np.int64)
    found = kernels.number_trigrams(text, starts, keys, numbers, trigrams, counts)
    # frequent trigrams get names that lie close together, so that their heads share the fastest memory
    name_of_number = np.empty(found + 1, np.int32)
    name_of_number[np.argsort(-counts[:found], kind="stable")] = np.arange(1, found + 1)
    small_keys, names = _table(found)
    kernels.copy_names(keys, numbers, name_of_number, small_keys, names)
    facts = np.zeros(len(text), np.uint64)
    occupancy = np.zeros(len(items), np.int64)
    latest, previous = np.zeros(found + 1, np.int64), np.zeros(LARGEST_JOINT_SIZE + 1, np.int64)
    bucket_sizes = np.zeros(HASH_SIZE, np.int64)
    kernels.match_inside(text, starts, name_of_number[trigrams], latest, previous, bucket_sizes, facts, occupancy)
    return PreparedItems(items, text, starts, facts, occupancy, small_keys, names, found)


def _table(n_entries: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    size = 2 << max(n_entries, 1).bit_length()
    return np.full(size, -1, np.int32), np.zeros(size, np.int32)


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
    from kolmo.coders import deflate_huffman, deflate_parse

    sizes = np.full((len(prefixes), len(prepared.items)), -1, np.int64)
    room = LARGEST_JOINT_SIZE + 1
    window = np.zeros(room, np.uint8)
    buckets, bucket_sizes = np.zeros(HASH_SIZE, np.uint16), np.zeros(HASH_SIZE, np.uint16)
    previous, bucket_previous = np.zeros(room + 1, np.uint16), np.zeros(room, np.uint16)
    heads = np.zeros(prepared.n_names + 1, np.uint16)
    prefix_tallies = np.zeros(N_SYMBOLS, np.uint16)
    state = np.zeros(deflate_parse.N_STATE, np.int64)
    tallies = np.zeros((min(_BLOCK_OF_ITEMS, len(prepared.items)), N_SYMBOLS), np.uint16)
    stored_sizes = np.zeros(len(tallies), np.int64)
    scratch = deflate_huffman.scratch()
    chains = (window, heads, previous, buckets, bucket_previous, prefix_tallies, state)
    table = (prepared.keys, prepared.names)
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
            deflate_huffman.block_sizes(tallies[:n], stored_sizes[:n], *scratch, sizes[row, first : first + n])
    for row, column in np.argwhere(sizes < 0):
        sizes[row, column] = len(zlib.compress(prefixes[row] + prepared.items[column], LEVEL, _RAW))
    return sizes
