"""Hashes of the contexts, and their buckets in the table of bit histories."""

# Numba types these functions; mypy cannot follow the changes of integer types.
# mypy: disable-error-code="assignment,arg-type,return-value,operator,misc"
from __future__ import annotations

from typing import Any

import numpy as np

from kolmo._core.jit import i64, inline, u64
from kolmo.coders.mixing.inputs import RUN
from kolmo.coders.mixing.text_contexts import N_TEXT_MEMORY

_ODD = u64(0x9E3779B97F4A7C15)
_ODD2 = u64(0xD6E8FEB86659FD93)

# the primitives: a context is a masked part of some of them
(LAST, BEFORE, WORD, WORD1, WORD2, NEIGHBORS, GUESSES, COLORS, PLACE, LINE, SAMPLES) = range(11)
N_PRIMITIVES = 11
EXPECTED = 11
TEXT = 12
"""The first text primitive, in the order of the text memory; only the deep level has these."""
N_DEEP_PRIMITIVES = TEXT + N_TEXT_MEMORY


@inline
def record(journal: Any, n_entries: int, place: int, value: int) -> Any:
    """Append a place and its old value to the journal unless it is disabled; return the number of entries."""
    if n_entries > 0:
        journal[u64(n_entries), 0] = place
        journal[u64(n_entries), 1] = value
        n_entries += 1
    return n_entries


@inline
def hash_contexts(masks: Any, primitives: Any, n_contexts: int, n_primitives: int, hashes: Any) -> None:
    """Write the hash of each context."""
    for i in range(n_contexts):
        code = u64(i + 1) * _ODD2
        for j in range(n_primitives):
            mask = masks[u64(i), u64(j)]
            if mask != 0:
                code = (code ^ (primitives[u64(j)] & mask)) * _ODD
                code ^= code >> u64(32)
        hashes[u64(i)] = code * _ODD2


@inline
def find_buckets(
    depth: Any,
    table: Any,
    hashes: Any,
    n_contexts: int,
    table_bits: int,
    bit_place: int,
    partial: int,
    slots: Any,
    wanted: Any,
    found: Any,
    run_entries: Any,
    journal: Any,
    n_entries: int,
) -> Any:
    """Write to `slots` where the bucket of each context for half a byte begins; return the number of journal entries.

    A bucket has two alternatives in the table. If none of the three has the check of the context, the one whose first
    bit has the lowest count is emptied. `wanted`, `found` and `run_entries` are scratch.
    """
    bucket_bits = i64(5) if depth is not None else i64(4)
    bucket_size = i64(1) << bucket_bits
    bucket_mask = u64((1 << table_bits) - 1)
    n_buckets = i64(1) << table_bits
    for i in range(n_contexts):
        code = hashes[u64(i)]
        if bit_place == 4:
            code = (code + u64(partial)) * _ODD
            code ^= code >> u64(29)
        bucket = i64((code >> u64(20)) & bucket_mask) + i * n_buckets
        slots[u64(i)] = bucket << bucket_bits
        wanted[u64(i)] = i64(code >> u64(48))
        # an early read of all buckets, so that the cache misses overlap
        found[u64(i)] = i64(table[u64(bucket << bucket_bits)])
        if depth is not None:
            run_entries[u64(i)] = i64(table[u64((bucket << bucket_bits) + RUN)])
    for i in range(n_contexts):
        check = wanted[u64(i)]
        place0 = slots[u64(i)]
        if found[u64(i)] != check:
            place1 = place0 ^ bucket_size
            place2 = place0 ^ (2 * bucket_size)
            if i64(table[u64(place1)]) == check:
                slots[u64(i)] = place1
                continue
            if i64(table[u64(place2)]) == check:
                slots[u64(i)] = place2
                continue
            used0 = (table[u64(place0 + 1)] >> 8) & 15
            used1 = (table[u64(place1 + 1)] >> 8) & 15
            used2 = (table[u64(place2 + 1)] >> 8) & 15
            replaced = place0
            if used1 < used0 and used1 <= used2:
                replaced = place1
            elif used2 < used0:
                replaced = place2
            for j in range(bucket_size):
                n_entries = record(journal, n_entries, replaced + j, i64(table[u64(replaced + j)]))
            for j in range(1, bucket_size):
                table[u64(replaced + j)] = 0
            table[u64(replaced)] = np.uint32(check)
            slots[u64(i)] = replaced
    return n_entries
