"""Constants of DEFLATE (RFC 1951) and of zlib's level 9, shared by the kernels and their reference."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHORTEST_MATCH = 3
LONGEST_MATCH = 258
FARTHEST_SHORTEST_MATCH = 4096
"""Maximum distance of a match of three bytes; zlib writes farther ones as three literals."""

FARTHEST_MATCH = 32_506
"""Maximum distance of a match in zlib: 32 KiB minus its lookahead of 262 bytes."""
LARGEST_JOINT_SIZE = FARTHEST_MATCH - 1
"""Size up to which every earlier position is within reach."""
LARGEST_SYMBOL_COUNT = 16_382
"""Maximum number of symbols in a block, at the memory level of Python's zlib."""
LONGEST_CHAIN = 1024
"""Guaranteed search depth of level 9: a quarter of 4096, which applies after a match of 32 bytes."""

HASH_SIZE = 2**15
"""Number of buckets of zlib's hash of three bytes, the lowest 15 bits of (a << 10) ^ (b << 5) ^ c."""

END_OF_BLOCK = 256
FIRST_LENGTH_CODE = 257
N_LITERAL_CODES = 286
N_DISTANCE_CODES = 30
N_SYMBOLS = N_LITERAL_CODES + N_DISTANCE_CODES
N_LENGTH_LENGTHS = 19
"""Number of code-length symbols, which describe the other two codes."""

LONGEST_CODE = 15
LEAST_CUT = 2584
"""The 18th Fibonacci number, the minimum number of symbols for a longer Huffman code, which zlib then shortens."""
LONGEST_LENGTH_CODE = 7
REPEAT_LENGTH, REPEAT_ZERO, REPEAT_ZERO_LONG = 16, 17, 18
LENGTH_LENGTH_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
"""Order of the code-length code lengths in a block header; rarely used ones are last."""

_LENGTH_EXTRA = (0,) * 8 + (1,) * 4 + (2,) * 4 + (3,) * 4 + (4,) * 4 + (5,) * 4 + (0,)
_DISTANCE_EXTRA = (0, 0, *(bits for bits in range(14) for _ in range(2)))


def _code_of_each_value(extra_bits: tuple[int, ...], n_values: int) -> NDArray[np.uint16]:
    codes = np.repeat(np.arange(len(extra_bits)), [1 << bits for bits in extra_bits])
    return codes[:n_values].astype(np.uint16)


LENGTH_SYMBOL = np.zeros(LONGEST_MATCH + 1, np.uint16)
"""Symbol of each match length; the maximum length has a symbol by itself."""
LENGTH_SYMBOL[SHORTEST_MATCH:] = FIRST_LENGTH_CODE + _code_of_each_value(_LENGTH_EXTRA[:-1], 256)
LENGTH_SYMBOL[LONGEST_MATCH] = N_LITERAL_CODES - 1

DISTANCE_SYMBOL = np.zeros(2**15 + 1, np.uint16)
"""Symbol of each distance, numbered after the literals and lengths."""
DISTANCE_SYMBOL[1:] = N_LITERAL_CODES + _code_of_each_value(_DISTANCE_EXTRA, 2**15)

EXTRA_BITS = np.array((0,) * FIRST_LENGTH_CODE + _LENGTH_EXTRA + _DISTANCE_EXTRA, np.int32)
"""Extra bits after each symbol of literals, lengths and distances."""

FIXED_BITS = EXTRA_BITS + np.repeat([8, 9, 7, 8, 5], [144, 112, 24, 6, N_DISTANCE_CODES]).astype(np.int32)
"""Bits of each symbol in a block with fixed codes, including extra bits."""
