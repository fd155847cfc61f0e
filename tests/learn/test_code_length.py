from __future__ import annotations

import hashlib
import pickle
import re
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from kolmo import CodeLengthClassifier, CodeLengthVectorizer, Coder, coder
from kolmo.coders import CoderTags, Uniform
from kolmo.coders.registry import all_coders
from kolmo.errors import DataError, KolmoError, ParameterError, PrimingError, PrimingWarning

PETS = ["the cat sat on the mat", "a cat and a kitten sat down", "the kitten slept on the mat", "my cat chased a mouse"]
MONEY = ["stocks fell and bonds rose", "gold and stocks rose", "the bank sold its bonds", "bonds fell as rates rose"]
TEXTS, LABELS = PETS + MONEY, ["pets"] * 4 + ["money"] * 4
QUERIES = ["a kitten sat on the mat", "rates and bonds fell"]
CODERS = ["deflate", "zstd", "bz2", "lz77", "order0"]


class Unprimed(Uniform):
    @property
    def tags(self) -> CoderTags:
        return CoderTags(priming=None)


@pytest.mark.parametrize("spec", CODERS)
def test_the_label_is_that_of_the_shortest_code(spec: str) -> None:
    classifier = CodeLengthClassifier(spec, prior="uniform").fit(TEXTS, LABELS)
    bits = classifier.code_lengths(QUERIES)
    assert np.array_equal(classifier.predict(QUERIES), classifier.classes_[bits.argmin(axis=1)])
    assert classifier.decision_function(QUERIES).tolist() == (bits[:, 0] - bits[:, 1]).tolist()
    if spec in ("deflate", "zstd", "lz77"):
        assert classifier.predict(QUERIES).tolist() == ["pets", "money"]


@pytest.mark.parametrize("spec", [name for name, found in all_coders() if isinstance(found, Coder)])
def test_every_coder_that_primes_reads_classes_without_a_warning(spec: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier = CodeLengthClassifier(spec).fit([*TEXTS, "cats " * 30_000], [*LABELS, "pets"])
    assert np.isfinite(classifier.predict_proba([*QUERIES, ""])).all()


def test_the_prior_adds_the_bits_that_name_a_class() -> None:
    classifier = CodeLengthClassifier("deflate", temperature_scaling=False).fit(
        [*TEXTS, *PETS[:2]], [*LABELS, "pets", "pets"]
    )
    bits = classifier.code_lengths(QUERIES) + np.log2(np.array([12 / 5, 12 / 7]))
    assert np.allclose(classifier.decision_function(QUERIES), bits[:, 0] - bits[:, 1])
    assert classifier.class_counts_.tolist() == [4, 6]
    assert classifier.temperature_ == 1
    shares = 2.0**-bits
    assert np.allclose(classifier.predict_proba(QUERIES), shares / shares.sum(axis=1, keepdims=True))


def test_calibrated_probabilities_lose_less_and_change_no_label() -> None:
    rng = np.random.default_rng(0)
    words = {"a": list("bcdefghijk"), "b": list("cdefghijkl")}
    labels = [label for label in "ab" for _ in range(60)]
    texts = [" ".join(rng.choice(words[label], 12)) for label in labels]
    new = [" ".join(rng.choice(words[label], 12)) for label in labels]
    calibrated = CodeLengthClassifier("deflate").fit(texts, labels)
    raw = CodeLengthClassifier("deflate", temperature_scaling=False).fit(texts, labels)
    shares = calibrated.predict_proba(new)
    assert np.allclose(shares.sum(axis=1), 1)
    assert ((shares >= 0) & (shares <= 1)).all()
    assert calibrated.temperature_ > 1
    assert log_loss(labels, shares) < log_loss(labels, raw.predict_proba(new))
    assert np.array_equal(calibrated.predict(new), raw.predict(new))


words = st.lists(st.sampled_from(["cat", "dog", "sat", "mat", "a", "b"]), max_size=4).map(" ".join)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(words, st.sampled_from("xyz")), min_size=4, max_size=12), st.randoms())
def test_neither_order_nor_partial_fit_changes_the_result(training: list[tuple[str, str]], random: Any) -> None:
    if len({label for _, label in training}) < 2:
        return
    shuffled = list(training)
    random.shuffle(shuffled)
    queries = [text for text, _ in training]
    one, two = (
        CodeLengthClassifier("deflate").fit(*map(list, zip(*part, strict=True))) for part in (training, shuffled)
    )
    assert np.array_equal(one.predict_proba(queries), two.predict_proba(queries))
    in_parts = CodeLengthClassifier("deflate").partial_fit(
        *map(list, zip(*training[:2], strict=True)), classes=one.classes_
    )
    in_parts.partial_fit(*map(list, zip(*training[2:], strict=True)))
    assert np.array_equal(one.predict_proba(queries), in_parts.predict_proba(queries))


def test_partial_fit_needs_the_classes() -> None:
    with pytest.raises(ParameterError, match="needs all labels"):
        CodeLengthClassifier("zstd").partial_fit(TEXTS, LABELS)
    classifier = CodeLengthClassifier("zstd").partial_fit(PETS, ["pets"] * 4, classes=["money", "pets"])
    assert classifier.predict(QUERIES).shape == (2,)
    with pytest.raises(DataError, match=r"item 1: expected a label among .* got 'sports'"):
        classifier.partial_fit(["a", "b"], ["pets", "sports"])
    with pytest.raises(ParameterError, match="in the first call"):
        classifier.partial_fit(PETS, ["pets"] * 4, classes=["pets", "sports"])


def test_no_training_text_is_scored_by_a_coder_that_has_read_it() -> None:
    """Random texts share nothing, so only a coder that has read one of them assigns it a short code."""
    rng = np.random.default_rng(0)
    texts = [bytes(rng.integers(0, 256, 200, np.uint8)) for _ in range(20)]
    texts += texts[:4]  # a copy in another fold would reveal a text
    labels = [0, 1] * 12
    features = CodeLengthVectorizer(["deflate", "lz77"], per="byte")
    out_of_fold = features.fit_transform(texts, labels)
    assert np.abs(out_of_fold).max() < 0.3
    own = features.transform(texts)
    assert (own[np.arange(20), np.array(labels)[:20]] > 2).all()


def test_features_are_bits_saved_by_scale() -> None:
    coders = ["deflate", "zstd"]
    found = {per: CodeLengthVectorizer(coders, per=per).fit(TEXTS, LABELS) for per in ("bits", "byte", "sqrt")}
    bits = [CodeLengthClassifier(spec).fit(TEXTS, LABELS).code_lengths(QUERIES) for spec in coders]
    expected = np.hstack([part.mean(axis=1, keepdims=True) - part for part in bits])
    sizes = np.array([[len(text)] for text in QUERIES])
    assert np.allclose(found["bits"].transform(QUERIES), expected)
    assert np.allclose(found["byte"].transform(QUERIES), expected / sizes)
    assert np.allclose(found["sqrt"].transform(QUERIES), expected / np.sqrt(sizes))
    names = found["bits"].get_feature_names_out().tolist()
    assert names == ["deflate|money", "deflate|pets", "zstd|money", "zstd|pets"]
    frame = found["bits"].set_output(transform="pandas").transform(QUERIES)
    assert frame.columns.tolist() == names
    assert np.isfinite(found["byte"].transform(["", b"\xff"])).all()


def test_bytes_and_text_are_the_same() -> None:
    classifier = CodeLengthClassifier("zstd").fit(pd.Series(TEXTS), LABELS)
    in_bytes = CodeLengthClassifier("zstd").fit([text.encode() for text in TEXTS], LABELS)
    assert np.array_equal(
        classifier.predict_proba(QUERIES), in_bytes.predict_proba([text.encode() for text in QUERIES])
    )


def test_model_selection_pipelines_and_pickle() -> None:
    fitted = CodeLengthClassifier("lz77").fit(TEXTS, LABELS)
    assert fitted.coder_ == coder("lz77").fitted(TEXTS)
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.predict_proba(QUERIES), fitted.predict_proba(QUERIES))
    assert clone(fitted).get_params() == fitted.get_params()
    assert cross_val_score(CodeLengthClassifier("zstd"), TEXTS, LABELS, cv=2).shape == (2,)
    search = GridSearchCV(CodeLengthClassifier("zstd"), {"coder": ["deflate", coder("zstd")], "chunks": [1, 2]}, cv=2)
    assert search.fit(TEXTS, LABELS).predict(QUERIES).tolist() == ["pets", "money"]
    pipeline = make_pipeline(CodeLengthVectorizer(["deflate", "zstd"], folds=4), LogisticRegression(C=100))
    assert pipeline.fit(TEXTS, LABELS).predict(QUERIES).tolist() == ["pets", "money"]
    assert clone(pipeline).get_params()["codelengthvectorizer__folds"] == 4
    three = CodeLengthClassifier("zstd").fit(TEXTS, [0] * 3 + [1] * 3 + [2] * 2)
    assert three.decision_function(QUERIES).shape == (2, 3)


@pytest.mark.parametrize(
    ("parameters", "X", "y", "error", "message"),
    [
        ({}, [], [], DataError, "0 samples"),
        ({}, TEXTS, ["one"] * 8, DataError, "only one class, .*'one'"),
        ({}, TEXTS, LABELS[:-1], DataError, "8 items but 7 labels"),
        ({}, "one text", ["a"], DataError, "wrap it in a list"),
        ({"coder": "gzp"}, TEXTS, LABELS, ParameterError, "did you mean 'gzip'"),
        ({"coder": Unprimed()}, TEXTS, LABELS, PrimingError, "can be primed with the texts of a class, got 'uniform'"),
        ({"chunks": 0}, TEXTS, LABELS, ParameterError, "chunks: expected an integer of at least 1, got 0"),
        ({"prior": "flat"}, TEXTS, LABELS, ParameterError, "prior: expected 'training' or 'uniform', got 'flat'"),
    ],
)
def test_bad_input_is_named(parameters: Any, X: Any, y: Any, error: type[KolmoError], message: str) -> None:
    with pytest.raises(error, match=message):
        CodeLengthClassifier(**({"coder": "zstd"} | parameters)).fit(X, y)
    if "prior" not in parameters:
        renamed = {"coders": [parameters.get("coder", "zstd")], "chunks": parameters.get("chunks", 4)}
        with pytest.raises(error, match=message):
            CodeLengthVectorizer(**renamed).fit_transform(X, y)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"coders": "zstd"}, "coders: expected a list of at least one coder, got 'zstd'"),
        ({"coders": []}, r"at least one coder, got \[\]"),
        ({"folds": 1}, "folds: expected an integer of at least 2, got 1"),
        ({"per": "word"}, "per: expected 'sqrt', 'byte' or 'bits', got 'word'"),
    ],
)
def test_features_name_bad_parameters(parameters: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        CodeLengthVectorizer(**({"coders": ["zstd"]} | parameters)).fit(TEXTS, LABELS)


def test_unfitted_estimators_say_so() -> None:
    for call in (CodeLengthClassifier("zstd").predict, CodeLengthVectorizer(["zstd"]).transform):
        with pytest.raises(NotFittedError):
            call(QUERIES)


@settings(max_examples=40, deadline=None)
@given(st.lists(words, min_size=1, max_size=12), st.sampled_from(["zstd", "bz2", "order0"]), st.permutations("xyz"))
def test_other_names_of_classes_change_tied_labels_only(queries: list[str], spec: str, names: list[str]) -> None:
    """With a uniform prior, ties are broken by the order of the labels, which other names permute."""
    texts, codes = (
        ["the cat sat", "a dog sat on a mat", "a cat and a dog", "the mat", "b b a", "dog"],
        [0, 0, 1, 1, 2, 2],
    )
    predicted, reports = [], []
    for labels in (list("xyz"), names):
        classifier = CodeLengthClassifier(spec, prior="uniform", temperature_scaling=False)
        classifier.fit(texts, [labels[code] for code in codes])
        truth = [labels[len(query) % 3] for query in queries]
        report = classifier.tie_report(queries, truth)
        assert report.predictions.tolist() == classifier.predict(queries).tolist()
        assert report.accuracy == classifier.score(queries, truth)
        assert report.worst <= report.accuracy <= report.best <= report.worst + report.tied_share + 1e-12
        assert report.ties_counted_as_correct is None
        predicted.append(np.array([labels.index(label) for label in report.predictions]))
        reports.append(report)
    bits = classifier.code_lengths(queries)
    tied = (bits == bits.min(axis=1, keepdims=True)).sum(axis=1) > 1
    assert np.array_equal(predicted[0][~tied], predicted[1][~tied])
    for report in reports:
        assert report.tied_share == tied.mean()
        assert (report.worst, report.best) == (reports[0].worst, reports[0].best)


def test_lengths_of_whole_bytes_tie_and_real_numbers_do_not() -> None:
    whole, real = (CodeLengthClassifier(spec).fit(TEXTS, LABELS) for spec in ("zstd", "ngram"))
    queries, truth = ["cow", "tax", "emu", "oil"] * 2, LABELS
    assert whole.tie_report(queries, truth).tied_share == 1
    assert real.tie_report(queries, truth).tied_share == 0
    assert whole.tie_report(queries, ["cows"] * 8).best == 0, "a label that was not in the training set"
    with pytest.raises(DataError, match="8 items but 7 labels"):
        whole.tie_report(queries, truth[:-1])
    with pytest.raises(NotFittedError):
        CodeLengthClassifier("zstd").tie_report(queries, truth)


@settings(max_examples=15, deadline=None)
@given(st.none() | st.text(max_size=3) | st.binary(max_size=3), st.booleans())
def test_the_separator_follows_each_item(separator: Any, numbers: bool) -> None:
    items: Any = np.arange(24, dtype=np.uint8).reshape(8, 3) if numbers else TEXTS
    behind = separator if isinstance(separator, bytes) else (separator or "").encode()
    if separator is None and not numbers:
        behind = b"\n"
    classifier = clone(CodeLengthClassifier("deflate", separator=separator, temperature_scaling=False))
    features = clone(CodeLengthVectorizer(["deflate"], separator=separator, per="bits"))
    assert classifier.get_params()["separator"] == features.get_params()["separator"] == separator
    classifier.fit(items, LABELS)
    as_bytes = [bytes(row) if numbers else row.encode() for row in items]
    for label in ("pets", "money"):
        own = [item for item, other in zip(as_bytes, LABELS, strict=True) if other == label]
        ordered = sorted(own, key=lambda item: hashlib.sha256(item).digest())
        primed = coder("deflate").prime(behind.join([*ordered, b""]))
        column = classifier.classes_.tolist().index(label)
        assert classifier.code_lengths(items[:3])[:, column].tolist() == primed.code_lengths(items[:3]).tolist()
    bits = classifier.code_lengths(items)
    assert np.array_equal(features.fit(items, LABELS).transform(items), bits.mean(axis=1, keepdims=True) - bits)


@pytest.mark.parametrize(("name", "least"), [("zstd", 10), ("lz4", 12)])
def test_classes_without_effect_are_named_with_coder_and_size(name: str, least: int) -> None:
    for size in (1, least - 2, least - 1):
        texts = ["m" * size, "the cat sat on the mat", "stocks fell and bonds rose"]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            CodeLengthClassifier(name).fit(texts, ["short", "pets", "money"])
        expected = (
            f"'{name}' finds no match in a context under {least} bytes, .* in 1 of 3 classes, .*'short' with {size + 1}"
        )
        assert len(caught) == (size + 1 < least)
        for each in caught:
            assert each.category is PrimingWarning
            assert re.search(expected, str(each.message))
            assert each.filename == __file__


@pytest.mark.parametrize("estimator", [CodeLengthClassifier("zstd"), CodeLengthVectorizer(["zstd"])], ids=repr)
def test_contexts_that_are_too_short_warn_once_in_a_fit(estimator: Any) -> None:
    texts, labels = ["a", "b", "c", "d"] * 5, ["w", "x", "y", "z"] * 5
    for fit in (estimator.fit, getattr(estimator, "fit_transform", estimator.fit)):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fit(["abc", *texts[:3]], labels[:4])
        assert [each.category for each in caught] == [PrimingWarning]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimator.fit(texts, labels)


def test_a_background_tells_classes_and_gives_bits_of_the_label() -> None:
    classifier = CodeLengthClassifier(background=True).fit(TEXTS, LABELS)
    assert classifier.predict(QUERIES).tolist() == ["pets", "money"]
    shares = classifier.predict_proba(QUERIES)
    scores = classifier.decision_function(QUERIES)
    assert shares.sum(axis=1) == pytest.approx(1)
    assert scores == pytest.approx(np.log2(shares[:, 1] / shares[:, 0]))
    bits = classifier.code_lengths(QUERIES)
    assert (bits > 0).all()
    assert np.array_equal(bits.argmin(axis=1), [1, 0])
    assert not hasattr(classifier, "coder_")
    assert not hasattr(classifier, "temperature_")
    again = pickle.loads(pickle.dumps(classifier))
    assert np.array_equal(again.predict_proba(QUERIES), shares)
    without = classifier.set_params(background=False).fit(TEXTS, LABELS)
    plain = CodeLengthClassifier().fit(TEXTS, LABELS)
    assert np.array_equal(without.predict_proba(QUERIES), plain.predict_proba(QUERIES))


def test_a_background_of_few_texts_of_many_classes_and_of_empty_texts() -> None:
    two = CodeLengthClassifier(background=True).fit(["a cat", "bonds"], ["pets", "money"])
    assert two.predict(["the cat", "bond"]).tolist() == ["pets", "money"]
    empty = CodeLengthClassifier(background=True).fit(["", "", "a"], [0, 1, 1])
    assert np.isfinite(empty.predict_proba(["", "b"])).all()
    names = [f"class {number:03}" for number in range(300)]
    many = CodeLengthClassifier(background=True).fit(names, names)
    assert many.predict(names[:5]).tolist() == names[:5]
    three = CodeLengthClassifier(background=True).fit(TEXTS, [0] * 3 + [1] * 3 + [2] * 2)
    assert three.decision_function(QUERIES).shape == (2, 3)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(words, st.sampled_from("xyz")), min_size=4, max_size=12), st.randoms())
def test_neither_order_nor_partial_fit_nor_threads_change_a_background(
    training: list[tuple[str, str]], random: Any
) -> None:
    if len({label for _, label in training}) < 2:
        return
    shuffled = list(training)
    random.shuffle(shuffled)
    queries = [text for text, _ in training]
    one = CodeLengthClassifier(background=True).fit(*map(list, zip(*training, strict=True)))
    two = CodeLengthClassifier(background=True, n_jobs=2).partial_fit(
        *map(list, zip(*shuffled[:2], strict=True)), classes=one.classes_
    )
    two.partial_fit(*map(list, zip(*shuffled[2:], strict=True)))
    assert np.array_equal(one.predict_proba(queries), two.predict_proba(queries))


@pytest.mark.parametrize(
    ("name", "value"), [("coder", "zstd"), ("prior", "uniform"), ("chunks", 2), ("temperature_scaling", False)]
)
def test_a_background_refuses_parameters_of_primed_coders(name: str, value: Any) -> None:
    classifier = CodeLengthClassifier(background=True).set_params(**{name: value})
    with pytest.raises(ParameterError, match=f"{name}: expected .* with background=True, .* got {value!r}"):
        classifier.fit(TEXTS, LABELS)
    with pytest.raises(ParameterError, match="background: expected true or false, got 1"):
        CodeLengthClassifier(background=1).fit(TEXTS, LABELS)  # type: ignore[arg-type]
