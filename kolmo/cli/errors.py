"""The end of a command: an error is one line on stderr, and the exit code tells its kind."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click

from kolmo.errors import KolmoError, NotDecodableError, ParameterError, PrimingError

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130


def end_with_one_line(run: Callable[[], Any]) -> NoReturn:
    """Run a command and exit.

    The exit code is 0 for success, 2 for wrong usage, 1 for unusable data or a failure of the system, 130 after Ctrl-C.
    """
    try:
        with _warnings_in_one_line():
            returned = run()
        sys.stdout.flush()
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "kolmo"
        _end(f"Error: {error.format_message().rstrip('.')}; see: {path} --help", WRONG_USAGE)
    except click.ClickException as error:
        _end(f"Error: {error.format_message()}", error.exit_code)
    except (ParameterError, PrimingError, NotDecodableError) as error:
        _end(f"Error: {error}", WRONG_USAGE)
    except KolmoError as error:
        _end(f"Error: {error}", FAILED)
    except (click.Abort, KeyboardInterrupt):
        _end("Interrupted", INTERRUPTED)
    except MemoryError:
        _end("Error: out of memory; use fewer or smaller items", FAILED)
    except OSError as error:
        if error.errno == errno.EPIPE:
            # the reader closed the pipe; a second failure, when the interpreter flushes, must not show
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(FAILED)
        named = f"{error.filename}: " if error.filename else ""
        _end(f"Error: {named}{error.strerror or error}", FAILED)
    sys.exit(returned if isinstance(returned, int) else 0)


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    """Show each warning once, as one line without its position in the source."""
    shown: set[str] = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        line = _one_line(f"Warning: {message}")
        if line not in shown:
            shown.add(line)
            click.echo(line, err=True)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        warnings.filterwarnings(
            "ignore", module="joblib"
        )  # about the lifetime of workers, which a user of a command cannot change
        warnings.showwarning = show
        yield


def _end(message: str, code: int) -> NoReturn:
    click.echo(_one_line(message), err=True)
    sys.exit(code)


def _one_line(text: str) -> str:
    return " ".join(text.split())
