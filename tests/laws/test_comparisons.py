"""Forms are weighed by what they fit and tested by what they extrapolate."""

from __future__ import annotations

import numpy as np
import pytest

from kolmo.laws import compare_laws

X = np.geomspace(1e3, 1e6, 10)
NOISE = np.exp(0.002 * np.random.default_rng(0).normal(size=10))


def test_the_form_of_the_data_has_the_most_weight() -> None:
    found = compare_laws(X, (2 + 50 * X**-0.5) * NOISE, forms=("constant", "power", "power+offset", "logarithm"))
    assert found.best.form == "power+offset"
    assert sum(found.weights.values()) == pytest.approx(1)
    assert found.weights["constant"] == 0
    assert found.held_out_errors["power+offset"] < found.held_out_errors["constant"]
    assert "prefer power+offset" in found.verdict
    assert [row["form"] for row in found.records()][-1] == "constant"


def test_forms_that_fit_alike_are_said_to() -> None:
    found = compare_laws(X, 12 * X**-0.2 * NOISE, forms=("power", "power+offset", "shifted power"))
    assert "cannot tell" in found.verdict


def test_a_band_widens_with_the_distance() -> None:
    found = compare_laws(X, (2 + 50 * X**-0.5) * NOISE, forms=("power", "power+offset", "M3"))
    band = found.extrapolate([1e7, 1e9])
    width = np.log(band.high / band.low)
    assert (band.low < band.predicted).all()
    assert (band.predicted < band.high).all()
    assert width[1] > width[0]
    assert abs(np.log(band.predicted / (2 + 50 * np.array([1e7, 1e9]) ** -0.5))).max() < 0.02
