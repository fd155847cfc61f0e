"""Work in parts of which each may take long: in parallel, with progress, and kept in a file as it is finished."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from kolmo._core.checkpoints import Arrays, Run, digest
from kolmo._core.parallel import map_blocks
from kolmo._core.progress import progress
from kolmo.coders.base import Coder


def finished(
    function: Callable[..., Arrays],
    tasks: Sequence[tuple[Any, ...]],
    *,
    coder: Coder,
    label: str,
    run: Run | None = None,
    n_jobs: int | None = None,
) -> Iterator[Arrays]:
    """Yield ``function(coder, *task)`` for every task, in order; those that `run` holds are not done again.

    Parameters
    ----------
    function : callable
        Returns a tuple of arrays; it pickles.
    tasks : sequence of tuple
        Its arguments.
    coder : Coder
        Says what the work runs on.
    label : str
        What is done, for the progress.
    run : Run, optional
        What is kept.
    n_jobs : int, optional
        Workers as joblib counts them.
    """
    compute = partial(map_blocks, function, n_jobs=n_jobs, prefer=coder.tags.parallel)
    blocks = ((coder, *task) for task in tasks)
    with progress(len(tasks), label=f"{label} by {coder!s:.40}", unit="part") as bar:
        for found in compute(blocks) if run is None else run.resumed(compute, blocks, len(tasks)):
            bar.update()
            yield found


def run_in(
    checkpoint: str | Path | None,
    coder: Coder,
    label: str,
    first: Sequence[bytes],
    second: Sequence[bytes],
    **facts: Any,
) -> Run | None:
    """Return the run of this work in a checkpoint file, if one is asked for.

    Parameters
    ----------
    checkpoint : path-like or None
        The file; it may hold other work, and that of other coders.
    coder : Coder
        The coder.
    label : str
        The work.
    first, second : sequence of bytes
        The data.
    **facts
        What else decides the parts, as JSON values.

    Raises
    ------
    DataError
        If the file holds this work on other data.
    """
    if checkpoint is None:
        return None
    spelled = str(coder)
    decided = {"first items": digest(first), "second items": digest(second), "coder": coder.fingerprint}
    return Run(checkpoint, f"{spelled if len(spelled) < 80 else coder.name}, {label}", decided | facts)
