"""Files read whole, and refused before they fill the memory."""

from __future__ import annotations

from collections.abc import Sequence

from kolmo.cli.options import Size, reading_option
from kolmo.data import lines
from kolmo.data.lines import STDIN
from kolmo.errors import ParameterError

max_size_option = reading_option(
    "--max-size",
    type=Size(),
    default="1GiB",
    show_default=True,
    metavar="SIZE",
    help="Largest file to read; each file is held in memory.",
)


def read_whole(name: str, max_size: int) -> bytes:
    """Return the bytes of a file; ``-`` is stdin.

    Raises
    ------
    DataError
        If the file is missing, no file, unreadable, or larger than `max_size` bytes.
    """
    return lines.read_whole(name, max_size, option="--max-size")


def check_one_stdin(names: Sequence[str]) -> None:
    """Refuse to read stdin twice."""
    if names.count(STDIN) > 1:
        raise ParameterError("stdin can be read only once, but '-' came several times; write it to a file first")
