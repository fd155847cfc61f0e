"""Numba kernels of the class models over a common background: words, n-grams, and bits saved.

A text is a row of symbols: a start mark, which is not coded, then bytes or words, and an end mark. The gram of order k
at a position is its symbol with the k symbols before it (fewer at the start of the text), packed into 64 bits. So the
context of order k at a position is the gram of order k - 1 at the position before it, and one table of counts for each
order has the counts of its contexts too.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo._core.jit import i64, inline, jit, u64
from kolmo.learn.ngram.kernels import is_of_word, mixed

LONGEST_WORD = 24
"""A longer run of letters is cut into words of this many bytes."""
START_WORD, END_WORD = 0, 1
_ODD = u64(0x9E3779B97F4A7C15)
_SPACE = 32
_ONE = u64(1)

BACKGROUND_WEIGHT = 3.0
"""Symbols that the next lower order is worth in the background."""
LARGEST_EXPONENT = 900.0
"""Products of ratios stay below 2 to this power; a float64 holds 2 ** 1023."""
LOWEST_RATIO = 40.0
"""A class gives a symbol at least 2 to the minus this power of its probability in the background."""


class Grams(NamedTuple):
    """Counts of the grams of all orders; those of order k are entries of hash table k."""

    slot_starts: NDArray[np.int64]
    """Start of the hash table of each order in `slots`; each has a power of 2 of them."""
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


class Removed(NamedTuple):
    """The copies of each text whose counts are removed: of text i, those from ``starts[i]`` to ``starts[i + 1]``."""

    starts: NDArray[np.int64]
    classes: NDArray[np.int64]
    copies: NDArray[np.int64]


class Scratch(NamedTuple):
    """Scratch space for the longest text of a block."""

    slots: NDArray[np.int32]
    keys: NDArray[np.uint64]
    """Of the distinct grams of one order."""
    local: NDArray[np.int32]
    """Number of the gram of each order at each position, among the distinct grams of the text."""
    grams: NDArray[np.int32]
    """Number of each distinct gram in `Grams`, or -1."""
    totals: NDArray[np.int32]
    """Occurrences of each distinct gram in the text."""
    past: NDArray[np.int32]
    """Occurrences so far."""
    rows: NDArray[np.float64]
    """Class counts of the grams of each order, at even and at odd positions."""
    p: NDArray[np.float64]
    products: NDArray[np.float64]


@inline
def find_slot(key: Any, slots: Any, first: Any, mask: Any, keys: Any) -> Any:
    """Return the slot of a key in a hash table with linear probing: the one that holds it, or else an empty one."""
    place = mixed(key + _ODD) & mask
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


@jit
def number_grams(
    symbols: Any, start_symbol: Any, shift: Any, mask: Any, slots: Any, keys: Any, place: Any, n: Any, numbers: Any
) -> Any:
    """Write the number of the gram at each position from `place`, until half of the slots are taken.

    Returns the position reached, which is the start of a text or the end, and the number of distinct grams.
    """
    slot_mask = u64(len(slots) - 1)
    zero = u64(0)
    key = zero
    limit = len(slots) // 2
    while place < len(symbols):
        symbol = u64(symbols[place])
        key = symbol if symbol == start_symbol else ((key << shift) | symbol) & mask
        slot = find_slot(key, slots, zero, slot_mask, keys)
        if slots[slot] < 0:
            if n == limit:
                break
            slots[slot] = n
            keys[n] = key
            n += 1
        numbers[place] = slots[slot]
        place += 1
    return place, n


@jit
def insert_keys(keys: Any, n: Any, slots: Any) -> None:
    """Fill an empty hash table with the first n keys."""
    mask = u64(len(slots) - 1)
    for number in range(n):
        slots[find_slot(keys[number], slots, u64(0), mask, keys)] = number


@jit
def count_grams(numbers: Any, starts: Any, order: Any, codes: Any, latest: Any, counts: Any, sizes: Any) -> None:
    """Add to the count of each gram and to its number of classes; `order` sorts the texts by class."""
    for index in order:
        code = codes[index]
        for place in range(starts[index], starts[index + 1]):
            gram = u64(numbers[place])
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
    for index in order:
        code = codes[index]
        for place in range(starts[index], starts[index + 1]):
            gram = u64(numbers[place])
            entry = u64(cursors[gram])
            if entry_counts[entry] > 0 and entry_classes[entry] != code:
                entry += _ONE
                cursors[gram] = entry
            entry_classes[entry] = code
            entry_counts[entry] += 1


@inline
def number_own_grams(
    symbols: Any, start: Any, stop: Any, order: Any, shift: Any, mask: Any, grams: Any, scratch: Any
) -> Any:
    """Number the distinct grams of one text and order, count them, and find each among those of the training texts."""
    size = i64(4)
    while size < 2 * (stop - start):
        size *= 2
    slot_mask = u64(size - 1)
    zero = u64(0)
    for slot in range(size):
        scratch.slots[u64(slot)] = -1
    first = u64(grams.slot_starts[order])
    all_mask = u64(grams.slot_starts[order + 1] - grams.slot_starts[order] - 1)
    key = zero
    n = 0
    for place in range(start, stop):
        symbol = u64(symbols[u64(place)])
        key = symbol if place == start else ((key << shift) | symbol) & mask
        slot = find_slot(key, scratch.slots, zero, slot_mask, scratch.keys)
        if scratch.slots[slot] < 0:
            scratch.slots[slot] = n
            scratch.keys[u64(n)] = key
            scratch.grams[u64(order), u64(n)] = grams.slots[find_slot(key, grams.slots, first, all_mask, grams.keys)]
            scratch.totals[u64(order), u64(n)] = 0
            scratch.past[u64(order), u64(n)] = 0
            n += 1
        number = scratch.slots[slot]
        scratch.totals[u64(order), u64(number)] += 1
        scratch.local[u64(order), u64(place - start)] = number
    return n


@inline
def class_counts(gram: Any, n_own: Any, grams: Any, removed: Any, index: Any, row: Any) -> Any:
    """Write the count of a gram in each class, without the removed copies of a text that has it `n_own` times."""
    for code in range(len(row)):
        row[u64(code)] = 0.0
    if gram < 0:
        return
    for entry in range(grams.entry_starts[u64(gram)], grams.entry_starts[u64(gram) + _ONE]):
        row[u64(grams.entry_classes[u64(entry)])] = grams.entry_counts[u64(entry)]
    for entry in range(removed.starts[index], removed.starts[index + 1]):
        row[u64(removed.classes[entry])] -= removed.copies[entry] * n_own


@inline
def mix_classes(p: Any, products: Any, counts: Any, totals: Any, own: Any, own_total: Any, bg: Any, weight: Any) -> None:
    """Update the probability of the symbol under each class, and the product of its ratios to the background."""
    half = 0.5 * weight
    scale = 1.0 / bg
    for code in range(len(p)):
        probability = (counts[u64(code)] + own + half * (p[u64(code)] + bg)) / (totals[u64(code)] + own_total + weight)
        p[u64(code)] = probability
        products[u64(code)] *= probability * scale


@jit
def add_savings(
    symbols: Any,
    starts: Any,
    base: Any,
    shift: Any,
    masks: Any,
    weights: Any,
    grams: Any,
    removed: Any,
    scratch: Any,
    bits: Any,
    savings: Any,
) -> None:
    """Add the bits of each text under the background of each order, and those that each class saves.

    ``base[i]`` is the probability of symbol i without any context. `weights` has B of each order.
    """
    n_orders, n_classes = len(masks), len(grams.class_totals)
    for index in range(len(starts) - 1):
        start, stop = starts[index], starts[index + 1]
        for order in range(n_orders):
            number_own_grams(symbols, start, stop, order, shift, masks[order], grams, scratch)
        n_copies = i64(0)
        total = i64(0)
        empty_context = scratch.rows[2, 0]
        for code in range(n_classes):
            empty_context[code] = grams.class_totals[code]
            total += grams.class_totals[code]
        for entry in range(removed.starts[index], removed.starts[index + 1]):
            n_copies += removed.copies[entry]
            empty_context[removed.classes[entry]] -= removed.copies[entry] * (stop - start - 1)
        total -= n_copies * (stop - start - 1)
        scratch.products[:] = 1.0
        exponent = 0.0
        for place in range(stop - start):
            rows, before = scratch.rows[place & 1], scratch.rows[1 - (place & 1)]
            background = base[u64(start + place)]
            scratch.p[:] = background
            largest = LOWEST_RATIO
            context_count, context_own = float(total), float(place - 1)
            for order in range(n_orders):
                own_number = u64(scratch.local[u64(order), u64(place)])
                gram = scratch.grams[u64(order), own_number]
                n_own = scratch.totals[u64(order), own_number]
                own = float(scratch.past[u64(order), own_number])
                scratch.past[u64(order), own_number] += 1
                count = 0.0
                if gram >= 0:
                    count = float(i64(grams.counts[u64(gram)]) - n_copies * n_own)
                class_counts(gram, n_own, grams, removed, index, rows[order])
                if place > 0:
                    totals = empty_context if order == 0 else before[order - 1]
                    background = (count + own + BACKGROUND_WEIGHT * background) / (
                        context_count + context_own + BACKGROUND_WEIGHT
                    )
                    cost = -math.log2(background)
                    bits[index, order] += cost
                    largest = max(largest, cost)
                    if exponent + largest > LARGEST_EXPONENT:
                        for other in range(n_orders):
                            for code in range(n_classes):
                                savings[index, other, code] += math.log2(scratch.products[other, code])
                        scratch.products[:] = 1.0
                        exponent = 0.0
                    mix_classes(
                        scratch.p, scratch.products[order], rows[order], totals, own, context_own, background,
                        weights[order],
                    )
                    if order + 1 < n_orders:
                        context_number = u64(scratch.local[u64(order), u64(place - 1)])
                        context_gram = scratch.grams[u64(order), context_number]
                        context_count = 0.0
                        if context_gram >= 0:
                            context_count = float(
                                i64(grams.counts[u64(context_gram)])
                                - n_copies * scratch.totals[u64(order), context_number]
                            )
                        context_own = float(scratch.past[u64(order), context_number] - 1)
                        if scratch.local[u64(order), u64(place)] == scratch.local[u64(order), u64(place - 1)]:
                            context_own -= 1.0
            if place > 0:
                exponent += largest
        for order in range(n_orders):
            for code in range(n_classes):
                savings[index, order, code] += math.log2(scratch.products[order, code])
