"""`pairwise` and the classifier run on a user's Dask cluster by configuration alone."""

from __future__ import annotations

import os
from collections.abc import Iterator

import joblib
import numpy as np
import pytest

from kolmo import NCDClassifier, pairwise
from kolmo.coders.library.zlib import Deflate
from kolmo.distances.tiles import Columns, Tile

distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")


@pytest.fixture(scope="module")
def client() -> Iterator[object]:
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def process_telling_coder() -> Deflate:
    """Return a coder whose code length of any item is the identifier of the process that measured it."""

    class TellsItsProcess(Deflate):  # defined here, so that it is pickled by value
        def _batch(self, items):  # type: ignore[no-untyped-def]
            return np.full(len(items), float(os.getpid()))

    return TellsItsProcess()


ITEMS = [f"text {index % 13} of number {index * index}" for index in range(150)]


def test_distances_on_a_cluster_are_those_of_one_process(client: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kolmo.distances.engine._SMALLEST_TILE_BYTES", 20_000)
    here = pairwise(ITEMS)
    with joblib.parallel_config("dask"):
        there = pairwise(ITEMS)
        nearest = pairwise(ITEMS, top_k=3)
    assert np.array_equal(here, there)
    assert np.array_equal(nearest.indices, pairwise(ITEMS, top_k=3).indices)


def test_the_work_is_done_by_the_workers(client, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("kolmo.distances.engine._SMALLEST_TILE_BYTES", 2_000)
    with joblib.parallel_config("dask"):
        cdm = pairwise(ITEMS, coder=process_telling_coder(), metric="cdm", dtype=np.float64)
        lengths = process_telling_coder().code_lengths(ITEMS)
    workers = {worker.pid for worker in client.cluster.workers.values()}
    assert os.getpid() not in workers
    assert set(lengths.tolist()) <= workers
    assert np.isfinite(cdm).all()


def test_the_training_set_is_sent_once(client: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kolmo.distances.engine._SMALLEST_TILE_BYTES", 2_000)
    sent, tiles = [], []
    for kind, noted in ((Columns, sent), (Tile, tiles)):
        monkeypatch.setattr(
            kind, "__getstate__", lambda self, noted=noted: noted.append(1) or self.__dict__, raising=False
        )
    with joblib.parallel_config("dask"):
        pairwise(ITEMS, top_k=3)
    assert len(sent) < len(tiles) / 2


def test_a_classifier_predicts_on_a_cluster(client: object) -> None:
    labels = ["even" if index % 2 == 0 else "odd" for index in range(150)]
    for parameters in ({"coder": "zstd"}, {"coder": "lz77", "candidates": "char-tfidf", "n_candidates": 20}):
        classifier = NCDClassifier(n_neighbors=3, **parameters).fit(ITEMS, labels)
        with joblib.parallel_config("dask"):
            there = classifier.predict(ITEMS[:20])
        assert there.tolist() == classifier.predict(ITEMS[:20]).tolist()
