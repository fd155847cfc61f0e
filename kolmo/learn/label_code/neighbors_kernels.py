"""Numba kernels of the neighbors predictor: an index of texts by their n-grams, and the nearest texts of a query."""

from __future__ import annotations

import math
from typing import Any

from kolmo._core.jit import i64, inline, jit, u64
from kolmo.learn.label_code.ngram_kernels import N_KINDS

N_NEIGHBORS = 32
N_COUNTS = 256


@jit
def count_texts(indices: Any, pointers: Any, kind: Any, sizes: Any) -> None:
    """Count the texts of each column of a kind."""
    for number in range((len(pointers) - 1) // N_KINDS):
        first = u64(number * N_KINDS + kind)
        for place in range(pointers[first], pointers[first + u64(1)]):
            sizes[u64(indices[u64(place)])] += 1


@jit
def fill_texts(
    indices: Any,
    counts: Any,
    pointers: Any,
    kind: Any,
    costs: Any,
    scales: Any,
    ends: Any,
    texts: Any,
    tallies: Any,
    inverse_norms: Any,
) -> None:
    """Write the texts of each column and its count in each; ``ends[column]`` moves from start to end."""
    for number in range((len(pointers) - 1) // N_KINDS):
        first, squares = u64(number * N_KINDS + kind), 0.0
        for place in range(pointers[first], pointers[first + u64(1)]):
            column = u64(indices[u64(place)])
            if costs[column] > 0:
                texts[u64(ends[column])] = number
                tallies[u64(ends[column])] = counts[u64(place)]
                ends[column] += 1
                value = costs[column] * scales[u64(counts[u64(place)])]
                squares += value * value
        inverse_norms[u64(number)] = 1.0 / math.sqrt(squares) if squares > 0 else 0.0


@inline
def _insert(similarity: Any, text: Any, nearest: Any, similarities: Any, size: Any) -> Any:
    """Insert a text among the nearest, which are sorted; return their number."""
    if size == N_NEIGHBORS and similarity <= similarities[u64(N_NEIGHBORS - 1)]:
        return size
    place = min(size, N_NEIGHBORS - 1)
    while place > 0 and similarities[u64(place - 1)] < similarity:
        similarities[u64(place)] = similarities[u64(place - 1)]
        nearest[u64(place)] = nearest[u64(place - 1)]
        place -= 1
    similarities[u64(place)], nearest[u64(place)] = similarity, text
    return min(size + 1, N_NEIGHBORS)


@jit
def find_nearest(
    indices: Any,
    counts: Any,
    pointers: Any,
    kind: Any,
    costs: Any,
    scales: Any,
    starts: Any,
    texts: Any,
    tallies: Any,
    inverse_norms: Any,
    groups: Any,
    own_groups: Any,
    sums: Any,
    seen: Any,
    nearest: Any,
    similarities: Any,
) -> None:
    """Write the nearest indexed texts of each text and their similarities, -1 and 0 where there are no more.

    Texts of the own group are left out. `sums` is all zero before and after.
    """
    for number in range(len(own_groups)):
        first, n_seen = u64(number * N_KINDS + kind), i64(0)
        for place in range(pointers[first], pointers[first + u64(1)]):
            column = u64(indices[u64(place)])
            if costs[column] > 0:
                value = costs[column] * costs[column] * scales[u64(counts[u64(place)])]
                for entry in range(starts[column], starts[column + u64(1)]):
                    text = u64(texts[u64(entry)])
                    if sums[text] == 0:
                        seen[u64(n_seen)] = text
                        n_seen += 1
                    sums[text] += value * scales[u64(tallies[u64(entry)])]
        row, size = u64(number), i64(0)
        for place in range(n_seen):
            text = u64(seen[u64(place)])
            similarity, sums[text] = sums[text] * inverse_norms[text], 0.0
            if groups[text] != own_groups[row]:
                size = _insert(similarity, text, nearest[row], similarities[row], size)
