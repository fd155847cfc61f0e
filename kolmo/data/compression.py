"""Compressed files, decompressed while they are read, with limits on their size."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import zstandard

from kolmo._core.extras import library_errors
from kolmo.data.lines import STDIN, opened
from kolmo.errors import DataError

MAX_EXPANDED_BYTES = 2**32
"""Largest size of a file after decompression: 4 GiB."""
MAX_RATIO, FREE_BYTES = 200, 2**26
"""Largest size after decompression over the size before, for files that expand to more than 64 MiB."""

_MAX_MEMORY = 2**27
"""Memory that decompression of a file may take: 128 MiB."""
_CHUNK = 2**18
_ZSTD_CHUNK = 2**10
"""Bytes passed to zstd at a time, since it returns all that they expand to: at most 128 KiB for each 4 of them."""
_ENDINGS = {".gz": "gzip", ".gzip": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd", ".zstd": "zstd"}
_STARTS = {
    "gzip": re.compile(rb"\x1f\x8b\x08"),
    "bzip2": re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"),
    "xz": re.compile(rb"\xfd7zXZ\x00"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd"),
}


def without_packing(path: str | Path) -> Path:
    """Return a path without the ending of its compression, such as ``.gz``."""
    place = Path(path)
    return place.with_suffix("") if place.suffix.lower() in _ENDINGS else place


@contextmanager
def unpacked(path: str | Path, *, raw: bool = False) -> Iterator[tuple[io.BufferedReader, str | None]]:
    """Open a file, decompressed if it starts as gzip, bzip2, xz or zstd do; yield the name of the compression too.

    Parameters
    ----------
    path : str or Path
        The file; ``-`` is standard input.
    raw : bool
        Whether the file is read as it is.

    Raises
    ------
    DataError
        While reading: if the file is damaged, or expands to more than the limits of this module.
    """
    with opened(path) as file:
        start = b"" if raw else file.peek(16)[:16]
        kind = next((kind for kind, pattern in _STARTS.items() if pattern.match(start)), None)
        stated = _ENDINGS.get(Path(path).suffix.lower())
        if kind is None and stated is not None and not raw and str(path) != STDIN:
            raise DataError(f"{path}: expected {stated} data in a file of this name, got {start[:8]!r}; rename it")
        if kind is None:
            yield file, None
        else:
            yield io.BufferedReader(_Unpacked(file, kind, str(path)), _CHUNK), kind


class _Unpacked(io.RawIOBase):
    """The content of a compressed file, with limits on its size."""

    def __init__(self, file: Any, kind: str, name: str) -> None:
        self._file, self._kind, self._name, self._size = file, kind, name, 0
        self._left = memoryview(b"")
        self._pieces = _PIECES[kind](file)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            with library_errors(f"{self._name} is damaged: its {self._kind} data cannot be decompressed"):
                piece = next(self._pieces, b"")
            if not piece:
                return 0
            self._left = memoryview(piece)
            self._size += len(piece)
            n_packed = self._file.raw.n_read
            if self._size > MAX_EXPANDED_BYTES or self._size > max(FREE_BYTES, MAX_RATIO * n_packed):
                raise DataError(
                    f"{self._name}: expected {self._kind} data that expand to at most {MAX_RATIO} times their size and "
                    f"{MAX_EXPANDED_BYTES:,} bytes, got {self._size:,} from the first {n_packed:,}; if the file is "
                    "trusted, decompress it first"
                )
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


def _gzip_pieces(file: BinaryIO) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=file) as source:
        while piece := source.read(_CHUNK):
            yield piece


class _Zstd:
    """A decoder of one zstd frame with the interface of those of bzip2 and xz; the caller passes little at a time."""

    needs_input = True

    def __init__(self) -> None:
        self._decoder = zstandard.ZstdDecompressor(max_window_size=_MAX_MEMORY).decompressobj()

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    def decompress(self, data: bytes, _: int) -> bytes:
        return self._decoder.decompress(data)


def _stream_pieces(new: Callable[[], Any], chunk: int = _CHUNK) -> Callable[[BinaryIO], Iterator[bytes]]:
    """Return what yields the pieces of all streams of a file, one after another."""

    def pieces(file: BinaryIO) -> Iterator[bytes]:
        decoder = new()
        while True:
            data = b""
            if decoder.eof:
                data = decoder.unused_data.lstrip(b"\0") or file.read(chunk).lstrip(b"\0")  # xz pads with zeros
                if not data:
                    return
                decoder = new()
            elif decoder.needs_input:
                data = file.read(chunk)
                if not data:
                    raise EOFError("it is truncated")
            if piece := decoder.decompress(data, _CHUNK):
                yield piece

    return pieces


_PIECES: dict[str, Callable[[Any], Iterator[bytes]]] = {
    "gzip": _gzip_pieces,
    "bzip2": _stream_pieces(bz2.BZ2Decompressor),
    "xz": _stream_pieces(lambda: lzma.LZMADecompressor(memlimit=_MAX_MEMORY)),
    "zstd": _stream_pieces(_Zstd, _ZSTD_CHUNK),
}
