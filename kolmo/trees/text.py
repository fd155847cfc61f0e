"""A drawing of a tree in plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kolmo._core.terminal import visible

WIDTH = 48
"""Columns of the longest path from the root to a leaf, unless the tree has more levels."""


def draw(
    root: int, children: Mapping[int, Sequence[int]], leaves: Sequence[str], depths: NDArray[np.float64] | None
) -> str:
    """Return a drawing with one line for each leaf, from the root on the left to the leaves on the right.

    Parameters
    ----------
    root : int
        The root.
    children : mapping
        The nodes below each inner node.
    leaves : sequence of str
        The names of the nodes 0 to n - 1; control characters are escaped.
    depths : ndarray, optional
        The distance of each node from the root; without it all leaves are drawn in one column.

    Examples
    --------
    >>> print(draw(4, {3: [0, 1], 4: [3, 2]}, ["cat", "dog", "ape"], None))
    +-+- cat
    | +- dog
    +--- ape
    """
    columns = _by_level(root, children) if depths is None else _by_depth(root, children, depths)
    row, rows = {}, 0
    order = _preorder(root, children)
    for node in order:  # a node stands in the line of its first leaf
        row[node] = rows
        rows += node not in children
    width = max(columns.values()) + 2
    grid = [[" "] * width for _ in range(rows)]
    for node in order:  # parents first, whose lines end where those of their children start
        below = children.get(node, ())
        if not below:
            continue
        start = columns[node]
        for line in range(row[node], row[below[-1]]):
            grid[line][start] = "|"
        for child in below:
            end = columns[child]
            grid[row[child]][start : end + 1] = ["+", *("-" * (end - start))]
    lines = []
    for node in order:
        if node not in children:
            branch = "".join(grid[row[node]][: columns[node]])
            lines.append(f"{branch} {visible(leaves[node])}" if node != root else visible(leaves[node]))
    return "\n".join(lines)


def _by_level(root: int, children: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """Return the column of each node: all leaves in one column, an inner node left of the nodes below it."""
    columns: dict[int, int] = {}
    for node in reversed(_preorder(root, children)):
        columns[node] = min((columns[child] for child in children.get(node, ())), default=2) - 2
    return {node: column - columns[root] for node, column in columns.items()}


def _by_depth(root: int, children: Mapping[int, Sequence[int]], depths: NDArray[np.float64]) -> dict[int, int]:
    """Return the column of each node in proportion to its depth, but at least two columns right of its parent."""
    deepest = float(depths.max()) or 1.0
    columns = {root: 0}
    for node in _preorder(root, children):
        for child in children.get(node, ()):
            columns[child] = max(columns[node] + 2, round(WIDTH * (float(depths[child]) / deepest)))
    return columns


def _preorder(root: int, children: Mapping[int, Sequence[int]]) -> list[int]:
    order, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        order.append(node)
        waiting.extend(reversed(children.get(node, ())))
    return order
