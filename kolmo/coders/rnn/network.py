"""The recurrent network of the coder ``gru``, also used by ``mix``: gated recurrent units, trained online.

All arithmetic is float32, in a fixed order, with additions, multiplications, divisions and square roots only, which
IEEE 754 rounds uniquely: all machines compute the same bits. The inner loops run over outputs and never over the terms
of a sum, so that they vectorise without a change of order.
"""

# Numba types these functions; mypy cannot follow the changes of integer types.
# mypy: disable-error-code="assignment,arg-type,return-value,operator,misc"
from __future__ import annotations

from typing import Any

import numpy as np

from kolmo._core.jit import i64, inline, u64

_0, _1, _2 = np.float32(0), np.float32(1), np.float32(2)
_LARGE = np.float32(20)
_SMALL = np.float32(1e-12)
_64TH = np.float32(1 / 64)
_C2, _C3, _C4, _C5 = np.float32(1 / 2), np.float32(1 / 6), np.float32(1 / 24), np.float32(1 / 120)

WINDOW = 32
"""Bytes of truncated backpropagation, and between updates of the network; a multiple of 4."""
_N_SUMS = 16

# learning rates: initial and minimum, with decay per byte
_RATE, _LEAST_RATE = np.float32(0.008), np.float32(0.0005)
_OUTPUT_RATE, _LEAST_OUTPUT_RATE = np.float32(0.05), np.float32(0.005)
_SLOWER = np.float32(1 / 80000)
_KEEP = np.float32(0.999)

# numbers at the start of the memory of the network: position in the window, bytes read, and the remaining weight of the
# initial mean square, for bias correction
STEP, AGE, POWER = range(3)
_N_NUMBERS = 16


@inline
def places(h: int) -> Any:
    """Return the starts of the arrays in the memory of a network of `h` units, and its length."""
    inner = 3 * h * (256 + 1 + h)
    weights = i64(_N_NUMBERS)
    outputs = weights + inner
    squares = outputs + 256 * h + 256
    transposed = squares + inner
    trace = transposed + 3 * h * h
    pushes = trace + (WINDOW + 1) * h + 4 * WINDOW * h
    errors = pushes + (WINDOW + 1) * h
    symbols = errors + 4 * WINDOW * h
    gates = symbols + WINDOW
    carry = gates + 3 * h
    sums = carry + h
    return weights, outputs, squares, transposed, trace, pushes, errors, symbols, gates, carry, sums, sums + _N_SUMS


@inline
def _parts(memory: Any, h: int) -> Any:
    """Return the arrays in the memory of a network."""
    a, b, c, d, e, f, g, i, j, k, m, n = places(h)
    return (
        memory[0:a],  # numbers
        memory[a:b],  # weights: from each byte, biases, and from each unit
        memory[b:c],  # outputs: weights of each node of the binary tree over a byte, then biases
        memory[c:d],  # squares: running mean square of each weight's gradient
        memory[d:e],  # transposed: transposed weights between units
        memory[e:f],  # trace: states over the window, then their gates
        memory[f:g],  # pushes: gradients of each state from the outputs
        memory[g:i],  # errors: gradients of each gate
        memory[i:j],  # symbols: bytes in the window
        memory[j:k],  # gates
        memory[k:m],  # carry
        memory[m:n],  # sums
    )


@inline
def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + e^-x), with e^y as (e^(y / 64))^64 and a polynomial for the inner exponential."""
    x = x if x > -_LARGE else -_LARGE
    x = x if x < _LARGE else _LARGE
    y = -x * _64TH
    power = _1 + y * (_1 + y * (_C2 + y * (_C3 + y * (_C4 + y * _C5))))
    power *= power
    power *= power
    power *= power
    power *= power
    power *= power
    power *= power
    return _1 / (_1 + power)


@inline
def decayed(rate: Any, least: Any, age: Any) -> Any:
    """Return a learning rate after a number of bytes, at least `least`."""
    rate = rate / (_1 + age * _SLOWER)
    return rate if rate > least else least


@inline
def _add_rows(matrix: Any, start: int, x: Any, x_start: int, x_step: int, n_rows: int, n_columns: int, y: Any) -> None:
    """Add the rows of a matrix, each times an element of `x`, to `y`; four at a time to save memory traffic."""
    for j in range(0, n_rows, 4):
        x0 = x[u64(x_start + j * x_step)]
        x1 = x[u64(x_start + (j + 1) * x_step)]
        x2 = x[u64(x_start + (j + 2) * x_step)]
        x3 = x[u64(x_start + (j + 3) * x_step)]
        row0 = start + j * n_columns
        row1 = row0 + n_columns
        row2 = row1 + n_columns
        row3 = row2 + n_columns
        for i in range(n_columns):
            y[u64(i)] = (
                ((y[u64(i)] + matrix[u64(row0 + i)] * x0) + matrix[u64(row1 + i)] * x1) + matrix[u64(row2 + i)] * x2
            ) + matrix[u64(row3 + i)] * x3


@inline
def _updated(weight: Any, mean: Any, gradient: Any, rate: Any) -> Any:
    return weight + rate * gradient / (np.sqrt(mean) + _SMALL)


@inline
def _mean(mean: Any, gradient: Any) -> Any:
    return mean * _KEEP + (_1 - _KEEP) * gradient * gradient


@inline
def logit(memory: Any, h: int, node: int) -> Any:
    """Return ln(p / (1 - p)) for the network's probability p that the next bit of a byte is 1.

    Parameters
    ----------
    memory : ndarray of float32
    h : int
        Units of the network.
    node : int
        The bits of the byte so far, with a leading 1.
    """
    numbers, _, outputs, _, _, trace, _, _, _, _, _, sums = _parts(memory, h)
    state = i64(numbers[STEP]) * h
    row = node * h
    for i in range(_N_SUMS):
        sums[u64(i)] = outputs[u64(row + i)] * trace[u64(state + i)]
    for j in range(_N_SUMS, h, _N_SUMS):
        for i in range(_N_SUMS):
            sums[u64(i)] += outputs[u64(row + j + i)] * trace[u64(state + j + i)]
    for i in range(8):
        sums[u64(i)] += sums[u64(i + 8)]
    for i in range(4):
        sums[u64(i)] += sums[u64(i + 4)]
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + outputs[u64(256 * h + node)]


@inline
def learn_bit(memory: Any, h: int, node: int, miss: Any) -> None:
    """Update the output weights of a node by its error, and add to the gradient of the state."""
    numbers, _, outputs, _, _, trace, pushes, _, _, _, _, _ = _parts(memory, h)
    state = i64(numbers[STEP]) * h
    step = miss * decayed(_OUTPUT_RATE, _LEAST_OUTPUT_RATE, numbers[AGE])
    outputs[u64(256 * h + node)] += step
    row = node * h
    for i in range(h):
        old = outputs[u64(row + i)]
        pushes[u64(state + i)] += miss * old
        outputs[u64(row + i)] = old + step * trace[u64(state + i)]


@inline
def learn_byte(memory: Any, h: int, symbol: int) -> None:
    """Compute the state after `symbol`; at the end of a window, first update the weights by backpropagation."""
    numbers, weights, _, squares, transposed, trace, pushes, errors, symbols, gates, carry, _ = _parts(memory, h)
    if i64(numbers[STEP]) == WINDOW:
        numbers[POWER] *= _KEEP
        rate = decayed(_RATE, _LEAST_RATE, numbers[AGE]) * np.sqrt(_1 - numbers[POWER])  # bias correction of the means
        _backpropagate(transposed, trace, pushes, errors, carry, h)
        _update_weights(weights, squares, transposed, trace, errors, symbols, gates, h, rate)
        for i in range(h):
            trace[u64(i)] = trace[u64(WINDOW * h + i)]
        numbers[STEP] = _0
    s = i64(numbers[STEP])
    symbols[u64(s)] = np.float32(symbol)
    _read(weights, trace, gates, h, s, symbol)
    for i in range(h):
        pushes[u64((s + 1) * h + i)] = _0
    numbers[STEP] += _1
    numbers[AGE] += _1


@inline
def _read(weights: Any, trace: Any, gates: Any, h: int, s: int, symbol: int) -> None:
    """Compute the state after state `s` of the trace and a byte."""
    g = 3 * h
    of_byte = symbol * g
    of_none = 256 * g
    state = s * h
    made = (WINDOW + 1) * h + s * 4 * h
    for i in range(g):
        gates[u64(i)] = _0
    _add_rows(weights, of_none + g, trace, state, 1, h, g, gates)
    for i in range(2 * h):
        gates[u64(i)] = sigmoid(gates[u64(i)] + (weights[u64(of_byte + i)] + weights[u64(of_none + i)]))
    for i in range(h):
        update = gates[u64(i)]
        reset = gates[u64(h + i)]
        inner = gates[u64(2 * h + i)]
        outer = weights[u64(of_byte + 2 * h + i)] + weights[u64(of_none + 2 * h + i)]
        new = _2 * sigmoid(_2 * (outer + reset * inner)) - _1
        old = trace[u64(state + i)]
        trace[u64(made + i)] = update
        trace[u64(made + h + i)] = reset
        trace[u64(made + 2 * h + i)] = inner
        trace[u64(made + 3 * h + i)] = new
        trace[u64(state + h + i)] = old + update * (new - old)


@inline
def _backpropagate(transposed: Any, trace: Any, pushes: Any, errors: Any, carry: Any, h: int) -> None:
    """Compute the gradient of each gate at each byte of the window, from the last to the first."""
    for i in range(h):
        carry[u64(i)] = _0
    for back in range(WINDOW):
        s = WINDOW - 1 - back
        state = s * h
        made = (WINDOW + 1) * h + s * 4 * h
        row = s * 4 * h
        for i in range(h):
            push = carry[u64(i)] + pushes[u64(state + h + i)]
            update = trace[u64(made + i)]
            reset = trace[u64(made + h + i)]
            inner = trace[u64(made + 2 * h + i)]
            new = trace[u64(made + 3 * h + i)]
            outer = push * update * (_1 - new * new)
            errors[u64(row + i)] = push * (new - trace[u64(state + i)]) * update * (_1 - update)
            errors[u64(row + h + i)] = outer * inner * reset * (_1 - reset)
            errors[u64(row + 2 * h + i)] = outer * reset
            errors[u64(row + 3 * h + i)] = outer
            carry[u64(i)] = push * (_1 - update)
        _add_rows(transposed, 0, errors, row, 1, 3 * h, h, carry)


@inline
def _update_weights(
    weights: Any, squares: Any, transposed: Any, trace: Any, errors: Any, symbols: Any, gates: Any, h: int, rate: Any
) -> None:
    """Update each weight along its gradient, divided by the root of the running mean square (RMSprop)."""
    g = 3 * h
    of_none = 256 * g
    for j in range(h):
        for i in range(g):
            gates[u64(i)] = _0
        # the gradients of a byte take 4 h places, of which the last h do not belong to these weights
        for s in range(0, WINDOW, 4):
            x0 = trace[u64(s * h + j)]
            x1 = trace[u64((s + 1) * h + j)]
            x2 = trace[u64((s + 2) * h + j)]
            x3 = trace[u64((s + 3) * h + j)]
            row0 = s * 4 * h
            row1 = row0 + 4 * h
            row2 = row1 + 4 * h
            row3 = row2 + 4 * h
            for i in range(g):
                gradient = gates[u64(i)] + errors[u64(row0 + i)] * x0
                gradient = (gradient + errors[u64(row1 + i)] * x1) + errors[u64(row2 + i)] * x2
                gates[u64(i)] = gradient + errors[u64(row3 + i)] * x3
        row = of_none + g + j * g
        for i in range(g):
            mean = _mean(squares[u64(row + i)], gates[u64(i)])
            squares[u64(row + i)] = mean
            weights[u64(row + i)] = _updated(weights[u64(row + i)], mean, gates[u64(i)], rate)
        for i in range(g):
            transposed[u64(i * h + j)] = weights[u64(row + i)]
    for i in range(g):
        gates[u64(i)] = _0
    for s in range(WINDOW):
        of_byte = i64(symbols[u64(s)]) * g
        for gate in range(3):
            place = gate * h
            row = s * 4 * h + (3 * h if gate == 2 else place)
            for i in range(h):
                gradient = errors[u64(row + i)]
                gates[u64(place + i)] += gradient
                mean = _mean(squares[u64(of_byte + place + i)], gradient)
                squares[u64(of_byte + place + i)] = mean
                weights[u64(of_byte + place + i)] = _updated(weights[u64(of_byte + place + i)], mean, gradient, rate)
    for i in range(g):
        mean = _mean(squares[u64(of_none + i)], gates[u64(i)])
        squares[u64(of_none + i)] = mean
        weights[u64(of_none + i)] = _updated(weights[u64(of_none + i)], mean, gates[u64(i)], rate)
