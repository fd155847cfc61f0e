"""The overlap of two items in plain Python: the best passage of y that copies phrases from x."""

from __future__ import annotations

import math
from collections.abc import Sequence

LITERAL, CONTINUED, ELSEWHERE = -math.log2(0.9), -math.log2(0.09), -math.log2(0.01)
SHORTEST = 4
DROP = 50.0
SHIFT_BITS = {0: 1, 1: 3, 2: 5, 3: 5, 4: 6, 5: 6, 6: 6, 7: 6}

Span = tuple[int, int]


def overlap(y: bytes, surprisals: Sequence[float], x: bytes) -> tuple[float, Span, Span, float, float]:
    """Return the bits saved, the spans in y and in x, the bits of the passage, and those of its copied phrases."""
    total = [0.0]
    for bits in surprisals:
        total.append(total[-1] + bits)
    size = len(y)
    score, peak = [0.0] * (size + 1), [0.0] * (size + 1)
    before: list[int | None] = [None] * (size + 1)
    source: list[int | None] = [None] * (size + 1)
    expected = list(range(size + 1))

    def extend(at: int, stop: int, saved: float, start: int) -> None:
        if score[at] + saved > score[stop]:
            score[stop], before[stop], source[stop] = score[at] + saved, at, start
            peak[stop] = max(score[stop], peak[at])
            expected[stop] = start + stop - at

    known: tuple[int, int] | None = None
    for at in range(size):
        literal = score[at] - LITERAL
        if literal > max(score[at + 1], peak[at] - DROP):
            score[at + 1], before[at + 1], source[at + 1] = literal, at, None
            peak[at + 1], expected[at + 1] = peak[at], expected[at] + 1
        known = longest_phrase(y, at, x, known)
        if known is not None:
            start, length = known
            saved = total[at + length] - total[at] - ELSEWHERE - math.log2(len(x) + 1) - length_bits(length)
            extend(at, at + length, saved, start)
        for shift in range(-7, 8):
            start = expected[at] + shift
            if 0 <= start < len(x) and (length := common(y, at, x, start)):
                bits = CONTINUED + SHIFT_BITS[abs(shift)] + length_bits(length)
                extend(at, at + length, total[at + length] - total[at] - bits, start)
    stop = max(range(size + 1), key=lambda place: (score[place], -place))
    phrases, at = [], stop
    while (previous := before[at]) is not None:
        if (start_in_x := source[at]) is not None:
            phrases.append((previous, at, start_in_x, score[at] - score[previous]))
        at = previous
    position = min(LITERAL * (size - (stop - at)), 2 * math.log2(size + 1))
    copied = sum(total[end] - total[start] for start, end, _, _ in phrases)
    return score[stop] - position - 1, (at, stop), span_in_x(phrases), total[stop] - total[at], copied


def longest_phrase(y: bytes, at: int, x: bytes, known: tuple[int, int] | None) -> tuple[int, int] | None:
    """Return place and length of the longest phrase; of equal ones that which goes on, else the first in x."""
    best = (known[0] + 1, known[1] - 1) if known is not None and known[1] > SHORTEST else None
    for place in range(len(x)):
        length = common(y, at, x, place)
        if length > (SHORTEST - 1 if best is None else best[1]):
            best = place, length
    return best


def common(y: bytes, at: int, x: bytes, place: int) -> int:
    """Return the number of equal bytes from two places on."""
    length = 0
    while at + length < len(y) and place + length < len(x) and y[at + length] == x[place + length]:
        length += 1
    return length


def length_bits(length: int) -> float:
    """Return the bits of the length of a phrase."""
    return 2 * math.log2(length) + 1


def span_in_x(phrases: Sequence[tuple[int, int, int, float]]) -> Span:
    """Return the segment of x with the most bits copied from it, less those of literals for other bytes."""
    gains: dict[int, float] = {}
    for start, end, place, saved in phrases:
        for offset in range(end - start):
            gains[place + offset] = max(gains.get(place + offset, -LITERAL), saved / (end - start))
    if not gains:
        return 0, 0
    best, span = 0.0, (min(gains), max(gains) + 1)
    running, first = 0.0, 0
    for place in range(min(gains), max(gains) + 1):
        if running <= 0:
            running, first = 0.0, place
        running += gains.get(place, -LITERAL)
        if running > best:
            best, span = running, (first, place + 1)
    return span
