"""The Numba decorators of kernels that only read and write the arrays they are given."""

from __future__ import annotations

import sys
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


class _Announcement(event.Listener):
    """Says on a terminal why the first use on a machine takes some seconds; kernels from the cache say nothing."""

    _TEXT = "compiling kernels, once on this machine"

    def on_start(self, event: Any) -> None:
        self._write(event, f"\r{self._TEXT} ...")

    def on_end(self, event: Any) -> None:
        self._write(event, f"\r{' ' * (len(self._TEXT) + 4)}\r")

    def _write(self, event: Any, text: str) -> None:
        function = getattr(event.data.get("dispatcher"), "py_func", None)
        if getattr(function, "__module__", "").startswith("kolmo.") and sys.stderr.isatty():
            sys.stderr.write(text)
            sys.stderr.flush()


event.register("numba:compile", _Announcement())  # type: ignore[no-untyped-call]
