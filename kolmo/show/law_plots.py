"""Plots of scaling laws: runs, laws, bands and held-out runs on logarithmic axes, as PNG or SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kolmo.show.figures import (
    COLORS,
    FAINT,
    FONT_SIZE,
    INK,
    MARKS,
    checked_path,
    legend_name,
    new_figure,
    save,
    shown,
    write_title,
)

if TYPE_CHECKING:
    from kolmo.laws.fits import LawFit
    from kolmo.laws.isoflop import IsoFlop
    from kolmo.laws.trends import Trend

Numbers = NDArray[np.float64]
_IN_A_ROW = 4
_STYLES = ("-", "--", ":", "-.")
_TICKS = (1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300)
_WIDE = 30.0
"""Ratio of the ends of an axis from which its ticks are powers of ten."""
_LEGEND_INCHES = 0.35


@dataclass(frozen=True)
class Panel:
    """One curve with its laws.

    Parameters
    ----------
    title : str
    x, y : ndarray
        The runs.
    is_fitted : ndarray of bool
        Which runs the laws were fitted to.
    grid : ndarray
        The sizes at which the laws are drawn.
    lines : mapping of str to ndarray
        The losses of each law there, the most important first.
    band : (ndarray, ndarray)
        Ends of the band there.
    """

    title: str
    x: Numbers
    y: Numbers
    is_fitted: NDArray[np.bool_]
    grid: Numbers
    lines: Mapping[str, Numbers]
    band: tuple[Numbers, Numbers]


def law_plot(panels: Sequence[Panel], path: Path, *, x_label: str, y_label: str, level: float) -> None:
    """Plot curves with their laws, one panel each.

    Parameters
    ----------
    panels : sequence of Panel
    path : Path
        Ends with ``.png`` or ``.svg``.
    x_label, y_label : str
        Quantity and unit of the axes.
    level : float
        What the band is meant to hold.
    """
    target = checked_path(path)
    n_columns = min(_IN_A_ROW, len(panels))
    n_rows = -(-len(panels) // n_columns)
    size = (7.4, 4.8) if len(panels) == 1 else (3.4 * n_columns + 0.4, 2.9 * n_rows + 0.8)
    figure = new_figure(*size)
    grid = figure.subplots(n_rows, n_columns, squeeze=False)
    names = list(dict.fromkeys(name for panel in panels for name in panel.lines))
    for axes, panel in zip(grid.flat, panels, strict=False):
        axes.fill_between(panel.grid, *panel.band, color=COLORS[1], alpha=0.18, linewidth=0, label=f"{level:.0%} band")
        for place, (name, line) in enumerate(panel.lines.items()):
            number = names.index(name)
            axes.plot(
                panel.grid,
                line,
                color=COLORS[1] if place == 0 else COLORS[2:][number % (len(COLORS) - 2)],
                linewidth=2 if place == 0 else 1,
                linestyle="-" if place == 0 else _STYLES[number % 4],
                label=legend_name(name),
            )
        for kept, color, face, label in (
            (panel.is_fitted, INK, INK, "fitted"),
            (~panel.is_fitted, COLORS[0], "white", "held out"),
        ):
            if kept.any():
                axes.plot(
                    panel.x[kept],
                    panel.y[kept],
                    "o",
                    color=color,
                    markerfacecolor=face,
                    markersize=4.5,
                    label=f"runs, {label}",
                    zorder=3,
                )
        lowest = min(panel.y.min(), *(line.min() for line in panel.lines.values()))
        axes.set_ylim(max(0.97 * min(lowest, panel.band[0].min()), 0.75 * lowest), 1.05 * panel.y.max())
        _log_axes(axes)
        axes.set_title(shown(panel.title), fontsize=FONT_SIZE, parse_math=False)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes in grid[:, 0]:
        axes.set_ylabel(shown(y_label), parse_math=False)
    for axes in grid[-1]:
        axes.set_xlabel(shown(x_label), parse_math=False)
    _legend(figure, grid.flat)
    write_title(figure, f"{shown(y_label)} by {shown(x_label)}")
    save(figure, target)


def joint_plot(
    law: LawFit, x: Sequence[Numbers], y: Numbers, is_fitted: NDArray[np.bool_], path: Path, *, y_label: str
) -> None:
    """Plot a joint law of parameters and data: losses by compute with the frontier, and predicted against observed.

    Parameters
    ----------
    law : LawFit
        A law of N and D, such as ``form="chinchilla"``.
    x : sequence of ndarray
        N and D of the runs.
    y : ndarray
        Their losses.
    is_fitted : ndarray of bool
        Which runs the law was fitted to.
    path : Path
    y_label : str
        Quantity and unit of the loss.
    """
    target = checked_path(path)
    figure = new_figure(10.4, 4.8)
    left, right = figure.subplots(1, 2)
    flops = 6 * x[0] * x[1]
    from matplotlib.colors import LogNorm

    if len(law.params) and {"alpha", "beta", "A", "B"} <= set(law.params):
        from kolmo.laws.optima import optimum_of

        grid = np.geomspace(flops.min(), flops.max() * 10, 100)
        best = [optimum_of(law.params, float(each)) for each in grid]
        frontier = law.extrapolate((np.array([each.n for each in best]), np.array([each.d for each in best])))
        left.fill_between(grid, frontier.low, frontier.high, color=COLORS[0], alpha=0.15, linewidth=0)
        left.plot(grid, frontier.predicted, color=COLORS[0], label="best split by the law, 80% band")
    for kept, mark, label in ((is_fitted, "o", "runs, fitted"), (~is_fitted, "^", "runs, held out")):
        if kept.any():
            points = left.scatter(
                flops[kept], y[kept], c=x[0][kept], s=16, marker=mark, norm=LogNorm(*_ends(x[0])), label=label
            )
    figure.colorbar(points, ax=left, label="parameters N")
    left.set_xlabel("C = 6 N D, FLOP")
    left.set_ylabel(shown(y_label), parse_math=False)
    _log_axes(left)
    left.legend(frameon=False, fontsize=FONT_SIZE)
    known = tuple(x) if len(law._law.inputs) == 2 else None
    predicted = law.predict(known) if known is not None else y
    for kept, color, label in ((is_fitted, COLORS[1], "fitted"), (~is_fitted, COLORS[0], "held out")):
        if kept.any():
            right.plot(predicted[kept], y[kept], "o", color=color, markersize=3.5, alpha=0.7, label=f"runs, {label}")
    ends = np.array([min(predicted.min(), y.min()), max(predicted.max(), y.max())])
    right.plot(ends, ends, color=FAINT, zorder=0)
    right.set_xlabel("predicted by the law")
    right.set_ylabel("observed")
    _log_axes(right)
    right.legend(frameon=False, fontsize=FONT_SIZE)
    write_title(figure, f"{law.form}: L = {law.formula}")
    save(figure, target)


def isoflop_plot(found: IsoFlop, path: Path, *, y_label: str = "loss") -> None:
    """Plot the parabolas at equal compute, and the compute-optimal sizes by both methods with their difference.

    Parameters
    ----------
    found : IsoFlop
    path : Path
    y_label : str
        Quantity and unit of the loss.
    """
    target = checked_path(path)
    figure = new_figure(10.4, 4.8)
    left, right = figure.subplots(1, 2)
    law, groups = found.law, found._groups
    sizes, losses = law._points.inputs[0], law._points.y
    import matplotlib

    colors = matplotlib.colormaps["viridis"](np.linspace(0, 0.9, len(found.budgets)))
    for color, budget in zip(colors, found.budgets, strict=True):
        here = groups == budget
        logs = np.log10(sizes[here])
        parabola = np.polyfit(logs - logs.mean(), losses[here], 2)
        grid = np.linspace(logs.min(), logs.max(), 80)
        left.plot(sizes[here], losses[here], "o", color=color, markersize=4, label=f"{budget:.3g} FLOP")
        left.plot(10**grid, np.polyval(parabola, grid - logs.mean()), color=color, linewidth=1)
        place = np.log10(found.vertices_n[found.budgets.index(budget)])
        left.plot(10**place, np.polyval(parabola, place - logs.mean()), "*", color=COLORS[0], markersize=9)
    left.set_xlabel("parameters N")
    left.set_ylabel(shown(y_label), parse_math=False)
    _log_axes(left)
    left.legend(frameon=False, fontsize=FONT_SIZE - 1)
    left.set_title("parabolas, * vertex", fontsize=FONT_SIZE)
    from kolmo.laws.optima import optimum_of

    flops = np.geomspace(min(found.budgets), found.target_flops, 60)
    best = [optimum_of(law.params, float(each)) for each in flops]
    flat = np.array([each.flat_n for each in best])
    right.fill_between(
        flops, flat[:, 0], flat[:, 1], color=COLORS[1], alpha=0.15, label="within 0.1% of the least loss"
    )
    right.plot(flops, [each.n for each in best], color=COLORS[1], label="N* by the joint law")
    right.plot(flops, found.coefficient_n * flops**found.exponent_n, "--", color=COLORS[0], label="N* by the parabolas")
    right.plot(found.budgets, found.vertices_n, "*", color=COLORS[0], markersize=9)
    right.set_xlabel("C, FLOP")
    right.set_ylabel("compute-optimal parameters N*")
    right.set_xscale("log")
    right.set_yscale("log")
    right.legend(frameon=False, fontsize=FONT_SIZE)
    _plain_axes(right)
    right.set_title(
        f"bias of the parabolas at {found.target_flops:.3g} FLOP: N* {found.bias_n:+.1%}, D* {found.bias_d:+.1%}",
        fontsize=FONT_SIZE,
    )
    write_title(figure, "Compute-optimal sizes")
    save(figure, target)


def trend_plot(
    trends: Sequence[Trend], years: Numbers, values: Numbers, domains: Sequence[str], path: Path, *, y_label: str
) -> None:
    """Plot values over time with the trend of each domain and period, and its 95% confidence band.

    Parameters
    ----------
    trends : sequence of Trend
    years, values : ndarray
        The points.
    domains : sequence of str
        The domain of each point; "" for all.
    path : Path
    y_label : str
        Quantity and unit of the value.
    """
    target = checked_path(path)
    figure = new_figure(8.2, 5)
    axes = figure.subplots()
    names = list(dict.fromkeys(each.domain or "" for each in trends))
    for number, name in enumerate(names):
        color = COLORS[number % len(COLORS)]
        here = np.array([domain == name or not name for domain in domains])
        axes.plot(years[here], values[here], MARKS[number % len(MARKS)], color=color, markersize=3.5, alpha=0.35)
        for trend in (each for each in trends if (each.domain or "") == name):
            grid = np.linspace(trend.start, trend.stop, 60)
            middle, half = trend.at(grid)
            low, high = 10 ** (middle - half), 10 ** (middle + half)
            months = trend.doubling_months
            said = "no doubling time" if months is None else f"doubles in {months:.1f} months"
            axes.plot(grid, 10**middle, color=color, linewidth=1.8, label=legend_name(f"{name or 'all'}: {said}"))
            axes.fill_between(grid, low, high, color=color, alpha=0.15, linewidth=0)
    axes.set_yscale("log")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("year")
    axes.set_ylabel(shown(y_label), parse_math=False)
    _plain_axes(axes)
    _legend(figure, [axes])
    write_title(figure, f"{shown(y_label)} over time, with 95% bands of the trend")
    save(figure, target)


def _ends(values: Numbers) -> tuple[float, float]:
    return float(values.min()), float(max(values.max(), values.min() * 1.01))


def _log_axes(axes: Any) -> None:
    """Make both axes logarithmic; one that spans little gets ticks as decimal numbers."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        if high / low >= _WIDE:
            continue
        factor = 10.0 ** np.floor(np.log10(low))
        ticks = [factor * each for each in _TICKS if low <= factor * each <= high]
        if len(ticks) < 3:
            ticks = [tick for tick in MaxNLocator(5).tick_values(low, high) if low <= tick <= high]
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))
    _plain_axes(axes)


def _plain_axes(axes: Any) -> None:
    axes.grid(visible=True, color="#e8e8e8")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _legend(figure: Any, panels: Any) -> None:
    handles = {
        label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    from kolmo.show.figures import text_width

    widest = text_width(list(handles)) + 2 * _LEGEND_INCHES
    columns = max(1, min(4, len(handles), int(figure.get_size_inches()[0] / widest)))
    legend = figure.legend(
        handles.values(), handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=FONT_SIZE
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
