"""Optional libraries, imported on use, and their errors on damaged data."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kolmo._core.terminal import one_line
from kolmo.errors import DataError, KolmoError, MissingDependencyError


def import_extra(module: str, *, extra: str, purpose: str) -> Any:
    """Import an optional module, or raise an error that says how to install it.

    Parameters
    ----------
    module : str
        The module to import, such as ``"pyppmd"``.
    extra : str
        The extra of Kolmo that installs it.
    purpose : str
        The feature that needs the module, as the subject of a sentence: ``"the coder 'ppmd'"``.

    Returns
    -------
    module

    Raises
    ------
    MissingDependencyError
        If the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise _missing(module, extra, purpose) from error


def check_extra(module: str, *, extra: str, purpose: str) -> None:
    """Raise an error if an optional module is not installed, without importing it.

    Parameters
    ----------
    module, extra, purpose : str
        As for `import_extra`; `module` is a top-level module.

    Raises
    ------
    MissingDependencyError
        If the module is not installed.
    """
    if not is_installed(module):
        raise _missing(module, extra, purpose)


def is_installed(module: str) -> bool:
    """Return whether a top-level module is installed, without importing it."""
    return (sys.modules[module] if module in sys.modules else importlib.util.find_spec(module)) is not None


@contextmanager
def library_errors(problem: str) -> Iterator[None]:
    """Raise a `DataError` for any error in the ``with`` block, which calls a library on untrusted data.

    Libraries raise errors of many types on damaged data; a panic of a library in Rust is not even an `Exception`.

    Parameters
    ----------
    problem : str
        Start of the message, such as ``"the picture a.png cannot be read"``.

    Examples
    --------
    >>> with library_errors("the picture a.png cannot be read"):
    ...     raise RuntimeError("bad magic number")
    Traceback (most recent call last):
    kolmo.errors.DataError: the picture a.png cannot be read: bad magic number
    """
    try:
        yield
    except (KolmoError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        raise DataError(f"{problem}: {reason(error)}") from error


@contextmanager
def silent_library() -> Iterator[None]:
    """Discard what a library in C writes to the standard error of the process, such as remarks about damaged sounds."""
    try:
        before = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(null)


def reason(error: BaseException) -> str:
    """Return the message of an error in one line, or its type if it has none.

    Examples
    --------
    >>> reason(OSError(28, "No space left on device")), reason(MemoryError())
    ('No space left on device', 'MemoryError')
    """
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return one_line(text, 300) or type(error).__name__


def _missing(module: str, extra: str, purpose: str) -> MissingDependencyError:
    package = module.partition(".")[0]
    return MissingDependencyError(
        f"{purpose} needs {package}, which is not installed; run, in the project's folder: pip install '.[{extra}]'"
    )
