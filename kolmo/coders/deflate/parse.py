"""Numba kernels that count the deflate symbols of x + y at level 9, parsing x once for many y.

`tests/reference/deflate_reference.py` is the plain Python version. The hash chains of x start at the trigram names of
`kolmo.coders.deflate.index`, so that a lookup costs one load, and a pair inserts only the positions whose three or four
bytes straddle x and y.
"""

from __future__ import annotations

from typing import Any

from kolmo._core.jit import i64, inline, jit, u64
from kolmo.coders.deflate.index import (
    LENGTH_BITS,
    LENGTH_MASK,
    NAME_BITS,
    NAME_MASK,
    NO_MATCH,
    bucket_at,
    slot_of,
    trigram_at,
)
from kolmo.coders.deflate.tables import (
    DISTANCE_SYMBOL,
    END_OF_BLOCK,
    FARTHEST_SHORTEST_MATCH,
    LARGEST_JOINT_SIZE,
    LENGTH_SYMBOL,
    LONGEST_CHAIN,
    LONGEST_MATCH,
    N_SYMBOLS,
    SHORTEST_MATCH,
)

SIZE, POSITION, LENGTH, START, PENDING, OCCUPANCY = range(6)
"""Positions in the state of a parsed prefix; the occupancy is the size of its fullest hash bucket."""
N_STATE = 6
FOURS = 2**13
"""Number of buckets of the hash of four bytes, which zlib does not have."""


@inline
def _bucket_of_four(text: Any, position: Any) -> Any:
    four = (trigram_at(text, position) << 8) | i64(text[u64(position + 3)])
    return ((four * 2654435761) >> 15) & (FOURS - 1)


@inline
def _look_up(keys: Any, names: Any, trigram: Any) -> Any:
    """Return the name of a trigram, 0 if it occurs in no item."""
    slot = slot_of(keys, trigram)
    return i64(names[u64(slot)]) if keys[u64(slot)] >= 0 else i64(0)


@inline
def _latest_in_bucket(window: Any, position: Any, buckets: Any, bucket_previous: Any) -> Any:
    """Return the latest position in x with the three bytes at `position`, 0 for none."""
    trigram = trigram_at(window, position)
    candidate = i64(buckets[u64(bucket_at(window, position))])
    while candidate != 0 and trigram_at(window, candidate) != trigram:
        candidate = i64(bucket_previous[u64(candidate)])
    return candidate


@jit
def parse_prefix(
    prefix: Any,
    keys: Any,
    names: Any,
    window: Any,
    heads: Any,
    previous: Any,
    buckets: Any,
    bucket_previous: Any,
    fours: Any,
    fours_previous: Any,
    tallies: Any,
    state: Any,
    bucket_sizes: Any,
) -> None:
    """Copy x to the window, build its hash chains, and parse it up to the first decision that depends on y.

    `heads` receives the latest position of each name, `previous` the position before it with the same three bytes;
    `buckets` and `bucket_previous` are the same for zlib's hash, `fours` and `fours_previous` for the hash of four
    bytes. 0 ends a chain, as in zlib, which never matches position 0. `bucket_sizes` is scratch, zero before and after.
    """
    size = len(prefix)
    for position in range(size):
        window[position] = prefix[position]
    heads[:] = 0
    previous[: size + 1] = 0
    state[SIZE], state[POSITION], state[LENGTH], state[START], state[PENDING] = size, 0, NO_MATCH, 0, 0
    buckets[:] = 0
    fullest: Any = 0
    for position in range(size - 2):
        bucket = bucket_at(window, position)
        bucket_sizes[bucket] += 1
        fullest = max(fullest, i64(bucket_sizes[bucket]))
        if fullest > LONGEST_CHAIN:
            break
        if position > 0:
            previous[position] = _latest_in_bucket(window, position, buckets, bucket_previous)
            bucket_previous[position] = buckets[bucket]
            buckets[bucket] = position
            heads[_look_up(keys, names, trigram_at(window, position))] = position
    heads[0] = 0
    fours[:] = 0
    for position in range(1, size - 3):
        _insert_four(window, position, size, fours, fours_previous)
    for position in range(size - 2):
        bucket_sizes[bucket_at(window, position)] = 0
    state[OCCUPANCY] = fullest
    tallies[:] = 0
    tallies[END_OF_BLOCK] = 1
    if fullest <= LONGEST_CHAIN:
        _parse_decided(window, size, previous, tallies, state)


@inline
def _parse_decided(window: Any, size: Any, previous: Any, tallies: Any, state: Any) -> None:
    position, length, start, pending = 0, NO_MATCH, 0, 0
    while position < size - 2:
        farthest = min(size - position, LONGEST_MATCH)
        best, found = i64(NO_MATCH), i64(0)
        if length < LONGEST_MATCH:
            best = length
            candidate = i64(previous[position])
            common = 0
            while candidate != 0 and common < farthest:
                common = SHORTEST_MATCH
                while common < farthest and window[candidate + common] == window[position + common]:
                    common += 1
                if common > best:
                    best, found = common, candidate
                candidate = i64(previous[candidate])
            if common == farthest and farthest < LONGEST_MATCH:
                break  # y may extend this match
            if best == length or (best == SHORTEST_MATCH and position - found > FARTHEST_SHORTEST_MATCH):
                best = NO_MATCH
        if length >= SHORTEST_MATCH and best <= length:
            tallies[LENGTH_SYMBOL[length]] += 1
            tallies[DISTANCE_SYMBOL[position - 1 - start]] += 1
            position += length - 1
            length, pending = NO_MATCH, 0
        else:
            if pending:
                tallies[window[position - 1]] += 1
            position += 1
            length, start, pending = best, found, 1
    state[POSITION], state[LENGTH], state[START], state[PENDING] = position, length, start, pending


@inline
def _search(
    window: Any, position: Any, farthest: Any, candidate: Any, previous: Any, length: Any, start: Any, known: Any
) -> Any:
    """Return length and start of the first longest match along a chain, if longer than the given one.

    `known` is the number of bytes that are equal along the whole chain.
    """
    if length < farthest:
        while candidate != 0:
            if window[u64(candidate + length)] == window[u64(position + length)]:
                common = i64(known)
                while common < farthest and window[u64(candidate + common)] == window[u64(position + common)]:
                    common += 1
                if common > length:
                    length, start = common, candidate
                    if common == farthest:
                        break
            candidate = i64(previous[u64(candidate)])
    return length, start


@inline
def _tally_match(tallies: Any, length: Any, distance: Any) -> None:
    tallies[u64(LENGTH_SYMBOL[u64(length)])] += 1
    tallies[u64(DISTANCE_SYMBOL[u64(distance)])] += 1


@inline
def _match_at(
    window: Any,
    position: Any,
    size: Any,
    heads: Any,
    fours: Any,
    fours_previous: Any,
    fact: Any,
    length: Any,
) -> Any:
    """Return length and start of the latest longest match at a position of y, if longer than the given length.

    The latest match of three bytes is the head of its chain; only matches of four bytes and more are searched for,
    along much shorter chains.
    """
    start = i64(0)
    inside = i64((fact >> u64(NAME_BITS)) & u64(LENGTH_MASK))
    if inside > length:
        length = inside
        start = position - i64(fact >> u64(NAME_BITS + LENGTH_BITS))
    head = i64(heads[u64(fact & u64(NAME_MASK))])
    if head == 0:
        return length, start
    if length < SHORTEST_MATCH:
        length, start = i64(SHORTEST_MATCH), head
    farthest = min(size - position, LONGEST_MATCH)
    if length < farthest:
        candidate = i64(fours[u64(_bucket_of_four(window, position))])
        length, start = _search(window, position, farthest, candidate, fours_previous, length, start, 0)
    return length, start


@inline
def _insert_four(window: Any, position: Any, size: Any, fours: Any, fours_previous: Any) -> None:
    if position > 0 and position + 3 < size:
        bucket = _bucket_of_four(window, position)
        fours_previous[u64(position)] = fours[u64(bucket)]
        fours[u64(bucket)] = position


@inline
def _remove_four(window: Any, position: Any, size: Any, fours: Any, fours_previous: Any) -> None:
    if position > 0 and position + 3 < size:
        fours[u64(_bucket_of_four(window, position))] = fours_previous[u64(position)]


@jit
def tally_items(
    text: Any,
    starts: Any,
    facts: Any,
    occupancy: Any,
    keys: Any,
    names: Any,
    window: Any,
    heads: Any,
    previous: Any,
    buckets: Any,
    bucket_previous: Any,
    fours: Any,
    fours_previous: Any,
    prefix_tallies: Any,
    state: Any,
    columns: Any,
    tallies: Any,
    sizes: Any,
) -> None:
    """Count the symbols of x + y for the items y in `columns`, one row of `tallies` and of `sizes` each.

    `sizes` receives the joint size in bytes, and 0 for a pair out of reach of these kernels.
    """
    n_prefix = state[SIZE]
    for row in range(len(sizes)):
        item = columns[row]
        begin = starts[item]
        n_item = starts[item + 1] - begin
        size = n_prefix + n_item
        # two positions straddle x and y
        if size > LARGEST_JOINT_SIZE or state[OCCUPANCY] + occupancy[item] + 2 > LONGEST_CHAIN:
            sizes[row] = 0
            continue
        sizes[row] = size
        for symbol in range(N_SYMBOLS):
            tallies[row, symbol] = prefix_tallies[symbol]
        for offset in range(n_item):
            window[u64(n_prefix + offset)] = text[u64(begin + offset)]
        second_last = _insert(window, n_prefix - 2, size, keys, names, heads, previous, buckets, bucket_previous)
        last = _insert(window, n_prefix - 1, size, keys, names, heads, previous, buckets, bucket_previous)
        for position in range(n_prefix - 3, n_prefix):
            _insert_four(window, position, size, fours, fours_previous)
        position = _parse_boundary(
            window, size, heads, previous, fours, fours_previous, facts[begin : begin + n_item], tallies[row], state
        )
        if position < size:
            _parse_settled(
                window,
                size,
                heads,
                fours,
                fours_previous,
                facts[begin : begin + n_item],
                tallies[row],
                n_prefix,
                position,
            )
        for position in range(n_prefix - 1, n_prefix - 4, -1):
            _remove_four(window, position, size, fours, fours_previous)
        if last != 0:
            heads[last] = previous[n_prefix - 1]
        if second_last != 0:
            heads[second_last] = previous[n_prefix - 2]


@inline
def _insert(
    window: Any,
    position: Any,
    size: Any,
    keys: Any,
    names: Any,
    heads: Any,
    previous: Any,
    buckets: Any,
    bucket_previous: Any,
) -> Any:
    """Insert a position whose three bytes straddle x and y; return the name whose head it became, 0 for none."""
    if position < 1 or position + 2 >= size:
        return i64(0)
    trigram = trigram_at(window, position)
    name = _look_up(keys, names, trigram)
    if name != 0:
        previous[u64(position)] = heads[u64(name)]
        heads[u64(name)] = position
    elif position > 1 and trigram_at(window, position - 1) == trigram:
        previous[u64(position)] = position - 1
    else:
        previous[u64(position)] = _latest_in_bucket(window, position, buckets, bucket_previous)
    return name


@inline
def _parse_boundary(
    window: Any,
    size: Any,
    heads: Any,
    previous: Any,
    fours: Any,
    fours_previous: Any,
    facts: Any,
    tallies: Any,
    state: Any,
) -> Any:
    """Continue the parse of x until it is in y with nothing pending; return its position, or `size` at the end."""
    n_prefix = state[SIZE]
    position, length, start, pending = state[POSITION], state[LENGTH], state[START], state[PENDING]
    while position < size and (position < n_prefix or length >= SHORTEST_MATCH):
        best, found = i64(NO_MATCH), i64(0)
        if size - position >= SHORTEST_MATCH and length < LONGEST_MATCH:
            if position >= n_prefix:
                best, found = _match_at(
                    window, position, size, heads, fours, fours_previous, facts[u64(position - n_prefix)], length
                )
            else:
                farthest = min(size - position, LONGEST_MATCH)
                candidate = i64(previous[u64(position)])
                best, found = _search(window, position, farthest, candidate, previous, length, found, SHORTEST_MATCH)
            if best == length or (best == SHORTEST_MATCH and position - found > FARTHEST_SHORTEST_MATCH):
                best = i64(NO_MATCH)
        if length >= SHORTEST_MATCH and best <= length:
            _tally_match(tallies, length, position - 1 - start)
            position += length - 1
            length, pending = i64(NO_MATCH), i64(0)
        else:
            if pending:
                tallies[u64(window[u64(position - 1)])] += 1
            position += 1
            length, start, pending = best, found, i64(1)
    if pending:
        tallies[u64(window[u64(position - 1)])] += 1
    return position


@inline
def _parse_settled(
    window: Any,
    size: Any,
    heads: Any,
    fours: Any,
    fours_previous: Any,
    facts: Any,
    tallies: Any,
    n_prefix: Any,
    position: Any,
) -> None:
    """Parse y from a position with nothing pending to its end."""
    while position < size - 2:
        fact = facts[u64(position - n_prefix)]
        length, start = _match_at(window, position, size, heads, fours, fours_previous, fact, i64(NO_MATCH))
        if length < SHORTEST_MATCH or (length == SHORTEST_MATCH and position - start > FARTHEST_SHORTEST_MATCH):
            tallies[u64(window[u64(position)])] += 1
            position += 1
            continue
        while position + 1 < size - 2 and length < LONGEST_MATCH:
            fact = facts[u64(position + 1 - n_prefix)]
            longer, later_start = _match_at(window, position + 1, size, heads, fours, fours_previous, fact, length)
            if longer <= length:
                break
            tallies[u64(window[u64(position)])] += 1
            position += 1
            length, start = longer, later_start
        _tally_match(tallies, length, position - start)
        position += length
    while position < size:
        tallies[u64(window[u64(position)])] += 1
        position += 1
