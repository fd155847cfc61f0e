"""Numba kernels of the counts predictor: class counts of n-grams, and the bits that they save on labels."""

from __future__ import annotations

import math
from typing import Any

from kolmo._core.jit import i64, inline, jit, u64
from kolmo.learn.label_code.ngram_kernels import N_KINDS

N_LEVELS = 10
"""Slots by frequency: n-grams in 1, 2 to 3, 4 to 7, ... texts."""
TABLE = 256
"""Savings of fewer texts than this are looked up."""


@inline
def level_of(frequency: Any) -> Any:
    """Return the slot of a frequency: the whole part of its binary logarithm, at most `N_LEVELS` - 1."""
    level = i64(0)
    for power in range(1, N_LEVELS):
        level += frequency >> power > 0  # the compiler unrolls it, and there is no branch
    return level


@jit
def count_classes(indices: Any, pointers: Any, order: Any, codes: Any, latest: Any, sizes: Any) -> None:
    """Count the classes of each column; `order` lists the texts class by class. `latest` is all -1 before."""
    for number in order:
        code = codes[u64(number)]
        for place in range(pointers[u64(number * N_KINDS)], pointers[u64((number + 1) * N_KINDS)]):
            column = u64(indices[u64(place)])
            if latest[column] != code:
                latest[column] = code
                sizes[column] += 1


@jit
def fill_classes(indices: Any, pointers: Any, order: Any, codes: Any, latest: Any, ends: Any, entries: Any) -> None:
    """Write the entries of each column, see `ClassCounts`; ``ends[column]`` moves from start to end."""
    for number in order:
        code = codes[u64(number)]
        for place in range(pointers[u64(number * N_KINDS)], pointers[u64((number + 1) * N_KINDS)]):
            column = u64(indices[u64(place)])
            if latest[column] != code:
                latest[column] = code
                entries[u64(ends[column])] = u64(code) << u64(32) | u64(1)
                ends[column] += 1
            else:
                entries[u64(ends[column] - 1)] += u64(1)


@inline
def label_of(entry: Any) -> Any:
    """Return the class of an entry."""
    return i64(entry >> u64(32))


@inline
def count_of(entry: Any) -> Any:
    """Return the number of texts of an entry."""
    return i64(entry & u64(0xFFFFFFFF))


@inline
def own_entry(entries: Any, first: Any, last: Any, code: Any) -> Any:
    """Return the place of a class among the entries of a column, whose classes rise."""
    while first < last:
        middle = (first + last) >> 1
        if label_of(entries[u64(middle)]) < code:
            first = middle + 1
        else:
            last = middle
    return first


@jit
def add_counts(starts: Any, entries: Any, frequencies: Any) -> None:
    """Write the sum of the numbers of texts of each column."""
    for column in range(len(frequencies)):
        total = i64(0)
        for at in range(starts[u64(column)], starts[u64(column + 1)]):
            total += count_of(entries[u64(at)])
        frequencies[u64(column)] = total


@inline
def _saving(savings: Any, scales: Any, entry: Any, code: Any, own_copies: Any) -> Any:
    """Return the bits that an n-gram saves on the label of an entry, up to a term that all classes share.

    `savings` and `scales` have a part for other classes than that of the text and one for its own class `code`, of
    which `own_copies` texts are not counted.
    """
    label, is_own = entry >> u64(32), entry >> u64(32) == u64(code)
    count = (entry & u64(0xFFFFFFFF)) - u64(is_own) * u64(own_copies)
    place = u64(is_own) * u64(len(scales) // 2) + label
    if count < u64(TABLE):
        return savings[place * u64(TABLE) + count]
    return math.log2(1.0 + count * scales[place])


@inline
def _first_at_most(frequencies: Any, most: Any) -> Any:
    """Return the first column in at most so many texts; the frequencies fall."""
    first, last = i64(0), i64(len(frequencies))
    while first < last:
        middle = (first + last) >> 1
        if frequencies[u64(middle)] > most:
            first = middle + 1
        else:
            last = middle
    return first


@inline
def _look_up(
    indices: Any,
    first: Any,
    last: Any,
    begin: Any,
    end: Any,
    starts: Any,
    entries: Any,
    frequencies: Any,
    levels: Any,
    spans: Any,
    own_copies: Any,
) -> Any:
    """Write where the entries of the n-grams from `begin` to `end` are, and their levels; return their number.

    The loop has no branch that is hard to foresee, so the processor waits for many cache lines at once. Those of the
    entries are fetched, too.
    """
    size, fetched = i64(0), u64(0)
    for place in range(first, last):
        column = i64(indices[u64(place)])
        start = u64(starts[u64(column)])
        spans[u64(size), u64(0)], spans[u64(size), u64(1)] = start, starts[u64(column + 1)]
        levels[u64(size)] = level_of(i64(frequencies[u64(column)]) - own_copies)
        fetched |= entries[min(start, u64(len(entries) - 1))]
        size += begin <= column < end
    spans[u64(size), u64(0)] = fetched  # is not read, but keeps the compiler from omitting the loads
    return size


@jit
def text_savings(
    indices: Any,
    pointers: Any,
    starts: Any,
    entries: Any,
    frequencies: Any,
    savings: Any,
    scales: Any,
    least: Any,
    most: Any,
    codes: Any,
    copies: Any,
    weights: Any,
    levels: Any,
    spans: Any,
    out: Any,
) -> None:
    """Add the weighted mean savings of the n-grams of every text on each label to `out`.

    A text with a code of 0 or more is one of `copies` equal training texts with this label, which are not counted.
    `weights` has one number for each kind and level. `levels` and `spans` are scratch for the n-grams of a kind.
    """
    for number in range(len(out)):
        code, own_copies = i64(codes[u64(number)]), i64(copies[u64(number)])
        begin = _first_at_most(frequencies, most + own_copies)
        end = _first_at_most(frequencies, least + own_copies - 1)
        for kind in range(N_KINDS):
            first, last = pointers[u64(number * N_KINDS + kind)], pointers[u64(number * N_KINDS + kind + 1)]
            known = _look_up(indices, first, last, begin, end, starts, entries, frequencies, levels, spans, own_copies)
            share = 1.0 / max(known, 1)
            for place in range(known):
                weight = weights[u64(kind * N_LEVELS + levels[u64(place)])] * share
                at, stop = u64(spans[u64(place), u64(0)]), u64(spans[u64(place), u64(1)])
                while at < stop:
                    saving = _saving(savings, scales, entries[at], code, own_copies)
                    out[u64(number), entries[at] >> u64(32)] += weight * saving
                    at += u64(1)


@jit
def slot_savings(
    indices: Any,
    pointers: Any,
    numbers: Any,
    starts: Any,
    entries: Any,
    frequencies: Any,
    savings: Any,
    scales: Any,
    least: Any,
    most: Any,
    codes: Any,
    copies: Any,
    levels: Any,
    spans: Any,
    out: Any,
) -> None:
    """Write the mean savings of each slot of the chosen texts on each label, without the texts themselves."""
    for row in range(len(numbers)):
        number = i64(numbers[u64(row)])
        code, own_copies = i64(codes[u64(number)]), i64(copies[u64(number)])
        begin = _first_at_most(frequencies, most + own_copies)
        end = _first_at_most(frequencies, least + own_copies - 1)
        for kind in range(N_KINDS):
            first, last = pointers[u64(number * N_KINDS + kind)], pointers[u64(number * N_KINDS + kind + 1)]
            known = _look_up(indices, first, last, begin, end, starts, entries, frequencies, levels, spans, own_copies)
            share = 1.0 / max(known, 1)
            for place in range(known):
                slot = u64(kind * N_LEVELS + levels[u64(place)])
                at, stop = u64(spans[u64(place), u64(0)]), u64(spans[u64(place), u64(1)])
                while at < stop:
                    saving = _saving(savings, scales, entries[at], code, own_copies)
                    out[u64(row), entries[at] >> u64(32), slot] += share * saving
                    at += u64(1)


@inline
def _gain(starts: Any, entries: Any, column: Any, frequency: Any, code: Any, priors: Any, beta: Any) -> Any:
    """Return the divergence of the labels of an n-gram from all labels in bits, without one text of class `code`."""
    own = i64(code >= 0)
    total = frequency - own + beta
    absent, bits = 1.0, 0.0
    for at in range(starts[column], starts[column + u64(1)]):
        label = label_of(entries[u64(at)])
        is_own = label == code
        prior = priors[u64(1), u64(label)] if is_own else priors[u64(0), u64(label)]
        if own and not is_own:
            prior = priors[u64(2), u64(label)]
        absent -= prior
        share = (count_of(entries[u64(at)]) - i64(is_own) + beta * prior) / total
        bits += share * math.log2(share / prior)
    if absent > 1e-12:
        share = beta / total
        bits += absent * share * math.log2(share)
    return max(bits, 0.0)


@jit
def column_gains(
    starts: Any, entries: Any, frequencies: Any, priors: Any, beta: Any, least: Any, gains: Any, own_gains: Any
) -> None:
    """Write the gain of each n-gram of at least `least` texts, and its gain without one text of each of its classes."""
    for column in range(len(frequencies)):
        frequency = i64(frequencies[u64(column)])
        if frequency < least:
            continue
        gains[u64(column)] = _gain(starts, entries, u64(column), frequency, i64(-1), priors, beta)
        for at in range(starts[u64(column)], starts[u64(column + 1)]):
            code = label_of(entries[u64(at)])
            own_gains[u64(at)] = _gain(starts, entries, u64(column), frequency, code, priors, beta)
