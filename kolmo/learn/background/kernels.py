"""Numba kernels that measure texts under class models over a background: bits, and the bits that each class saves."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo._core.jit import AHEAD, i64, inline, jit, prefetch, u64
from kolmo.learn.background.counting_kernels import find_slot, gram_key, home_slot

_ONE = u64(1)

BACKGROUND_WEIGHT = 3.0
"""Symbols that the next lower order is worth in the background."""
LARGEST_EXPONENT = 900.0
"""Products of ratios stay below 2 to this power; a float64 holds 2 ** 1023."""
LOWEST_RATIO = 40.0
"""A class gives a symbol at least 2 to the minus this power of its probability in the background."""


class Removed(NamedTuple):
    """The copies of each text whose counts are removed: of text i, those from ``starts[i]`` to ``starts[i + 1]``."""

    starts: NDArray[np.int64]
    classes: NDArray[np.int64]
    copies: NDArray[np.int64]


class Scratch(NamedTuple):
    """Scratch space for the longest text of a block."""

    slots: NDArray[np.int32]
    keys: NDArray[np.uint64]
    """Of the distinct grams of one table."""
    local: NDArray[np.int32]
    """Number of the gram of each table at each position, among the distinct grams of the text."""
    grams: NDArray[np.int32]
    """Number of each distinct gram in `Grams`, or -1."""
    totals: NDArray[np.int32]
    """Occurrences of each distinct gram in the text."""
    past: NDArray[np.int32]
    """Occurrences so far."""
    rows: NDArray[np.float64]
    """Class counts of the grams of each table, at even and at odd positions."""
    totals_row: NDArray[np.float64]
    """Class counts of the empty context."""
    p: NDArray[np.float64]
    """Probability of the symbol in the model of each table under each class; the last row is that without counts."""
    background: NDArray[np.float64]
    """The same under the background."""
    products: NDArray[np.float64]


@inline
def number_own_grams(
    symbols: Any, start: Any, stop: Any, number: Any, kind: Any, distance: Any, shift: Any, grams: Any, scratch: Any
) -> None:
    """Number the distinct grams of one text and table, count them, and find each among those of the training texts."""
    size = i64(4)
    while size < 2 * (stop - start):
        size *= 2
    slot_mask = u64(size - 1)
    zero = u64(0)
    for slot in range(size):
        scratch.slots[u64(slot)] = -1
    first = u64(grams.slot_starts[number])
    all_mask = u64(grams.slot_starts[number + 1] - grams.slot_starts[number] - 1)
    key = zero
    n = 0
    for place in range(start, stop):
        key = gram_key(symbols, start, place, key, kind, distance, shift)
        slot = find_slot(key, scratch.slots, zero, slot_mask, scratch.keys)
        if scratch.slots[slot] < 0:
            scratch.slots[slot] = n
            scratch.keys[u64(n)] = key
            scratch.totals[u64(number), u64(n)] = 0
            scratch.past[u64(number), u64(n)] = 0
            n += 1
        own = scratch.slots[slot]
        scratch.totals[u64(number), u64(own)] += 1
        scratch.local[u64(number), u64(place - start)] = own
    for own in range(n):
        prefetch(grams.slots, first + home_slot(scratch.keys[u64(min(own + 2 * AHEAD, n - 1))], all_mask))
        later = grams.slots[first + home_slot(scratch.keys[u64(min(own + AHEAD, n - 1))], all_mask)]
        prefetch(grams.keys, u64(max(later, 0)))
        gram = grams.slots[find_slot(scratch.keys[u64(own)], grams.slots, first, all_mask, grams.keys)]
        scratch.grams[u64(number), u64(own)] = gram


@inline
def fetch_counts(number: Any, place: Any, size: Any, grams: Any, scratch: Any) -> None:
    """Start to load the counts of the grams at positions after this one."""
    later = u64(max(scratch.grams[u64(number), u64(scratch.local[u64(number), u64(min(place + 8, size - 1))])], 0))
    prefetch(grams.counts, later)
    prefetch(grams.entry_starts, later)
    soon = max(scratch.grams[u64(number), u64(scratch.local[u64(number), u64(min(place + 4, size - 1))])], 0)
    entry = u64(grams.entry_starts[u64(soon)])
    for line in range(u64(0), u64(32), u64(16)):
        prefetch(grams.entry_classes, entry + line)
        prefetch(grams.entry_counts, entry + line)


@inline
def read_counts(number: Any, place: Any, n_copies: Any, grams: Any, scratch: Any) -> Any:
    """Return the counts of the gram at a position: in the training texts without the copies, and in the text so far."""
    own = u64(scratch.local[u64(number), u64(place)])
    gram = scratch.grams[u64(number), own]
    count = i64(0)
    if gram >= 0:
        count = i64(grams.counts[u64(gram)]) - n_copies * scratch.totals[u64(number), own]
    return count, i64(scratch.past[u64(number), own])


@inline
def read_class_counts(number: Any, place: Any, grams: Any, removed: Any, index: Any, scratch: Any) -> None:
    """Write the counts of the gram at a position in each class, without the copies of the text."""
    own = u64(scratch.local[u64(number), u64(place)])
    gram = scratch.grams[u64(number), own]
    side = u64(place & 1)
    for code in range(scratch.rows.shape[2]):
        scratch.rows[side, u64(number), u64(code)] = 0.0
    if gram < 0:
        return
    for entry in range(grams.entry_starts[u64(gram)], grams.entry_starts[u64(gram) + _ONE]):
        scratch.rows[side, u64(number), u64(grams.entry_classes[u64(entry)])] = grams.entry_counts[u64(entry)]
    n_own = scratch.totals[u64(number), own]
    for entry in range(removed.starts[u64(index)], removed.starts[u64(index + 1)]):
        code = u64(removed.classes[u64(entry)])
        scratch.rows[side, u64(number), code] -= removed.copies[u64(entry)] * n_own


@inline
def read_totals(n_coded: Any, grams: Any, removed: Any, index: Any, scratch: Any) -> Any:
    """Write the counts of the empty context in each class, without the copies of the text.

    Returns their sum and the number of copies.
    """
    total, n_copies = i64(0), i64(0)
    for code in range(len(grams.class_totals)):
        scratch.totals_row[u64(code)] = grams.class_totals[u64(code)]
        total += grams.class_totals[u64(code)]
    for entry in range(removed.starts[u64(index)], removed.starts[u64(index + 1)]):
        n_copies += removed.copies[u64(entry)]
        scratch.totals_row[u64(removed.classes[u64(entry)])] -= removed.copies[u64(entry)] * n_coded
    return total - n_copies * n_coded, n_copies


@inline
def mix_classes(
    before: Any, p: Any, products: Any, counts: Any, totals: Any, own: Any, own_total: Any, bg: Any, weight: Any
) -> None:
    """Compute the probability of the symbol under each class, and multiply by its ratio to the background."""
    half = 0.5 * weight
    known, known_total = own + half * bg, own_total + weight
    scale = 1.0 / bg
    for code in range(len(p)):
        probability = (counts[u64(code)] + known + half * before[u64(code)]) / (totals[u64(code)] + known_total)
        p[u64(code)] = probability
        products[u64(code)] *= probability * scale


@inline
def add_logarithms(products: Any, savings: Any, index: Any) -> None:
    """Add the logarithms of the products to the savings, and reset the products to 1."""
    for model in range(products.shape[0]):
        for code in range(products.shape[1]):
            savings[index, model, code] += math.log2(products[model, code])
            products[model, code] = 1.0


@jit
def add_savings(
    symbols: Any,
    starts: Any,
    base: Any,
    shift: Any,
    tables: Any,
    weight: Any,
    grams: Any,
    removed: Any,
    scratch: Any,
    bits: Any,
    savings: Any,
) -> None:
    """Add the bits of each text under the background of each model, and those that each class saves.

    ``base[i]`` is the probability of symbol i without any counts. `tables` has one row for each, see `Table`.
    """
    n_tables = len(tables)
    for index in range(len(starts) - 1):
        start, size = starts[index], starts[index + 1] - starts[index]
        for number in range(n_tables):
            kind, distance = tables[number, 0], tables[number, 1]
            number_own_grams(symbols, start, start + size, number, kind, distance, shift, grams, scratch)
        total, n_copies = read_totals(size - 1, grams, removed, index, scratch)
        for model in range(scratch.products.shape[0]):
            for code in range(scratch.products.shape[1]):
                scratch.products[model, code] = 1.0
        exponent = 0.0
        for place in range(size):
            for number in range(n_tables):
                fetch_counts(number, place, size, grams, scratch)
                read_class_counts(number, place, grams, removed, index, scratch)
            if place > 0:
                scratch.background[n_tables] = base[u64(start + place)]
                for code in range(scratch.p.shape[1]):
                    scratch.p[n_tables, code] = base[u64(start + place)]
                largest = LOWEST_RATIO
                for number in range(n_tables):
                    context, lag = tables[number, 2], tables[number, 3]
                    parent, output = tables[number, 4], tables[number, 5]
                    if output < 0:
                        continue
                    if parent < 0:
                        parent = n_tables
                    side = u64((place - lag) & 1)
                    count, own = read_counts(number, place, n_copies, grams, scratch)
                    context_count, context_own = total, place - 1
                    if context >= 0:  # the last occurrence has no next symbol yet if it is at the position before
                        context_count, context_own = read_counts(context, place - lag, n_copies, grams, scratch)
                        context_own -= lag
                    background = (count + own + BACKGROUND_WEIGHT * scratch.background[parent]) / (
                        context_count + context_own + BACKGROUND_WEIGHT
                    )
                    scratch.background[number] = background
                    cost = -math.log2(background)
                    bits[index, output] += cost
                    largest = max(largest, cost)
                    if exponent + largest > LARGEST_EXPONENT:
                        add_logarithms(scratch.products, savings, index)
                        exponent = 0.0
                    counts, totals = scratch.rows[u64(place & 1), u64(number)], scratch.totals_row
                    if context >= 0:
                        totals = scratch.rows[side, u64(context)]
                    mix_classes(
                        scratch.p[parent],
                        scratch.p[number],
                        scratch.products[output],
                        counts,
                        totals,
                        float(own),
                        float(context_own),
                        background,
                        weight,
                    )
                exponent += largest
            for number in range(n_tables):
                scratch.past[u64(number), u64(scratch.local[u64(number), u64(place)])] += 1
        add_logarithms(scratch.products, savings, index)
