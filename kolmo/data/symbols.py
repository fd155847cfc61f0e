"""Files as raw symbols: pixels of a picture, samples of a sound, letters of a FASTA file, else text or bytes."""

from __future__ import annotations

import codecs
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from kolmo.data.compression import unpacked, without_packing
from kolmo.data.decoders.audio import Sound, read_sound
from kolmo.data.decoders.images import Picture, read_picture
from kolmo.data.decoders.sequences import read_sequences
from kolmo.data.decoding import Modality, Reading, decoded_text
from kolmo.data.lines import STDIN, check_path, too_long
from kolmo.errors import DataError, MissingDependencyError

_OF_KIND: dict[Modality, str] = {
    "image": ".png .jpg .jpeg .webp .bmp .gif .tif .tiff .ppm .pgm .pbm .pnm .jxl",
    "audio": ".wav .flac .ogg .aiff .aif .mp3 .au",
    "dna": ".fa .fasta .fna .ffn .frn .fas .fq .fastq",
    "protein": ".faa",
}
_ENDINGS = {ending: kind for kind, endings in _OF_KIND.items() for ending in endings.split()}
_STARTS: tuple[tuple[re.Pattern[bytes], Modality], ...] = (
    (re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|II\*\0|MM\0\*|\0\0\0\x0cJXL "), "image"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image"),
    (re.compile(rb"RIFF....WAVE|fLaC|OggS|FORM....AIF[FC]|ID3", re.DOTALL), "audio"),
)
"""The first bytes of pictures and sounds without a known ending."""
_CHUNK = 2**20
_NAMED_FILES = 3
MAX_DECODED_BYTES = 2**30
"""Largest picture, sound or file of sequences of a data set: 1 GiB."""


class Content(NamedTuple):
    """The content of one file.

    Parameters
    ----------
    modality : str
        Kind of data.
    data : bytes
        The content as one item; a picture row by row.
    remark : str
        How the file was read; empty for text and bytes that are unchanged.
    picture : Picture or None
        The picture, if it is one.
    sound : Sound or None
        The sound, if it is one.
    records : tuple of bytes
        The sequences of a FASTA or FASTQ file.
    """

    modality: Modality
    data: bytes
    remark: str = ""
    picture: Picture | None = None
    sound: Sound | None = None
    records: tuple[bytes, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Symbols:
    """Raw data with their modality.

    Parameters
    ----------
    data : bytes
        The symbols of all files.
    modality : {"text", "image", "audio", "dna", "protein", "bytes"}
        Kind of data.
    name : str
        Name of the file or folder.
    documents : tuple of bytes
        The symbols of each file; empty if they were not read from files.
    sample_bytes, channels : int
        Bytes of a sample, and samples of a pixel or a time; 1 unless they are equal in all pictures or sounds.
    remarks : tuple of str
        How the files were read, and how many were left out.
    """

    data: bytes
    modality: str
    name: str
    documents: tuple[bytes, ...] = field(default=(), repr=False)
    sample_bytes: int = 1
    channels: int = 1
    remarks: tuple[str, ...] = ()


def kind_of(path: str | Path, start: bytes) -> Modality | None:
    """Return the kind of data that the ending of a name or the first bytes of a file state; None if neither does."""
    known = _ENDINGS.get(without_packing(path).suffix.lower())
    return known or next((kind for pattern, kind in _STARTS if pattern.match(start)), None)


def read_content(path: str | Path, reading: Reading, *, limit: int | None = None) -> Content:
    """Return the content of a file, by its kind.

    Parameters
    ----------
    path : str or Path
        The file; ``-`` is standard input.
    reading : Reading
        How it is read.
    limit : int, optional
        Number of bytes after which the rest is ignored. Without it a file of more than ``reading.max_item_bytes`` is
        refused.

    Raises
    ------
    DataError
        If the file cannot be read, is damaged or is too large.
    MissingDependencyError
        If a picture needs the extra ``image``, or a sound the extra ``audio``.
    """
    largest = reading.max_item_bytes
    with unpacked(path, raw=reading.raw) as (file, packing):
        kind = None if reading.raw else kind_of(path, file.peek(32)[:32])
        if _is_other(kind, reading.only):
            return Content(kind or "bytes", b"")
        whole = limit is None or kind is not None or reading.changes_text
        if packing is None and whole and str(path) != STDIN and (size := os.fstat(file.fileno()).st_size) > largest:
            raise too_long(path, f"{size:,} bytes", largest, reading.size_option)
        chunks, size, most = [], 0, largest if whole or limit is None else limit
        while chunk := file.read(min(_CHUNK, most + 1 - size)):
            size += len(chunk)
            chunks.append(chunk)
            if size > most:
                break
    data = b"".join(chunks)
    if size > most and whole:
        raise too_long(path, "more", largest, reading.size_option)
    said = f"decompressed from {packing}" if packing else ""
    if kind is None:
        return _plain(data if limit is None else data[:limit], reading, str(path), said, cut=size > most)
    found = _decoded(kind, data, str(path), reading, limit)
    return found._replace(remark=", ".join(filter(None, (found.remark, said))))


def _is_other(kind: Modality | None, only: Modality | None) -> bool:
    """Return whether a file need not be read, since it is not of the one kind that is asked for."""
    decoded = {"dna": ("dna", "protein"), "protein": ("dna", "protein"), None: ("text", "bytes")}
    return only is not None and only not in decoded.get(kind, (kind,))


def _plain(data: bytes, reading: Reading, name: str, said: str, *, cut: bool) -> Content:
    if not reading.raw:
        data, remark = decoded_text(data, reading, name, cut=cut)
        said = ", ".join(filter(None, (remark, said)))
    return Content("text" if _is_utf8(data, cut=cut) else "bytes", data, said)


def _is_utf8(data: bytes, *, cut: bool) -> bool:
    """Return whether bytes are UTF-8; if they are cut, the last character may be incomplete."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final=not cut)
    except UnicodeDecodeError:
        return False
    return True


def _decoded(kind: Modality, data: bytes, name: str, reading: Reading, limit: int | None) -> Content:
    """Return the content of a picture, a sound or a file of sequences."""
    largest = reading.max_item_bytes
    if kind == "image":
        picture = read_picture(data, name, reading.pixels, max_bytes=largest)
        return Content(kind, picture.rows(), picture.description, picture=picture)
    if kind == "audio":
        most, cut = (largest, False) if limit is None else (limit, True)
        sound = read_sound(data, name, mono=reading.mono, max_bytes=most, cut=cut)
        return Content(kind, sound.data, sound.description, sound=sound)
    found = read_sequences(data, name)
    letters, said = b"".join(found.records), found.description
    if reading.qualities and found.qualities:
        letters, said = letters + b"".join(found.qualities), f"{said}, qualities after the bases"
    return Content("protein" if found.modality == "protein" else "dna", letters, said, records=tuple(found.records))


class Files:
    """The files of one folder or several, read one after another, with counts of what is left out.

    Parameters
    ----------
    reading : Reading
        How they are read; with `only`, other kinds are left out, and with `skip_unreadable`, damaged files.
    """

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.modalities: set[Modality] = set()
        self._said: Counter[str] = Counter()
        self._others: list[str] = []
        self._unreadable: list[str] = []

    def contents(self, files: Iterable[str | Path], *, limit: int | None = None) -> Iterator[tuple[str, Content]]:
        """Yield the name and the content of each file that is not left out."""
        files = list(files)
        for file in files:
            try:
                content = read_content(file, self.reading, limit=limit)
            except MissingDependencyError:
                raise
            except DataError as error:
                if not self.reading.skip_unreadable:
                    hint = "; skip such files with --skip-unreadable / skip_unreadable=True" if len(files) > 1 else ""
                    raise DataError(f"{error}{hint}") from error
                self._unreadable.append(str(error))
                continue
            if self.reading.only not in (None, content.modality):
                self._others.append(str(file))
                continue
            self.modalities.add(content.modality)
            self._said[content.remark] += 1
            yield str(file), content

    def modality(self, name: str) -> Modality:
        """Return the one kind of all files; text among bytes is bytes, and other mixtures are refused."""
        kinds = self.modalities
        if len(kinds) == 1:
            return next(iter(kinds))
        if len(kinds) > 1 and kinds != {"text", "bytes"}:
            raise DataError(
                f"{name}: expected files of one kind, got {', '.join(sorted(kinds))}; use one folder for each kind, or "
                f"--only {min(kinds - {'text', 'bytes'})} / only={min(kinds - {'text', 'bytes'})!r}"
            )
        return "bytes"

    def remarks(self) -> tuple[str, ...]:
        """Return how the files were read, with their numbers, and how many were left out."""
        n_all = sum(self._said.values())
        said = []
        for remark, count in self._said.most_common():
            of_all = f"{count:,}" if count == n_all else f"{count:,} of {n_all:,}"
            said += [remark if n_all == 1 else f"{of_all} files: {remark}"] if remark else []
        if self._others:
            count = len(self._others)
            said.append(f"{count:,} file{'' if count == 1 else 's'} of other kinds left out: {_some(self._others)}")
        if self._unreadable:
            count = len(self._unreadable)
            said.append(f"{count:,} unreadable file{'' if count == 1 else 's'} skipped: {_some(self._unreadable)}")
        return tuple(said)


def _some(names: list[str]) -> str:
    more = f"; and {len(names) - _NAMED_FILES:,} more" if len(names) > _NAMED_FILES else ""
    return "; ".join(names[:_NAMED_FILES]) + more


def files_in(folder: Path) -> list[Path]:
    """Return the files of a folder and its folders, sorted, without hidden ones."""
    return sorted(
        file
        for file in folder.rglob("*")
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )


def read_symbols(path: str | Path, *, limit: int = 2**30, reading: Reading | None = None) -> Symbols:
    """Read a file, or the files of a folder one after another, as raw symbols.

    Parameters
    ----------
    path : str or Path
        Pictures become patches of 64 x 32 pixels, from left to right and top to bottom, as in the paper; incomplete
        patches are omitted, and a picture smaller than a patch is read by rows. Sounds become their samples, FASTA and
        FASTQ files their letters in upper case. Other files are text if they are UTF-8, else bytes. Compressed files
        are decompressed. In a folder, hidden files are ignored, and all others must be of one kind.
    limit : int
        Largest number of bytes to read.
    reading : Reading, optional
        How the files are read.

    Returns
    -------
    Symbols

    Raises
    ------
    DataError
        If a file cannot be read, or there are no data.
    MissingDependencyError
        If pictures need the extra ``image``, or sounds the extra ``audio``.

    References
    ----------
    Delétang et al., "Language Modeling Is Compression", ICLR 2024.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "a.txt").write_text("to be or not to be")
    ...     read_symbols(folder).modality
    'text'
    """
    check_path(path)
    place = Path(path)
    found = Files(reading or Reading(max_item_bytes=MAX_DECODED_BYTES))
    parts: list[bytes] = []
    shapes: set[tuple[int, int]] = set()
    left = limit
    for _, content in found.contents(files_in(place) if place.is_dir() else [path], limit=limit):
        data = content.data if content.picture is None else content.picture.patches()
        parts.append(data[:left])
        left -= len(parts[-1])
        shapes.add(_shape(content))
        if not left:
            break
    modality = found.modality(str(path))
    data = b"".join(parts)
    if not data:
        raise DataError(f"{path} holds no data: {'; '.join(found.remarks()) or ('no bytes' if parts else 'no files')}")
    sample_bytes, channels = shapes.pop() if len(shapes) == 1 else (1, 1)
    return Symbols(
        data=data,
        modality=modality,
        name="standard input" if str(path) == STDIN else place.name or str(place),
        documents=tuple(filter(None, parts)),
        sample_bytes=sample_bytes,
        channels=channels,
        remarks=found.remarks(),
    )


def _shape(content: Content) -> tuple[int, int]:
    """Return the bytes of a sample, and the samples of a pixel or a time."""
    if content.sound is not None:
        return content.sound.sample_bytes, content.sound.channels
    if content.picture is None:
        return 1, 1
    wide = content.picture.description.startswith("16-bit")
    size = content.picture.samples.shape[2]
    return (2, size // 2) if wide else (1, size)
