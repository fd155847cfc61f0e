"""Numba kernels that number words and grams, and count them by class.

A text is a row of symbols: a start mark, which is not coded, then bytes or words, and an end mark. Each table has the
counts of one kind of gram: of one key of 64 bits for each position. The run of order k is the symbol with the k symbols
before it (fewer at the start of the text). So the context of order k at a position is the run of order k - 1 at the
position before it, and the tables of runs have the counts of their contexts too. The contexts of other kinds of gram
have tables of their own.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo._core.jit import AHEAD, i64, inline, jit, prefetch, u64
from kolmo.learn.ngram.kernels import is_of_word, mixed

LONGEST_WORD = 24
"""A longer run of letters is cut into words of this many bytes."""
START_WORD, END_WORD = 0, 1
_ODD = u64(0x9E3779B97F4A7C15)
_SPACE = 32
_ONE = u64(1)

RUN, PAIR, EARLIER = range(3)
"""Kinds of gram: a run of symbols; a symbol and the one some places before it; the earlier one of these alone."""
NOWHERE = -1


class Table(NamedTuple):
    """One kind of gram, and the model that has its counts."""

    kind: int
    distance: int
    """Order of the run, or places between the symbols of a pair."""
    context: int
    """Number of the table with the contexts of the model, or NOWHERE for the empty context."""
    lag: int
    """The context of a position is the gram of that table as many places before it."""
    parent: int
    """Number of the table whose model has the next lower order, or NOWHERE."""
    output: int
    """Number of the model among the predictors, or NOWHERE for a table of contexts."""


class Grams(NamedTuple):
    """Counts of the grams of all tables."""

    slot_starts: NDArray[np.int64]
    """Start of the hash table of each table in `slots`; each has a power of 2 of them."""
    slots: NDArray[np.int32]
    """Number of the gram in the slot, or -1."""
    keys: NDArray[np.uint64]
    counts: NDArray[np.int32]
    entry_starts: NDArray[np.int64]
    """Of each gram, in the next two arrays, and the end of the last."""
    entry_classes: NDArray[np.int32]
    entry_counts: NDArray[np.int32]
    class_totals: NDArray[np.int64]
    """Number of coded symbols of each class."""


@inline
def home_slot(key: Any, mask: Any) -> Any:
    """Return the slot where the search of a key begins."""
    return mixed(key + _ODD) & mask


@inline
def find_slot(key: Any, slots: Any, first: Any, mask: Any, keys: Any) -> Any:
    """Return the slot of a key in a hash table with linear probing: the one that holds it, or else an empty one."""
    place = home_slot(key, mask)
    while True:
        number = slots[first + place]
        if number < 0 or keys[u64(number)] == key:
            return first + place
        place = (place + _ONE) & mask


@jit
def split_words(text: Any, starts: Any, hashes: Any, sizes: Any, word_starts: Any) -> None:
    """Write the hash and the size in bytes of every word, with the marks around each text, which have size 0.

    A word is a run of letters, digits and bytes above 127; every other byte but the space is a word by itself.
    """
    n_words = 0
    for index in range(len(starts) - 1):
        hashes[n_words], sizes[n_words] = START_WORD, 0
        n_words += 1
        place, stop = starts[index], starts[index + 1]
        while place < stop:
            first = place
            byte = text[u64(place)]
            place += 1
            if byte == _SPACE:
                continue
            word = mixed(u64(byte) + _ODD)
            if is_of_word(byte):
                limit = min(stop, first + LONGEST_WORD)
                while place < limit and is_of_word(text[u64(place)]):
                    word = mixed(word + u64(text[u64(place)]) + _ONE)
                    place += 1
            hashes[n_words], sizes[n_words] = word, place - first
            n_words += 1
        hashes[n_words], sizes[n_words] = END_WORD, 0
        n_words += 1
        word_starts[index + 1] = n_words


@jit
def number_words(hashes: Any, slots: Any, keys: Any, n_new: Any, new_slots: Any, new_keys: Any, symbols: Any) -> Any:
    """Write the number of each word: in the vocabulary, or else among the new words, after it; return their number."""
    mask, new_mask = u64(len(slots) - 1), u64(len(new_slots) - 1)
    zero = u64(0)
    n_known = len(keys)
    for place in range(len(hashes)):
        key = hashes[place]
        number = i64(-1)
        if n_known > 0:
            number = i64(slots[find_slot(key, slots, zero, mask, keys)])
        if number < 0:
            slot = find_slot(key, new_slots, zero, new_mask, new_keys)
            if new_slots[slot] < 0:
                new_slots[slot] = n_new
                new_keys[n_new] = key
                n_new += 1
            number = n_known + new_slots[slot]
        symbols[place] = number
    return n_new


@inline
def gram_key(symbols: Any, start: Any, place: Any, before: Any, kind: Any, distance: Any, shift: Any) -> Any:
    """Return the key of the gram at a position of the text that begins at `start`; `before` is the key before it."""
    symbol = u64(symbols[u64(place)])
    if place == start:
        return symbol
    if kind == RUN:
        return ((before << shift) | symbol) & ((_ONE << (shift * u64(distance + 1))) - _ONE)
    earlier = u64(symbols[u64(max(place - distance, start))]) + _ONE  # so that no key is that of a start mark
    if kind == EARLIER:
        return earlier
    return (earlier << shift) | symbol


@jit
def number_grams(
    symbols: Any,
    starts: Any,
    first: Any,
    kind: Any,
    distance: Any,
    shift: Any,
    slots: Any,
    keys: Any,
    n: Any,
    numbers: Any,
) -> Any:
    """Write the number of the gram at each position of the texts from `first`, until half of the slots are taken.

    Returns the text reached, which is to be read again, or the number of texts, and the number of distinct grams.
    """
    slot_mask = u64(len(slots) - 1)
    zero = u64(0)
    limit = len(slots) // 2
    for index in range(first, len(starts) - 1):
        start, stop = starts[u64(index)], starts[u64(index + 1)]
        key = later_key = zero
        later = start
        for place in range(start, stop):
            while later < min(place + AHEAD, stop):
                later_key = gram_key(symbols, start, later, later_key, kind, distance, shift)
                prefetch(slots, home_slot(later_key, slot_mask))
                later += 1
            key = gram_key(symbols, start, place, key, kind, distance, shift)
            slot = find_slot(key, slots, zero, slot_mask, keys)
            if slots[slot] < 0:
                if n == limit:
                    return index, n
                slots[slot] = n
                keys[u64(n)] = key
                n += 1
            numbers[u64(place)] = slots[slot]
    return len(starts) - 1, n


@jit
def insert_keys(keys: Any, n: Any, slots: Any) -> None:
    """Fill an empty hash table with the first n keys."""
    mask = u64(len(slots) - 1)
    for number in range(n):
        slots[find_slot(keys[number], slots, u64(0), mask, keys)] = number


@jit
def count_grams(numbers: Any, starts: Any, order: Any, codes: Any, latest: Any, counts: Any, sizes: Any) -> None:
    """Add to the count of each gram and to its number of classes; `order` sorts the texts by class."""
    final = i64(len(numbers) - 1)
    for index in order:
        code = codes[index]
        for place in range(starts[index], starts[index + 1]):
            later = u64(numbers[u64(min(place + AHEAD, final))])
            prefetch(counts, later)
            prefetch(latest, later)
            gram = u64(numbers[u64(place)])
            counts[gram] += 1
            if latest[gram] != code:
                latest[gram] = code
                sizes[gram] += 1


@jit
def fill_entries(
    numbers: Any, starts: Any, order: Any, codes: Any, cursors: Any, entry_classes: Any, entry_counts: Any
) -> None:
    """Write the classes of each gram, ascending, with their counts; entry counts are 0 before.

    A cursor is the first entry of its gram before, and its last one afterwards.
    """
    final = i64(len(numbers) - 1)
    for index in order:
        code = codes[index]
        for place in range(starts[index], starts[index + 1]):
            prefetch(cursors, u64(numbers[u64(min(place + 2 * AHEAD, final))]))
            soon = u64(cursors[u64(numbers[u64(min(place + AHEAD, final))])])
            prefetch(entry_classes, soon)
            prefetch(entry_counts, soon)
            gram = u64(numbers[u64(place)])
            entry = u64(cursors[gram])
            if entry_counts[entry] > 0 and entry_classes[entry] != code:
                entry += _ONE
                cursors[gram] = entry
            entry_classes[entry] = code
            entry_counts[entry] += 1
