"""Leaks, outliers and the verifier run on a user's Dask cluster by configuration alone."""

from __future__ import annotations

from collections.abc import Iterator

import joblib
import numpy as np
import pytest

from kolmo import CodeLengthOutlier, SameSourceVerifier, find_leaks
from kolmo.data.builtin import docstrings

distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")

pytestmark = pytest.mark.slow
NORMAL = [f"user {n * n % 97} logged in from 10.0.0.{n % 7}" for n in range(300)]
ASKED = [*NORMAL[:50], "kernel panic: out of memory"]


@pytest.fixture(scope="module")
def client() -> Iterator[object]:
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_leaks_on_a_cluster_are_those_of_one_process(client: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kolmo.find.pairs._BLOCK_ITEMS", 10)
    items = docstrings("train").sample(150, seed=0).items
    train, test = items[:100], [*items[100:], items[3], items[7].upper()]
    here = find_leaks(train, test)
    with joblib.parallel_config("dask"):
        there = find_leaks(train, test)
    assert there.leaks == here.leaks
    assert {leak.test_index for leak in there.leaks} >= {50, 51}


def test_outliers_on_a_cluster_are_those_of_one_process(client: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kolmo.find.normal_model.BLOCK_BYTES", 2000)
    here = CodeLengthOutlier(false_alarm_rate=0.05).fit(NORMAL)
    with joblib.parallel_config("dask"):
        there = CodeLengthOutlier(false_alarm_rate=0.05).fit(NORMAL)
        found = there.predict(ASKED)
    assert there.threshold_ == here.threshold_
    assert np.array_equal(found, here.predict(ASKED))
    assert found[-1] == -1


def test_the_verifier_on_a_cluster_is_that_of_one_process(client: object) -> None:
    random = np.random.default_rng(0)
    texts = [" ".join(random.choice(NORMAL[source : source + 9], 6)) for source in range(0, 120, 10) for _ in range(2)]
    pairs = [(texts[place], texts[place + 1 + shift]) for shift in (0, 2) for place in range(0, 20, 2)]
    same = [True] * 10 + [False] * 10
    here = SameSourceVerifier("deflate").fit(pairs, same)
    with joblib.parallel_config("dask"):
        there = SameSourceVerifier("deflate").fit(pairs, same)
        found = there.predict_proba(pairs)
    assert np.array_equal(found, here.predict_proba(pairs))
