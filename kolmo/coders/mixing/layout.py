"""How bytes are laid out: as text, records, a picture or a sound."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from kolmo.coders.entropy.framing import join_length, split_length
from kolmo.errors import DecodeError, ParameterError

PLAIN, RECORDS, IMAGE, SIGNAL, BASES = range(5)
KINDS = ("plain", "records", "image", "signal", "bases")
"""Text and anything else; records; rows of samples of 8 bits; samples of 16 bits; DNA, a letter for a base."""

_LARGEST_SAMPLE, _LARGEST_ROW = 64, 2**20 - 1


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
