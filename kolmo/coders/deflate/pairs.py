"""Symbol counts of deflate's level 9 for many pairs x + y, the basis of exact deflate lengths and of the coder `lz77`.

Items y are indexed once for all x, and each x is parsed once for all y; see `kolmo.coders.deflate.parse`.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kolmo._core.memory import clearable
from kolmo.coders.deflate.tables import (
    END_OF_BLOCK,
    HASH_SIZE,
    LARGEST_JOINT_SIZE,
    LONGEST_CHAIN,
    N_LITERAL_CODES,
    N_SYMBOLS,
)

Integers = NDArray[np.int64]

_BLOCK_OF_ITEMS = 256


@dataclass(frozen=True, eq=False)
class PreparedItems:
    """Indexed items y, for any number of x.

    Parameters
    ----------
    items : sequence of bytes
        The original items.
    text : ndarray of uint8
        Their concatenation.
    starts : ndarray of int64, of shape (n_items + 1,)
        Start of each item, and end of the last.
    facts : ndarray of uint64
        For each byte, the name of the three bytes that start there and the latest longest match inside its item.
    occupancy : ndarray of int64, of shape (n_items,)
        Number of positions in the fullest hash bucket of each item.
    keys, names : ndarray of int32
        Hash table from three bytes to their name.
    n_names : int
        Number of names.
    occurring : bool ndarray of shape (256,)
        Which bytes occur.
    """

    items: Sequence[bytes]
    text: NDArray[np.uint8]
    starts: NDArray[np.int64]
    facts: NDArray[np.uint64]
    occupancy: NDArray[np.int64]
    keys: NDArray[np.int32]
    names: NDArray[np.int32]
    n_names: int
    occurring: NDArray[np.bool_]


def prepare(items: Sequence[bytes]) -> PreparedItems:
    """Return the index of the items y; the last few are cached for the next rows."""
    return _prepare(tuple(items))


@clearable
@functools.lru_cache(maxsize=4)
def _prepare(items: tuple[bytes, ...]) -> PreparedItems:
    from kolmo.coders.deflate import index as deflate_index

    starts = np.fromiter(itertools.accumulate(map(len, items), initial=0), np.int64, len(items) + 1)
    text = np.frombuffer(b"".join(items), np.uint8)
    keys, numbers = _table(len(text))
    trigrams = np.zeros(len(text), np.int32)
    counts = np.zeros(len(text) + 1, np.int64)
    found = deflate_index.number_trigrams(text, starts, keys, numbers, trigrams, counts)
    # frequent trigrams get adjacent names, so that their heads share cache lines
    name_of_number = np.empty(found + 1, np.int32)
    name_of_number[np.argsort(-counts[:found], kind="stable")] = np.arange(1, found + 1)
    small_keys, names = _table(found)
    deflate_index.copy_names(keys, numbers, name_of_number, small_keys, names)
    facts = np.zeros(len(text), np.uint64)
    occupancy = np.zeros(len(items), np.int64)
    latest, previous = np.zeros(found + 1, np.int64), np.zeros(LARGEST_JOINT_SIZE + 1, np.int64)
    bucket_sizes, occurring = np.zeros(HASH_SIZE, np.int64), np.bincount(text, minlength=256) > 0
    deflate_index.match_inside(text, starts, name_of_number[trigrams], latest, previous, bucket_sizes, facts, occupancy)
    return PreparedItems(items, text, starts, facts, occupancy, small_keys, names, found, occurring)


def _table(n_entries: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    size = 2 << max(n_entries, 1).bit_length()
    return np.full(size, -1, np.int32), np.zeros(size, np.int32)


class PairTallies:
    """Counter of the symbols of x + y, for one x after another and any of the items y.

    It holds the working memory of the kernels, so an instance serves one thread.

    Parameters
    ----------
    prepared : PreparedItems
        The items y.
    prefixes : sequence of bytes
        All x, including any separator.
    block : int
        Number of items per block.

    Attributes
    ----------
    alphabet : int ndarray
        The possible literals and lengths, in ascending order.
    """

    def __init__(self, prepared: PreparedItems, prefixes: Sequence[bytes], block: int = _BLOCK_OF_ITEMS) -> None:
        from kolmo.coders.deflate import parse as deflate_parse

        self.alphabet = _alphabet(prefixes, prepared.occurring)
        self._table = (prepared.keys, prepared.names)
        self._items = (prepared.text, prepared.starts, prepared.facts, prepared.occupancy)
        room = LARGEST_JOINT_SIZE + 1
        self._bucket_sizes = np.zeros(HASH_SIZE, np.uint16)
        self._state = np.zeros(deflate_parse.N_STATE, np.int64)
        self._chains = (
            np.zeros(room, np.uint8),  # the text of x and y
            np.zeros(prepared.n_names + 1, np.uint16),  # heads of the chains of named trigrams
            np.zeros(room + 1, np.uint16),
            np.zeros(HASH_SIZE, np.uint16),  # heads of zlib's own chains
            np.zeros(room, np.uint16),
            np.zeros(deflate_parse.FOURS, np.uint16),  # heads of the chains of four bytes
            np.zeros(room, np.uint16),
            np.zeros(N_SYMBOLS, np.uint16),  # tallies of x alone
            self._state,
        )
        self._tallies = np.empty((min(block, len(prepared.items)), N_SYMBOLS), np.uint16)
        self._sizes = np.zeros(len(self._tallies), np.int64)

    def blocks(self, prefix: bytes, columns: Integers) -> Iterator[tuple[slice, NDArray[np.uint16], Integers]]:
        """Yield a part of the columns, the tallies of prefix + each of these items, and their sizes in bytes.

        A pair out of reach has size 0; a prefix out of reach yields nothing. The yielded arrays are overwritten in the
        next step.
        """
        from kolmo.coders.deflate import parse as deflate_parse

        if not 0 < len(prefix) <= LARGEST_JOINT_SIZE:
            return
        deflate_parse.parse_prefix(np.frombuffer(prefix, np.uint8), *self._table, *self._chains, self._bucket_sizes)
        if self._state[deflate_parse.OCCUPANCY] > LONGEST_CHAIN:
            return
        for first in range(0, len(columns), max(1, len(self._tallies))):
            part = slice(first, min(first + len(self._tallies), len(columns)))
            tallies, sizes = self._tallies[: part.stop - first], self._sizes[: part.stop - first]
            deflate_parse.tally_items(*self._items, *self._table, *self._chains, columns[part], tallies, sizes)
            yield part, tallies, sizes


def _alphabet(prefixes: Sequence[bytes], occurring: NDArray[np.bool_]) -> Integers:
    """Return the possible literals and lengths, in ascending order."""
    occurs = np.ones(N_LITERAL_CODES, bool)
    occurs[:END_OF_BLOCK] = occurring
    occurs[np.frombuffer(b"".join(prefixes), np.uint8)] = True
    return np.flatnonzero(occurs)
