"""Sketches: their similarity beside exact sets of phrases, and the store that is saved, queried and merged."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import spearmanr

import kolmo
from kolmo import SketchStore, load_model, ncd, sketch
from kolmo.data.builtin import docstrings
from kolmo.distances import sketch_store
from kolmo.errors import DataError, KolmoError, ParameterError

TEXTS = docstrings("train").sample(120, seed=0).items


def phrases(item: bytes) -> set[bytes]:
    """Return the phrases of the LZ78 parse, as Raff and Nicholas define them."""
    found: set[bytes] = set()
    start = 0
    for stop in range(1, len(item) + 1):
        if item[start:stop] not in found:
            found.add(item[start:stop])
            start = stop
    return found


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_a_sketch_that_holds_all_phrases_is_exact(first: bytes, second: bytes) -> None:
    one, two = sketch(first, size=400), sketch(second, size=400)
    assert len(one.hashes) == len(phrases(first))
    union = phrases(first) | phrases(second)
    expected = len(phrases(first) & phrases(second)) / len(union) if union else 1.0
    assert one.similarity(two) == pytest.approx(expected)
    assert two.similarity(one) == one.similarity(two)
    assert one.similarity(one) == 1


def test_small_sketches_estimate_the_similarity() -> None:
    errors = []
    for place in range(40):
        x = b" ".join(TEXTS[place : place + 12])
        y = b" ".join(TEXTS[place + 4 : place + 16])
        union = phrases(x) | phrases(y)
        exact = len(phrases(x) & phrases(y)) / len(union)
        errors.append(sketch(x).similarity(sketch(y)) - exact)
    assert abs(np.mean(errors)) < 0.03
    assert np.std(errors) < 0.06


def test_similarities_rank_as_ncd_does() -> None:
    draw = random.Random(0)
    parts = [b" ".join(draw.choices(TEXTS[group * 30 : group * 30 + 30], k=6)) for group in range(4) for _ in range(6)]
    pairs = [(one, two) for one in range(24) for two in range(one)]
    distance = [ncd(parts[one], parts[two], coder="lzma") for one, two in pairs]
    similarity = [sketch(parts[one], size=1024).similarity(sketch(parts[two], size=1024)) for one, two in pairs]
    assert spearmanr(distance, similarity).statistic < -0.6


def test_the_store_finds_what_is_similar() -> None:
    store = SketchStore().append(TEXTS, names=[f"text {place}" for place in range(120)])
    changed = [text[: len(text) // 2] + b" and so on " + text[len(text) // 2 :] for text in TEXTS[:20]]
    found = store.query(changed, top_k=1)
    assert sum(match.index == match.query for match in found.matches) >= 19
    assert found.matches[0].name == f"text {found.matches[0].index}"
    assert [match.similarity for match in store.query([TEXTS[3]], top_k=1).matches] == [1.0]
    assert "text 0" in str(found)


def test_a_large_store_finds_nearly_as_much_as_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sketch_store, "_FEW", 10)
    monkeypatch.setattr(sketch_store, "_RERANKED", 20)
    draw = random.Random(1)
    words = sorted({word for text in TEXTS for word in text.split()})
    items = [" ".join(word.decode() for word in draw.choices(words, k=30)).encode() for _ in range(800)]
    store = SketchStore().append(items)
    queries = [item[:-20] for item in items[::20]]
    exact = store.query(queries, top_k=1, exact=True).matches
    fast = store.query(queries, top_k=1).matches
    assert sum(one == two for one, two in zip(exact, fast, strict=True)) >= 38


def test_appending_and_merging_are_one(tmp_path: Path) -> None:
    whole = SketchStore().append(TEXTS, n_jobs=2)
    parts = SketchStore().append(TEXTS[:50]).append(TEXTS[50:70])
    other = SketchStore().append(iter(TEXTS[70:]))
    parts.query([TEXTS[0]])
    parts.save(tmp_path / "store")
    merged = load_model(tmp_path / "store").merge(other).merge(SketchStore())
    assert len(merged) == len(whole) == 120
    asked = TEXTS[::10]
    assert merged.query(asked, top_k=3).matches == whole.query(asked, top_k=3).matches
    merged.save(tmp_path / "store", force=True)
    again = load_model(tmp_path / "store")
    assert again.query(asked, top_k=3).matches == whole.query(asked, top_k=3).matches
    assert (again.size, again.fold_case) == (128, False)


def test_names_and_parameters_are_saved(tmp_path: Path) -> None:
    store = SketchStore(size=32, fold_case=True).append(["Abc abd", "xyz"], names=["first", "second"])
    store.save(tmp_path / "store")
    again = load_model(tmp_path / "store")
    assert again.query(["ABC ABD"], top_k=1).matches[0].name == "first"
    assert (again.size, again.fold_case) == (32, True)
    SketchStore().save(tmp_path / "empty")
    assert len(load_model(tmp_path / "empty")) == 0


def test_damaged_and_forged_stores_are_refused(tmp_path: Path) -> None:
    SketchStore().append(TEXTS[:5]).save(tmp_path / "store")
    arrays = tmp_path / "store" / "arrays.safetensors"
    raw = arrays.read_bytes()
    arrays.write_bytes(raw[:-4] + b"\0\0\0\0")
    with pytest.raises(DataError, match="damaged"):
        load_model(tmp_path / "store")
    arrays.write_bytes(raw)
    description = tmp_path / "store" / "model.json"
    described = json.loads(description.read_text())
    described["version"] = 99
    description.write_text(json.dumps(described))
    with pytest.raises(DataError, match="version 99"):
        load_model(tmp_path / "store")


@pytest.mark.parametrize(
    ("arrays", "values"),
    [
        ({"starts": np.array([0, 9, 4])}, {}),
        ({"starts": np.array([0, 2, 5])}, {}),
        ({"hashes": np.array([3, 2, 1, 7], np.uint32)}, {}),
        ({"hashes": np.array([1.0, 2.0, 1.0, 7.0])}, {}),
        ({"starts": np.array([-1, 2, 4])}, {}),
        ({}, {"n_items": 7}),
        ({}, {"n_items": "2"}),
        ({}, {"names": ["one"]}),
        ({}, {"names": [1, 2]}),
    ],
)
def test_forged_arrays_are_refused(arrays: dict[str, np.ndarray], values: dict[str, object]) -> None:
    state = {"hashes": np.array([1, 2, 1, 7], np.uint32), "starts": np.array([0, 2, 4])} | arrays
    described = {"n_items": 2, "names": None} | values
    from kolmo._core.models.saving import ModelState

    parameters = {"size": 2, "fold_case": False}
    with pytest.raises(KolmoError):
        SketchStore._from_model_state(ModelState(described, state, parameters))


def test_unusable_input() -> None:
    store = SketchStore().append(["a b c"])
    for action, message in (
        (lambda: sketch("a").similarity(sketch("a", size=4)), "expected a sketch of size 128, got one of size 4"),
        (lambda: sketch("a", size=0), "size: expected an integer from 1 to 65536, got 0"),
        (lambda: sketch(3), "expected str or bytes, got int"),
        (lambda: SketchStore().query(["a"]), "the store holds no sketches"),
        (lambda: store.append(["b"], names=["x"]), "have no names, those to add have some"),
        (lambda: SketchStore().append(["b"], names=["x", "y"]), "one name for each item, got 2 names for 1 items"),
        (lambda: store.merge(SketchStore(size=4)), "got size=4"),
        (lambda: store.query(["a"], top_k=0), "top_k: expected an integer of at least 1, got 0"),
    ):
        with pytest.raises((DataError, ParameterError), match=message):
            action()


def test_sketches_choose_candidates_of_neighbours() -> None:
    corpus = docstrings("train").sample(80, seed=1)
    exact, few = (
        kolmo.NCDClassifier("lz77", candidates=candidates, n_candidates=30).fit(corpus.items, corpus.labels)
        for candidates in (None, "sketch")
    )
    assert few.predict(corpus.items).tolist() == exact.predict(corpus.items).tolist()
    assert 0 < few.candidate_report().recall <= 1
