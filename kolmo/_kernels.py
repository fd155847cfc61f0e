"""The Numba decorators of kernels that only read and write the arrays they are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

njit: Any = numba.njit
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _compiler(**options: Any) -> Decorator:
    # Numba counts references to arrays even in innermost loops, which makes such kernels several times slower. Nothing
    # is allocated in them, so there is nothing to count; a Numba without this option is only slower.
    try:
        decorator: Decorator = njit(_nrt=False, **options)
        decorator(lambda: None)
    except (KeyError, TypeError):
        decorator = njit(**options)
    return decorator


kernel = _compiler(cache=True, nogil=True)
"""Compiles a function that Python calls: cached on disk, and without the interpreter's lock."""

part = _compiler(forceinline=True)
"""Compiles a function that only kernels call: it becomes part of them."""
