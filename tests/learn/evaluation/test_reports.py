from __future__ import annotations

import json
import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from kolmo import CodeLengthClassifier, CodeLengthVectorizer, Corpus, NCDClassifier, coder, report_html
from kolmo.errors import DataError
from kolmo.learn import ClassificationReport, baseline_classifiers, evaluate
from kolmo.learn.baselines import ngram_svm

PETS = ["the cat sat on the mat", "a cat and a kitten sat down", "the kitten slept on the mat", "my cat chased a mouse"]
MONEY = ["stocks fell and bonds rose", "gold and stocks rose", "the bank sold its bonds", "bonds fell as rates rose"]
TEXTS, LABELS = PETS + MONEY, ["pets"] * 4 + ["money"] * 4
QUERIES, TRUTH = ["a kitten sat on the cat", "rates and bonds fell", "the mat rose"], ["pets", "money", "none of these"]


def corpus(texts: list[str], labels: list[str] | None, name: str) -> Corpus:
    return Corpus(items=[text.encode() for text in texts], labels=labels, name=name)


TRAIN, TEST = corpus(TEXTS, LABELS, "training texts"), corpus(QUERIES, TRUTH, "queries")


def made(predictions: list[Any], labels: list[Any] | None, **fields: Any) -> ClassificationReport:
    facts = {"name": "m", "fingerprint": "m 1", "train": "a", "test": "b", "n_train": 2, "fit_seconds": 0.5}
    return ClassificationReport(
        predictions=np.array(predictions),
        labels=None if labels is None else np.array(labels),
        n_test=len(predictions),
        predict_seconds=1.5,
        **(facts | fields),
    )


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=1, max_size=20))
def test_scores_are_those_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    predictions, labels = map(list, zip(*pairs, strict=True))
    report = made(predictions, labels)
    assert report.accuracy == accuracy_score(labels, predictions)
    assert report.macro_f1 == f1_score(labels, predictions, average="macro", zero_division=0)
    assert report.classes == sorted({*labels, *predictions})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of a single label
        expected = confusion_matrix(labels, predictions, labels=report.classes)
    assert report.confusion is not None
    assert report.confusion.tolist() == expected.tolist()
    assert report.standard_error == pytest.approx(np.std(np.array(predictions) == labels) / math.sqrt(len(labels)))


@pytest.mark.parametrize(
    "classifier",
    [
        NCDClassifier("gzip", n_neighbors=2),
        CodeLengthClassifier("zstd"),
        ngram_svm(),
        make_pipeline(CodeLengthVectorizer(["zstd"], folds=2), LogisticRegression()),
        make_pipeline(CountVectorizer(), MultinomialNB()),
        *baseline_classifiers().values(),
    ],
)
def test_any_classifier_of_texts_is_evaluated(classifier: Any) -> None:
    report = evaluate(classifier, TRAIN, TEST)
    assert report.predictions.tolist() == classifier.predict(TEST.items).tolist()
    assert report.accuracy == np.mean(report.predictions == np.array(TRUTH))
    assert (report.train, report.test, report.n_train, report.n_test) == ("training texts", "queries", 8, 3)
    assert report.seconds == report.fit_seconds + report.predict_seconds > 0
    assert json.loads(json.dumps(report.to_dict()))["accuracy"] == report.accuracy
    pairs = evaluate(classifier, (TRAIN.items, np.array(LABELS)), (TEST.items, TRUTH))
    assert pairs.predictions.tolist() == report.predictions.tolist()
    assert (pairs.train, pairs.test) == ("training set", "test set")


def test_the_ties_and_pairs_of_a_nearest_neighbour_classifier_are_reported() -> None:
    classifier = NCDClassifier("gzip", n_neighbors=2)
    report = evaluate(classifier, TRAIN, TEST)
    ties = classifier.tie_report(TEST.items, TRUTH)
    assert (report.worst, report.best, report.tied_share) == (ties.worst, ties.best, ties.tied_share)
    assert report.accuracy == ties.accuracy
    assert report.pairs == 24
    assert report.microseconds_per_pair == pytest.approx(1e6 * report.seconds / 24)
    by_class = CodeLengthClassifier("zstd")
    report = evaluate(by_class, TRAIN, TEST)
    ties = by_class.tie_report(TEST.items, TRUTH)
    assert report.pairs is None
    assert (report.worst, report.best, report.tied_share) == (ties.worst, ties.best, ties.tied_share)


def test_candidates_and_pruning_are_reported() -> None:
    few = NCDClassifier("gzip", candidates="char-tfidf", n_candidates=4)
    assert evaluate(few, TRAIN, TEST).candidates == few.candidate_report(TEST.items, TRUTH)
    calibrated = NCDClassifier("gzip", pruning="calibrated")
    assert evaluate(calibrated, TRAIN, TEST).pruning == calibrated.pruning_report_
    plain = evaluate(NCDClassifier("gzip"), TRAIN, TEST)
    assert plain.candidates is plain.pruning is None


def test_fingerprints_name_the_coders_or_scikit_learn() -> None:
    fitted = coder("lz77").fitted(TRAIN.items)
    assert evaluate(NCDClassifier("lz77"), TRAIN, TEST).fingerprint == fitted.fingerprint
    features = make_pipeline(CodeLengthVectorizer(["zstd", "deflate"], folds=2), LogisticRegression())
    expected = f"{coder('zstd').fingerprint}; {coder('deflate').fingerprint}"
    assert evaluate(features, TRAIN, TEST).fingerprint == expected
    assert evaluate(ngram_svm(), TRAIN, TEST).fingerprint.startswith("scikit-learn ")


def test_one_table_has_a_row_for_each_classifier() -> None:
    reports = [
        evaluate(found, TRAIN, TEST, name=name)
        for name, found in {"gzip": NCDClassifier("gzip"), **baseline_classifiers()}.items()
    ]
    (table,) = ClassificationReport.tables_of(reports)
    assert [row[0] for row in table.rows] == ["gzip", "TF-IDF + LinearSVC", "majority class"]
    assert table.title == "Classification: trained on 8 texts of training texts, tested on 3 texts of queries"
    assert not any(coder("gzip").fingerprint in footer for footer in table.footers)
    (verbose,) = ClassificationReport.tables_of(reports, verbose=True)
    assert f"gzip: {coder('gzip').fingerprint}" in verbose.footers
    assert str(reports[0]) == ClassificationReport.tables_of(reports[:1])[0].plain()
    frame = reports[0].to_frame()
    assert frame.shape[0] == 1
    assert frame["name"].tolist() == ["gzip"]
    assert not {"predictions", "labels", "confusion"} & set(frame.columns)


def test_the_footers_say_what_was_compiled_and_lost() -> None:
    few = NCDClassifier("gzip", candidates="char-tfidf", n_candidates=4)
    (table,) = ClassificationReport.tables_of([evaluate(few, TRAIN, TEST, name="gzip")])
    assert any("gzip: each text was compared with 4 candidates; on 3 texts" in footer for footer in table.footers)
    (table,) = ClassificationReport.tables_of([made(["a"], ["a"], compile_seconds=2.5)])
    assert "m: 2.5 s more for compiling kernels, once on this machine" in table.footers


def test_labels_may_be_unknown() -> None:
    report = evaluate(NCDClassifier("gzip"), TRAIN, corpus(QUERIES, None, "new"))
    assert report.predictions.shape == (3,)
    assert report.labels is report.accuracy is report.macro_f1 is report.confusion is report.standard_error is None
    assert "-" in str(report)
    with pytest.raises(DataError, match="has no labels"):
        evaluate(NCDClassifier("gzip"), corpus(TEXTS, None, "training texts"), TEST)
    with pytest.raises(DataError, match=r"training set: expected a Corpus or a pair \(X, y\), got int"):
        evaluate(NCDClassifier("gzip"), 5, TEST)


def test_a_report_has_the_mistakes_of_all_classifiers() -> None:
    labels = ["x"] * 400
    right = {"best": ["x"] * 350 + ["y"] * 50, "next": ["x"] * 300 + ["y"] * 100, "worst": ["y"] * 400}
    reports = [made(predictions, labels, name=name) for name, predictions in right.items()]
    tables = ClassificationReport.report_tables_of(reports[::-1])
    assert [table.title for table in tables[1:]] == [f"Misclassified texts, {name}" for name in right]
    assert [len(table.rows) for table in tables[1:]] == [33, 33, 33]
    assert tables[2].rows[0] == ["300", "x", "y", "1 of 2"]
    assert tables[3].rows[0] == ["0", "x", "y", "2 of 2"]
    assert (
        tables[3]
        .footers[0]
        .startswith("33 of 400 misclassified texts, those that most other classifiers label correctly first")
    )
    page = report_html(reports, items=[f"text number {n} " * 50 for n in range(400)])
    assert all(f"Misclassified texts, {name}" in page for name in right)
    assert len(page) < 150_000
    many = [made(["y"] * 400, labels, name=f"m{n}") for n in range(30)]
    assert len(report_html(many, items=["<&\u202e" * 200] * 400)) < 500_000
    alone = reports[0].mistakes_table(5)
    assert [row[0] for row in alone.rows] == ["350", "351", "352", "353", "354"]
    assert len(alone.columns) == 3
    assert len(ClassificationReport.report_tables_of([made(labels, labels)])) == 1
    with pytest.raises(DataError, match="unknown"):
        made(["x"], None).mistakes_table()
