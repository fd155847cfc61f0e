"""Numba kernels of the counts predictor: class counts of n-grams, and the bits that they save on labels."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo._core.jit import AHEAD, i64, inline, jit, prefetch, u64
from kolmo.learn.label_code.ngram_kernels import N_KINDS

N_LEVELS = 10
"""Slots by frequency: n-grams in 1, 2 to 3, 4 to 7, ... texts."""
TABLE = 256
"""Savings of fewer texts than this are looked up."""


class Counts(NamedTuple):
    """The counts of `ClassCounts`, and what follows from them for the savings of texts."""

    starts: NDArray[np.int64]
    entries: NDArray[np.uint64]
    frequencies: NDArray[np.uint32]
    n_dense: int
    saved: NDArray[np.float32]
    """Bits that each entry saves on its label."""
    own_logs: NDArray[np.float32]
    """Savings of few texts on the label of the text itself, see `_saving`."""
    own_scales: NDArray[np.float64]
    least: int
    most: int
    """An n-gram is used if at least and at most so many other texts contain it."""


@inline
def level_of(frequency: Any) -> Any:
    """Return the slot of a frequency: the whole part of its binary logarithm, at most `N_LEVELS` - 1."""
    level = i64(0)
    for power in range(1, N_LEVELS):
        level += frequency >> power > 0  # the compiler unrolls it, and there is no branch
    return level


@jit
def count_classes(indices: Any, pointers: Any, order: Any, codes: Any, n_dense: Any, latest: Any, sizes: Any) -> None:
    """Count the classes of each column from `n_dense` on; `order` lists the texts class by class.

    `latest` is all -1 before.
    """
    final = i64(len(indices) - 1)
    for number in order:
        code = codes[u64(number)]
        for place in range(pointers[u64(number * N_KINDS)], pointers[u64((number + 1) * N_KINDS)]):
            later = u64(indices[u64(min(place + AHEAD, final))])
            prefetch(latest, later)
            prefetch(sizes, later)
            column = u64(indices[u64(place)])
            if column >= u64(n_dense) and latest[column] != code:
                latest[column] = code
                sizes[column] += 1


@jit
def fill_classes(
    indices: Any,
    pointers: Any,
    order: Any,
    codes: Any,
    n_dense: Any,
    n_classes: Any,
    latest: Any,
    ends: Any,
    entries: Any,
) -> None:
    """Write the entries of each column, see `ClassCounts`; ``ends[column]`` moves from start to end."""
    final = i64(len(indices) - 1)
    for number in order:
        code = codes[u64(number)]
        for place in range(pointers[u64(number * N_KINDS)], pointers[u64((number + 1) * N_KINDS)]):
            later = u64(indices[u64(min(place + 2 * AHEAD, final))])
            prefetch(latest, later)
            prefetch(ends, later)
            soon = u64(indices[u64(min(place + AHEAD, final))])
            prefetch(entries, u64(ends[soon]) + u64(soon < u64(n_dense)) * u64(code))
            column = u64(indices[u64(place)])
            if column < u64(n_dense):
                entries[column * u64(n_classes) + u64(code)] += u64(1)
            elif latest[column] != code:
                latest[column] = code
                entries[u64(ends[column])] = u64(code) << u64(32) | u64(1)
                ends[column] += 1
            else:
                entries[u64(ends[column] - 1)] += u64(1)


@jit
def remove_texts(
    indices: Any, pointers: Any, numbers: Any, codes: Any, n_dense: Any, starts: Any, entries: Any, frequencies: Any
) -> None:
    """Take these texts out of the entries and the frequencies."""
    for number in numbers:
        for place in range(pointers[u64(number * N_KINDS)], pointers[u64((number + 1) * N_KINDS)]):
            column = u64(indices[u64(place)])
            entries[u64(own_entry(starts, entries, n_dense, column, codes[u64(number)]))] -= u64(1)
            frequencies[column] -= 1


@inline
def label_of(entry: Any) -> Any:
    """Return the class of an entry."""
    return i64(entry >> u64(32))


@inline
def count_of(entry: Any) -> Any:
    """Return the number of texts of an entry."""
    return i64(entry & u64(0xFFFFFFFF))


@inline
def own_entry(starts: Any, entries: Any, n_dense: Any, column: Any, code: Any) -> Any:
    """Return the place of the entry of a class in a column that has one, see `ClassCounts`."""
    first, last = i64(starts[column]), i64(starts[column + u64(1)])
    if column < u64(n_dense):
        return first + i64(code)
    while first < last:
        middle = (first + last) >> 1
        if label_of(entries[u64(middle)]) < code:
            first = middle + 1
        else:
            last = middle
    return first


@inline
def _saving(logs: Any, scales: Any, label: Any, count: Any) -> Any:
    """Return log2(1 + count * scale of the label): from the table `logs` if the count is small."""
    if count < i64(TABLE):
        return logs[u64(label), u64(count)]
    return np.float32(math.log2(1.0 + count * scales[u64(label)]))


@jit
def entry_savings(entries: Any, logs: Any, scales: Any, out: Any) -> None:
    """Write what each entry saves on its label, see `ClassCounts.scales`."""
    for at in range(len(entries)):
        out[u64(at)] = _saving(logs, scales, label_of(entries[u64(at)]), count_of(entries[u64(at)]))


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
def _share(indices: Any, first: Any, last: Any, begin: Any, end: Any) -> Any:
    """Return the inverse of the number of columns from `begin` to `end`, or 1 if there is none."""
    known = i64(0)
    for place in range(first, last):
        known += begin <= i64(indices[u64(place)]) < end
    return 1.0 / max(known, 1)


@inline
def _fetch(indices: Any, place: Any, counts: Any, code: Any) -> None:
    """Start to load what columns after this place need: the entries of one, and where those of a later one are."""
    final = i64(len(indices) - 1)
    later = u64(indices[u64(min(place + 2 * AHEAD, final))])
    prefetch(counts.starts, later)
    prefetch(counts.frequencies, later)
    column = u64(indices[u64(min(place + AHEAD, final))])
    start = u64(counts.starts[column])
    prefetch(counts.saved, start)
    prefetch(counts.saved, start + u64(16))
    prefetch(counts.entries, start + u64(column < u64(counts.n_dense)) * u64(max(code, 0)))


@inline
def _add_savings(out: Any, column: Any, weight: Any, counts: Any, code: Any, own_copies: Any) -> None:
    """Add the weighted savings of a column to the labels, `own_copies` texts of class `code` left out."""
    start, stop = u64(counts.starts[column]), u64(counts.starts[column + u64(1)])
    if column < u64(counts.n_dense):
        for label in range(len(out)):
            out[u64(label)] += weight * counts.saved[start + u64(label)]
    else:
        for at in range(start, stop):
            out[u64(label_of(counts.entries[at]))] += weight * counts.saved[at]
    if code >= 0:
        at = u64(own_entry(counts.starts, counts.entries, counts.n_dense, column, code))
        saving = _saving(counts.own_logs, counts.own_scales, code, count_of(counts.entries[at]) - own_copies)
        out[u64(code)] += weight * (saving - counts.saved[at])


@inline
def _add_text(
    indices: Any, pointers: Any, number: Any, counts: Any, code: Any, own_copies: Any, weights: Any, out: Any
) -> None:
    """Add the weighted mean savings of the n-grams of a text on each label, to the row of their slot or the only row.

    `weights` has one number for each slot: kind and level.
    """
    begin = _first_at_most(counts.frequencies, counts.most + own_copies)
    end = _first_at_most(counts.frequencies, counts.least + own_copies - 1)
    by_slot = u64(len(out) > 1)
    for kind in range(N_KINDS):
        first, last = pointers[u64(number * N_KINDS + kind)], pointers[u64(number * N_KINDS + kind + 1)]
        share = _share(indices, first, last, begin, end)
        for place in range(first, last):
            _fetch(indices, place, counts, code)
            column = u64(indices[u64(place)])
            if begin <= i64(column) < end:
                slot = u64(kind * N_LEVELS + level_of(i64(counts.frequencies[column]) - own_copies))
                _add_savings(out[by_slot * slot], column, weights[slot] * share, counts, code, own_copies)


@jit
def text_savings(indices: Any, pointers: Any, counts: Any, codes: Any, copies: Any, weights: Any, out: Any) -> None:
    """Add the weighted mean savings of the n-grams of every text on each label to `out`.

    A text with a code of 0 or more is one of `copies` equal training texts with this label, which are not counted.
    """
    for number in range(len(out)):
        code, own_copies = i64(codes[u64(number)]), i64(copies[u64(number)])
        _add_text(indices, pointers, number, counts, code, own_copies, weights, out[number : number + 1])


@jit
def slot_savings(
    indices: Any, pointers: Any, numbers: Any, counts: Any, codes: Any, copies: Any, weights: Any, slots: Any, out: Any
) -> None:
    """Write the mean savings of each slot of the chosen texts on each label, without the texts themselves.

    `weights` are all 1, and `slots` is scratch: a row for each slot, a column for each label.
    """
    for row in range(len(numbers)):
        number = i64(numbers[u64(row)])
        code, own_copies = i64(codes[u64(number)]), i64(copies[u64(number)])
        slots[:] = 0.0
        _add_text(indices, pointers, number, counts, code, own_copies, weights, slots)
        for label in range(out.shape[1]):
            for slot in range(out.shape[2]):
                out[u64(row), u64(label), u64(slot)] = slots[u64(slot), u64(label)]


@inline
def _information(share: Any, prior: Any) -> Any:
    return share * math.log2(share / prior) if share > 0.0 else 0.0


@inline
def _gain(starts: Any, entries: Any, column: Any, total: Any, priors: Any, beta: Any) -> Any:
    """Return the divergence of the labels of an n-gram from all labels in bits, and the prior of classes without texts.

    These classes are not in the divergence. Together they would add ``prior * _information(beta / total, 1)``.
    """
    absent, bits = 1.0, 0.0
    for at in range(starts[column], starts[column + u64(1)]):
        count, prior = count_of(entries[u64(at)]), priors[u64(label_of(entries[u64(at)]))]
        if count > 0:
            absent -= prior
            bits += _information((count + beta * prior) / total, prior)
    return bits, absent


@jit
def column_gains(starts: Any, entries: Any, frequencies: Any, priors: Any, beta: Any, least: Any, gains: Any) -> None:
    """Write the gain of each n-gram of at least `least` texts."""
    for column in range(len(frequencies)):
        if frequencies[u64(column)] >= least:
            total = frequencies[u64(column)] + beta
            bits, absent = _gain(starts, entries, u64(column), total, priors, beta)
            gains[u64(column)] = max(bits + max(absent, 0.0) * _information(beta / total, 1.0), 0.0)


@jit
def own_gains(starts: Any, entries: Any, frequencies: Any, priors: Any, beta: Any, least: Any, gains: Any) -> None:
    """Write the gain of each n-gram of at least `least` texts without one text of each of its classes."""
    own_priors, other_priors = priors[1], priors[2]
    for column in range(len(frequencies)):
        if frequencies[u64(column)] < least:
            continue
        total = frequencies[u64(column)] - 1 + beta
        bits, absent = _gain(starts, entries, u64(column), total, other_priors, beta)
        per_absent = _information(beta / total, 1.0)
        for at in range(starts[u64(column)], starts[u64(column + 1)]):
            label, count = u64(label_of(entries[u64(at)])), count_of(entries[u64(at)])
            if count == 0:
                continue
            other_prior, prior = other_priors[label], own_priors[label]
            share = (count - 1 + beta * prior) / total
            others = bits - _information((count + beta * other_prior) / total, other_prior)
            rest = max(absent + other_prior - prior, 0.0)
            gains[u64(at)] = max(others + _information(share, prior) + rest * per_absent, 0.0)
