"""Detection of the layout of bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kolmo._core.kinds import is_text
from kolmo.coders.mixing.layout import BASES, IMAGE, RECORDS, SIGNAL, Layout
from kolmo.coders.mixing.model import Model

_BASES_LETTERS, _MIN_BASES = (b"ACGTN", b"acgtn"), 32
_MIN_BYTES, _SEARCHED_BYTES, _MEASURED_BYTES = 2**12, 2**18, 3 * 2**13
_MAX_SAMPLE, _MAX_ROW, _PLACES = 16, 2**14, 2**12


def find_layout(data: bytes) -> Layout:
    """Return the layout under which a sample of `data` has the shortest code.

    Text and short data are plain without a comparison. DNA is recognised by its letters, from 32 bytes on.
    """
    if len(data) < _MIN_BASES:
        return Layout()
    start = max(0, (len(data) - _SEARCHED_BYTES) // 2)
    piece = np.frombuffer(data[start : start + _SEARCHED_BYTES], np.uint8)
    counts = np.bincount(piece, minlength=256)
    if max(counts[list(letters)].sum() for letters in _BASES_LETTERS) > 0.98 * len(piece):
        return Layout(BASES)
    if len(data) < _MIN_BYTES:
        return Layout()
    printable = ((piece >= 32) & (piece < 127)) | (piece == 10) | (piece == 13) | (piece == 9)
    if printable.mean() > 0.95 or is_text(piece.tobytes(), control_share=0.01):
        return Layout()
    sample_bytes = piece[:_MEASURED_BYTES].tobytes()
    candidates = [Layout(), *_likely_layouts(piece)]
    return min(candidates, key=lambda layout: float(Model(2, layout, len(sample_bytes)).measure(sample_bytes).sum()))


def _likely_layouts(piece: NDArray[np.uint8]) -> list[Layout]:
    """Return candidates: layouts by the lags with the most equal bytes, and with the least differences."""
    longest = min(_MAX_ROW, len(piece) // 3)
    values = piece.astype(np.int16)
    places = np.linspace(longest, len(piece) - 1, _PLACES).astype(np.int64)
    here = values[places]
    n_unequal, difference = np.empty(longest + 1), np.empty(longest + 1)
    n_unequal[0] = difference[0] = np.inf
    for lag in range(1, longest + 1):
        gap = np.abs(here - values[places - lag])
        n_unequal[lag], difference[lag] = np.count_nonzero(gap), np.minimum(gap, 256 - gap).sum()
    sample = int(np.argmin(difference[: _MAX_SAMPLE + 1]))
    short = int(np.argmin(n_unequal[2 : _MAX_SAMPLE + 1])) + 2
    found = [Layout(RECORDS, 1, short), Layout(SIGNAL, 2), Layout(SIGNAL, 4)]
    for scores in (n_unequal, difference):
        row = int(np.argmin(scores[_MAX_SAMPLE + 1 :])) + _MAX_SAMPLE + 1
        found += [Layout(RECORDS, 1, row), Layout(IMAGE, sample, row), Layout(IMAGE, 1, row)]
    return list(dict.fromkeys(found))
