"""Numba kernels of the coder `lz77`: the parse of a text, and the ideal code length of symbol counts.

`tests/reference/lz77_reference.py` is the plain Python version. `kolmo.coders.deflate.parse` parses many pairs of texts
at a time; within its reach both find the same symbols.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from kolmo._core.jit import i64, inline, jit, u64
from kolmo.coders.deflate.index import NO_MATCH, bucket_at, trigram_at
from kolmo.coders.deflate.tables import (
    DISTANCE_SYMBOL,
    END_OF_BLOCK,
    EXTRA_BITS,
    FARTHEST_MATCH,
    FARTHEST_SHORTEST_MATCH,
    FIRST_LENGTH_CODE,
    HASH_SIZE,
    LENGTH_SYMBOL,
    LONGEST_CHAIN,
    LONGEST_MATCH,
    N_DISTANCE_CODES,
    N_LITERAL_CODES,
    N_SYMBOLS,
    SHORTEST_MATCH,
)

UNIT = 16
"""Counts are in sixteenths, so that a table of integers covers them."""
LARGEST_PRIOR = 2**16 - 1
LARGEST_COUNT = 2**15
"""Maximum number of symbols for which the table is used; beyond, log-gamma is computed."""
DISTANCES = np.arange(N_DISTANCE_CODES)
RING = 2**15
"""Number of positions with stored hash chains."""
POSITION, LENGTH, START, PENDING, NEXT = range(5)
"""Positions in the state of a parse; `NEXT` is the next position to insert into the hash chains."""
N_STATE = 5
LONGEST_REST = RING - 3 * LONGEST_MATCH
"""A continued parse starts up to two matches before the rest and is limited to the stored hash chains."""


@jit
def parse_whole(text: Any, heads: Any, previous: Any, state: Any, tallies: Any) -> None:
    """Add the symbols of a text to the tallies: lazy matches within a window, as in zlib's level 9.

    The rows of `heads` (latest position of each bucket) and `previous` (the position before each of the last 32 KiB)
    are for three and for four bytes, and hold positions plus one, with 0 for none. `heads` is zero before and after.
    `state` is scratch, of `N_STATE` integers.
    """
    _begin(state)
    _parse(text, len(text), len(text), heads, previous, state, tallies)
    _finish(text, len(text), state, tallies)
    _clear(text, len(text), heads, state)


@jit
def parse_first(text: Any, n_first: int, heads: Any, previous: Any, state: Any, tallies: Any) -> None:
    """Add the symbols of the first part of a text, up to where a match could extend into the rest."""
    _begin(state)
    _parse(text, n_first, n_first - LONGEST_MATCH, heads, previous, state, tallies)


@jit
def parse_rest(text: Any, size: int, heads: Any, previous: Any, state: Any, overwritten: Any, tallies: Any) -> None:
    """Add the symbols of the rest of a text, and restore everything but the tallies to the state of `parse_first`.

    The rest is shorter than `LONGEST_REST` bytes. `overwritten` is scratch.
    """
    position, length, start, pending, first = state[POSITION], state[LENGTH], state[START], state[PENDING], state[NEXT]
    for place in range(first, size):
        overwritten[0, u64(place - first)] = previous[0, u64(place & (RING - 1))]
        overwritten[1, u64(place - first)] = previous[1, u64(place & (RING - 1))]
    _parse(text, size, size, heads, previous, state, tallies)
    _finish(text, size, state, tallies)
    for place in range(state[NEXT] - 1, first - 1, -1):
        ring = u64(place & (RING - 1))
        if place + 2 < size:
            heads[0, u64(bucket_at(text, place))] = previous[0, ring]
        if place + 3 < size:
            heads[1, u64(_bucket_of_four(text, place))] = previous[1, ring]
        previous[0, ring] = overwritten[0, u64(place - first)]
        previous[1, ring] = overwritten[1, u64(place - first)]
    state[POSITION], state[LENGTH], state[START], state[PENDING], state[NEXT] = position, length, start, pending, first


@inline
def _clear(text: Any, size: int, heads: Any, state: Any) -> None:
    """Clear the buckets of the parsed positions."""
    for place in range(1, state[NEXT]):
        if place + 2 < size:
            heads[0, u64(bucket_at(text, place))] = 0
        if place + 3 < size:
            heads[1, u64(_bucket_of_four(text, place))] = 0


@inline
def _begin(state: Any) -> None:
    """Initialise the state; zlib never matches the first byte, so the hash chains start at the second."""
    state[POSITION], state[LENGTH], state[START], state[PENDING], state[NEXT] = 0, NO_MATCH, 0, 0, 1


@inline
def _parse(text: Any, size: Any, stop: Any, heads: Any, previous: Any, state: Any, tallies: Any) -> None:
    """Parse all positions before `stop`."""
    position, length, start = i64(state[POSITION]), i64(state[LENGTH]), i64(state[START])
    pending, chained = i64(state[PENDING]), i64(state[NEXT])
    while position < stop:
        while chained < position:
            if chained + 2 < size:
                _chain(heads[0], previous[0], bucket_at(text, chained), chained)
            if chained + 3 < size:
                _chain(heads[1], previous[1], _bucket_of_four(text, chained), chained)
            chained += 1
        best, found = _longest_match(text, position, size, heads, previous, length)
        if best == length or (best == SHORTEST_MATCH and position - found > FARTHEST_SHORTEST_MATCH):
            best = i64(NO_MATCH)
        if length >= SHORTEST_MATCH and best <= length:
            tallies[u64(LENGTH_SYMBOL[u64(length)])] += 1
            tallies[u64(DISTANCE_SYMBOL[u64(position - 1 - start)])] += 1
            position += length - 1
            length, pending = i64(NO_MATCH), i64(0)
        else:
            if pending:
                tallies[u64(text[u64(position - 1)])] += 1
            position += 1
            length, start, pending = best, found, i64(1)
    state[POSITION], state[LENGTH], state[START], state[PENDING], state[NEXT] = (
        position,
        length,
        start,
        pending,
        chained,
    )


@inline
def _finish(text: Any, size: Any, state: Any, tallies: Any) -> None:
    if state[PENDING]:
        tallies[u64(text[u64(size - 1)])] += 1
    tallies[END_OF_BLOCK] += 1


@inline
def _bucket_of_four(text: Any, position: Any) -> Any:
    four = (trigram_at(text, position) << 8) | i64(text[u64(position + 3)])
    return ((four * 2654435761) >> 15) & (HASH_SIZE - 1)


@inline
def _chain(heads: Any, previous: Any, bucket: Any, position: Any) -> None:
    previous[u64(position & (RING - 1))] = heads[u64(bucket)]
    heads[u64(bucket)] = position + 1


@inline
def _longest_match(text: Any, position: Any, size: Any, heads: Any, previous: Any, length: Any) -> Any:
    """Return length and start of the latest longest match, if longer than the previous one.

    The latest match of three bytes is used; only matches of four bytes and more are searched for, along much shorter
    chains.
    """
    best, found = length, i64(0)
    farthest = min(size - position, i64(LONGEST_MATCH))
    if farthest < SHORTEST_MATCH or length >= farthest:
        return i64(NO_MATCH) if length >= LONGEST_MATCH or farthest < SHORTEST_MATCH else length, found
    if length < SHORTEST_MATCH:
        trigram = trigram_at(text, position)
        candidate = i64(heads[0, u64(bucket_at(text, position))]) - 1
        for _ in range(LONGEST_CHAIN):
            if candidate < 0 or position - candidate > FARTHEST_MATCH:
                return best, found
            if trigram_at(text, candidate) == trigram:
                best, found = i64(SHORTEST_MATCH), candidate
                break
            candidate = i64(previous[0, u64(candidate & (RING - 1))]) - 1
    if best >= farthest:
        return best, found
    candidate = i64(heads[1, u64(_bucket_of_four(text, position))]) - 1
    for _ in range(LONGEST_CHAIN):
        if candidate < 0 or position - candidate > FARTHEST_MATCH or best >= farthest:
            break
        if text[u64(candidate + best)] == text[u64(position + best)]:
            common = i64(0)
            while common < farthest and text[u64(candidate + common)] == text[u64(position + common)]:
                common += 1
            if common > best:
                best, found = common, candidate
        candidate = i64(previous[1, u64(candidate & (RING - 1))]) - 1
    return best, found


def scratch() -> tuple[Any, Any, Any]:
    """Return the arrays `heads`, `previous` and `state` for a parse."""
    return np.zeros((2, HASH_SIZE), np.int32), np.zeros((2, RING), np.int32), np.zeros(N_STATE, np.int64)


def log_gamma() -> NDArray[np.float64]:
    """Return the table of log2 of the gamma function at multiples of 1/16."""
    arguments = np.arange(1, UNIT * LARGEST_COUNT + LARGEST_PRIOR + 1) / UNIT
    return np.concatenate([np.zeros(1), gammaln(arguments) / math.log(2)])


@inline
def _computed(sixteenths: Any) -> Any:
    return math.lgamma(sixteenths / UNIT) / math.log(2.0)


@inline
def _log_gamma(table: Any, sixteenths: Any) -> Any:
    return table[u64(sixteenths)] if sixteenths < len(table) else _computed(sixteenths)


@inline
def _bits(counts: Any, prior: Any, alphabet: Any, table: Any) -> Any:
    """Return the adaptive code length of symbol counts in bits, under a prior."""
    total, total_prior, bits = i64(0), i64(0), 0.0
    for index in range(len(alphabet)):
        total += counts[u64(alphabet[u64(index)])]
    for symbol in range(len(prior)):
        total_prior += prior[u64(symbol)]
    if total <= LARGEST_COUNT:
        for index in range(len(alphabet)):
            symbol = u64(alphabet[u64(index)])
            before = prior[symbol]
            # exactly 0 for a symbol that does not occur, so that the sum does not depend on the alphabet
            bits += table[u64(before)] - table[u64(UNIT * i64(counts[symbol]) + before)]
    else:
        for index in range(len(alphabet)):
            symbol = u64(alphabet[u64(index)])
            bits += _computed(prior[symbol]) - _computed(UNIT * i64(counts[symbol]) + prior[symbol])
    return bits + _log_gamma(table, UNIT * total + total_prior) - _log_gamma(table, total_prior)


@jit
def price(tallies: Any, alphabet: Any, prior: Any, table: Any, bits: Any) -> None:
    """Write the ideal adaptive code length of each row of tallies in bits, including the extra bits of symbols.

    It does not depend on the order of the symbols. `alphabet` lists the possible literals and lengths, `prior` is in
    sixteenths, and `table` is the result of `log_gamma`.
    """
    for row in range(len(bits)):
        counts = tallies[row]
        extra = i64(0)
        for symbol in range(FIRST_LENGTH_CODE, N_SYMBOLS):
            extra += counts[u64(symbol)] * EXTRA_BITS[u64(symbol)]
        of_literals = _bits(counts, prior[:N_LITERAL_CODES], alphabet, table)
        bits[row] = extra + of_literals + _bits(counts[N_LITERAL_CODES:], prior[N_LITERAL_CODES:], DISTANCES, table)
