"""FASTA and FASTQ files as the letters of their sequences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kolmo.errors import DataError

_NUCLEOTIDES = b"ACGTUNRYSWKMBDHVX"
_GAPS = b"-.*"
_SPACES = re.compile(rb"[\s\d]+")  # some programs number the bases
_LETTERS = re.compile(rb"[A-Z\-.*]*\Z")
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
    lines = data.splitlines()
    is_fastq = data.lstrip().startswith(b"@")
    pairs = list(_fastq(lines, name)) if is_fastq else [(letters, b"") for letters in _fasta(lines, name)]
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


def _fasta(lines: Iterable[bytes], name: str) -> Iterator[bytes]:
    parts: list[bytes] = []
    for number, line in enumerate(lines, 1):
        if line.startswith(b">"):
            if parts:
                yield b"".join(parts)
            parts = []
        elif not line.startswith(b";"):
            parts.append(_letters(line, number, name))
    if parts:
        yield b"".join(parts)


def _fastq(lines: list[bytes], name: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield the letters and the qualities of each record; both may take several lines."""
    place, end = 0, len(lines)
    while place < end:
        if not lines[place].strip():
            place += 1
            continue
        if not lines[place].startswith(b"@"):
            raise DataError(
                f"{name}: line {place + 1}: expected a FASTQ header that starts with '@', got {lines[place][:_SHOWN]!r}"
            )
        start, place, parts = place + 1, place + 1, []
        while place < end and not lines[place].startswith(b"+"):
            parts.append(_letters(lines[place], place + 1, name))
            place += 1
        letters, quality, place = b"".join(parts), b"", place + 1
        while place < end and len(quality) < len(letters):
            quality += lines[place].strip()
            place += 1
        if len(quality) != len(letters):
            raise DataError(
                f"{name}: the record at line {start}: expected as many qualities as bases, got {len(quality):,} and "
                f"{len(letters):,}; the file may be truncated"
            )
        yield letters, quality


def _letters(line: bytes, number: int, name: str) -> bytes:
    letters = _SPACES.sub(b"", line).upper()
    if not _LETTERS.match(letters):
        raise DataError(f"{name}: line {number}: expected the letters of a sequence, got {line[:_SHOWN]!r}")
    return letters
