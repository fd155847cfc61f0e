"""DNA in the coder ``mix``: matches that tolerate substitutions, and matches on the opposite strand."""

# Numba types these functions; mypy cannot follow the changes of integer types.
# mypy: disable-error-code="assignment,arg-type,return-value,operator,misc"
from __future__ import annotations

from typing import Any

from kolmo._core.jit import i64, inline, u64

_BYTE = u64(8)
_ODD = u64(0x9E3779B97F4A7C15)
_ODD2 = u64(0xD6E8FEB86659FD93)

SURE_MATCH = 16
"""Minimum length in bases of a new match that replaces one with mismatches."""


@inline
def n_mismatches(mismatches: int) -> Any:
    """Return how many of the last 32 predictions were wrong."""
    many = i64(0)
    while mismatches > 0:
        mismatches &= mismatches - 1
        many += 1
    return many


@inline
def match_kind(matched: int, many: int) -> Any:
    """Return a class of 0 to 31 for a match: by length, or by number and distance of mismatches."""
    if many == 0:
        return min(matched >> 2, 11)
    return 12 + 4 * min((many - 1) >> 2, 4) + (0 if matched < 4 else 1 if matched < 8 else 2 if matched < 16 else 3)


@inline
def after_prediction(matched: int, mismatches: int, missed: bool, max_mismatches: int) -> Any:
    """Return the length of a match after its prediction of a byte, and its last 32 mismatches as bits.

    With tolerated mismatches, a match continues after one, with length 1.
    """
    if matched == 0:
        return i64(0), i64(0)
    if max_mismatches == 0:
        return (i64(0) if missed else matched + 1), i64(0)
    mismatches = (mismatches << 1 | i64(missed)) & 0xFFFFFFFF
    if n_mismatches(mismatches) > max_mismatches:
        return i64(0), i64(0)
    return (i64(1) if missed else matched + 1), mismatches


@inline
def opposite(base: int) -> Any:
    """Return the complementary base: A for T, C for G and the reverse; any other letter unchanged."""
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
    """Return the index key of the reverse complement of the last bases."""
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
    """Return how many bases after a place are complementary to those before a position, at most 32."""
    length = i64(0)
    while (
        length < 32
        and place + 1 + length < position - length
        and i64(text[u64(place + 1 + length)]) == opposite(i64(text[u64(position - 1 - length)]))
    ):
        length += 1
    return length
