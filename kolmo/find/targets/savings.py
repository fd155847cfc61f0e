"""The bits that a context saves for a target, and how far they vary over new samples of either."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kolmo._core.resumable import Arrays
from kolmo.coders.base import Coder
from kolmo.joint.documents import Documents
from kolmo.joint.estimates import primed
from kolmo.joint.resampling import clusters

Floats = NDArray[np.float64]
_PARTS, _GROUPS = 4, 8
"""Contiguous parts of a string, and random groups of clusters of documents, each of which is left out once."""


@dataclass(frozen=True)
class Saving:
    """L(T) - L(T given C) for the whole target, and without parts of the target or of C.

    Parameters
    ----------
    whole : float
        The share of L(T) that is saved.
    without_target_parts, without_context_parts : ndarray of shape (n_parts,)
        The same without each part of the target, and without each part of C.
    """

    whole: float
    without_target_parts: Floats
    without_context_parts: Floats

    def half_width(self, other: Saving | None = None) -> float:
        """Return half the width of the 95% interval of the share, or of its difference to that of another context.

        The target is the same for both, so only the part of its variation that differs counts.
        """
        from scipy.stats import t

        of_target = self.without_target_parts - (0.0 if other is None else other.without_target_parts)
        parts = [of_target, self.without_context_parts, *([] if other is None else [other.without_context_parts])]
        if min(map(len, parts)) < 2:
            return math.nan
        variance = sum((len(each) - 1) * float(np.var(each)) for each in parts)
        return float(t.ppf(0.975, min(map(len, parts)) - 1)) * math.sqrt(variance)


def without_parts(each: Documents, random: np.random.Generator) -> list[Documents]:
    """Return the set without each of its parts: contiguous ones of a string, groups of clusters of documents."""
    if each.whole:
        places = np.arange(len(each))
        groups = places * _PARTS // len(each)
    else:
        own = clusters(each.blocks)
        count = 1 + int(own.max())
        groups = (random.permutation(count) % min(_GROUPS, count))[own]
    names = np.unique(groups)
    return [each.part(groups != name) for name in names] if len(names) > 1 else []


def conditional_lengths(coder: Coder, context: bytes, items: list[bytes]) -> Arrays:
    """Return L(item given context) of each item, in bits."""
    return (primed(coder, context)._batch(items),)


def saving_tasks(
    coder: Coder, base: bytes, context: Documents, target: Documents, *, seed: int
) -> list[tuple[Coder, bytes, list[bytes]]]:
    """Return the calls of `conditional_lengths` from whose results `savings_of` makes a saving."""
    random = np.random.default_rng(seed)
    targets = [target, *without_parts(target, random)]
    contexts = [context, *without_parts(context, random)]
    items = [each.joined() for each in targets]
    return [
        (coder, base + each.joined() + context.between, items if number == 0 else items[:1])
        for number, each in enumerate(contexts)
    ]


def saving_of(alone: Floats, found: Sequence[Arrays]) -> Saving:
    """Return the saving from the lengths of the target and of its parts alone, and the results of the tasks."""
    (given,), *without = found
    shares = 1 - given / np.maximum(alone, 1e-9)
    parts = np.array([1 - lengths[0] / max(alone[0], 1e-9) for (lengths,) in without])
    return Saving(float(shares[0]), shares[1:], parts)


def taken(results: Iterator[Arrays], count: int) -> list[Arrays]:
    """Return the next results."""
    return [next(results) for _ in range(count)]
