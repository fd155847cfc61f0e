"""Growth over time: known doubling times of published tables, and none where there may be no growth."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path

import numpy as np
import pytest

from kolmo.errors import DataError
from kolmo.laws import fit_trend

FILES = {
    "epoch_db_2022-05-03.csv": ("date_iso", 32.1, 5.1),
    "epoch_db_2022-06-30.csv": ("date_iso", 17.8, 5.2),
    "notable_ai_models_2025-02-24_columns.csv": ("Publication date", 34.2, 8.3),
}


def parameter_counts(path: Path, date: str) -> list[tuple[str, float, str]]:
    if not path.exists():
        pytest.skip(f"{path} does not exist: parameter counts by date")
    rows = []
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            try:
                rows.append((row[date], float(row["Parameters"].replace(",", "")), row["Domain"]))
            except ValueError:
                continue
    return [row for row in rows if row[0] and row[1] > 0]


@pytest.mark.realdata
@pytest.mark.parametrize("name", FILES)
def test_doubling_times_of_parameter_counts(name: str, data_dir: Path) -> None:
    date, before, after = FILES[name]
    rows = parameter_counts(data_dir / "scaling" / "epoch_parameters" / name, date)
    dates, counts, _ = zip(*rows, strict=True)
    (early,) = fit_trend(dates, counts, since=2000, until=2017)
    (late,) = fit_trend(dates, counts, since=2017)
    assert early.doubling_months == pytest.approx(before, abs=0.05)
    assert late.doubling_months == pytest.approx(after, abs=0.05)
    of_language = [row for row in rows if "Language" in row[2]]
    (language,) = fit_trend([row[0] for row in of_language], [row[1] for row in of_language], since=2000, until=2017)
    assert language.doubling_months is None


def test_dates_of_every_kind_are_years() -> None:
    values = [1.0, 2.1, 3.9, 8.2]
    texts = ["2012-01-01", "2013-01-01", "2014-01-01", "2015-01-01"]
    days = [datetime.date.fromisoformat(text) for text in texts]
    (one,), (two,), (three,) = (fit_trend(each, values) for each in (texts, days, [2012.0, 2013, 2014, 2015]))
    assert one == two == three
    assert fit_trend(np.array(texts, "datetime64[D]"), values) == [one]


def test_one_break_is_found() -> None:
    years = np.linspace(2000, 2020, 41)
    logs = 0.1 * (years - 2000) + 0.5 * np.maximum(years - 2010, 0) + 0.02 * np.cos(9 * years)
    first, second = fit_trend(years, 10**logs, breaks=1)
    assert first.break_year == pytest.approx(2010, abs=1)
    assert first.slope == pytest.approx(0.1, abs=0.02)
    assert second.slope == pytest.approx(0.6, abs=0.02)


def test_records_are_larger_than_all_before() -> None:
    years = np.arange(2000.0, 2012)
    values = 2.0 ** np.arange(12) * np.where(np.arange(12) % 3 == 2, 1e-3, 1)
    (trend,) = fit_trend(years, values, records_only=True)
    assert trend.n_points == 8
    assert trend.doubling_months == pytest.approx(12)


@pytest.mark.parametrize(
    ("dates", "values", "message"),
    [
        (["2012-13-01"] * 4, [1.0] * 4, "expected dates such as"),
        ([2012.0, 2013.0, 2014.0], [1.0, 2.0, 4.0], "expected 4 points or more"),
        ([2012.0] * 4, [1.0, 2.0, 4.0, 8.0], "all 4 points have one date"),
        ([2012.0, 2013.0], [1.0, -2.0], "expected positive, finite numbers"),
        ([2012.0, None], [1.0, 2.0], "expected a date or a year, got None"),
        ([], [], "got none"),
    ],
)
def test_what_is_no_trend_is_refused(dates: list[object], values: list[float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit_trend(dates, values)
