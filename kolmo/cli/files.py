"""Files read whole, and refused before they fill the memory."""

from __future__ import annotations

import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import click

from kolmo.cli.options import Size
from kolmo.errors import DataError, ParameterError

STDIN = "-"
_CHUNK = 2**20

max_size_option = click.option(
    "--max-size",
    type=Size(),
    default="1GiB",
    show_default=True,
    metavar="SIZE",
    help="Refuse files above this size, since each is held in memory: bytes, or such as 500MB or 4GiB.",
)


def read_whole(name: str, max_size: int) -> bytes:
    """Return the bytes of a file; ``-`` is stdin.

    Raises
    ------
    DataError
        If the file is missing, no file, unreadable, or larger than `max_size` bytes.
    """
    if name == STDIN:
        return _read_stream(sys.stdin.buffer, "stdin", max_size)
    path = Path(name)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise DataError(f"{name!r} is a directory, and a file was expected; name the files in it")
        if status.st_size > max_size:
            raise _too_large(repr(name), max_size, f"{status.st_size:,} bytes")
        with path.open("rb") as file:
            return _read_stream(file, repr(name), max_size)
    except FileNotFoundError:
        raise DataError(f"there is no file {name!r}; check the path") from None
    except OSError as error:
        raise DataError(f"{name!r} cannot be read: {error.strerror or error}") from None


def check_one_stdin(names: Sequence[str]) -> None:
    """Refuse to read stdin twice."""
    if names.count(STDIN) > 1:
        raise ParameterError("stdin can be read only once, but '-' came several times; write it to a file first")


def _read_stream(file: BinaryIO, name: str, max_size: int) -> bytes:
    chunks, size = [], 0
    while chunk := file.read(_CHUNK):
        size += len(chunk)
        if size > max_size:
            raise _too_large(name, max_size, "more")
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(name: str, max_size: int, size: str) -> DataError:
    return DataError(f"{name} holds {size}, and --max-size allows {max_size:,} bytes; raise it if the memory suffices")
