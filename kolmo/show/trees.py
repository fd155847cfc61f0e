"""Pictures of trees."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kolmo.show.figures import FAINT, FONT_SIZE, INK, checked_path, name_ticks, new_figure, save, shown, text_width

if TYPE_CHECKING:
    from kolmo.trees.tree import Tree

_ROW = 0.19
"""Inches that a leaf takes, so that names of this size stay apart."""
_WIDTH = 5.5


def dendrogram(tree: Tree, path: str | Path, *, title: str = "") -> None:
    """Draw a tree from its root on the left to its leaves on the right.

    An unrooted tree, such as that of `neighbor_joining`, is drawn with a root halfway between the leaves that are
    farthest apart. Branches have their lengths, those below zero none; in a tree without lengths the leaves stand in
    line, and only what branches off from what has a meaning.

    Parameters
    ----------
    tree : Tree
        As `linkage_tree`, `neighbor_joining` or `quartet_tree` return it.
    path : path-like
        Ends with ``.png`` or ``.svg``; whole or not there.
    title : str
        Stands above the picture.

    Raises
    ------
    MissingDependencyError
        Without the extra ``plot``.
    ParameterError
        If the path ends with anything else.

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
    # names are given their room beside the tree, which keeps its own
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
    axes.spines[["top", "left", "right"]].set_visible(False)
    if tree.lengths is None:
        axes.spines["bottom"].set_visible(False)
        axes.set_xticks([])
    else:
        axes.tick_params(axis="x", labelsize=FONT_SIZE - 1)
        axes.set_xlabel("distance from the root", fontsize=FONT_SIZE)
    if title:
        figure.suptitle(shown(title), fontsize=FONT_SIZE + 2, parse_math=False)
    save(figure, target)


def _places(tree: Tree, order: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return how far to the right and how far down each node stands."""
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
