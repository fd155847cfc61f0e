"""The contract suite of distance metrics."""

from __future__ import annotations

from typing import Any

import numpy as np

from kolmo.coders.registry import CoderLike
from kolmo.distances.api import pairwise
from kolmo.distances.formulas import METRICS


def check_metric(metric: str, *, coder: CoderLike = "deflate", excess: float = 0.2) -> None:
    """Run the contract suite over a distance metric.

    It checks the range of the distances, that an item is nearer to itself than to unrelated items, that symmetrized and
    conditional distances are symmetric, and that tiles, workers, `top_k` and single pairs agree.

    Parameters
    ----------
    metric : str
        A key of `kolmo.distances.METRICS`.
    coder : str, mapping or Coder
        The coder that measures the code lengths.
    excess : float
        Largest amount by which a distance may exceed 1.

    Raises
    ------
    AssertionError
        If the metric breaks the contract.

    Examples
    --------
    >>> check_metric("ncd")
    """
    random = np.random.default_rng(1)
    words = [bytes(random.integers(97, 123, 6, dtype=np.uint8)) for _ in range(300)]
    texts = [b" ".join(words[at] for at in random.integers(25 * part, 25 * part + 25, 60)) for part in range(12)]
    options: dict[str, Any] = {"coder": coder, "metric": metric, "dtype": np.float64}

    square = pairwise(texts, **options)
    if not np.isfinite(square).all() or square.min() < 0 or square.max() > 1 + excess:
        raise AssertionError(f"expected distances from 0 to {1 + excess}, got {square.min()} to {square.max()}")
    others = square + np.diag(np.full(len(texts), np.inf))
    if not (np.diag(square) < others.min(axis=1)).all():
        raise AssertionError("an item is nearer to an unrelated one than to itself")
    for symmetrize in ("mean", "min", "max"):
        even = pairwise(texts, symmetrize=symmetrize, **options)
        if not np.array_equal(even, even.T):
            raise AssertionError(f"symmetrize={symmetrize!r} gives a matrix that is not symmetric")
    if METRICS[metric].conditional and not np.array_equal(square, square.T):
        raise AssertionError("a conditional metric is not symmetric")

    ways = {
        "two sets": pairwise(texts, texts, **options),
        "two workers": pairwise(texts, n_jobs=2, **options),
        "single pairs": [[pairwise([x], [y], **options)[0, 0] for y in texts] for x in texts],
    }
    for way, distances in ways.items():
        if not np.array_equal(np.asarray(distances), square):
            raise AssertionError(f"{way}: the distances differ from those of one call")
    nearest = pairwise(texts, top_k=3, **options)
    if not np.array_equal(nearest.distances, np.sort(others, axis=1)[:, :3]):
        raise AssertionError("top_k does not give the smallest distances of the matrix")
