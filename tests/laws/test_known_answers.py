"""Published curves are extrapolated as well as they were by others, and better than by any single form."""

from __future__ import annotations

from pathlib import Path

import laws as benchmark
import numpy as np
import pytest

from kolmo.laws import compare_laws


@pytest.mark.realdata
@pytest.mark.slow
def test_the_average_extrapolates_language_curves_best(data_dir: Path) -> None:
    if not (data_dir / "scaling" / "nsl_benchmark").exists():
        pytest.skip("the language curves of Alabdulmohsin et al. 2022 do not exist")
    rows = list(benchmark.languages(data_dir, 0))
    for row in rows:
        print(row)
    means = {row["method"]: row["mean_error"] for row in rows[:-1]}
    for criterion in ("AIC", "BIC"):
        average = means[f"average by {criterion}"]
        assert average <= 0.0070
        assert average < min(means[form] for form in benchmark.FORMS_OF_CURVES)
    assert rows[-1]["low"] < 0


@pytest.mark.realdata
def test_a_break_is_extrapolated(data_dir: Path) -> None:
    path = data_dir / "scaling" / "bnsl_4digit_addition" / "addition4.csv"
    if not path.exists():
        pytest.skip(f"{path} does not exist: the curve of 4-digit addition")
    points = np.array([[float(cell) for cell in line.split(",")] for line in path.read_text().splitlines()[1:]])
    fitted = points[:, 2] == 1
    laws = compare_laws(*points[fitted, :2].T, forms=("constant", "BNSL", "logistic"))
    score = laws.score(*points[~fitted, :2].T)
    assert laws.best.form == "BNSL"
    assert score.errors["BNSL"] <= 0.015
    assert score.errors["constant"] == pytest.approx(0.417, abs=0.001)
