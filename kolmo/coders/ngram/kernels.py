"""Counts of n-grams in one open hash table, and the probabilities they give: the compiled half of ``ngram``.

An entry of the table is a key and a value. That of a context: how often it came (from bit 32 on), the byte that was the
last to follow it for the first time (from bit 16 on), and how many different bytes followed it. That of a context with
a byte: how often it came (from bit 32 on), and the byte that was the last new one before it. So the followers of a
context are a list, though each is found by its hash; it knows bytes, not places, and outlasts a move to a larger table.
"""

# Numba gives these functions their types; mypy cannot follow how integers change theirs.
# mypy: disable-error-code="assignment"
from __future__ import annotations

from typing import Any

import numpy as np

from kolmo._core.jit import i64, inline, jit, u64
from kolmo.coders.entropy.binary import DECODE, MEASURE, code_bit, stuck

_ODD = u64(0x9E3779B97F4A7C15)
_ODD2 = u64(0xD6E8FEB86659FD93)
_NOT_EMPTY = u64(1)
_ONCE = 1 << 32
_WHOLE = 1 << 32
FINEST = 22
_LEAST = 1 << 32 - FINEST
"""No bit is coded with a chance below 2 to the power of minus `FINEST`: so what a stream can hold has a limit."""
_MANY = 128
"""Of so many followers or more, all 256 bytes are asked for: each step down a list waits for the one before."""

SUM, KINDS, ENTRIES = 256, 257, 258
"""Where the counts of single bytes hold their sum, how many are not 0, and the number of entries in the table."""


@inline
def _slot(key: Any, table: Any) -> Any:
    """Return where `key` is, or the empty place where it belongs; its value stands behind it."""
    mask = u64(len(table) // 2 - 1)
    place = (key ^ (key >> u64(31))) & mask
    while table[u64(place << u64(1))] != u64(0) and table[u64(place << u64(1))] != key:
        place = (place + u64(1)) & mask
    return i64(place << u64(1))


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
def _noted(journal: Any, kept: int, place: int, table: Any) -> Any:
    """Write down what a place holds, if anything is to be kept; return how many entries there are."""
    if kept > 0:
        journal[u64(kept), 0] = place
        journal[u64(kept), 1] = i64(table[u64(place)])
        journal[u64(kept), 2] = i64(table[u64(place + 1)])
        kept += 1
    return kept


@inline
def _interpolated(below: float, count: int, total: int, kinds: int, discount: float, weight: float) -> Any:
    seen = count - discount if count > 0 else 0.0
    return (seen + (discount * kinds + weight) * below) / (total + weight)


@inline
def _distribute(
    recent: Any, order: int, discount: float, weight: float, table: Any, zero: Any, places: Any, tree: Any
) -> None:
    """Write the probability of each next byte to the leaves of a tree, places 256 to 511.

    The longest context gives each of its followers a share, and leaves the rest to the next shorter one. No operation
    but the four of arithmetic takes part, in an order that is fixed, so every machine comes to the same numbers.
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
def _count(recent: Any, symbol: int, order: int, exclude: bool, table: Any, zero: Any, journal: Any, kept: int) -> Any:
    """Count a byte in its contexts; return how many entries the journal has."""
    counted = False
    for k in range(order, 0, -1):
        context = _context_key(recent, k)
        place = _slot(context, table)
        kept = _noted(journal, kept, place, table)
        if table[u64(place)] == u64(0):
            table[u64(place)] = context
            zero[ENTRIES] += 1
        follower = _pair_key(context, symbol)
        pair = _slot(follower, table)  # looked for only now, as the context may have taken its place
        kept = _noted(journal, kept, pair, table)
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
    return kept


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
    """Metric or code the bytes of `data`, and count them.

    Returns how many: fewer than there are if the table could become more than half full, or the stream is stuck.

    Parameters
    ----------
    mode : {MEASURE, ENCODE, DECODE}
    data : ndarray of uint8
        `DECODE` writes it.
    last : uint64
        The last 8 bytes before.
    order : int
    discount, weight : float
    learn : bool
        Whether to count.
    exclude : bool
        Count a byte only in contexts from the longest down to the first in which it was known.
    table : ndarray of uint64
        Keys, 0 where a place is empty, each with its value behind it.
    zero : ndarray of int64, shape (259,)
        Counts of single bytes, and what `SUM`, `KINDS` and `ENTRIES` say.
    bits : ndarray of float64
        Bits of each byte; only `MEASURE` writes them.
    stream : ndarray of uint8
        The arithmetic code.
    cursor : ndarray of int64, shape (4,)
        Where it stands; see `binary_code`.
    journal : ndarray of int64, shape (n, 3)
        Takes places with what they held, for `undo`; its first row counts them. Empty: none is kept.
    places : ndarray of int64, shape (9,)
    tree : ndarray of float64, shape (512,)
    """
    recent = u64(last)
    room = len(table) // 4 - 2 * order
    kept = i64(1) if len(journal) > 0 else i64(0)
    place, low, high, window = cursor[0], cursor[1], cursor[2], cursor[3]
    done = len(data)
    for position in range(len(data)):
        if (learn and zero[ENTRIES] > room) or stuck(mode, place, stream):
            done = position
            break
        if mode == MEASURE:
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
            kept = _count(recent, symbol, order, exclude, table, zero, journal, kept)
        recent = recent << u64(8) | u64(symbol)
    cursor[0], cursor[1], cursor[2], cursor[3] = place, low, high, window
    if kept > 0:
        journal[0, 0] = kept
    return done


@jit
def undo(journal: Any, table: Any) -> None:
    """Put back what `run` overwrote."""
    for entry in range(i64(journal[0, 0]) - 1, 0, -1):
        place = journal[u64(entry), 0]
        table[u64(place)] = u64(journal[u64(entry), 1])
        table[u64(place + 1)] = u64(journal[u64(entry), 2])


@jit
def predict(
    last: int, order: int, discount: float, weight: float, table: Any, zero: Any, places: Any, tree: Any
) -> None:
    """Write the probability of every next byte to the leaves of `tree`."""
    _distribute(u64(last), order, discount, weight, table, zero, places, tree)


@jit
def move(table: Any, larger: Any) -> None:
    """Fill a larger table with the entries of a smaller one."""
    for place in range(0, len(table), 2):
        key = table[u64(place)]
        if key != u64(0):
            to = _slot(key, larger)
            larger[u64(to)] = key
            larger[u64(to + 1)] = table[u64(place + 1)]
