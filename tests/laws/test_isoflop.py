"""The bias of parabolas at equal compute is that of published computations."""

from __future__ import annotations

import numpy as np
import pytest

from kolmo.errors import DataError
from kolmo.laws import fit_isoflop

BIASES = [
    (0.34, 0.28, 2, -0.327, 0.328),
    (0.34, 0.28, 8, -2.903, 2.990),
    (0.465, 0.155, 4, -6.498, 6.949),
    (0.465, 0.155, 16, -23.116, 30.067),
    (0.31, 0.31, 16, 0.0, 0.0),
]


@pytest.mark.parametrize(("alpha", "beta", "width", "bias_d", "bias_n"), BIASES)
def test_the_bias_of_the_grid_is_stated(alpha: float, beta: float, width: float, bias_d: float, bias_n: float) -> None:
    flops = np.repeat(10.0 ** np.arange(17, 22), 15)
    scale = (alpha * 406.4 / (beta * 410.7)) ** (1 / (alpha + beta))
    n = scale * (flops / 6) ** (beta / (alpha + beta)) * np.tile(np.geomspace(1 / width, width, 15), 5)
    d = flops / (6 * n)
    found = fit_isoflop(n, d, 1.69 + 406.4 * n**-alpha + 410.7 * d**-beta, budgets=flops, target_flops=1e24)
    assert 100 * found.bias_d == pytest.approx(bias_d, abs=6e-4)
    assert 100 * found.bias_n == pytest.approx(bias_n, abs=6e-4)
    assert found.exponent_n == pytest.approx(beta / (alpha + beta), abs=1e-9)
    assert found.optimum.flat_n[0] < found.optimum.n < found.optimum.flat_n[1]
    assert "Bias of the parabolas" in str(found)


def test_runs_without_budgets_in_common_are_refused() -> None:
    n = np.geomspace(1e6, 1e9, 9)
    with pytest.raises(DataError, match="expected at least two compute budgets"):
        fit_isoflop(n, np.geomspace(1e9, 1e10, 9) ** 1.1, 2 + n**-0.1)
