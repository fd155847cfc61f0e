"""Kernels of the search: the best cut of a sequence into simple pieces, and sequences that arithmetic explains."""

# Numba types these functions; mypy cannot follow the changes of integer types.
# mypy: disable-error-code="assignment"
from __future__ import annotations

from typing import Any

import numpy as np

from kolmo._core.jit import inline, jit

LITERAL, CONSTANT, REPEAT, CONCAT, RANGE, SCAN, ADD_SCAN, SCAN_SCAN, MOD, ADD_MOD, PAIR, COPY = range(12)
"""Kinds of pieces; those from RANGE on are the longest that start at a place: arithmetic, or a copy of the context."""
KINDS = 12
ANY = -1
"""A place of a target that may hold any symbol."""


@inline
def uniform_bits(count: Any, index: Any) -> Any:
    """Return the bits of `index` in the truncated binary code of `count` values."""
    width = 0
    while count >> (width + 1):
        width += 1
    return width + (index >= (2 << width) - count)


@jit
def fill_periods(table: Any) -> Any:
    """Fill in the bits of every period (column) for every size (row); see `codes.Period`."""
    for length in range(2, table.shape[0]):
        divides = 0
        for period in range(1, length):
            divides += length % period == 0
        others = length - 1 - divides
        rank, other = 0, 0
        for period in range(1, length):
            if length % period == 0:
                table[length, period] = (others > 0) + uniform_bits(divides, rank)
                rank += 1
            else:
                table[length, period] = 1 + uniform_bits(others, other)
                other += 1


@inline
def _range_extent(target: Any, start: Any, stride: Any, symbols: Any, step_bits: Any, found: Any) -> Any:
    """Find the range with the longest extent from `start` in every `stride`-th place; `found` gets start and step."""
    n = target.size
    first = start
    while first < n and target[first] == ANY:
        first += stride
    second = first + stride
    while second < n and target[second] == ANY:
        second += stride
    if second >= n:
        found[0] = (target[first] if first < n else 0) % symbols
        found[1] = 1 % symbols
        if first < n:
            found[0] = (target[first] - (first - start) // stride) % symbols
        return n
    gap = (second - first) // stride
    difference = (target[second] - target[first]) % symbols
    best, cost = 0, 1 << 30
    low, high = (difference, difference + 1) if gap == 1 else (0, symbols)
    for step in range(low, high):
        if step * gap % symbols != difference:
            continue
        base = (target[first] - step * ((first - start) // stride)) % symbols
        place, value = start, base
        while place < n and (target[place] == ANY or target[place] == value):
            value = (value + step) % symbols
            place += stride
        if place > best or (place == best and step_bits[step] < cost):
            best, cost = place, step_bits[step]
            found[0], found[1] = base, step
    return best


@jit
def explain(
    target: Any,
    starts: Any,
    symbols: Any,
    step_bits: Any,
    op: Any,
    extents: Any,
    costs: Any,
    numbers: Any,
    found: Any,
    other: Any,
) -> Any:
    """Fill in the longest arithmetic pieces from each of the first `starts` places: their ends, bits and parameters.

    `op` holds the bits of the opcodes by kind, then those of add, interleave and a symbol; `found` and `other` are two
    numbers each, overwritten.
    """
    n = target.size
    add_bits, interleave_bits, symbol_bits = op[KINDS], op[KINDS + 1], op[KINDS + 2]
    range_bits = op[RANGE] + symbol_bits
    for start in range(min(starts, n)):
        extents[RANGE, start] = _range_extent(target, start, 1, symbols, step_bits, found)
        numbers[RANGE, start, 0], numbers[RANGE, start, 1] = found[0], found[1]
        costs[RANGE, start] = range_bits + step_bits[found[1]]
        for kind in (SCAN, ADD_SCAN, SCAN_SCAN, MOD, ADD_MOD, PAIR):
            extents[kind, start] = 0
        if start + 4 > n:
            continue
        end = _range_extent(target, start, 2, symbols, step_bits, found)
        last = _range_extent(target, start + 1, 2, symbols, step_bits, other)
        extents[PAIR, start] = min(end, last, n)
        numbers[PAIR, start, 0], numbers[PAIR, start, 1] = found[0], found[1]
        numbers[PAIR, start, 2], numbers[PAIR, start, 3] = other[0], other[1]
        costs[PAIR, start] = interleave_bits + 2 * range_bits + step_bits[found[1]] + step_bits[other[1]]
        if target[start] == ANY or target[start + 1] == ANY or target[start + 2] == ANY or target[start + 3] == ANY:
            continue
        one = (target[start + 1] - target[start]) % symbols
        two = (target[start + 2] - target[start + 1]) % symbols
        three = (target[start + 3] - target[start + 2]) % symbols
        step = (two - one) % symbols
        base = (one - step) % symbols
        place, value, difference = start, target[start], one
        while place < n and (target[place] == ANY or target[place] == value):
            value = (value + difference) % symbols
            difference = (difference + step) % symbols
            place += 1
        kind = SCAN if base == target[start] else ADD_SCAN
        extents[kind, start] = place
        numbers[kind, start, 0], numbers[kind, start, 1] = base, step
        numbers[kind, start, 2] = (target[start] - base) % symbols
        costs[kind, start] = op[SCAN] + range_bits + step_bits[step]
        if kind == ADD_SCAN:
            costs[kind, start] += add_bits + symbol_bits
        step = ((three - two) - (two - one)) % symbols  # third difference
        base = target[start]
        if (two - one - (base + 2 * step)) % symbols == 0 and (one - base - (base + step)) % symbols == 0:
            place, value, total, item = start, np.int64(0), np.int64(0), base
            while place < n:
                total = (total + item) % symbols
                value = (value + total) % symbols
                item = (item + step) % symbols
                if target[place] != ANY and target[place] != value:
                    break
                place += 1
            extents[SCAN_SCAN, start] = place
            numbers[SCAN_SCAN, start, 0], numbers[SCAN_SCAN, start, 1] = base, step
            costs[SCAN_SCAN, start] = 2 * op[SCAN] + range_bits + step_bits[step]
        _explain_mod(target, start, symbols, extents, numbers)
        costs[MOD, start] = op[MOD] + symbol_bits + range_bits + step_bits[numbers[MOD, start, 1]]
        costs[ADD_MOD, start] = (
            op[MOD] + add_bits + 2 * symbol_bits + range_bits + step_bits[numbers[ADD_MOD, start, 1]]
        )


@inline
def _explain_mod(target: Any, start: Any, symbols: Any, extents: Any, numbers: Any) -> Any:
    """Find a range modulo a smaller number, plus a constant: its step from differences, the rest from a wrap."""
    n = target.size
    for offset in range(3):
        step = target[start + offset + 1] - target[start + offset]
        place = start + offset + 1
        while place + 1 < n and target[place + 1] - target[place] == step and target[place + 1] != ANY:
            place += 1
        if place + 1 >= n or target[place + 1] == ANY or step == 0:
            continue
        modulus = abs(target[place] + step - target[place + 1])
        if modulus < 2 or modulus >= symbols or abs(step) >= symbols:
            continue
        low, high = min(target[place], target[place + 1]), max(target[place], target[place + 1])
        for constant in range(max(0, high - modulus + 1), low + 1):
            first = target[start] - constant
            if first < 0 or first >= modulus:
                continue
            kind = ADD_MOD if constant else MOD
            for base in range(first, symbols, modulus):
                place, value = start, base
                while place < n and (target[place] == ANY or target[place] == value % modulus + constant):
                    value = (value + step) % symbols
                    place += 1
                if place > extents[kind, start]:
                    extents[kind, start] = place
                    numbers[kind, start, 0], numbers[kind, start, 1] = base, step % symbols
                    numbers[kind, start, 2], numbers[kind, start, 3] = modulus, constant


@jit
def cut_best(
    target: Any,
    symbols: Any,
    op: Any,
    widths: Any,
    periods: Any,
    extents: Any,
    costs: Any,
    runs: Any,
    bits: Any,
    flipped: Any,
    kinds: Any,
    splits: Any,
) -> Any:
    """Fill the bits of the best program for every interval of the target from literals, repeats and pieces.

    Parameters
    ----------
    target : ndarray of int16, of shape (n,)
    op, extents, costs : arrays
        See `explain`.
    widths : ndarray of shape (n + 1,)
        Bits of a literal by size.
    periods : ndarray
        See `period_table`.
    runs : ndarray of int32, of shape (n + 1, n + 1)
        Filled, by period and place, with the number of symbols in a row that equal those one period later.
    bits, flipped : ndarray of int32, of shape (n + 1, n + 1)
        Filled with the bits of the interval from `row` to `column`; `flipped` is the transpose.
    kinds, splits : ndarray of int16, of shape (n + 1, n + 1)
        Filled with the kind of the program of each interval, and its period or split.
    """
    n = target.size
    for period in range(1, n):
        runs[period, n - period] = 0
        for place in range(n - period - 1, -1, -1):
            same = target[place] == target[place + period]
            runs[period, place] = runs[period, place + 1] + 1 if same else 0
    for size in range(1, n + 1):
        width = 0
        while (size - 1) >> (width + 1):
            width += 1
        short = (2 << width) - (size - 1)
        for i in range(n - size + 1):
            j = i + size
            best, kind, split = widths[size], LITERAL, 0
            if size > 1:
                best += op[LITERAL]
                if symbols == 2 and runs[1, i] >= size - 1 and target[i] != ANY:
                    best, kind = 3, CONSTANT
                for each in range(RANGE, KINDS):
                    if extents[each, i] >= j and costs[each, i] < best:
                        best, kind = costs[each, i], each
                for period in range(1, size):
                    if runs[period, i] >= size - period:
                        cost = op[REPEAT] + periods[size, period] + bits[i, i + period]
                        if cost < best:
                            best, kind, split = cost, REPEAT, period
                base = op[CONCAT] + width
                least = best - base
                for k in range(1, size):
                    cost = bits[i, i + k] + flipped[j, i + k] + (k - 1 >= short)
                    if cost < least:
                        least, kind, split = cost, CONCAT, k
                best = min(best, least + base) if kind == CONCAT else best
            bits[i, j] = flipped[j, i] = best
            kinds[i, j], splits[i, j] = kind, split


@jit
def fill_by_periods(target: Any, symbols: Any, longest: Any, values: Any, work: Any) -> Any:
    """Fill the free places of `values`, a copy of the target; see `places.fillings`. `work` has shape (4, n + 1)."""
    n = target.size
    rises, scores, before, best = work[0], work[1], work[2], work[3]
    best[:] = -longest
    for period in range(1, longest + 1):
        count = 0
        for place in range(n):
            before[place] = count  # pairs of known symbols that start before this place
            if place + period < n and target[place] != ANY and target[place + period] != ANY:
                rises[count] = (target[place + period] - target[place]) % symbols
                count += 1
        start = 0
        for index in range(count):
            if index + 1 == count or rises[index + 1] != rises[index]:
                scores[start : index + 1] = index + 1 - start - period
                start = index + 1
        for place in range(n):
            if target[place] != ANY:
                continue
            for side in range(2):
                source = place - period if side == 0 else place + period
                if source < 0 or source >= n or target[source] == ANY:
                    continue
                after = before[source if side == 0 else place]
                for near in range(max(after - 1, 0), min(after + 1, count)):
                    if scores[near] > best[place]:
                        best[place] = scores[near]
                        rise = rises[near] if side == 0 else -rises[near]
                        values[place] = (target[source] + rise) % symbols
