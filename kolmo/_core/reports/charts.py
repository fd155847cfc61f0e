"""Charts of results as data: a result says what to draw, `kolmo.show` draws it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

Range = tuple[float, float] | None


@dataclass(frozen=True, kw_only=True)
class BarChart:
    """Horizontal bars from zero, in groups.

    Parameters
    ----------
    title : str
        The quantity and its unit.
    names : sequence of str
        The groups, such as coders.
    series : mapping of str to sequence of (float or None)
        By series, such as data sets, the value of each group; None or NaN is not drawn.
    intervals : mapping of str to sequence of ((float, float) or None)
        Their 95% intervals.
    label : str
        Heading of the axis.
    form : str
        Format of the numbers beside the bars.
    """

    title: str
    names: Sequence[str]
    series: Mapping[str, Sequence[float | None]]
    label: str
    intervals: Mapping[str, Sequence[Range]] = field(default_factory=dict)
    form: str = ".3g"


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Points of a line chart.

    Parameters
    ----------
    name : str
        Its name in the legend.
    x, y : collection of float
        The points.
    low, high : collection of float
        Ends of a band around a line; empty for none.
    kind : {"line", "points", "dashed"}
        Whether the points are joined, shown, or both: a line has marks if it has few points.
    """

    name: str
    x: Collection[float]
    y: Collection[float]
    low: Collection[float] = ()
    high: Collection[float] = ()
    kind: str = "line"


@dataclass(frozen=True, kw_only=True)
class LineChart:
    """Curves and points.

    Parameters
    ----------
    title : str
        What is drawn.
    x_label, y_label : str
        Quantity and unit of the axes.
    curves : sequence of Curve
        The curves.
    log_x, log_y : bool
        Whether an axis is logarithmic; points that it cannot show are left out.
    levels : mapping of str to float
        Named horizontal lines.
    """

    title: str
    x_label: str
    y_label: str
    curves: Sequence[Curve]
    log_x: bool = False
    log_y: bool = False
    levels: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """Counts by value.

    Parameters
    ----------
    title : str
        What is counted.
    x_label : str
        Quantity and unit of the values.
    values : sequence of float
        The values; those outside of the 0.1 to 99.9% range are counted in the last bins.
    marks : mapping of str to float
        Named vertical lines, such as a threshold.
    y_label : str
        Of what the bars are numbers.
    """

    title: str
    x_label: str
    values: Sequence[float]
    marks: Mapping[str, float] = field(default_factory=dict)
    y_label: str = "items"


@dataclass(frozen=True, kw_only=True)
class HeatMap:
    """A matrix as coloured cells with numbers.

    Parameters
    ----------
    title : str
        The quantity and its unit.
    rows, columns : sequence of str
        Their names.
    values : sequence of sequence of (float or None)
        A row of numbers for each row; None or NaN is an empty cell.
    row_label, column_label : str
        What the rows and the columns are.
    form : str
        Format of the numbers.
    """

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: Sequence[Sequence[float | None]]
    row_label: str
    column_label: str
    form: str = ".3g"


Chart = BarChart | LineChart | Histogram | HeatMap
