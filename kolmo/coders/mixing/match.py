"""The match models: the byte that followed the longest earlier occurrence of the last bytes predicts the next one."""

# Numba types these functions; mypy cannot follow the changes of integer types.
# mypy: disable-error-code="assignment,arg-type,return-value,operator,misc"
from __future__ import annotations

from typing import Any

from kolmo._core.jit import i64, inline, u64
from kolmo.coders.mixing.dna_contexts import (
    SURE_MATCH,
    after_prediction,
    match_kind,
    opposite,
    opposite_key,
    opposite_length,
)
from kolmo.coders.mixing.lookup import record

_MAX_LENGTH = 400


@inline
def _match_length(text: Any, first: int, second: int) -> Any:
    """Return how many bytes before two positions are equal, at most 400; 0 if the first position is 0."""
    length = i64(0)
    while (
        length < _MAX_LENGTH and first - length > 0 and text[u64(first - length - 1)] == text[u64(second - length - 1)]
    ):
        length += 1
    return length


@inline
def length_class(length: int, n_mismatches: int, max_mismatches: int) -> Any:
    """Return a class of 0 to 31 for the length of a match; with tolerated mismatches also for their number."""
    if max_mismatches > 0:
        return match_kind(length, n_mismatches)
    if length >= 128:
        return 30 if length < _MAX_LENGTH else 31
    return length if length < 16 else 16 + ((length - 16) >> 3)


@inline
def selector_class(length: int, n_mismatches: int) -> Any:
    """Return a coarse class of a match: 1, 3, 5 or 7, to which the predicted bit is added."""
    if n_mismatches > 0:
        return 1 if n_mismatches > 8 else 3
    return 1 if length < 8 else 3 if length < 16 else 5 if length < 32 else 7


@inline
def next_match(
    text: Any,
    index: Any,
    position: int,
    entry: int,
    min_length: int,
    max_mismatches: int,
    pointer: int,
    matched: int,
    mismatches: int,
    missed: bool,
    expected: int,
    journal: Any,
    n_entries: int,
) -> Any:
    """Continue or end the match after a byte, and look for a new one in the index.

    Parameters
    ----------
    entry : int
        Index entry of the last `min_length` bytes.
    pointer, matched, mismatches, expected : int
        State of the match: position and value of the predicted byte, length, and the last 32 predictions as bits (1 is
        a mismatch).
    missed : bool
        Whether the last prediction was wrong.

    Returns
    -------
    pointer, matched, mismatches, expected, n_entries
    """
    matched, mismatches = after_prediction(matched, mismatches, missed, max_mismatches)
    if matched > 0:
        pointer += 1
    if position >= min_length:
        if matched == 0:
            pointer = i64(index[u64(entry)])
            matched = _match_length(text, pointer, position)
            if max_mismatches > 0 and matched < min_length:
                matched = i64(0)
        elif mismatches > 0 and matched < SURE_MATCH:
            other = i64(index[u64(entry)])
            length = _match_length(text, other, position)
            if length >= SURE_MATCH:
                pointer, matched, mismatches = other, length, i64(0)
        n_entries = record(journal, n_entries, -1 - entry, i64(index[u64(entry)]))
        index[u64(entry)] = position
        if matched > 0:
            expected = i64(text[u64(pointer)])
    return pointer, matched, mismatches, expected, n_entries


@inline
def next_long_match(
    text: Any,
    index: Any,
    position: int,
    entry: int,
    pointer: int,
    matched: int,
    missed: bool,
    expected: int,
    journal: Any,
    n_entries: int,
) -> Any:
    """Do as `next_match` for the model with the larger minimum length, which tolerates no mismatch."""
    if matched > 0:
        matched = i64(0) if missed else matched + 1
    if matched > 0:
        pointer += 1
    if position >= 16:
        if matched == 0:
            pointer = i64(index[u64(entry)])
            matched = _match_length(text, pointer, position)
        n_entries = record(journal, n_entries, -1 - entry, i64(index[u64(entry)]))
        index[u64(entry)] = position
        if matched > 0:
            expected = i64(text[u64(pointer)])
    return pointer, matched, expected, n_entries


@inline
def next_opposite_match(
    text: Any,
    index: Any,
    position: int,
    match_shift: Any,
    min_length: int,
    max_mismatches: int,
    pointer: int,
    matched: int,
    mismatches: int,
    missed: bool,
    expected: int,
) -> Any:
    """Do as `next_match` for DNA on the opposite strand, which is read backwards with complementary bases."""
    matched, mismatches = after_prediction(matched, mismatches, missed, max_mismatches)
    if matched > 0:
        pointer -= 1
    if pointer < 0:
        matched = i64(0)
    if matched == 0 and position >= min_length:
        entry = i64(opposite_key(text, position, min_length) >> match_shift)
        pointer = i64(index[u64(entry)]) - min_length - 1
        if pointer >= 0:
            matched = opposite_length(text, pointer, position)
        if matched < min_length:
            matched = i64(0)
    if matched > 0:
        expected = opposite(i64(text[u64(pointer)]))
    return pointer, matched, mismatches, expected
