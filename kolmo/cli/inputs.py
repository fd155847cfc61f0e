"""Files and folders as items, and the options that say how their content is read."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import click

from kolmo.cli.options import Decorator, Size, reading_option, together
from kolmo.cli.output import say
from kolmo.data.decoding import AUTO, Modality, NormalForm, Pixels, Reading
from kolmo.data.lines import STDIN, check_path
from kolmo.data.symbols import Files, files_in, read_content
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


OPTION_VALUES = {"separator": "text_separator"}
"""Names of the values of options that are not those of the arguments of `kolmo.read`."""


def content_options(*, pixels: str = "auto", mono: bool = False, without: Sequence[str] = ()) -> Decorator:
    """Options that say how the content of files is read; the command gets their dict `reading` for `Reading`.

    Parameters
    ----------
    pixels : str
        Default of ``--pixels``.
    mono : bool
        Default of ``--mono``.
    without : sequence of str
        Options that the command does not have.
    """
    options = {name: option for name, option in _content_options(pixels, mono).items() if name not in without}
    return _gathered(options)


def content_of(reading: dict[str, Any]) -> dict[str, Any]:
    """Return those of the options of `reading_options` that `content_options` has."""
    return {name: reading[name] for name in _content_options()}


def reading_options(function: Callable[..., Any]) -> Callable[..., None]:
    """Return the command with all options of `kolmo.read`; it gets their dict `reading` for `read_set`."""
    decorated: Callable[..., None] = _gathered(_table_options() | _content_options())(function)
    return decorated


def content_arguments(reading: dict[str, Any]) -> dict[str, Any]:
    """Return those values of `reading_options` that say how the content of files is read."""
    return {name: reading[name] for name in _content_options()}


def _gathered(options: dict[str, Decorator]) -> Decorator:
    """Return a decorator that adds options by the name of their argument, and passes their values as one dict."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(*arguments: Any, **values: Any) -> None:
            reading = {name: values.pop(OPTION_VALUES.get(name, name)) for name in options}
            if "text_columns" in reading:
                reading["text_columns"] = list(reading["text_columns"]) or None
            function(*arguments, reading=reading, **values)

        decorated: Callable[..., None] = together(*options.values())(run)
        return decorated

    return decorate


def _table_options() -> dict[str, Decorator]:
    return {
        "text_columns": reading_option(
            "--text-column",
            "text_columns",
            multiple=True,
            metavar="COLUMN",
            help="Column of the text, by name or by number from 0; repeat it to join several.",
        ),
        "label_column": reading_option(
            "--label-column", metavar="COLUMN", help="Column of the label, by name or by number from 0."
        ),
        "separator": reading_option(
            "--text-separator",
            default=" ",
            metavar="TEXT",
            help="Text placed between joined columns.  [default: a space]",
        ),
        "header": reading_option(
            "--header/--no-header",
            default=None,
            help="Whether the first row of a table holds column names.  [default: by its content]",
        ),
        "delimiter": reading_option(
            "--delimiter",
            metavar="CHARACTER",
            callback=_one_character,
            help="Character between the cells of a table; 'tab' for a tab.  [default: by the first rows]",
        ),
        "quotes": reading_option(
            "--quotes/--no-quotes",
            default=None,
            help="Whether cells may be quoted, as in CSV.  [default: by the format and the content]",
        ),
        "format": reading_option(
            "--format",
            metavar="FORMAT",
            help="csv, tsv, json, parquet, folder, lines, fasttext, trec, records or file.  [default: from the file "
            "name and the first lines]",
        ),
    }


def _content_options(pixels: str = "auto", mono: bool = False) -> dict[str, Decorator]:
    return {
        "encoding": reading_option(
            "--encoding",
            default=AUTO,
            show_default=True,
            metavar="NAME",
            help="Encoding of text, which becomes UTF-8; 'bytes' keeps it unchanged.",
        ),
        "normalize": reading_option(
            "--normalize", type=click.Choice(get_args(NormalForm)), help="Unicode normal form of text."
        ),
        "casefold": reading_option(
            "--casefold/--no-casefold", default=False, help="Fold the case of text: A becomes a."
        ),
        "pixels": reading_option(
            "--pixels",
            type=click.Choice(get_args(Pixels)),
            default=pixels,
            show_default=True,
            help="Pixels of pictures: as in the file, or 8-bit RGB, or 8-bit grey.",
        ),
        "mono": reading_option(
            "--mono/--all-channels", "mono", default=mono, show_default=True, help="Average the channels of sounds."
        ),
        "qualities": reading_option(
            "--qualities/--no-qualities", default=False, help="Also read the qualities of FASTQ files, after the bases."
        ),
        "raw": reading_option(
            "--raw/--no-raw", default=False, help="Read files as their bytes: nothing is decompressed or decoded."
        ),
        "only": reading_option(
            "--only", type=click.Choice(get_args(Modality)), help="Leave out files of other kinds in a folder."
        ),
        "skip_unreadable": reading_option("--skip-unreadable", is_flag=True, help="Skip damaged files in a folder."),
    }


def _one_character(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    return {"tab": "\t", "\\t": "\t"}.get(value, value) if value is not None else None


def read_item(name: str, max_size: int, reading: dict[str, Any]) -> bytes:
    """Return the content of one file; ``-`` is stdin.

    Parameters
    ----------
    name : str
        The file.
    max_size : int
        Largest number of bytes.
    reading : dict
        How it is read; see `content_options`.

    Raises
    ------
    DataError
        If the file is missing, is not a file, is unreadable, or is larger than `max_size` bytes.
    """
    found = read_content(name, Reading(**reading, max_item_bytes=max_size, size_option="--max-size"))
    say(name, [found.remark] if found.remark else [])
    return found.data


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
    reading : dict
        How they are read; see `content_options`.

    Raises
    ------
    DataError
        If a file or folder does not exist, or a folder holds no files.
    """

    def __init__(self, names: Sequence[str], max_size: int, *, as_set: bool, reading: dict[str, Any]) -> None:
        self.reading = Reading(**reading, max_item_bytes=max_size, size_option="--max-size")
        self.as_set = as_set
        self.inputs: list[tuple[str, list[str]]] = []
        self.remarks: dict[str, list[str]] = {}
        """How each input was read, once it is read."""
        for name in names:
            check_path(name)
            if name == STDIN or not os.path.isdir(name):
                if name != STDIN and not os.path.lexists(name):
                    raise DataError(f"there is no file {name!r}; check the path")
                self.inputs.append((name, [name]))
                continue
            found = [str(file) for file in files_in(Path(name))]
            if not found:
                raise DataError(f"the folder {name!r} holds no files")
            self.inputs.append((name, found))

    @property
    def names(self) -> list[str]:
        """The names of the files to read, or of the sets."""
        return [each for name, files in self.inputs for each in ([name] if self.as_set else files)]

    def read(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name and the bytes of each item, and write on stderr how each input was read."""
        n_read = 0
        for name, names in self.inputs:
            files = Files(self.reading)
            contents = ((file, content.data) for file, content in files.contents(names))
            for each, data in self._joined(name, files, contents) if self.as_set else contents:
                n_read += 1
                yield each, data
            self.remarks[name] = list(files.remarks())
            say(name, files.remarks())
        if not n_read:
            said = "; ".join(remark for remarks in self.remarks.values() for remark in remarks)
            raise DataError(f"nothing was read: {said}")

    def _joined(self, name: str, files: Files, contents: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        """Yield one item of all contents, if there are any; they must be of one kind."""
        parts, size, limit = [], 0, self.reading.max_item_bytes
        for _, data in contents:
            parts.append(data)
            size += len(data)
            if size > limit:
                raise DataError(f"{name!r} holds more than the {limit:,} bytes of --max-size; raise it")
        files.modality(name)
        if parts:
            yield name, b"".join(parts)


def check_one_stdin(names: Sequence[str]) -> None:
    """Raise an error if stdin is named more than once."""
    if names.count(STDIN) > 1:
        raise ParameterError("stdin can be read only once, got '-' several times; write it to a file first")


def is_same_file(one: str, other: str) -> bool:
    """Return whether two inputs are one file or folder, through links too; not if one of them is no path."""
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):  # the reader reports the error
        return False
