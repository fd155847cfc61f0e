"""Presets of the coder ``mix``: contexts by level and kind of data, as masks over the primitives of the kernel."""

from __future__ import annotations

from dataclasses import dataclass, field

from kolmo.coders.mixing import text_contexts as text
from kolmo.coders.mixing.layout import BASES, IMAGE, PLAIN, RECORDS, SIGNAL
from kolmo.coders.mixing.lookup import (
    BEFORE,
    COLORS,
    EXPECTED,
    GUESSES,
    LAST,
    LINE,
    NEIGHBORS,
    PLACE,
    SAMPLES,
    TEXT,
    WORD,
    WORD1,
    WORD2,
)

Context = dict[int, int]
"""Masks of the bits that a context takes, by primitive of the kernel."""

_WHOLE = 2**64 - 1


def _order(size: int) -> Context:
    """The last `size` bytes, up to 16."""
    if size <= 8:
        return {LAST: (1 << 8 * size) - 1}
    return {LAST: _WHOLE, BEFORE: (1 << 8 * (size - 8)) - 1}


def _grid(*parts: tuple[int, int]) -> Context:
    """Bytes of the grid primitives, by (primitive, byte index), and the channel."""
    context: Context = {PLACE: 255}
    for primitive, place in parts:
        context[primitive] = context.get(primitive, 0) | 255 << 8 * place
    return context


_LINE_ABOVE = {LAST: 255, LINE: 0xFFFF}
_ORDER_0: Context = {}

_FAST = [_ORDER_0, _order(1), _order(2), _order(3), _order(5), {WORD: _WHOLE}]
_TEXT = [
    _ORDER_0,
    _order(1),
    _order(2),
    _order(3),
    _order(4),
    _order(6),
    {WORD: _WHOLE},
    {WORD: _WHOLE, WORD1: _WHOLE},
    _LINE_ABOVE,
]
_TEXT_MORE = [
    *_TEXT,
    _order(5),
    {LAST: 255, LINE: 0xFF00},
    {LAST: 255, WORD: _WHOLE, WORD2: _WHOLE},
    {LAST: 0xFFFFFF00},
    {LAST: 0xDFDFDFE0E0},
    {LAST: 0xFFFF, WORD1: _WHOLE},
]
_TEXT_MOST = [
    *_TEXT_MORE,
    _order(8),
    {LAST: 255, WORD: _WHOLE},
    {WORD: _WHOLE, WORD1: _WHOLE, WORD2: _WHOLE},
    {LAST: 0xFFFF00},
    {LAST: 0xFF0000},
    {LAST: 0xF0F0F0FF},
    {LAST: 255, WORD1: _WHOLE},
    {LAST: 0xFFFF, LINE: 0xFF00},
    {LAST: 0xFF00FF},
    {TEXT + text.SHAPE: 2**48 - 1},
    {WORD: _WHOLE, TEXT + text.SHAPE: 0xFFFF},
    {TEXT + text.INSIDE: _WHOLE},
    {TEXT + text.INSIDE: _WHOLE, TEXT + text.TAG: _WHOLE},
    {TEXT + text.TAG: _WHOLE, LAST: 0xFFFFFF},
    {TEXT + text.FOLDED: 2**40 - 1},
    {TEXT + text.FOLLOWED: 0xFFFF, LAST: 255},
    {TEXT + text.FOLLOWED: 0xFFFF << 24, LAST: 255},
    {EXPECTED: 0xFFFF, LAST: 255},
    {WORD: _WHOLE, WORD2: _WHOLE},
    {WORD: _WHOLE, WORD1: _WHOLE, TEXT + text.WORD3: _WHOLE},
    {WORD: _WHOLE, TEXT + text.WORD3: _WHOLE},
    {WORD: _WHOLE, TEXT + text.FIRSTS: 0xFFFF},
    {WORD: _WHOLE, TEXT + text.ENDINGS: 0xFFFF},
    {WORD: _WHOLE, TEXT + text.LINE_WORD: _WHOLE},
    {WORD: _WHOLE, TEXT + text.ABOVE_WORD: _WHOLE},
    {LAST: 0xFFFF, TEXT + text.STEM: _WHOLE},
    {WORD: _WHOLE, TEXT + text.MARKS: 0xFFFFFFFF},
    {WORD: _WHOLE, TEXT + text.BRACKETS: 0xFFFF, LAST: 255},
    _order(7),
]
_RECORDS = [
    _ORDER_0,
    _order(1),
    _order(2),
    _order(3),
    _order(5),
    _grid((NEIGHBORS, 0), (NEIGHBORS, 1)),
    {NEIGHBORS: 0xFF00FF00, LAST: 255, PLACE: 255},
    {NEIGHBORS: 0x00FFFFFF00, LAST: 0xFFFF},
    {PLACE: 0xFFFFFF, LAST: 255},
    {NEIGHBORS: 0xFF000000FF00, LAST: 255},
]
_IMAGE = [
    _ORDER_0,
    _grid((COLORS, 4)),
    _grid((COLORS, 3)),
    _grid((NEIGHBORS, 6)),
    _grid((COLORS, 2), (COLORS, 6)),
    _grid((COLORS, 1)),
    _grid((COLORS, 0)),
    _grid((GUESSES, 4)),
    _grid((GUESSES, 2), (COLORS, 6)),
]
_IMAGE_MORE = [
    *_IMAGE,
    _grid((GUESSES, 1)),
    _grid((GUESSES, 5)),
    _grid((COLORS, 2), (COLORS, 3)),
    _grid((GUESSES, 0)),
    _grid((GUESSES, 6), (COLORS, 6)),
    _grid((NEIGHBORS, 0), (NEIGHBORS, 1)),
    _grid((NEIGHBORS, 1), (NEIGHBORS, 6)),
    _grid((GUESSES, 3), (COLORS, 7)),
]
_SAMPLES = [
    _ORDER_0,
    _order(1),
    _order(2),
    {SAMPLES: 0xFF | 1 << 48, PLACE: 255},
    {SAMPLES: 0xFF00 | 1 << 48, PLACE: 255},
    {SAMPLES: 0xFF0000 | 1 << 48, PLACE: 255},
    {SAMPLES: 0xFF000000 | 1 << 48, PLACE: 255},
    {SAMPLES: 0xFFFF << 32 | 1 << 48, PLACE: 255},
    {SAMPLES: 0xFF | 1 << 48 | 0xF0 << 49, PLACE: 255},
]
_BASES = [_ORDER_0, *map(_order, (2, 11, 6, 4, 8, 3, 1, 9, 16, 12, 14, 7, 5))]


@dataclass(frozen=True)
class Preset:
    """Contexts and sizes of the model for a level and a kind of data.

    A match continues while at most `max_mismatches` of its last 32 predicted bytes were wrong.
    """

    contexts: list[Context] = field(repr=False)
    n_sets: int
    match_length: int
    long_match_length: int
    hidden: int
    max_mismatches: int = 0


def preset(level: int, kind: int) -> Preset:
    """Return the preset of a level, 1 to 6, for a kind of data."""
    n_contexts, n_sets, match_length, long_match_length, hidden = _SIZES[level]
    if kind == PLAIN:
        contexts = {1: _FAST, 2: _TEXT[:-1], 3: _TEXT, 4: _TEXT_MORE, 5: _TEXT_MORE, 6: _TEXT_MOST}[level]
    elif kind == IMAGE:
        contexts = _IMAGE if level < 4 else _IMAGE_MORE
    else:
        contexts = {RECORDS: _RECORDS, SIGNAL: _SAMPLES, BASES: _BASES}[kind]
    if kind != PLAIN:
        n_sets = min(n_sets, 5) if level < 6 else n_sets
    if kind == BASES:
        return Preset(contexts[:n_contexts], n_sets, *_BASES_MATCH, hidden, _BASES_MAX_MISMATCHES)
    return Preset(contexts[:n_contexts], n_sets, match_length, long_match_length, hidden)


_BASES_MATCH, _BASES_MAX_MISMATCHES = (12, 12), 20
"""Minimum match length in bases on the same and on the opposite strand; tolerated mismatches among 32 predictions."""

_SIZES = {
    1: (6, 3, 6, 0, 0),
    2: (8, 5, 7, 0, 0),
    3: (10, 6, 6, 12, 0),
    4: (20, 7, 6, 16, 0),
    5: (20, 7, 6, 16, 64),
    6: (44, 23, 5, 12, 64),
}
"""By level: maximum number of contexts, number of weight sets, minimum lengths of the two match models (at most 7 and
16 bytes), and units of the recurrent network."""
