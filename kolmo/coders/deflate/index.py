"""Numba kernels that index the items y of pairs x + y, once for all x.

The index is the bytes of all items in one buffer and, for each byte, a packed entry: the name of the three bytes that
start there, and the latest longest match inside the item.

Numba's cache ignores changes in other files: after a change of a function inlined elsewhere, touch those files as well.
"""

from __future__ import annotations

from typing import Any

from kolmo._core.jit import i64, inline, jit, u64
from kolmo.coders.deflate.tables import HASH_SIZE, LARGEST_JOINT_SIZE, LONGEST_CHAIN, LONGEST_MATCH, SHORTEST_MATCH

NO_MATCH = SHORTEST_MATCH - 1
NAME_BITS, LENGTH_BITS = 32, 16
NAME_MASK, LENGTH_MASK = 2**NAME_BITS - 1, 2**LENGTH_BITS - 1
"""A packed entry holds a name, a length and a distance, from the lowest bits up."""


@inline
def trigram_at(text: Any, position: Any) -> Any:
    """Return three bytes as one number."""
    return (i64(text[u64(position)]) << 16) | (i64(text[u64(position + 1)]) << 8) | i64(text[u64(position + 2)])


@inline
def bucket_at(text: Any, position: Any) -> Any:
    """Return the bucket of three bytes in zlib's hash."""
    first, second = i64(text[u64(position)]), i64(text[u64(position + 1)])
    return ((first << 10) ^ (second << 5) ^ i64(text[u64(position + 2)])) & (HASH_SIZE - 1)


@inline
def slot_of(keys: Any, trigram: Any) -> Any:
    """Return the slot of a trigram, or the free slot for it, in an open-addressing table that is never full."""
    mask = keys.shape[0] - 1
    slot = ((trigram * 2654435761) >> 8) & mask
    while keys[u64(slot)] != trigram and keys[u64(slot)] >= 0:
        slot = (slot + 1) & mask
    return slot


@jit
def number_trigrams(text: Any, starts: Any, keys: Any, numbers: Any, trigrams: Any, counts: Any) -> int:
    """Number the different trigrams inside items from 0, in order of appearance; return their number.

    `keys` (-1 where free) and `numbers` are the table to fill; `trigrams` receives the number at each position, and
    `counts` the frequency of each number.
    """
    found = 0
    for item in range(len(starts) - 1):
        for position in range(starts[item], starts[item + 1] - 2):
            trigram = trigram_at(text, position)
            slot = slot_of(keys, trigram)
            if keys[slot] < 0:
                keys[slot] = trigram
                numbers[slot] = found
                found += 1
            number = numbers[slot]
            trigrams[position] = number
            counts[number] += 1
    return found


@jit
def copy_names(keys: Any, numbers: Any, name_of_number: Any, new_keys: Any, new_names: Any) -> None:
    """Copy a table of numbers to a smaller table of names."""
    for slot in range(len(keys)):
        if keys[slot] >= 0:
            new_slot = slot_of(new_keys, i64(keys[slot]))
            new_keys[new_slot] = keys[slot]
            new_names[new_slot] = name_of_number[numbers[slot]]


@jit
def match_inside(
    text: Any, starts: Any, names: Any, latest: Any, previous: Any, bucket_sizes: Any, facts: Any, occupancy: Any
) -> None:
    """Write the packed entry of each position: its name and the latest longest match inside its item, as in zlib.

    `occupancy` receives the number of positions in the fullest hash bucket of each item; an item that exceeds the
    guaranteed search depth of zlib is not processed further. `latest` (by name), `previous` (by position) and
    `bucket_sizes` are scratch, initially zero; the first two hold positions plus one, and 0 means none.
    """
    for item in range(len(starts) - 1):
        first = starts[item]
        size = starts[item + 1] - first
        if size > LARGEST_JOINT_SIZE:
            occupancy[item] = size
            continue
        fullest: Any = 0
        done = 0
        while done < size - 2 and fullest <= LONGEST_CHAIN:
            here = first + done
            name = names[here]
            farthest = min(size - done, LONGEST_MATCH)
            length, distance = NO_MATCH, 0
            candidate = latest[name]
            previous[done] = candidate
            while candidate != 0:
                there = first + candidate - 1
                if text[there + length] == text[here + length]:
                    common = SHORTEST_MATCH
                    while common < farthest and text[there + common] == text[here + common]:
                        common += 1
                    if common > length:
                        length, distance = common, here - there
                        if common == farthest:
                            break
                candidate = previous[candidate - 1]
            facts[here] = u64(name)
            if distance > 0:
                facts[here] |= (u64(length) << u64(NAME_BITS)) | (u64(distance) << u64(NAME_BITS + LENGTH_BITS))
            latest[name] = done + 1
            bucket = bucket_at(text, here)
            bucket_sizes[bucket] += 1
            fullest = max(fullest, bucket_sizes[bucket])
            done += 1
        occupancy[item] = fullest
        for here in range(first, first + done):
            latest[names[here]] = 0
            bucket_sizes[bucket_at(text, here)] = 0
