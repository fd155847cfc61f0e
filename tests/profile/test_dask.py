"""A profile runs on a user's Dask cluster by configuration alone."""

from __future__ import annotations

import joblib
import pytest

from kolmo import profile_data
from kolmo.data.builtin import docstrings

distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")

pytestmark = pytest.mark.slow


def test_a_profile_on_a_cluster_is_that_of_one_process() -> None:
    corpus, settings = docstrings("train").sample(120, seed=0), {"coders": ["order0", "ngram"], "sample_bytes": 30_000}
    here = profile_data(corpus, **settings).to_dict()
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        there = profile_data(corpus, **settings).to_dict()
    for each in (here, there):
        each.pop("seconds")
    assert here == there
