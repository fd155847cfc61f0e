"""Settings of the process while a command runs: standard streams, signals, and errors of background threads."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType
from typing import IO, Any, NoReturn

from kolmo._core.terminal import EscapingStream, is_terminal, unescaped

STDOUT_NAME, STDERR_NAME = "standard output", "standard error"
_SIGNALS = ("SIGTERM", "SIGHUP")
"""Signals that end a command, besides that of Ctrl-C."""


class Terminated(KeyboardInterrupt):
    """A signal ends the command; temporary files are removed as after Ctrl-C.

    Parameters
    ----------
    number : int
        The number of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def process_settings() -> Iterator[None]:
    """Set streams, signals and hooks for a command, and restore them afterwards."""
    with ExitStack() as stack:
        _occupy_descriptors()
        stack.enter_context(_escaped_streams())
        stack.enter_context(_signals_end_the_command())
        stack.enter_context(_quiet_threads())
        yield


def _occupy_descriptors() -> None:
    """Open the null device for standard streams that are closed, lest a file that is opened later gets their number.

    It is opened so that reading from stdin and writing to stdout fail, as they do with a closed stream.
    """
    for number, flags in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_RDWR)):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                null = os.open(os.devnull, flags)
                if null != number:
                    os.dup2(null, number)
                    os.close(null)


@contextmanager
def _escaped_streams() -> Iterator[None]:
    """Escape all text on stderr, and that on stdout if it is a terminal; libraries print there too."""
    before = sys.stdout, sys.stderr
    stdout = _opened(sys.stdout, 1)
    stderr = _opened(sys.stderr, 2)
    sys.stdout = EscapingStream(stdout, name=STDOUT_NAME, escape=is_terminal(stdout))
    sys.stderr = EscapingStream(stderr, name=STDERR_NAME, escape=True)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _opened(stream: IO[str] | None, number: int) -> IO[str]:
    """Return the stream, or a stream on the occupied descriptor if it is closed."""
    if stream is None or stream.closed:
        return os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    stream = unescaped(stream)
    encoding = (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "")
    if encoding != "utf8" and hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    return stream


@contextmanager
def _signals_end_the_command() -> Iterator[None]:
    """Raise `Terminated` for signals that would end the process at once, so that temporary files are removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _: FrameType | None) -> NoReturn:
        signal.signal(number, signal.SIG_IGN)  # sent again, it must not interrupt the clean-up
        raise Terminated(number)

    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    changed = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in changed:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def _quiet_threads() -> Iterator[None]:
    """Print no traceback for errors in background threads and in destructors: the command reports its own."""
    hooks: Any = threading.excepthook, sys.unraisablehook
    threading.excepthook = lambda _: None
    sys.unraisablehook = lambda _: None
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = hooks
