"""Line plots of measurements, as PNG or SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kolmo.show.figures import COLORS, FONT_SIZE, MARKS, checked_path, legend_name, new_figure, save, shown, write_title

Curves = Mapping[str, Sequence[tuple[float, float]]]
"""Points (x, y) by the name of their curve."""


def line_plot(
    panels: Mapping[str, Curves],
    path: Path,
    *,
    x: str,
    y: str,
    title: str,
    log_x: bool = True,
    log_y: bool = False,
    level: float | None = None,
) -> None:
    """Plot curves in panels side by side, one panel per data set, with one legend.

    Parameters
    ----------
    panels : mapping
        Curves by the title of their panel.
    path : Path
        Ends with ``.png`` or ``.svg``.
    x, y : str
        Quantity and unit of the axes.
    title : str
        Title of the figure.
    log_x, log_y : bool
        Whether the axis is logarithmic.
    level : float, optional
        A value marked by a dashed horizontal line, such as 8 bits/byte.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    ParameterError
        If the path has another ending.
    """
    target = checked_path(path)
    figure = new_figure(1.2 + 3.6 * len(panels), 4.4)
    grid = figure.subplots(1, len(panels), squeeze=False)
    names = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    for axes, (panel, curves) in zip(grid[0], panels.items(), strict=True):
        for name, points in curves.items():
            number = names.index(name)
            style: dict[str, Any] = {"color": COLORS[number % len(COLORS)], "marker": MARKS[number % len(MARKS)]}
            axes.plot(*zip(*points, strict=True), markersize=4, linewidth=1.5, label=legend_name(name), **style)
        if level is not None:
            axes.axhline(level, color="#999999", linestyle="--", linewidth=1)
        axes.set_title(shown(panel), fontsize=FONT_SIZE + 1, parse_math=False)
        axes.set_xlabel(x)
        if log_x:
            axes.set_xscale("log", base=2)
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        if log_y:
            axes.set_yscale("log")
        axes.grid(visible=True, color="#e8e8e8")
        axes.spines[["top", "right"]].set_visible(False)
    grid[0][0].set_ylabel(y)
    write_title(figure, title)
    handles = {
        label: handle for axes in grid[0] for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    columns = max(1, min(len(panels) + 1, len(handles)))
    legend = figure.legend(
        handles.values(), handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=FONT_SIZE
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    save(figure, target)
