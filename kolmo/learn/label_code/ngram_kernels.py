"""Numba kernels that find the n-grams of texts, the contexts that predict labels.

An n-gram is identified by its bucket, some bits of a hash. The n-grams of a text are written kind by kind: runs of
bytes by length, runs of words by length, pairs of words at a distance, pairs of the first word and another.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kolmo._core.jit import AHEAD, i64, inline, jit, prefetch, u64
from kolmo.learn.ngram.kernels import FIRST_WORD, LAST_WORD, ODD, START, is_of_word, mixed

BYTE_ORDERS = 6
WORD_ORDERS = 3
DISTANT_PAIRS = BYTE_ORDERS + WORD_ORDERS
FIRST_PAIRS = DISTANT_PAIRS + 1
N_KINDS = FIRST_PAIRS + 1
LARGEST_DISTANCE = 4
HASHES_PER_BYTE = 8
"""Room for the n-grams of one kind: at most one a byte, and three pairs a word."""
EMPTY = np.uint32(2**32 - 1)
_SPACE = 32
_ONE = u64(1)


@inline
def _lower(byte: Any) -> Any:
    return byte + 32 if 65 <= byte <= 90 else byte


@jit
def normalize(text: Any, starts: Any, out: Any, ends: Any) -> None:
    """Write each text after a mark, in lower case, with one space for each run of white space and at both ends."""
    size = i64(0)
    for number in range(len(starts) - 1):
        out[u64(size)] = START
        out[u64(size + 1)] = _SPACE
        size += 2
        for place in range(starts[u64(number)], starts[u64(number + 1)]):
            byte = _lower(text[u64(place)])
            if byte == _SPACE or 9 <= byte <= 13:
                if out[u64(size - 1)] != _SPACE:
                    out[u64(size)] = _SPACE
                    size += 1
            else:
                out[u64(size)] = byte
                size += 1
        if out[u64(size - 1)] != _SPACE:
            out[u64(size)] = _SPACE
            size += 1
        ends[u64(number + 1)] = size


@inline
def _find_words(text: Any, start: Any, stop: Any, words: Any) -> Any:
    """Write a hash of each word, and return their number. Marks are words; the start and the end are marked."""
    words[0] = FIRST_WORD
    size = 1
    place = start
    while place < stop:
        byte = text[u64(place)]
        place += 1
        if byte in (_SPACE, START):
            continue
        word = mixed(u64(byte) + ODD)
        if is_of_word(byte):
            while place < stop and is_of_word(text[u64(place)]):
                word = mixed(word + u64(text[u64(place)]) + _ONE)
                place += 1
        words[u64(size)] = word
        size += 1
    words[u64(size)] = LAST_WORD
    return size + 1


@inline
def find_ngrams(
    text: Any, start: Any, stop: Any, kinds: Any, shift: Any, values: Any, words: Any, ends: Any, found: Any
) -> None:
    """Write the bucket of every occurrence of an n-gram of the chosen kinds; kind k ends at ``ends[k + 1]``."""
    size = i64(0)
    length = stop - start
    for place in range(length):
        values[u64(place)] = u64(0)
    for order in range(1, BYTE_ORDERS + 1):
        for place in range(length - order + 1):
            value = (values[u64(place)] + u64(text[u64(start + place + order - 1)]) + _ONE) * ODD
            values[u64(place)] = value
            if kinds[u64(order - 1)]:
                found[u64(size)] = mixed(value ^ u64(order)) >> shift
                size += 1
        ends[u64(order)] = size
    n_words = _find_words(text, start, stop, words)
    for place in range(n_words):
        values[u64(place)] = u64(0)
    for order in range(1, WORD_ORDERS + 1):
        kind = BYTE_ORDERS + order - 1
        for place in range(n_words - order + 1):
            value = (values[u64(place)] + words[u64(place + order - 1)]) * ODD
            values[u64(place)] = value
            if kinds[u64(kind)] and not (order == 1 and place == 0):
                found[u64(size)] = mixed(value ^ u64(100 + order)) >> shift
                size += 1
        ends[u64(kind + 1)] = size
    if kinds[DISTANT_PAIRS]:
        for place in range(n_words):
            for distance in range(2, LARGEST_DISTANCE + 1):
                if place + distance < n_words:
                    value = (words[u64(place)] * ODD + words[u64(place + distance)]) * ODD
                    found[u64(size)] = mixed(value ^ u64(200)) >> shift
                    size += 1
    ends[DISTANT_PAIRS + 1] = size
    if kinds[FIRST_PAIRS] and n_words > 2:
        for place in range(2, n_words):
            value = (words[1] * ODD + words[u64(place)]) * ODD
            found[u64(size)] = mixed(value ^ u64(300)) >> shift
            size += 1
    ends[FIRST_PAIRS + 1] = size


@inline
def count_distinct(found: Any, start: Any, stop: Any, keys: Any, places: Any, tallies: Any, out_start: Any) -> Any:
    """Move the distinct buckets of ``found[start:stop]`` to `out_start`, count each in `tallies`, and return their end.

    `keys` is a hash table, all `EMPTY` before and after; `places` has the place of each key in `found`.
    """
    size = u64(16)
    while size < u64(2 * (stop - start)):
        size <<= _ONE
    mask = size - _ONE
    end = i64(out_start)
    for place in range(start, stop):
        bucket = found[u64(place)]
        slot = u64(bucket) & mask
        while keys[slot] != EMPTY and keys[slot] != bucket:
            slot = (slot + _ONE) & mask
        if keys[slot] == EMPTY:
            keys[slot] = bucket
            places[slot] = end
            found[u64(end)] = bucket
            tallies[u64(end)] = 1
            end += 1
        else:
            tallies[u64(places[slot])] += 1
    for place in range(out_start, end):
        bucket = found[u64(place)]
        slot = u64(bucket) & mask
        while keys[slot] != EMPTY:
            # every key of a run of occupied slots belongs to this kind, so the run can be emptied from here on
            keys[slot] = EMPTY
            slot = (slot + _ONE) & mask
    return end


@jit
def add_frequencies(
    text: Any,
    starts: Any,
    kinds: Any,
    shift: Any,
    values: Any,
    words: Any,
    ends: Any,
    found: Any,
    keys: Any,
    places: Any,
    tallies: Any,
    frequencies: Any,
) -> Any:
    """Add 1 to the frequency of every bucket for each text and kind, up to 255, and return the number of additions."""
    total = i64(0)
    for number in range(len(starts) - 1):
        find_ngrams(text, starts[u64(number)], starts[u64(number + 1)], kinds, shift, values, words, ends, found)
        for kind in range(N_KINDS):
            first = ends[u64(kind)]
            last = count_distinct(found, first, ends[u64(kind + 1)], keys, places, tallies, first)
            total += last - first
            for place in range(first, last):
                prefetch(frequencies, u64(found[u64(min(place + AHEAD, last - 1))]))
                bucket = u64(found[u64(place)])
                if frequencies[bucket] < 255:
                    frequencies[bucket] += 1
    return total


@inline
def rank_of(bucket: Any, bitmap: Any, ranks: Any) -> Any:
    """Return the number of used buckets before this one, or -1 if it is not used."""
    block = bitmap[u64(bucket >> u64(6))]
    bit = _ONE << (bucket & u64(63))
    if not block & bit:
        return i64(-1)
    below = block & (bit - _ONE)
    below -= (below >> _ONE) & u64(0x5555555555555555)
    below = (below & u64(0x3333333333333333)) + ((below >> u64(2)) & u64(0x3333333333333333))
    below = (below + (below >> u64(4))) & u64(0x0F0F0F0F0F0F0F0F)
    return i64(u64(ranks[u64(bucket >> u64(6))]) + ((below * u64(0x0101010101010101)) >> u64(56)))


@jit
def write_rows(
    text: Any,
    starts: Any,
    kinds: Any,
    shift: Any,
    values: Any,
    words: Any,
    ends: Any,
    found: Any,
    keys: Any,
    places: Any,
    tallies: Any,
    bitmap: Any,
    ranks: Any,
    columns: Any,
    indices: Any,
    counts: Any,
    pointers: Any,
) -> Any:
    """Write the columns and counts of each text; kind k of text i starts at ``pointers[i * N_KINDS + k]``."""
    size = i64(0)
    for number in range(len(starts) - 1):
        find_ngrams(text, starts[u64(number)], starts[u64(number + 1)], kinds, shift, values, words, ends, found)
        for kind in range(N_KINDS):
            first = ends[u64(kind)]
            last = count_distinct(found, first, ends[u64(kind + 1)], keys, places, tallies, first)
            pointers[u64(number * N_KINDS + kind)] = size
            written = size
            for place in range(first, last):
                later = u64(found[u64(min(place + AHEAD, last - 1))]) >> u64(6)
                prefetch(bitmap, later)
                prefetch(ranks, later)
                rank = rank_of(u64(found[u64(place)]), bitmap, ranks)
                if rank >= 0:
                    prefetch(columns, u64(rank))
                    indices[u64(written)] = rank
                    counts[u64(written)] = min(i64(tallies[u64(place)]), 255)
                    written += 1
            for place in range(size, written):
                indices[u64(place)] = columns[u64(indices[u64(place)])]
            size = written
    pointers[u64((len(starts) - 1) * N_KINDS)] = size
    return size


@jit
def count_columns(indices: Any, frequencies: Any) -> None:
    """Add the number of occurrences of each column."""
    final = i64(len(indices) - 1)
    for place in range(len(indices)):
        prefetch(frequencies, u64(indices[u64(min(place + AHEAD, final))]))
        frequencies[u64(indices[u64(place)])] += 1


@jit
def renumber(indices: Any, columns: Any) -> None:
    """Replace each number by its column."""
    final = i64(len(indices) - 1)
    for place in range(len(indices)):
        prefetch(columns, u64(indices[u64(min(place + AHEAD, final))]))
        indices[u64(place)] = columns[u64(indices[u64(place)])]
