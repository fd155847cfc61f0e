from __future__ import annotations

import functools
import json
from typing import Any

import pytest

from kolmo.cli.classify import demo
from kolmo.data.catalog import load_dataset

LOAD = functools.cache(load_dataset)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kolmo.data.catalog.load_dataset", LOAD)
    monkeypatch.setattr(demo, "TRAIN", 120)
    monkeypatch.setattr(demo, "TEST", 60)


def test_the_demo_stands_between_the_baselines_and_says_what_is_next(kolmo: Any) -> None:
    document = json.loads(kolmo("demo", "--json").stdout)
    found = {result["name"]: result for result in document["results"]}
    assert list(found) == ["label code", *demo.CODERS, "TF-IDF + LinearSVC", "majority class"]
    assert (document["train"], document["test"]) == (120, 60)
    assert found["label code"]["accuracy"] > found["majority class"]["accuracy"]
    table = kolmo("demo", "-j", "1").stdout
    assert "numpy, scipy, sklearn" in table
    assert table.splitlines()[-1].startswith("Next, your own texts")
    assert f"{found['gzip']['accuracy']:.4f}" in table


def test_another_seed_draws_other_texts(kolmo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "CODERS", ("deflate",))
    first, again, other = (json.loads(kolmo("demo", "--seed", seed, "--json").stdout) for seed in (0, 0, 1))
    scores = [[result["macro_f1"] for result in document["results"]] for document in (first, again, other)]
    assert scores[0] == scores[1] != scores[2]
