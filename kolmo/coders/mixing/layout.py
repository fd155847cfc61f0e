"""How bytes are laid out: as text, records, a picture or a sound."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.entropy.framing import join_length, split_length
from kolmo.errors import DecodeError, ParameterError

PLAIN, RECORDS, IMAGE, SIGNAL, BASES = range(5)
KINDS = ("plain", "records", "image", "signal", "bases")
"""Text and anything else; records; rows of samples of 8 bits; samples of 16 bits; DNA, a letter for a base."""

_LARGEST_SAMPLE, _LARGEST_ROW = 64, 2**20 - 1
_BASES_LETTERS, _LEAST_BASES = (b"ACGTN", b"acgtn"), 32
_CONTINUED, _CONTROLS = bytes(range(128, 192)), bytes(set(range(32)) - set(b"\t\n\r")) + b"\x7f"
_LEAST_BYTES, _SEARCHED_BYTES, _MEASURED_BYTES = 2**12, 2**18, 3 * 2**13
_LONGEST_SAMPLE, _LONGEST_ROW, _PLACES = 16, 2**14, 2**12


@dataclass(frozen=True)
class Layout:
    """How bytes are laid out: which kind, the bytes of a sample (of all channels), and of a row."""

    kind: int = PLAIN
    sample: int = 0
    row: int = 0

    def is_sound(self) -> bool:
        """Whether the numbers fit the kind."""
        if self.kind in (PLAIN, BASES):
            return self.sample == self.row == 0
        if self.kind == SIGNAL:
            return self.sample in range(2, _LARGEST_SAMPLE + 1, 2) and self.row == 0
        return 1 <= self.sample <= _LARGEST_SAMPLE and self.sample < self.row <= _LARGEST_ROW

    @classmethod
    def parse(cls, text: object) -> Self:
        """Return the layout that a parameter names, such as ``"image-3x2304"``.

        Raises
        ------
        ParameterError
            If there is none.
        """
        found = re.fullmatch(r"([a-z]+)(?:-(\d{1,7}))?(?:x(\d{1,7}))?", text) if isinstance(text, str) else None
        if found and found[1] in KINDS:
            layout = cls(KINDS.index(found[1]), int(found[2] or 0), int(found[3] or 0))
            if layout.is_sound():
                return layout
        raise ParameterError(
            "layout must be 'auto', 'plain', 'bases', 'records-SAMPLExROW', 'image-SAMPLExROW' or 'signal-SAMPLE', "
            f"such as 'image-3x2304', with SAMPLE from 1 to {_LARGEST_SAMPLE} and ROW above it up to "
            f"{_LARGEST_ROW:,}, but {text!r} came"
        )

    def to_bytes(self) -> bytes:
        """Return the layout as it stands in front of a code."""
        numbers = [self.kind] if self.kind in (PLAIN, BASES) else [self.kind, self.sample, self.row]
        return b"".join(join_length(number, b"") for number in numbers)

    @classmethod
    def split(cls, stream: bytes) -> tuple[Self, bytes]:
        """Return the layout in front, and what stands behind it.

        Raises
        ------
        DecodeError
            If there is no such layout.
        """
        kind, stream = split_length(stream, len(KINDS) - 1)
        sample = row = 0
        if kind not in (PLAIN, BASES):
            sample, stream = split_length(stream, _LARGEST_ROW)
            row, stream = split_length(stream, _LARGEST_ROW)
        layout = cls(kind, sample, row)
        if not layout.is_sound():
            raise DecodeError(f"the payload states a layout that there is not: {layout}")
        return layout, stream


def find_layout(data: bytes) -> Layout:
    """Return how `data` seems to be laid out: the layout under which a piece of it is shortest.

    Text is plain without a try, and so is whatever is too short to tell; the letters of DNA tell soon.
    """
    from kolmo.coders.mixing.model import Model

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
    if printed.mean() > 0.95 or _is_text(piece.tobytes()):
        return Layout()
    tried = piece[:_MEASURED_BYTES].tobytes()
    candidates = [Layout(), *_likely_layouts(piece)]
    return min(candidates, key=lambda layout: float(Model(2, layout, len(tried)).measure(tried).sum()))


def _is_text(piece: bytes) -> bool:
    """Return whether it is UTF-8, and no more than a hundredth of it control characters; the ends may be cut."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(piece.lstrip(_CONTINUED))
    except UnicodeDecodeError:
        return False
    return len(piece) - len(piece.translate(None, _CONTROLS)) <= len(piece) / 100


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
