from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from kolmo._core.checks import check_count, check_jobs, check_number, check_path, check_random_state
from kolmo._core.parallel import map_blocks
from kolmo.errors import ParameterError

NOT_INTEGERS = [True, False, "x", "1", 1.0, float("nan"), [1], (), {}, np.array([1]), object(), 1j]


@given(st.integers())
def test_workers(count: int) -> None:
    if 1 <= abs(count) <= 1024:
        check_jobs(count)
        check_jobs(np.int64(count))
    else:
        with pytest.raises(ParameterError, match="n_jobs: expected None, 1 to 1024 workers"):
            check_jobs(count)


@pytest.mark.parametrize("value", [*NOT_INTEGERS, np.True_])
def test_other_types_are_refused(value: Any) -> None:
    with pytest.raises(ParameterError, match="n_jobs"):
        check_jobs(value)
    with pytest.raises(ParameterError, match="n_jobs"):
        list(map_blocks(len, [("a",)], n_jobs=value, prefer="threads"))
    with pytest.raises(ParameterError, match="random_state"):
        check_random_state(value)
    with pytest.raises(ParameterError, match="k: expected an integer"):
        check_count("k", value)


def test_none_is_the_default() -> None:
    check_jobs(None)
    check_random_state(None)
    check_path("checkpoint", None)


@given(st.floats() | st.integers())
def test_numbers(value: float) -> None:
    fits = math.isfinite(value) and 0 < value <= 10
    if fits:
        check_number("C", value, 0, 10, above=True)
    else:
        with pytest.raises(ParameterError, match="C: expected a finite number above 0 and at most 10, got"):
            check_number("C", value, 0, 10, above=True)


@pytest.mark.parametrize("value", [True, "1", None, 1j, [1.0], np.array([1.0])])
def test_what_is_no_number(value: Any) -> None:
    with pytest.raises(ParameterError, match="C: expected a finite number, got"):
        check_number("C", value)


def test_paths() -> None:
    check_path("checkpoint", "file")
    check_path("checkpoint", Path("file"))
    for wrong in (3, b"file", "", ["file"], True):
        with pytest.raises(ParameterError, match="checkpoint: expected None or the path of a file"):
            check_path("checkpoint", wrong)
