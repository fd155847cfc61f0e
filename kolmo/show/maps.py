"""Maps of distances: a heat map of the matrix, or points in the plane."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kolmo.distances.matrices import checked_names, square
from kolmo.errors import DataError
from kolmo.show.figures import (
    COLORS,
    FAINT,
    FONT_SIZE,
    INK,
    MARKS,
    checked_path,
    legend_name,
    name_ticks,
    new_figure,
    save,
    shown,
    text_width,
    write_title,
)

if TYPE_CHECKING:
    from kolmo.trees.tree import Tree

_MAX_PRINTED = 20
"""Largest number of rows for which the values are printed."""
_CELL, _SMALL_CELL = 0.42, 0.16
_MAP, _NAMES_WITH_ROOM = 7.0, 40
_LEGEND_ROWS = 30
_DIRECTIONS = 16


def heat_map(
    D: ArrayLike, names: Iterable[Any] | None, path: str | Path, *, order: Tree | None = None, title: str = ""
) -> None:
    """Draw a distance matrix as a heat map, dark for small distances, with the values for up to 20 rows.

    Parameters
    ----------
    D : array-like of shape (n, n)
        Distances, which need not be symmetric; the diagonal is drawn too.
    names : iterable of str or None
        The names of the items; numbers from 0 by default.
    path : path-like
        Ends with ``.png`` or ``.svg``.
    order : Tree, optional
        Sort rows and columns in the order in which this tree is drawn.
    title : str
        Title of the picture.

    Raises
    ------
    DataError
        If D is not a square matrix of finite numbers, or does not match the names or the tree.
    MissingDependencyError
        If matplotlib is not installed.
    ParameterError
        If the path has another ending.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     heat_map([[0, 0.3], [0.3, 0]], ["cat", "dog"], f"{folder}/distances.svg")
    """
    target = checked_path(path)
    matrix = square(D)
    found = checked_names(names, len(matrix))
    if order is not None:
        places = _order(order, found)
        matrix, found = matrix[np.ix_(places, places)], tuple(found[place] for place in places)
    _draw_matrix(matrix, found, target, title=title, label="distance", cmap="viridis", limits=None)


def gain_map(
    values: ArrayLike, names: Iterable[Any] | None, path: str | Path, *, title: str = "", label: str = ""
) -> None:
    """Draw a symmetric matrix of gains as a heat map whose colours are scaled without the diagonal, which is empty.

    Parameters
    ----------
    values : array-like of shape (n, n)
        The gains, such as excess gains in %; the diagonal is left out, and NaN is an empty cell.
    names : iterable of str or None
        The names of the sets; numbers from 0 by default.
    path : path-like
        Ends with ``.png`` or ``.svg``.
    title : str
        Title of the picture.
    label : str
        Name of the quantity, with its unit.

    Raises
    ------
    DataError
        If the values are not a square matrix of finite numbers or NaN, or do not match the names.
    MissingDependencyError
        If matplotlib is not installed.
    ParameterError
        If the path has another ending.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     gain_map([[0, 2.5], [2.5, 0]], ["cat", "dog"], f"{folder}/gains.svg", label="excess gain, %")
    """
    target = checked_path(path)
    filled = np.array(values, float)
    unknown = np.isnan(filled)
    matrix = square(np.where(unknown, 0.0, filled))
    found = checked_names(names, len(matrix))
    empty = unknown | np.eye(len(matrix), dtype=bool)
    apart = matrix[~empty]
    # one colour is 0, and a matrix of noise is not stretched over all colours by its own largest value alone
    largest = max(float(np.abs(apart).max()) if len(apart) else 0.0, 1e-9)
    matrix = np.where(empty, np.nan, matrix)
    _draw_matrix(matrix, found, target, title=title, label=label, cmap="RdBu_r", limits=(-largest, largest))


def _draw_matrix(
    matrix: NDArray[np.float64],
    names: Sequence[Any],
    target: Path,
    *,
    title: str,
    label: str,
    cmap: str,
    limits: tuple[float, float] | None,
) -> None:
    """Draw a matrix, with the values for up to 20 rows; NaN stays empty."""
    labels, count = [shown(name) for name in names], len(matrix)
    printed = count <= _MAX_PRINTED
    figure = new_figure(4, 4)
    size = FONT_SIZE if printed else FONT_SIZE - 1
    side = max(1.6, count * (_CELL if printed else _SMALL_CELL))
    margin = text_width(labels, size) + 0.4
    figure.set_size_inches(side + margin + 1.1, side + margin + 0.3 * bool(title))
    axes = figure.subplots()
    low, high = limits or (None, None)
    picture = axes.imshow(matrix, cmap=cmap, interpolation="nearest", vmin=low, vmax=high)
    name_ticks(axes.xaxis, range(count), labels, size=size, rotation=90)
    name_ticks(axes.yaxis, range(count), labels, size=size)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if printed:
        least, most = picture.get_clim()
        for row, column in np.argwhere(np.isfinite(matrix)).tolist():
            value = float(matrix[row, column])
            # white digits on dark cells
            dark = value < least + 0.6 * (most - least) if limits is None else abs(value) > 0.7 * most
            number = f"{value:.2f}" if most < 100 else f"{value:.3g}"
            axes.text(column, row, number, ha="center", va="center", fontsize=7, color="white" if dark else "black")
    bar = figure.colorbar(picture, ax=axes, shrink=min(1.0, 4.0 / side), pad=0.02, aspect=18)
    bar.set_label(label, fontsize=FONT_SIZE)
    bar.ax.tick_params(labelsize=FONT_SIZE - 1)
    bar.outline.set_visible(False)
    write_title(figure, title)
    save(figure, target)


def scatter_map(
    points: ArrayLike,
    names: Iterable[Any] | None,
    labels: Sequence[Any] | None,
    path: str | Path,
    *,
    title: str = "",
) -> None:
    """Draw points in the plane, such as those of `mds`, with their names, coloured by class.

    Parameters
    ----------
    points : array-like of shape (n, 2)
        Coordinates of the items; both axes have the same scale.
    names : iterable of str or None
        Written beside the points, connected by a line where there is no room next to the point. Names that do not fit
        are omitted.
    labels : sequence or None
        The class of each item, shown by colour and mark with a legend.
    path : path-like
        Ends with ``.png`` or ``.svg``.
    title : str
        Title of the picture.

    Raises
    ------
    DataError
        If the points are not pairs of finite numbers, or the numbers of names or labels differ.
    MissingDependencyError
        If matplotlib is not installed.
    ParameterError
        If the path has another ending.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scatter_map([[0, 0], [1, 0], [0, 2]], ["cat", "dog", "oak"], ["animal", "animal", "plant"],
    ...                 f"{folder}/map.png")
    """
    target = checked_path(path)
    try:
        places = np.asarray(points, np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"expected points as pairs of numbers, got others: {error}") from error
    if places.ndim != 2 or places.shape[1] != 2 or not len(places) or not np.isfinite(places).all():
        raise DataError(f"expected finite points of shape (n, 2), got an array of shape {places.shape}")
    written = None if names is None else [shown(str(name)) for name in names]
    classes = [""] * len(places) if labels is None else [legend_name(str(label)) for label in labels]
    for what, given in (("names", written), ("labels", classes)):
        if given is not None and len(given) != len(places):
            raise DataError(f"{what}: expected {len(places)}, one for each point, got {len(given)}")
    kinds = list(dict.fromkeys(classes))
    columns = -(-len(kinds) // _LEGEND_ROWS) if labels is not None else 0
    # the room for each name does not depend on their number
    side = _MAP * min(max(1.0, np.sqrt(len(places) / _NAMES_WITH_ROOM)), 3.0) if written else _MAP
    figure = new_figure(side + columns * (text_width(kinds) + 0.6), side + 0.3 * bool(title))
    axes = figure.subplots()
    for number, kind in enumerate(kinds):
        chosen = places[[place for place, label in enumerate(classes) if label == kind]]
        style = {"color": COLORS[number % len(COLORS)], "marker": MARKS[(number // len(COLORS) + number) % len(MARKS)]}
        axes.scatter(*chosen.T, s=34, label=kind, linewidths=0.5, edgecolors="white", zorder=3, **style)
    middle, reach = (places.max(axis=0) + places.min(axis=0)) / 2, max(np.ptp(places, axis=0).max() * 0.62, 1e-9)
    axes.set(xlim=(middle[0] - reach, middle[0] + reach), ylim=(middle[1] - reach, middle[1] + reach))
    axes.set_aspect("equal", adjustable="box")
    axes.tick_params(labelsize=FONT_SIZE - 1, color=FAINT, labelcolor="#777777")
    axes.grid(visible=True, color="#f0f0f0")
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_color(FAINT)
    if labels is not None:
        legend = figure.legend(loc="outside right upper", frameon=False, fontsize=FONT_SIZE, ncols=columns)
        for text in legend.get_texts():
            text.set_parse_math(False)
    write_title(figure, title)
    if written is not None:
        _write_names(figure, axes, places, written)
    save(figure, target)


def _order(tree: Tree, names: tuple[str, ...]) -> list[int]:
    """Return the positions of the rows in the order in which the tree is drawn."""
    place = {name: number for number, name in enumerate(names)}
    if set(tree.leaves) != set(names):
        raise DataError(
            f"order: expected a tree whose leaves have the names of the {len(names)} rows, such as {names[0]!r}, got "
            f"{len(tree.leaves)} leaves, such as {tree.leaves[0]!r}"
        )
    drawn = tree.rooted_at_midpoint() if len(tree.children.get(len(tree.parents) - 1, ())) > 2 else tree
    return [place[drawn.leaves[leaf]] for leaf in drawn.leaf_order()]


def _write_names(figure: Any, axes: Any, points: NDArray[np.float64], names: list[str]) -> None:
    """Write each name at the nearest position around its point where it covers no point and no other name."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()  # computes the layout
    dot = figure.dpi / 72
    at = axes.transData.transform(points)
    frame = axes.get_window_extent()
    taken = [(x - 4 * dot, y - 4 * dot, x + 4 * dot, y + 4 * dot) for x, y in at]
    height = FONT_SIZE * dot
    # right and left first, where names are easiest to read
    turns = sorted(range(_DIRECTIONS), key=lambda turn: abs(np.sin(2 * np.pi * turn / _DIRECTIONS)))
    # outer points first, since their names can be placed outside
    for number in np.argsort(-np.linalg.norm(at - at.mean(axis=0), axis=1), kind="stable"):
        width = text_width([names[number]], FONT_SIZE - 1) * figure.dpi
        for distance, turn in ((distance, turn) for distance in (7, 14, 24, 36) for turn in turns):
            angle = 2 * np.pi * turn / _DIRECTIONS
            along, up = float(np.cos(angle)), float(np.sin(angle))
            # the box touches a circle around the point
            x = at[number, 0] + distance * dot * along + (along - 1) / 2 * width
            y = at[number, 1] + distance * dot * up + (up - 1) / 2 * height
            box = (x, y, x + width, y + height)
            if box[0] < frame.x0 or box[1] < frame.y0 or box[2] > frame.x1 or box[3] > frame.y1:
                continue
            if any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
                continue
            taken.append(box)
            corner = axes.transData.inverted().transform((x, y + 0.25 * height))
            axes.text(*corner, names[number], fontsize=FONT_SIZE - 1, color=INK, parse_math=False, va="baseline")
            if distance > 7:
                end = axes.transData.inverted().transform((x + (1 - along) / 2 * width, y + (1 - up) / 2 * height))
                axes.plot([points[number, 0], end[0]], [points[number, 1], end[1]], color="#aaaaaa", linewidth=0.6)
            break
