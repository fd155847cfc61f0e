"""The Numba decorators of kernels that only read and write the arrays they are given."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numba
from numba.core import event
from numba.core.options import DefaultOptions

Function = Callable[..., Any]

# Numba counts references to arrays even in innermost loops, which makes such kernels several times slower. Nothing is
# allocated in them, so there is nothing to count; a Numba that does not know this option is only slower.
_UNCOUNTED: dict[str, Any] = {"_nrt": False} if hasattr(DefaultOptions, "_nrt") else {}


def kernel(function: Function) -> Function:
    """Compile a function that Python calls: without the interpreter's lock, and kept on disk where that is possible."""
    try:
        return _compile(function, nogil=True, cache=True)
    except RuntimeError:  # neither the package's folder nor the user's can be written
        return _compile(function, nogil=True)


def part(function: Function) -> Function:
    """Compile a function that only kernels call: it becomes part of them."""
    return _compile(function, forceinline=True)


def _compile(function: Function, **options: Any) -> Function:
    compiled: Function = numba.njit(**options, **_UNCOUNTED)(function)
    return compiled


class _Compiling(event.Listener):
    """Says on a terminal why the first use on a machine takes some seconds, and counts them.

    Kernels that come from the cache say nothing, and cost next to nothing.
    """

    _TEXT = "compiling kernels, once on this machine"

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0
        self._start = 0.0

    def on_start(self, event: Any) -> None:
        if not _is_ours(event):
            return
        if self._depth == 0:
            self._start = time.perf_counter()
            _show(f"\r{self._TEXT} ...")
        self._depth += 1

    def on_end(self, event: Any) -> None:
        if not _is_ours(event):
            return
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.perf_counter() - self._start
            _show(f"\r{' ' * (len(self._TEXT) + 4)}\r")


def _is_ours(event: Any) -> bool:
    function = getattr(event.data.get("dispatcher"), "py_func", None)
    return getattr(function, "__module__", "").startswith("kolmo.")


def _show(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(text)
        sys.stderr.flush()


compiling = _Compiling()
"""How many seconds this process has spent on compiling kernels, as ``compiling.seconds``."""
event.register("numba:compile", compiling)  # type: ignore[no-untyped-call]
