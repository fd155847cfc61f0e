"""Layouts of bytes: plain text, records, images, sampled signals and DNA."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from kolmo.coders.entropy.framing import join_length, split_length
from kolmo.errors import DecodeError, ParameterError

PLAIN, RECORDS, IMAGE, SIGNAL, BASES = range(5)
KINDS = ("plain", "records", "image", "signal", "bases")
"""Plain data such as text; fixed-length records; rows of 8-bit samples; 16-bit samples; DNA, one letter per base."""

_MAX_SAMPLE, _MAX_ROW = 64, 2**20 - 1


@dataclass(frozen=True)
class Layout:
    """Layout of bytes: the kind, the bytes of a sample over all channels, and the bytes of a row."""

    kind: int = PLAIN
    sample: int = 0
    row: int = 0

    def __str__(self) -> str:
        """Return the layout as `parse` takes it."""
        numbers = "" if not self.sample else f"-{self.sample}" if not self.row else f"-{self.sample}x{self.row}"
        return f"{KINDS[self.kind]}{numbers}"

    def is_valid(self) -> bool:
        """Return whether the sample and row sizes are valid for the kind."""
        if self.kind in (PLAIN, BASES):
            return self.sample == self.row == 0
        if self.kind == SIGNAL:
            return self.sample in range(2, _MAX_SAMPLE + 1, 2) and self.row == 0
        return 1 <= self.sample <= _MAX_SAMPLE and self.sample < self.row <= _MAX_ROW

    @classmethod
    def parse(cls, text: object) -> Self:
        """Return the layout named by a parameter, for example ``"image-3x2304"``.

        Raises
        ------
        ParameterError
            If `text` names no layout.
        """
        found = re.fullmatch(r"([a-z]+)(?:-(\d{1,7}))?(?:x(\d{1,7}))?", text) if isinstance(text, str) else None
        if found and found[1] in KINDS:
            layout = cls(KINDS.index(found[1]), int(found[2] or 0), int(found[3] or 0))
            if layout.is_valid():
                return layout
        raise ParameterError(
            "layout: expected 'auto', 'plain', 'bases', 'records-SAMPLExROW', 'image-SAMPLExROW' or 'signal-SAMPLE', "
            f"for example 'image-3x2304', with SAMPLE from 1 to {_MAX_SAMPLE} and a larger ROW of at most "
            f"{_MAX_ROW:,}; got {text!r}"
        )

    def to_bytes(self) -> bytes:
        """Return the encoded layout, the prefix of a stream."""
        numbers = [self.kind] if self.kind in (PLAIN, BASES) else [self.kind, self.sample, self.row]
        return b"".join(join_length(number, b"") for number in numbers)

    @classmethod
    def split(cls, stream: bytes) -> tuple[Self, bytes]:
        """Return the layout at the start of a stream, and the rest of the stream.

        Raises
        ------
        DecodeError
            If the stated layout is invalid.
        """
        kind, stream = split_length(stream, len(KINDS) - 1)
        sample = row = 0
        if kind not in (PLAIN, BASES):
            sample, stream = split_length(stream, _MAX_ROW)
            row, stream = split_length(stream, _MAX_ROW)
        layout = cls(kind, sample, row)
        if not layout.is_valid():
            raise DecodeError(f"the payload states an invalid layout, {layout}: it is corrupt")
        return layout, stream
