"""Numba kernels that turn counts of symbols into the size of a deflate block, as zlib would write it.

`kolmo.coders.deflate_reference` is the same in plain Python. A heap has to be walked step by step here, since its
order among equal counts decides how cheap the code is to describe; the walk waits for memory at each step, so the trees
of a few pairs are built in turn, and the processor does one while it waits for another.

Every kernel is complete in this file: Numba's cache notices no change in another one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from kolmo.coders.deflate_tables import (
    EXTRA_BITS,
    FIRST_LENGTH_CODE,
    FIXED_BITS,
    LARGEST_SYMBOL_COUNT,
    LENGTH_LENGTH_ORDER,
    LONGEST_CODE,
    LONGEST_LENGTH_CODE,
    N_DISTANCE_CODES,
    N_LENGTH_LENGTHS,
    N_LITERAL_CODES,
    N_SYMBOLS,
    REPEAT_LENGTH,
    REPEAT_ZERO,
    REPEAT_ZERO_LONG,
)

LANES = 4
"""Trees that are built in turn."""
LANE_SIZE = 1024
"""Room of each: a power of two above the largest heap and above the nodes of the largest tree."""

DEPTH_SHIFT, COUNT_SHIFT = 10, 16
"""A heap entry is a node's number, its depth and its count, from the lowest bits up."""
NODE_MASK = 2**DEPTH_SHIFT - 1
DEPTH_MASK = 2 ** (COUNT_SHIFT - DEPTH_SHIFT) - 1
EMPTY = 2**62

LISTED_LENGTHS = np.array(LENGTH_LENGTH_ORDER, np.int64)

at = np.uint64
"""An index that is never negative, which saves the kernels the check."""


@njit(inline="always")
def _sift_down(heap: Any, base: Any, place: Any, levels: Any) -> None:
    """Let the entry at a place sink; nodes are ordered by count and depth, and equal ones keep their place.

    Every sinking goes to the bottom, since empty entries fill the last level and displaced ones stay where they were:
    a fixed number of steps without a branch that could be guessed wrong.
    """
    moved = heap[at(base + place)]
    for _ in range(levels):
        child = 2 * place
        left, right = heap[at(base + child)], heap[at(base + child + 1)]
        go_right = np.int64(right <= (left | NODE_MASK))
        smaller = left ^ ((left ^ right) & -go_right)
        stays = np.int64(moved <= (smaller | NODE_MASK))
        exchange = (moved ^ smaller) & -stays
        heap[at(base + place)] = smaller ^ exchange
        moved ^= exchange
        place = child + go_right
    heap[at(base + place)] = moved


@njit(inline="always")
def _fill_heap(counts: Any, first: Any, n_symbols: Any, heap: Any, symbols: Any, base: Any) -> Any:
    """Put the symbols that occur, and as many others as zlib needs for two, in a heap; return how many they are."""
    found = 0
    for symbol in range(n_symbols):
        count = np.int64(counts[at(first + symbol)])
        symbols[at(base + found)] = symbol
        heap[at(base + found + 1)] = (count << COUNT_SHIFT) | found
        found += np.int64(count != 0)
    while found < 2:
        last = symbols[base] if found else -1
        if last < 2:
            symbols[base + found] = last + 1
            heap[base + found + 1] = (1 << COUNT_SHIFT) | found
        else:
            symbols[base + 1], heap[base + 2] = last, (heap[base + 1] & ~NODE_MASK) | 1
            symbols[base], heap[base + 1] = 0, 1 << COUNT_SHIFT
        found += 1
    levels = 0
    while (found >> (levels + 1)) > 0:
        levels += 1
    for place in range(found + 1, 2 << levels):
        heap[at(base + place)] = EMPTY
    for level in range(levels - 1, -1, -1):
        for place in range(min(found >> 1, (2 << level) - 1), (1 << level) - 1, -1):
            _sift_down(heap, base, place, levels - level)
    return found


@njit(inline="always")
def _merge(heap: Any, base: Any, size: Any, levels: Any, node: Any, rarest: Any, second: Any) -> Any:
    """Join the two rarest nodes and return the new count; `levels` is the heap's depth without the first of them."""
    first = heap[at(base + 1)]
    heap[at(base + 1)] = heap[at(base + size)]
    heap[at(base + size)] = EMPTY
    _sift_down(heap, base, 1, levels)
    other = heap[at(base + 1)]
    rarest[at(base + node)] = first & NODE_MASK
    second[at(base + node)] = other & NODE_MASK
    depth = max((first >> DEPTH_SHIFT) & DEPTH_MASK, (other >> DEPTH_SHIFT) & DEPTH_MASK) + 1
    count = (first >> COUNT_SHIFT) + (other >> COUNT_SHIFT)
    heap[at(base + 1)] = (count << COUNT_SHIFT) | (depth << DEPTH_SHIFT) | node
    _sift_down(heap, base, 1, levels)
    return count


@njit
def _build_codes(
    counts: Any,
    first: Any,
    n_symbols: Any,
    longest: Any,
    heap: Any,
    symbols: Any,
    rarest: Any,
    second: Any,
    lengths: Any,
    used: Any,
    bits: Any,
) -> None:
    """Build a Huffman code for each row of counts, some columns of it.

    Lane for lane, `used` gets how many symbols have a code, `symbols` which, `lengths` how long their codes are, and
    `bits` how many bits all symbols take together.
    """
    n_lanes = counts.shape[0]
    sizes = np.zeros(LANES, np.int64)
    levels = np.zeros(LANES, np.int64)
    largest = 0
    for lane in range(n_lanes):
        found = _fill_heap(counts[lane], first, n_symbols, heap, symbols, lane * LANE_SIZE)
        used[lane], sizes[lane], bits[lane] = found, found, 0
        largest = max(largest, found)
        while (found - 1) >> (levels[lane] + 1) > 0:
            levels[lane] += 1
    for _ in range(largest - 1):
        for lane in range(n_lanes):
            size = sizes[lane]
            if size < 2:
                continue
            level = levels[lane] - np.int64((size - 1) >> levels[lane] == 0)
            node = 2 * used[lane] - size
            bits[lane] += _merge(heap, lane * LANE_SIZE, size, level, node, rarest, second)
            levels[lane] = level
            sizes[lane] = size - 1
    for lane in range(n_lanes):
        base, leaves = lane * LANE_SIZE, used[lane]
        height = (heap[base + 1] >> DEPTH_SHIFT) & DEPTH_MASK
        root = 2 * leaves - 2
        lengths[base + root] = 0
        for node in range(root, leaves - 1, -1):
            length = min(lengths[at(base + node)] + 1, longest)
            lengths[at(base + rarest[at(base + node)])] = length
            lengths[at(base + second[at(base + node)])] = length
        if height > longest:
            _shorten(leaves, base, longest, rarest, second, lengths)
            bits[lane] = 0
            for leaf in range(leaves):
                bits[lane] += np.int64(counts[lane, first + symbols[base + leaf]]) * lengths[base + leaf]
        else:
            for leaf in range(min(leaves, 2)):  # those that zlib added do not occur
                bits[lane] -= np.int64(counts[lane, first + symbols[base + leaf]] == 0)


@njit
def _shorten(leaves: Any, base: Any, longest: Any, rarest: Any, second: Any, lengths: Any) -> None:
    """Bound the codes, given lengths that were cut: move leaves down elsewhere, and give the rarest the longest codes."""
    count = np.zeros(LONGEST_CODE + 1, np.int64)
    depth = np.zeros(2 * leaves, np.int64)
    overflow = 0
    for node in range(2 * leaves - 2, leaves - 1, -1):
        for member in (rarest[base + node], second[base + node]):
            depth[member] = min(depth[node], longest) + 1
            overflow += depth[member] > longest
    for leaf in range(leaves):
        count[lengths[base + leaf]] += 1
    while overflow > 0:
        bits = longest - 1
        while count[bits] == 0:
            bits -= 1
        count[bits] -= 1
        count[bits + 1] += 2
        count[longest] -= 1
        overflow -= 2
    bits = longest
    for node in range(leaves, 2 * leaves - 1):
        for member in (rarest[base + node], second[base + node]):
            if member < leaves:
                while count[bits] == 0:
                    bits -= 1
                count[bits] -= 1
                lengths[base + member] = bits


@njit
def _tally_lengths(symbols: Any, lengths: Any, base: Any, used: Any, tallies: Any) -> None:
    """Count the symbols that write down the code lengths; a run is cut as zlib cuts it."""
    expected = 0
    leaf = 0
    while leaf < used:
        symbol, length = symbols[at(base + leaf)], lengths[at(base + leaf)]
        zeros = symbol - expected
        if zeros > 0:
            while zeros >= 138:
                tallies[REPEAT_ZERO_LONG] += 1
                zeros -= 138
            if zeros > 10:
                tallies[REPEAT_ZERO_LONG] += 1
            elif zeros > 2:
                tallies[REPEAT_ZERO] += 1
            else:
                tallies[0] += zeros
        run = 1
        while (
            leaf + run < used
            and symbols[at(base + leaf + run)] == symbol + run
            and lengths[at(base + leaf + run)] == length
        ):
            run += 1
        leaf += run
        expected = symbol + run
        tallies[at(length)] += 1
        run -= 1
        while run > 2:
            tallies[REPEAT_LENGTH] += 1
            run -= min(run, 6)
        tallies[at(length)] += run


@njit(cache=True, nogil=True)
def block_sizes(tallies: Any, stored_sizes: Any, sizes: Any) -> None:
    """Write the bytes of a stream of one block for each row of tallies.

    A row whose stored size is 0, or that holds more symbols than zlib puts in a block, gets -1.
    """
    room = LANES * LANE_SIZE
    heap, symbols = np.zeros(room, np.int64), np.zeros(room, np.int64)
    rarest, second, lengths = np.zeros(room, np.int64), np.zeros(room, np.int64), np.zeros(room, np.int64)
    used = np.zeros(LANES, np.int64)
    literal_bits, distance_bits, length_bits = (
        np.zeros(LANES, np.int64),
        np.zeros(LANES, np.int64),
        np.zeros(LANES, np.int64),
    )
    length_tallies = np.zeros((LANES, N_LENGTH_LENGTHS), np.uint16)
    for start in range(0, len(sizes), LANES):
        stop = min(start + LANES, len(sizes))
        rows = tallies[start:stop]
        length_tallies[:] = 0
        _build_codes(rows, 0, N_LITERAL_CODES, LONGEST_CODE, heap, symbols, rarest, second, lengths, used, literal_bits)
        for lane in range(stop - start):
            _tally_lengths(symbols, lengths, lane * LANE_SIZE, used[lane], length_tallies[lane])
        _build_codes(
            rows,
            N_LITERAL_CODES,
            N_DISTANCE_CODES,
            LONGEST_CODE,
            heap,
            symbols,
            rarest,
            second,
            lengths,
            used,
            distance_bits,
        )
        for lane in range(stop - start):
            _tally_lengths(symbols, lengths, lane * LANE_SIZE, used[lane], length_tallies[lane])
        _build_codes(
            length_tallies[: stop - start],
            0,
            N_LENGTH_LENGTHS,
            LONGEST_LENGTH_CODE,
            heap,
            symbols,
            rarest,
            second,
            lengths,
            used,
            length_bits,
        )
        for lane in range(stop - start):
            code_bits = literal_bits[lane] + distance_bits[lane] + length_bits[lane]
            sizes[start + lane] = _smallest(rows[lane], length_tallies[lane], code_bits, stored_sizes[start + lane])


@njit
def _smallest(tallies: Any, length_tallies: Any, code_bits: Any, stored_size: Any) -> Any:
    symbols = 0
    fixed_bits = 0
    for symbol in range(N_SYMBOLS):
        fixed_bits += tallies[symbol] * FIXED_BITS[symbol]
    for symbol in range(N_LITERAL_CODES):
        symbols += tallies[symbol]
    if stored_size == 0 or symbols - 1 > LARGEST_SYMBOL_COUNT:
        return -1
    own_bits = code_bits
    for symbol in range(FIRST_LENGTH_CODE, N_SYMBOLS):
        own_bits += tallies[symbol] * EXTRA_BITS[symbol]
    listed = N_LENGTH_LENGTHS
    while listed > 4 and length_tallies[LISTED_LENGTHS[listed - 1]] == 0:
        listed -= 1
    own_bits += 5 + 5 + 4 + 3 * listed
    own_bits += (
        2 * length_tallies[REPEAT_LENGTH] + 3 * length_tallies[REPEAT_ZERO] + 7 * length_tallies[REPEAT_ZERO_LONG]
    )
    smaller = (3 + min(own_bits, fixed_bits) + 7) >> 3
    # zlib leaves one of the five bytes of a stored block's header out of this comparison
    return stored_size + 5 if stored_size + 4 <= smaller else smaller
