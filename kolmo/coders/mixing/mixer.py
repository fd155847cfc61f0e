"""The mixer: weighted sums of the inputs by weight sets, a final weighted sum of these, and refinement maps."""

# Numba types these functions; mypy cannot follow the changes of integer types.
# mypy: disable-error-code="assignment,arg-type,return-value,operator,misc"
from __future__ import annotations

from typing import Any

import numpy as np

from kolmo._core.jit import i64, inline, u64
from kolmo.coders.mixing.inputs import push_weights, weighed
from kolmo.coders.mixing.lookup import COLORS, EXPECTED, LAST, WORD, record

_BYTE = u64(255)
_ODD = u64(0x9E3779B97F4A7C15)
_ODD2 = u64(0xD6E8FEB86659FD93)
_WORD = u64(0x2F0B4C474D4A35A7)

SET_SIZES = (256, 72, 256, 256, 256, 128, 2048)
DEEP_SET_SIZES = (256, 72, 256, 256, 256, 128, 256, 256, 256, 768, 256, 1024, 128, 64, *[256] * 9)
"""Number of weight sets that each selector chooses from; a level uses the first few selectors."""
FINAL_RATE = 3
"""Learning rate of the final weights of the deep level, in units of 2 to the power of -20."""
SQUASH = 4096
"""Start of the table of probabilities in the constants."""
REFINED = 1 << 60
"""Added to a place in the journal that belongs to the refinement maps."""
_BINS = 33


@inline
def _limited(total: int) -> Any:
    return 2047 if total > 2047 else -2047 if total < -2047 else total


@inline
def mix(
    depth: Any,
    inputs: Any,
    n_inputs: int,
    weights: Any,
    final_weights: Any,
    set_starts: Any,
    n_sets: int,
    chosen: Any,
    outputs: Any,
    final1: int,
    final2: int,
    final3: int,
) -> Any:
    """Return the mixed logit, and the sums by the three final weight vectors (one if not deep).

    `chosen` holds the selected set of each selector, and receives the offset of its weights.
    """
    total = i64(0)
    for q in range(n_sets):
        offset = (set_starts[u64(q)] + chosen[u64(q)]) * n_inputs
        chosen[u64(q)] = offset
        dot = i64(0)
        if depth is not None:
            dot = weighed(inputs, weights, offset, n_inputs)
        else:
            for k in range(n_inputs):
                dot += i64(inputs[u64(k)]) * i64(weights[u64(offset + k)])
            dot >>= 16
        dot = _limited(dot)
        outputs[u64(q)] = dot
        total += dot * i64(final_weights[u64(final1 + q)])
    total = _limited(total >> 16)
    total1 = total2 = total3 = total
    if depth is not None:
        total2 = total3 = i64(0)
        for q in range(n_sets):
            total2 += outputs[u64(q)] * i64(final_weights[u64(final2 + q)])
            total3 += outputs[u64(q)] * i64(final_weights[u64(final3 + q)])
        total2 = _limited(total2 >> 16)
        total3 = _limited(total3 >> 16)
        total = (2 * total + total2 + total3) >> 2
    return total, total1, total2, total3


@inline
def learn_weights(
    depth: Any,
    bit: int,
    mixed: int,
    rate: int,
    constants: Any,
    inputs: Any,
    n_inputs: int,
    weights: Any,
    final_weights: Any,
    n_sets: int,
    chosen: Any,
    outputs: Any,
    final1: int,
    final2: int,
    final3: int,
    total1: int,
    total2: int,
    total3: int,
) -> None:
    """Update all weights by the gradient of the code length of a bit."""
    error = (bit << 16) - mixed
    if depth is not None:
        error1 = (bit << 16) - i64(constants[u64(SQUASH + total1 + 2048)])
        error2 = (bit << 16) - i64(constants[u64(SQUASH + total2 + 2048)])
        error3 = (bit << 16) - i64(constants[u64(SQUASH + total3 + 2048)])
        for q in range(n_sets):
            output = outputs[u64(q)]
            final_weights[u64(final1 + q)] += np.int32((output * error1 * FINAL_RATE + (1 << 19)) >> 20)
            final_weights[u64(final2 + q)] += np.int32((output * error2 * FINAL_RATE + (1 << 19)) >> 20)
            final_weights[u64(final3 + q)] += np.int32((output * error3 * FINAL_RATE + (1 << 19)) >> 20)
    for q in range(n_sets):
        output = outputs[u64(q)]
        if depth is None:
            final_weights[u64(final1 + q)] += np.int32((output * error + 32768) >> 16)
        own = (bit << 16) - i64(constants[u64(SQUASH + output + 2048)])
        push = (((own + 3 * error) >> 2 if depth is not None else (own + error) >> 1) * rate) >> 10
        if push > 3 or push < -3:  # a smaller one rounds to 0 for every input
            offset = chosen[u64(q)]
            if depth is not None:
                push_weights(inputs, weights, offset, n_inputs, push)
            else:
                for k in range(n_inputs):
                    weights[u64(offset + k)] += np.int32((i64(inputs[u64(k)]) * push + 8192) >> 14)


@inline
def refinement_rows(
    depth: Any, primitives: Any, partial: int, sample: int, position: int, refine_mask: int, rows: Any
) -> None:
    """Write where the row of each refinement map begins: three maps, six at the deep level."""
    last = primitives[LAST]
    rows[0] = partial * _BINS
    code = ((last & u64(65535)) * _WORD + u64(partial) * _ODD) >> u64(44)
    rows[1] = (256 + (i64(code) & refine_mask)) * _BINS
    code = ((primitives[WORD] + (last & _BYTE)) * _WORD + u64(partial) * _ODD) >> u64(44)
    if sample > 0:
        code = (primitives[COLORS] & u64(0xFF00000000)) * _WORD + u64(position % sample) * _ODD2
        code = (code + u64(partial) * _ODD) >> u64(44)
    rows[2] = (256 + refine_mask + 1 + (i64(code) & refine_mask)) * _BINS
    if depth is not None:
        code = ((last & _BYTE) * _ODD2 + u64(partial) * _ODD) >> u64(44)
        rows[3] = (256 + 2 * (refine_mask + 1) + (i64(code) & refine_mask)) * _BINS
        code = ((primitives[EXPECTED] & u64(0xFFFFFF)) * _WORD + u64(partial) * _ODD) >> u64(44)
        rows[4] = (256 + 3 * (refine_mask + 1) + (i64(code) & refine_mask)) * _BINS
        code = ((last & u64(0xFFFFFF)) * _WORD + u64(partial) * _ODD) >> u64(44)
        rows[5] = (256 + 4 * (refine_mask + 1) + (i64(code) & refine_mask)) * _BINS


@inline
def _interpolated(refine: Any, place: int, weight: int) -> Any:
    first = i64(refine[u64(place)])
    second = i64(refine[u64(place + 1)])
    return (first * (4096 - weight) + second * weight) >> 12


@inline
def refined(depth: Any, refine: Any, rows: Any, total: int, mixed: int) -> Any:
    """Return the mean of the mixed probability and those of the refinement maps, of 16 bits, and the nearest bin."""
    scaled = (total + 2048) << 5
    low = scaled >> 12
    weight = scaled & 4095
    chance = mixed + _interpolated(refine, rows[0] + low, weight)
    chance += _interpolated(refine, rows[1] + low, weight) + _interpolated(refine, rows[2] + low, weight)
    chance = (chance + 2) >> 2
    if depth is not None:
        chance = 4 * chance + mixed
        for r in range(3, 6):
            chance += _interpolated(refine, rows[u64(r)] + low, weight)
        chance >>= 3
    chance = 1 if chance < 1 else 65535 if chance > 65535 else chance
    return chance, low + 1 if weight >= 2048 else low


@inline
def learn_refinements(depth: Any, refine: Any, rows: Any, nearest: int, bit: int, journal: Any, n_entries: int) -> Any:
    """Move the nearest bin of each refinement map towards a bit; return the number of journal entries."""
    target = bit * 65535
    for r in range(6 if depth is not None else 3):
        place = rows[u64(r)] + nearest
        old = i64(refine[u64(place)])
        n_entries = record(journal, n_entries, place + REFINED, old)
        refine[u64(place)] = np.uint16(old + ((target - old) >> 6))
    return n_entries
