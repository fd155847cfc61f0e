"""Numba decorators and casts of the kernels: functions that only read and write the arrays passed to them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import event, types
from numba.core.options import DefaultOptions
from numba.extending import intrinsic

from kolmo._core.terminal import is_terminal, unescaped

Function = Callable[..., Any]

u64: Any = np.uint64
"""Cast to an unsigned integer. As an index it is never negative, so that Numba omits the check for wraparound."""
i64: Any = np.int64
AHEAD = 16
"""So many steps before an element is read, a kernel starts to load it, see `prefetch`."""

# Numba counts references to arrays even in innermost loops, which makes these kernels several times slower. They
# allocate nothing, so there is nothing to count. A Numba version without this option is only slower.
_NO_REFERENCE_COUNTS: dict[str, Any] = {"_nrt": False} if hasattr(DefaultOptions, "_nrt") else {}


def jit(function: Function) -> Function:
    """Compile a function that Python calls: it releases the interpreter lock and is cached on disk if possible."""
    try:
        return _compile(function, nogil=True, cache=True)
    except RuntimeError:  # neither the folder of the package nor the user's cache folder is writable
        return _compile(function, nogil=True)


def inline(function: Function) -> Function:
    """Compile a function that only kernels call, inlined into each of them."""
    return _compile(function, forceinline=True)


def _compile(function: Function, **options: Any) -> Function:
    compiled: Function = numba.njit(**options, **_NO_REFERENCE_COUNTS)(function)
    return compiled


def _prefetch(_: Any, array: Any, place: Any) -> Any:
    def write_instruction(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        data = context.make_array(array)(context, builder, arguments[0]).data
        pointer = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        function_type = ir.FunctionType(ir.VoidType(), [pointer.type, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", [pointer.type], function_type)
        read, keep, data_cache = number(0), number(3), number(1)
        builder.call(function, [pointer, read, keep, data_cache])
        return context.get_dummy_value()

    return types.void(array, place), write_instruction


prefetch: Any = intrinsic(_prefetch)
"""``prefetch(array, place)`` starts to load an element of a contiguous array; `place` counts elements, row after row.

A kernel that reads at random places waits for main memory most of the time. The processor loads many places at once if
it knows them before they are needed. No value is read, so a place outside the array does no harm.
"""


class _CompileTimer(event.Listener):
    """Times the compilation of the package's kernels, and meanwhile prints the kernel's name on a terminal.

    A kernel that is loaded from the cache prints nothing and takes almost no time.
    """

    _TEXT = "compiling kernels, once on this machine"

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0
        self._start = 0.0
        self._notice = ""

    def on_start(self, event: Any) -> None:
        name = _kernel_name(event)
        if name is None:
            return
        if self._depth == 0:
            self._start = time.perf_counter()
            self._notice = f"{self._TEXT}: {name} ..."
            _show(f"\r{self._notice}")
        self._depth += 1

    def on_end(self, event: Any) -> None:
        if _kernel_name(event) is None:
            return
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.perf_counter() - self._start
            _show(f"\r{' ' * len(self._notice)}\r")


def _kernel_name(event: Any) -> str | None:
    """Return the module and the name of the kernel, or None for a function of another package."""
    function: Any = getattr(event.data.get("dispatcher"), "py_func", None)
    module: str = getattr(function, "__module__", "")
    return f"{module.removeprefix('kolmo.')}.{function.__name__}" if module.startswith("kolmo.") else None


def _show(text: str) -> None:
    if is_terminal(sys.stderr):
        stream = unescaped(sys.stderr)
        stream.write(text)
        stream.flush()


compiling = _CompileTimer()
"""Compile time of this process so far, as ``compiling.seconds``."""
event.register("numba:compile", compiling)  # type: ignore[no-untyped-call]
