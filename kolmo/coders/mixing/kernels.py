"""The kernel of the coder ``mix``: context mixing of bits in integer arithmetic.

The loop over the bits is one long function because its state, some fifty scalars, stays in registers and local
variables; its stages are inlined from `lookup`, `grid`, `match`, `inputs` and `mixer`.

Numba's cache ignores changes in other files: after a change of a function inlined here, touch this file.
"""

# Numba types these functions; mypy cannot follow the changes of integer types.
# mypy: disable-error-code="assignment,arg-type,return-value,operator,misc"
from __future__ import annotations

from typing import Any

import numpy as np

from kolmo._core.jit import i64, inline, jit, u64
from kolmo.coders.entropy.binary import DECODE, MEASURE, code_bit, stuck
from kolmo.coders.mixing.dna_contexts import match_kind, n_mismatches
from kolmo.coders.mixing.grid import read_grid
from kolmo.coders.mixing.inputs import (
    DEEP_INPUTS,
    RUN,
    adapted,
    after_run,
    gather_deep,
    learn_deep,
)
from kolmo.coders.mixing.lookup import (
    BEFORE,
    EXPECTED,
    LAST,
    LINE,
    N_DEEP_PRIMITIVES,
    N_PRIMITIVES,
    TEXT,
    WORD,
    WORD1,
    WORD2,
    find_buckets,
    hash_contexts,
    record,
)
from kolmo.coders.mixing.match import length_class, next_long_match, next_match, next_opposite_match, selector_class
from kolmo.coders.mixing.mixer import REFINED, SQUASH, learn_refinements, learn_weights, mix, refined, refinement_rows
from kolmo.coders.mixing.settings import (
    HIDDEN,
    LEAST_RATE,
    LONG_MATCH_LENGTH,
    MATCH_BITS,
    MATCH_LENGTH,
    MAX_MISMATCHES,
    N_CONTEXTS,
    N_INPUTS,
    N_SETS,
    R_ABOVE_START,
    R_BEFORE,
    R_EXPECTED,
    R_LAST,
    R_LETTERS,
    R_LINE_START,
    R_LONG_EXPECTED,
    R_LONG_MATCH,
    R_LONG_MISMATCHES,
    R_LONG_POINTER,
    R_MATCH,
    R_MISMATCHES,
    R_POINTER,
    R_POSITION,
    R_TEXT,
    R_WORD,
    R_WORD1,
    R_WORD2,
    RATE,
    REFINE_BITS,
    ROW,
    SAMPLE,
    SAMPLE_BYTES,
    TABLE_BITS,
)
from kolmo.coders.mixing.text_contexts import BRACKETS, FOLLOWED, N_TEXT_MEMORY, SENTENCE, SHAPE, read_text
from kolmo.coders.rnn.network import learn_bit, learn_byte, logit, sigmoid

_BYTE = u64(255)
_ODD = u64(0x9E3779B97F4A7C15)
_ODD2 = u64(0xD6E8FEB86659FD93)
_WORD = u64(0x2F0B4C474D4A35A7)

# units and limits of the recurrent network
_HALF, _TWICE, _MAX_LOGIT = np.float32(0.5), np.float32(2), np.float32(2047 / 256)
_LOGIT_UNITS, _CHANCE_UNITS = np.float32(256), np.float32(4095)

INPUTS_PER_CONTEXT = 3
N_SCRATCH = 1488
HISTORY_SETS, N_HISTORY_SETS = 16, 7
"""Selectors that are the histories of contexts, starting with the second context: the first has order 0."""


@inline
def _centered(chance: int) -> Any:
    """Return the difference of a 12-bit probability from one half, an input in addition to its logit."""
    return ((chance - 2048) * 18) >> 4


@jit
def run(
    depth: Any,
    mode: int,
    text: Any,
    stop: int,
    stream: Any,
    cursor: Any,
    costs: Any,
    settings: Any,
    masks: Any,
    registers: Any,
    table: Any,
    maps: Any,
    weights: Any,
    final_weights: Any,
    refine: Any,
    index: Any,
    constants: Any,
    step: Any,
    cost_of: Any,
    scratch: Any,
    journal: Any,
    network: Any,
) -> Any:
    """Measure, encode or decode the bytes of `text` up to `stop`, and update the model after each bit.

    Returns the position reached: less than `stop` if the stream is full (`ENCODE`) or exhausted (`DECODE`).

    Parameters
    ----------
    depth : int or None
        None except at the deep level. Numba compiles one specialisation per type, without the code of the other.
    mode : {MEASURE, ENCODE, DECODE}
    text : ndarray of uint8
        All bytes read so far, followed by the bytes to code; `DECODE` writes them.
    stream : ndarray of uint8
        The arithmetic code.
    cursor : ndarray of shape (4,) and type int64
        Position in the stream, low, high, and the window of the decoder.
    costs : ndarray of float64
        Code length of each byte of this call in bits, or of each bit if it is eight times as long; only `MEASURE`
        writes it.
    settings, registers
        See `kolmo.coders.mixing.settings`.
    masks : ndarray of uint64
        Bits of each primitive (column) that belong to each context (row).
    table : ndarray of uint32
        Buckets of 16: a check, and 15 histories of the bits of half a byte, each with 16 bits of probability, 4 of
        count and 8 of state. The deep level adds 16: the last bytes, and 15 slower probabilities of 22 bits with a
        count of 10 bits.
    maps : ndarray of uint32
        Adaptive probabilities by history state, by match length and, at the deep level, by run.
    weights, final_weights : ndarray of int32
    refine : ndarray of uint16
        Three maps (six at the deep level) from a context and a probability to a refined probability.
    index : ndarray of int32
        Last positions by the hash of the preceding bytes; at the deep level also the bytes that followed the last one
        and two.
    constants : ndarray of int32
        Tables of stretch, squash, and reciprocals.
    step : ndarray of uint8
        Next state of a history, by state and bit.
    cost_of : ndarray of float64
        Code length in bits by probability.
    scratch : ndarray of int64
    journal : ndarray of shape (n, 2) and type int64
        Receives old values of `table`, `index` and `refine` for `undo`; the first row holds the number of entries. An
        empty array disables it.
    network : ndarray of float32 or None
        State of a recurrent network with `HIDDEN` units, an additional model of the next bit. Its floating-point
        arithmetic is identical on all machines. For None, Numba compiles the kernel without the network's code.
    """
    n_contexts = settings[N_CONTEXTS]
    n_inputs = settings[N_INPUTS]
    n_sets = settings[N_SETS]
    table_bits = settings[TABLE_BITS]
    refine_mask = (i64(1) << settings[REFINE_BITS]) - 1
    sample = settings[SAMPLE]
    row = settings[ROW] if settings[ROW] > settings[SAMPLE] else i64(0)  # a row has more than one sample
    sample_bytes = settings[SAMPLE_BYTES]
    hidden = settings[HIDDEN]
    match_shift = u64(64 - settings[MATCH_BITS])
    match_length = settings[MATCH_LENGTH]
    long_length = settings[LONG_MATCH_LENGTH]
    long_index = i64(1) << settings[MATCH_BITS]
    match_maps = n_contexts * 256
    deep = depth is not None
    n_primitives = N_DEEP_PRIMITIVES if deep else N_PRIMITIVES
    run_maps = match_maps + 128
    followed = long_index * 2
    follow_shift = u64(64 - min(settings[MATCH_BITS], 16))
    memory = registers[R_TEXT:]
    classes = constants[len(constants) - 256 :]
    per_context = DEEP_INPUTS if deep else INPUTS_PER_CONTEXT
    reciprocals = constants[8192:9216]
    quick = constants[9216:9232]
    keep = u64(0xFFFFFFFFFFFFFFFF) >> u64(64 - 8 * min(match_length, 8))
    keep_before = u64(0)
    if match_length > 8:
        keep_before = u64(0xFFFFFFFFFFFFFFFF) >> u64(128 - 8 * match_length)
    keep_long = u64(0xFFFFFFFFFFFFFFFF) >> u64(128 - 8 * max(long_length, 9))
    max_mismatches = settings[MAX_MISMATCHES]

    slots = scratch[0:64]
    hashes = scratch[64:128].view(np.uint64)
    inputs = scratch[128:256].view(np.int32)
    outputs = scratch[256:288]
    chosen = scratch[288:320]
    primitives = scratch[944:1008].view(np.uint64)
    wanted = scratch[352:416]
    found = scratch[416:480]
    run_slots = scratch[480:544]
    runs = scratch[544:608]
    run_entries = scratch[608:672]
    rows = scratch[672:688]
    if deep:
        inputs = scratch[1104:1488].view(np.int32)

    position = i64(registers[R_POSITION])
    begin = position
    by_bit = len(costs) > stop - begin
    last = u64(registers[R_LAST])
    before = u64(registers[R_BEFORE])
    word = u64(registers[R_WORD])
    word1 = u64(registers[R_WORD1])
    word2 = u64(registers[R_WORD2])
    pointer = i64(registers[R_POINTER])
    matched = i64(registers[R_MATCH])
    expected = i64(registers[R_EXPECTED])
    letters = i64(registers[R_LETTERS])
    long_pointer = i64(registers[R_LONG_POINTER])
    long_matched = i64(registers[R_LONG_MATCH])
    long_expected = i64(registers[R_LONG_EXPECTED])
    line_start = i64(registers[R_LINE_START])
    above_start = i64(registers[R_ABOVE_START])
    mismatches = i64(registers[R_MISMATCHES])
    long_mismatches = i64(registers[R_LONG_MISMATCHES])
    place = cursor[0]
    low, high, window = cursor[1], cursor[2], cursor[3]

    set_starts = scratch[1024:1088]
    start = 0
    for q in range(n_sets):
        set_starts[u64(q)] = start
        start += constants[u64(9232 + q)]
    for k in range(n_inputs):
        inputs[u64(k)] = 0

    n_entries = i64(1) if len(journal) > 0 else i64(0)
    while position < stop:
        if stuck(mode, place, stream):
            break
        rate = settings[RATE] * 64 // (64 + (position >> 5))
        if rate < settings[LEAST_RATE]:
            rate = settings[LEAST_RATE]

        # --- contexts of the byte ---
        previous = i64(last & _BYTE)
        primitives[LAST] = last
        primitives[BEFORE] = before
        primitives[WORD] = word
        primitives[WORD1] = word1
        primitives[WORD2] = word2
        column = position - line_start
        above = i64(0)
        if above_start + column < line_start:
            above = i64(text[u64(above_start + column)])
        primitives[LINE] = u64(min(column, 255) | above << 8 | i64(text[u64(line_start)]) << 16)
        texture = 0
        if sample > 0:
            texture = read_grid(text, position, last, sample, row, sample_bytes, primitives)
        if deep:
            primitives[EXPECTED] = u64(
                (expected | min(matched, 255) << 8 if matched > 0 else 0)
                | (long_expected | min(long_matched >> 2, 15) << 8 if long_matched > 0 else 0) << 16
            )
            for j in range(N_TEXT_MEMORY):
                primitives[TEXT + j] = memory[u64(j)]
        hash_contexts(masks, primitives, n_contexts, n_primitives, hashes)
        # selectors of weight sets
        letter = 4 if previous == 32 else 3 if letters > 0 else 2 if previous >= 64 else 1
        previous2 = i64((last >> u64(8)) & _BYTE)
        kinds = i64((last >> u64(5)) & u64(7)) << 5
        kinds |= i64((last >> u64(13)) & u64(7)) << 2
        kinds |= i64((last >> u64(22)) & u64(3))

        symbol = i64(text[u64(position)]) if mode != DECODE else i64(0)
        n_missed = long_n_missed = i64(0)
        if max_mismatches > 0:
            n_missed, long_n_missed = n_mismatches(mismatches), n_mismatches(long_mismatches)
        missed = long_missed = False
        partial = 1
        node = 1
        spent = 0.0
        for bit_place in range(8):
            if bit_place == 0 or bit_place == 4:
                node = 1
                n_entries = find_buckets(
                    depth,
                    table,
                    hashes,
                    n_contexts,
                    table_bits,
                    bit_place,
                    partial,
                    slots,
                    wanted,
                    found,
                    run_entries,
                    journal,
                    n_entries,
                )
            hits = 0
            if deep:
                for i in range(n_contexts):
                    if bit_place == 0:
                        run_slots[u64(i)] = slots[u64(i)] + RUN
                        runs[u64(i)] = i64(table[u64(slots[u64(i)] + RUN)])
                    hits += gather_deep(
                        i,
                        inputs,
                        table,
                        maps,
                        constants,
                        slots[u64(i)],
                        node,
                        runs[u64(i)],
                        run_maps,
                        run_entries,
                        partial,
                        bit_place,
                    )
            for i in range(0 if deep else n_contexts):
                history = i64(table[u64(slots[u64(i)] + node)])
                k = 3 * i
                count = (history >> 8) & 15
                live = 1 if count > 0 else 0
                hits += live
                chance = i64(maps[u64(i * 256 + (history & 255))] >> 20)
                inputs[u64(k)] = constants[u64(chance)] * live
                inputs[u64(k + 1)] = _centered(chance) * live
                inputs[u64(k + 2)] = constants[u64((history >> 20) ^ 2048)] * live
            k = per_context * n_contexts
            guess = 0
            match_map = 0
            match_class = 0
            if matched > 0 and not missed:
                guess = (expected >> (7 - bit_place)) & 1
                size = length_class(matched, n_missed, max_mismatches)
                match_map = match_maps + size * 2 + guess
                chance = i64(maps[u64(match_map)] >> 20)
                inputs[u64(k)] = constants[u64(chance)]
                inputs[u64(k + 1)] = _centered(chance)
                match_class = selector_class(matched, n_missed) + guess
            else:
                inputs[u64(k)] = 0
                inputs[u64(k + 1)] = 0
            inputs[u64(k + 2)] = 256
            long_map = 0
            if long_length > 0:
                if long_matched > 0 and not long_missed:
                    guess = (long_expected >> (7 - bit_place)) & 1
                    size = min(long_matched >> 2, 31)
                    if max_mismatches > 0:
                        size = match_kind(long_matched, long_n_missed)
                    long_map = match_maps + 64 + size * 2 + guess
                    chance = i64(maps[u64(long_map)] >> 20)
                    inputs[u64(k + 3)] = constants[u64(chance)]
                    inputs[u64(k + 4)] = _centered(chance)
                else:
                    inputs[u64(k + 3)] = 0
                    inputs[u64(k + 4)] = 0
            network_likely = _HALF
            if network is not None:
                network_logit = logit(network, hidden, partial)
                network_likely = sigmoid(network_logit)
                bounded = min(max(network_logit, -_MAX_LOGIT), _MAX_LOGIT)
                inputs[u64(k + 5)] = i64(bounded * _LOGIT_UNITS)
                inputs[u64(k + 6)] = _centered(i64(network_likely * _CHANCE_UNITS))

            # --- mix ---
            chosen[0] = partial
            chosen[1] = match_class * 8 + bit_place
            chosen[2] = previous
            chosen[3] = texture if sample > 0 else letter * 8 + bit_place
            chosen[4] = (hits >> 1 if deep else hits) * 8 + bit_place
            chosen[5] = min(letters, 15) * 8 + bit_place
            chosen[6] = previous2 * 8 + bit_place
            chosen[7] = kinds * 8 + bit_place
            chosen[8] = expected if matched > 0 and not missed else 0
            if deep:
                sure = 0
                if matched > 0 and not missed and (expected | 256) >> (8 - bit_place) == partial:
                    sure = 1 + ((expected >> (7 - bit_place)) & 1)
                long_class = 0 if long_matched == 0 else 1 + min(long_matched >> 3, 15)
                chosen[9] = sure * 256 + partial
                chosen[6] = previous2
                chosen[7] = kinds
                chosen[10] = i64(memory[SHAPE] & _BYTE)
                chosen[11] = (previous >> 6) * 256 + partial
                chosen[12] = long_class * 8 + bit_place
                chosen[13] = i64((memory[BRACKETS] >> u64(4)) & u64(7)) * 8 + bit_place
                chosen[14] = min(i64(memory[SENTENCE] & _BYTE), 31) * 8 + bit_place
                chosen[15] = min(column, 127) * 2 + i64(previous == 32)
                for j in range(N_HISTORY_SETS):
                    chosen[u64(HISTORY_SETS + j)] = i64(table[u64(slots[u64(j + 1)] + node)]) & 255
            final1 = partial * n_sets
            final2 = (256 + match_class * 8 + bit_place) * n_sets
            final3 = (328 + previous) * n_sets
            total, total1, total2, total3 = mix(
                depth,
                inputs,
                n_inputs,
                weights,
                final_weights,
                set_starts,
                n_sets,
                chosen,
                outputs,
                final1,
                final2,
                final3,
            )
            mixed = i64(constants[u64(SQUASH + total + 2048)])
            refinement_rows(depth, primitives, partial, sample, position, refine_mask, rows)
            chance, nearest = refined(depth, refine, rows, total, mixed)

            # --- code ---
            bit = (symbol >> (7 - bit_place)) & 1
            if mode == MEASURE:
                cost = cost_of[u64(chance if bit else 65536 - chance)]
                spent += cost
                if by_bit:
                    costs[u64(8 * (position - begin) + bit_place)] = cost
            else:
                bit, low, high, window, place = code_bit(mode, bit, chance << 16, low, high, window, place, stream)

            # --- learn ---
            n_entries = learn_refinements(depth, refine, rows, nearest, bit, journal, n_entries)
            learn_weights(
                depth,
                bit,
                mixed,
                rate,
                constants,
                inputs,
                n_inputs,
                weights,
                final_weights,
                n_sets,
                chosen,
                outputs,
                final1,
                final2,
                final3,
                total1,
                total2,
                total3,
            )
            for i in range(n_contexts):
                where = u64(slots[u64(i)] + node)
                history = i64(table[where])
                n_entries = record(journal, n_entries, i64(where), history)
                state = history & 255
                entry = i * 256 + state
                maps[u64(entry)] = adapted(i64(maps[u64(entry)]), bit, reciprocals, 1023)
                count = (history >> 8) & 15
                chance = (history >> 16) ^ 32768
                chance += ((bit * 65535 - chance) * i64(quick[u64(count)])) >> 16
                count = min(count + 1, 14)
                if deep:
                    place_slow = slots[u64(i)] + node
                    n_entries = record(journal, n_entries, place_slow + RUN, i64(table[u64(place_slow + RUN)]))
                    learn_deep(bit, table, maps, place_slow, reciprocals, run_entries[u64(i)])
                table[where] = np.uint32((chance ^ 32768) << 16 | count << 8 | i64(step[u64(state * 2 + bit)]))
            if matched > 0 and not missed:
                maps[u64(match_map)] = adapted(i64(maps[u64(match_map)]), bit, reciprocals, 1023)
                missed = (expected >> (7 - bit_place)) & 1 != bit
            if long_length > 0 and long_matched > 0 and not long_missed:
                maps[u64(long_map)] = adapted(i64(maps[u64(long_map)]), bit, reciprocals, 1023)
                long_missed = (long_expected >> (7 - bit_place)) & 1 != bit
            if network is not None:
                # twice the error: unlike in `gru`, no histories share the correction
                learn_bit(network, hidden, partial, (np.float32(bit) - network_likely) * _TWICE)
            partial = partial * 2 + bit
            node = node * 2 + bit
        symbol = partial & 255
        if mode == DECODE:
            text[u64(position)] = np.uint8(symbol)
        elif mode == MEASURE and not by_bit:
            costs[u64(position - begin)] = spent
        if deep:
            for i in range(n_contexts):
                where = u64(run_slots[u64(i)])
                n_entries = record(journal, n_entries, i64(where), i64(table[where]))
                table[where] = np.uint32(after_run(i64(table[where]), symbol))
            # append the byte to the followers of the last byte and of the last two
            where = followed + previous
            old = i64(index[u64(where)])
            n_entries = record(journal, n_entries, -1 - where, old)
            index[u64(where)] = np.int32((old << 8 | symbol) & 0xFFFFFF)
            code = (last & u64(65535)) * _ODD
            where = followed + 256 + i64(code >> follow_shift)
            old = i64(index[u64(where)])
            n_entries = record(journal, n_entries, -1 - where, old)
            index[u64(where)] = np.int32((old << 8 | symbol) & 0xFFFFFF)

        # --- advance to the next byte ---
        if network is not None:
            learn_byte(network, hidden, symbol)
        before = before << u64(8) | last >> u64(56)
        last = last << u64(8) | u64(symbol)
        lower = symbol + 32 if symbol >= 65 and symbol <= 90 else symbol
        if (lower >= 97 and lower <= 122) or symbol >= 128:
            letters += 1
            word = (word + u64(lower + 1)) * _WORD
            ended = False
        else:
            ended = word != u64(0)
        if ended:
            word2 = word1
            word1 = word
            word = u64(0)
            letters = 0
        if deep:
            read_text(memory, symbol, last, word1, word2, ended, classes)
            code = (last & u64(65535)) * _ODD
            memory[FOLLOWED] = u64(index[u64(followed + symbol)]) | u64(
                index[u64(followed + 256 + i64(code >> follow_shift))]
            ) << u64(24)
        position += 1
        if symbol == 10:
            above_start = line_start
            line_start = position
        entry = i64(((last & keep) * _ODD + (before & keep_before) * _ODD2) >> match_shift)
        pointer, matched, mismatches, expected, n_entries = next_match(
            text,
            index,
            position,
            entry,
            match_length,
            max_mismatches,
            pointer,
            matched,
            mismatches,
            missed,
            expected,
            journal,
            n_entries,
        )
        if long_length > 0 and max_mismatches > 0:
            long_pointer, long_matched, long_mismatches, long_expected = next_opposite_match(
                text,
                index,
                position,
                match_shift,
                match_length,
                max_mismatches,
                long_pointer,
                long_matched,
                long_mismatches,
                long_missed,
                long_expected,
            )
        elif long_length > 0:
            code = (last * _ODD + (before & keep_long)) * _ODD2
            entry = long_index + i64(code >> match_shift)
            long_pointer, long_matched, long_expected, n_entries = next_long_match(
                text, index, position, entry, long_pointer, long_matched, long_missed, long_expected, journal, n_entries
            )

    registers[R_POSITION] = u64(position)
    registers[R_LAST] = last
    registers[R_BEFORE] = before
    registers[R_WORD] = word
    registers[R_WORD1] = word1
    registers[R_WORD2] = word2
    registers[R_POINTER] = u64(pointer)
    registers[R_MATCH] = u64(matched)
    registers[R_EXPECTED] = u64(expected)
    registers[R_LETTERS] = u64(letters)
    registers[R_LONG_POINTER] = u64(max(long_pointer, 0))
    registers[R_LONG_MATCH] = u64(long_matched)
    registers[R_LONG_EXPECTED] = u64(long_expected)
    registers[R_LINE_START] = u64(line_start)
    registers[R_ABOVE_START] = u64(above_start)
    registers[R_MISMATCHES] = u64(mismatches)
    registers[R_LONG_MISMATCHES] = u64(long_mismatches)
    if n_entries > 0:
        journal[0, 0] = n_entries
    cursor[0] = place
    cursor[1] = low
    cursor[2] = high
    cursor[3] = window
    return position


@jit
def undo(journal: Any, table: Any, index: Any, refine: Any) -> None:
    """Restore the values that `run` recorded in the journal."""
    for entry in range(i64(journal[0, 0]) - 1, 0, -1):
        place = journal[u64(entry), 0]
        if place < 0:
            index[u64(-1 - place)] = np.int32(journal[u64(entry), 1])
        elif place >= REFINED:
            refine[u64(place - REFINED)] = np.uint16(journal[u64(entry), 1])
        else:
            table[u64(place)] = np.uint32(journal[u64(entry), 1])
