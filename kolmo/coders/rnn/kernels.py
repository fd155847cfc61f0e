"""The kernels of the coder ``gru``: a recurrent network combined with hashed n-grams and a match, bit by bit.

Numba's cache ignores changes in other files: after a change of a function inlined here, touch this file.
"""

# Numba types these functions; mypy cannot follow the changes of integer types.
# mypy: disable-error-code="assignment,arg-type,return-value,operator,misc"
from __future__ import annotations

from typing import Any

import numpy as np

from kolmo._core.jit import i64, inline, jit, u64
from kolmo.coders.entropy.binary import DECODE, MEASURE, code_bit, stuck
from kolmo.coders.rnn.network import AGE, decayed, learn_bit, learn_byte, logit, sigmoid

_BYTE = u64(255)
_ODD = u64(0x9E3779B97F4A7C15)
_ODD2 = u64(0xD6E8FEB86659FD93)
_WORD = u64(0x2F0B4C474D4A35A7)

_0, _HALF, _CHANCES, _STRETCH = np.float32(0), np.float32(0.5), np.float32(65536), np.float32(1 / 256)

# learning rate of the mixing weights: initial and minimum
_MIXING_RATE, _LEAST_MIXING_RATE = np.float32(0.003), np.float32(0.001)

# settings: integers that determine the size and shape of a model
HIDDEN, N_CONTEXTS, TABLE_BITS, MATCH_BITS = range(4)
N_SETTINGS = 4

# registers: the state of a model from byte to byte, in addition to its tables
R_POSITION, R_LAST, R_WORD, R_POINTER, R_MATCH = range(5)
N_REGISTERS = 5

CHECKED = 16
"""Entries in a bucket of the table: a check and 15 histories."""
LIMIT = 14
"""Maximum count of a history. Fast adaptation complements the network, which adapts slowly."""
_KINDS = 16
MATCH_LENGTHS, _MATCH_LENGTH = 32, 6
_MATCHED = u64(2 ** (8 * _MATCH_LENGTH) - 1)
N_SCRATCH, N_INPUTS = 96, 32


def n_mixing_weights(n_contexts: int) -> int:
    """Return the number of weights of the histories and the match."""
    return n_contexts * (3 * 8 * _KINDS + 256 + 2048) + MATCH_LENGTHS * 8


def first_added(n_contexts: int) -> int:
    """Return the start of the additional weights by node and by last byte, which are initially 0."""
    return n_contexts * 3 * 8 * _KINDS


@inline
def _adapted(history: int, bit: int, reciprocals: Any, limit: int) -> Any:
    """Return a history (22 bits of probability, the highest inverted, 10 bits of count) after a bit."""
    count = history & 1023
    chance = (history >> 10) ^ 0x200000
    chance += ((bit * 4194303 - chance) * i64(reciprocals[u64(count)])) >> 16
    return np.uint32((chance ^ 0x200000) << 10 | min(count + 1, limit))


@inline
def _stretched(history: int, constants: Any) -> Any:
    return np.float32(constants[u64((history >> 20) ^ 2048)]) * _STRETCH


@inline
def _hashed(masks: Any, last: Any, word: Any, i: int) -> Any:
    code = (last & masks[u64(i), 0]) * _ODD
    code = ((code ^ (code >> u64(32))) + u64(i + 1)) * _ODD2
    code = ((code ^ (code >> u64(29))) + (word & masks[u64(i), 1])) * _ODD
    return (code ^ (code >> u64(32))) * _ODD2


@inline
def _bucket(table: Any, code: Any, first: int, table_bits: int, make: int) -> Any:
    """Return the bucket for half a byte; if there is none, replace one (`make`) or return the empty bucket."""
    mask = (u64(1) << u64(table_bits)) - u64(1)
    bucket = (first + i64((code >> u64(20)) & mask)) * CHECKED
    check = i64(code >> u64(48))
    other = bucket ^ CHECKED
    if i64(table[u64(bucket)]) == check:
        return bucket
    if i64(table[u64(other)]) == check:
        return other
    if not make:
        return i64(len(table) - CHECKED)
    # replace the one whose first bit has the lower count
    if i64(table[u64(other + 1)]) & 1023 < i64(table[u64(bucket + 1)]) & 1023:
        bucket = other
    table[u64(bucket)] = np.uint32(check)
    for j in range(1, CHECKED):
        table[u64(bucket + j)] = np.uint32(0)
    return bucket


@inline
def _find(table: Any, hashes: Any, slots: Any, n_contexts: int, table_bits: int, partial: int, make: int) -> None:
    """Write the bucket of each context for the next half of a byte."""
    for i in range(n_contexts):
        code = hashes[u64(i)]
        if partial > 1:
            code = (code + u64(partial)) * _ODD
            code ^= code >> u64(29)
        slots[u64(i)] = _bucket(table, code, i64(i) << table_bits, table_bits, make)


@inline
def _mix(
    total: Any,
    table: Any,
    weights: Any,
    matches: Any,
    constants: Any,
    slots: Any,
    chosen: Any,
    inputs: Any,
    n_contexts: int,
    partial: int,
    node: int,
    bit_place: int,
    previous: int,
    matched: int,
    expected: int,
) -> Any:
    """Add the weighted logits of the histories and the match to a logit; store the inputs and weight places used."""
    match_class = 0 if matched == 0 else 1 if matched < 16 else 2
    by_node = n_contexts * 3 * 8 * _KINDS
    by_last = by_node + n_contexts * 256
    for i in range(n_contexts):
        history = i64(table[u64(slots[u64(i)] + node)])
        count = history & 1023
        first = ((match_class * 8 + bit_place) * n_contexts + i) * _KINDS + count
        second = by_node + partial * n_contexts + i
        third = by_last + (previous * 8 + bit_place) * n_contexts + i
        x = _stretched(history, constants)
        chosen[u64(i)] = first
        inputs[u64(i)] = x
        total += ((weights[u64(first)] + weights[u64(second)]) + weights[u64(third)]) * x
    inputs[u64(n_contexts)] = _0
    if matched > 0:
        size = matched if matched < 16 else min(16 + ((matched - 16) >> 2), MATCH_LENGTHS - 1)
        entry = (size * 8 + bit_place) * 2 + ((expected >> (7 - bit_place)) & 1)
        x = _stretched(i64(matches[u64(entry)]), constants)
        chosen[u64(n_contexts)] = by_last + n_contexts * 2048 + size * 8 + bit_place
        chosen[u64(n_contexts + 1)] = entry
        inputs[u64(n_contexts)] = x
        total += weights[u64(chosen[u64(n_contexts)])] * x
    return total


@inline
def _chance(likely: Any) -> Any:
    chance = i64(likely * _CHANCES + _HALF)
    return 1 if chance < 1 else 65535 if chance > 65535 else chance


@jit
def run(
    mode: int,
    text: Any,
    stop: int,
    stream: Any,
    cursor: Any,
    costs: Any,
    settings: Any,
    masks: Any,
    registers: Any,
    memory: Any,
    table: Any,
    weights: Any,
    matches: Any,
    index: Any,
    constants: Any,
    cost_of: Any,
    scratch: Any,
    inputs: Any,
) -> Any:
    """Measure, encode or decode the bytes of `text` up to `stop`, and update the model after each bit.

    Returns the position reached: less than `stop` if the stream is full (`ENCODE`) or exhausted (`DECODE`).

    Parameters
    ----------
    mode : {MEASURE, ENCODE, DECODE}
    text : ndarray of uint8
        All bytes read so far, followed by the bytes to code; `DECODE` writes them.
    stream : ndarray of uint8
        The arithmetic code.
    cursor : ndarray of shape (4,) and type int64
        See `kolmo.coders.entropy.binary`.
    costs : ndarray of float64
        Code length of each byte of this call in bits; only `MEASURE` writes it.
    settings, registers
        See the constants of this module.
    masks : ndarray of uint64, shape (n_contexts, 2)
        Bits of the last 8 bytes and of the hash of the word that belong to each context.
    memory : ndarray of float32
        State of the network.
    table : ndarray of uint32
        Buckets of 16: a check, and 15 histories of the bits of half a byte, each with 22 bits of probability, the
        highest inverted, and 10 of count. The last bucket is empty.
    weights : ndarray of float32
        Weights of the histories, a sum of three by different parts of the context; weights of the match.
    matches : ndarray of uint32
        Adaptive probabilities by match length.
    index : ndarray of int32
        Last positions by the hash of the preceding bytes.
    constants : ndarray of int32
        Tables of stretch and reciprocals.
    cost_of : ndarray of float64
        Code length in bits by probability.
    scratch : ndarray of int64
    inputs : ndarray of float32
    """
    h = settings[HIDDEN]
    n_contexts = settings[N_CONTEXTS]
    table_bits = settings[TABLE_BITS]
    match_shift = u64(64 - settings[MATCH_BITS])
    reciprocals = constants[8192:9216]
    slots = scratch[0:32]
    hashes = scratch[32:64].view(np.uint64)
    chosen = scratch[64:96]
    by_node = n_contexts * 3 * 8 * _KINDS
    by_last = by_node + n_contexts * 256

    position = i64(registers[R_POSITION])
    begin = position
    last = u64(registers[R_LAST])
    word = u64(registers[R_WORD])
    pointer = i64(registers[R_POINTER])
    matched = i64(registers[R_MATCH])
    place = cursor[0]
    low, high, ahead = cursor[1], cursor[2], cursor[3]

    while position < stop:
        if stuck(mode, place, stream):
            break
        mixing_rate = decayed(_MIXING_RATE, _LEAST_MIXING_RATE, memory[AGE])
        previous = i64(last & _BYTE)
        expected = i64(text[u64(pointer)]) if matched > 0 else i64(0)
        for i in range(n_contexts):
            hashes[u64(i)] = _hashed(masks, last, word, i)
        symbol = i64(text[u64(position)]) if mode != DECODE else i64(0)
        partial = i64(1)
        node = i64(1)
        spent = 0.0
        for bit_place in range(8):
            if bit_place == 0 or bit_place == 4:
                node = i64(1)
                _find(table, hashes, slots, n_contexts, table_bits, partial, 1)
            total = _mix(
                logit(memory, h, partial),
                table,
                weights,
                matches,
                constants,
                slots,
                chosen,
                inputs,
                n_contexts,
                partial,
                node,
                bit_place,
                previous,
                matched,
                expected,
            )
            likely = sigmoid(total)
            chance = _chance(likely)

            # --- code ---
            bit = (symbol >> (7 - bit_place)) & 1
            if mode == MEASURE:
                spent += cost_of[u64(chance if bit else 65536 - chance)]
            else:
                bit, low, high, ahead, place = code_bit(mode, bit, chance << 16, low, high, ahead, place, stream)

            # --- learn ---
            miss = np.float32(bit) - likely
            learn_bit(memory, h, partial, miss)
            step = miss * mixing_rate
            for i in range(n_contexts):
                push = step * inputs[u64(i)]
                weights[u64(chosen[u64(i)])] += push
                weights[u64(by_node + partial * n_contexts + i)] += push
                weights[u64(by_last + (previous * 8 + bit_place) * n_contexts + i)] += push
                where = u64(slots[u64(i)] + node)
                table[where] = _adapted(i64(table[where]), bit, reciprocals, LIMIT)
            if matched > 0:
                weights[u64(chosen[u64(n_contexts)])] += step * inputs[u64(n_contexts)]
                where = u64(chosen[u64(n_contexts + 1)])
                matches[where] = _adapted(i64(matches[where]), bit, reciprocals, 1023)
                if (expected >> (7 - bit_place)) & 1 != bit:
                    matched = i64(0)
            partial = partial * 2 + bit
            node = node * 2 + bit
        symbol = partial & 255
        if mode == DECODE:
            text[u64(position)] = np.uint8(symbol)
        elif mode == MEASURE:
            costs[u64(position - begin)] = spent

        # --- advance to the next byte ---
        learn_byte(memory, h, symbol)
        last = last << u64(8) | u64(symbol)
        lower = symbol + 32 if symbol >= 65 and symbol <= 90 else symbol
        lettered = (lower >= 97 and lower <= 122) or symbol >= 128
        word = (word + u64(lower + 1)) * _WORD if lettered else u64(0)
        position += 1
        if matched > 0:
            pointer += 1
            matched += 1
        if position >= _MATCH_LENGTH:
            entry = i64(((last & _MATCHED) * _ODD) >> match_shift)
            if matched == 0:
                pointer = i64(index[u64(entry)])
                while (
                    matched < MATCH_LENGTHS
                    and pointer - matched > 0
                    and text[u64(pointer - matched - 1)] == text[u64(position - matched - 1)]
                ):
                    matched += 1
            index[u64(entry)] = position

    registers[R_POSITION] = u64(position)
    registers[R_LAST] = last
    registers[R_WORD] = word
    registers[R_POINTER] = u64(pointer)
    registers[R_MATCH] = u64(matched)
    cursor[0] = place
    cursor[1] = low
    cursor[2] = high
    cursor[3] = ahead
    return position


@jit
def predict(
    text: Any,
    settings: Any,
    masks: Any,
    registers: Any,
    memory: Any,
    table: Any,
    weights: Any,
    matches: Any,
    constants: Any,
    scratch: Any,
    inputs: Any,
    chances: Any,
) -> None:
    """Write the probability of each next byte, exactly as `run` codes it; see there for the parameters."""
    h = settings[HIDDEN]
    n_contexts = settings[N_CONTEXTS]
    slots = scratch[0:32]
    hashes = scratch[32:64].view(np.uint64)
    chosen = scratch[64:96]
    last = u64(registers[R_LAST])
    word = u64(registers[R_WORD])
    previous = i64(last & _BYTE)
    matched = i64(registers[R_MATCH])
    expected = i64(text[u64(registers[R_POINTER])]) if matched > 0 else i64(0)
    for i in range(n_contexts):
        hashes[u64(i)] = _hashed(masks, last, word, i)
    chances[0] = 1.0
    # a binary tree, level by level: each node is split in two
    for bit_place in range(8):
        first = i64(1) << bit_place
        for back in range(first):
            number = first - 1 - back
            partial = first + number
            if bit_place == 0 or bit_place >= 4:
                _find(table, hashes, slots, n_contexts, settings[TABLE_BITS], partial >> max(bit_place - 4, 0), 0)
            node = partial if bit_place < 4 else (i64(1) << (bit_place - 4)) | (partial & (first >> 4) - 1)
            agrees = matched > 0 and (expected | 256) >> (8 - bit_place) == partial
            total = _mix(
                logit(memory, h, partial),
                table,
                weights,
                matches,
                constants,
                slots,
                chosen,
                inputs,
                n_contexts,
                partial,
                node,
                bit_place,
                previous,
                matched if agrees else i64(0),
                expected,
            )
            chance = _chance(sigmoid(total)) / 65536.0
            whole = chances[u64(number)]
            chances[u64(2 * number + 1)] = whole * chance
            chances[u64(2 * number)] = whole * (1.0 - chance)
