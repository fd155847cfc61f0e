"""Context mixing, bit by bit, in integers alone: the compiled half of the coder ``mix``."""

# Numba gives these functions their types; mypy cannot follow how integers change theirs.
# mypy: disable-error-code="assignment,arg-type,return-value,operator,misc"
from __future__ import annotations

from typing import Any

import numpy as np

from kolmo._core.jit import i64, inline, jit, u64
from kolmo.coders.entropy.binary import DECODE, MEASURE, code_bit, stuck
from kolmo.coders.mixing.dna_contexts import (
    SURE_MATCH,
    after_guess,
    match_kind,
    n_misses,
    opposite,
    opposite_key,
    opposite_length,
)
from kolmo.coders.mixing.inputs import (
    DEEP_INPUTS,
    RUN,
    after_run,
    gather_deep,
    learn_deep,
    learned as _learned,
    push_weights,
    weighed,
)
from kolmo.coders.mixing.text_contexts import BRACKETS, FOLLOWED, N_TEXT_MEMORY, SENTENCE, SHAPE, read_text
from kolmo.coders.rnn.kernels import learn_bit, learn_byte, logit, sigmoid

_BYTE = u64(255)
_ODD = u64(0x9E3779B97F4A7C15)
_ODD2 = u64(0xD6E8FEB86659FD93)
_WORD = u64(0x2F0B4C474D4A35A7)

_REFINED = 1 << 60
"""Marks an entry of the journal as one of the refinements."""

# of the recurrent network
_HALF, _TWICE, _FARTHEST = np.float32(0.5), np.float32(2), np.float32(2047 / 256)
_LOGIT_UNITS, _CHANCE_UNITS = np.float32(256), np.float32(4095)

# primitives, of which every context takes a masked part
(LAST, BEFORE, WORD, WORD1, WORD2, NEIGHBORS, GUESSES, COLORS, PLACE, LINE, SAMPLES) = range(11)
N_PRIMITIVES = 11
EXPECTED = 11
TEXT = 12
"""The first of the primitives of text, which only the deep level has; they are in the order of its memory."""
N_DEEP_PRIMITIVES = TEXT + N_TEXT_MEMORY

# whole numbers that say how the model is built
(
    N_CONTEXTS,
    TABLE_BITS,
    N_INPUTS,
    N_SETS,
    MATCH_BITS,
    MATCH_LENGTH,
    LONG_MATCH_LENGTH,
    REFINE_BITS,
    SAMPLE,
    ROW,
    RATE,
    LEAST_RATE,
    SAMPLE_BYTES,
    HIDDEN,
    MAX_MISMATCHES,
) = range(15)
N_SETTINGS = 15

# what the model carries from byte to byte, beside its tables
(
    R_POSITION,
    R_LAST,
    R_BEFORE,
    R_WORD,
    R_WORD1,
    R_WORD2,
    R_POINTER,
    R_MATCH,
    R_EXPECTED,
    R_LETTERS,
    R_LONG_POINTER,
    R_LONG_MATCH,
    R_LONG_EXPECTED,
    R_LINE_START,
    R_ABOVE_START,
    R_MISSES,
    R_LONG_MISSES,
    R_TEXT,
) = range(18)
N_REGISTERS = R_TEXT + N_TEXT_MEMORY

INPUTS_PER_CONTEXT = 3
LAST_RATE = 3
"""Of the last weights of the deep level, in units of 2 to the power of -20."""
N_SCRATCH = 1488
SET_SIZES = (256, 72, 256, 256, 256, 128, 2048)
DEEP_SET_SIZES = (256, 72, 256, 256, 256, 128, 256, 256, 256, 768, 256, 1024, 128, 64, *[256] * 9)
"""How many weight sets each selector chooses from; a level takes the first few."""
HISTORY_SETS, N_HISTORY_SETS = 16, 7
"""The selectors that are the histories of contexts: those after the first, which has none."""


@inline
def _refined(refine: Any, row: int, low: int, weight: int) -> Any:
    first = i64(refine[u64(row + low)])
    second = i64(refine[u64(row + low + 1)])
    return (first * (4096 - weight) + second * weight) >> 12


@inline
def _clamped(value: int) -> Any:
    return u64(0 if value < 0 else 255 if value > 255 else value)


@inline
def _magnitude(value: int) -> Any:
    """Return 0 to 7 for how large a sum of differences is."""
    size = 0
    while value > 0 and size < 7:
        value >>= 1
        size += 1
    return size


@inline
def _length_before(text: Any, first: int, second: int) -> Any:
    """Return how many bytes before two places are equal, up to 400; 0 if there is no first place."""
    length = i64(0)
    while length < 400 and first - length > 0 and text[u64(first - length - 1)] == text[u64(second - length - 1)]:
        length += 1
    return length


@inline
def _noted(journal: Any, kept: int, place: int, value: int) -> Any:
    """Write down what a place held, if anything is to be kept; return how many entries there are."""
    if kept > 0:
        journal[u64(kept), 0] = place
        journal[u64(kept), 1] = value
        kept += 1
    return kept


@inline
def _leaning(chance: int) -> Any:
    """Return how far a probability of 12 bits is from a half: an input beside its stretch."""
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
    last_weights: Any,
    refine: Any,
    index: Any,
    constants: Any,
    step: Any,
    cost_of: Any,
    scratch: Any,
    journal: Any,
    network: Any,
) -> Any:
    """Code the bytes of `text` from where the registers stand up to `stop`, and learn from them.

    Returns how far it came: short of `stop` if the stream is full (`ENCODE`) or exhausted (`DECODE`).

    Parameters
    ----------
    depth : int or None
        None for all but the deep level. Numba compiles each type for itself, so that neither pays for the other.
    mode : {MEASURE, ENCODE, DECODE}
    text : ndarray of uint8
        Everything read so far, and what is to be coded; `DECODE` writes it.
    stream : ndarray of uint8
        The arithmetic code.
    cursor : ndarray of shape (4,) and type int64
        Place in the stream, low, high, and the window of the decoder.
    costs : ndarray of float64
        Bits of each byte from the start of this call; only `MEASURE` writes them.
    settings, masks, registers
        See the names above.
    table : ndarray of uint32
        Buckets of 16: a check, and 15 histories of the bits of half a byte: 16 bits of probability, 4 of count, 8 of
        state. At the deep level 16 more: the last bytes, and 15 slower probabilities of 22 bits with 10 of count.
    maps : ndarray of uint32
        What a state of a history, a length of a match, and a run (deep level), has meant so far.
    weights, last_weights : ndarray of int32
    refine : ndarray of uint16
        Three maps (six at the deep level) from a probability in a context to a better one.
    index : ndarray of int32
        Where the last bytes were seen before; at the deep level also what followed the last one and two.
    constants : ndarray of int32
        Tables of stretch, squash, and reciprocals.
    step : ndarray of uint8
        The next state of a history.
    cost_of : ndarray of float64
        Bits by probability.
    scratch : ndarray of int64
    journal : ndarray of shape (n, 2) and type int64
        Takes what `table`, `index` and `refine` held before, for `undo`; the first row counts the entries. Empty: none
        is kept.
    network : ndarray of float32 or None
        The memory of a recurrent network with `HIDDEN` units, one more model of the next bit; its floating-point
        numbers are the same on any machine. Without a network, Numba compiles the kernel without its code.
    """
    n_contexts = settings[N_CONTEXTS]
    n_inputs = settings[N_INPUTS]
    n_sets = settings[N_SETS]
    bucket_mask = u64((1 << settings[TABLE_BITS]) - 1)
    n_buckets = i64(1) << settings[TABLE_BITS]
    refine_mask = (i64(1) << settings[REFINE_BITS]) - 1
    sample = settings[SAMPLE]
    row = settings[ROW] if settings[ROW] > settings[SAMPLE] else i64(0)  # a row is more than one sample
    wide = settings[SAMPLE_BYTES]
    hidden = settings[HIDDEN]
    match_shift = u64(64 - settings[MATCH_BITS])
    match_length = settings[MATCH_LENGTH]
    long_length = settings[LONG_MATCH_LENGTH]
    long_index = i64(1) << settings[MATCH_BITS]
    match_maps = n_contexts * 256
    deep = depth is not None
    bucket_bits = i64(5) if deep else i64(4)
    bucket_size = i64(1) << bucket_bits
    n_primitives = N_DEEP_PRIMITIVES if deep else N_PRIMITIVES
    run_maps = match_maps + 128
    followed = long_index * 2
    follow_shift = u64(64 - min(settings[MATCH_BITS], 16))
    memory = registers[R_TEXT:]
    classes = constants[len(constants) - 256 :]
    per_context = DEEP_INPUTS if deep else INPUTS_PER_CONTEXT
    squash = 4096
    reciprocals = constants[8192:9216]
    quick = constants[9216:9232]
    keep = u64(0xFFFFFFFFFFFFFFFF) >> u64(64 - 8 * min(match_length, 8))
    keep_before = u64(0)
    if match_length > 8:
        keep_before = u64(0xFFFFFFFFFFFFFFFF) >> u64(128 - 8 * match_length)
    allowed = settings[MAX_MISMATCHES]

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
    misses = i64(registers[R_MISSES])
    long_misses = i64(registers[R_LONG_MISSES])
    place = cursor[0]
    low, high, window = cursor[1], cursor[2], cursor[3]

    set_starts = scratch[1024:1088]
    start = 0
    for q in range(n_sets):
        set_starts[u64(q)] = start
        start += constants[u64(9232 + q)]
    for k in range(n_inputs):
        inputs[u64(k)] = 0

    kept = i64(1) if len(journal) > 0 else i64(0)
    while position < stop:
        if stuck(mode, place, stream):
            break
        rate = settings[RATE] * 64 // (64 + (position >> 5))
        if rate < settings[LEAST_RATE]:
            rate = settings[LEAST_RATE]

        # --- what the byte's contexts are ---
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
        channel = i64(0)
        if sample > 0:
            channel = position % sample
            w = n = nw = ne = ww = nn = w1 = n1 = nw1 = w2 = n2 = i64(0)
            p1 = previous
            p2 = i64((last >> u64(8)) & _BYTE)
            if position >= 2 * sample + 2:
                w = i64(text[u64(position - sample)])
                ww = i64(text[u64(position - 2 * sample)])
                w1 = i64(text[u64(position - sample - 1)])
                w2 = i64(text[u64(position - sample - 2)])
            if row > 0 and position >= 2 * row + sample + 2:
                n = i64(text[u64(position - row)])
                nw = i64(text[u64(position - row - sample)])
                ne = i64(text[u64(position - row + sample)])
                nn = i64(text[u64(position - 2 * row)])
                n1 = i64(text[u64(position - row - 1)])
                nw1 = i64(text[u64(position - row - sample - 1)])
                n2 = i64(text[u64(position - row - 2)])
            primitives[NEIGHBORS] = u64(w | n << 8 | nw << 16 | ne << 24 | ww << 32 | nn << 40 | p1 << 48)
            if channel == 0:
                p1 = w1 = n1 = nw1 = i64(0)
            if channel < 2:
                p2 = w2 = n2 = i64(0)
            plane = w + n - nw
            from_left = w + p1 - w1
            from_above = n + p1 - n1
            colored = plane + p1 - (w1 + n1 - nw1)
            median = max(min(w, n), min(max(w, n), plane))
            primitives[GUESSES] = (
                _clamped(plane)
                | _clamped(from_left) << u64(8)
                | _clamped(from_above) << u64(16)
                | _clamped((w + n + 1) >> 1) << u64(24)
                | _clamped(2 * w - ww) << u64(32)
                | _clamped(2 * n - nn) << u64(40)
                | _clamped(median) << u64(48)
            )
            activity = _magnitude((abs(w - nw) + abs(n - nw) + abs(n - ne)) >> 2)
            surprise = _magnitude((abs(p1 - (w1 + n1 - nw1)) + abs(p2 - w2)) >> 1)
            smooth = (from_left + from_above + 1) >> 1
            primitives[COLORS] = (
                _clamped(w + p2 - w2)
                | _clamped(n + p2 - n2) << u64(8)
                | _clamped(colored) << u64(16)
                | _clamped(smooth) << u64(24)
                | _clamped((colored + smooth + 1) >> 1) << u64(32)
                | _clamped((w + ne + 1) >> 1) << u64(40)
                | u64(activity) << u64(48)
                | u64(surprise) << u64(56)
            )
            primitives[PLACE] = u64(channel | (position % row if row > 0 else i64(0)) << 8)
            texture = min(channel, 31) * 8 + activity
            if row == 0 and wide == 2 and position >= 3 * sample + 2:
                # whole samples of 16 bits, low byte first: what a line and a parabola through the last ones give
                odd = position & 1 if sample % 2 == 0 else 0
                base = position - odd
                s1 = i64(text[u64(base - sample)]) | i64(text[u64(base - sample + 1)]) << 8
                s2 = i64(text[u64(base - 2 * sample)]) | i64(text[u64(base - 2 * sample + 1)]) << 8
                s3 = i64(text[u64(base - 3 * sample)]) | i64(text[u64(base - 3 * sample + 1)]) << 8
                s1 = (s1 ^ 32768) - 32768
                s2 = (s2 ^ 32768) - 32768
                s3 = (s3 ^ 32768) - 32768
                line = 2 * s1 - s2
                curve = 3 * s1 - 3 * s2 + s3
                mean = (line + s1) >> 1
                known = previous if odd else i64(0)
                primitives[SAMPLES] = u64(
                    (((line - known) >> (8 * odd)) & 255)
                    | (((curve - known) >> (8 * odd)) & 255) << 8
                    | (((mean - known) >> (8 * odd)) & 255) << 16
                    | (((s1 - known) >> (8 * odd)) & 255) << 24
                    | ((line >> 8) & 255) << 32
                    | ((curve >> 8) & 255) << 40
                    | odd << 48
                    | known << 49
                )
                texture = odd * 8 + _magnitude(abs(s1 - s2) >> 4)
        if deep:
            primitives[EXPECTED] = u64(
                (expected | min(matched, 255) << 8 if matched > 0 else 0)
                | (long_expected | min(long_matched >> 2, 15) << 8 if long_matched > 0 else 0) << 16
            )
            for j in range(N_TEXT_MEMORY):
                primitives[TEXT + j] = memory[u64(j)]
        for i in range(n_contexts):
            code = u64(i + 1) * _ODD2
            for j in range(n_primitives):
                mask = masks[u64(i), u64(j)]
                if mask != 0:
                    code = (code ^ (primitives[u64(j)] & mask)) * _ODD
                    code ^= code >> u64(32)
            hashes[u64(i)] = code * _ODD2
        # which weights to take
        letter = 4 if previous == 32 else 3 if letters > 0 else 2 if previous >= 64 else 1
        previous2 = i64((last >> u64(8)) & _BYTE)
        kinds = i64((last >> u64(5)) & u64(7)) << 5
        kinds |= i64((last >> u64(13)) & u64(7)) << 2
        kinds |= i64((last >> u64(22)) & u64(3))

        symbol = i64(text[u64(position)]) if mode != DECODE else i64(0)
        many = long_many = i64(0)
        if allowed > 0:
            many, long_many = n_misses(misses), n_misses(long_misses)
        missed = long_missed = False
        partial = 1
        node = 1
        spent = 0.0
        for bit_place in range(8):
            if bit_place == 0 or bit_place == 4:
                node = 1
                for i in range(n_contexts):
                    code = hashes[u64(i)]
                    if bit_place == 4:
                        code = (code + u64(partial)) * _ODD
                        code ^= code >> u64(29)
                    bucket = i64((code >> u64(20)) & bucket_mask) + i * n_buckets
                    slots[u64(i)] = bucket << bucket_bits
                    wanted[u64(i)] = i64(code >> u64(48))
                    # asked for before it is needed, so that the memory works on all contexts at once
                    found[u64(i)] = i64(table[u64(bucket << bucket_bits)])
                    if deep:
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
                        # the one whose first bit was seen the least gives way
                        used0 = (table[u64(place0 + 1)] >> 8) & 15
                        used1 = (table[u64(place1 + 1)] >> 8) & 15
                        used2 = (table[u64(place2 + 1)] >> 8) & 15
                        taken = place0
                        if used1 < used0 and used1 <= used2:
                            taken = place1
                        elif used2 < used0:
                            taken = place2
                        for j in range(bucket_size):
                            kept = _noted(journal, kept, taken + j, i64(table[u64(taken + j)]))
                        for j in range(1, bucket_size):
                            table[u64(taken + j)] = 0
                        table[u64(taken)] = np.uint32(check)
                        slots[u64(i)] = taken
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
                inputs[u64(k + 1)] = _leaning(chance) * live
                inputs[u64(k + 2)] = constants[u64((history >> 20) ^ 2048)] * live
            k = per_context * n_contexts
            guess = 0
            match_map = 0
            match_class = 0
            if matched > 0 and not missed:
                guess = (expected >> (7 - bit_place)) & 1
                size = matched if matched < 16 else 16 + ((matched - 16) >> 3) if matched < 128 else 31
                if matched >= 128 and matched < 400:
                    size = 30
                if allowed > 0:
                    size = match_kind(matched, many)
                match_map = match_maps + size * 2 + guess
                chance = i64(maps[u64(match_map)] >> 20)
                inputs[u64(k)] = constants[u64(chance)]
                inputs[u64(k + 1)] = _leaning(chance)
                match_class = 1 if matched < 8 else 3 if matched < 16 else 5 if matched < 32 else 7
                if many > 0:
                    match_class = 1 if many > 8 else 3
                match_class += guess
            else:
                inputs[u64(k)] = 0
                inputs[u64(k + 1)] = 0
            inputs[u64(k + 2)] = 256
            long_map = 0
            if long_length > 0:
                if long_matched > 0 and not long_missed:
                    guess = (long_expected >> (7 - bit_place)) & 1
                    size = min(long_matched >> 2, 31)
                    if allowed > 0:
                        size = match_kind(long_matched, long_many)
                    long_map = match_maps + 64 + size * 2 + guess
                    chance = i64(maps[u64(long_map)] >> 20)
                    inputs[u64(k + 3)] = constants[u64(chance)]
                    inputs[u64(k + 4)] = _leaning(chance)
                else:
                    inputs[u64(k + 3)] = 0
                    inputs[u64(k + 4)] = 0
            network_likely = _HALF
            if network is not None:
                network_logit = logit(network, hidden, partial)
                network_likely = sigmoid(network_logit)
                bounded = min(max(network_logit, -_FARTHEST), _FARTHEST)
                inputs[u64(k + 5)] = i64(bounded * _LOGIT_UNITS)
                inputs[u64(k + 6)] = _leaning(i64(network_likely * _CHANCE_UNITS))

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
            total = i64(0)
            final = partial * n_sets
            for q in range(n_sets):
                offset = (set_starts[u64(q)] + chosen[u64(q)]) * n_inputs
                chosen[u64(q)] = offset
                dot = i64(0)
                if deep:
                    dot = weighed(inputs, weights, offset, n_inputs)
                else:
                    for k in range(n_inputs):
                        dot += i64(inputs[u64(k)]) * i64(weights[u64(offset + k)])
                    dot >>= 16
                dot = 2047 if dot > 2047 else -2047 if dot < -2047 else dot
                outputs[u64(q)] = dot
                total += dot * i64(last_weights[u64(final + q)])
            total >>= 16
            total = 2047 if total > 2047 else -2047 if total < -2047 else total
            total1 = total2 = total3 = total
            final2 = (256 + match_class * 8 + bit_place) * n_sets
            final3 = (328 + previous) * n_sets
            if deep:
                total2 = total3 = i64(0)
                for q in range(n_sets):
                    total2 += outputs[u64(q)] * i64(last_weights[u64(final2 + q)])
                    total3 += outputs[u64(q)] * i64(last_weights[u64(final3 + q)])
                total2 >>= 16
                total3 >>= 16
                total2 = 2047 if total2 > 2047 else -2047 if total2 < -2047 else total2
                total3 = 2047 if total3 > 2047 else -2047 if total3 < -2047 else total3
                total = (2 * total + total2 + total3) >> 2
            mixed = i64(constants[u64(squash + total + 2048)])

            # --- refine ---
            scaled = (total + 2048) << 5
            bin_low = scaled >> 12
            bin_weight = scaled & 4095
            row1 = partial * 33
            code = ((last & u64(65535)) * _WORD + u64(partial) * _ODD) >> u64(44)
            row2 = (256 + (i64(code) & refine_mask)) * 33
            code = ((word + (last & _BYTE)) * _WORD + u64(partial) * _ODD) >> u64(44)
            if sample > 0:
                code = (primitives[COLORS] & u64(0xFF00000000)) * _WORD + u64(channel) * _ODD2
                code = (code + u64(partial) * _ODD) >> u64(44)
            row3 = (256 + refine_mask + 1 + (i64(code) & refine_mask)) * 33
            chance = mixed + _refined(refine, row1, bin_low, bin_weight)
            chance += _refined(refine, row2, bin_low, bin_weight) + _refined(refine, row3, bin_low, bin_weight)
            chance = (chance + 2) >> 2
            if deep:
                code = ((last & u64(255)) * _ODD2 + u64(partial) * _ODD) >> u64(44)
                rows[0] = (256 + 2 * (refine_mask + 1) + (i64(code) & refine_mask)) * 33
                code = (primitives[EXPECTED] & u64(0xFFFFFF)) * _WORD + u64(partial) * _ODD
                rows[1] = (256 + 3 * (refine_mask + 1) + (i64(code >> u64(44)) & refine_mask)) * 33
                code = (last & u64(0xFFFFFF)) * _WORD + u64(partial) * _ODD
                rows[2] = (256 + 4 * (refine_mask + 1) + (i64(code >> u64(44)) & refine_mask)) * 33
                chance = 4 * chance + mixed
                for r in range(3):
                    chance += _refined(refine, rows[u64(r)], bin_low, bin_weight)
                chance = chance >> 3
            chance = 1 if chance < 1 else 65535 if chance > 65535 else chance

            # --- code ---
            bit = (symbol >> (7 - bit_place)) & 1
            if mode == MEASURE:
                spent += cost_of[u64(chance if bit else 65536 - chance)]
            else:
                bit, low, high, window, place = code_bit(mode, bit, chance << 16, low, high, window, place, stream)

            # --- learn ---
            target = bit * 65535
            nearer = bin_low + 1 if bin_weight >= 2048 else bin_low
            for first in (row1 + nearer, row2 + nearer, row3 + nearer):
                old = i64(refine[u64(first)])
                kept = _noted(journal, kept, first + _REFINED, old)
                refine[u64(first)] = np.uint16(old + ((target - old) >> 6))
            miss = (bit << 16) - mixed
            if deep:
                for r in range(3):
                    first = rows[u64(r)] + nearer
                    old = i64(refine[u64(first)])
                    kept = _noted(journal, kept, first + _REFINED, old)
                    refine[u64(first)] = np.uint16(old + ((target - old) >> 6))
                miss1 = (bit << 16) - i64(constants[u64(squash + total1 + 2048)])
                miss2 = (bit << 16) - i64(constants[u64(squash + total2 + 2048)])
                miss3 = (bit << 16) - i64(constants[u64(squash + total3 + 2048)])
                for q in range(n_sets):
                    output = outputs[u64(q)]
                    last_weights[u64(final + q)] += np.int32((output * miss1 * LAST_RATE + (1 << 19)) >> 20)
                    last_weights[u64(final2 + q)] += np.int32((output * miss2 * LAST_RATE + (1 << 19)) >> 20)
                    last_weights[u64(final3 + q)] += np.int32((output * miss3 * LAST_RATE + (1 << 19)) >> 20)
            for q in range(n_sets):
                output = outputs[u64(q)]
                if not deep:
                    last_weights[u64(final + q)] += np.int32((output * miss + 32768) >> 16)
                own = (bit << 16) - i64(constants[u64(squash + output + 2048)])
                push = (((own + 3 * miss) >> 2 if deep else (own + miss) >> 1) * rate) >> 10
                if push > 3 or push < -3:  # less would round to nothing for every input
                    offset = chosen[u64(q)]
                    if deep:
                        push_weights(inputs, weights, offset, n_inputs, push)
                    else:
                        for k in range(n_inputs):
                            weights[u64(offset + k)] += np.int32((i64(inputs[u64(k)]) * push + 8192) >> 14)
            for i in range(n_contexts):
                where = u64(slots[u64(i)] + node)
                history = i64(table[where])
                kept = _noted(journal, kept, i64(where), history)
                state = history & 255
                entry = i * 256 + state
                maps[u64(entry)] = _learned(i64(maps[u64(entry)]), bit, reciprocals, 1023)
                count = (history >> 8) & 15
                chance = (history >> 16) ^ 32768
                chance += ((bit * 65535 - chance) * i64(quick[u64(count)])) >> 16
                count = min(count + 1, 14)
                if deep:
                    place_slow = slots[u64(i)] + node
                    kept = _noted(journal, kept, place_slow + RUN, i64(table[u64(place_slow + RUN)]))
                    learn_deep(bit, table, maps, place_slow, reciprocals, run_entries[u64(i)])
                table[where] = np.uint32((chance ^ 32768) << 16 | count << 8 | i64(step[u64(state * 2 + bit)]))
            if matched > 0 and not missed:
                maps[u64(match_map)] = _learned(i64(maps[u64(match_map)]), bit, reciprocals, 1023)
                missed = (expected >> (7 - bit_place)) & 1 != bit
            if long_length > 0 and long_matched > 0 and not long_missed:
                maps[u64(long_map)] = _learned(i64(maps[u64(long_map)]), bit, reciprocals, 1023)
                long_missed = (long_expected >> (7 - bit_place)) & 1 != bit
            if network is not None:
                # by twice its miss, as no histories beside it share the work
                learn_bit(network, hidden, partial, (np.float32(bit) - network_likely) * _TWICE)
            partial = partial * 2 + bit
            node = node * 2 + bit
        symbol = partial & 255
        if mode == DECODE:
            text[u64(position)] = np.uint8(symbol)
        elif mode == MEASURE:
            costs[u64(position - begin)] = spent
        if deep:
            for i in range(n_contexts):
                where = u64(run_slots[u64(i)])
                kept = _noted(journal, kept, i64(where), i64(table[where]))
                table[where] = np.uint32(after_run(i64(table[where]), symbol))
            # what followed the last byte, and the last two, becomes one longer
            where = followed + previous
            old = i64(index[u64(where)])
            kept = _noted(journal, kept, -1 - where, old)
            index[u64(where)] = np.int32((old << 8 | symbol) & 0xFFFFFF)
            code = (last & u64(65535)) * _ODD
            where = followed + 256 + i64(code >> follow_shift)
            old = i64(index[u64(where)])
            kept = _noted(journal, kept, -1 - where, old)
            index[u64(where)] = np.int32((old << 8 | symbol) & 0xFFFFFF)

        # --- on to the next byte ---
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
        matched, misses = after_guess(matched, misses, missed, allowed)
        if matched > 0:
            pointer += 1
        if position >= match_length:
            where = i64(((last & keep) * _ODD + (before & keep_before) * _ODD2) >> match_shift)
            if matched == 0:
                pointer = i64(index[u64(where)])
                matched = _length_before(text, pointer, position)
                if allowed > 0 and matched < match_length:
                    matched = i64(0)
            elif misses > 0 and matched < SURE_MATCH:
                other = i64(index[u64(where)])
                length = _length_before(text, other, position)
                if length >= SURE_MATCH:
                    pointer, matched, misses = other, length, i64(0)
            kept = _noted(journal, kept, -1 - where, i64(index[u64(where)]))
            index[u64(where)] = position
            if matched > 0:
                expected = i64(text[u64(pointer)])
        if long_length > 0:
            long_matched, long_misses = after_guess(long_matched, long_misses, long_missed, allowed)
            if long_matched > 0:
                long_pointer += -1 if allowed > 0 else 1
            if allowed > 0:
                # of DNA, the second match is with the other strand, which runs backwards
                if long_pointer < 0:
                    long_matched = i64(0)
                if long_matched == 0 and position >= match_length:
                    where = i64(opposite_key(text, position, match_length) >> match_shift)
                    long_pointer = i64(index[u64(where)]) - match_length - 1
                    if long_pointer >= 0:
                        long_matched = opposite_length(text, long_pointer, position)
                    if long_matched < match_length:
                        long_matched = i64(0)
                if long_matched > 0:
                    long_expected = opposite(i64(text[u64(long_pointer)]))
            elif position >= 16:
                code = (last * _ODD + (before & (u64(0xFFFFFFFFFFFFFFFF) >> u64(128 - 8 * long_length)))) * _ODD2
                where = long_index + i64(code >> match_shift)
                if long_matched == 0:
                    long_pointer = i64(index[u64(where)])
                    long_matched = _length_before(text, long_pointer, position)
                kept = _noted(journal, kept, -1 - where, i64(index[u64(where)]))
                index[u64(where)] = position
                if long_matched > 0:
                    long_expected = i64(text[u64(long_pointer)])

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
    registers[R_MISSES] = u64(misses)
    registers[R_LONG_MISSES] = u64(long_misses)
    if kept > 0:
        journal[0, 0] = kept
    cursor[0] = place
    cursor[1] = low
    cursor[2] = high
    cursor[3] = window
    return position


@jit
def undo(journal: Any, table: Any, index: Any, refine: Any) -> None:
    """Put back what `run` overwrote."""
    for entry in range(i64(journal[0, 0]) - 1, 0, -1):
        place = journal[u64(entry), 0]
        if place < 0:
            index[u64(-1 - place)] = np.int32(journal[u64(entry), 1])
        elif place >= _REFINED:
            refine[u64(place - _REFINED)] = np.uint16(journal[u64(entry), 1])
        else:
            table[u64(place)] = np.uint32(journal[u64(entry), 1])
