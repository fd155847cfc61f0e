"""What all pictures of trees and maps share: a figure of a size that fits, its colours, and the file it goes to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kolmo._core.extras import import_extra
from kolmo._core.files import write_whole
from kolmo._core.tables import visible
from kolmo.errors import ParameterError

COLORS = ("#b3263f", "#2f5d8a", "#3f7d4e", "#c27c1a", "#6b4a8f", "#4a4a4a", "#2a8c8c", "#a0527a")
MARKS = "osD^vPX*"
FONT_SIZE = 9
INK, FAINT = "#333333", "#d4d4d4"

_LONGEST_NAME = 60
_DOTS_PER_INCH = 130
_LARGEST_SIDE = 30_000
"""Dots; some viewers show no larger pictures."""


def checked_path(path: str | Path) -> Path:
    """Return the path of a picture.

    Raises
    ------
    ParameterError
        If it ends with neither ``.png`` nor ``.svg``.
    """
    target = Path(path)
    if target.suffix.lower() not in (".png", ".svg"):
        raise ParameterError(f"the path of a picture must end with .png or .svg, but {str(path)!r} came")
    return target


def new_figure(width: float, height: float) -> Any:
    """Return an empty figure of so many inches. It has no window, and leaves the caller's own figures alone."""
    _find_matplotlib()
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save(figure: Any, path: Path) -> None:
    """Write a figure, whole or not at all; very large ones with fewer dots."""
    dots = min(_DOTS_PER_INCH, _LARGEST_SIDE / max(figure.get_size_inches()))
    write_whole(path, lambda file: figure.savefig(file, format=path.suffix[1:].lower(), dpi=dots))


def shown(name: str) -> str:
    """Return a name as pictures have it: in one line, and not endless.

    Examples
    --------
    >>> shown("two\\nlines")
    'two\\\\nlines'
    """
    text = visible(name)
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"


def text_width(names: Sequence[str], size: float = FONT_SIZE) -> float:
    """Return the inches that the longest of some names takes."""
    _find_matplotlib()
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    measure, font = TextToPath(), FontProperties(size=size)
    return max(float(measure.get_text_width_height_descent(name, font, ismath=False)[0]) for name in names) / 72


def name_ticks(axis: Any, places: Sequence[float], names: Sequence[str], *, size: float, rotation: float = 0) -> None:
    """Write names along an axis, as they are: a dollar sign begins no formula."""
    axis.set_ticks(places, names, fontsize=size, rotation=rotation)
    for label in axis.get_ticklabels():
        label.set_parse_math(False)


def _find_matplotlib() -> None:
    import_extra("matplotlib", extra="plot", purpose="drawing")
