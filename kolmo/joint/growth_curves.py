"""How what two data sets share grows with them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from kolmo._core.checks import check_integer
from kolmo._core.resumable import open_checkpoint, run_tasks
from kolmo.coders.registry import CoderLike
from kolmo.errors import ParameterError
from kolmo.joint.estimates import Gain, gain_of, six_lengths
from kolmo.joint.two_sets import Order, prepared

_SMALLEST = 1000


def gain_curve(
    X: Any,
    Y: Any,
    *,
    coder: CoderLike = "mix",
    sizes: Sequence[int] | None = None,
    separator: str | bytes = b"",
    order: Order = "concatenated",
    random_state: int = 0,
    n_jobs: int | None = None,
    checkpoint: str | Path | None = None,
) -> list[Gain]:
    """Measure what growing parts of two data sets share, up to all of both.

    A gain that still rises at the end is one that more data would raise; one that falls is that of a coder that knows
    each set by then, or no longer sees back to the other. Twice the time of the whole, by default.

    Parameters
    ----------
    X, Y : str, bytes-like, or collection of these
        The sets. Of a collection, documents drawn at random are added; of a string, the starts of its sixteen pieces
        grow. All stay in their order, and both sets in proportion.
    coder : str, mapping or Coder
        See `kolmo.coder`.
    sizes : sequence of int, optional
        Bytes of the smaller set, rising; by default 1,000 and twice as many each time. All of it comes last.
    separator : str or bytes
        Written between the documents, and between X and Y.
    order : {"concatenated", "shuffled", "interleaved"}
        See `joint_gain`.
    random_state : int
        Seed of what is drawn.
    n_jobs : int, optional
        Workers as joblib counts them.
    checkpoint : str or Path, optional
        A file that keeps what is finished; the same call goes on from it.

    Returns
    -------
    list of Gain
        One for each size that differs from the one before; the last is that of `joint_gain`.

    Raises
    ------
    DataError
        If a set is empty.
    ParameterError
        If the sizes do not rise, or the order is none of these.

    Warns
    -----
    WindowWarning
        If a set is longer than the coder's window.

    Examples
    --------
    >>> cats = [f"cat {n} sat on the mat" for n in range(99)]
    >>> dogs = [f"dog {n} sat on the mat" for n in range(99)]
    >>> curve = gain_curve(cats, dogs, coder="ngram", sizes=[100, 400])
    >>> [gain.sizes for gain in curve], curve[-1].share > 0
    ([(104, 105), (417, 418), (2069, 2069)], True)
    """
    made, between, (xs, ys), random = prepared(X, Y, coder, separator, order, random_state)
    smaller = min(sum(map(len, xs.blocks)), sum(map(len, ys.blocks)))
    shares = [size / smaller for size in _checked(sizes, smaller)]
    orders = [random.permutation(len(each)).tolist() for each in (xs, ys)]
    parts = {
        (len(x.joined()), len(y.joined())): (x, y)
        for x, y in ((xs.grown(share, orders[0]), ys.grown(share, orders[1])) for share in shares)
    }
    # the longest first, so that no worker is left with it in the end
    tasks = [(*pair, between, order == "interleaved") for pair in reversed(parts.values())]
    run = open_checkpoint(
        checkpoint,
        str(made),
        made.fingerprint,
        xs.blocks,
        ys.blocks,
        label="growth",
        order=order,
        separator=between.decode("latin-1"),
        sizes=[list(size) for size in parts],
        random_state=random_state,
    )
    found = run_tasks(
        partial(six_lengths, made),
        tasks,
        label=f"growing gain by {made!s:.40}",
        prefer=made.tags.parallel,
        run=run,
        n_jobs=n_jobs,
    )
    return [gain_of(each) for each in found][::-1]


def _checked(sizes: Sequence[int] | None, smaller: int) -> list[int]:
    if sizes is None:
        sizes, size = [], _SMALLEST
        while 1.5 * size <= smaller:
            sizes.append(size)
            size *= 2
    for size in sizes:
        check_integer("a size", size, 1, 2**60)
    if list(sizes) != sorted(set(sizes)):
        raise ParameterError(f"sizes must rise, but {list(sizes)!r:.80} came")
    return [*(size for size in sizes if size < smaller), smaller]
