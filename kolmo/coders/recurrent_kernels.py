"""A recurrent network that learns while it codes: the compiled half of the coder ``gru``."""

# Numba gives these functions their types; mypy cannot follow how integers change theirs.
# mypy: disable-error-code="assignment,arg-type,return-value,operator,misc"
from __future__ import annotations

from typing import Any

import numpy as np

from kolmo._kernels import kernel, part

# All is float32, in the order written here, and of additions, multiplications, divisions and square roots alone, which
# IEEE 754 rounds in one way: so any machine computes the same bits. Loops run along outputs, never along a sum, so that
# they are vectors anyway.
at = np.uint64
_ODD = np.uint64(0x9E3779B97F4A7C15)
_ODD2 = np.uint64(0xD6E8FEB86659FD93)
_WORD = np.uint64(0x2F0B4C474D4A35A7)
_BYTE = np.uint64(255)
_0, _1, _2, _HALF = np.float32(0), np.float32(1), np.float32(2), np.float32(0.5)
_MOST = np.float32(20)
_64TH = np.float32(1 / 64)
_C2, _C3, _C4, _C5 = np.float32(1 / 2), np.float32(1 / 6), np.float32(1 / 24), np.float32(1 / 120)
_C6 = np.float32(1 / 720)
_UNITS = np.float32(65536)
_TINY = np.float32(1e-12)

MEASURE, ENCODE, DECODE = 0, 1, 2

(HIDDEN, WINDOW, N_CONTEXTS, TABLE_BITS, MATCH_BITS) = range(5)
N_SETTINGS = 5
(R_POSITION, R_LAST, R_WORD, R_POINTER, R_MATCH, R_STEP) = range(6)
N_REGISTERS = 6
(F_RATE, F_LEAST, F_DECAY, F_KEEP, F_POWER, F_OUT, F_OUT_LEAST, F_MIX, F_MIX_LEAST, F_AGE) = range(10)
COUNTS = 16


@part
def _sigmoid(x: Any) -> Any:
    """Return 1 / (1 + e^-x), where e^y is (e^(y / 64))^64 and the inner one a polynomial."""
    x = x if x > -_MOST else -_MOST
    x = x if x < _MOST else _MOST
    y = -x * _64TH
    e = _1 + y * (_1 + y * (_C2 + y * (_C3 + y * (_C4 + y * _C5))))
    e = e * e
    e = e * e
    e = e * e
    e = e * e
    e = e * e
    e = e * e
    return _1 / (_1 + e)


@part
def _multiply(matrix: Any, start: int, n_rows: int, n_columns: int, x: Any, x_start: int, y: Any) -> None:
    """Add to `y` the rows of a matrix, each by its element of `x`; the number of rows is a multiple of 4."""
    for j in range(0, n_rows, 4):
        row = start + j * n_columns
        x0 = x[at(x_start + j)]
        x1 = x[at(x_start + j + 1)]
        x2 = x[at(x_start + j + 2)]
        x3 = x[at(x_start + j + 3)]
        row1 = row + n_columns
        row2 = row1 + n_columns
        row3 = row2 + n_columns
        for i in range(n_columns):
            y[at(i)] = (
                (((y[at(i)] + matrix[at(row + i)] * x0) + matrix[at(row1 + i)] * x1) + matrix[at(row2 + i)] * x2)
                + matrix[at(row3 + i)] * x3
            )


@part
def _step(net: Any, trace: Any, gates: Any, h: int, window: int, s: int, symbol: int) -> None:
    """Read a byte: from state `s` of the trace to the next."""
    g = 3 * h
    e0 = symbol * g
    b0 = 256 * g
    u0 = b0 + g
    z0 = (window + 1) * h + s * h
    r0 = z0 + window * h
    n0 = r0 + window * h
    q0 = n0 + window * h
    for i in range(g):
        gates[at(i)] = _0
    _multiply(net, u0, h, g, trace, s * h, gates)
    for i in range(2 * h):
        gates[at(i)] = _sigmoid(gates[at(i)] + (net[at(e0 + i)] + net[at(b0 + i)]))
    for i in range(h):
        u = gates[at(2 * h + i)]
        r = gates[at(h + i)]
        z = gates[at(i)]
        n = _2 * _sigmoid(_2 * (net[at(e0 + 2 * h + i)] + net[at(b0 + 2 * h + i)] + r * u)) - _1
        trace[at(z0 + i)] = z
        trace[at(r0 + i)] = r
        trace[at(n0 + i)] = n
        trace[at(q0 + i)] = u
        old = trace[at(s * h + i)]
        trace[at((s + 1) * h + i)] = old + z * (n - old)


@part
def _moved(weight: Any, squares: Any, where: Any, gradient: Any, rate: Any, keep: Any) -> None:
    """Move a weight against its gradient, by a step that does not depend on how large gradients are."""
    mean = squares[where] * keep + (_1 - keep) * gradient * gradient
    squares[where] = mean
    weight[where] += rate * gradient / (np.sqrt(mean) + _TINY)


@part
def _learn(
    net: Any, squares: Any, turned: Any, trace: Any, pushes: Any, errors: Any, symbols: Any, gates: Any, carry: Any,
    h: int, window: int, rate: Any, keep: Any,
) -> None:
    """Go back over the window, then move all weights of the network."""
    g = 3 * h
    b0 = 256 * g
    u0 = b0 + g
    for i in range(h):
        carry[at(i)] = _0
    for back in range(window):
        s = window - 1 - back
        z0 = (window + 1) * h + s * h
        r0 = z0 + window * h
        n0 = r0 + window * h
        q0 = n0 + window * h
        d0 = s * 4 * h
        for i in range(h):
            push = carry[at(i)] + pushes[at((s + 1) * h + i)]
            z = trace[at(z0 + i)]
            r = trace[at(r0 + i)]
            n = trace[at(n0 + i)]
            inner = push * z * (_1 - n * n)
            errors[at(d0 + i)] = push * (n - trace[at(s * h + i)]) * z * (_1 - z)
            errors[at(d0 + h + i)] = inner * trace[at(q0 + i)] * r * (_1 - r)
            errors[at(d0 + 2 * h + i)] = inner * r
            errors[at(d0 + 3 * h + i)] = inner
            carry[at(i)] = push * (_1 - z)
        _multiply(turned, 0, g, h, errors, d0, carry)
    for j in range(h):
        for i in range(g):
            gates[at(i)] = _0
        for s in range(0, window, 4):
            x0 = trace[at(s * h + j)]
            x1 = trace[at((s + 1) * h + j)]
            x2 = trace[at((s + 2) * h + j)]
            x3 = trace[at((s + 3) * h + j)]
            d0 = s * 4 * h
            d1 = d0 + 4 * h
            d2 = d1 + 4 * h
            d3 = d2 + 4 * h
            for i in range(g):
                gates[at(i)] = (
                    (((gates[at(i)] + errors[at(d0 + i)] * x0) + errors[at(d1 + i)] * x1) + errors[at(d2 + i)] * x2)
                    + errors[at(d3 + i)] * x3
                )
        row = u0 + j * g
        for i in range(g):
            mean = squares[at(row + i)] * keep + (_1 - keep) * gates[at(i)] * gates[at(i)]
            squares[at(row + i)] = mean
            net[at(row + i)] += rate * gates[at(i)] / (np.sqrt(mean) + _TINY)
        for i in range(g):
            turned[at(i * h + j)] = net[at(row + i)]
    for i in range(g):
        gates[at(i)] = _0
    for s in range(window):
        d0 = s * 4 * h
        e0 = symbols[at(s)] * g
        for part_ in range(3):
            shift = h if part_ == 2 else 0
            for i in range(part_ * h, part_ * h + h):
                gradient = errors[at(d0 + i + shift)]
                gates[at(i)] += gradient
                mean = squares[at(e0 + i)] * keep + (_1 - keep) * gradient * gradient
                squares[at(e0 + i)] = mean
                net[at(e0 + i)] += rate * gradient / (np.sqrt(mean) + _TINY)
    for i in range(g):
        mean = squares[at(b0 + i)] * keep + (_1 - keep) * gates[at(i)] * gates[at(i)]
        squares[at(b0 + i)] = mean
        net[at(b0 + i)] += rate * gates[at(i)] / (np.sqrt(mean) + _TINY)
    for i in range(h):
        trace[at(i)] = trace[at(window * h + i)]


@part
def _output(net: Any, o0: int, trace: Any, h0: int, h: int, lanes: Any) -> Any:
    """Return the product of a row of the output layer and the state, summed in 16 lanes."""
    for i in range(16):
        lanes[at(i)] = net[at(o0 + i)] * trace[at(h0 + i)]
    for j in range(16, h, 16):
        for i in range(16):
            lanes[at(i)] += net[at(o0 + j + i)] * trace[at(h0 + j + i)]
    for i in range(8):
        lanes[at(i)] += lanes[at(i + 8)]
    for i in range(4):
        lanes[at(i)] += lanes[at(i + 4)]
    return (lanes[at(0)] + lanes[at(1)]) + (lanes[at(2)] + lanes[at(3)])


@kernel
def run(
    mode: int, text: Any, stop: int, stream: Any, cursor: Any, costs: Any, settings: Any, rates: Any, masks: Any,
    registers: Any, net: Any, squares: Any, turned: Any, trace: Any, pushes: Any, symbols: Any, table: Any,
    weights: Any, matches: Any, index: Any, constants: Any, cost_of: Any, scratch: Any, floats: Any,
) -> int:
    h = settings[HIDDEN]
    window = settings[WINDOW]
    n_contexts = settings[N_CONTEXTS]
    mask = np.uint64((1 << settings[TABLE_BITS]) - 1)
    n_buckets = np.int64(1) << settings[TABLE_BITS]
    match_shift = np.uint64(64 - settings[MATCH_BITS])
    g = 3 * h
    o0 = 256 * g + g + h * g
    c0 = o0 + 256 * h

    gates = floats[0:g]
    carry = floats[g : 4 * h]
    lanes = floats[4 * h : 4 * h + 16]
    inputs = floats[4 * h + 16 : 4 * h + 48]
    errors = floats[4 * h + 48 : 4 * h + 48 + window * 4 * h]
    slots = scratch[0:32]
    hashes = scratch[32:64].view(np.uint64)
    chosen = scratch[64:96]

    position = np.int64(registers[R_POSITION])
    begin = position
    last = np.uint64(registers[R_LAST])
    word = np.uint64(registers[R_WORD])
    pointer = np.int64(registers[R_POINTER])
    matched = np.int64(registers[R_MATCH])
    s = np.int64(registers[R_STEP])
    reciprocals = constants[8192:9216]
    place = cursor[0]
    low, high, ahead = cursor[1], cursor[2], cursor[3]

    while position < stop:
        age = rates[F_AGE]
        rate = rates[F_RATE] * (_1 / (_1 + age * rates[F_DECAY]))
        rate = rate if rate > rates[F_LEAST] else rates[F_LEAST]
        out = rates[F_OUT] * (_1 / (_1 + age * rates[F_DECAY]))
        out = out if out > rates[F_OUT_LEAST] else rates[F_OUT_LEAST]
        mixing = rates[F_MIX] * (_1 / (_1 + age * rates[F_DECAY]))
        mixing = mixing if mixing > rates[F_MIX_LEAST] else rates[F_MIX_LEAST]
        rates[F_AGE] = age + _1
        h0 = s * h
        expected = np.int64(0)
        if matched > 0:
            expected = np.int64(text[at(pointer)]) | 256
        size = matched if matched < 16 else min(16 + ((matched - 16) >> 2), 31)
        for i in range(n_contexts):
            code = (last & masks[at(2 * i)]) * _ODD
            code = ((code ^ (code >> np.uint64(32))) + np.uint64(i + 1)) * _ODD2
            code = ((code ^ (code >> np.uint64(29))) + (word & masks[at(2 * i + 1)])) * _ODD
            hashes[at(i)] = (code ^ (code >> np.uint64(32))) * _ODD2
        for i in range(h):
            pushes[at(h0 + i)] = _0
        symbol = np.int64(text[at(position)]) if mode != DECODE else np.int64(0)
        partial = 1
        node = 1
        spent = 0.0
        for bit_place in range(8):
            if bit_place == 0 or bit_place == 4:
                node = 1
                for i in range(n_contexts):
                    code = hashes[at(i)]
                    if bit_place == 4:
                        code = (code + np.uint64(partial)) * _ODD
                        code ^= code >> np.uint64(29)
                    bucket = (np.int64((code >> np.uint64(20)) & mask) + i * n_buckets) << 4
                    check = np.int64(code >> np.uint64(48))
                    if np.int64(table[at(bucket)]) != check:
                        other = bucket ^ 16
                        if np.int64(table[at(other)]) == check:
                            bucket = other
                        else:
                            if (table[at(other + 1)] & 1023) < (table[at(bucket + 1)] & 1023):
                                bucket = other
                            table[at(bucket)] = np.uint32(check)
                            for j in range(1, 16):
                                table[at(bucket + j)] = np.uint32(1 << 31)
                    slots[at(i)] = bucket
            # --- predict ---
            logit = net[at(c0 + partial)] + _output(net, o0 + partial * h, trace, h0, h, lanes)
            sel = 0
            if matched > 0:
                sel = 1 if matched < 16 else 2
            for i in range(n_contexts):
                history = np.int64(table[at(slots[at(i)] + node)])
                count = history & 1023
                kind = count if count < 12 else min(12 + (count >> 5), 15)
                where = ((sel * 8 + bit_place) * n_contexts + i) * COUNTS + kind
                x = np.float32(constants[at(history >> 20)]) * np.float32(1 / 256) if count > 0 else _0
                chosen[at(i)] = where
                inputs[at(i)] = x
                logit += weights[at(where)] * x
            match_place = 0
            if matched > 0:
                match_place = size * 2 + ((expected >> (7 - bit_place)) & 1)
                x = np.float32(constants[at(np.int64(matches[at(match_place)]) >> 20)]) * np.float32(1 / 256)
                inputs[at(n_contexts)] = x
                where = 3 * 8 * n_contexts * COUNTS + size
                chosen[at(n_contexts)] = where
                logit += weights[at(where)] * x
            likely = _sigmoid(logit)
            chance = np.int64(likely * _UNITS + _HALF)
            chance = 1 if chance < 1 else 65535 if chance > 65535 else chance
            # --- code ---
            bit = (symbol >> (7 - bit_place)) & 1
            if mode == MEASURE:
                spent += cost_of[at(chance if bit else 65536 - chance)]
            else:
                span = high - low
                middle = low + (span >> 16) * chance + (((span & 65535) * chance) >> 16)
                if mode == DECODE:
                    bit = 1 if ahead <= middle else 0
                if bit:
                    high = middle
                else:
                    low = middle + 1
                while (low ^ high) & 0xFF000000 == 0:
                    if mode == ENCODE:
                        stream[at(place)] = np.uint8(high >> 24)
                    else:
                        ahead = (ahead << 8) & 0xFFFFFFFF
                        if place < len(stream):
                            ahead |= np.int64(stream[at(place)])
                    place += 1
                    low = (low << 8) & 0xFFFFFFFF
                    high = ((high << 8) & 0xFFFFFFFF) | 255
            # --- learn ---
            miss = (_1 if bit else _0) - likely
            step = miss * out
            net[at(c0 + partial)] += step
            row = o0 + partial * h
            for i in range(h):
                old = net[at(row + i)]
                pushes[at(h0 + i)] += miss * old
                net[at(row + i)] = old + step * trace[at(h0 + i)]
            step = miss * mixing
            for i in range(n_contexts):
                weights[at(chosen[at(i)])] += step * inputs[at(i)]
                where = slots[at(i)] + node
                history = np.int64(table[at(where)])
                count = history & 1023
                p = history >> 10
                p += ((bit * 4194303 - p) * np.int64(reciprocals[at(count)])) >> 16
                table[at(where)] = np.uint32(p << 10 | min(count + 1, 255))
            if matched > 0:
                weights[at(chosen[at(n_contexts)])] += step * inputs[at(n_contexts)]
                history = np.int64(matches[at(match_place)])
                count = history & 1023
                p = history >> 10
                p += ((bit * 4194303 - p) * np.int64(reciprocals[at(count)])) >> 16
                matches[at(match_place)] = np.uint32(p << 10 | min(count + 1, 1023))
                if (expected >> (7 - bit_place)) & 1 != bit:
                    matched = 0
            partial = partial * 2 + bit
            node = node * 2 + bit
        symbol = partial & 255
        if mode == DECODE:
            text[at(position)] = np.uint8(symbol)
        elif mode == MEASURE:
            costs[at(position - begin)] = spent
        # --- on ---
        if s == window:
            rates[F_POWER] *= rates[F_KEEP]
            _learn(net, squares, turned, trace, pushes, errors, symbols, gates, carry, h, window,
                   rate * np.sqrt(_1 - rates[F_POWER]), rates[F_KEEP])
            s = 0
        symbols[at(s)] = symbol
        _step(net, trace, gates, h, window, s, symbol)
        s += 1
        last = last << np.uint64(8) | np.uint64(symbol)
        lower = symbol + 32 if symbol >= 65 and symbol <= 90 else symbol
        if (lower >= 97 and lower <= 122) or symbol >= 128:
            word = (word + np.uint64(lower + 1)) * _WORD
        else:
            word = np.uint64(0)
        position += 1
        if matched > 0:
            pointer += 1
            matched += 1
        if position >= 6:
            where = np.int64(((last & np.uint64(0xFFFFFFFFFFFF)) * _ODD) >> match_shift)
            if matched == 0:
                pointer = np.int64(index[at(where)])
                while (matched < 32 and pointer - matched > 0
                       and text[at(pointer - matched - 1)] == text[at(position - matched - 1)]):
                    matched += 1
            index[at(where)] = position
    registers[R_POSITION] = np.uint64(position)
    registers[R_LAST] = last
    registers[R_WORD] = word
    registers[R_POINTER] = np.uint64(pointer)
    registers[R_MATCH] = np.uint64(matched)
    registers[R_STEP] = np.uint64(s)
    cursor[0] = place
    cursor[1] = low
    cursor[2] = high
    cursor[3] = ahead
    return position
