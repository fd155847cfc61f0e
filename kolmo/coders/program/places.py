"""Places of a target: values for hidden ones, those that break a pattern alone, and the period of a long target."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kolmo.coders.program import kernels
from kolmo.coders.program.kernels import ANY
from kolmo.coders.program.pieces import Target


def fillings(target: Target, symbols: int) -> Iterator[Target]:
    """Fill free places as the known places around them suggest: periodic up to a rise, or with constant curvature."""
    filled = _filled_by_periods(target, symbols)
    if (filled != ANY).all():
        yield filled
    curved = _filled_by_curvature(target, symbols)
    curved = np.where(curved == ANY, filled, curved)
    if (curved != ANY).all() and (curved != filled).any():
        yield curved


def _filled_by_curvature(target: Target, symbols: int) -> Target:
    """Return a target whose free places continue the three before them, or lie between two pairs, on a parabola."""
    values = target.copy()
    third = pow(3, -1, symbols) if symbols % 3 else 0
    for place in np.flatnonzero(target == ANY):
        before, after = values[max(place - 3, 0) : place], values[place + 1 : place + 3]
        if len(before) > 1 and len(after) == 2 and third and (before[-2:] != ANY).all() and (after != ANY).all():
            rise = int(before[-1]) - int(before[-2])
            bend = (int(after[1]) - int(after[0]) - rise) * third % symbols
            value = (int(before[-1]) + rise + bend) % symbols
            if (value + rise + 2 * bend - int(after[0])) % symbols == 0:
                values[place] = value
                continue
        if len(before) == 3 and (before != ANY).all():
            values[place] = (3 * int(before[2]) - 3 * int(before[1]) + int(before[0])) % symbols
    return values


_LONGEST_FILLED = 24


def _filled_by_periods(target: Target, symbols: int) -> Target:
    """Return a target whose free places continue the longest run of equal rises, over any period, next to them."""
    values = target.copy()
    longest = min(len(target) // 2, _LONGEST_FILLED)
    kernels.fill_by_periods(target, symbols, longest, values, np.zeros((4, len(target) + 1), np.int64))
    return values


def outliers(target: Target, symbols: int) -> list[int]:
    """Return places that alone break a period or a range."""
    size, places = len(target), []
    for period in range(1, size // 2 + 1):
        wrong = np.flatnonzero(target[period:] != target[:-period])
        if 0 < len(wrong) <= 4:
            near = np.concatenate([wrong, wrong + period])
            values, counts = np.unique(near, return_counts=True)
            places += [int(each) for each in values[counts == counts.max()][:2]]
            places += [int(wrong[0]), int(wrong[-1] + period)]
    if symbols > 2:
        steps = np.diff(target) % symbols
        step = int(np.bincount(steps).argmax())
        levels = (target - step * np.arange(size)) % symbols
        wrong = np.flatnonzero(levels != np.bincount(levels).argmax())
        if 0 < len(wrong) <= 4:
            places += [int(each) for each in wrong]
    return list(dict.fromkeys(places))[:6]


def long_period(target: Target) -> int:
    """Return the least period of a long target, or 0 if none of the first candidates is one."""
    data = target.astype("<i2").tobytes()
    at = 0
    for _ in range(64):
        at = data.find(data[:64], at + 1)
        if at < 0 or at > len(data) // 2:
            return 0
        if at % 2 == 0 and data[at:] == data[:-at]:
            return at // 2
    return 0
