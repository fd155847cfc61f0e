"""Numba kernels of the overlap of two items; `tests/reference/overlap_reference.py` is the plain Python version.

Given an item x, an item y is coded byte by byte with the bits of a background, except for one passage. In the passage
each byte is a literal, which the background codes, or starts a phrase that is copied from x. The code of a passage is:

- a literal: `LITERAL` bits (probability .9) and its surprisal;
- a phrase that continues the last one, up to `FARTHEST_SHIFT` bytes before or after the place in x where y would
  continue if the bytes between were replaced one by one: `CONTINUED` bits (.08), the shift, and the length;
- any other phrase: `ELSEWHERE` bits (.02), its place in x, log2(length of x + 1), and the length;
- a length n: 2 log2(n) + 1 bits, the Elias gamma code or more.
"""

# Numba types these functions; mypy cannot follow the changes of integer types.
# mypy: disable-error-code="assignment"
from __future__ import annotations

import math
from typing import Any

import numpy as np

from kolmo._core.jit import i64, inline, jit, u64

LITERAL, CONTINUED, ELSEWHERE = -math.log2(0.9), -math.log2(0.09), -math.log2(0.01)
FARTHEST_SHIFT = 7
LONGEST_CHAIN = 64
"""Number of places of x that are compared with one place of y."""
LONG_ENOUGH = 128
"""Within a phrase of this length no other one is looked for."""
LONGEST_CONTINUED = 256
"""Longest phrase that continues the last one; a longer one is several."""
DEEPEST_DROP = 50.0
"""A passage ends where its bits have fallen this far below their maximum: after 329 literals in a row."""
NOWHERE = -1

BITS, Y_START, Y_STOP, X_START, X_STOP, PASSAGE_BITS, COPIED_BITS = range(7)
"""Columns of the result of a pair."""
N_COLUMNS = 7
_ODD = u64(0x9E3779B97F4A7C15)


@inline
def _bucket(text: Any, at: int, gram: int, n_bits: int) -> Any:
    key = u64(0)
    for place in range(gram):
        key = key << u64(8) | u64(text[u64(at + place)])
    return i64((key * _ODD) >> u64(64 - n_bits))


@inline
def _gram_of(size: int) -> Any:
    """Return the bytes of the shortest phrase that is looked up in an item of this size."""
    return i64(4 if size <= 4096 else 6 if size <= 65536 else 8)


@inline
def _index(x: Any, size: int, gram: int, n_bits: int, heads: Any, following: Any) -> None:
    """Chain the places of x by the bucket of the bytes that start there, the first place first."""
    for bucket in range(1 << n_bits):
        heads[u64(bucket)] = NOWHERE
    for place in range(size - gram, -1, -1):
        bucket = _bucket(x, place, gram, n_bits)
        following[u64(place)] = heads[u64(bucket)]
        heads[u64(bucket)] = place


@inline
def _common(y: Any, at: int, y_size: int, x: Any, place: int, x_size: int, limit: int) -> Any:
    """Return the number of equal bytes from two places on, up to a limit."""
    longest = min(y_size - at, x_size - place, limit)
    length = 0
    while length < longest and y[u64(at + length)] == x[u64(place + length)]:
        length += 1
    return i64(length)


@inline
def _longest(
    y: Any, at: int, y_size: int, x: Any, x_size: int, gram: int, n_bits: int, heads: Any, following: Any,
    place: int, length: int,
) -> Any:  # fmt: skip
    """Return the place in x and the length of the longest phrase at a place of y, at least those known."""
    found, best = i64(place), i64(length)
    if best < LONG_ENOUGH and at + gram <= y_size and gram <= x_size:
        best = max(best, gram - 1)
        candidate = i64(heads[u64(_bucket(y, at, gram, n_bits))])
        for _ in range(LONGEST_CHAIN):
            if candidate < 0 or at + best >= y_size:
                break
            if candidate + best < x_size and x[u64(candidate + best)] == y[u64(at + best)]:
                common = _common(y, at, y_size, x, candidate, x_size, y_size)
                if common > best:
                    found, best = candidate, common
            candidate = i64(following[u64(candidate)])
    return found, (best if found >= 0 else i64(0))


@inline
def _shift_bits(shift: int) -> Any:
    distance = abs(shift)
    return 1.0 if distance == 0 else 3.0 if distance == 1 else 5.0 if distance <= 3 else 6.0


@inline
def _length_bits(length: int) -> Any:
    return 2.0 * np.log2(float(length)) + 1.0


@inline
def _extend(
    place: int, stop: int, value: float, start: int, score: Any, peak: Any, before: Any, source: Any, expected: Any
) -> None:
    """Let a phrase of y from `place` to `stop`, copied from `start` in x, end there if it scores most."""
    if value > score[u64(stop)]:
        score[u64(stop)] = value
        peak[u64(stop)] = max(value, peak[u64(place)])
        before[u64(stop)] = place
        source[u64(stop)] = start
        expected[u64(stop)] = start + stop - place


@inline
def _parse(
    y: Any, y_size: int, total: Any, x: Any, x_size: int, gram: int, n_bits: int, heads: Any, following: Any,
    score: Any, peak: Any, before: Any, source: Any, expected: Any,
) -> Any:  # fmt: skip
    """Fill the scores of all ends of a passage, and return the best end."""
    for place in range(y_size + 1):
        score[u64(place)] = 0.0
        peak[u64(place)] = 0.0
        before[u64(place)] = NOWHERE
        source[u64(place)] = NOWHERE
        expected[u64(place)] = place
    elsewhere = ELSEWHERE + np.log2(float(x_size + 1))
    best, found, length = i64(0), i64(NOWHERE), i64(0)
    for at in range(y_size):
        here = score[u64(at)]
        if here > score[u64(best)]:
            best = at
        if here - LITERAL > max(score[u64(at + 1)], peak[u64(at)] - DEEPEST_DROP):
            score[u64(at + 1)] = here - LITERAL
            peak[u64(at + 1)] = peak[u64(at)]
            before[u64(at + 1)] = at
            source[u64(at + 1)] = NOWHERE
            expected[u64(at + 1)] = expected[u64(at)] + 1
        if length > 0:
            found, length = found + 1, length - 1
        if length < gram:
            found, length = i64(NOWHERE), i64(0)
        found, length = _longest(y, at, y_size, x, x_size, gram, n_bits, heads, following, found, length)
        if length > 0:
            value = here + total[u64(at + length)] - total[u64(at)] - elsewhere - _length_bits(length)
            _extend(at, at + length, value, found, score, peak, before, source, expected)
        middle = expected[u64(at)]
        for shift in range(-FARTHEST_SHIFT, FARTHEST_SHIFT + 1):
            start = middle + shift
            if start < 0 or start >= x_size or x[u64(start)] != y[u64(at)]:
                continue
            common = length if start == found else _common(y, at, y_size, x, start, x_size, LONGEST_CONTINUED)
            bits = CONTINUED + _shift_bits(shift) + _length_bits(common)
            value = here + total[u64(at + common)] - total[u64(at)] - bits
            _extend(at, at + common, value, start, score, peak, before, source, expected)
    return i64(y_size if score[u64(y_size)] > score[u64(best)] else best)


@inline
def _trace(stop: int, total: Any, x_size: int, score: Any, before: Any, source: Any, gains: Any, row: Any) -> None:
    """Write the passage that ends at `stop`: its spans in y and in x, its bits, and the bits saved.

    The span in x is the segment with the most bits copied from it, less those of literals for bytes that are not.
    """
    at = i64(stop)
    lowest, highest = i64(x_size), i64(0)
    while before[u64(at)] >= 0:
        if source[u64(at)] >= 0:
            lowest = min(lowest, source[u64(at)])
            highest = max(highest, source[u64(at)] + at - before[u64(at)])
        at = i64(before[u64(at)])
    row[BITS] = score[u64(stop)]
    row[Y_START], row[Y_STOP] = at, stop
    row[PASSAGE_BITS] = total[u64(stop)] - total[u64(at)]
    for place in range(lowest, highest):
        gains[u64(place)] = -LITERAL
    at = i64(stop)
    while before[u64(at)] >= 0:
        start = i64(source[u64(at)])
        if start >= 0:
            row[COPIED_BITS] += total[u64(at)] - total[u64(before[u64(at)])]
            gained = score[u64(at)] - score[u64(before[u64(at)])]
            each = gained / (at - before[u64(at)])
            for place in range(start, start + at - before[u64(at)]):
                gains[u64(place)] = max(gains[u64(place)], each)
        at = i64(before[u64(at)])
    running, first, most = 0.0, lowest, 0.0
    row[X_START], row[X_STOP] = lowest, highest
    for place in range(lowest, highest):
        if running <= 0.0:
            running, first = 0.0, place
        running += gains[u64(place)]
        if running > most:
            most = running
            row[X_START], row[X_STOP] = first, place + 1


@inline
def _bits_of(size: int) -> Any:
    """Return the number of bits of the buckets for an item of this size."""
    n_bits = 4
    while (1 << n_bits) < 2 * size and n_bits < 22:
        n_bits += 1
    return i64(n_bits)


@jit
def find_overlaps(
    ys: Any, y_starts: Any, bits: Any, xs: Any, x_starts: Any, pairs: Any, heads: Any, following: Any, numbers: Any,
    places: Any, rows: Any,
) -> None:  # fmt: skip
    """Find the passage of y that a copy from x makes cheapest, for pairs of items.

    Parameters
    ----------
    ys, xs : ndarray of uint8
        The items, concatenated.
    y_starts, x_starts : ndarray of int64
        Their starts, and the end of the last.
    bits : ndarray of float64
        The surprisal of each byte of `ys` in bits.
    pairs : ndarray of int64, shape (n_pairs, 2)
        The numbers of y and of x.
    heads : ndarray of int32, shape (2 ** 22 or more than twice the longest x,)
    following : ndarray of int32, shape (longest x,)
    numbers : ndarray of float64, shape (4, longest of all + 1)
    places : ndarray of int32, shape (3, longest y + 1)
    rows : ndarray of float64, shape (n_pairs, N_COLUMNS)
        Receives the bits saved, the spans in y and in x, and the bits of the passage.
    """
    score, total, peak = numbers[0], numbers[1], numbers[3]
    before, source, expected = places[0], places[1], places[2]
    last_y, last_x = i64(-1), i64(-1)
    gram, n_bits = i64(4), i64(4)
    for pair in range(len(pairs)):
        y_number, x_number = pairs[u64(pair), 0], pairs[u64(pair), 1]
        y_start, x_start = y_starts[u64(y_number)], x_starts[u64(x_number)]
        y_size, x_size = y_starts[u64(y_number + 1)] - y_start, x_starts[u64(x_number + 1)] - x_start
        y, x = ys[y_start : y_start + y_size], xs[x_start : x_start + x_size]
        if y_number != last_y:
            total[0] = 0.0
            for place in range(y_size):
                total[u64(place + 1)] = total[u64(place)] + bits[u64(y_start + place)]
            last_y = y_number
        if x_number != last_x:
            gram, n_bits = _gram_of(x_size), _bits_of(x_size)
            _index(x, x_size, gram, n_bits, heads, following)
            last_x = x_number
        stop = _parse(
            y, y_size, total, x, x_size, gram, n_bits, heads, following, score, peak, before, source, expected
        )  # fmt: skip
        _trace(stop, total, x_size, score, before, source, numbers[2], rows[u64(pair)])
        outside = y_size - (rows[u64(pair), Y_STOP] - rows[u64(pair), Y_START])
        rows[u64(pair), BITS] -= min(LITERAL * outside, 2.0 * np.log2(float(y_size + 1))) + 1.0


@jit
def mask_copies(y: Any, bits: Any, x: Any, heads: Any, following: Any) -> None:
    """Set the bits of each byte of y to 0 in all phrases that a copy from x makes cheaper."""
    y_size, x_size = i64(len(y)), i64(len(x))
    gram, n_bits = _gram_of(x_size), _bits_of(x_size)
    _index(x, x_size, gram, n_bits, heads, following)
    elsewhere = ELSEWHERE + np.log2(float(x_size + 1))
    at = i64(0)
    while at < y_size:
        _, length = _longest(y, at, y_size, x, x_size, gram, n_bits, heads, following, i64(NOWHERE), i64(0))
        saved = -elsewhere - _length_bits(max(length, 1))
        for place in range(at, at + length):
            saved += bits[u64(place)]
        if length > 0 and saved > 0.0:
            for place in range(at, at + length):
                bits[u64(place)] = 0.0
            at += length
        else:
            at += length if length >= LONG_ENOUGH else 1
