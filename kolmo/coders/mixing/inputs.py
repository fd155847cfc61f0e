"""Inputs of the mixer from each context at the deep level of the coder ``mix``, and their updates."""

# Numba types these functions; mypy cannot follow the changes of integer types.
# mypy: disable-error-code="assignment,arg-type,return-value,operator,misc"
from __future__ import annotations

from typing import Any

import numpy as np

from kolmo._core.jit import i64, inline, u64

MAX_WEIGHT = 900_000
"""In units of 2 to the power of -18."""
DEEP_INPUTS = 6
RUN = 16
"""Start of the second half of a bucket of the deep level: a run, and slow probabilities."""
RUN_MAP = 512


@inline
def gather_deep(
    i: int,
    inputs: Any,
    table: Any,
    maps: Any,
    constants: Any,
    slot: int,
    node: int,
    run: int,
    run_maps: int,
    run_entries: Any,
    partial: int,
    bit_place: int,
) -> Any:
    """Write the inputs of a context; return 1 if it has a history, else 0."""
    where = u64(slot + node)
    history = i64(table[where])
    live = 1 if (history >> 8) & 15 > 0 else 0
    k = DEEP_INPUTS * i
    chance = i64(maps[u64(i * 256 + (history & 255))] >> 20)
    inputs[u64(k)] = constants[u64(chance)] * live
    inputs[u64(k + 1)] = (((chance - 2048) * 14) >> 4) * live
    inputs[u64(k + 2)] = constants[u64((history >> 20) ^ 2048)] * live
    slow = i64(table[u64(slot + node + RUN)])
    inputs[u64(k + 3)] = constants[u64((slow >> 20) ^ 2048)] * live
    inputs[u64(k + 5)] = ((((slow >> 20) ^ 2048) - 2048) * 18 >> 4) * live
    # the last byte in this context, or the one before it, if it begins with the bits so far
    count = (run >> 16) & 255
    entry = i64(-1)
    if count > 0:
        guess = run & 255
        row = min(count, 31)
        if (guess | 256) >> (8 - bit_place) != partial:
            guess = (run >> 8) & 255
            row = 32 + min(count, 31)
        if (guess | 256) >> (8 - bit_place) == partial:
            entry = run_maps + i * RUN_MAP + row * 8 + bit_place
            chance = i64(constants[u64(i64(maps[u64(entry)] >> 20))])
            if (guess >> (7 - bit_place)) & 1 == 0:
                chance = -chance
            inputs[u64(k + 4)] = chance
            entry = entry * 2 + ((guess >> (7 - bit_place)) & 1)
    if entry < 0:
        inputs[u64(k + 4)] = 0
    run_entries[u64(i)] = entry
    return live


@inline
def after_run(run: int, symbol: int) -> Any:
    """Return a run after another byte: the last byte, the one before it, and the repetitions of the last."""
    count = (run >> 16) & 255
    if count > 0 and run & 255 == symbol:
        return (run & 65535) | min(count + 1, 255) << 16
    return symbol | (run & 255) << 8 | 1 << 16


@inline
def adapted(entry: int, bit: int, reciprocals: Any, limit: int) -> Any:
    """Return an entry (22 bits of probability, 10 bits of count) after a bit, at a rate of about 1 / count."""
    count = entry & 1023
    chance = entry >> 10
    chance += ((bit * 4194303 - chance) * i64(reciprocals[u64(count)])) >> 16
    return np.uint32(chance << 10 | min(count + 1, limit))


@inline
def learn_deep(bit: int, table: Any, maps: Any, where: int, reciprocals: Any, entry: int) -> None:
    """Update the slow probability of a context and the map of its run."""
    slow = i64(table[u64(where + RUN)]) ^ (1 << 31)
    table[u64(where + RUN)] = adapted(slow, bit, reciprocals, 1023) ^ np.uint32(1 << 31)
    if entry >= 0:
        place = u64(entry >> 1)
        maps[place] = adapted(i64(maps[place]), i64((entry & 1) == bit), reciprocals, 1023)


@inline
def weighed(inputs: Any, weights: Any, offset: int, n_inputs: int) -> Any:
    """Return the weighted sum of the inputs, in units of the inputs.

    32-bit arithmetic doubles the vector width; `push_weights` bounds the weights so that nothing overflows.
    """
    total = np.int32(0)
    for k in range(n_inputs):
        total = np.int32(total + np.int32(np.int32(inputs[u64(k)] * weights[u64(offset + k)]) >> 10))
    return i64(total) >> 8


@inline
def push_weights(inputs: Any, weights: Any, offset: int, n_inputs: int, push: int) -> None:
    """Add a multiple of the inputs to the weights."""
    for k in range(n_inputs):
        change = np.int32(np.int32(inputs[u64(k)] * np.int32(push)) + np.int32(2048)) >> 12
        moved = np.int32(weights[u64(offset + k)] + change)
        weights[u64(offset + k)] = min(max(moved, np.int32(-MAX_WEIGHT)), np.int32(MAX_WEIGHT))
