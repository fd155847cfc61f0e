"""Reading of untrusted files with a size limit: whole, or by lines with their numbers."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from kolmo.errors import DataError

STDIN = "-"
MAX_ITEM_BYTES = 256 * 2**20
"""Default limit for an item or a line of a file: 256 MiB."""

_CHUNK = 2**20
_BUFFER = 2**16


@contextmanager
def opened(path: str | Path) -> Iterator[io.BufferedReader]:
    """Open a file, or standard input for ``-``; an error says in one line why it cannot be read."""
    if str(path) == STDIN:
        source = getattr(sys.stdin, "buffer", None)
        if source is None:
            raise DataError("standard input cannot be read: it is closed, or holds text")
        yield io.BufferedReader(_Input(source, "standard input"), _BUFFER)
        return
    check_path(path)
    try:
        file = Path(path).open("rb", buffering=0)  # noqa: SIM115
    except FileNotFoundError:
        raise DataError(f"there is no file {str(path)!r}; check the path") from None
    except IsADirectoryError:
        raise DataError(f"expected a file, got the directory {str(path)!r}; name the files in it") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    except ValueError as error:  # characters that the encoding of the file system lacks
        raise DataError(f"expected a path, got {str(path)!r}: {error}") from None
    with file:
        yield io.BufferedReader(_Input(file, str(path)), _BUFFER)


class _Input(io.RawIOBase):
    """A binary stream whose errors name its file.

    Errors in the block of `opened` that concern another file, such as the output, are thus left alone.

    Parameters
    ----------
    source : binary stream
        The stream to read from; it is not closed.
    name : str
        Its name in errors.
    """

    def __init__(self, source: BinaryIO | io.FileIO, name: str) -> None:
        self._source, self._name, self.n_read = source, name, 0
        self._read_into: Callable[[Any], int | None] = getattr(source, "readinto1", None) or source.readinto  # type: ignore[union-attr]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._source.seekable()

    def fileno(self) -> int:
        return self._source.fileno()

    def readinto(self, buffer: Any) -> int | None:
        try:
            got = self._read_into(buffer)
            self.n_read += got or 0
            return got
        except OSError as error:
            raise DataError(f"{self._name} cannot be read: {error.strerror or error}") from error

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()


class NamedBytes(io.BytesIO):
    """A file in memory, which libraries show in their errors by its name."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self._shown = name

    def __repr__(self) -> str:
        return repr(self._shown)


def check_path(path: str | Path) -> None:
    """Raise an error for a path that the operating system does not accept."""
    if "\0" in str(path):
        raise DataError(f"expected a path, got {str(path)!r} with a NUL byte")


def is_rereadable(path: str | Path) -> bool:
    """Return whether a file can be read twice, which standard input and pipes cannot."""
    return str(path) != STDIN and os.path.isfile(path)


def numbered_lines(file: BinaryIO, path: str | Path, max_item_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Yield each line, including its line end (LF, CRLF), with its number from 1.

    Raises
    ------
    DataError
        If a line is longer than `max_item_bytes`; its rest is not read.
    """
    number = 0
    while line := file.readline(max_item_bytes + 1):
        number += 1
        if len(line) > max_item_bytes:
            raise DataError(
                f"{path}: line {number} is longer than {max_item_bytes:,} bytes; if this is not a file of lines, "
                "read it as one item with format 'file', or raise max_item_bytes"
            )
        yield number, line


def read_whole(path: str | Path, max_item_bytes: int, *, option: str = "max_item_bytes") -> bytes:
    """Return the bytes of a file; a file that is too large is rejected before it fills the memory.

    Parameters
    ----------
    path : str or Path
        The file; ``-`` is standard input.
    max_item_bytes : int
        Largest number of bytes.
    option : str
        Name of the option that sets the limit, for the error message.
    """
    with opened(path) as file:
        if str(path) != STDIN and (size := os.stat(path).st_size) > max_item_bytes:
            raise too_long(path, f"{size:,} bytes", max_item_bytes, option)
        chunks, size = [], 0
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            if size > max_item_bytes:
                raise too_long(path, "more", max_item_bytes, option)
            chunks.append(chunk)
    return b"".join(chunks)


def too_long(path: str | Path, size: str, limit: int, option: str) -> DataError:
    """Return the error for a file that is larger than an option allows."""
    return DataError(
        f"{str(path)!r} holds {size}, and {option} allows {limit:,} bytes; raise it if there is enough memory"
    )


def without_line_end(line: bytes) -> bytes:
    """Return a line without its LF or CRLF."""
    return line.removesuffix(b"\n").removesuffix(b"\r")
