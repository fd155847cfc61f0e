"""LowerBounds reading: lines of files that nobody vouches for, with their numbers."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from kolmo.errors import DataError

STDIN = "-"
MAX_ITEM_BYTES = 256 * 2**20
"""The longest item, or line of a file, that is read unless told otherwise: 256 MiB."""

_CHUNK = 2**20


@contextmanager
def opened(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file, or standard input for ``-``, and say in one line why it cannot be read."""
    if str(path) == STDIN:
        yield sys.stdin.buffer
        return
    check_path(path)
    try:
        with Path(path).open("rb") as file:
            yield file
    except FileNotFoundError:
        raise DataError(f"there is no file {str(path)!r}; check the path") from None
    except IsADirectoryError:
        raise DataError(f"{str(path)!r} is a directory, and a file was expected; name the files in it") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None


def check_path(path: str | Path) -> None:
    """Refuse what the operating system would not even look up."""
    if "\0" in str(path):
        raise DataError(f"{str(path)!r} is no path: it holds a NUL byte")


def numbered_lines(file: BinaryIO, path: str | Path, max_item_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Yield each line with its number from 1, its end (LF, CRLF) included.

    Raises
    ------
    DataError
        If a line is longer than `max_item_bytes`; no more than that is read of it.
    """
    number = 0
    while line := file.readline(max_item_bytes + 1):
        number += 1
        if len(line) > max_item_bytes:
            raise DataError(
                f"{path}: line {number} is longer than {max_item_bytes:,} bytes; is this a file of lines? "
                "read it as one item with format 'file', or raise max_item_bytes"
            )
        yield number, line


def read_whole(path: str | Path, max_item_bytes: int, *, option: str = "max_item_bytes") -> bytes:
    """Return the bytes of a file, refusing one that is longer than allowed before it fills the memory.

    Parameters
    ----------
    path : str or Path
        The file; ``-`` is standard input.
    max_item_bytes : int
        The most that is read.
    option : str
        What raises that limit, for the error.
    """
    with opened(path) as file:
        if str(path) != STDIN and (size := os.stat(path).st_size) > max_item_bytes:
            raise _too_long(path, f"{size:,} bytes", max_item_bytes, option)
        chunks, size = [], 0
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            if size > max_item_bytes:
                raise _too_long(path, "more", max_item_bytes, option)
            chunks.append(chunk)
    return b"".join(chunks)


def _too_long(path: str | Path, size: str, limit: int, option: str) -> DataError:
    return DataError(
        f"{str(path)!r} holds {size}, and {option} allows {limit:,} bytes; raise it if the memory suffices"
    )


def without_line_end(line: bytes) -> bytes:
    """Return a line without its LF or CRLF."""
    return line.removesuffix(b"\n").removesuffix(b"\r")
