"""Vector pictures of charts, as SVG with a legend in HTML; colours come from the style sheet of the page."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from functools import singledispatch

from kolmo._core.reports.charts import BarChart, Chart, Curve, HeatMap, Histogram, LineChart
from kolmo.show.report.axes import (
    N_COLORS,
    WIDTH,
    axis_below,
    axis_left,
    cut,
    escaped,
    legend,
    line,
    mark,
    pairs_of,
    polyline,
    room_left,
    scale_of,
    spread,
    svg,
    text,
    text_width,
)

_MOST_GROUPS, _MOST_SERIES, _MOST_CELLS = 40, 8, 30
_MOST_POINTS, _MANY_POINTS, _FEW_POINTS = 250, 60, 24
_BINS = 40
_TAIL = 0.001
_TOP, _BELOW = 14, 48
_MARK_ROOM = 16
_LONGEST_GROUP = 56
_LINE_HEIGHT = 330


@singledispatch
def drawn(chart: Chart) -> str:
    """Return a chart as HTML: a legend, the picture, and what was left out."""
    raise TypeError(f"expected a chart, got {type(chart).__name__}")


@drawn.register
def _(chart: BarChart) -> str:
    names, series = list(chart.names)[:_MOST_GROUPS], dict(list(chart.series.items())[:_MOST_SERIES])
    known = {name: [_number(value) for value in values[: len(names)]] for name, values in series.items()}
    ends = [end for name in series for each in chart.intervals.get(name, ()) if each is not None for end in each]
    values = [value for row in known.values() for value in row if value is not None]
    left = 18 + max((text_width(cut(name, _LONGEST_GROUP)) for name in names), default=0)
    numbers = max((text_width(format(value, chart.form)) for value in values), default=20)
    scale = scale_of([*values, *ends], left, WIDTH - numbers - 16, from_zero=True)
    thick = 18 if len(series) == 1 else 13
    step = thick * len(series) + 12
    bottom = _TOP + step * len(names)
    parts = [axis_below(scale, _TOP, bottom, chart.label)]
    zero = scale(0)
    for group, name in enumerate(names):
        top = _TOP + group * step + 6
        parts.append(text(left - 10, top + thick * len(series) / 2 + 4, cut(name, _LONGEST_GROUP), anchor="end"))
        for number, key in enumerate(series):
            value = known[key][group] if group < len(known[key]) else None
            if value is None:
                continue
            at, y = scale(value), top + number * thick
            width = max(abs(at - zero), 0.5)
            parts.append(
                f'<rect x="{min(at, zero):.1f}" y="{y + 1:.1f}" width="{width:.1f}" height="{thick - 2}" rx="1.5" '
                f'class="s{number % N_COLORS}"/>'
            )
            intervals = chart.intervals.get(key, ())
            interval = intervals[group] if group < len(intervals) else None
            right = max(at, zero)
            if interval is not None and all(map(math.isfinite, interval)):
                low, high = map(scale, interval)
                middle = y + thick / 2
                parts.append(line(low, middle, high, middle, "whisker"))
                parts += [line(end, middle - 4, end, middle + 4, "whisker") for end in (low, high)]
                right = max(right, high)
            parts.append(text(right + 6, y + thick / 2 + 4, format(value, chart.form), style="value"))
    parts.append(line(zero, _TOP, zero, bottom, "axis"))
    keys = [
        (f'<rect x="2" y="1" width="22" height="12" rx="1.5" class="s{n}"/>', name) for n, name in enumerate(series)
    ]
    left_out = _left_out((len(chart.names), len(names), "groups"), (len(chart.series), len(series), "series"))
    return (legend(keys) if len(series) > 1 else "") + _scrolled(bottom + _BELOW, parts, chart) + left_out


@drawn.register
def _(chart: LineChart) -> str:
    curves = list(chart.curves)[:_MOST_SERIES]
    points = [pairs_of(each.x, each.y, log_x=chart.log_x, log_y=chart.log_y) for each in curves]
    bands = [_band_of(each, chart) for each in curves]
    everything = [pair for each in (*points, *(pair for band in bands for pair in band)) for pair in each]
    heights = [y for _, y in everything] + [level for level in chart.levels.values() if level > 0 or not chart.log_y]
    bottom = _TOP + _LINE_HEIGHT
    down = scale_of(heights, bottom, _TOP, log=chart.log_y)
    left = room_left(down)
    across = scale_of([x for x, _ in everything], left, WIDTH - 16, log=chart.log_x)
    parts = [axis_below(across, _TOP, bottom, chart.x_label), axis_left(down, left, WIDTH - 16, chart.y_label)]
    keys, left_out = [], []
    for number, (low, high) in enumerate(bands):
        if low:
            places = [(across(x), down(y)) for x, y in (*low, *reversed(high))]
            shape = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            parts.append(f'<polygon points="{shape}" class="band s{number % N_COLORS}"/>')
    for name, level in chart.levels.items():
        if level > 0 or not chart.log_y:
            parts.append(line(left, down(level), WIDTH - 16, down(level), "level"))
            keys.append((line(0, 7, 26, 7, "level"), name))
    for number, (curve, pairs) in enumerate(zip(curves, points, strict=True)):
        kept = [pairs[place] for place in spread(len(pairs), _MOST_POINTS)]
        places, style = [(across(x), down(y)) for x, y in kept], f"s{number % N_COLORS}"
        size, form = 3.6, number
        if curve.kind == "points":
            size, form = (
                (3.6 if len(kept) <= _MANY_POINTS else 2.4),
                sum(each.kind == "points" for each in curves[:number]),
            )
        has_marks = curve.kind == "points" or (curve.kind == "line" and len(kept) <= _FEW_POINTS)
        swatch = ""
        if curve.kind != "points":
            kind = "line dashed" if curve.kind == "dashed" else "line"
            parts.append(polyline(places, f"{kind} {style}"))
            swatch = polyline([(0, 7), (26, 7)], f"{kind} {style}")
        if has_marks:
            parts += [mark(x, y, number, size, form) for x, y in places]
            swatch += mark(13, 7, number, 3.6, form)
        if curve.kind == "points" and len(kept) < len(pairs):
            left_out.append(f"{curve.name}: {len(kept):,} of {len(pairs):,} points are drawn")
        keys.append((swatch, curve.name))
    notes = _left_out((len(chart.curves), len(curves), "curves"), sentences=left_out)
    return (legend(keys) if len(keys) > 1 else "") + _scrolled(bottom + _BELOW, parts, chart) + notes


@drawn.register
def _(chart: Histogram) -> str:
    values = sorted(float(value) for value in chart.values if math.isfinite(value))
    inner = values[int(_TAIL * len(values)) : len(values) - int(_TAIL * len(values))] or [0.0]
    inside = [value for value in chart.marks.values() if math.isfinite(value)]
    low, high = min(*inner, *inside, inner[0]), max(*inner, *inside, inner[-1])
    if high <= low:
        low, high = low - 0.5, high + 0.5
    counts, width = [0] * _BINS, (high - low) / _BINS
    for value in values:
        counts[min(max(int((value - low) / width), 0), _BINS - 1)] += 1
    bottom = _TOP + 240
    top = _TOP + (_MARK_ROOM if chart.marks else 0)  # names of marks stand above the bars
    down = replace(scale_of([0, *counts], bottom, top, from_zero=True), whole=True)
    left = room_left(down)
    across = scale_of([low, high], left, WIDTH - 16)
    parts = [axis_below(across, top, bottom, chart.x_label), axis_left(down, left, WIDTH - 16, chart.y_label)]
    for number, count in enumerate(counts):
        if count:
            x, wide, y = across(low + number * width), across(low + width) - across(low), down(count)
            y = min(y, bottom - 1.5)  # a single item among very many is still seen
            size = f'width="{max(wide - 1, 0.5):.1f}" height="{bottom - y:.1f}"'
            parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" {size} class="s0"/>')
    for name, value in chart.marks.items():
        x = across(value)
        parts.append(line(x, _TOP, x, bottom, "level"))
        is_right = x > WIDTH / 2
        at = x - 6 if is_right else x + 6
        parts.append(text(at, _TOP + 8, name, anchor="end" if is_right else "start"))
    parts.append(line(left, bottom, WIDTH - 16, bottom, "axis"))
    return _scrolled(bottom + _BELOW, parts, chart)


@drawn.register
def _(chart: HeatMap) -> str:
    rows, columns = list(chart.rows)[:_MOST_CELLS], list(chart.columns)[:_MOST_CELLS]
    left = 40 + max((text_width(cut(name, 24)) for name in rows), default=0)
    cell = min((WIDTH - left - 16) / max(len(columns), 1), 96.0)
    high_cell = min(cell, 34.0)
    heads = [cut(name, 24) for name in columns]
    is_turned = any(text_width(name) > cell - 6 for name in heads)
    top = 34 + (max((text_width(name) for name in heads), default=0) if is_turned else 14)
    known = [[_number(value) for value in row[: len(columns)]] for row in chart.values[: len(rows)]]
    values = [value for row in known for value in row if value is not None]
    low, high = (min(0.0, *values), max(0.0, *values)) if values else (0.0, 1.0)
    parts = [text(left + cell * len(columns) / 2, 14, chart.column_label, anchor="middle", style="label")]
    middle = top + high_cell * len(rows) / 2
    parts.append(text(14, middle, chart.row_label, anchor="middle", style="label", turned=True))
    has_numbers = cell >= max((text_width(format(value, chart.form), 11) for value in values), default=0) + 4
    for place, name in enumerate(heads):
        x = left + cell * (place + 0.5)
        at = (x + 4, top - 6) if is_turned else (x, top - 8)
        parts.append(text(*at, name, anchor="start" if is_turned else "middle", turned=is_turned))
    for number, (name, row) in enumerate(zip(rows, known, strict=False)):
        y = top + number * high_cell
        parts.append(text(left - 10, y + high_cell / 2 + 4, cut(name, 24), anchor="end"))
        for place, value in enumerate(row):
            if value is None:
                continue
            share = (value - low) / (high - low) if high > low else 0.0
            shade = min(int(share * 8), 7)
            parts.append(
                f'<rect x="{left + place * cell:.1f}" y="{y:.1f}" width="{cell - 1:.1f}" height="{high_cell - 1:.1f}" '
                f'class="h{shade}"><title>{escaped(f"{name}, {columns[place]}: {format(value, chart.form)}")}</title>'
                "</rect>"
            )
            if has_numbers:
                middle_x, middle_y = left + (place + 0.5) * cell, y + high_cell / 2 + 4
                content = format(value, chart.form)
                parts.append(text(middle_x, middle_y, content, anchor="middle", style=f"in h{shade}"))
    left_out = _left_out((len(chart.rows), len(rows), "rows"), (len(chart.columns), len(columns), "columns"))
    return _scrolled(top + high_cell * len(rows) + 12, parts, chart) + left_out


def _scrolled(height: float, parts: Sequence[str], chart: Chart) -> str:
    """Return the picture in a box that scrolls sideways on a narrow screen."""
    name = escaped(chart.title)
    picture = svg(height, "".join(parts), chart.title)
    return f'<div class="scroll" tabindex="0" role="group" aria-label="{name}, picture">{picture}</div>'


def _left_out(*counts: tuple[int, int, str], sentences: Sequence[str] = ()) -> str:
    said = [f"{shown:,} of {total:,} {what} are drawn" for total, shown, what in counts if shown < total]
    return "".join(f'<p class="note">{escaped(each)}</p>' for each in (*said, *sentences))


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _band_of(curve: Curve, chart: LineChart) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return the lower and upper ends of a band, at the same places."""
    ends = [
        (x, low, high)
        for x, low, high in itertools.zip_longest(curve.x, curve.low, curve.high, fillvalue=math.nan)
        if all(map(math.isfinite, (x, low, high))) and (x > 0 or not chart.log_x) and (low > 0 or not chart.log_y)
    ]
    kept = [ends[place] for place in spread(len(ends), _MOST_POINTS)]
    return [(x, low) for x, low, _ in kept], [(x, high) for x, _, high in kept]
