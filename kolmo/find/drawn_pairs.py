"""Labelled pairs of texts, drawn from texts with known sources."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_count
from kolmo._core.items import as_items, in_order
from kolmo.errors import DataError
from kolmo.learn.base import check_lengths

LEAST_BYTES = 100
"""Shortest texts that are compared."""


def source_pairs(
    texts: Any, sources: Any, *, size: int | None = None, n_pairs: int = 200, random_state: int = 0
) -> tuple[list[tuple[bytes, bytes]], NDArray[np.bool_]]:
    """Return pairs of texts of one source and as many pairs of different sources, to fit a verifier to.

    Parameters
    ----------
    texts : collection of str or bytes
        The texts.
    sources : array-like of shape (n_texts,)
        The source of each, such as its author.
    size : int, optional
        Cut the texts into disjoint passages of this many bytes; shorter ends are left out.
    n_pairs : int
        Largest number of pairs; half of them are of one source, as far as there are so many.
    random_state : int
        Seed of the draw.

    Returns
    -------
    pairs : list of (bytes, bytes)
        The pairs.
    same : ndarray of shape (n_pairs,)
        Whether both texts are of the same source.

    Raises
    ------
    DataError
        If there are fewer than two sources, or none with two texts.

    Examples
    --------
    >>> pairs, same = source_pairs(["a b", "a c", "d e"], ["x", "x", "y"], n_pairs=2)
    >>> same.tolist()
    [True, False]
    """
    items = as_items(texts)
    names = list(in_order(sources, "sources"))
    check_lengths(len(items), len(names))
    check_count("n_pairs", n_pairs, 2)
    if size is not None:
        check_count("size", size, LEAST_BYTES)
        cut = [
            (item[start : start + size], name)
            for item, name in zip(items, names, strict=True)
            for start in range(0, len(item) - size + 1, size)
        ]
        items, names = [piece for piece, _ in cut], [name for _, name in cut]
    codes = np.unique(np.array([str(name) for name in names]), return_inverse=True)[1]
    random = np.random.default_rng(random_state)
    drawn = {kind: _drawn(items, codes, kind, n_pairs // 2, random) for kind in (True, False)}
    for kind, found in drawn.items():
        if not found:
            expected = "two texts of one source" if kind else "texts of two sources"
            hint = "" if size is None else f" of {size:,} bytes"
            raise DataError(f"expected at least {expected}, got none among {len(items)} texts{hint}; pass more texts")
    pairs = [*drawn[True], *drawn[False]]
    return pairs, np.repeat([True, False], [len(drawn[True]), len(drawn[False])])


def _drawn(
    items: list[bytes], codes: NDArray[np.intp], same: bool, count: int, random: np.random.Generator
) -> list[tuple[bytes, bytes]]:
    """Return up to `count` pairs of one kind, drawn evenly over the sources."""
    members = [np.flatnonzero(codes == code) for code in range(int(codes.max(initial=-1)) + 1)]
    usable = [each for each in members if len(each) > 1] if same else members
    if not usable or (not same and len(usable) < 2):
        return []
    found: dict[tuple[int, int], None] = {}
    for _ in range(20 * count):
        if len(found) == count:
            break
        if same:
            first, second = random.choice(usable[random.integers(len(usable))], 2, replace=False)
        else:
            one, other = random.choice(len(usable), 2, replace=False)
            first, second = random.choice(usable[one]), random.choice(usable[other])
        if items[first] != items[second]:
            found[min(first, second), max(first, second)] = None
    return [(items[first], items[second]) for first, second in found]
