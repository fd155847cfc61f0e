from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies

from kolmo import CodeLengthClassifier, LabelCodeClassifier, NCDClassifier
from kolmo.errors import ParameterError
from kolmo.learn import explain
from kolmo.learn.inspection.explanations import Explainer, bits_by_byte
from kolmo.learn.inspection.passages import marked, shared_passages

TEXTS = [
    f"the {words} number {number}" for number in range(8) for words in ("cat sat on the mat", "bonds and stocks fell")
]
LABELS = ["pets", "money"] * 8
ITEM = "My  CAT sat\non the table,\tbonds"


@given(strategies.binary(max_size=80), strategies.binary(max_size=80), strategies.binary(min_size=9, max_size=20))
def test_shared_passages_are_equal(one: bytes, other: bytes, common: bytes) -> None:
    one, other = one + common, common + other
    here, there = shared_passages(one, other)
    assert len(here) == len(there)
    for (start, stop), (first, last) in zip(here, there, strict=True):
        assert stop - start >= 0
        assert one[start:stop].lower() in other.lower() or stop - start != last - first
    starts = [start for start, _ in here]
    assert starts == sorted(starts)
    marked(one, here)


def test_passages_are_marked_on_both_sides() -> None:
    one, other = "Ein schöner Tag am See".encode(), "War das ein schöner Tag!".encode()
    here, there = shared_passages(one, other)
    assert marked(one, here) == "[Ein schöner Tag] am See"
    assert marked(other, there) == "War das [ein schöner Tag]!"


@pytest.mark.parametrize(
    "classifier",
    [
        LabelCodeClassifier(),
        LabelCodeClassifier(members=["coders"]),
        CodeLengthClassifier("ngram:order=3"),
        CodeLengthClassifier("zstd"),
        CodeLengthClassifier(background=True),
    ],
    ids=lambda found: " ".join(repr(found).split()),
)
def test_parts_sum_to_the_difference_of_the_labels(classifier: Any) -> None:
    classifier.fit(TEXTS, LABELS)
    found = explain(classifier, [ITEM])[0]
    shares = classifier.predict_proba([ITEM])[0]
    order = np.argsort(-shares)
    assert [found.label, found.runner_up] == classifier.classes_[order].tolist()
    assert found.bits == pytest.approx(np.log2(shares[order[0]] / shares[order[1]]), abs=1e-3)
    assert sum(part.bits for part in found.parts) == pytest.approx(found.bits)
    placed = sum(part.bits for part in found.parts if part.places)
    assert bits_by_byte(found, ITEM.encode()).sum() == pytest.approx(placed)
    assert len(found.nearest) == 3
    json.dumps(found.to_dict(), allow_nan=False)
    assert str(found).startswith(f"{found.label}: ")


def test_the_table_has_a_legend_of_its_members_only() -> None:
    found = explain(LabelCodeClassifier().fit(TEXTS, LABELS), [ITEM])[0]
    legend = "\n".join(found.tables_of([found], verbose=True)[0].footers)
    assert f"+ speaks for {found.label}, - for {found.runner_up}" in legend
    for part in ("counts: how often", "weights: logistic regression", "coders: how well", "prior: what", "^ and $:"):
        assert part in legend
    kinds = {part.kind for part in found.parts if part.member == "coders"}
    assert kinds <= {
        "prior",
        "byte alone",
        "byte after 1 byte",
        *(f"byte after {n} bytes" for n in range(2, 6)),
        "word alone",
        "word after 1 word",
        "word after the word 2 before",
    }
    assert not any("order" in part.kind for part in found.parts)
    counts = LabelCodeClassifier(members=["counts"]).fit(TEXTS, LABELS)
    label, other = counts.classes_.tolist()
    explained = str(counts.explain(ITEM))
    assert "counts: how often" in explained
    assert "coders:" not in explained
    assert f"{label}, - for {other}" in explained or f"{other}, - for {label}" in explained
    words = explain(CodeLengthClassifier("ngram:order=3").fit(TEXTS, LABELS), [ITEM])[0]
    assert "code length: the bits of a compressor" in str(words)


def test_n_grams_are_where_they_stand_in_the_text() -> None:
    found = explain(LabelCodeClassifier(members=["weights"], n_grams="runs").fit(TEXTS, LABELS), [ITEM])[0]
    raw = ITEM.encode()
    words = {part.text: part.places for part in found.parts if part.kind == "1 word"}
    assert [raw[start:stop] for start, stop in words["cat"]] == [b"CAT"]
    assert [raw[start:stop] for start, stop in words["bonds"]] == [b"bonds"]
    bits = bits_by_byte(found, raw)
    cat, bonds = raw.index(b"CAT"), raw.index(b"bonds")
    sign = 1 if found.label == "pets" else -1
    assert sign * bits[cat : cat + 3].sum() > 0 > sign * bits[bonds : bonds + 5].sum()


@pytest.mark.parametrize("weights", ["uniform", "distance", "class_mean"])
@pytest.mark.parametrize("candidates", [None, "char-tfidf"])
def test_neighbours_that_decide_are_named(weights: Any, candidates: str | None) -> None:
    classifier = NCDClassifier(n_neighbors=3, weights=weights, candidates=candidates).fit(TEXTS, LABELS)
    found = Explainer(classifier).explain(ITEM)
    distances, places = classifier.kneighbors([ITEM], 3)
    assert found.label == classifier.predict([ITEM])[0]
    assert {near.position for near in found.nearest} >= set(places[0].tolist()) or weights == "class_mean"
    assert found.nearest[0].distance == pytest.approx(distances[0, 0])
    assert found.margin is not None
    assert found.runner_up in [near.label for near in found.nearest]
    if weights != "class_mean":
        votes = sum(near.vote or 0 for near in found.nearest if near.label == found.label)
        assert votes == pytest.approx(found.probability, abs=1e-6)
        assert sum(near.vote or 0 for near in found.nearest) == pytest.approx(1)


def test_precomputed_distances_have_no_reasons() -> None:
    with pytest.raises(ParameterError, match="training items"):
        Explainer(NCDClassifier(metric="precomputed").fit([[0, 1], [1, 0]], ["a", "b"]))
