"""Parallel work goes through joblib in blocks, so that a user's `joblib.parallel_config` decides where it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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
    except ValueError:  # a backend, such as multiprocessing, that gives all results at once
        parallel = Parallel(n_jobs=n_jobs, prefer=prefer)
    yield from parallel(calls)
