"""A jump of a metric is told from a jump of the loss."""

from __future__ import annotations

import numpy as np
import pytest

from kolmo.errors import DataError
from kolmo.laws import explain_emergence

X = np.geomspace(1e3, 1e7, 17)
SMOOTH = 40 * X**-0.5
BROKEN = 0.1 + 2 / (1 + (X / 1e5) ** 3)


def test_a_steep_metric_of_a_smooth_loss_is_no_jump_of_the_data() -> None:
    found = explain_emergence(X, SMOOTH, np.exp(-10 * SMOOTH))
    assert found.answer == "scale"
    assert found.link_error < 0.1
    assert "in the scale of the metric" in str(found)


def test_a_loss_that_breaks_is_a_jump_of_the_data() -> None:
    found = explain_emergence(X, BROKEN, np.exp(-2 * BROKEN))
    assert found.answer == "data"
    assert found.jump[0] < 1e5 < found.jump[1]


def test_an_even_change_is_no_jump() -> None:
    assert explain_emergence(X, SMOOTH, np.log(X)).answer == "neither"


def test_what_cannot_be_told_is_refused() -> None:
    with pytest.raises(DataError, match="at least 8 different sizes"):
        explain_emergence(X[:5], SMOOTH[:5], X[:5])
    with pytest.raises(DataError, match="expected one that changes"):
        explain_emergence(X, SMOOTH, np.ones(17))
    with pytest.raises(DataError, match="finite"):
        explain_emergence(X, SMOOTH, np.full(17, np.nan))
