"""Numba kernel for a lower bound of the size of a deflate block, from symbol counts and without building codes.

`tests/reference/deflate_reference.py` is the plain Python version. The bound is proven: a code takes at least the
entropy of its symbols, and part of the description of the codes follows from the symbols in use: how runs of zeros are
written, the minimum number of symbols for the other lengths, and the maximum length of the shortest code.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kolmo._core.jit import i64, inline, jit, u64
from kolmo.coders.deflate.huffman import DISTANCES, ZERO_RUN_BITS, ZERO_RUN_MASK, ZERO_RUNS
from kolmo.coders.deflate.tables import (
    EXTRA_BITS,
    FIRST_LENGTH_CODE,
    FIXED_BITS,
    LARGEST_JOINT_SIZE,
    LARGEST_SYMBOL_COUNT,
    LEAST_CUT,
    LENGTH_LENGTH_ORDER,
    LONGEST_CODE,
    N_LITERAL_CODES,
    N_SYMBOLS,
)

_COUNTS = np.arange(LARGEST_JOINT_SIZE + 2)
N_LOG_N = _COUNTS * np.log2(np.maximum(_COUNTS, 1))


def _fewest(run: int) -> int:
    """Return the minimum number of symbols for a run of code lengths; a repeat symbol stands for up to six."""
    return run if run < 4 else 1 + math.ceil((run - 1) / 6)


MORE_TO_DESCRIBE = np.array([0] + [_fewest(run) - _fewest(run - 1) for run in range(1, N_LITERAL_CODES + 1)])
"""Symbols added by the n-th length of a run."""
LEAST_DESCRIPTION = 3 + 5 + 5 + 4
"""Bits of a block header: its type, and the numbers of codes of each alphabet."""
_PLACES = [LENGTH_LENGTH_ORDER.index(length) + 1 for length in range(1, LONGEST_CODE + 1)]
LISTED = np.array([0] + [max(4, min(_PLACES[:length])) for length in range(1, LONGEST_CODE + 1)])
"""Minimum number of listed code-length codes, by the maximum length of the shortest code."""
ROUNDING = 1e-6
SINGLE_ZERO, ZERO_RUN, LONG_ZERO_RUN, OTHER = range(4)
"""Kinds of code-length symbols."""
N_SCRATCH = N_LITERAL_CODES + 1 + 4


@inline
def _code_bits(counts: Any, alphabet: Any, symbols: Any, tokens: Any) -> Any:
    """Return a lower bound of the bits for these counts, and an upper bound of the length of the shortest code.

    The symbols that describe the code are added to `tokens`: exactly for zeros, and the minimum number of all others.
    `symbols` is scratch.
    """
    used = i64(0)
    for index in range(len(alphabet)):
        symbol = alphabet[u64(index)]
        symbols[u64(used)] = symbol
        used += i64(counts[u64(symbol)] != 0)
    if used < 2:  # zlib adds symbols that do not occur
        tokens[OTHER] += 2
        return 0.0, i64(1)
    total, largest, run = i64(0), i64(0), i64(0)
    zeros, others, previous = i64(0), i64(0), i64(-1)
    entropy = 0.0
    for index in range(used):
        symbol = i64(symbols[u64(index)])
        count = i64(counts[u64(symbol)])
        total += count
        largest = max(largest, count)
        entropy -= N_LOG_N[u64(count)]
        gap = symbol - previous - 1
        zeros += ZERO_RUNS[u64(gap)]
        run = run * i64(gap == 0) + 1
        others += MORE_TO_DESCRIBE[u64(run)]
        previous = symbol
    tokens[SINGLE_ZERO] += zeros & ZERO_RUN_MASK
    tokens[ZERO_RUN] += (zeros >> ZERO_RUN_BITS) & ZERO_RUN_MASK
    tokens[LONG_ZERO_RUN] += zeros >> (2 * ZERO_RUN_BITS)
    tokens[OTHER] += others
    # if no code were shorter than l bits, each of the 2^(l - 1) nodes above would have at least the largest count
    shortest = i64(1)
    while shortest < LONGEST_CODE and (total >= LEAST_CUT or largest << shortest <= total):
        shortest += 1
    return entropy + N_LOG_N[u64(total)], shortest


@jit
def lower_bounds(tallies: Any, stored_sizes: Any, alphabet: Any, scratch: Any, bounds: Any) -> None:
    """Write a lower bound of the size in bytes of a one-block stream for each row of tallies; 0 if out of reach.

    `scratch` holds `N_SCRATCH` integers.
    """
    in_use, tokens = scratch[: N_LITERAL_CODES + 1], scratch[N_LITERAL_CODES + 1 :]
    for row in range(len(bounds)):
        counts, stored_size = tallies[row], stored_sizes[row]
        symbols, fixed_bits, extra_bits = i64(0), i64(0), i64(0)
        for symbol in range(N_SYMBOLS):
            fixed_bits += counts[u64(symbol)] * FIXED_BITS[u64(symbol)]
        for symbol in range(N_LITERAL_CODES):
            symbols += counts[u64(symbol)]
        if stored_size == 0 or symbols - 1 > LARGEST_SYMBOL_COUNT:
            bounds[row] = 0
            continue
        for symbol in range(FIRST_LENGTH_CODE, N_SYMBOLS):
            extra_bits += counts[u64(symbol)] * EXTRA_BITS[u64(symbol)]
        tokens[:] = 0
        bits, shortest = _code_bits(counts, alphabet, in_use, tokens)
        distance_bits, shortest_distance = _code_bits(counts[N_LITERAL_CODES:], DISTANCES, in_use, tokens)
        listed = max(LISTED[shortest], LISTED[shortest_distance])
        described = 0
        for kind in range(len(tokens)):
            described += tokens[kind]
            bits -= N_LOG_N[u64(tokens[kind])]
        bits += distance_bits + extra_bits + N_LOG_N[u64(described)] + 3 * tokens[ZERO_RUN] + 7 * tokens[LONG_ZERO_RUN]
        bits += LEAST_DESCRIPTION + 3 * listed
        smaller = np.ceil((min(bits, 3.0 + fixed_bits) - ROUNDING) / 8)
        bounds[row] = min(smaller, stored_size + 5.0)
