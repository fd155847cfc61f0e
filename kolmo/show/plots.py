"""Pictures of measurements, as PNG or SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kolmo._core.extras import import_extra
from kolmo._core.files import write_whole
from kolmo.show.figures import COLORS, MARKS

Curves = Mapping[str, Sequence[tuple[float, float]]]
"""Points by the name of their line."""


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
    """Draw curves, one panel for each data set, side by side under one legend.

    Parameters
    ----------
    panels : mapping
        Curves by the title of their panel.
    path : Path
        Ends with ``.png`` or ``.svg``; whole or not there.
    x, y, title : str
        What the axes and the picture show.
    log_x, log_y : bool
    level : float, optional
        A dashed line across, such as that of data that cannot be compressed.

    Raises
    ------
    MissingDependencyError
        Without the extra ``plot``.
    """
    import_extra("matplotlib", extra="plot", purpose="drawing").use("Agg")
    from matplotlib import pyplot as plt

    figure, grid = plt.subplots(
        1, len(panels), figsize=(1.2 + 3.6 * len(panels), 4.4), squeeze=False, layout="constrained"
    )
    names = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    for axes, (panel, curves) in zip(grid[0], panels.items(), strict=True):
        for name, points in curves.items():
            number = names.index(name)
            style: dict[str, Any] = {"color": COLORS[number % len(COLORS)], "marker": MARKS[number % len(MARKS)]}
            axes.plot(*zip(*points, strict=True), markersize=4, linewidth=1.5, label=name, **style)
        if level is not None:
            axes.axhline(level, color="#999999", linestyle="--", linewidth=1)
        axes.set(title=panel, xlabel=x)
        if log_x:
            axes.set_xscale("log", base=2)
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        if log_y:
            axes.set_yscale("log")
        axes.grid(visible=True, color="#e8e8e8")
        axes.spines[["top", "right"]].set_visible(False)
    grid[0][0].set_ylabel(y)
    figure.suptitle(title)
    handles = {
        label: handle for axes in grid[0] for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=min(4, len(handles)), frameon=False)
    kind = path.suffix.lstrip(".").lower() or "png"
    write_whole(path, lambda file: figure.savefig(file, format=kind, dpi=130))
    plt.close(figure)
