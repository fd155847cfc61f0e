"""FASTA and FASTQ files as the letters of their sequences."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kolmo.errors import DataError

_NUCLEOTIDES = b"ACGTUNRYSWKMBDHVX"
_GAPS = b"-.*"
_ALLOWED = bytes(range(ord("A"), ord("Z") + 1)) + _GAPS
_IGNORED = b" \t\n\v\f0123456789"  # some programs number the bases
_HEADER = re.compile(rb"^[>;][^\n]*", re.MULTILINE)
_SHOWN = 40


@dataclass(frozen=True)
class Sequences:
    """The sequences of a file.

    Parameters
    ----------
    records : list of bytes
        The letters of each sequence in upper case, without headers, spaces and numbers.
    qualities : list of bytes
        The quality string of each record of FASTQ; empty for FASTA.
    modality : {"dna", "protein"}
        Whether all letters are those of nucleotides.
    description : str
        Number of records, and how they were changed.
    """

    records: list[bytes]
    qualities: list[bytes]
    modality: str
    description: str


def read_sequences(data: bytes, name: str) -> Sequences:
    """Return the sequences of a FASTA or FASTQ file.

    Parameters
    ----------
    data : bytes
        The file; one that starts with ``@`` is FASTQ.
    name : str
        Its name, for messages.

    Returns
    -------
    Sequences
        U of RNA is read as T, since it stands for the same base.

    Raises
    ------
    DataError
        If a record is incomplete, or holds something else than letters.
    """
    text = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    is_fastq = text[:_SHOWN].lstrip().startswith(b"@")
    pairs = list(_fastq(text, name)) if is_fastq else [(letters, b"") for letters in _fasta(text, name)]
    records = [letters for letters, _ in pairs]
    used = set(b"".join(bytes(set(letters)) for letters in records)) - set(_GAPS)
    modality = "dna" if used <= set(_NUCLEOTIDES) else "protein"
    said = f"{'FASTQ' if is_fastq else 'FASTA'}, {len(records):,} record{'' if len(records) == 1 else 's'}"
    if modality == "dna" and ord("U") in used:
        records = [letters.replace(b"U", b"T") for letters in records]
        said += ", U of RNA read as T"
    if modality == "protein":
        said += ", amino acids"
    return Sequences(records, [quality for _, quality in pairs if quality], modality, said)


def _fasta(text: bytes, name: str) -> Iterator[bytes]:
    """Yield the letters of each record that has any; lines that start with ``;`` are comments."""
    parts: list[bytes] = []
    start = 0
    for header in _HEADER.finditer(text):
        parts.append(_letters(text, start, header.start(), name))
        start = header.end()
        if header[0].startswith(b">"):
            if any(parts):
                yield b"".join(parts)
            parts = []
    parts.append(_letters(text, start, len(text), name))
    if any(parts):
        yield b"".join(parts)


def _fastq(text: bytes, name: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield the letters and the qualities of each record; both may take several lines."""
    place = 0
    lines = io.BytesIO(text)
    while header := lines.readline():
        place = lines.tell()
        if not header.strip():
            continue
        if not header.startswith(b"@"):
            raise _wrong("a FASTQ header that starts with '@'", text, place - len(header), name)
        while (line := lines.readline()) and not line.startswith(b"+"):
            pass
        letters = _letters(text, place, lines.tell() - len(line), name)
        parts, missing = [], len(letters)
        while missing > 0 and (line := lines.readline()):
            parts.append(line.strip())
            missing -= len(parts[-1])
        if missing:
            raise DataError(
                f"{name}: the record at line {_line_of(text, place) - 1}: expected as many qualities as bases, got "
                f"{len(letters) - missing:,} and {len(letters):,}; the file may be truncated"
            )
        yield letters, b"".join(parts)


def _letters(text: bytes, start: int, end: int, name: str) -> bytes:
    """Return the letters of a part in upper case, without spaces and numbers."""
    letters = text[start:end].translate(None, _IGNORED).upper()
    wrong = letters.translate(None, _ALLOWED)
    if wrong:
        raise _wrong("the letters of a sequence", text, text.upper().index(wrong[:1], start), name)
    return letters


def _wrong(expected: str, text: bytes, place: int, name: str) -> DataError:
    line = text[text.rfind(b"\n", 0, place) + 1 :].partition(b"\n")[0]
    return DataError(f"{name}: line {_line_of(text, place)}: expected {expected}, got {line[:_SHOWN]!r}")


def _line_of(text: bytes, place: int) -> int:
    return text.count(b"\n", 0, place) + 1
