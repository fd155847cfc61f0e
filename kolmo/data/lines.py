"""Reading of untrusted files with a size limit: whole, or by lines with their numbers."""

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
"""Default limit for an item or a line of a file: 256 MiB."""

_CHUNK = 2**20


@contextmanager
def opened(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file, or standard input for ``-``; an error says in one line why it cannot be read."""
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
        raise DataError(f"expected a file, got the directory {str(path)!r}; name the files in it") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None


def check_path(path: str | Path) -> None:
    """Raise an error for a path that the operating system does not accept."""
    if "\0" in str(path):
        raise DataError(f"expected a path, got {str(path)!r} with a NUL byte")


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
        f"{str(path)!r} holds {size}, and {option} allows {limit:,} bytes; raise it if there is enough memory"
    )


def without_line_end(line: bytes) -> bytes:
    """Return a line without its LF or CRLF."""
    return line.removesuffix(b"\n").removesuffix(b"\r")
