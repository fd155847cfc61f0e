"""Figures for trees and maps: size, colours, names and the file."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kolmo._core.extras import import_extra
from kolmo._core.files import write_whole
from kolmo._core.terminal import visible
from kolmo.errors import ParameterError

COLORS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#4a4a4a", "#56b4e9", "#8c6d31")
"""The colours of Okabe and Ito, which colour-blind readers tell apart, and two more."""
MARKS = "osD^vPX*"
FONT_SIZE = 9
INK, FAINT = "#333333", "#d4d4d4"

_LONGEST_NAME = 60
_DOTS_PER_INCH = 130
_LARGEST_SIDE = 30_000
"""Largest side in dots; some viewers show no larger pictures."""


def checked_path(path: str | Path) -> Path:
    """Return the path of a picture after checking its ending.

    Raises
    ------
    ParameterError
        If the path does not end with ``.png`` or ``.svg``.
    """
    target = Path(path)
    if target.suffix.lower() not in (".png", ".svg"):
        raise ParameterError(f"expected the path of a picture, ending with .png or .svg, got {str(path)!r}")
    return target


def new_figure(width: float, height: float) -> Any:
    """Return an empty figure, sizes in inches, without a window and without effect on other figures."""
    _find_matplotlib()
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save(figure: Any, path: Path) -> None:
    """Write a figure, which appears when it is complete; very large figures have fewer dots per inch."""
    dots = min(_DOTS_PER_INCH, _LARGEST_SIDE / max(figure.get_size_inches()))
    write_whole(path, lambda file: figure.savefig(file, format=path.suffix[1:].lower(), dpi=dots))


def shown(name: str) -> str:
    """Return a name for a picture: in one line and of limited length.

    Examples
    --------
    >>> shown("two\\nlines")
    'two\\\\nlines'
    """
    text = visible(name)
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"


def legend_name(name: str) -> str:
    """Return a name for a legend; matplotlib would omit one that starts with an underscore."""
    text = shown(name)
    return f" {text}" if text.startswith("_") else text


def write_title(figure: Any, title: str) -> None:
    """Write a title above a figure, in as many lines as its width needs; nothing for an empty title."""
    if title:
        size = FONT_SIZE + 2
        columns = int(figure.get_size_inches()[0] / text_width(["n"], size))
        lines = textwrap.wrap(visible(title), max(columns, 20), break_on_hyphens=False)
        figure.suptitle("\n".join(lines), fontsize=size, parse_math=False)


def text_width(names: Sequence[str], size: float = FONT_SIZE) -> float:
    """Return the width of the longest name in inches."""
    _find_matplotlib()
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    path, font = TextToPath(), FontProperties(size=size)
    return max(float(path.get_text_width_height_descent(name, font, ismath=False)[0]) for name in names) / 72


def name_ticks(axis: Any, places: Sequence[float], names: Sequence[str], *, size: float, rotation: float = 0) -> None:
    """Write names along an axis literally, without interpreting dollar signs as formulas."""
    axis.set_ticks(places, names, fontsize=size, rotation=rotation)
    for label in axis.get_ticklabels():
        label.set_parse_math(False)


def _find_matplotlib() -> None:
    import_extra("matplotlib", extra="plot", purpose="plotting")
