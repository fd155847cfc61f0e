"""Numba kernels of sketches: the phrases of an item as hashes, and the similarity of sketches."""

# Numba types these functions; mypy cannot follow the changes of integer types.
# mypy: disable-error-code="assignment"
from __future__ import annotations

from typing import Any

import numpy as np

from kolmo._core.jit import i64, inline, jit, u64

_BASIS, _PRIME = u64(0xCBF29CE484222325), u64(0x100000001B3)
_MIX_1, _MIX_2 = u64(0xFF51AFD7ED558CCD), u64(0xC4CEB9FE1A85EC53)
_NOT_EMPTY = u64(1)


@inline
def _mixed(state: Any) -> Any:
    """Return the hash for a state of FNV-1a, with the last steps of MurmurHash3; never 0."""
    key = (state ^ (state >> u64(33))) * _MIX_1
    key = (key ^ (key >> u64(33))) * _MIX_2
    return (key ^ (key >> u64(33))) | _NOT_EMPTY


@jit
def phrase_hashes(text: Any, table: Any, hashes: Any) -> Any:
    """Write the hash of each phrase of the LZ78 parse of a text, and return their number.

    A phrase is the shortest string from its start on that is not a phrase yet. `table` has zeros, and at least twice as
    many entries as the text has bytes, a power of two; it is left with hashes in it.
    """
    mask, count, state = u64(len(table) - 1), i64(0), _BASIS
    for position in range(len(text)):
        state = (state ^ u64(text[u64(position)])) * _PRIME
        key = _mixed(state)
        place = (key >> u64(7)) & mask
        while table[place] != u64(0) and table[place] != key:
            place = (place + u64(1)) & mask
        if table[place] == u64(0):
            table[place] = key
            hashes[u64(count)] = np.uint32(key >> u64(32))
            count += 1
            state = _BASIS
    return count


@inline
def _similarity(first: Any, start: int, stop: int, second: Any, begin: int, end: int, size: int) -> Any:
    """Return the share of common hashes among the `size` smallest of both, which are sorted."""
    common, union = 0, 0
    while union < size and start < stop and begin < end:
        one, other = first[u64(start)], second[u64(begin)]
        if one == other:
            common += 1
        start += i64(one <= other)
        begin += i64(other <= one)
        union += 1
    union = min(size, union + (stop - start) + (end - begin))
    return common / union if union > 0 else 1.0


@jit
def similarities(query: Any, hashes: Any, starts: Any, chosen: Any, size: int, found: Any) -> None:
    """Write the similarity of a sketch to each of the chosen sketches of a store; all of them if none is chosen."""
    for place in range(len(found)):
        number = i64(chosen[u64(place)]) if len(chosen) > 0 else i64(place)
        start, stop = i64(starts[u64(number)]), i64(starts[u64(number + 1)])
        found[u64(place)] = _similarity(query, 0, len(query), hashes, start, stop, size)


@jit
def smallest_rare(hashes: Any, starts: Any, is_common: Any, count_limit: int, kept: Any) -> None:
    """Write the first hashes of each sketch that are not common; 0 where there are no more.

    `is_common` is a sorted array of hashes.
    """
    for number in range(len(starts) - 1):
        count = 0
        for place in range(starts[u64(number)], starts[u64(number + 1)]):
            value = hashes[u64(place)]
            low, high = i64(0), i64(len(is_common))
            while low < high:
                middle = (low + high) >> 1
                if is_common[u64(middle)] < value:
                    low = middle + 1
                else:
                    high = middle
            if low < len(is_common) and is_common[u64(low)] == value:
                continue
            if count == count_limit:
                break
            kept[u64(number), u64(count)] = value
            count += 1
