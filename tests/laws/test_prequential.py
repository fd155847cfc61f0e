"""The prequential curve adds up to the code length, and forecasts fall."""

from __future__ import annotations

import numpy as np
import pytest

import kolmo
from kolmo.errors import DataError
from kolmo.laws import data_curve

PROSE = "cat dog sat ran on the a mat and then it was cold so they slept by fire until morning came again"
TEXT = " ".join(np.random.default_rng(0).choice(PROSE.split(), 8000)).encode()


@pytest.mark.parametrize("coder", ["ngram", "xz"])
def test_the_parts_add_up_to_the_code_length(coder: str) -> None:
    curve = data_curve(TEXT, coder=coder, n_orders=0, n_points=8)
    edges = np.geomspace(1000, len(TEXT), 9).round()
    made = kolmo.coder(coder)
    bits = made.code_length(TEXT) - made.code_length(TEXT[:1000])
    assert float(np.diff(edges) @ curve.rates) == pytest.approx(bits, abs=16)
    assert curve.rates[0] > curve.rates[-1]


@pytest.mark.slow
def test_the_forecast_falls_with_more_data() -> None:
    curve = data_curve(TEXT, n_points=8, n_orders=1)
    band = curve.forecast([1, 10, 100])
    assert (np.diff(band.predicted) <= 0).all()
    assert "x100" in str(curve)


def test_little_data_are_refused() -> None:
    with pytest.raises(DataError, match="at least 4,000 bytes"):
        data_curve(b"short")
