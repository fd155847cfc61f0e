"""A Numba kernel that walks postings: for each feature of a query, the items that have it."""

from __future__ import annotations

from typing import Any

from kolmo._core.jit import jit, u64


@jit
def add_postings(features: Any, weights: Any, starts: Any, items: Any, values: Any, products: Any) -> None:
    """Add to each item's product what it shares with one query.

    `starts`, `items` and `values` are a sparse matrix by rows, one row a feature: this is the product of a sparse
    vector with it, into a dense one.
    """
    for place in range(len(features)):
        feature, weight = features[place], weights[place]
        for posting in range(starts[feature], starts[feature + 1]):
            products[u64(items[u64(posting)])] += weight * values[u64(posting)]
