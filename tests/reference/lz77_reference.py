"""The coder `lz77` in plain Python: what its fast kernels compute, written to be read."""

from __future__ import annotations

import math
from collections.abc import Sequence

from kolmo.coders.deflate.tables import (
    DISTANCE_SYMBOL,
    END_OF_BLOCK,
    EXTRA_BITS,
    FARTHEST_MATCH,
    FARTHEST_SHORTEST_MATCH,
    HASH_SIZE,
    LENGTH_SYMBOL,
    LONGEST_CHAIN,
    LONGEST_MATCH,
    N_LITERAL_CODES,
    N_SYMBOLS,
    SHORTEST_MATCH,
)

NO_MATCH = SHORTEST_MATCH - 1
Buckets = dict[int, list[int]]


def parse(text: bytes) -> list[int]:
    """Return how often each symbol occurs in the lazy parse of a text.

    Parameters
    ----------
    text : bytes
        Of any length; matches reach back as far as zlib's.

    Returns
    -------
    list of int
        Literals and lengths, then distances.

    Examples
    --------
    >>> from deflate_reference import Prefix
    >>> text = b"she sells sea shells by the sea shore"
    >>> parse(text) == Prefix(text[:1]).tallies(text[1:])
    True
    """
    tallies = [0] * N_SYMBOLS
    tallies[END_OF_BLOCK] = 1
    threes: Buckets = {}
    fours: Buckets = {}
    position, length, start, pending, chained = 0, NO_MATCH, 0, False, 1
    while position < len(text):
        for earlier in range(chained, position):
            threes.setdefault(_bucket_of_three(text[earlier : earlier + 3]), []).append(earlier)
            fours.setdefault(_bucket_of_four(text[earlier : earlier + 4]), []).append(earlier)
        chained = max(chained, position)
        best, found = NO_MATCH, 0
        if len(text) - position >= SHORTEST_MATCH and length < LONGEST_MATCH:
            best, found = _longest_match(text, position, threes, fours, length)
        if length >= SHORTEST_MATCH and best <= length:
            tallies[LENGTH_SYMBOL[length]] += 1
            tallies[DISTANCE_SYMBOL[position - 1 - start]] += 1
            position += length - 1
            length, pending = NO_MATCH, False
            continue
        if pending:
            tallies[text[position - 1]] += 1
        position += 1
        length, start, pending = best, found, True
    if pending:
        tallies[text[-1]] += 1
    return tallies


def _bucket_of_three(piece: bytes) -> int:
    first, second, third = piece.ljust(3, b"\0")
    return ((first << 10) ^ (second << 5) ^ third) % HASH_SIZE


def _bucket_of_four(piece: bytes) -> int:
    return (int.from_bytes(piece.ljust(4, b"\0"), "big") * 2654435761 >> 15) % HASH_SIZE


def _longest_match(text: bytes, position: int, threes: Buckets, fours: Buckets, length: int) -> tuple[int, int]:
    """Return the latest of the longest matches, if longer than the one before; `NO_MATCH` if there is none.

    The latest 1,024 places in a bucket are looked at: for three bytes up to the first that holds them, for more all.
    """
    best, found = length, 0
    farthest = min(len(text) - position, LONGEST_MATCH)
    near = [
        [place for place in buckets.get(bucket, [])[: -LONGEST_CHAIN - 1 : -1] if position - place <= FARTHEST_MATCH]
        for buckets, bucket in (
            (threes, _bucket_of_three(text[position : position + 3])),
            (fours, _bucket_of_four(text[position : position + 4])),
        )
    ]
    if length < SHORTEST_MATCH:
        matches = (place for place in near[0] if text[place : place + 3] == text[position : position + 3])
        found = next(matches, -1)
        if found < 0:
            return NO_MATCH, 0
        best = SHORTEST_MATCH
    for candidate in near[1]:
        common = 0
        while common < farthest and text[candidate + common] == text[position + common]:
            common += 1
        if common > best:
            best, found = common, candidate
    if best == length or (best == SHORTEST_MATCH and position - found > FARTHEST_SHORTEST_MATCH):
        return NO_MATCH, 0
    return best, found


def price(tallies: Sequence[int], prior: Sequence[int]) -> float:
    """Return the bits of counted symbols: each costs what its prior and those before it make it cost, in any order.

    Parameters
    ----------
    tallies : sequence of int
        How often each symbol occurs: literals and lengths, then distances.
    prior : sequence of int
        Sixteenths of an occurrence that each symbol counts before any was seen.

    Returns
    -------
    float

    Examples
    --------
    The first of 286 equally likely symbols, with no distances:

    >>> round(price([1] + [0] * 315, [3] * 316), 6) == round(math.log2(286), 6)
    True
    """
    bits = float(sum(count * int(extra) for count, extra in zip(tallies, EXTRA_BITS, strict=True)))
    for part in (slice(0, N_LITERAL_CODES), slice(N_LITERAL_CODES, None)):
        seen, total = 0, sum(prior[part]) / 16
        for count, before in zip(tallies[part], prior[part], strict=True):
            for occurrence in range(count):
                bits -= math.log2((before / 16 + occurrence) / (total + seen))
                seen += 1
    return bits
