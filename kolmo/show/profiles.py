"""A plot of the profiles of data sets: bits per byte by coder, and by data seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kolmo._core.units import format_size
from kolmo.show.figures import COLORS, FONT_SIZE, MARKS, checked_path, legend_name, name_ticks, new_figure, save

if TYPE_CHECKING:
    from kolmo.profile.results import DataProfile


def profile_plot(profiles: Sequence[DataProfile], path: str | Path) -> None:
    """Plot profiles side by side, as PNG or SVG.

    The left panel has the bits per byte of each document alone, with 95% intervals, and, as a line, of all documents
    together. The right panel has the bits per byte by data seen.

    Parameters
    ----------
    profiles : sequence of DataProfile
        The profiles, of the same coders.
    path : str or Path
        Ends with ``.png`` or ``.svg``.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    ParameterError
        If the path has another ending.
    """
    target = checked_path(path)
    figure = new_figure(10, 4.6)
    left, right = figure.subplots(1, 2)
    coders = list(dict.fromkeys(rate.coder for each in profiles for rate in each.rates))
    width = 0.8 / len(profiles)
    for place, profile in enumerate(profiles):
        color = COLORS[place % len(COLORS)]
        at = np.arange(len(profile.rates)) + (place - (len(profiles) - 1) / 2) * width
        alone = np.array([rate.alone for rate in profile.rates])
        ends = [rate.alone_interval or (rate.alone, rate.alone) for rate in profile.rates]
        errors = np.abs(np.array(ends).T - alone)
        left.bar(at, alone, 0.9 * width, color=color, label=legend_name(profile.name), yerr=errors, ecolor="#333333")
        together = [rate.together for rate in profile.rates]
        left.hlines(together, at - 0.45 * width, at + 0.45 * width, color="white", linewidth=2)
        if profile.curve is not None:
            points = [(size, rate) for size, rate in profile.curve.points() if rate > 0]
            right.plot(*zip(*points, strict=True), color=color, marker=MARKS[place % len(MARKS)], markersize=4)
            right.axhline(profile.curve.noise_bits_per_byte, color=color, linestyle=":", linewidth=1)
    name_ticks(left.xaxis, range(len(coders)), coders, size=FONT_SIZE)
    left.set_ylabel("bits/byte")
    left.set_title("Documents alone (bars), all together (white lines)", fontsize=FONT_SIZE + 1)
    right.set_xscale("log")
    right.xaxis.set_major_formatter(lambda value, _: format_size(value))
    right.xaxis.set_minor_formatter("")
    right.set_xlabel("data seen")
    right.set_ylabel("bits/byte")
    right.set_ylim(bottom=0)
    right.set_title("By data seen, and its level or last quarter (dotted)", fontsize=FONT_SIZE + 1)
    for axes in (left, right):
        axes.grid(visible=True, color="#e8e8e8")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    columns = min(4, len(profiles))
    legend = figure.legend(loc="outside lower center", ncols=columns, frameon=False, fontsize=FONT_SIZE)
    for text in legend.get_texts():
        text.set_parse_math(False)
    save(figure, target)
