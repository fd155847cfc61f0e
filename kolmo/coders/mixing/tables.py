"""Constant tables of context mixing, computed in exact arithmetic and so identical on all machines."""

from __future__ import annotations

import functools
import math
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LIMITS = (41, 33, 10, 6, 5)
"""Maximum of the larger count of a state, by the smaller count."""
_DISCOUNTED = (0, 1, 2, 3, 3, 4, 4, 5, 5, 5, 6)
"""Count of a bit after the opposite bit, by its count before."""
_EXACT_BITS = 3
"""Number of bits up to which a history is stored exactly."""

_CLASSES = {
    1: b"bcdfghjklmnpqrstvwxyz",
    2: b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    3: b"0123456789",
    4: b" ",
    5: b"\n",
    6: b".!?",
    7: b",;:",
    8: b"'\"",
    9: b"[{(<",
    10: b"]})>",
    11: b"|=*#",
    12: b"&",
    13: b"-_/",
    15: b"aeiou",
}

State = tuple[int, ...]


@functools.cache
def histories() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the transitions between the states of a bit history, and an initial probability for each state.

    A history of up to three bits is a state by itself. A longer history is represented by the counts of both bits and
    the last bit; each bit discounts the count of the opposite bit, so that recent bits have more weight.

    Returns
    -------
    step : ndarray of shape (512,)
        The state after state ``s`` and bit ``b`` at ``2 * s + b``. State 0 is the empty history.
    probabilities : ndarray of shape (256,)
        The probability of a one, in units of 2 to the power of -16.
    """
    import numpy as np

    states: dict[tuple[bool, State], int] = {(True, ()): 0}
    queue: list[tuple[bool, State]] = [(True, ())]
    step, probabilities = np.zeros(512, np.uint8), np.full(256, 32768, np.int64)
    for key in queue:
        number = states[key]
        zeros, ones = _counts(key)
        probabilities[number] = (65536 * (5 * ones + 2)) // (5 * (zeros + ones) + 4)
        for bit in (0, 1):
            follower = _after(key, bit)
            if follower not in states:
                states[follower] = len(states)
                queue.append(follower)
            step[2 * number + bit] = states[follower]
    return step, probabilities


def _counts(key: tuple[bool, State]) -> tuple[int, int]:
    exact, state = key
    return (len(state) - sum(state), sum(state)) if exact else (state[0], state[1])


def _after(key: tuple[bool, State], bit: int) -> tuple[bool, State]:
    exact, state = key
    if exact and len(state) < _EXACT_BITS:
        return True, (*state, bit)
    counts = list(_counts(key))
    counts[bit] += 1
    if not exact and counts[1 - bit] > 2:
        other = counts[1 - bit]
        counts[1 - bit] = _DISCOUNTED[other] if other < len(_DISCOUNTED) else _DISCOUNTED[-1] + (other >= 24)
    fewer, more = sorted(counts)
    fewer = min(fewer, len(_LIMITS) - 1)
    more = max(min(more, _LIMITS[fewer]), fewer)
    zeros, ones = (fewer, more) if counts[0] <= counts[1] else (more, fewer)
    return False, (zeros, ones, bit)


@functools.cache
def constants() -> NDArray[np.int32]:
    """Return stretch (4,096), squash (4,096), reciprocals (1,024) and fast reciprocals (16), concatenated.

    Stretch is ln(p / (1 - p)) in units of 1/256 for p in units of 1/4096; squash is its inverse, in units of 2 to the
    power of -16.
    """
    import numpy as np

    with localcontext() as context:
        context.prec = 20
        upper = [round(256 * (Decimal(4097 + 2 * i) / (4095 - 2 * i)).ln()) for i in range(2048)]
        stretch = [*(-value for value in reversed(upper)), *upper]
        # e to the power of k/256, by repeated multiplication
        powers, factor = [Decimal(-8).exp()], (Decimal(1) / 256).exp()
        for _ in range(4095):
            powers.append(powers[-1] * factor)  # the accumulated error leaves 16 of 20 digits
        squash = [round(65536 * power / (1 + power)) for power in powers]
    values = [max(-2047, min(2047, value)) for value in stretch]
    values += [max(16, min(65520, value)) for value in squash]
    values += [655360 // (10 * i + 16) for i in range(1024)]
    values += [131072 // (2 * i + 3) for i in range(16)]
    return np.array(values, np.int32)


@functools.cache
def classes() -> NDArray[np.int32]:
    """Return the character class, 0 to 15, of each byte."""
    import numpy as np

    kinds = np.zeros(256, np.int32)
    for kind, members in _CLASSES.items():
        kinds[list(members)] = kind
    kinds[128:] = 14
    return kinds


@functools.cache
def costs() -> NDArray[np.float64]:
    """Return the code length in bits by probability, in units of 2 to the power of -16."""
    import numpy as np

    return np.array([16.0, *(16 - math.log2(chance) for chance in range(1, 65537))])
