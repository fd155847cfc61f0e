"""Kernels of the coder ``ngram``: n-gram counts in one open-addressing hash table, and probabilities from them.

An entry of the table is a key and a value. The value of a context holds its count (from bit 32), its newest follower
(from bit 16) and the number of its different followers. The value of a context with a follower holds its count (from
bit 32) and the follower that was new before it. The followers of a context so form a linked list of bytes, which stays
valid when the table is moved to a larger one.
"""

# Numba types these functions; mypy cannot follow the changes of integer types.
# mypy: disable-error-code="assignment"
from __future__ import annotations

from typing import Any

import numpy as np

from kolmo._core.jit import i64, inline, jit, prefetch, u64
from kolmo.coders.entropy.binary import DECODE, MEASURE, code_bit, stuck

_ODD = u64(0x9E3779B97F4A7C15)
_ODD2 = u64(0xD6E8FEB86659FD93)
_NOT_EMPTY = u64(1)
_ONCE = 1 << 32
_WHOLE = 1 << 32
_LEAST = 1 << 10
"""Minimum probability of a bit in units of 2^-32, so that both bits can be coded."""
_AHEAD = 3
"""So many bytes before one is measured, its entries begin to be loaded."""
_MANY = 128
"""From this number of followers on, all 256 bytes are looked up, as each step along a list waits for the one before."""

SUM, KINDS, ENTRIES = 256, 257, 258
"""Positions of totals after the counts of single bytes: their sum, the number of nonzero ones, the table entries."""


@inline
def _home(key: Any, table: Any) -> Any:
    """Return the number of the entry where the search of `key` begins."""
    return (key ^ (key >> u64(31))) & u64(len(table) // 2 - 1)


@inline
def _slot(key: Any, table: Any) -> Any:
    """Return the place of `key`, or the empty place for it; its value is in the next place."""
    mask = u64(len(table) // 2 - 1)
    place = _home(key, table)
    while table[u64(place << u64(1))] != u64(0) and table[u64(place << u64(1))] != key:
        place = (place + u64(1)) & mask
    return i64(place << u64(1))


@inline
def _fetch(recent: Any, symbol: int, order: int, table: Any) -> None:
    """Start to load the entries of the contexts after these bytes, and of this follower of them."""
    for k in range(1, order + 1):
        context = _context_key(recent, k)
        prefetch(table, _home(context, table) << u64(1))
        prefetch(table, _home(_pair_key(context, symbol), table) << u64(1))


@inline
def _value(place: int, table: Any) -> Any:
    return i64(table[u64(place + 1)])


@inline
def _context_key(last: Any, order: int) -> Any:
    """Return the key of the last `order` bytes; never 0."""
    whole = u64(0xFFFFFFFFFFFFFFFF)
    masked = last & (whole >> u64(64 - 8 * order))
    key = masked * _ODD + u64(order) * _ODD2
    key = (key ^ (key >> u64(32))) * _ODD2
    return (key ^ (key >> u64(29))) | _NOT_EMPTY


@inline
def _pair_key(context: Any, symbol: int) -> Any:
    key = (context + u64(symbol + 1) * _ODD2) * _ODD
    return (key ^ (key >> u64(32))) | _NOT_EMPTY


@inline
def _record(journal: Any, n_entries: int, place: int, table: Any) -> Any:
    """Append a place and its values to the journal unless it is disabled; return the number of entries."""
    if n_entries > 0:
        journal[u64(n_entries), 0] = place
        journal[u64(n_entries), 1] = i64(table[u64(place)])
        journal[u64(n_entries), 2] = i64(table[u64(place + 1)])
        n_entries += 1
    return n_entries


@inline
def _interpolated(below: float, count: int, total: int, kinds: int, discount: float, weight: float) -> Any:
    seen = count - discount if count > 0 else 0.0
    return (seen + (discount * kinds + weight) * below) / (total + weight)


@inline
def _distribute(
    recent: Any, order: int, discount: float, weight: float, table: Any, zero: Any, places: Any, tree: Any
) -> None:
    """Write the probability of each next byte to the leaves of a tree, places 256 to 511.

    The longest context distributes part of the probability to its followers, and the rest goes to the next shorter
    context. Only the four arithmetic operations occur, in a fixed order, so the results are the same on all machines.
    """
    known = 0
    for k in range(1, order + 1):
        place = _slot(_context_key(recent, k), table)
        if table[u64(place)] == u64(0):
            break
        places[u64(k)] = place
        known = k
    for leaf in range(256, 512):
        tree[u64(leaf)] = 0.0
    left = 1.0
    for k in range(known, 0, -1):
        context, value = table[u64(places[u64(k)])], _value(places[u64(k)], table)
        kinds, symbol = value & 511, (value >> 16) & 255
        left /= (value >> 32) + weight
        if kinds < _MANY:
            for _ in range(kinds):
                value = _value(_slot(_pair_key(context, symbol), table), table)
                tree[u64(256 + symbol)] += left * ((value >> 32) - discount)
                symbol = value & 255
        else:
            for symbol in range(256):
                count = _value(_slot(_pair_key(context, symbol), table), table) >> 32
                tree[u64(256 + symbol)] += left * (count - discount) if count > 0 else 0.0
        left *= discount * kinds + weight
    for symbol in range(256):
        chance = _interpolated(1.0 / 256, zero[u64(symbol)], zero[SUM], zero[KINDS], discount, weight)
        tree[u64(256 + symbol)] += left * chance


@inline
def _count(
    recent: Any, symbol: int, order: int, exclude: bool, table: Any, zero: Any, journal: Any, n_entries: int
) -> Any:
    """Count a byte in its contexts; return the number of journal entries."""
    counted = False
    for k in range(order, 0, -1):
        context = _context_key(recent, k)
        place = _slot(context, table)
        n_entries = _record(journal, n_entries, place, table)
        if table[u64(place)] == u64(0):
            table[u64(place)] = context
            zero[ENTRIES] += 1
        follower = _pair_key(context, symbol)
        pair = _slot(follower, table)  # only now, as inserting the context may have taken this place
        n_entries = _record(journal, n_entries, pair, table)
        value = _value(place, table)
        if table[u64(pair)] == u64(0):
            table[u64(pair)] = follower
            table[u64(pair + 1)] = u64((value >> 16) & 255)
            zero[ENTRIES] += 1
            value = (value & ~(255 << 16)) + (symbol << 16) + 1
        else:
            counted = True
        table[u64(place + 1)] = u64(value + _ONCE)
        table[u64(pair + 1)] += u64(_ONCE)
        if counted and exclude:
            break
    if not (counted and exclude):
        if zero[u64(symbol)] == 0:
            zero[KINDS] += 1
        zero[u64(symbol)] += 1
        zero[SUM] += 1
    return n_entries


@jit
def run(
    mode: int,
    data: Any,
    last: int,
    order: int,
    discount: float,
    weight: float,
    learn: bool,
    exclude: bool,
    table: Any,
    zero: Any,
    bits: Any,
    stream: Any,
    cursor: Any,
    journal: Any,
    places: Any,
    tree: Any,
) -> int:
    """Measure, encode or decode the bytes of `data`, and count them.

    Returns the number of bytes done: not all if the table could become more than half full, or the stream is stuck.

    Parameters
    ----------
    mode : {MEASURE, ENCODE, DECODE}
    data : ndarray of uint8
        Written by `DECODE`.
    last : uint64
        The 8 bytes before `data`.
    order : int
    discount, weight : float
    learn : bool
        Whether to count the bytes.
    exclude : bool
        Count a byte in the contexts from the longest down to the first that already had it as a follower.
    table : ndarray of uint64
        Pairs of key and value; an empty place has key 0.
    zero : ndarray of int64, shape (259,)
        Counts of single bytes, then `SUM`, `KINDS` and `ENTRIES`.
    bits : ndarray of float64
        Code length of each byte in bits; only `MEASURE` writes it.
    stream : ndarray of uint8
        The arithmetic code.
    cursor : ndarray of int64, shape (4,)
        Coder state; see `kolmo.coders.entropy.binary`.
    journal : ndarray of int64, shape (n, 3)
        Receives places and their old values for `undo`; the first row holds the number of entries. An empty array
        disables it.
    places : ndarray of int64, shape (9,)
    tree : ndarray of float64, shape (512,)
    """
    recent = later = u64(last)
    if mode == MEASURE:
        for position in range(min(_AHEAD, len(data))):
            later = later << u64(8) | u64(data[u64(position)])
    room = len(table) // 4 - 2 * order
    n_entries = i64(1) if len(journal) > 0 else i64(0)
    place, low, high, window = cursor[0], cursor[1], cursor[2], cursor[3]
    done = len(data)
    for position in range(len(data)):
        if (learn and zero[ENTRIES] > room) or stuck(mode, place, stream):
            done = position
            break
        if mode == MEASURE:
            if position + _AHEAD < len(data):
                _fetch(later, i64(data[u64(position + _AHEAD)]), order, table)
                later = later << u64(8) | u64(data[u64(position + _AHEAD)])
            symbol = i64(data[u64(position)])
            likely = _interpolated(1.0 / 256, zero[u64(symbol)], zero[SUM], zero[KINDS], discount, weight)
            for k in range(1, order + 1):
                context = _context_key(recent, k)
                entry = _slot(context, table)
                if table[u64(entry)] == u64(0):
                    break
                value = _value(entry, table)
                count = _value(_slot(_pair_key(context, symbol), table), table) >> 32
                likely = _interpolated(likely, count, value >> 32, value & 511, discount, weight)
            bits[u64(position)] = -np.log2(likely)
        else:
            _distribute(recent, order, discount, weight, table, zero, places, tree)
            for node in range(255, 0, -1):
                tree[u64(node)] = tree[u64(2 * node)] + tree[u64(2 * node + 1)]
            symbol = i64(data[u64(position)]) if mode != DECODE else i64(0)
            node = 1
            for bit_place in range(7, -1, -1):
                share = i64(_WHOLE * (tree[u64(2 * node + 1)] / tree[u64(node)]))
                chance = min(max(share, _LEAST), _WHOLE - _LEAST)
                bit = (symbol >> bit_place) & 1
                bit, low, high, window, place = code_bit(mode, bit, chance, low, high, window, place, stream)
                node = 2 * node + bit
            symbol = i64(node & 255)
            if mode == DECODE:
                data[u64(position)] = np.uint8(symbol)
        if learn:
            n_entries = _count(recent, symbol, order, exclude, table, zero, journal, n_entries)
        recent = recent << u64(8) | u64(symbol)
    cursor[0], cursor[1], cursor[2], cursor[3] = place, low, high, window
    if n_entries > 0:
        journal[0, 0] = n_entries
    return done


@jit
def undo(journal: Any, table: Any) -> None:
    """Restore the values that `run` recorded in the journal."""
    for entry in range(i64(journal[0, 0]) - 1, 0, -1):
        place = journal[u64(entry), 0]
        table[u64(place)] = u64(journal[u64(entry), 1])
        table[u64(place + 1)] = u64(journal[u64(entry), 2])


@jit
def predict(
    last: int, order: int, discount: float, weight: float, table: Any, zero: Any, places: Any, tree: Any
) -> None:
    """Write the probability of each next byte to the leaves of `tree`."""
    _distribute(u64(last), order, discount, weight, table, zero, places, tree)


@jit
def move(table: Any, larger: Any) -> None:
    """Copy the entries of a table to a larger one."""
    for place in range(0, len(table), 2):
        key = table[u64(place)]
        if key != u64(0):
            to = _slot(key, larger)
            larger[u64(to)] = key
            larger[u64(to + 1)] = table[u64(place + 1)]
