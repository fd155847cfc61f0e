"""Output of commands: tables or one JSON document on stdout, and files that are complete or absent."""

from __future__ import annotations

import io
import json
import os
import shlex
import stat
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from kolmo._core.extras import check_extra
from kolmo._core.files import Source, check_not_input, check_output, check_output_folder, write_whole
from kolmo._core.terminal import one_line, write_lines
from kolmo.data.lines import STDIN

if TYPE_CHECKING:
    from kolmo._core.results import Result
    from kolmo._core.tables import Table

PICTURES = (".png", ".svg")
ARGUMENTS = "kolmo.arguments"
"""The key of the arguments of the running command in the ``meta`` of a click context."""
STDOUT = Path("-")
"""The name of stdout as an output."""


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


def write_report(path: Path | None, results: Any, **options: Any) -> None:
    """Write results as an HTML report if a file was named, with the command that is running.

    Parameters
    ----------
    path : Path or None
        The file; whether it may be replaced was checked before.
    results : object
        As for `kolmo.report_html`.
    **options
        Its other arguments.
    """
    if path is not None:
        from kolmo.show.report.writing import report_html

        report_html(results, path, force=True, command=command_line(), **options)


def command_line() -> str:
    """Return the running command with its arguments, as for a shell."""
    context = click.get_current_context()
    return shlex.join(["kolmo", *context.command_path.split()[1:], *context.meta.get(ARGUMENTS, ())])


def say(name: str, remarks: Sequence[str]) -> None:
    """Write on stderr how an input was read."""
    if remarks:
        called = "standard input" if name == STDIN else name
        write_lines([one_line(f"Note: {called}: {'; '.join(remarks)}")], sys.stderr)


class OutputFile(click.ParamType):  # type: ignore[type-arg]
    """A file to write. `Command` checks it against the inputs before any work starts.

    Parameters
    ----------
    *endings : str
        The endings that the name may have, such as ``.png``; any if none is given.
    stdout : bool
        Whether ``-`` is accepted, for stdout.
    default : callable, optional
        Returns the file for the other parameters of the command if none is given; None for no file.
    """

    name = "file"
    replaces = False
    """Whether an existing file may be replaced without ``--force``."""

    def __init__(
        self,
        *endings: str,
        stdout: bool = False,
        default: Callable[[dict[str, Any]], Path | None] = lambda _: None,
    ) -> None:
        self.endings, self.stdout, self.default = endings, stdout, default

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if value == "-" and self.stdout:
            return STDOUT
        if value == "-":
            self.fail("expected a file, got '-', but stdout is taken; omit the option, or use --json", param, ctx)
        if self.endings and Path(value).suffix.lower() not in self.endings:
            self.fail(f"expected a file name ending in {' or '.join(self.endings)}, got {value!r}", param, ctx)
        if value.endswith((os.sep, os.altsep or os.sep)) or not value:  # a path object would drop the separator
            self.fail(f"expected a file, got the directory {value!r}; give the name of a file in it", param, ctx)
        return Path(value).absolute() if Path(value) == STDOUT else Path(value)

    def check(self, path: Path, inputs: Iterable[Source], *, force: bool) -> None:
        """Raise an error if the file cannot be written, is an input, or exists and may not be replaced.

        Parameters
        ----------
        path : Path
            The file; `STDOUT` is stdout.
        inputs : iterable of path-like or int
            What the command reads; see `check_output`.
        force : bool
            Whether an existing file may be replaced.

        Raises
        ------
        ParameterError
            If the file may not be written.
        OutputError
            If the operating system does not allow to write it.
        """
        if path == STDOUT:
            check_stdout(inputs)
        else:
            check_output(path, inputs=inputs, force=force or self.replaces)


class PictureFile(OutputFile):
    """A picture to draw, PNG or SVG; matplotlib must be installed."""

    def __init__(self) -> None:
        super().__init__(*PICTURES)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = super().convert(value, param, ctx)
        option = param.opts[-1] if param is not None else "drawing"
        check_extra("matplotlib", extra="plot", purpose=f"the option {option}" if param is not None else option)
        return path


class ReportFile(OutputFile):
    """An HTML report to write."""

    def __init__(self) -> None:
        super().__init__(".html", ".htm")


class ModelFolder(OutputFile):
    """A folder for a saved model: a new or empty one, or, with ``--force``, one that holds a saved model."""

    name = "folder"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if value in ("", "-"):
            self.fail(f"expected a folder, got {value!r}", param, ctx)
        return Path(value)

    def check(self, path: Path, inputs: Iterable[Source], *, force: bool) -> None:
        from kolmo._core.models.saving import is_model

        check_output_folder(path, inputs=inputs, force=force, is_own=is_model)


class CheckpointFile(OutputFile):
    """A checkpoint: a new file, or a checkpoint of Kolmo, which is resumed; any other file is refused."""

    replaces = True

    def check(self, path: Path, inputs: Iterable[Source], *, force: bool) -> None:
        from kolmo._core.resumable import check_checkpoint

        super().check(path, inputs, force=force)
        check_checkpoint(path)


def check_stdout(inputs: Iterable[Source]) -> None:
    """Raise an error if stdout is redirected to a file that is also an input."""
    try:
        descriptor = sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):  # closed, or not a file
        return
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        check_not_input(descriptor, inputs)


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
