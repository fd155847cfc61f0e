"""Text contexts of the coder ``mix``: words, character classes, brackets and markup before a byte."""

# Numba types these functions; mypy cannot follow the changes of integer types.
# mypy: disable-error-code="assignment,arg-type,return-value,operator,misc"
from __future__ import annotations

from typing import Any

from kolmo._core.jit import i64, inline, u64

_BYTE = u64(255)
_EIGHT = u64(8)
_FACTOR = u64(0xC2B2AE3D27D4EB4F)

# classes of bytes
(OTHER, LOWER, UPPER, DIGIT, SPACE, NEWLINE, STOP, PAUSE, QUOTE, OPEN, CLOSE, BAR, AMPERSAND, DASH, HIGH, VOWEL) = (
    range(16)
)

# the state after each byte: positions in `memory`
(
    SHAPE,  # classes of the last 16 bytes
    FOLDED,  # the last 8 bytes in lower case, with one symbol for all digits
    FIRSTS,  # first letters of the last 8 words
    ENDINGS,  # last two letters of the last 4 words
    STEM,  # first five letters of this word
    MARKS,  # the last 8 bytes that are not letters
    WORD3,  # the third word back
    SECOND,  # the second word back, the next WORD3
    SENTENCE,  # number of words since the last punctuation mark, and that mark
    LINE_WORD,  # the first word of the line
    ABOVE_WORD,  # the first word of the line above
    BRACKETS,  # open brackets, the innermost in the lowest byte
    INSIDE,  # hash of all bytes since the last bracket, bar, equals sign or line start
    TAG,  # the last tag of a markup language
    FOLLOWED,  # the last three followers of the last byte, and of the last two bytes
) = range(15)
N_TEXT_MEMORY = 15


@inline
def _is_letter(kind: int) -> Any:
    return kind in (LOWER, UPPER, VOWEL, HIGH)


@inline
def _pop(brackets: int, opener: int) -> Any:
    """Close the innermost matching bracket and drop the unclosed ones inside it."""
    rest = brackets
    for _ in range(4):
        top = rest & _BYTE
        rest = rest >> _EIGHT
        if top == u64(opener):
            return rest
    return brackets


@inline
def read_text(memory: Any, symbol: int, last: int, word1: int, word2: int, ended: bool, classes: Any) -> None:
    """Update the memory with a byte, the lowest of `last`; `ended`: whether a word ended before it."""
    kind = i64(classes[u64(symbol)])
    memory[SHAPE] = memory[SHAPE] << u64(4) | u64(kind)
    lower = symbol + 32 if kind == UPPER else symbol
    plain = 48 if kind == DIGIT else 32 if kind == NEWLINE else lower
    memory[FOLDED] = memory[FOLDED] << _EIGHT | u64(plain)
    kind_before = i64((memory[SHAPE] >> u64(4)) & u64(15))
    letter = _is_letter(kind)
    letter_before = _is_letter(kind_before)
    if letter and not letter_before:
        memory[FIRSTS] = memory[FIRSTS] << _EIGHT | u64(lower)
    if ended:
        memory[ENDINGS] = memory[ENDINGS] << u64(16) | ((last >> _EIGHT) & u64(0xDFDF))
        memory[WORD3] = memory[SECOND]
        memory[SECOND] = word2
        memory[SENTENCE] = memory[SENTENCE] + u64(1)
        if memory[LINE_WORD] == u64(0):
            memory[LINE_WORD] = word1
    if kind in (STOP, PAUSE):
        memory[SENTENCE] = u64(symbol) << _EIGHT
    # brackets
    brackets = memory[BRACKETS]
    opened = False
    if kind == OPEN:
        brackets = brackets << _EIGHT | u64(symbol)
        opened = True
    elif symbol == 41:
        brackets = _pop(brackets, 40)
    elif symbol == 93:
        brackets = _pop(brackets, 91)
    elif symbol == 125:
        brackets = _pop(brackets, 123)
    elif symbol == 62:
        brackets = _pop(brackets, 60)
    elif symbol == 10:
        while (brackets & _BYTE) != u64(0) and (brackets & _BYTE) != u64(123):
            brackets = brackets >> _EIGHT
        opened = True
        memory[ABOVE_WORD] = memory[LINE_WORD]
        memory[LINE_WORD] = u64(0)
    elif symbol == 124 or symbol == 61:
        opened = True
    memory[BRACKETS] = brackets
    if opened:
        memory[INSIDE] = u64(symbol)
    else:
        memory[INSIDE] = (memory[INSIDE] + u64(symbol + 1)) * _FACTOR
    # a tag: the bytes after "<" up to the first that is neither a letter nor "/"
    if symbol == 60:
        memory[TAG] = u64(0)
    elif (memory[TAG] & u64(1)) == u64(0):
        if letter or symbol == 47:
            memory[TAG] = ((memory[TAG] + u64(symbol + 1)) * _FACTOR) << u64(1)
        else:
            memory[TAG] = memory[TAG] | u64(1)
    if letter:
        if not letter_before:
            memory[STEM] = u64(0)
        if (memory[STEM] >> u64(32)) == u64(0):
            memory[STEM] = memory[STEM] << _EIGHT | u64(lower)
    else:
        memory[MARKS] = memory[MARKS] << _EIGHT | u64(symbol)
