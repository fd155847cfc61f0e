from __future__ import annotations

from typing import Any

import estimator_checks
import pytest

from kolmo.distances import METRICS


def one_line(estimator: Any) -> str:
    return " ".join(repr(estimator).split())


@pytest.mark.parametrize("estimator", estimator_checks.quick_estimators(), ids=one_line)
def test_every_check_passes(estimator: Any) -> None:
    """The checks of scikit-learn and our own; ``python benchmarks/estimator_checks.py`` runs all settings."""
    failed, passed = estimator_checks.failures_of(estimator)
    assert not failed
    assert passed >= 40


def test_each_estimator_metric_and_kind_of_coder_is_checked() -> None:
    quick, everything = estimator_checks.quick_estimators(), estimator_checks.all_estimators()
    assert {type(found) for found in quick} == {type(found) for found in everything}
    assert {getattr(found, "metric", None) for found in quick} == {*METRICS, "precomputed", None}
    pairs = {(found.metric, found.coder) for found in everything if hasattr(found, "metric")}
    assert pairs > {(metric, coder) for metric in METRICS for coder in estimator_checks.KINDS.values()}
    coders = {coder for found in quick for coder in (getattr(found, "coder", None), *getattr(found, "coders", ()))}
    assert coders >= set(estimator_checks.KINDS.values())
