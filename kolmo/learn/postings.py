"""A Numba kernel for an inverted index: the product of a sparse query with a sparse matrix of items."""

from __future__ import annotations

from typing import Any

from kolmo._core.jit import jit, u64


@jit
def add_postings(features: Any, weights: Any, starts: Any, items: Any, values: Any, products: Any) -> None:
    """Add the product of a sparse query with each item to `products`.

    `starts`, `items` and `values` are a sparse matrix in row format with a row for each feature. The query is given by
    its `features` and their `weights`.
    """
    for place in range(len(features)):
        feature, weight = features[place], weights[place]
        for posting in range(starts[feature], starts[feature + 1]):
            products[u64(items[u64(posting)])] += weight * values[u64(posting)]
