"""What a command writes: tables or one JSON document to stdout, and files that are whole or not there."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from kolmo._core.files import write_whole

if TYPE_CHECKING:
    from kolmo._core.tables import Table


def print_json(document: Any, file: IO[str] | None = None) -> None:
    """Print one JSON document to stdout, unless another file is given."""
    (file or sys.stdout).write(json.dumps(document, indent=2, allow_nan=False) + "\n")


def print_tables(tables: Iterable[Table], file: IO[str] | None = None) -> None:
    """Print tables to stdout, unless another file is given, an empty line between them."""
    file = file or sys.stdout
    encoding = getattr(file, "encoding", None) or "utf-8"
    if encoding.lower().replace("-", "") != "utf8" and hasattr(file, "reconfigure"):
        file.reconfigure(errors="backslashreplace")
    for number, table in enumerate(tables):
        if number:
            file.write("\n")
        table.print(file)


class OutputFile(click.ParamType):  # type: ignore[type-arg]
    """A file to write, checked before the work begins and not after it."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(value)
        folder = path.resolve().parent
        if value == "-":
            self.fail("a file is expected, since stdout is taken; leave the option out, or use --json", param, ctx)
        if path.is_dir():
            self.fail(f"{value!r} is a directory; give the name of a file in it", param, ctx)
        if not folder.is_dir():
            self.fail(f"{value!r} cannot be written: there is no directory {str(folder)!r}", param, ctx)
        if not os.access(path if path.exists() else folder, os.W_OK):
            self.fail(f"{value!r} cannot be written: permission denied", param, ctx)
        return path


def write_text(path: Path, write: Callable[[IO[str]], object]) -> None:
    """Let `write` fill a text file in UTF-8, whole or not at all.

    Characters that stand for undecodable bytes become these bytes again.
    """

    def encoded(file: IO[bytes]) -> None:
        text = io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="")
        write(text)
        text.flush()
        text.detach()

    write_whole(path, encoded)
