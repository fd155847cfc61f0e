"""The compute-optimal split is the minimum of the law, and advice follows the published formulas."""

from __future__ import annotations

import numpy as np
import pytest

from kolmo.errors import DataError
from kolmo.laws import FORMS, compute_optimum, epoch_advice, fit_law

TRUE = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}


@pytest.fixture(scope="module")
def law() -> object:
    n, d = (each.ravel() for each in np.meshgrid(np.geomspace(1e7, 1e9, 5), np.geomspace(1e9, 1e11, 5)))
    noise = np.exp(0.003 * np.random.default_rng(0).normal(size=25))
    return fit_law((n, d), FORMS["chinchilla"].predict([n, d], TRUE) * noise, form="chinchilla", n_resamples=10)


def test_the_optimum_is_the_least_loss(law: object) -> None:
    best = compute_optimum(law, 1e21, tolerance=0.002)
    sizes = np.geomspace(best.n / 30, best.n * 30, 4001)
    losses = law.predict((sizes, 1e21 / 6 / sizes))
    assert best.loss == pytest.approx(losses.min(), rel=1e-6)
    inside = sizes[losses <= 1.002 * best.loss]
    assert best.flat_n == pytest.approx((inside[0], inside[-1]), rel=0.01)
    low, high = best.n_interval
    assert low < high
    assert best.exponent_interval[0] <= best.exponent_n <= best.exponent_interval[1]
    assert "Smaller models" in str(best)


def test_a_smaller_model_reaches_the_loss_with_more_data(law: object) -> None:
    best = compute_optimum(law, 1e21)
    factor = best.smaller[2.0]
    assert law.predict((best.n / 2, best.d * factor))[0] == pytest.approx(best.loss)
    assert factor > 2


def test_other_forms_have_no_split() -> None:
    x = np.geomspace(1, 100, 8)
    with pytest.raises(DataError, match="form 'chinchilla', got 'power'"):
        compute_optimum(fit_law(x, x**-0.2, form="power"), 1e21)


def test_repeated_data_are_found_and_valued() -> None:
    values = {"E": 1.7, "A": 400.0, "alpha": 0.34, "beta": 0.3, "r": 1.1, "R_D": 12.0, "R_N": 6.0}
    n, u, passes = (
        each.ravel() for each in np.meshgrid(np.geomspace(1e7, 1e9, 4), np.geomspace(1e8, 1e10, 4), [1, 3, 10, 40, 100])
    )
    law = fit_law(
        (n, u * passes, u), FORMS["data-constrained"].predict([n, u * passes, u], values), form="data-constrained"
    )
    assert law.params["R_D"] == pytest.approx(12, rel=0.02)
    advice = epoch_advice(1e9, law=law, n=1e8)
    assert advice.is_fitted
    assert advice.losses[0] > advice.losses[-1]
    published = epoch_advice(1e9)
    assert published.values[2] == pytest.approx(np.exp(-3 / 15.387756))
    assert published.epochs_worth(0.5) == pytest.approx(1 + 15.387756 * np.log(2))
    with pytest.raises(DataError, match="data-constrained"):
        epoch_advice(1e9, law=fit_law(np.arange(1.0, 9), np.arange(1.0, 9) ** -0.2, form="power"))
