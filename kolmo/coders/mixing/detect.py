"""Which layout some bytes seem to have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kolmo._core.kinds import is_text
from kolmo.coders.mixing.layout import BASES, IMAGE, RECORDS, SIGNAL, Layout
from kolmo.coders.mixing.model import Model

_BASES_LETTERS, _LEAST_BASES = (b"ACGTN", b"acgtn"), 32
_LEAST_BYTES, _SEARCHED_BYTES, _MEASURED_BYTES = 2**12, 2**18, 3 * 2**13
_LONGEST_SAMPLE, _LONGEST_ROW, _PLACES = 16, 2**14, 2**12


def find_layout(data: bytes) -> Layout:
    """Return how `data` seems to be laid out: the layout under which a piece of it is shortest.

    Text is plain without a try, and so is whatever is too short to tell; the letters of DNA tell soon.
    """
    if len(data) < _LEAST_BASES:
        return Layout()
    start = max(0, (len(data) - _SEARCHED_BYTES) // 2)
    piece = np.frombuffer(data[start : start + _SEARCHED_BYTES], np.uint8)
    counts = np.bincount(piece, minlength=256)
    if max(counts[list(letters)].sum() for letters in _BASES_LETTERS) > 0.98 * len(piece):
        return Layout(BASES)
    if len(data) < _LEAST_BYTES:
        return Layout()
    printed = ((piece >= 32) & (piece < 127)) | (piece == 10) | (piece == 13) | (piece == 9)
    if printed.mean() > 0.95 or is_text(piece.tobytes(), control_share=0.01):
        return Layout()
    tried = piece[:_MEASURED_BYTES].tobytes()
    candidates = [Layout(), *_likely_layouts(piece)]
    return min(candidates, key=lambda layout: float(Model(2, layout, len(tried)).measure(tried).sum()))


def _likely_layouts(piece: NDArray[np.uint8]) -> list[Layout]:
    """Return layouts by the lags at which bytes are most often equal, or nearest."""
    longest = min(_LONGEST_ROW, len(piece) // 3)
    values = piece.astype(np.int16)
    places = np.linspace(longest, len(piece) - 1, _PLACES).astype(np.int64)
    here = values[places]
    unlike, apart = np.empty(longest + 1), np.empty(longest + 1)
    unlike[0] = apart[0] = np.inf
    for lag in range(1, longest + 1):
        gap = np.abs(here - values[places - lag])
        unlike[lag], apart[lag] = np.count_nonzero(gap), np.minimum(gap, 256 - gap).sum()
    sample = int(np.argmin(apart[: _LONGEST_SAMPLE + 1]))
    short = int(np.argmin(unlike[2 : _LONGEST_SAMPLE + 1])) + 2
    found = [Layout(RECORDS, 1, short), Layout(SIGNAL, 2), Layout(SIGNAL, 4)]
    for scores in (unlike, apart):
        row = int(np.argmin(scores[_LONGEST_SAMPLE + 1 :])) + _LONGEST_SAMPLE + 1
        found += [Layout(RECORDS, 1, row), Layout(IMAGE, sample, row), Layout(IMAGE, 1, row)]
    return list(dict.fromkeys(found))
