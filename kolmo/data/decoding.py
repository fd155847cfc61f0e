"""How the content of files is read: options, character encodings and Unicode normal forms."""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

from kolmo.data.compression import unpacked
from kolmo.data.lines import MAX_ITEM_BYTES, is_rereadable
from kolmo.errors import DataError, ParameterError

NormalForm = Literal["NFC", "NFD", "NFKC", "NFKD"]
Pixels = Literal["auto", "rgb", "grey"]
Modality = Literal["text", "image", "audio", "dna", "protein", "bytes"]

AUTO, AS_BYTES = "auto", "bytes"
"""Encodings: detected; unchanged."""

_CHUNK = 2**18
_SNIFFED = 2**12
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # starts with the mark of utf-16-le
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FOREIGN = {
    b"PK\x03\x04": "a zip archive, such as a workbook of Excel",
    b"\xd0\xcf\x11\xe0": "an old workbook of Excel",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF file",
    b"SQLite format 3": "an SQLite database",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
"""The first bytes of files that people take for text, and their descriptions."""
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r"))
_INVALID = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile("[^\x00-\x7f]")
_HINT = "give its encoding, such as --encoding latin-1, or keep the bytes unchanged with --encoding bytes"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How the content of files is read; the options of all commands that read data.

    Parameters
    ----------
    encoding : str
        Encoding of text, which becomes UTF-8. ``"auto"`` detects it; ``"bytes"`` keeps the bytes unchanged.
    normalize : {"NFC", "NFD", "NFKC", "NFKD"}, optional
        Unicode normal form of text.
    casefold : bool
        Whether text is case-folded, so that upper and lower case are equal.
    pixels : {"auto", "rgb", "grey"}
        Pixels of pictures: as in the file, or 8-bit RGB, or 8-bit grey.
    mono : bool
        Whether the channels of a sound are averaged.
    qualities : bool
        Whether the qualities of FASTQ files follow the bases.
    raw : bool
        Whether each file is read as its bytes, without decompression or decoding.
    only : str, optional
        The one kind of files of a folder that is read; the others are counted.
    skip_unreadable : bool
        Whether files of a folder that cannot be read are skipped and counted.
    max_item_bytes : int
        Largest item in bytes.
    size_option : str
        Name of the option that sets the limit, for messages.
    """

    encoding: str = AUTO
    normalize: NormalForm | None = None
    casefold: bool = False
    pixels: Pixels = "auto"
    mono: bool = False
    qualities: bool = False
    raw: bool = False
    only: Modality | None = None
    skip_unreadable: bool = False
    max_item_bytes: int = MAX_ITEM_BYTES
    size_option: str = "max_item_bytes"

    def __post_init__(self) -> None:
        for name, allowed in (("normalize", NormalForm), ("pixels", Pixels), ("only", Modality)):
            value = getattr(self, name)
            if value not in get_args(allowed) and not (value is None and name != "pixels"):
                raise ParameterError(f"{name}: expected {', '.join(get_args(allowed))}, got {value!r}")
        if self.max_item_bytes < 1:
            raise ParameterError(f"max_item_bytes: expected an integer of at least 1, got {self.max_item_bytes}")
        check_encoding(self.encoding)

    @property
    def changes_text(self) -> bool:
        """Whether text is normalized or case-folded."""
        return self.normalize is not None or self.casefold

    def folded(self, text: str) -> str:
        """Return a text in the normal form, case-folded if asked for."""
        if self.casefold:
            text = text.casefold()
        return text if self.normalize is None else unicodedata.normalize(self.normalize, text)

    def folded_bytes(self, item: bytes) -> bytes:
        """Return an item of UTF-8 text in the normal form, case-folded if asked for; invalid bytes are kept."""
        if not self.changes_text:
            return item
        return self.folded(item.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def check_encoding(encoding: str) -> None:
    """Raise an error unless an encoding is known and one of text."""
    if encoding in (AUTO, AS_BYTES):
        return
    try:
        is_text = getattr(codecs.lookup(encoding), "_is_text_encoding", True)
    except (LookupError, ValueError, TypeError):
        is_text = False
    if not is_text:
        raise ParameterError(f"there is no encoding named {encoding!r}; try auto, utf-8, latin-1 or bytes")


@dataclass(frozen=True)
class Encoding:
    """An encoding of text.

    Parameters
    ----------
    name : str
        Its name, or ``"bytes"`` if the bytes are unchanged.
    mark : int
        Number of bytes of the byte order mark, which is not part of the text.
    remark : str, optional
        What is said about it.
    """

    name: str
    mark: int = 0
    remark: str | None = None


@contextmanager
def opened_text(path: str | Path, reading: Reading) -> Iterator[tuple[io.BufferedReader, Encoding]]:
    """Open a file of text, decompressed and converted to UTF-8, and yield its encoding too.

    With the encoding ``"auto"``, text that is not UTF-8 is latin-1 or cp1252 if it is likely to be that; bytes that are
    no valid UTF-8 are left for the caller to refuse.
    """
    with unpacked(path, raw=reading.raw) as (file, kind):
        start = b"" if reading.encoding == AS_BYTES else file.peek(16)
        if what := next((what for magic, what in _FOREIGN.items() if start.startswith(magic)), None):
            raise DataError(f"{path}: expected text, got {what}; save it as CSV or plain text in UTF-8")
        if reading.encoding == AUTO:
            encoding = _detected(path, file, reading.max_item_bytes)
        else:
            encoding = Encoding(reading.encoding, _mark_of(reading.encoding, start))
        file.read(encoding.mark)
        said = ", ".join(filter(None, (f"decompressed from {kind}" if kind else "", encoding.remark)))
        encoding = replace(encoding, remark=said or None)
        if encoding.name == AS_BYTES or codecs.lookup(encoding.name).name in ("utf-8", "utf-8-sig"):
            yield file, encoding
        else:
            yield io.BufferedReader(_Transcoded(file, encoding.name, str(path)), _CHUNK), encoding


def _mark_of(encoding: str, start: bytes) -> int:
    """Return the length of the byte order mark of a given encoding, unless its decoder removes it."""
    if encoding == AS_BYTES:
        return 0
    name = codecs.lookup(encoding).name.removesuffix("-sig")
    return next((len(mark) for mark, known in _MARKS if known == name and start.startswith(mark)), 0)


class _Transcoded(io.RawIOBase):
    """Text of another encoding as UTF-8; if it is `cut`, its last character may be incomplete."""

    def __init__(self, file: BinaryIO, encoding: str, name: str, *, cut: bool = False) -> None:
        self._file, self._encoding, self._name, self._cut = file, encoding, name, cut
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._left, self._n_lines, self._ended = memoryview(b""), 0, False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left and not self._ended:
            piece = self._file.read(_CHUNK)
            self._ended = not piece
            try:
                text = self._decoder.decode(piece, final=self._ended and not self._cut)
                encoded = text.encode()
            except UnicodeError as error:
                start = getattr(error, "start", 0)
                line = self._n_lines + 1 + piece[:start].count(b"\n")
                raise DataError(
                    f"{self._name}: line {line} is not {self._encoding}: {getattr(error, 'reason', error)}; {_HINT}"
                ) from None
            self._n_lines += encoded.count(b"\n")
            self._left = memoryview(encoded)
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


def _detected(path: str | Path, file: io.BufferedReader, longest: int) -> Encoding:
    """Return the encoding of a file: by its mark, or its zero bytes, or by all of it; of stdin by its start."""
    start = file.peek(_SNIFFED)[:_SNIFFED]
    for mark, name in _MARKS:
        if start.startswith(mark):
            return Encoding(name, len(mark), None if name == "utf-8" else f"read as {name}")
    wide = _without_mark(start)
    if wide is not None:
        return Encoding(wide, 0, f"read as {wide}")
    return _narrow(_chunks(path) if is_rereadable(path) else iter([file.peek()]), longest)


def _without_mark(start: bytes) -> str | None:
    """Return UTF-16 for text with a zero byte in most pairs of bytes, as Latin letters have there."""
    pairs = len(start) // 2
    if pairs < 4:
        return None
    zeros = [start[place : 2 * pairs : 2].count(0) / pairs for place in (0, 1)]
    if zeros[1] > 0.5 and zeros[0] < 0.05:
        return "utf-16-le"
    return "utf-16-be" if zeros[0] > 0.5 and zeros[1] < 0.05 else None


def _chunks(path: str | Path) -> Iterator[bytes]:
    with unpacked(path) as (file, _):
        while chunk := file.read(_CHUNK):
            yield chunk


def _narrow(chunks: Iterator[bytes], longest: int) -> Encoding:
    """Return UTF-8, or a Latin encoding of one byte a character if the text is more likely to be that."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    n_valid = n_invalid = n_bytes = n_high = 0
    high: set[int] = set()
    n_controls = line = 0
    for chunk in chain(chunks, [b""]):
        n_bytes += len(chunk)
        n_controls += len(chunk) - len(chunk.translate(None, _CONTROLS))
        line = line + len(chunk) if b"\n" not in chunk else 0
        if line > longest:  # the reader refuses the line
            break
        if chunk.isascii() and decoder.getstate()[0] == b"":
            continue
        text = decoder.decode(chunk, final=False)
        beyond = len(_BEYOND_ASCII.findall(text))
        invalid = len(_INVALID.findall(text)) if beyond else 0
        n_valid, n_invalid = n_valid + beyond - invalid, n_invalid + invalid
        beyond_bytes = chunk.translate(None, bytes(range(128)))
        n_high += len(beyond_bytes)
        high.update(beyond_bytes)
    rest = decoder.getstate()[0]  # an incomplete character at the end
    n_invalid += bool(rest)
    if n_invalid <= n_valid or n_controls or n_high > 0.4 * n_bytes:
        return Encoding("utf-8")
    if not any(0x80 <= byte < 0xA0 for byte in high):
        return Encoding("latin-1", 0, "read as latin-1, since it is not UTF-8")
    if not high & {0x81, 0x8D, 0x8F, 0x90, 0x9D}:
        return Encoding("cp1252", 0, "read as cp1252, the latin-1 of Windows, since it is not UTF-8")
    return Encoding("utf-8")


def decoded_text(data: bytes, reading: Reading, name: str, *, cut: bool = False) -> tuple[bytes, str | None]:
    """Return the text of a whole file as UTF-8, and what is said about it.

    With the encoding ``"auto"``, only a byte order mark changes the bytes, or a normal form that is asked for.
    """
    if reading.encoding == AS_BYTES:
        return data, None
    if reading.encoding != AUTO:
        return reading.folded_bytes(_in_utf8(data, Encoding(reading.encoding), name, cut)), None
    marked = next(((mark, kind) for mark, kind in _MARKS if data.startswith(mark)), None)
    if marked is not None:
        found = Encoding(marked[1], len(marked[0]), None if marked[1] == "utf-8" else f"read as {marked[1]}")
    elif reading.changes_text:
        wide = _without_mark(data[:_SNIFFED])
        found = Encoding(wide, 0, f"read as {wide}") if wide else _narrow(iter([data]), len(data))
    else:
        return data, None
    try:
        text = _in_utf8(data, found, name, cut)
    except DataError:  # bytes that are a mark by chance
        return data, None
    if found.name.startswith("utf-16") and not _is_plausible(text):
        return data, None
    return reading.folded_bytes(text), found.remark


def _is_plausible(text: bytes) -> bool:
    """Return whether text of a wide encoding starts with characters that text has, which other bytes rarely give."""
    start = text[:_SNIFFED].decode("utf-8", "ignore")
    return all(character in "\t\n\r\f" or unicodedata.category(character)[0] != "C" for character in start)


def _in_utf8(data: bytes, encoding: Encoding, name: str, cut: bool) -> bytes:
    text = data[encoding.mark :]
    if codecs.lookup(encoding.name).name == "utf-8":
        return text
    return _Transcoded(io.BytesIO(text), encoding.name, name, cut=cut).readall() or b""
