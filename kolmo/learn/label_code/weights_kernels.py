"""Numba kernels of the weights predictor: values of n-grams, and training of a log-linear model by AdaGrad."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kolmo._core.jit import AHEAD, i64, inline, jit, prefetch, u64
from kolmo.learn.label_code.counts_kernels import own_entry
from kolmo.learn.label_code.ngram_kernels import BYTE_ORDERS, N_KINDS

N_STEPS = 128
"""Steps of the histogram of squares, two for each power of two."""
FEATURE_BITS = 19
VALUE_BITS = 32 - FEATURE_BITS
"""An entry of a text is a feature, times 2^13, plus its value in units of `UNIT`."""
UNIT = np.float32(1 / (2**VALUE_BITS - 1))
_MASK = u64(2**VALUE_BITS - 1)


@inline
def _step(square: Any) -> Any:
    """Return the step of the histogram of a number from 0 to 1, by its exponent and the first bit of its mantissa."""
    return min(max(i64(253) - (i64(np.float32(square).view(np.int32)) >> 22), i64(0)), i64(N_STEPS - 1))


@inline
def _last_step(squares: Any, n: Any, scale: Any, kept: Any, histogram: Any) -> Any:
    """Return the step of the histogram with which the largest of n squares hold the share `kept` of their sum."""
    for step in range(N_STEPS):
        histogram[u64(step)] = 0.0
    for place in range(n):
        square = squares[u64(place)] * scale
        histogram[u64(_step(square))] += square
    total, step = histogram[0], i64(0)
    while step < N_STEPS - 1 and total < kept:
        step += 1
        total += histogram[u64(step)]
    return step


@jit
def weigh_rows(
    indices: Any,
    counts: Any,
    pointers: Any,
    features: Any,
    costs: Any,
    gains: Any,
    starts: Any,
    entries: Any,
    n_dense: Any,
    own_gains: Any,
    codes: Any,
    kept: Any,
    histogram: Any,
    squares: Any,
    out_entries: Any,
    out_pointers: Any,
) -> Any:
    """Write each text as features with values sqrt(count * cost * gain), and return their number.

    The n-grams of bytes and those of words have norm 1 each. Of each text the largest values are written, until they
    hold the share `kept` of the sum of squares. For a training text of class ``codes[i]`` (-1 for none), the gains are
    those without the text.
    """
    size, final = i64(0), i64(len(indices) - 1)
    for number in range(len(out_pointers) - 1):
        code = i64(codes[u64(number)])
        for family in range(2):
            begin = i64(pointers[u64(number * N_KINDS + family * BYTE_ORDERS)] - pointers[0])
            end = i64(pointers[u64(number * N_KINDS + (N_KINDS if family else BYTE_ORDERS))] - pointers[0])
            found, total = i64(0), 0.0
            for place in range(begin, end):
                later = u64(indices[u64(min(place + 2 * AHEAD, final))])
                prefetch(features, later)
                prefetch(costs, later)
                prefetch(gains, later)
                prefetch(starts, later)
                if code >= 0:
                    soon = u64(indices[u64(min(place + AHEAD, final))])
                    prefetch(entries, u64(starts[soon]))
                    prefetch(own_gains, u64(starts[soon]) + u64(soon < u64(n_dense)) * u64(code))
                column = u64(indices[u64(place)])
                feature = features[column]
                if feature < 0:
                    continue
                gain = gains[column]
                if code >= 0:
                    gain = own_gains[u64(own_entry(starts, entries, n_dense, column, code))]
                square = counts[u64(place)] * costs[column] * gain
                if square <= 0.0:
                    continue
                total += square
                out_entries[u64(size + found)] = feature
                squares[u64(found)] = square
                found += 1
            if total == 0.0:
                continue
            scale = 1.0 / total
            last_step = _last_step(squares, found, scale, kept, histogram) if kept < 1.0 else i64(N_STEPS)
            first = size
            for place in range(found):
                square = squares[u64(place)] * scale
                if _step(square) <= last_step:
                    value = u64(math.sqrt(square) / UNIT + 0.5)
                    out_entries[u64(size)] = u64(out_entries[u64(first + place)]) << u64(VALUE_BITS) | value
                    size += 1
        out_pointers[u64(number + 1)] = size
    return size


@inline
def _feature(entry: Any) -> Any:
    return u64(entry) >> u64(VALUE_BITS)


@inline
def _value(entry: Any) -> Any:
    return UNIT * np.float32(i64(u64(entry) & _MASK))


@inline
def _probabilities(scores: Any) -> None:
    """Replace scores by the softmax of them."""
    largest = scores[0]
    for label in range(1, len(scores)):
        largest = max(largest, scores[u64(label)])
    total = 0.0
    for label in range(len(scores)):
        scores[u64(label)] = math.exp(scores[u64(label)] - largest)
        total += scores[u64(label)]
    for label in range(len(scores)):
        scores[u64(label)] /= total


@inline
def _fetch_row(weights: Any, feature: Any) -> None:
    """Start to load the first and the last weight of a feature; the processor foresees those between."""
    width = u64(weights.shape[1])
    prefetch(weights, feature * width)
    prefetch(weights, feature * width + width - u64(1))


@jit
def train(
    entries: Any,
    pointers: Any,
    order: Any,
    codes: Any,
    weights: Any,
    squares: Any,
    biases: Any,
    bias_squares: Any,
    scores: Any,
    rate: Any,
    ridge: Any,
    least_error: Any,
    epsilon: Any,
) -> None:
    """Run AdaGrad over the texts in this order. Rows of `weights` are features, columns are labels."""
    n_labels = weights.shape[1]
    for number in order:
        first, last = pointers[u64(number)], pointers[u64(number + 1)]
        for label in range(n_labels):
            scores[u64(label)] = biases[u64(label)]
        for place in range(first, last):
            later = _feature(entries[u64(min(place + AHEAD, last - 1))])
            _fetch_row(weights, later)
            prefetch(squares, later)
            feature, value = _feature(entries[u64(place)]), _value(entries[u64(place)])
            for label in range(n_labels):
                scores[u64(label)] += weights[feature, u64(label)] * value
        _probabilities(scores)
        scores[u64(codes[u64(number)])] -= 1.0
        error = 0.0
        for label in range(n_labels):
            slope = scores[u64(label)]
            error += slope * slope
            bias_squares[u64(label)] += slope * slope
            biases[u64(label)] -= rate * 0.1 * slope / math.sqrt(bias_squares[u64(label)] + epsilon)
        if error < least_error:
            continue
        error32 = np.float32(error)
        for place in range(first, last):
            feature, value = _feature(entries[u64(place)]), _value(entries[u64(place)])
            squares[feature] += error32 * value * value
            step = rate / np.sqrt(squares[feature] + epsilon)
            keep = np.float32(1.0) - step * ridge
            step *= value
            for label in range(n_labels):
                weights[feature, u64(label)] = weights[feature, u64(label)] * keep - step * scores[u64(label)]


@jit
def add_scaled(total: Any, weights: Any, share: Any) -> None:
    """Add weights, times `share`, to `total`; NumPy would need a third array."""
    for feature in range(weights.shape[0]):
        for label in range(weights.shape[1]):
            total[u64(feature), u64(label)] += share * weights[u64(feature), u64(label)]


@jit
def score(entries: Any, pointers: Any, weights: Any, out: Any) -> None:
    """Add the product of texts and weights to `out`."""
    for number in range(len(out)):
        first, last = pointers[u64(number)], pointers[u64(number + 1)]
        for place in range(first, last):
            _fetch_row(weights, _feature(entries[u64(min(place + AHEAD, last - 1))]))
            feature, value = _feature(entries[u64(place)]), _value(entries[u64(place)])
            for label in range(weights.shape[1]):
                out[u64(number), u64(label)] += weights[feature, u64(label)] * value
