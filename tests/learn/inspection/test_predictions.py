from __future__ import annotations

import json

import numpy as np
import pytest

from kolmo import Corpus, LabelCodeClassifier, NCDClassifier, NGramVectorizer
from kolmo.errors import DataError, ParameterError
from kolmo.learn import evaluate_fitted, label_items

TEXTS = [
    f"{words} {number}" for number in range(10) for words in ("cat sat mat", "bond stock fell", "bread oven dough")
]
LABELS = ["pets", "money", "food"] * 10
MODEL = LabelCodeClassifier(members=["counts"], n_grams="runs").fit(TEXTS, LABELS)
QUERIES = ["the cat", "stock and bread", "dough 3 bond 4 cat 5"]


def test_labels_are_the_most_probable_ones() -> None:
    found = label_items(MODEL, QUERIES, abstain_below=0.9)
    shares = MODEL.predict_proba(QUERIES)
    assert found.labels.tolist() == MODEL.predict(QUERIES).tolist()
    assert found.probabilities.tolist() == shares.max(axis=1).tolist()
    assert found.runner_up_probabilities.tolist() == np.sort(shares, axis=1)[:, -2].tolist()
    assert (found.labels != found.runners_up).all()
    assert found.abstained.tolist() == (shares.max(axis=1) < 0.9).tolist()
    assert [row["label"] is None for row in found.records()] == found.abstained.tolist()
    assert "Labels of 3 items" in str(found)


def test_a_model_without_probabilities_is_refused() -> None:
    with pytest.raises(ParameterError, match="got NGramVectorizer"):
        label_items(NGramVectorizer(n_buckets=64).fit(TEXTS), QUERIES)
    with pytest.raises(ParameterError, match="abstain_below"):
        label_items(MODEL, QUERIES, abstain_below=2)


def test_the_report_has_accuracy_bits_and_coverage() -> None:
    truth = ["pets", "food", "money"]
    report = evaluate_fitted(MODEL, (QUERIES, truth), abstain_below=0.42)
    shares = MODEL.predict_proba(QUERIES)
    own = shares[np.arange(3), np.searchsorted(MODEL.classes_, truth)]
    assert report.accuracy == MODEL.score(QUERIES, truth)
    assert report.bits_per_label == pytest.approx(-np.log2(own).mean())
    assert 0.42 in [point.abstain_below for point in report.coverage]
    coverages = [point.coverage for point in report.coverage]
    assert coverages[0] == 1
    assert coverages == sorted(coverages, reverse=True)
    for point in report.coverage:
        used = shares.max(axis=1) >= point.abstain_below
        correct = MODEL.predict(QUERIES) == truth
        assert point.accuracy == (correct[used].mean() if used.any() else None)
    json.dumps(report.to_dict(), allow_nan=False)
    assert "Accuracy against coverage" in str(report)


def test_mistakes_come_with_the_most_confident_first() -> None:
    corpus = Corpus(items=[text.encode() for text in TEXTS], labels=["money", "food", "unknown"] * 10, name="wrong")
    report = evaluate_fitted(MODEL, corpus, positions=range(100, 130))
    found = report.mistakes(7)
    assert len(found) == 7
    assert [each.probability for each in found] == sorted((each.probability for each in found), reverse=True)
    assert report.n_unknown == 10
    assert report.bits_per_label == float("inf")
    assert {each.label_bits is None for each in report.mistakes(30)} == {True, False}
    assert all(each.text == TEXTS[each.position - 100] for each in found)
    assert "Most confident mistakes" in report.mistakes_table().plain()


def test_a_set_without_labels_is_refused() -> None:
    with pytest.raises(DataError, match="no labels"):
        evaluate_fitted(MODEL, Corpus(items=[b"a"]))
    with pytest.raises(DataError, match="labels of the type"):
        evaluate_fitted(MODEL, (QUERIES, [1, 2, 3]))


def test_votes_without_a_second_label_have_probability_zero() -> None:
    found = label_items(NCDClassifier().fit(TEXTS, LABELS), QUERIES[:1])
    assert found.probabilities[0] > 0.99
    assert found.runner_up_probabilities[0] < 0.01


def test_labels_of_a_file_are_those_of_a_classifier_of_numbers() -> None:
    model = NCDClassifier("deflate").fit(["the cat sat", "stocks fell"], [3, 7])
    assert evaluate_fitted(model, Corpus(items=[b"the cat", b"stocks"], labels=["3", "7"])).accuracy == 1
    with pytest.raises(DataError, match="labels of the type in fit, such as 3"):
        evaluate_fitted(model, Corpus(items=[b"the cat"], labels=["pets"]))
