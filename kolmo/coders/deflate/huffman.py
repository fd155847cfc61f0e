"""Numba kernels for the size of a deflate block as zlib writes it, from symbol counts.

`tests/reference/deflate_reference.py` is the plain Python version. The heap must be processed exactly as in zlib, whose
order among equal counts affects the size of the description of the code. Each step waits for memory, so several trees
are built interleaved.
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

N_TREES = 4
"""Number of interleaved trees."""
TREE_SIZE = 584
"""Space per tree, for the largest heap and all nodes; not a power of two, to avoid cache conflicts."""
HEAP, SYMBOLS, RAREST, SECOND, LENGTHS, DEPTHS = range(6)
"""Rows of the space: heap, symbols in use, children of each node, code lengths, and depths."""
USED, SIZE, LEVELS, BITS, LITERAL_BITS, DISTANCE_BITS = range(6)
"""Counters of a tree: codes, nodes in the heap, levels of the heap, and bits of finished codes."""

DEPTH_SHIFT, COUNT_SHIFT = 10, 16
"""A heap entry holds the number, depth and count of a node, from the lowest bits up."""
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
    """Return the numbers of single zeros, short runs and long runs for a run of zeros, from the lowest bits up."""
    n_long, rest = divmod(size, LONGEST_ZERO_RUN)
    single, short, long = (rest, 0, n_long) if rest < 3 else (0, 1, n_long) if rest <= 10 else (0, 0, n_long + 1)
    return single | (short << ZERO_RUN_BITS) | (long << (2 * ZERO_RUN_BITS))


LONGEST_ZERO_RUN = 138
ZERO_RUNS = np.array([_zero_run(size) for size in range(N_LITERAL_CODES)], np.int64)


@inline
def _sift_down(heap: Any, base: Any, place: Any, levels: Any) -> None:
    """Sift the entry at a place down; nodes are ordered by count and depth, and equal ones keep their place.

    The loop always runs to the last level, which empty entries fill up: a fixed number of steps without branches that
    could be mispredicted.
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
    """Fill a heap with the symbols that occur, at least two as in zlib; return their number."""
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
    """Merge the two rarest nodes and return the new count; `levels` is the depth of the heap without the first."""
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
def _build_codes(counts: Any, alphabet: Any, longest: Any, room: Any, trees: Any) -> None:
    """Build a Huffman code for each row of counts; the alphabet lists the possible symbols in ascending order.

    For each tree, `USED` receives the number of symbols with a code, `SYMBOLS` these symbols, `LENGTHS` their code
    lengths, and `BITS` the total of bits.
    """
    heap, symbols = room[HEAP], room[SYMBOLS]
    rarest, second, lengths = room[RAREST], room[SECOND], room[LENGTHS]
    n_trees = counts.shape[0]
    largest = 0
    for tree in range(n_trees):
        found = _fill_heap(counts[tree], alphabet, heap, symbols, tree * TREE_SIZE)
        levels = 0
        while (found - 1) >> (levels + 1) > 0:
            levels += 1
        trees[USED, tree], trees[SIZE, tree], trees[LEVELS, tree], trees[BITS, tree] = found, found, levels, 0
        largest = max(largest, found)
    for _ in range(largest - 1):
        for tree in range(n_trees):
            size = trees[SIZE, tree]
            if size < 2:
                continue
            levels = trees[LEVELS, tree]
            levels -= i64((size - 1) >> levels == 0)
            node = 2 * trees[USED, tree] - size
            trees[BITS, tree] += _merge(heap, tree * TREE_SIZE, size, levels, node, rarest, second)
            trees[SIZE, tree], trees[LEVELS, tree] = size - 1, levels
    for tree in range(n_trees):
        base, leaves = tree * TREE_SIZE, trees[USED, tree]
        root = 2 * leaves - 2
        lengths[u64(base + root)] = 0
        for node in range(root, leaves - 1, -1):
            length = min(lengths[u64(base + node)] + 1, longest)
            lengths[u64(base + rarest[u64(base + node)])] = length
            lengths[u64(base + second[u64(base + node)])] = length
        if (heap[u64(base + 1)] & DEPTH_MASK) >> DEPTH_SHIFT > longest:
            _shorten(leaves, base, longest, room)
            trees[BITS, tree] = 0
            for leaf in range(leaves):
                trees[BITS, tree] += counts[tree, symbols[base + leaf]] * lengths[base + leaf]
        else:
            for leaf in range(min(leaves, 2)):  # without the symbols that zlib added
                trees[BITS, tree] -= i64(counts[tree, symbols[base + leaf]] == 0)


@inline
def _shorten(leaves: Any, base: Any, longest: Any, room: Any) -> None:
    """Limit the code lengths as zlib does: move leaves down elsewhere, and give the rarest the longest codes."""
    rarest, second, lengths, depths = room[RAREST], room[SECOND], room[LENGTHS], room[DEPTHS]
    # the space of the heap is reused for the number of codes of each length
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
    """Count the code-length symbols; runs are split as in zlib.

    Most codes have few runs, so each length is counted by itself and subtracted if it turns out to belong to a run.
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
    tallies: Any, stored_sizes: Any, alphabet: Any, room: Any, trees: Any, length_tallies: Any, sizes: Any
) -> None:
    """Write the size in bytes of a one-block stream for each row of tallies.

    A row with a stored size of 0, or with more symbols than fit in a block of zlib, gets -1. The alphabet lists the
    possible literals and lengths in ascending order. `room`, `trees` and `length_tallies` are scratch, made by
    `scratch`.
    """
    for start in range(0, len(sizes), N_TREES):
        rows = tallies[start : start + N_TREES]
        n_trees = rows.shape[0]
        length_rows = length_tallies[:n_trees]
        length_rows[:, :] = 0
        _build_codes(rows, alphabet, LONGEST_CODE, room, trees)
        for tree in range(n_trees):
            trees[LITERAL_BITS, tree] = trees[BITS, tree]
            _tally_lengths(room, tree * TREE_SIZE, trees[USED, tree], length_rows[tree])
        _build_codes(rows[:, N_LITERAL_CODES:], DISTANCES, LONGEST_CODE, room, trees)
        for tree in range(n_trees):
            trees[DISTANCE_BITS, tree] = trees[BITS, tree]
            _tally_lengths(room, tree * TREE_SIZE, trees[USED, tree], length_rows[tree])
        _build_codes(length_rows, CODE_LENGTHS, LONGEST_LENGTH_CODE, room, trees)
        for tree in range(n_trees):
            code_bits = trees[LITERAL_BITS, tree] + trees[DISTANCE_BITS, tree] + trees[BITS, tree]
            sizes[start + tree] = _smallest(rows[tree], length_rows[tree], code_bits, stored_sizes[start + tree])


def scratch() -> tuple[Any, Any, Any]:
    """Return the scratch arrays of `block_sizes`."""
    room = np.zeros((len((HEAP, SYMBOLS, RAREST, SECOND, LENGTHS, DEPTHS)), N_TREES * TREE_SIZE), np.int64)
    trees = np.zeros((len((USED, SIZE, LEVELS, BITS, LITERAL_BITS, DISTANCE_BITS)), N_TREES), np.int64)
    return room, trees, np.zeros((N_TREES, N_LENGTH_LENGTHS), np.uint16)


@inline
def _smallest(tallies: Any, length_tallies: Any, code_bits: Any, stored_size: Any) -> Any:
    """Return the size of the block type that zlib selects, usually the smallest of three."""
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
    # zlib omits one of the five header bytes of a stored block in this comparison
    return stored_size + 5 if stored_size + 4 <= smaller else smaller
