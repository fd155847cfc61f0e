from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from kolmo.find import LengthCorrection


def drawn(exponent: float, count: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return sizes, and bits around 40 + 2 (n + 1) with deviations that grow as the power of the size."""
    random = np.random.default_rng(seed)
    sizes = np.exp(random.uniform(3, 9, count)).astype(np.int64)
    return sizes, 40 + 2.0 * (sizes + 1) + random.laplace(0, 1, count) * (sizes + 1.0) ** exponent


@pytest.mark.parametrize("exponent", [0.5, 0.7, 0.9])
def test_centre_and_exponent_are_found(exponent: float) -> None:
    correction = LengthCorrection.fit(*drawn(exponent), exponent="fitted")
    assert correction.exponent == pytest.approx(exponent, abs=0.05)
    assert correction.bits_per_byte == pytest.approx(2, abs=0.1)
    assert correction.centre([999]) == pytest.approx([2040], rel=0.03)


def test_odd_items_hardly_change_the_centre() -> None:
    sizes, bits = drawn(0.5)
    clean = LengthCorrection.fit(sizes, bits)
    bits[:200] = 8 * sizes[:200]
    assert LengthCorrection.fit(sizes, bits).centre([99, 999]) == pytest.approx(clean.centre([99, 999]), rel=0.02)


def test_with_the_fitted_exponent_long_and_short_items_exceed_a_quantile_equally_often() -> None:
    correction = LengthCorrection.fit(*drawn(0.8), exponent="fitted")
    sizes, bits = drawn(0.8, seed=1)
    above = bits > correction.quantile(sizes, 0.9)
    is_long = sizes > np.median(sizes)
    assert above.mean() == pytest.approx(0.1, abs=0.02)
    assert above[is_long].mean() == pytest.approx(above[~is_long].mean(), abs=0.04)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.floats(0, 1e7)), min_size=1, max_size=30))
def test_any_items_give_finite_scores_in_the_order_of_their_bits(items: list[tuple[int, float]]) -> None:
    sizes, bits = (np.array(each, float) for each in zip(*items, strict=True))
    correction = LengthCorrection.fit(sizes, bits, exponent="fitted")
    scores = correction.scores(np.full(3, sizes[0]), np.array([0.0, 1e3, 1e6]))
    assert np.isfinite(scores).all()
    assert (np.diff(scores) > 0).all()
    assert np.isfinite(correction.quantile(sizes, 0.5)).all()


def test_quantiles_and_scores_agree() -> None:
    sizes, bits = drawn(0.6)
    correction = LengthCorrection.fit(sizes, bits)
    level = np.quantile(correction.held_out, 0.95)
    assert np.array_equal(correction.scores(sizes, bits) > level, bits > correction.quantile(sizes, 0.95))
