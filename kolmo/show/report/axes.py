"""Parts of vector charts: scales with their ticks, texts, frames and the legend."""

from __future__ import annotations

import html
import itertools
import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kolmo._core.terminal import visible

WIDTH = 860
"""Units of the width of a chart; style sheets scale it to the page."""
TEXT = 12
LONGEST = 34
"""Largest number of characters of a name in a chart."""
N_COLORS = 8
_ONE_DECADE, _DECADES = 0.9, 2.5
"""Powers of ten that a logarithmic axis spans: below the first, whole multiples of a power have ticks; from the second
on, only the powers."""
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Scale:
    """A map from values to places.

    Parameters
    ----------
    low, high : float
        Ends of the values.
    start, stop : float
        The places of these ends.
    log : bool
        Whether equal ratios are equally far apart.
    whole : bool
        Whether the values are counts, so that ticks are whole numbers.

    Examples
    --------
    >>> Scale(0, 10, 0, 100)(2.5), Scale(1, 100, 0, 100, log=True)(10)
    (25.0, 50.0)
    """

    low: float
    high: float
    start: float
    stop: float
    log: bool = False
    whole: bool = False

    def __call__(self, value: float) -> float:
        low, high, at = self.low, self.high, value
        if self.log:
            low, high, at = math.log(low), math.log(high), math.log(value)
        return self.start + (self.stop - self.start) * (at - low) / (high - low)

    def ticks(self, count: int = 5) -> list[float]:
        """Return about `count` round values.

        Examples
        --------
        >>> Scale(0, 8.3, 0, 1).ticks(), Scale(1, 10_000, 0, 1, log=True).ticks()
        ([0.0, 2.0, 4.0, 6.0, 8.0], [1.0, 10.0, 100.0, 1000.0, 10000.0])
        """
        if self.log and self.high / self.low >= 10**0.6:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            spans = math.log10(self.high / self.low)
            steps = range(1, 10) if spans < _ONE_DECADE else (1, 2, 5) if spans < _DECADES else (1,)
            stride = max(1, round(spans / (count + 2)))
            ticks = [step * 10.0**power for power in range(first, last + 1, stride) for step in steps]
        else:
            raw = (self.high - self.low) / count
            size = 10.0 ** math.floor(math.log10(raw))
            step = next(size * each for each in (1, 2, 5, 10) if size * each >= raw * 0.99)
            step = max(step, 1.0) if self.whole else step
            first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
            ticks = [number * step for number in range(first, last + 1)]
        return [tick for tick in ticks if self.low * (1 - 1e-9) <= tick <= self.high * (1 + 1e-9) or tick == 0]


def scale_of(
    values: Iterable[float], start: float, stop: float, *, log: bool = False, from_zero: bool = False
) -> Scale:
    """Return the scale that holds finite values, with some room; `from_zero` makes zero one of them."""
    finite = [value for value in values if math.isfinite(value) and (value > 0 or not log)]
    low, high = (min(finite), max(finite)) if finite else (1.0, 10.0) if log else (0.0, 1.0)
    if log:
        room = max((high / low) ** 0.03, 1.0001 if high > low else 2.0)
        return Scale(low / room, high * room, start, stop, log=True)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        low, high = (min(low - abs(low) / 2, 0.0), max(high + abs(high) / 2, 1.0)) if from_zero else (low, high)
    room = max(0.04 * (high - low), 1e-6 * max(abs(low), abs(high))) or 1.0
    keeps_low, keeps_high = (from_zero and low == 0), (from_zero and high == 0)
    return Scale(low if keeps_low else low - room, high if keeps_high else high + room, start, stop)


def tick_text(value: float) -> str:
    """Return the text of a tick.

    Examples
    --------
    >>> tick_text(0.25), tick_text(20_000), tick_text(2e9), tick_text(1e-5)
    ('0.25', '20,000', '2×10⁹', '10⁻⁵')
    """
    if value and not 1e-3 <= abs(value) < 1e6:
        power = math.floor(math.log10(abs(value)) + 1e-9)
        factor = f"{value / 10.0**power:.3g}"
        return ("" if factor == "1" else f"{factor}×") + f"10{str(power).translate(_SUPERSCRIPT)}"
    return f"{value:,.6g}" if abs(value) >= 10_000 else f"{value:.6g}"


def escaped(text: str) -> str:
    """Return text from data for HTML: markup, control characters and bidirectional overrides are shown as text."""
    return html.escape(visible(text))


def cut(text: str, longest: int = LONGEST) -> str:
    """Return text as `visible` does, cut to a length."""
    shown = visible(text)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def text_width(text: str, size: float = TEXT) -> float:
    """Return about the width of a text in a system font."""
    return size * sum(1.0 if unicodedata.east_asian_width(each) in "WF" else 0.63 for each in text)


def text(x: float, y: float, content: str, *, anchor: str = "start", style: str = "", turned: bool = False) -> str:
    """Return a text element; one that is cut has the whole text as its tooltip."""
    shown, name = visible(content), cut(content, 90)
    tooltip = f"<title>{html.escape(shown)}</title>" if name != shown else ""
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    kind = f' class="{style}"' if style else ""
    at = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}"{at}{kind}{turn}>{html.escape(name)}{tooltip}</text>'


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    """Return a line element."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>'


def polyline(points: Sequence[tuple[float, float]], style: str) -> str:
    """Return a line through points."""
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{places}" class="{style}"/>'


def mark(x: float, y: float, number: int, size: float = 3.6, form: int | None = None) -> str:
    """Return the mark of a series: colours and forms, by default of the same number, both tell series apart."""
    color = f"s{number % N_COLORS}"
    form = (number if form is None else form) % 4
    if form == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:g}" class="{color}"/>'
    corners = {
        1: ((-1, -1), (1, -1), (1, 1), (-1, 1)),
        2: ((0, -1.3), (1.2, 0.9), (-1.2, 0.9)),
        3: ((0, -1.4), (1.4, 0), (0, 1.4), (-1.4, 0)),
    }[form]
    points = " ".join(f"{x + size * dx:.1f},{y + size * dy:.1f}" for dx, dy in corners)
    return f'<polygon points="{points}" class="{color}"/>'


def axis_below(scale: Scale, top: float, bottom: float, label: str) -> str:
    """Return the ticks, grid lines and label of a horizontal axis; ticks whose texts would touch are left out."""
    parts, end = [], -math.inf
    for tick in scale.ticks(7):
        x, name = scale(tick), tick_text(tick)
        parts.append(line(x, top, x, bottom, "grid"))
        half = text_width(name) / 2
        if x - half > end + 6:
            parts.append(text(x, bottom + 18, name, anchor="middle"))
            end = x + half
    parts.append(text((scale.start + scale.stop) / 2, bottom + 38, label, anchor="middle", style="label"))
    return "".join(parts)


def axis_left(scale: Scale, left: float, right: float, label: str) -> str:
    """Return the ticks, grid lines and label of a vertical axis."""
    parts = []
    for tick in scale.ticks(5):
        y = scale(tick)
        parts.append(line(left, y, right, y, "grid"))
        parts.append(text(left - 8, y + 4, tick_text(tick), anchor="end"))
    parts.append(text(14, (scale.start + scale.stop) / 2, label, anchor="middle", style="label", turned=True))
    return "".join(parts)


def room_left(scale: Scale) -> float:
    """Return the width that the texts of a vertical axis and its label need."""
    return 34 + max((text_width(tick_text(tick)) for tick in scale.ticks(5)), default=20)


def svg(height: float, content: str, title: str) -> str:
    """Return a picture with its name for screen readers."""
    return f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escaped(title)}">{content}</svg>'


def legend(entries: Sequence[tuple[str, str]]) -> str:
    """Return the legend: a swatch, as the content of a small picture, and a name for each series."""
    items = "".join(
        f'<li><svg viewBox="0 0 26 14" aria-hidden="true">{swatch}</svg>{html.escape(cut(name, 60))}</li>'
        for swatch, name in entries
    )
    return f'<ul class="legend">{items}</ul>'


def spread(count: int, most: int) -> list[int]:
    """Return at most `most` positions out of `count`, evenly spread, with both ends.

    Examples
    --------
    >>> spread(3, 5), spread(100, 3)
    ([0, 1, 2], [0, 50, 99])
    """
    if count <= most:
        return list(range(count))
    return [round(place * (count - 1) / (most - 1)) for place in range(most)]


def pairs_of(xs: Iterable[float], ys: Iterable[float], *, log_x: bool, log_y: bool) -> list[tuple[float, float]]:
    """Return the points that the axes can show."""
    found = [(float(x), float(y)) for x, y in itertools.zip_longest(xs, ys, fillvalue=math.nan)]
    return [
        (x, y)
        for x, y in found
        if math.isfinite(x) and math.isfinite(y) and (x > 0 or not log_x) and (y > 0 or not log_y)
    ]
