"""Exposures of a network: what is read often costs less than what is held out, random strings too."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kolmo.errors import DataError, ParameterError
from kolmo.profile import exposure_curve

FACTS = [f"the code of gate {n} is {np.random.default_rng(n).integers(10**6):06}" for n in range(25)]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    pytest.importorskip("torch", reason="torch is not installed (extra neural)").set_num_threads(1)


def test_kinds_and_held_out_items() -> None:
    found = exposure_curve([*FACTS, *FACTS[:5]], model="gru:20k", passes=[1, 2], n_random=5)
    assert found.passes == (0, 1, 2)
    assert [each.kind for each in found.kinds] == ["duplicates", "once", "random strings"]
    assert [each.n_items for each in found.kinds] == [4, 16, 5]
    for each in found.kinds:
        assert each.held_out is not None
        assert each.bits_per_byte[0] == pytest.approx(8, abs=0.3)
        assert each.bits_per_byte[2] < each.bits_per_byte[0]
    assert len(found.records()) == 9
    json.dumps(found.to_dict(), allow_nan=False)
    assert "random strings, held out" in str(found)


def test_kinds_are_those_of_the_user() -> None:
    kinds = ["even" if n % 2 else "odd" for n in range(len(FACTS))]
    found = exposure_curve(FACTS, kinds=kinds, model="gru:20k", passes=[1], n_random=0)
    assert [each.kind for each in found.kinds] == ["even", "odd"]


def test_bad_input_is_refused() -> None:
    with pytest.raises(ParameterError, match="passes"):
        exposure_curve(FACTS, passes=[])
    with pytest.raises(ParameterError, match="passes"):
        exposure_curve(FACTS, passes=[0])
    with pytest.raises(DataError, match="to train on"):
        exposure_curve(["a", "b"], n_random=0)
    with pytest.raises(DataError, match="kinds"):
        exposure_curve(FACTS, kinds=["a"])
    with pytest.raises(ParameterError, match="no model"):
        exposure_curve(FACTS, model="tower:20k")
