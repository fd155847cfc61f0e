"""The end of a command: an error is one line on stderr, and the exit code tells its kind."""

from __future__ import annotations

import errno
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import click

from kolmo._core.terminal import one_line, unescaped
from kolmo.cli.process import STDOUT_NAME, Terminated, process_settings
from kolmo.errors import KolmoError, NotDecodableError, ParameterError, PrimingError

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130

TRACEBACK = "KOLMO_TRACEBACK"
"""Environment variable that shows the traceback of an unexpected error."""


def end_with_one_line(run: Callable[[], Any]) -> NoReturn:
    """Run a command and exit.

    The exit code is 0 for success, 2 for wrong usage, 1 for unusable data or a failure of the system, 130 after Ctrl-C,
    and 128 plus the number of the signal after another signal.
    """
    with process_settings():
        try:
            try:
                with _warnings_in_one_line():
                    returned = run()
                sys.stdout.flush()
            except BaseException as error:
                with _warnings_in_one_line():  # an error may be raised while a generator is closed
                    code, line = _described(error)
                _end(line, code)
        except KeyboardInterrupt:  # a second Ctrl-C
            sys.exit(INTERRUPTED)
    sys.exit(returned if isinstance(returned, int) else 0)


def _described(error: BaseException) -> tuple[int, str | None]:
    """Return the exit code for an error and its line, None if nothing is printed."""
    if isinstance(error, SystemExit):
        raise error
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else "kolmo"
        return WRONG_USAGE, f"Error: {error.format_message().rstrip('.')}; see: {path} --help"
    if isinstance(error, click.ClickException):
        return error.exit_code, f"Error: {error.format_message()}"
    if isinstance(error, ParameterError | PrimingError | NotDecodableError):
        return WRONG_USAGE, f"Error: {error}"
    if isinstance(error, KolmoError):
        return FAILED, f"Error: {error}"
    if isinstance(error, Terminated):
        return 128 + error.number, "Terminated"
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return INTERRUPTED, "Interrupted"
    if isinstance(error, MemoryError):
        return FAILED, "Error: out of memory; use fewer or smaller items"
    if isinstance(error, RecursionError):
        return FAILED, "Error: the input is nested too deeply"
    if isinstance(error, OSError):
        if error.errno == errno.EPIPE or error.filename == STDOUT_NAME:
            _discard_stdout()
        if error.errno == errno.EPIPE:  # the reader has closed the pipe
            return FAILED, None
        named = f"{error.filename}: " if error.filename else ""
        return FAILED, f"Error: {named}{error.strerror or error}"
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    kind = type(error).__name__
    return FAILED, f"Error: unexpected {kind}: {error}; report it with the traceback, which {TRACEBACK}=1 shows"


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    """Show each warning once, as one line without its position in the source; so too what libraries log."""
    shown: set[str] = set()

    def show_line(text: str) -> None:
        line = one_line(f"Warning: {text}")
        if line not in shown:
            shown.add(line)
            _print(line)

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        show_line(str(message))

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            with suppress(Exception):  # a record whose arguments do not match its text
                show_line(record.getMessage())

    last_resort = logging.lastResort
    logging.lastResort = Lines(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", UserWarning)
            warnings.filterwarnings(
                "ignore", module="joblib"
            )  # about the lifetime of workers, which a user of a command cannot change
            warnings.showwarning = show
            yield
    finally:
        logging.lastResort = last_resort


def _end(line: str | None, code: int) -> NoReturn:
    if line is not None:
        _print(one_line(line))
    sys.exit(code)


def _print(line: str) -> None:
    """Print a line on stderr; if that is closed or full, the exit code alone tells of the error."""
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def _discard_stdout() -> None:
    """Write the rest of stdout to the null device, so that the interpreter reports no further failure."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, unescaped(sys.stdout).fileno())
        os.close(null)
