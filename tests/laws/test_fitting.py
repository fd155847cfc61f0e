"""Laws without noise are found exactly; the published fit of Chinchilla's runs is reproduced."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from kolmo.errors import DataError, ParameterError
from kolmo.laws import FORMS, Coefficient, Form, fit_law

X = np.geomspace(1e3, 1e7, 14)
TRUE = {
    "linear": {"E": 3.0, "b": -1e-7},
    "logarithm": {"E": 5.0, "b": -0.2},
    "exponential": {"E": 1.5, "A": 2.0, "s": 3e5},
    "power": {"A": 12.0, "a": 0.2},
    "power+offset": {"E": 1.7, "A": 40.0, "a": 0.4},
    "shifted power": {"A": 12.0, "a": 0.3, "c": 2e4},
    "shifted power+offset": {"E": 1.2, "A": 60.0, "a": 0.5, "c": 2e4},
    "M3": {"A": 30.0, "a": 0.3, "g": 1e-5},
    "logistic": {"E": 0.4, "A": 2.0, "x0": 1e5, "k": 1.5},
}


def surface(alpha: float, beta: float, width: float = 8.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    flops = np.repeat(10.0 ** np.arange(17, 22), 15)
    scale = (alpha * 406.4 / (beta * 410.7)) ** (1 / (alpha + beta))
    best = scale * (flops / 6) ** (beta / (alpha + beta))
    n = best * np.tile(np.geomspace(1 / width, width, 15), 5)
    d = flops / (6 * n)
    return n, d, 1.69 + 406.4 * n**-alpha + 410.7 * d**-beta


def chinchilla(data_dir: Path, *, whole: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    path = data_dir / "scaling" / "chinchilla_fig4" / "chinchilla_ndl.csv"
    if not path.exists():
        pytest.skip(f"{path} does not exist: the points of Chinchilla's figure 4")
    with path.open() as file:
        rows = [row for row in csv.DictReader(file) if whole or row["excluded_by_besiroglu"] != "1"]
    n, d, loss = (np.array([float(row[name]) for row in rows]) for name in ("params", "tokens", "loss"))
    return n, d, loss


@pytest.mark.parametrize("form", TRUE)
def test_a_curve_without_noise_is_found(form: str) -> None:
    law = fit_law(X, FORMS[form].predict([X], TRUE[form]), form=form)
    assert law.params == pytest.approx(TRUE[form], rel=1e-5)
    assert law.rms_log_error < 1e-9


@pytest.mark.parametrize("form", ["M4", "BNSL"])
def test_flexible_forms_follow_a_curve_of_their_own(form: str) -> None:
    values = {
        "M4": {"E": 0.5, "L0 - E": 2.0, "alpha": 0.7, "x0": 1e5, "a": 0.6},
        "BNSL": {"E": 0.5, "A": 3.0, "a": 0.05, "c": 0.4, "d": 1e5, "f": 0.3},
    }[form]
    law = fit_law(X, FORMS[form].predict([X], values), form=form)
    assert law.rms_log_error < 1e-4


@pytest.mark.parametrize(("alpha", "beta"), [(0.34, 0.28), (0.31, 0.31), (0.465, 0.155)])
def test_all_parameters_of_a_surface_without_noise_are_exact(alpha: float, beta: float) -> None:
    n, d, loss = surface(alpha, beta)
    law = fit_law((n, d), loss, form="chinchilla")
    expected = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": alpha, "beta": beta}
    assert law.params == pytest.approx(expected, rel=1e-7)


@pytest.mark.realdata
def test_the_fit_of_chinchillas_runs_is_the_published_one(data_dir: Path) -> None:
    """Besiroglu et al., "Chinchilla scaling: a replication attempt", 2024."""
    n, d, loss = chinchilla(data_dir)
    law = fit_law((n, d), loss, form="chinchilla")
    assert law.objective == pytest.approx(0.00101827, rel=1e-5)
    assert [round(value, 4) for value in law.params.values()] == [
        1.8172,
        pytest.approx(477.8, abs=0.05),
        pytest.approx(2143.4, abs=0.1),
        0.3473,
        0.3672,
    ]
    everything = fit_law(
        tuple(chinchilla(data_dir, whole=True)[:2]), chinchilla(data_dir, whole=True)[2], form="chinchilla"
    )
    assert everything.params["B"] == pytest.approx(12_846, rel=1e-3)
    assert any("farthest" in line for line in everything.warnings)


@pytest.mark.realdata
def test_intervals_hold_the_fit(data_dir: Path) -> None:
    n, d, loss = chinchilla(data_dir)
    law = fit_law((n, d), loss, form="chinchilla", n_resamples=12)
    for name, value in law.params.items():
        low, high = law.intervals[name]
        assert low < value < high
    low, high = law.interval("alpha", method="profile")
    assert low < law.params["alpha"] < high
    assert "95% interval" in str(law)
    assert law.to_dict()["params"] == law.params


def test_a_form_of_ones_own_is_fitted() -> None:
    root = Form(
        name="root",
        formula="E + A / sqrt(x)",
        coefficients=(Coefficient("E"), Coefficient("A")),
        features=lambda inputs: (np.ones_like(inputs[0]), inputs[0] ** -0.5),
    )
    assert fit_law(X, 2 + 30 / np.sqrt(X), form=root).params == pytest.approx({"E": 2.0, "A": 30.0})


def test_the_overestimate_penalty_moves_the_law_down() -> None:
    y = (1.7 + 40 * X**-0.4) * (1 + 0.02 * np.arange(14) % 0.05)
    assert (fit_law(X, y, overestimate_penalty=10).predict(X) < fit_law(X, y).predict(X)).all()


@pytest.mark.parametrize(
    ("x", "y", "form", "message"),
    [
        ([1.0, 2.0], [1.0, 2.0], "power", "2 parameters .* expected at least 3 different points, got 2"),
        ([1.0, 2.0, 0.0], [1.0, 2.0, 3.0], "power", "x: expected positive, finite numbers"),
        ([1.0, 2.0, 3.0], [1.0, float("nan"), 3.0], "power", "y: expected positive, finite numbers.* at position 1"),
        ([1.0, 2.0, 3.0], ["a", "b", "c"], "power", "y: expected numbers"),
        ([1.0, 2.0, 3.0], [1.0, 2.0], "power", "3 of x, 2 of y"),
        ([[1.0], [2.0]], [1.0, 2.0], "power", "array of shape"),
        (([1.0] * 9, [float(n) for n in range(1, 10)]), [1.0] * 9, "chinchilla", "all 9 runs have one N"),
        ([1.0, 2.0], [1.0, 2.0], "chinchilla", "has 2 inputs, N, D"),
    ],
)
def test_points_that_tell_nothing_are_refused(x: object, y: object, form: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit_law(x, y, form=form)


def test_unknown_forms_are_named() -> None:
    with pytest.raises(ParameterError, match="expected a Form or one of constant, linear"):
        fit_law(X, X, form="pwoer")


def test_copies_are_named_and_stay() -> None:
    x, y = np.append(X, X[0]), np.append(1.7 + 40 * X**-0.4, 1.7 + 40 * X[0] ** -0.4)
    assert any("1 of 15 points are exact copies" in line for line in fit_law(x, y).warnings)


def test_a_floor_of_zero_is_named() -> None:
    fit = fit_law(X, 12 * X**-0.2, form="power+offset")
    assert fit.params["E"] == pytest.approx(0, abs=1e-6)
    assert fit.warnings == ["E = 0 is an end of its range: the points do not fix it"]
    assert not fit_law(X, 1.7 + 40 * X**-0.4, form="power+offset").warnings
