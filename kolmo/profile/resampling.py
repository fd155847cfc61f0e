"""Confidence intervals of ratios of sums over documents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

_DRAWS = 1000
_BLOCK = 100

Interval = tuple[float, float]


def ratio_interval(
    numerators: ArrayLike, denominators: ArrayLike, *, seed: int = 0, counts: Sequence[int] | None = None
) -> Interval | None:
    """Return the 95% interval of a ratio of sums, from resampled documents; None for fewer than two documents.

    Parameters
    ----------
    numerators, denominators : array-like of shape (n_documents,)
        Such as the code lengths and the sizes of documents.
    seed : int
        Seed of the draws.
    counts : sequence of int, optional
        How often each document occurs; a document is drawn with all its copies.

    Returns
    -------
    (float, float) or None

    References
    ----------
    Efron and Tibshirani, "An introduction to the bootstrap", 1993.

    Examples
    --------
    >>> low, high = ratio_interval([2.0, 4.0, 3.0, 3.0], [1, 1, 1, 1])
    >>> 2 <= low < 3 < high <= 4
    True
    """
    above, below = np.asarray(numerators, np.float64), np.asarray(denominators, np.float64)
    if counts is not None:
        above, below = above * counts, below * counts
    n = len(above)
    if n < 2:
        return None
    random = np.random.default_rng(seed)
    ratios = []
    for _ in range(0, _DRAWS, _BLOCK):
        weights = random.multinomial(n, np.full(n, 1 / n), _BLOCK).astype(np.float64)
        ratios.append((weights @ above) / np.maximum(weights @ below, 1e-300))
    low, high = np.quantile(np.concatenate(ratios), [0.025, 0.975])
    return float(low), float(high)
