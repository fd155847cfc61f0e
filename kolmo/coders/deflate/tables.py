"""What DEFLATE (RFC 1951) and zlib's level 9 fix once and for all, shared by the fast lengths and their reference."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHORTEST_MATCH = 3
LONGEST_MATCH = 258
FARTHEST_SHORTEST_MATCH = 4096
"""zlib writes a match of three bytes from further back than this as three literals."""

FARTHEST_MATCH = 32_506
"""How far back zlib looks: 32 KiB less the 262 bytes that it keeps ahead."""
LARGEST_JOINT_SIZE = FARTHEST_MATCH - 1
"""Up to this size every earlier position is within reach."""
LARGEST_SYMBOL_COUNT = 16_382
"""zlib begins another block after one symbol more, at the memory level that Python's zlib asks for."""
LONGEST_CHAIN = 1024
"""Positions in a hash bucket that level 9 always looks at: a quarter of 4096 once a match of 32 bytes is at hand."""

HASH_SIZE = 2**15
"""Buckets of zlib's hash of three bytes, which keeps the lowest 15 bits of (a << 10) ^ (b << 5) ^ c."""

END_OF_BLOCK = 256
FIRST_LENGTH_CODE = 257
N_LITERAL_CODES = 286
N_DISTANCE_CODES = 30
N_SYMBOLS = N_LITERAL_CODES + N_DISTANCE_CODES
N_LENGTH_LENGTHS = 19
"""Symbols of the third code, which writes down the code lengths of the other two."""

LONGEST_CODE = 15
LEAST_CUT = 2584
"""Fibonacci's 18th number: the fewest symbols for which a Huffman code can be longer, so that zlib changes it."""
LONGEST_LENGTH_CODE = 7
REPEAT_LENGTH, REPEAT_ZERO, REPEAT_ZERO_LONG = 16, 17, 18
LENGTH_LENGTH_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
"""The order in which a block's header lists the lengths of the third code, so that unused ones come last."""

_LENGTH_EXTRA = (0,) * 8 + (1,) * 4 + (2,) * 4 + (3,) * 4 + (4,) * 4 + (5,) * 4 + (0,)
_DISTANCE_EXTRA = (0, 0, *(bits for bits in range(14) for _ in range(2)))


def _code_of_each_value(extra_bits: tuple[int, ...], n_values: int) -> NDArray[np.uint16]:
    codes = np.repeat(np.arange(len(extra_bits)), [1 << bits for bits in extra_bits])
    return codes[:n_values].astype(np.uint16)


LENGTH_SYMBOL = np.zeros(LONGEST_MATCH + 1, np.uint16)
"""The symbol of each match length. The longest has a symbol of its own, though the one before could reach it."""
LENGTH_SYMBOL[SHORTEST_MATCH:] = FIRST_LENGTH_CODE + _code_of_each_value(_LENGTH_EXTRA[:-1], 256)
LENGTH_SYMBOL[LONGEST_MATCH] = N_LITERAL_CODES - 1

DISTANCE_SYMBOL = np.zeros(2**15 + 1, np.uint16)
"""The symbol of each distance, counted on after those of literals and lengths."""
DISTANCE_SYMBOL[1:] = N_LITERAL_CODES + _code_of_each_value(_DISTANCE_EXTRA, 2**15)

EXTRA_BITS = np.array((0,) * FIRST_LENGTH_CODE + _LENGTH_EXTRA + _DISTANCE_EXTRA, np.int32)
"""Bits that follow each symbol of literals, lengths and distances."""

FIXED_BITS = EXTRA_BITS + np.repeat([8, 9, 7, 8, 5], [144, 112, 24, 6, N_DISTANCE_CODES]).astype(np.int32)
"""Bits of each symbol in a block with the fixed code, those that follow it included."""
