"""Numba kernels that extract byte and word n-grams from texts.

An n-gram is identified by its bucket, some bits of a hash. The counts of a text do not depend on other texts.
"""

from __future__ import annotations

import math
from typing import Any

from kolmo._core.jit import inline, jit, u64

START = 2
"""The byte before every text; it is not a word."""
_SPACE = 32
ODD = u64(0x9E3779B97F4A7C15)
_MIXER = u64(0xD6E8FEB86659FD93)
_HALF = u64(32)
_ONE = u64(1)
FIRST_WORD, LAST_WORD = u64(777), u64(999)


@inline
def mixed(value: Any) -> Any:
    """Return a 64-bit hash of a 64-bit value; each bit depends on all bits of the value."""
    value = (value ^ (value >> _HALF)) * _MIXER
    value = (value ^ (value >> _HALF)) * _MIXER
    return value ^ (value >> _HALF)


@inline
def is_of_word(byte: Any) -> Any:
    """Return whether a byte is an ASCII letter, a digit, an underscore, or part of a non-ASCII character."""
    return 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122 or byte == 95 or byte >= 128


@inline
def find_byte_grams(text: Any, start: Any, stop: Any, orders: Any, mask: Any, found: Any) -> Any:
    """Write the bucket of every occurrence of a byte n-gram, n from 1 to `orders`, and return their number."""
    n_found = 0
    for end in range(start, stop):
        value = u64(0)
        for order in range(1, min(orders, end - start + 1) + 1):
            value = (value + u64(text[u64(end - order + 1)]) + _ONE) * ODD
            found[u64(n_found)] = mixed(value ^ u64(order)) & mask
            n_found += 1
    return n_found


@inline
def find_word_grams(text: Any, start: Any, stop: Any, orders: Any, mask: Any, recent: Any, found: Any) -> Any:
    """Write the bucket of every occurrence of a word n-gram, n from 1 to `orders`, and return their number.

    Every byte that is neither part of a word nor a space is a word by itself, and one more word marks the end. A start
    marker, which is not counted as a word, precedes the first one. `recent` is scratch space for `orders` numbers.
    """
    n_found = 0
    n_words = 1
    recent[0] = FIRST_WORD
    place = start
    while place <= stop:
        word = LAST_WORD
        if place < stop:
            byte = text[u64(place)]
            place += 1
            if byte in (_SPACE, START):
                continue
            word = mixed(u64(byte) + ODD)
            if is_of_word(byte):
                while place < stop and is_of_word(text[u64(place)]):
                    word = mixed(word + u64(text[u64(place)]) + _ONE)
                    place += 1
        else:
            place += 1
        for age in range(orders - 1, 0, -1):
            recent[u64(age)] = recent[u64(age - 1)]
        recent[0] = word
        n_words += 1
        value = u64(0)
        for order in range(1, min(orders, n_words) + 1):
            value = (value + recent[u64(order - 1)]) * ODD
            found[u64(n_found)] = mixed(value ^ u64(order)) & mask
            n_found += 1
    return n_found


@jit
def add_frequencies(
    text: Any, starts: Any, orders: Any, mask: Any, recent: Any, found: Any, latest: Any, frequencies: Any
) -> None:
    """Add 1 to the document frequency of every bucket for each text that contains it.

    Text i is ``text[starts[i]:starts[i + 1]]``. `latest` and `frequencies` have a row for bytes and one for words;
    `latest` is the number of the last text, counted from 1, that contains the bucket, and is all 0 before.
    """
    for index in range(len(starts) - 1):
        start, stop = starts[u64(index)], starts[u64(index + 1)]
        for family in range(2):
            if orders[u64(family)] == 0:
                continue
            if family == 0:
                n_found = find_byte_grams(text, start, stop, orders[0], mask, found)
            else:
                n_found = find_word_grams(text, start, stop, orders[1], mask, recent, found)
            for place in range(n_found):
                bucket = found[u64(place)]
                if latest[u64(family), u64(bucket)] != index + 1:
                    latest[u64(family), u64(bucket)] = index + 1
                    frequencies[u64(family), u64(bucket)] += 1


@jit
def weigh_grams(
    text: Any,
    starts: Any,
    orders: Any,
    mask: Any,
    recent: Any,
    found: Any,
    columns: Any,
    idf: Any,
    tallies: Any,
    ends: Any,
    indices: Any,
    values: Any,
) -> None:
    """Write each text as a sparse row of sqrt(count) times idf; byte and word n-grams are scaled to norm 1 each.

    `columns` has the column of each bucket, or -1, and `idf` is indexed by column. So is `tallies`, which is all 0
    before and after. ``ends[i + 1]`` is the end of row i in `indices` and `values`.
    """
    size = 0
    for index in range(len(starts) - 1):
        start, stop = starts[u64(index)], starts[u64(index + 1)]
        for family in range(2):
            if orders[u64(family)] == 0:
                continue
            if family == 0:
                n_found = find_byte_grams(text, start, stop, orders[0], mask, found)
            else:
                n_found = find_word_grams(text, start, stop, orders[1], mask, recent, found)
            first = size
            for place in range(n_found):
                column = columns[u64(family), u64(found[u64(place)])]
                if column >= 0:
                    if tallies[u64(column)] == 0:
                        indices[u64(size)] = column
                        size += 1
                    tallies[u64(column)] += 1
            squares = 0.0
            for place in range(first, size):
                column = indices[u64(place)]
                squares += tallies[u64(column)] * idf[u64(column)] ** 2
            scale = 1.0 / math.sqrt(squares) if squares > 0 else 0.0
            for place in range(first, size):
                column = indices[u64(place)]
                values[u64(place)] = scale * math.sqrt(tallies[u64(column)]) * idf[u64(column)]
                tallies[u64(column)] = 0
        ends[u64(index + 1)] = size
