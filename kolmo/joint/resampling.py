"""Confidence intervals of a gain: half-samples of clusters of documents, and a jackknife over the parts of a string."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kolmo.joint.documents import Documents

N_PARTS = 4
"""Contiguous parts of a string, each of which is left out once."""
_SHINGLE = 8
_SHARED = 0.25
"""Documents belong to one cluster if they have this share of the shingles of the smaller one in common."""
_PARTNERS = 8
"""Documents with a shingle that are compared with the others that have it; the first ones."""
_MIN_CLUSTERS = 4
"""With fewer clusters, the documents are resampled as the parts of a string."""


@dataclass(frozen=True)
class Resampling:
    """Parts of two sets, and the spread of a gain over new samples that its values for these parts imply.

    Parameters
    ----------
    pairs : list of pair of Documents
        The parts of X and of Y.
    groups : list of tuple (int, float)
        The number of consecutive pairs of each group, and the factor from the sum of their squared deviations to a
        variance; the variances add.
    degrees : int
        Degrees of freedom of the variance.
    n_units : tuple of int
        Clusters or parts of each set.
    in_parts : tuple of bool
        Whether the units of a set are the parts of a string.
    """

    pairs: list[tuple[Documents, Documents]]
    groups: list[tuple[int, float]]
    degrees: int
    n_units: tuple[int, int]
    in_parts: tuple[bool, bool]

    def variance(self, gains: Sequence[float]) -> float:
        """Return the variance of the gain over new samples; NaN without resampling."""
        if not self.groups:
            return math.nan
        total, start = 0.0, 0
        for count, factor in self.groups:
            total += factor * count * float(np.var(gains[start : start + count]))
            start += count
        return total

    def half_width(self, variance: float) -> float:
        """Return half the width of the 95% interval of a quantity with this variance."""
        from scipy.stats import t

        return float(t.ppf(0.975, self.degrees)) * math.sqrt(variance)


def resampled(xs: Documents, ys: Documents, n_resamples: int, random: np.random.Generator) -> Resampling:
    """Return the parts of both sets that an interval needs.

    Documents are resampled in half-samples of clusters, both sets at once. A string is cut into four contiguous parts,
    each of which is left out once, with the other set whole.

    Parameters
    ----------
    xs, ys : Documents
        The sets.
    n_resamples : int
        Number of half-samples; with fewer than two there is no interval.
    random : Generator
        Draws them.
    """
    units = [_units(each) for each in (xs, ys)]
    counts = tuple(1 + int(each.max()) for each, _ in units)
    numbers = counts[0], counts[1]
    in_parts = units[0][1], units[1][1]
    if n_resamples < 2 or min(counts) < 2:
        return Resampling([], [], 1, numbers, in_parts)
    pairs: list[tuple[Documents, Documents]] = []
    groups: list[tuple[int, float]] = []
    degrees = []
    for side, (own, part) in enumerate(units):
        if part:
            parts = [(xs, ys)[side].part(own != unit) for unit in range(counts[side])]
            pairs += [(each, ys) if side == 0 else (xs, each) for each in parts]
            groups.append((counts[side], (counts[side] - 1) / counts[side]))
            degrees.append(counts[side] - 1)
    if not all(in_parts):
        for number in range(n_resamples):
            halves = [
                each if part else each.part(_half(own, number, random))
                for each, (own, part) in zip((xs, ys), units, strict=True)
            ]
            pairs.append((halves[0], halves[1]))
        groups.append((n_resamples, 1 / (n_resamples - 1)))
        clusters = [count for count, part in zip(counts, in_parts, strict=True) if not part]
        degrees.append(min(n_resamples - 1, sum(clusters) - len(clusters)))
    return Resampling(pairs, groups, min(degrees), numbers, in_parts)


def clusters(documents: Sequence[bytes]) -> NDArray[np.int64]:
    """Return the number of the cluster of each document: near-duplicates, and documents linked by them, are in one.

    Two documents belong together if they have a quarter of the shingles of the smaller one, all its runs of 8 bytes, in
    common.

    Examples
    --------
    >>> clusters([b"a cat sat on the mat", b"something else altogether", b"a cat sat on the mat again"]).tolist()
    [0, 1, 0]
    """
    count = len(documents)
    owners, hashes = [], []
    for number, document in enumerate(documents):
        own = np.unique(_shingles(document))
        hashes.append(own)
        owners.append(np.full(len(own), number, np.int64))
    sizes = np.array([len(each) for each in hashes])
    owner, shingle = np.concatenate(owners), np.concatenate(hashes)
    order = np.lexsort((owner, shingle))
    owner, shingle = owner[order], shingle[order]
    starts = np.flatnonzero(np.r_[True, shingle[1:] != shingle[:-1]])
    lengths = np.diff(np.r_[starts, len(shingle)])
    group = np.repeat(np.arange(len(starts)), lengths)
    rank = np.arange(len(shingle)) - starts[group]
    links = []
    for place in range(min(_PARTNERS, int(lengths.max()) - 1)):
        later = rank > place
        links.append(owner[starts[group[later]] + place] * count + owner[later])
    parents = np.arange(count)
    if links:
        pairs, shared = np.unique(np.concatenate(links), return_counts=True)
        first, second = pairs // count, pairs % count
        near = shared >= _SHARED * np.minimum(sizes[first], sizes[second])
        for one, other in zip(first[near].tolist(), second[near].tolist(), strict=True):
            root, second_root = _root(parents, one), _root(parents, other)
            parents[max(root, second_root)] = min(root, second_root)
    roots = [_root(parents, number) for number in range(count)]
    return np.unique(roots, return_inverse=True)[1].astype(np.int64)


def _units(each: Documents) -> tuple[NDArray[np.int64], bool]:
    """Return the unit of each block, and whether these are the parts of a string and not clusters of documents."""
    if not each.whole:
        own = clusters(each.blocks)
        if own.max() + 1 >= _MIN_CLUSTERS:
            return own, False
    places = np.array(each.places, np.int64)
    return np.unique(places * N_PARTS // max(len(places), 1), return_inverse=True)[1].astype(np.int64), True


def _half(units: NDArray[np.int64], number: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """Return which blocks are in a random half of the units; of an odd number the smaller and the larger in turn."""
    count = 1 + int(units.max())
    chosen = random.permutation(count)[: (count + number % 2) // 2]
    found: NDArray[np.bool_] = np.isin(units, chosen)
    return found


def _shingles(document: bytes) -> NDArray[np.uint64]:
    """Return each run of 8 bytes as a number; a shorter document is one run."""
    if len(document) < _SHINGLE:
        return np.frombuffer(document.ljust(_SHINGLE, b"\0"), "<u8")
    starts = [np.frombuffer(document[at : at + (len(document) - at) // 8 * 8], "<u8") for at in range(_SHINGLE)]
    return np.concatenate(starts)


def _root(parents: NDArray[np.int64], number: int) -> int:
    while parents[number] != number:
        parents[number] = parents[parents[number]]
        number = int(parents[number])
    return number
