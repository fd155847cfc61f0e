"""Numba kernels of the counts predictor: class counts of n-grams, and the bits that they save on labels."""

from __future__ import annotations

import math
from typing import Any

from kolmo._core.jit import i64, inline, jit, u64
from kolmo.learn.label_code.ngram_kernels import N_KINDS

N_LEVELS = 10
"""Slots by frequency: n-grams in 1, 2 to 3, 4 to 7, ... texts."""
TABLE = 256
"""Counts below this are looked up."""


@inline
def level_of(frequency: Any) -> Any:
    """Return the slot of a frequency: the whole part of its binary logarithm, at most `N_LEVELS` - 1."""
    level = i64(0)
    while frequency > 1 and level < N_LEVELS - 1:
        frequency >>= 1
        level += 1
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
def fill_classes(
    indices: Any, pointers: Any, order: Any, codes: Any, latest: Any, ends: Any, classes: Any, counts: Any
) -> None:
    """Write the classes of each column and the number of texts of each; ``ends[column]`` moves from start to end."""
    for number in order:
        code = codes[u64(number)]
        for place in range(pointers[u64(number * N_KINDS)], pointers[u64((number + 1) * N_KINDS)]):
            column = u64(indices[u64(place)])
            if latest[column] != code:
                latest[column] = code
                classes[u64(ends[column])] = code
                counts[u64(ends[column])] = 1
                ends[column] += 1
            else:
                counts[u64(ends[column] - 1)] += 1


@inline
def saving(count: Any, scale: Any) -> Any:
    """Return the bits that an n-gram saves on a label, up to a term that is the same for all labels."""
    return math.log2(1.0 + count * scale)


@jit
def entry_savings(classes: Any, counts: Any, table: Any, scales: Any, out: Any) -> None:
    """Write the saving of each class of each column."""
    for entry in range(len(counts)):
        label, count = u64(classes[u64(entry)]), counts[u64(entry)]
        out[u64(entry)] = table[label, u64(count)] if count < TABLE else saving(float(count), scales[label])


@inline
def own_entry(classes: Any, first: Any, last: Any, code: Any) -> Any:
    """Return the place of a class among the sorted classes of a column."""
    while first < last:
        middle = (first + last) >> 1
        if classes[u64(middle)] < code:
            first = middle + 1
        else:
            last = middle
    return first


@inline
def _known(indices: Any, first: Any, last: Any, frequencies: Any, copies: Any, least: Any, most: Any) -> Any:
    """Return how many n-grams of a text at least `least` and at most `most` other texts contain."""
    known = i64(0)
    for place in range(first, last):
        known += least <= i64(frequencies[u64(indices[u64(place)])]) - copies <= most
    return known


@jit
def text_savings(
    indices: Any,
    pointers: Any,
    starts: Any,
    classes: Any,
    counts: Any,
    frequencies: Any,
    savings: Any,
    own_scales: Any,
    least: Any,
    most: Any,
    codes: Any,
    copies: Any,
    weights: Any,
    out: Any,
) -> None:
    """Add the weighted mean savings of the n-grams of every text on each label to `out`.

    A text with a code of 0 or more is one of `copies` equal training texts with this label, which are not counted.
    `weights` has one number for each kind and level.
    """
    for number in range(len(out)):
        code, own_copies = i64(codes[u64(number)]), i64(copies[u64(number)])
        for kind in range(N_KINDS):
            first, last = pointers[u64(number * N_KINDS + kind)], pointers[u64(number * N_KINDS + kind + 1)]
            known = _known(indices, first, last, frequencies, own_copies, least, most)
            for place in range(first, last):
                column = u64(indices[u64(place)])
                frequency = i64(frequencies[column]) - own_copies
                if not least <= frequency <= most:
                    continue
                weight = weights[u64(kind * N_LEVELS + level_of(frequency))] / known
                if weight == 0.0:
                    continue
                for entry in range(starts[column], starts[column + u64(1)]):
                    out[u64(number), u64(classes[u64(entry)])] += weight * savings[u64(entry)]
                if code >= 0:
                    entry = u64(own_entry(classes, starts[column], starts[column + u64(1)], code))
                    rest = saving(float(counts[entry]) - own_copies, own_scales[u64(code)])
                    out[u64(number), u64(code)] += weight * (rest - savings[entry])


@jit
def slot_savings(
    indices: Any,
    pointers: Any,
    numbers: Any,
    starts: Any,
    classes: Any,
    counts: Any,
    frequencies: Any,
    savings: Any,
    own_scales: Any,
    least: Any,
    most: Any,
    codes: Any,
    copies: Any,
    out: Any,
) -> None:
    """Write the mean savings of each slot of the chosen texts on each label, without the texts themselves."""
    for row in range(len(numbers)):
        number = i64(numbers[u64(row)])
        code, own_copies = i64(codes[u64(number)]), i64(copies[u64(number)])
        for kind in range(N_KINDS):
            first, last = pointers[u64(number * N_KINDS + kind)], pointers[u64(number * N_KINDS + kind + 1)]
            known = _known(indices, first, last, frequencies, own_copies, least, most)
            if known == 0:
                continue
            share = 1.0 / known
            for place in range(first, last):
                column = u64(indices[u64(place)])
                frequency = i64(frequencies[column]) - own_copies
                if not least <= frequency <= most:
                    continue
                slot = u64(kind * N_LEVELS + level_of(frequency))
                for entry in range(starts[column], starts[column + u64(1)]):
                    out[u64(row), u64(classes[u64(entry)]), slot] += share * savings[u64(entry)]
                entry = u64(own_entry(classes, starts[column], starts[column + u64(1)], code))
                rest = saving(float(counts[entry]) - own_copies, own_scales[u64(code)])
                out[u64(row), u64(code), slot] += share * (rest - savings[entry])


@inline
def _gain(
    starts: Any, classes: Any, counts: Any, column: Any, frequency: Any, code: Any, priors: Any, beta: Any
) -> Any:
    """Return the divergence of the labels of an n-gram from all labels in bits, without one text of class `code`."""
    own = i64(code >= 0)
    total = frequency - own + beta
    absent, bits = 1.0, 0.0
    for entry in range(starts[column], starts[column + u64(1)]):
        label = i64(classes[u64(entry)])
        is_own = label == code
        prior = priors[u64(1), u64(label)] if is_own else priors[u64(0), u64(label)]
        if own and not is_own:
            prior = priors[u64(2), u64(label)]
        absent -= prior
        share = (counts[u64(entry)] - i64(is_own) + beta * prior) / total
        bits += share * math.log2(share / prior)
    if absent > 1e-12:
        share = beta / total
        bits += absent * share * math.log2(share)
    return max(bits, 0.0)


@jit
def column_gains(
    starts: Any,
    classes: Any,
    counts: Any,
    frequencies: Any,
    priors: Any,
    beta: Any,
    least: Any,
    gains: Any,
    own_gains: Any,
) -> None:
    """Write the gain of each n-gram of at least `least` texts, and its gain without one text of each of its classes."""
    for column in range(len(frequencies)):
        frequency = i64(frequencies[u64(column)])
        if frequency < least:
            continue
        gains[u64(column)] = _gain(starts, classes, counts, u64(column), frequency, i64(-1), priors, beta)
        for entry in range(starts[u64(column)], starts[u64(column + 1)]):
            own_gains[u64(entry)] = _gain(
                starts, classes, counts, u64(column), frequency, i64(classes[u64(entry)]), priors, beta
            )
