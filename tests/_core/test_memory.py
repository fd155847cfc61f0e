"""Caches have one limit in bytes, are shared by threads, and are emptied by one function."""

from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import kolmo
from kolmo._core import memory
from kolmo._core.memory import Cache, bytes_of
from kolmo.errors import ParameterError


def test_the_least_recently_used_is_dropped_at_the_limit() -> None:
    cache, made = Cache(100), []

    def get(key: str, size: int = 40) -> str:
        return cache.get(key, lambda: made.append(key) or key, lambda _: size)  # type: ignore[func-returns-value]

    for key in "abac":  # a, b and c do not fit
        assert get(key) == key
    assert cache.n_bytes == 80
    get("a"), get("b")
    assert made == ["a", "b", "c", "b"]
    get("large", 1000)  # kept for its next use, although larger than the limit
    get("large")
    assert (made[-1], cache.n_bytes) == ("large", 1000)
    get("a")
    assert cache.n_bytes == 40
    cache.clear()
    assert cache.n_bytes == 0


def test_one_thread_makes_a_value_and_others_wait() -> None:
    cache, made, go = Cache(100), [], threading.Event()

    def make() -> int:
        go.wait(10)
        made.append(1)
        return len(made)

    with ThreadPoolExecutor(8) as threads:
        found = [threads.submit(cache.get, "key", make, lambda _: 1) for _ in range(8)]
        go.set()
        assert [each.result() for each in found] == [1] * 8


def test_an_error_is_raised_and_not_kept() -> None:
    cache = Cache(100)
    with pytest.raises(ZeroDivisionError):
        cache.get("key", lambda: 1 // 0, lambda _: 1)
    assert cache.get("key", lambda: 5, lambda _: 1) == 5


def test_a_value_made_while_the_cache_is_cleared_is_not_counted() -> None:
    cache = Cache(100)
    assert cache.get("key", cache.clear, lambda _: 7) is None
    assert cache.n_bytes == 0


def test_bytes_are_counted_once_in_attributes_and_containers() -> None:
    class Holder:
        def __init__(self) -> None:
            self.array = np.zeros(100, np.uint64)
            self.items = [b"x" * 50, {"a": self.array, "": self}, (np.zeros(10, np.uint8), len, Holder)]

    assert bytes_of(Holder()) == 800 + 50 + 10 + len("aarrayitems") - len("arrayitems")


@pytest.mark.parametrize("spec", ["mix:level=2", "ngram", "gru", "mixture"])
def test_primed_models_of_all_threads_stay_below_the_limit(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "SHARED", Cache(10_000_000))
    contexts = [bytes([65 + number]) * 3000 for number in range(6)]
    plain = kolmo.coder(spec)
    expected = [plain.prime(context).code_length(b"some text") for context in contexts]
    with ThreadPoolExecutor(4) as threads:
        lengths = threads.map(lambda context: plain.prime(context).code_length(b"some text"), contexts * 2)
    assert list(lengths) == expected * 2
    entries = list(memory.SHARED._entries.values())
    assert 0 < memory.SHARED.n_bytes == sum(entry.n_bytes for entry in entries)
    assert memory.SHARED.n_bytes < 10_000_000 or len(entries) == 1
    kolmo.clear_caches()
    assert not memory.SHARED._entries


def test_nothing_else_holds_a_primed_model() -> None:
    kolmo.clear_caches()
    kolmo.coder("mix:level=2").prime(b"to be or not to be" * 100).code_length(b"to be")
    held = [weakref.ref(entry.value) for entry in memory.SHARED._entries.values()]
    assert len(held) == 2  # the primed model, and its copy for trials of this thread
    kolmo.clear_caches()
    gc.collect()
    assert not [each for each in held if each() is not None]


def test_a_limit_that_is_no_size_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOLMO_CACHE_SIZE", "200MB")
    assert Cache().limit == 200_000_000
    monkeypatch.setenv("KOLMO_CACHE_SIZE", "much")
    with pytest.raises(ParameterError, match="KOLMO_CACHE_SIZE: expected a size in bytes"):
        Cache().get("key", lambda: 1, lambda _: 1)
