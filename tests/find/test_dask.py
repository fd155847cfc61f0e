"""Leaks are found on a user's Dask cluster of two workers by configuration alone."""

from __future__ import annotations

import joblib
import pytest

from kolmo import find_leaks
from kolmo.data.builtin import docstrings

distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")


@pytest.mark.slow
def test_leaks_on_a_cluster_are_those_of_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kolmo.find.pairs._BLOCK_ITEMS", 10)
    items = docstrings("train").sample(150, seed=0).items
    train, test = items[:100], [*items[100:], items[3], items[7].upper()]
    here = find_leaks(train, test)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        there = find_leaks(train, test)
    assert there.leaks == here.leaks
    assert {leak.test_index for leak in there.leaks} >= {50, 51}
