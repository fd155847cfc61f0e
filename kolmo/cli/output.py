"""What a command writes: tables or one JSON document to stdout, and files that are whole or not there."""

from __future__ import annotations

import json
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from kolmo.show.tables import Table


def print_json(document: Any) -> None:
    """Print one JSON document to stdout."""
    sys.stdout.write(json.dumps(document, indent=2, allow_nan=False) + "\n")


def print_tables(tables: Iterable[Table]) -> None:
    """Print tables to stdout, an empty line between them."""
    encoding = sys.stdout.encoding or "utf-8"
    if encoding.lower().replace("-", "") != "utf8" and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    for number, table in enumerate(tables):
        if number:
            sys.stdout.write("\n")
        table.print(sys.stdout)


def show_bits(bits: float) -> str:
    """Return a code length as text; most coders count whole bits."""
    return f"{bits:,.0f}" if bits == int(bits) else f"{bits:,.1f}"


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


def write_whole(path: Path, write: Callable[[IO[str]], None]) -> None:
    """Let `write` fill `path`, which changes only once everything is written.

    Parameters
    ----------
    path : Path
        The file. A device or a pipe is written to directly, since it cannot be replaced.
    write : callable
        Takes an open text file in UTF-8; characters that stand for undecodable bytes become these bytes again.
    """
    target = path.resolve()
    settings: dict[str, Any] = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}
    if target.exists() and not target.is_file():
        with target.open("w", **settings) as file:
            write(file)
        return
    descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "w", **settings) as file:
            write(file)
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _mode(target: Path) -> int:
    """Return the permissions of the file that is replaced, or those of any new file."""
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
