"""Numba kernels of the coder `lz77`: a parse of any one text, and the ideal length of counted symbols.

`kolmo.coders.lz77_reference` is the same in plain Python. Pairs of texts are parsed by `kolmo.coders.deflate_parse`,
many at a time; within its reach both find the same symbols.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kolmo._kernels import kernel, part
from kolmo.coders.deflate_index import NO_MATCH, at, bucket_at, integer
from kolmo.coders.deflate_tables import (
    DISTANCE_SYMBOL,
    END_OF_BLOCK,
    EXTRA_BITS,
    FARTHEST_MATCH,
    FARTHEST_SHORTEST_MATCH,
    FIRST_LENGTH_CODE,
    LENGTH_SYMBOL,
    LONGEST_CHAIN,
    LONGEST_MATCH,
    N_DISTANCE_CODES,
    N_LITERAL_CODES,
    N_SYMBOLS,
    SHORTEST_MATCH,
)

UNIT = 16
"""Counts are measured in sixteenths, so that a table holds what comes up often."""
LOG_GAMMA = np.array([0.0] + [math.lgamma(sixteenths / UNIT) / math.log(2) for sixteenths in range(1, 2**16)])
"""Binary logarithm of Gamma at each number of sixteenths."""
DISTANCES = np.arange(N_DISTANCE_CODES)
RING = 2**15
"""Positions whose chains are kept."""


@kernel
def parse_whole(text: Any, heads: Any, previous: Any, tallies: Any) -> None:
    """Add the symbols of a text to the tallies: lazy matches within a window, like zlib's level 9.

    `heads`, of buckets, and `previous`, of the last 32 KiB, hold positions plus one, where 0 stands for none; `heads`
    is all zero before and after.
    """
    size = len(text)
    position, length, start, pending, chained = integer(0), integer(NO_MATCH), integer(0), False, integer(1)
    while position < size:
        while chained < position and chained + 2 < size:  # zlib never matches the first byte
            bucket = bucket_at(text, chained)
            previous[at(chained & (RING - 1))] = heads[at(bucket)]
            heads[at(bucket)] = chained + 1
            chained += 1
        best, found = _longest_match(text, position, size, heads, previous, length)
        if best == length or (best == SHORTEST_MATCH and position - found > FARTHEST_SHORTEST_MATCH):
            best = integer(NO_MATCH)
        if length >= SHORTEST_MATCH and best <= length:
            tallies[at(LENGTH_SYMBOL[at(length)])] += 1
            tallies[at(DISTANCE_SYMBOL[at(position - 1 - start)])] += 1
            position += length - 1
            length, pending = integer(NO_MATCH), False
        else:
            if pending:
                tallies[at(text[at(position - 1)])] += 1
            position += 1
            length, start, pending = best, found, True
    if pending:
        tallies[at(text[at(size - 1)])] += 1
    tallies[END_OF_BLOCK] += 1
    for place in range(1, chained):
        heads[at(bucket_at(text, place))] = 0


@part
def _longest_match(text: Any, position: Any, size: Any, heads: Any, previous: Any, length: Any) -> Any:
    """Return length and start of the latest longest match, if longer than the one before."""
    best, found = length, integer(0)
    farthest = min(size - position, integer(LONGEST_MATCH))
    if farthest < SHORTEST_MATCH or length >= LONGEST_MATCH:
        return integer(NO_MATCH), found
    candidate = integer(heads[at(bucket_at(text, position))]) - 1
    for _ in range(LONGEST_CHAIN):
        if candidate < 0 or position - candidate > FARTHEST_MATCH or best >= farthest:
            break
        if text[at(candidate + best)] == text[at(position + best)]:
            common = integer(0)
            while common < farthest and text[at(candidate + common)] == text[at(position + common)]:
                common += 1
            if common > best:
                best, found = common, candidate
        candidate = integer(previous[at(candidate & (RING - 1))]) - 1
    return best, found


@part
def _log_gamma(sixteenths: Any) -> Any:
    return LOG_GAMMA[at(sixteenths)] if sixteenths < len(LOG_GAMMA) else math.lgamma(sixteenths / UNIT) / math.log(2.0)


@part
def _bits(counts: Any, prior: Any, alphabet: Any) -> Any:
    total, bits = integer(0), 0.0
    for index in range(len(alphabet)):
        symbol = at(alphabet[at(index)])
        count = integer(counts[symbol])
        # exactly nothing for a symbol that does not occur, so that the sum is the same for any alphabet
        bits += _log_gamma(prior[symbol]) - _log_gamma(UNIT * count + prior[symbol])
        total += count
    total_prior = integer(0)
    for symbol in range(len(prior)):
        total_prior += prior[at(symbol)]
    return bits + _log_gamma(UNIT * total + total_prior) - _log_gamma(total_prior)


@kernel
def price(tallies: Any, alphabet: Any, prior: Any, bits: Any) -> None:
    """Write the ideal length of each row of tallies, in bits, the bits that follow symbols included.

    A symbol costs what its prior and those before it make it cost, in any order. `alphabet` is what can occur of
    literals and lengths, and `prior` is in sixteenths.
    """
    for row in range(len(bits)):
        counts = tallies[row]
        extra = integer(0)
        for symbol in range(FIRST_LENGTH_CODE, N_SYMBOLS):
            extra += counts[at(symbol)] * EXTRA_BITS[at(symbol)]
        of_literals = _bits(counts, prior[:N_LITERAL_CODES], alphabet)
        bits[row] = extra + of_literals + _bits(counts[N_LITERAL_CODES:], prior[N_LITERAL_CODES:], DISTANCES)
