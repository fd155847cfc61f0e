"""What the coder ``mix`` does with DNA: matches that outlive mutations, and the other strand."""

# Numba gives these functions their types; mypy cannot follow how integers change theirs.
# mypy: disable-error-code="assignment,arg-type,return-value,operator,misc"
from __future__ import annotations

from typing import Any

from kolmo._core.jit import i64, inline, u64

_BYTE = u64(8)
_ODD = u64(0x9E3779B97F4A7C15)
_ODD2 = u64(0xD6E8FEB86659FD93)

SURE_MATCH = 16
"""Bases of a match that takes the place of one which misses."""


@inline
def n_misses(misses: int) -> Any:
    """Return how many of the last 32 guesses were wrong."""
    many = i64(0)
    while misses > 0:
        misses &= misses - 1
        many += 1
    return many


@inline
def match_kind(matched: int, many: int) -> Any:
    """Return 0 to 31 for a match that may miss: by its length, or by how often it missed and how long ago."""
    if many == 0:
        return min(matched >> 2, 11)
    return 12 + 4 * min((many - 1) >> 2, 4) + (0 if matched < 4 else 1 if matched < 8 else 2 if matched < 16 else 3)


@inline
def after_guess(matched: int, misses: int, missed: bool, allowed: int) -> Any:
    """Return how long a match is after its guess at a byte, and which of its last 32 guesses were wrong.

    Where misses are allowed, a match goes on after one, as if it had begun anew.
    """
    if matched == 0:
        return i64(0), i64(0)
    if allowed == 0:
        return (i64(0) if missed else matched + 1), i64(0)
    misses = (misses << 1 | i64(missed)) & 0xFFFFFFFF
    if n_misses(misses) > allowed:
        return i64(0), i64(0)
    return (i64(1) if missed else matched + 1), misses


@inline
def opposite(base: int) -> Any:
    """Return the letter of the base that pairs with one: A with T, C with G; any other letter as it is."""
    letter = base & 0x5F
    if letter == 65:
        return base + 19
    if letter == 84:
        return base - 19
    if letter == 67:
        return base + 4
    return base - 4 if letter == 71 else base


@inline
def opposite_key(text: Any, position: int, length: int) -> Any:
    """Return the key of the last bases as the other strand has them: paired, and in the other direction."""
    near = far = u64(0)
    for k in range(length):
        base = u64(opposite(i64(text[u64(position - 1 - k)])))
        if k >= length - 8:
            near = near << _BYTE | base
        else:
            far = far << _BYTE | base
    return near * _ODD + far * _ODD2


@inline
def opposite_length(text: Any, place: int, position: int) -> Any:
    """Return how many bases after a place pair with those before a position, up to 32."""
    length = i64(0)
    while (
        length < 32
        and place + 1 + length < position - length
        and i64(text[u64(place + 1 + length)]) == opposite(i64(text[u64(position - 1 - length)]))
    ):
        length += 1
    return length
