"""Parallel work goes through joblib in blocks, so that a user's `joblib.parallel_config` decides where it runs."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

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
    from joblib import Parallel, delayed

    calls = (delayed(function)(*block) for block in blocks)
    try:
        parallel = Parallel(n_jobs=n_jobs, prefer=prefer, return_as="generator")
    except ValueError:  # a backend, such as multiprocessing, that returns all results at once
        yield from Parallel(n_jobs=n_jobs, prefer=prefer)(calls)
        return
    with _interrupts_blocked():
        results = parallel(calls)  # starts the workers, and does not wait for them
    yield from results


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Delay Ctrl-C while workers start; they inherit the signal mask, so that only this process receives it.

    A joblib worker prints a traceback to stdout if it is interrupted, or if its parent is while it starts the worker.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
