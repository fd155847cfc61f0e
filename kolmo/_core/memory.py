"""Memory: a cache of models with one limit in bytes for the process, and the measurement of peak memory."""

from __future__ import annotations

import functools
import os
import re
import threading
import types
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar

from kolmo._core.units import parse_size
from kolmo.errors import ParameterError

Given = ParamSpec("Given")
Value = TypeVar("Value")

LIMIT_VARIABLE = "KOLMO_CACHE_SIZE"
"""The environment variable with the limit, such as ``200MB``."""
DEFAULT_LIMIT = 2**30
_NOT_COUNTED = (type, types.ModuleType, types.FunctionType, types.MethodType, types.BuiltinFunctionType)


class _Entry:
    """A value, and the lock that lets one thread make it while others wait."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.is_made = False
        self.value: Any = None
        self.n_bytes = 0


class Cache:
    """Values by key; the least recently used are dropped at the limit, but never the one just made.

    Parameters
    ----------
    limit : int or None
        Largest number of bytes of all values; None for that of the environment variable, or 1 GiB.
    """

    def __init__(self, limit: int | None = None) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self.n_bytes = 0

    @property
    def limit(self) -> int:
        """The limit in bytes."""
        if self._limit is None:
            try:
                self._limit = parse_size(os.environ.get(LIMIT_VARIABLE) or str(DEFAULT_LIMIT))
            except ParameterError as error:
                raise ParameterError(f"{LIMIT_VARIABLE}: {error}") from None
        return self._limit

    def get(self, key: Hashable, make: Callable[[], Value], size: Callable[[Any], int]) -> Value:
        """Return the value of a key, made at the first call."""
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
        with entry.lock:
            if not entry.is_made:
                try:
                    entry.value = make()
                except BaseException:
                    with self._lock:
                        if self._entries.get(key) is entry:
                            del self._entries[key]
                    raise
                entry.is_made, entry.n_bytes = True, size(entry.value)
                self._count(key, entry)
            value: Value = entry.value
        return value

    def _count(self, key: Hashable, entry: _Entry) -> None:
        with self._lock:
            if self._entries.get(key) is not entry:  # cleared in the meantime
                return
            self.n_bytes += entry.n_bytes
            dropped, left = [], self.n_bytes
            for other, old in self._entries.items():  # the least recently used first
                if left <= self.limit:
                    break
                if old.is_made and old is not entry:
                    dropped.append(other)
                    left -= old.n_bytes
            for other in dropped:
                del self._entries[other]
            self.n_bytes = left

    def clear(self) -> None:
        """Drop all values."""
        with self._lock:
            self._entries.clear()
            self.n_bytes = 0


class _Clearable(Protocol):
    def cache_clear(self) -> None: ...


SHARED = Cache()
_counted: list[_Clearable] = []
"""Caches with a limit on the number of their values."""
Counted = TypeVar("Counted", bound=_Clearable)


def bytes_of(value: Any) -> int:
    """Return the memory of the arrays, tensors and byte strings in a value, in its attributes, and so on."""
    total, seen, left = 0, set(), [value]
    while left:
        each = left.pop()
        if id(each) in seen or isinstance(each, _NOT_COUNTED):
            continue
        seen.add(id(each))
        if isinstance(each, bytes | bytearray | str):
            total += len(each)
        elif isinstance(n_bytes := getattr(each, "nbytes", None), int):
            total += n_bytes
        elif isinstance(each, Mapping):
            left += [*each.keys(), *each.values()]
        elif isinstance(each, list | tuple | set | frozenset):
            left += each
        else:
            left += getattr(each, "__dict__", {}).values()
    return total


def cached(
    size: Callable[[Any], int] = bytes_of,
) -> Callable[[Callable[Given, Value]], Callable[Given, Value]]:
    """Return a decorator that caches the values of a function, all such functions under one limit in bytes.

    Parameters
    ----------
    size : callable
        Returns the memory of a value in bytes.
    """

    def decorate(function: Callable[Given, Value]) -> Callable[Given, Value]:
        @functools.wraps(function)
        def get(*args: Given.args, **kwargs: Given.kwargs) -> Value:
            key = (function, args, tuple(sorted(kwargs.items())))
            return SHARED.get(key, lambda: function(*args, **kwargs), size)

        return get

    return decorate


def clearable(function: Counted) -> Counted:
    """Have `clear_caches` clear a function cached by `functools`, too."""
    _counted.append(function)
    return function


def clear_caches() -> None:
    """Drop the models, primed models and indices that Kolmo keeps for the next call.

    Models primed with a context are kept up to a limit in bytes for the process, threads included: 1 GiB, or the
    environment variable ``KOLMO_CACHE_SIZE``, such as ``200MB``. The least recently used are dropped first. Loaded
    neural models are limited by their number.

    Examples
    --------
    >>> import kolmo
    >>> primed = kolmo.coder("mix").prime(b"to be or not to be; " * 20)
    >>> round(primed.code_length(b"to be or not"))
    10
    >>> kolmo.clear_caches()
    """
    SHARED.clear()
    for function in _counted:
        function.cache_clear()


_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Peak:
    """Peak memory in bytes beyond that at the start; None if the system does not report it."""

    def __init__(self) -> None:
        self.size: int | None = None


@contextmanager
def peak_memory() -> Iterator[Peak]:
    """Measure the peak memory of the process in a ``with`` block."""
    peak = Peak()
    try:
        _RESET.write_text("5")
        before = _kilobytes("VmRSS")
    except OSError:
        yield peak
        return
    yield peak
    peak.size = max(0, _kilobytes("VmHWM") - before) * 1024


def _kilobytes(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    if found is None:
        raise OSError(f"{_STATUS} does not state {name}")
    return int(found[1])
