"""Numba kernels that turn counts of symbols into the size of a deflate block, as zlib would write it.

`tests/reference/deflate_reference.py` is the same in plain Python. A heap has to be walked step by step here, since its
order among equal counts decides how cheap the code is to describe; the walk waits for memory at each step, so the trees
of a few pairs are built in turn, and the processor does one while it waits for another.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kolmo._core.jit import i64, inline, jit, u64
from kolmo.coders.deflate.tables import (
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
LANE_SIZE = 584
"""Room of each: for the largest heap and the nodes of the largest tree, and no power of two, which caches dislike."""
HEAP, SYMBOLS, RAREST, SECOND, LENGTHS, DEPTHS = range(6)
"""What the room holds: the heap, the symbols in use, the children of each node, and how deep each node lies."""
USED, SIZE, LEVELS, BITS, LITERAL_BITS, DISTANCE_BITS = range(6)
"""What a lane keeps track of: codes, nodes still in the heap, the heap's depth, and bits of codes that are done."""

DEPTH_SHIFT, COUNT_SHIFT = 10, 16
"""A heap entry is a node's number, its depth and its count, from the lowest bits up."""
NODE_MASK = 2**DEPTH_SHIFT - 1
DEPTH_UNIT = 2**DEPTH_SHIFT
DEPTH_MASK = 2**COUNT_SHIFT - DEPTH_UNIT
COUNT_MASK = ~(2**COUNT_SHIFT - 1)
EMPTY = 2**62

DISTANCES = np.arange(N_DISTANCE_CODES)
CODE_LENGTHS = np.arange(N_LENGTH_LENGTHS)
LISTED_LENGTHS = np.array(LENGTH_LENGTH_ORDER, np.int64)

ZERO_RUN_BITS = 16
ZERO_RUN_MASK = 2**ZERO_RUN_BITS - 1


def _zero_run(size: int) -> int:
    """Return how a run of zeros is written: single ones, short runs and long ones, from the lowest bits up."""
    n_long, rest = divmod(size, LONGEST_ZERO_RUN)
    single, short, long = (rest, 0, n_long) if rest < 3 else (0, 1, n_long) if rest <= 10 else (0, 0, n_long + 1)
    return single | (short << ZERO_RUN_BITS) | (long << (2 * ZERO_RUN_BITS))


LONGEST_ZERO_RUN = 138
ZERO_RUNS = np.array([_zero_run(size) for size in range(N_LITERAL_CODES)], np.int64)


@inline
def _sift_down(heap: Any, base: Any, place: Any, levels: Any) -> None:
    """Let the entry at a place sink; nodes are ordered by count and depth, and equal ones keep their place.

    Every sinking goes to the bottom, since empty entries fill the last level and displaced ones stay where they were:
    a fixed number of steps without a branch that could be guessed wrong.
    """
    moved = heap[u64(base + place)]
    for _ in range(levels):
        child = 2 * place
        left, right = heap[u64(base + child)], heap[u64(base + child + 1)]
        go_right = right <= (left | NODE_MASK)
        smaller = right if go_right else left
        stays = moved <= (smaller | NODE_MASK)
        heap[u64(base + place)] = moved if stays else smaller
        moved = smaller if stays else moved
        place = child + go_right
    heap[u64(base + place)] = moved


@inline
def _fill_heap(counts: Any, alphabet: Any, heap: Any, symbols: Any, base: Any) -> Any:
    """Put the symbols that occur, and as many others as zlib needs for two, in a heap; return how many they are."""
    found: Any = 0
    for index in range(len(alphabet)):
        symbol = alphabet[u64(index)]
        count = i64(counts[u64(symbol)])
        symbols[u64(base + found)] = symbol
        heap[u64(base + found + 1)] = (count << COUNT_SHIFT) | found
        found += i64(count != 0)
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
        heap[u64(base + place)] = EMPTY
    for level in range(levels - 1, -1, -1):
        for place in range(min(found >> 1, (2 << level) - 1), (1 << level) - 1, -1):
            _sift_down(heap, base, place, levels - level)
    return found


@inline
def _merge(heap: Any, base: Any, size: Any, levels: Any, node: Any, rarest: Any, second: Any) -> Any:
    """Join the two rarest nodes and return the new count; `levels` is the heap's depth without the first of them."""
    first = heap[u64(base + 1)]
    heap[u64(base + 1)] = heap[u64(base + size)]
    heap[u64(base + size)] = EMPTY
    _sift_down(heap, base, 1, levels)
    other = heap[u64(base + 1)]
    rarest[u64(base + node)] = first & NODE_MASK
    second[u64(base + node)] = other & NODE_MASK
    count = (first & COUNT_MASK) + (other & COUNT_MASK)
    depth = max(first & DEPTH_MASK, other & DEPTH_MASK) + DEPTH_UNIT
    heap[u64(base + 1)] = count | depth | node
    _sift_down(heap, base, 1, levels)
    return count >> COUNT_SHIFT


@inline
def _build_codes(counts: Any, alphabet: Any, longest: Any, room: Any, lanes: Any) -> None:
    """Build a Huffman code for each row of counts; the alphabet is what can occur, in ascending order.

    Lane for lane, `USED` gets how many symbols have a code, `SYMBOLS` which, `LENGTHS` how long their codes are, and
    `BITS` how many bits all symbols take together.
    """
    heap, symbols = room[HEAP], room[SYMBOLS]
    rarest, second, lengths = room[RAREST], room[SECOND], room[LENGTHS]
    n_lanes = counts.shape[0]
    largest = 0
    for lane in range(n_lanes):
        found = _fill_heap(counts[lane], alphabet, heap, symbols, lane * LANE_SIZE)
        levels = 0
        while (found - 1) >> (levels + 1) > 0:
            levels += 1
        lanes[USED, lane], lanes[SIZE, lane], lanes[LEVELS, lane], lanes[BITS, lane] = found, found, levels, 0
        largest = max(largest, found)
    for _ in range(largest - 1):
        for lane in range(n_lanes):
            size = lanes[SIZE, lane]
            if size < 2:
                continue
            levels = lanes[LEVELS, lane]
            levels -= i64((size - 1) >> levels == 0)
            node = 2 * lanes[USED, lane] - size
            lanes[BITS, lane] += _merge(heap, lane * LANE_SIZE, size, levels, node, rarest, second)
            lanes[SIZE, lane], lanes[LEVELS, lane] = size - 1, levels
    for lane in range(n_lanes):
        base, leaves = lane * LANE_SIZE, lanes[USED, lane]
        root = 2 * leaves - 2
        lengths[u64(base + root)] = 0
        for node in range(root, leaves - 1, -1):
            length = min(lengths[u64(base + node)] + 1, longest)
            lengths[u64(base + rarest[u64(base + node)])] = length
            lengths[u64(base + second[u64(base + node)])] = length
        if (heap[u64(base + 1)] & DEPTH_MASK) >> DEPTH_SHIFT > longest:
            _shorten(leaves, base, longest, room)
            lanes[BITS, lane] = 0
            for leaf in range(leaves):
                lanes[BITS, lane] += counts[lane, symbols[base + leaf]] * lengths[base + leaf]
        else:
            for leaf in range(min(leaves, 2)):  # those that zlib added do not occur
                lanes[BITS, lane] -= i64(counts[lane, symbols[base + leaf]] == 0)


@inline
def _shorten(leaves: Any, base: Any, longest: Any, room: Any) -> None:
    """Bound codes that were cut: move leaves down elsewhere in the tree, and give the rarest the longest codes."""
    rarest, second, lengths, depths = room[RAREST], room[SECOND], room[LENGTHS], room[DEPTHS]
    # the heap is not needed any more: its place takes the number of codes of each length
    per_length = room[HEAP]
    per_length[base : base + longest + 1] = 0
    overflow: Any = 0
    depths[base + 2 * leaves - 2] = 0
    for node in range(2 * leaves - 2, leaves - 1, -1):
        below = min(depths[base + node], longest) + 1
        depths[base + rarest[base + node]] = below
        depths[base + second[base + node]] = below
        overflow += 2 * i64(below > longest)
    for leaf in range(leaves):
        per_length[base + lengths[base + leaf]] += 1
    while overflow > 0:
        bits = longest - 1
        while per_length[base + bits] == 0:
            bits -= 1
        per_length[base + bits] -= 1
        per_length[base + bits + 1] += 2
        per_length[base + longest] -= 1
        overflow -= 2
    bits = longest
    for child in range(2 * leaves, 4 * leaves - 2):
        member = second[base + (child >> 1)] if child & 1 else rarest[base + (child >> 1)]
        if member < leaves:
            while per_length[base + bits] == 0:
                bits -= 1
            per_length[base + bits] -= 1
            lengths[base + member] = bits


@inline
def _tally_lengths(room: Any, base: Any, used: Any, tallies: Any) -> None:
    """Count the symbols that write down the code lengths; a run is cut as zlib cuts it.

    There are no runs to speak of in most codes, so each length is counted by itself, and taken back if it turns out to
    be part of a run.
    """
    symbols, lengths = room[SYMBOLS], room[LENGTHS]
    previous, previous_length = -1, 0
    repeats, zeros = i64(0), i64(0)
    for leaf in range(used):
        symbol, length = i64(symbols[u64(base + leaf)]), i64(lengths[u64(base + leaf)])
        gap = symbol - previous - 1
        zeros += ZERO_RUNS[u64(gap)]
        tallies[u64(length)] += 1
        repeats = (repeats + 1) & -i64((gap == 0) & (length == previous_length))
        if repeats >= 3:
            tallies[u64(length)] -= 1
            if repeats == 3:
                tallies[u64(length)] -= 2
                tallies[REPEAT_LENGTH] += 1
            elif repeats == 6:
                repeats = 0
        previous, previous_length = symbol, length
    tallies[0] += zeros & ZERO_RUN_MASK
    tallies[REPEAT_ZERO] += (zeros >> ZERO_RUN_BITS) & ZERO_RUN_MASK
    tallies[REPEAT_ZERO_LONG] += zeros >> (2 * ZERO_RUN_BITS)


@jit
def block_sizes(
    tallies: Any, stored_sizes: Any, alphabet: Any, room: Any, lanes: Any, length_tallies: Any, sizes: Any
) -> None:
    """Write the bytes of a stream of one block for each row of tallies.

    A row whose stored size is 0, or that holds more symbols than zlib puts in a block, gets -1. The alphabet is what
    can occur of literals and lengths, in ascending order. `room`, `lanes` and `length_tallies` are scratch, made by
    `scratch`.
    """
    for start in range(0, len(sizes), LANES):
        rows = tallies[start : start + LANES]
        n_lanes = rows.shape[0]
        length_rows = length_tallies[:n_lanes]
        length_rows[:, :] = 0
        _build_codes(rows, alphabet, LONGEST_CODE, room, lanes)
        for lane in range(n_lanes):
            lanes[LITERAL_BITS, lane] = lanes[BITS, lane]
            _tally_lengths(room, lane * LANE_SIZE, lanes[USED, lane], length_rows[lane])
        _build_codes(rows[:, N_LITERAL_CODES:], DISTANCES, LONGEST_CODE, room, lanes)
        for lane in range(n_lanes):
            lanes[DISTANCE_BITS, lane] = lanes[BITS, lane]
            _tally_lengths(room, lane * LANE_SIZE, lanes[USED, lane], length_rows[lane])
        _build_codes(length_rows, CODE_LENGTHS, LONGEST_LENGTH_CODE, room, lanes)
        for lane in range(n_lanes):
            code_bits = lanes[LITERAL_BITS, lane] + lanes[DISTANCE_BITS, lane] + lanes[BITS, lane]
            sizes[start + lane] = _smallest(rows[lane], length_rows[lane], code_bits, stored_sizes[start + lane])


def scratch() -> tuple[Any, Any, Any]:
    """Return the arrays that `block_sizes` works in."""
    room = np.zeros((len((HEAP, SYMBOLS, RAREST, SECOND, LENGTHS, DEPTHS)), LANES * LANE_SIZE), np.int64)
    lanes = np.zeros((len((USED, SIZE, LEVELS, BITS, LITERAL_BITS, DISTANCE_BITS)), LANES), np.int64)
    return room, lanes, np.zeros((LANES, N_LENGTH_LENGTHS), np.uint16)


@inline
def _smallest(tallies: Any, length_tallies: Any, code_bits: Any, stored_size: Any) -> Any:
    """Return the size of the smallest of the three kinds of block, or what zlib takes for it."""
    symbols, fixed_bits = 0, 0
    for symbol in range(N_SYMBOLS):
        fixed_bits += tallies[u64(symbol)] * FIXED_BITS[u64(symbol)]
    for symbol in range(N_LITERAL_CODES):
        symbols += tallies[u64(symbol)]
    if stored_size == 0 or symbols - 1 > LARGEST_SYMBOL_COUNT:
        return -1
    own_bits = code_bits
    for symbol in range(FIRST_LENGTH_CODE, N_SYMBOLS):
        own_bits += tallies[u64(symbol)] * EXTRA_BITS[u64(symbol)]
    listed = N_LENGTH_LENGTHS
    while listed > 4 and length_tallies[LISTED_LENGTHS[listed - 1]] == 0:
        listed -= 1
    own_bits += 5 + 5 + 4 + 3 * listed
    own_bits += 2 * length_tallies[REPEAT_LENGTH] + 3 * length_tallies[REPEAT_ZERO]
    own_bits += 7 * length_tallies[REPEAT_ZERO_LONG]
    smaller = (3 + min(own_bits, fixed_bits) + 7) >> 3
    # zlib leaves one of the five bytes of a stored block's header out of this comparison
    return stored_size + 5 if stored_size + 4 <= smaller else smaller
