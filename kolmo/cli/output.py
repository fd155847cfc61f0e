"""Output of commands: tables or one JSON document on stdout, and files that are complete or absent."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from kolmo._core.extras import check_extra
from kolmo._core.files import write_whole

if TYPE_CHECKING:
    from kolmo._core.results import Result
    from kolmo._core.tables import Table

PICTURES = (".png", ".svg")


def print_json(document: Any, file: IO[str] | None = None) -> None:
    """Print one JSON document to `file`, by default stdout."""
    (file or sys.stdout).write(json.dumps(document, indent=2, allow_nan=False) + "\n")


def print_tables(tables: Iterable[Table], file: IO[str] | None = None) -> None:
    """Print tables to `file`, by default stdout, separated by empty lines."""
    file = file or sys.stdout
    encoding = getattr(file, "encoding", None) or "utf-8"
    if encoding.lower().replace("-", "") != "utf8" and hasattr(file, "reconfigure"):
        file.reconfigure(errors="backslashreplace")
    for number, table in enumerate(tables):
        if number:
            file.write("\n")
        table.print(file)


def print_results(results: Sequence[Result], *, as_json: bool, verbose: bool = False, **facts: Any) -> None:
    """Print results of one type as tables, or as one JSON document.

    Parameters
    ----------
    results : sequence of Result
        At least one.
    as_json : bool
        Print a JSON document with the key ``results``.
    verbose : bool
        Print fingerprints and citations below the tables; the JSON document always has them.
    **facts
        Further keys of the JSON document, placed before ``results``.
    """
    if as_json:
        print_json(facts | {"results": [result.to_dict() for result in results]})
    else:
        print_tables(type(results[0]).tables_of(results, verbose=verbose))


class OutputFile(click.ParamType):  # type: ignore[type-arg]
    """A file to write, checked before any work starts.

    Parameters
    ----------
    *endings : str
        The endings that the name may have, such as ``.png``; any if none is given.
    """

    name = "file"

    def __init__(self, *endings: str) -> None:
        self.endings = endings

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(value)
        folder = path.resolve().parent
        if value == "-":
            self.fail("expected a file, got '-', but stdout is taken; omit the option, or use --json", param, ctx)
        if path.is_dir():
            self.fail(f"expected a file, got the directory {value!r}; give the name of a file in it", param, ctx)
        if self.endings and path.suffix.lower() not in self.endings:
            self.fail(f"expected a file name ending in {' or '.join(self.endings)}, got {value!r}", param, ctx)
        if not folder.is_dir():
            self.fail(f"cannot write {value!r}: there is no directory {str(folder)!r}", param, ctx)
        if not os.access(path if path.exists() else folder, os.W_OK):
            self.fail(f"cannot write {value!r}: permission denied", param, ctx)
        return path


class PictureFile(OutputFile):
    """A picture to draw, PNG or SVG; matplotlib must be installed."""

    def __init__(self) -> None:
        super().__init__(*PICTURES)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = super().convert(value, param, ctx)
        option = param.opts[-1] if param is not None else "drawing"
        check_extra("matplotlib", extra="plot", purpose=f"the option {option}" if param is not None else option)
        return path


def write_text(path: Path, write: Callable[[IO[str]], object]) -> None:
    """Let `write` fill a UTF-8 text file, which appears only when it is complete.

    Surrogate escapes are written as the bytes they stand for.
    """

    def encoded(file: IO[bytes]) -> None:
        text = io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="")
        write(text)
        text.flush()
        text.detach()

    write_whole(path, encoded)
