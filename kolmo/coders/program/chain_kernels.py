"""Kernels that find prefix sums of ranges and repeats, strided, substituted and taken modulo a number."""

# Numba types these functions; mypy cannot follow the changes of integer types.
# mypy: disable-error-code="assignment"
from __future__ import annotations

from typing import Any

import numpy as np

from kolmo._core.jit import inline, jit
from kolmo.coders.program.kernels import ANY


@inline
def _gcd(a: Any, b: Any) -> Any:
    while b:
        a, b = b, a % b
    return a


@jit
def fit_chains(target: Any, symbols: Any, steps: Any, weights: Any, modular: Any, known: Any, found: Any) -> Any:
    """Find ranges whose scans, strided and taken modulo a number, give the target; return how many were found.

    The chain is ``mod(add?(step(scan(...scan(range(start, step))...), stride)), modulus)``, with 0 to 3 scans.

    Parameters
    ----------
    target : ndarray of int16
    symbols : int
    steps : ndarray of int64
        The steps to try.
    modular : bool
        Whether to look for moduli: of the plain chain, and of one that a constant is added to afterwards.
    weights : ndarray of int64, of shape (4, at least 5 n, 2)
        By scans and place: how often the start and the step are added up in that symbol.
    known : ndarray of int64, of shape (n,)
        Overwritten.
    found : ndarray of int64, of shape (rows, 6)
        Filled with start, step, scans, stride, modulus (0 for none) and constant.
    """
    n = target.size
    count = 0
    high, low = -1, symbols
    for place in range(n):
        if target[place] != ANY:
            known[count] = place
            count += 1
            high, low = max(high, target[place]), min(low, target[place])
    if count < 5:
        return 0
    rows = 0
    for scans in range(4):
        for stride in range(1, 6):
            if (scans == 0 and stride > 1) or (not modular and scans < 1):
                continue
            for step in steps:
                for start in range(symbols):
                    whole, shifted = np.int64(0), np.int64(0)
                    at = known[0] * stride
                    first = (start * weights[scans, at, 0] + step * weights[scans, at, 1]) % symbols
                    if not modular and first != target[known[0]]:
                        continue
                    whole = abs(first - target[known[0]])
                    good, plain = True, True
                    if whole and whole <= high:
                        plain = False
                    for index in range(1, count):
                        place = known[index]
                        at = place * stride
                        value = (start * weights[scans, at, 0] + step * weights[scans, at, 1]) % symbols
                        if not modular:
                            if value != target[place]:
                                good = False
                                break
                            continue
                        if plain:
                            whole = _gcd(whole, abs(value - target[place]))
                            plain = whole == 0 or whole > high
                        shifted = _gcd(shifted, abs(value - first - target[place] + target[known[0]]))
                        if shifted and shifted <= high - low:
                            good = False
                            break
                    if not good or rows == found.shape[0]:
                        continue
                    modulus, add = (whole, 0) if plain else (shifted, 0)
                    if not plain:
                        add = (target[known[0]] - (first % shifted if shifted else first)) % symbols
                        for index in range(count):  # the sum may wrap
                            at = known[index] * stride
                            value = (start * weights[scans, at, 0] + step * weights[scans, at, 1]) % symbols
                            if ((value % shifted if shifted else value) + add) % symbols != target[known[index]]:
                                good = False
                                break
                    if good and modulus < symbols:
                        found[rows, 0], found[rows, 1], found[rows, 2] = start, step, scans
                        found[rows, 3], found[rows, 4], found[rows, 5] = stride, modulus, add
                        rows += 1
    return rows


@jit
def fit_periodic_scan(target: Any, symbols: Any, period: Any, sums: Any) -> Any:
    """Find prefix sums of a sequence of this period whose values modulo a number are the target; return the modulus.

    Each phase of such prefix sums is a range with one common step. Returns 0 if there is none, and fills `sums` with
    the first `period` prefix sums and the step.
    """
    n = target.size
    high = np.int64(0)
    for place in range(n):
        high = max(high, target[place])
    for step in range(symbols):
        for first in range(symbols):
            common = np.int64(0)
            for phase in range(period):
                best, best_gcd = -1, np.int64(0)
                low, top = (first, first + 1) if phase == 0 else (0, symbols)
                for start in range(low, top):
                    whole, value = common, start
                    for place in range(phase, n, period):
                        if target[place] != ANY:
                            whole = _gcd(whole, abs(value - target[place]))
                            if whole and whole <= high:
                                break
                        value = (value + step) % symbols
                    if (whole == 0 or whole > high) and (best < 0 or whole > best_gcd):
                        best, best_gcd = start, whole
                if best < 0:
                    common = -1
                    break
                sums[phase], common = best, best_gcd
            if high < common < symbols:
                sums[period] = step
                return common
    return 0


@jit
def fit_nested_moduli(target: Any, symbols: Any, steps: Any, before: Any, scans: Any, found: Any) -> Any:
    """Find ``mod(scan(...mod(scan?(range(start, step)), inner)...), outer)``, plus a constant.

    `before` is 0 or 1 scans within the inner modulus, `scans` 0 to 2 scans of it. Fills `found` of shape (rows, 5) with
    start, step, inner and outer modulus, and constant; returns the number of rows.
    """
    n, rows, high, low, origin = target.size, 0, np.int64(0), np.int64(symbols), -1
    for place in range(n):
        if target[place] != ANY:
            high, low = max(high, target[place]), min(low, target[place])
            if origin < 0:
                origin = place
    for inner in range(2 if scans else high - low + 2, symbols // 2 + 1):
        for step in steps:
            for start in range(symbols):
                common, item, total = np.int64(0), np.int64(start), np.int64(0)
                once, twice, shift, first = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
                for place in range(n):
                    value = item
                    item = (item + step) % symbols
                    if before:
                        total = (total + value) % symbols
                        value = total
                    value %= inner
                    if scans > 0:
                        once = (once + value) % symbols
                        value = once
                    if scans > 1:
                        twice = (twice + value) % symbols
                        value = twice
                    if place == origin:
                        shift, first = value - target[place], value
                    elif target[place] != ANY:
                        common = _gcd(common, abs(value - target[place] - shift))
                        if common and common <= high - low:
                            common = np.int64(-1)
                            break
                if high - low < common < symbols and rows < found.shape[0]:
                    constant = target[origin] - first % common
                    if 0 <= constant <= low:
                        found[rows, 0], found[rows, 1], found[rows, 2], found[rows, 3] = start, step, inner, common
                        found[rows, 4] = constant
                        rows += 1
    return rows


@jit
def fit_modular_substitutions(target: Any, symbols: Any, steps: Any, found: Any) -> Any:
    """Find ``mod(scan(substitute(range(start, step), every, symbol)), modulus)``.

    Fills `found` of shape (rows, 5) with start, step, every, symbol and modulus; returns the number of rows.
    """
    n, high, rows = target.size, np.int64(0), 0
    for place in range(n):
        high = max(high, target[place])
    for every in range(2, 10):
        for step in steps:
            for start in range(symbols):
                total, common = np.int64(0), np.int64(0)
                for place in range(min(every - 1, n)):  # these do not depend on the symbol
                    total = (total + start + step * place) % symbols
                    if target[place] != ANY:
                        common = _gcd(common, abs(total - target[place]))
                        if common and common <= high:
                            common = np.int64(-1)
                            break
                if common < 0:
                    continue
                for symbol in range(symbols):
                    value, whole = total, common
                    for place in range(every - 1, n):
                        value += symbol if (place + 1) % every == 0 else start + step * place
                        value %= symbols
                        if target[place] != ANY:
                            whole = _gcd(whole, abs(value - target[place]))
                            if whole and whole <= high:
                                whole = np.int64(-1)
                                break
                    if high < whole < symbols and rows < found.shape[0]:
                        found[rows, 0], found[rows, 1], found[rows, 2] = start, step, every
                        found[rows, 3], found[rows, 4] = symbol, whole
                        rows += 1
    return rows
