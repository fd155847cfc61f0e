"""Files and folders as items of bytes, with a limit on their size."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from kolmo.cli.options import Size, reading_option
from kolmo.data import lines
from kolmo.data.lines import STDIN, check_path
from kolmo.errors import DataError, ParameterError

max_size_option = reading_option(
    "--max-size",
    type=Size(),
    default="1GiB",
    show_default=True,
    metavar="SIZE",
    help="Largest item to read; items are held in memory.",
)

as_set_option = reading_option(
    "--as-set",
    is_flag=True,
    help="Read a folder as one item, its files concatenated by name, instead of one item per file.",
)


def read_whole(name: str, max_size: int) -> bytes:
    """Return the bytes of a file; ``-`` is stdin.

    Raises
    ------
    DataError
        If the file is missing, is not a file, is unreadable, or is larger than `max_size` bytes.
    """
    return lines.read_whole(name, max_size, option="--max-size")


class Items:
    """The items that arguments of a command name: files, stdin, and the files of folders, hidden ones excluded.

    The names are checked when this is made, before any work starts; the items are read one at a time.

    Parameters
    ----------
    names : sequence of str
        Files and folders; ``-`` is stdin.
    max_size : int
        Largest item in bytes.
    as_set : bool
        Whether a folder is one item, the concatenation of its files, instead of one item per file.

    Raises
    ------
    DataError
        If a file or folder does not exist, or a folder holds no files.
    """

    def __init__(self, names: Sequence[str], max_size: int, *, as_set: bool) -> None:
        self.max_size = max_size
        self.files: list[tuple[str, list[str]]] = []
        for name in names:
            check_path(name)
            if name == STDIN or not os.path.isdir(name):
                if name != STDIN and not os.path.lexists(name):
                    raise DataError(f"there is no file {name!r}; check the path")
                self.files.append((name, [name]))
                continue
            found = _files_of(Path(name))
            self.files += [(name, found)] if as_set else [(file, [file]) for file in found]

    @property
    def names(self) -> list[str]:
        """The names of the items."""
        return [name for name, _ in self.files]

    def read(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name and the bytes of each item."""
        for name, files in self.files:
            parts: list[bytes] = []
            left = self.max_size
            for file in files:
                if parts and not left:
                    raise DataError(f"{name!r} holds more than the {self.max_size:,} bytes of --max-size; raise it")
                parts.append(read_whole(file, left))
                left -= len(parts[-1])
            yield name, b"".join(parts)


def _files_of(folder: Path) -> list[str]:
    found = [
        str(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    ]
    if not found:
        raise DataError(f"the folder {str(folder)!r} holds no files")
    return found


def check_one_stdin(names: Sequence[str]) -> None:
    """Raise an error if stdin is named more than once."""
    if names.count(STDIN) > 1:
        raise ParameterError("stdin can be read only once, got '-' several times; write it to a file first")
