from __future__ import annotations

import numpy as np
import pytest

from kolmo.learn.background.pooling import Pooling

RNG = np.random.default_rng(0)
CODES = RNG.integers(0, 3, 200)
SIZES = np.repeat(RNG.integers(1, 50, (200, 1)), 2, axis=1).astype(float)
SAVINGS = RNG.normal(0, 3, (200, 2, 3)).astype(np.float32)
SAVINGS[np.arange(200), 0, CODES] += 4  # the first predictor tells the class, the second one misleads
SAVINGS[np.arange(200), 1, CODES] -= 4


def test_weights_are_not_negative_and_lower_the_log_loss() -> None:
    pooling = Pooling.fit(SAVINGS, SIZES, CODES)
    assert (pooling.weights >= 0).all()
    assert pooling.weights[:, 0].sum() > 0
    assert pooling.weights[:, 1].sum() == pytest.approx(0, abs=1e-6)
    logs = pooling.log_probabilities(SAVINGS, SIZES)
    assert np.exp(logs).sum(axis=1) == pytest.approx(1)
    assert -logs[np.arange(200), CODES].mean() < 0.8 < np.log(3)


def test_predictors_that_save_nothing_have_no_weight() -> None:
    silent = SAVINGS.copy()
    silent[:, 1] = 0
    assert (Pooling.fit(silent, SIZES, CODES).weights[:, 1] == 0).all()


def test_a_class_without_weight_keeps_the_bias_of_its_number_of_texts() -> None:
    pooling = Pooling.fit(SAVINGS, SIZES, CODES, (CODES != 2).astype(float))
    assert pooling.biases[2] == pytest.approx(np.log((np.sum(CODES == 2) + 0.5) / 201.5))
    altered = SAVINGS.copy()
    altered[CODES == 2, 0] *= -1  # the scale of the savings is the same, and nothing else of these texts is read
    again = Pooling.fit(altered, SIZES, CODES, (CODES != 2).astype(float))
    assert np.allclose(again.weights, pooling.weights)
    one_class = Pooling.fit(SAVINGS, SIZES, CODES, (CODES == 0).astype(float))
    assert (one_class.weights > 0).all()


def test_of_many_savings_some_are_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kolmo.learn.background.pooling._MAX_NUMBERS", 600)
    logs = Pooling.fit(SAVINGS, SIZES, CODES).log_probabilities(SAVINGS, SIZES)
    assert -logs[np.arange(200), CODES].mean() < 0.9
