"""Counts of n-grams in one open hash table, and the probabilities they give: the compiled half of ``ngram``."""

from __future__ import annotations

from typing import Any

import numpy as np

from kolmo._kernels import kernel, part

at = np.uint64
_ODD = np.uint64(0x9E3779B97F4A7C15)
_ODD2 = np.uint64(0xD6E8FEB86659FD93)
_NOT_EMPTY = np.uint64(1)


@part
def _slot(key: Any, keys: Any, mask: Any) -> Any:
    """Return where `key` is, or the empty place where it belongs."""
    place = (key ^ (key >> np.uint64(31))) & mask
    while keys[at(place)] != np.uint64(0) and keys[at(place)] != key:
        place = (place + np.uint64(1)) & mask
    return np.int64(place)


@part
def _context_key(last: Any, order: int) -> Any:
    """Return the key of the last `order` bytes; never 0."""
    whole = np.uint64(0xFFFFFFFFFFFFFFFF)
    masked = last & (whole >> np.uint64(64 - 8 * order))
    key = masked * _ODD + np.uint64(order) * _ODD2
    key = (key ^ (key >> np.uint64(32))) * _ODD2
    return (key ^ (key >> np.uint64(29))) | _NOT_EMPTY


@part
def _pair_key(context: Any, symbol: int) -> Any:
    key = (context + np.uint64(symbol + 1) * _ODD2) * _ODD
    return (key ^ (key >> np.uint64(32))) | _NOT_EMPTY


@part
def _noted(journal: Any, kept: int, place: int, keys: Any, counts: Any) -> Any:
    """Write down what a place holds, if anything is to be kept; return how many entries there are."""
    if kept > 0:
        journal[at(kept), 0] = place
        journal[at(kept), 1] = np.int64(keys[at(place)])
        journal[at(kept), 2] = counts[at(place), 0]
        journal[at(kept), 3] = counts[at(place), 1]
        kept += 1
    return kept


@part
def _interpolated(below: float, count: int, total: int, kinds: int, discount: float, weight: float) -> Any:
    seen = count - discount if count > 0 else 0.0
    return (seen + (discount * kinds + weight) * below) / (total + weight)


@kernel
def read(
    data: Any,
    last: int,
    order: int,
    discount: float,
    weight: float,
    learn: bool,
    exclude: bool,
    keys: Any,
    counts: Any,
    zero: Any,
    bits: Any,
    room: int,
    journal: Any,
    scratch: Any,
) -> int:
    """Read `data`, write down the bits of each byte, and count it.

    Returns how many bytes were read: fewer than there are if the table could pass `room` entries.

    Parameters
    ----------
    data : ndarray of uint8
    last : uint64
        The last 8 bytes before.
    order : int
    discount, weight : float
    learn : bool
        Whether to count.
    exclude : bool
        Count a byte only in contexts from the longest down to the first in which it was known.
    keys : ndarray of uint64
        0 where a place is empty.
    counts : ndarray of int32, shape (n_places, 2)
        Of a context: how often it came, and how many different bytes followed. Of a context with a byte: how often.
    zero : ndarray of int64, shape (260,)
        Counts of single bytes; from place 256 on: their sum, their kinds, and the number of entries in the table.
    bits : ndarray of float64
    room : int
    journal : ndarray of int64, shape (n, 4)
        Takes places with what they held, for `undo`; its first row counts them. Empty: none is kept.
    scratch : ndarray of int64, shape (32,)
    """
    mask = np.uint64(len(keys) - 1)
    recent = np.uint64(last)
    kept = np.int64(1) if len(journal) > 0 else np.int64(0)
    done = len(data)
    for position in range(len(data)):
        if learn and zero[258] + 2 * order > room:
            done = position
            break
        symbol = np.int64(data[at(position)])
        chance = _interpolated(1.0 / 256, zero[at(symbol)], zero[256], zero[257], discount, weight)
        known = 0
        for k in range(1, order + 1):
            key = _context_key(recent, k)
            place = _slot(key, keys, mask)
            scratch[at(k)] = place
            if keys[at(place)] == np.uint64(0):
                break
            known = k
            pair = _slot(_pair_key(key, symbol), keys, mask)
            scratch[at(16 + k)] = pair
            chance = _interpolated(
                chance,
                np.int64(counts[at(pair), 0]),
                np.int64(counts[at(place), 0]),
                np.int64(counts[at(place), 1]),
                discount,
                weight,
            )
        bits[at(position)] = -np.log2(chance)
        if learn:
            counted = False
            for k in range(order, 0, -1):
                key = _context_key(recent, k)
                place = scratch[at(k)] if k <= known else _slot(key, keys, mask)
                kept = _noted(journal, kept, place, keys, counts)
                if keys[at(place)] == np.uint64(0):
                    keys[at(place)] = key
                    zero[258] += 1
                follower = _pair_key(key, symbol)
                pair = _slot(follower, keys, mask)
                kept = _noted(journal, kept, pair, keys, counts)
                if keys[at(pair)] == np.uint64(0):
                    keys[at(pair)] = follower
                    zero[258] += 1
                    counts[at(place), 1] += 1
                else:
                    counted = True
                counts[at(place), 0] += 1
                counts[at(pair), 0] += 1
                if counted and exclude:
                    break
            if not (counted and exclude):
                if zero[at(symbol)] == 0:
                    zero[257] += 1
                zero[at(symbol)] += 1
                zero[256] += 1
        recent = recent << np.uint64(8) | np.uint64(symbol)
    if kept > 0:
        journal[0, 0] = kept
    return done


@kernel
def undo(journal: Any, keys: Any, counts: Any) -> None:
    """Put back what `read` overwrote."""
    for entry in range(np.int64(journal[0, 0]) - 1, 0, -1):
        place = at(journal[at(entry), 0])
        keys[place] = np.uint64(journal[at(entry), 1])
        counts[place, 0] = np.int32(journal[at(entry), 2])
        counts[place, 1] = np.int32(journal[at(entry), 3])


@kernel
def predict(
    last: int, order: int, discount: float, weight: float, keys: Any, counts: Any, zero: Any, chances: Any
) -> None:
    """Write down the probability of every next byte, exactly as `read` would price it."""
    mask = np.uint64(len(keys) - 1)
    for symbol in range(256):
        chances[at(symbol)] = _interpolated(1.0 / 256, zero[at(symbol)], zero[256], zero[257], discount, weight)
    for k in range(1, order + 1):
        key = _context_key(np.uint64(last), k)
        place = _slot(key, keys, mask)
        if keys[at(place)] == np.uint64(0):
            break
        total, kinds = np.int64(counts[at(place), 0]), np.int64(counts[at(place), 1])
        for symbol in range(256):
            pair = _slot(_pair_key(key, symbol), keys, mask)
            chances[at(symbol)] = _interpolated(
                chances[at(symbol)], np.int64(counts[at(pair), 0]), total, kinds, discount, weight
            )


@kernel
def move(keys: Any, counts: Any, larger_keys: Any, larger_counts: Any) -> None:
    """Fill a larger table with the entries of a smaller one."""
    mask = np.uint64(len(larger_keys) - 1)
    for place in range(len(keys)):
        key = keys[at(place)]
        if key != np.uint64(0):
            to = _slot(key, larger_keys, mask)
            larger_keys[at(to)] = key
            larger_counts[at(to), 0] = counts[at(place), 0]
            larger_counts[at(to), 1] = counts[at(place), 1]
