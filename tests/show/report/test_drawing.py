"""Charts as SVG: scales, ticks, and numbers that stand where they should."""

from __future__ import annotations

import math
import re

from hypothesis import given, strategies as st

from kolmo._core.reports.charts import BarChart, Curve, Histogram, LineChart
from kolmo.show.report.axes import WIDTH, Scale, scale_of, spread, tick_text
from kolmo.show.report.drawing import drawn

finite = st.floats(-1e12, 1e12, allow_subnormal=False)


@given(st.lists(finite, min_size=1, max_size=9), st.booleans())
def test_a_scale_holds_its_values(values: list[float], from_zero: bool) -> None:
    scale = scale_of(values, 0, 100, from_zero=from_zero)
    assert all(-1e-6 <= scale(value) <= 100 + 1e-6 for value in values)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 12
    assert ticks == sorted(ticks)


@given(st.lists(st.floats(1e-9, 1e15), min_size=1, max_size=9))
def test_a_logarithmic_scale_holds_its_values(values: list[float]) -> None:
    scale = scale_of(values, 0, 100, log=True)
    assert all(-1e-6 <= scale(value) <= 100 + 1e-6 for value in values)
    assert len(scale.ticks()) <= 16


def test_a_bar_is_as_long_as_its_value() -> None:
    chart = BarChart(title="t", label="l", names=["a", "b"], series={"s": [1.0, 3.0]})
    widths = [float(width) for width in re.findall(r'<rect [^>]*width="([\d.]+)"', drawn(chart))]
    assert math.isclose(widths[1] / widths[0], 3, rel_tol=0.01)


def test_a_histogram_counts_all_values() -> None:
    picture = drawn(Histogram(title="t", x_label="x", values=[*range(100), 10_000.0], marks={"limit": 50.0}))
    assert "limit" in picture
    assert picture.count("<rect") <= 40


def test_counts_have_whole_ticks() -> None:
    picture = drawn(Histogram(title="t", x_label="x", values=[10.0, 20.0, 20.0, 30.0], marks={"limit": 15.0}))
    assert ">1</text>" in picture
    assert ">0.5</text>" not in picture


def test_many_points_are_thinned_and_counted() -> None:
    points = list(range(1, 5001))
    picture = drawn(
        LineChart(
            title="t",
            x_label="x",
            y_label="y",
            curves=[Curve(name="runs", x=points, y=points, kind="points")],
            log_x=True,
        )
    )
    assert len(picture) < 40_000
    assert "runs: 250 of 5,000 points are drawn" in picture


def test_all_parts_lie_inside_the_picture() -> None:
    chart = BarChart(title="t", label="l", names=["a" * 80, "b"], series={"s": [0.5, 123_456.789]}, form=",.3f")
    for x in re.findall(r' x="(-?[\d.]+)"', drawn(chart)):
        assert 0 <= float(x) <= WIDTH


def test_texts_of_ticks() -> None:
    assert [tick_text(value) for value in (0, 0.001, 1e6, 5e-9, 123_000)] == ["0", "0.001", "10⁶", "5×10⁻⁹", "123,000"]
    assert Scale(1, 1000, 0, 1, log=True).ticks() == [1, 10, 100, 1000]
    assert spread(10, 4) == [0, 3, 6, 9]
