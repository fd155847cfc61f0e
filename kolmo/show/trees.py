"""Drawings of trees."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kolmo.show.figures import (
    FAINT,
    FONT_SIZE,
    INK,
    checked_path,
    name_ticks,
    new_figure,
    save,
    shown,
    text_width,
    write_title,
)

if TYPE_CHECKING:
    from kolmo.trees.tree import Tree

_ROW = 0.19
"""Inches per leaf, enough for names of this font size."""
_WIDTH = 5.5


def dendrogram(tree: Tree, path: str | Path, *, title: str = "") -> None:
    """Draw a tree with its root on the left and its leaves on the right.

    An unrooted tree, such as that of `neighbor_joining`, is rooted halfway between the two most distant leaves. Branch
    lengths are drawn to scale, negative ones as zero; in a tree without lengths only the topology has a meaning.

    Parameters
    ----------
    tree : Tree
        A tree, as returned by `linkage_tree`, `neighbor_joining` or `quartet_tree`.
    path : path-like
        Ends with ``.png`` or ``.svg``.
    title : str
        Title of the picture.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    ParameterError
        If the path has another ending.

    Examples
    --------
    >>> import tempfile
    >>> from kolmo.trees import Tree
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     dendrogram(Tree.from_newick("((cat:1,dog:1):2,ape:3);"), f"{folder}/tree.png")
    """
    target = checked_path(path)
    if len(tree.children.get(len(tree.parents) - 1, ())) > 2:
        tree = tree.rooted_at_midpoint()
    order = tree.leaf_order()
    names = [shown(tree.leaves[leaf]) for leaf in order]
    figure = new_figure(_WIDTH, 1.0)
    # the width of the tree does not depend on that of the names
    figure.set_size_inches(_WIDTH + text_width(names), 0.9 + 0.3 * bool(title) + _ROW * max(len(order), 3))
    axes = figure.subplots()
    across, down = _places(tree, order)
    right = across.max() or 1.0
    for node, below in tree.children.items():
        rows = [down[child] for child in below]
        axes.vlines(across[node], min(rows), max(rows), color=INK, linewidth=1.1)
        for child in below:
            axes.hlines(down[child], across[node], across[child], color=INK, linewidth=1.1)
    for leaf in order:
        axes.hlines(down[leaf], across[leaf], right, color=FAINT, linewidth=0.8, linestyle=":")
    axes.set_xlim(-0.02 * right, 1.01 * right)
    axes.set_ylim(len(order) - 0.5, -0.5)
    axes.yaxis.tick_right()
    name_ticks(axes.yaxis, range(len(order)), names, size=FONT_SIZE)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    axes.spines[["top", "left", "right"]].set_visible(False)
    if tree.lengths is None:
        axes.spines["bottom"].set_visible(False)
        axes.set_xticks([])
    else:
        axes.tick_params(axis="x", labelsize=FONT_SIZE - 1)
        axes.set_xlabel("distance from the root", fontsize=FONT_SIZE)
    write_title(figure, title)
    save(figure, target)


def _places(tree: Tree, order: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the horizontal and vertical position of each node."""
    across, down = np.zeros(len(tree.parents)), np.zeros(len(tree.parents))
    down[order] = range(len(order))
    for node, below in tree.children.items():
        if tree.lengths is None:
            across[node] = min(across[child] for child in below) - 1
        down[node] = (min(down[child] for child in below) + max(down[child] for child in below)) / 2
    if tree.lengths is None:
        return across - across[-1], down
    for node in range(len(tree.parents) - 2, -1, -1):
        across[node] = across[tree.parents[node]] + max(tree.lengths[node], 0.0)
    return across, down
