"""Parallel work goes through joblib in blocks, so that a user's `joblib.parallel_config` decides where it runs."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from kolmo._core.checks import check_jobs

Result = TypeVar("Result")


def map_blocks(
    function: Callable[..., Result],
    blocks: Iterable[tuple[Any, ...]],
    *,
    n_jobs: int | None,
    prefer: str,
) -> Iterator[Result]:
    """Yield ``function(*block)`` for every block, in order, holding few results at a time.

    Parameters
    ----------
    function : callable
        A function that pickles.
    blocks : iterable of tuple
        Its arguments, consumed as work gets free.
    n_jobs : int or None
        Workers as joblib counts them; None takes what the active `joblib.parallel_config` says, else one.
    prefer : {"threads", "processes"}
        What suits the work; an active `joblib.parallel_config` overrides it.
    """
    from joblib import Parallel, delayed, effective_n_jobs

    check_jobs(n_jobs)
    calls = (delayed(function)(*block) for block in blocks)
    try:
        parallel = Parallel(n_jobs=n_jobs, prefer=prefer, return_as="generator")
    except ValueError:  # a backend, such as multiprocessing, that returns all results at once
        yield from Parallel(n_jobs=n_jobs, prefer=prefer)(calls)
        return
    results = None
    try:
        with _interrupts_delayed(processes=prefer == "processes" and effective_n_jobs(n_jobs) > 1):
            results = parallel(calls)  # starts the workers, and does not wait for them
        yield from results
    finally:
        if results is not None:
            _close(results)


def map_threads(function: Callable[..., Result], *columns: Iterable[Any], n_threads: int) -> list[Result]:
    """Return the results of a function that releases Python's lock, in order; one call needs no thread.

    For the parts of a single fit or prediction, which share large arrays; all other work goes through `map_blocks`.
    """
    calls = list(zip(*columns, strict=True))
    if n_threads == 1 or len(calls) < 2:
        return [function(*call) for call in calls]
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(lambda call: function(*call), calls))


def _close(results: Any) -> None:
    """End the workers; a thread of joblib that fails because its tasks are gone prints nothing."""
    hook = threading.excepthook
    threading.excepthook = lambda _: None
    try:
        results.close()
    finally:
        threading.excepthook = hook


@contextmanager
def _interrupts_delayed(*, processes: bool) -> Iterator[None]:
    """Delay Ctrl-C until the workers have started, and start them so that they do not receive it.

    A joblib worker prints a traceback to stdout if it is interrupted, or if its parent is while it starts the worker.
    """
    arrived: list[int] = []
    handler = signal.getsignal(signal.SIGINT) if threading.current_thread() is threading.main_thread() else None
    if handler is not None:
        signal.signal(signal.SIGINT, lambda number, _: arrived.append(number))
    try:
        with _interrupts_blocked(processes):
            yield
    finally:
        if handler is not None:
            signal.signal(signal.SIGINT, handler)
        if arrived:
            signal.raise_signal(signal.SIGINT)


@contextmanager
def _interrupts_blocked(processes: bool) -> Iterator[None]:
    """Block the signal in this thread: processes that it starts inherit that."""
    if sys.platform == "win32":
        yield
        return
    if processes:
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()  # joblib starts it too, and its start would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
