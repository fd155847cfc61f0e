from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from kolmo import CodeLengthClassifier, CodeLengthVectorizer, NCDClassifier
from kolmo.errors import DataError, ParameterError
from kolmo.learn.labels import check_weights, labels_of

TEXTS = ["the cat sat on the mat", "a cat and a kitten sat", "stocks fell and bonds rose", "bonds fell"]
CLASSIFIERS = [
    NCDClassifier("zstd"),
    NCDClassifier(metric="precomputed"),
    CodeLengthClassifier("zstd"),
]

same_type = (
    st.lists(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
    | st.lists(st.integers(-(2**63), 2**63 - 1))
    | st.lists(st.booleans())
    | st.lists(st.integers(-(2**40), 2**40).map(float))
)


@given(same_type)
@pytest.mark.parametrize("wrap", [list, tuple, iter, lambda y: np.array(y, dtype=object)])
def test_labels_of_one_type_stay_as_they_are(wrap: Any, labels: list[Any]) -> None:
    assert labels_of(wrap(labels)).tolist() == labels


@pytest.mark.parametrize("wrap", [pd.Series, pl.Series, pa.array, lambda y: pd.Series(y, dtype="category"), np.array])
@pytest.mark.parametrize("labels", [["b", "a"], [2, 1], [True, False]])
def test_columns_of_other_libraries(wrap: Any, labels: list[Any]) -> None:
    assert labels_of(wrap(labels)).tolist() == labels


PER_TYPE = {"str": "a", "number": 1, "bool": True}
OTHERS = [b"a", (1, 2), Decimal(1), 1j, datetime.date(2020, 1, 1), float("inf"), object()]


@pytest.mark.parametrize("wrap", [list, tuple, iter, lambda y: np.array(y, dtype=object), pd.Series])
@pytest.mark.parametrize("first", PER_TYPE)
@pytest.mark.parametrize("second", PER_TYPE)
def test_labels_of_two_types_are_refused(wrap: Any, first: str, second: str) -> None:
    labels = [PER_TYPE[first], PER_TYPE[first], PER_TYPE[second]]
    if first == second:
        assert labels_of(wrap(labels)).tolist() == labels
    else:
        with pytest.raises(DataError, match=rf"of one type, got {first} and {second} \(item 2\); convert them"):
            labels_of(wrap(labels))


@pytest.mark.parametrize("other", [*OTHERS, 2**80, "a\0", 0.5])
def test_labels_of_other_types_are_refused(other: Any) -> None:
    with pytest.raises(DataError):
        labels_of([other, other])


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan, pd.NA, pd.NaT])
def test_missing_labels_are_counted(missing: Any) -> None:
    for labels in (["a", missing, "b", missing], np.array(["a", missing, "b", missing], dtype=object)):
        with pytest.raises(DataError, match="labels of 2 items are missing, the first is that of item 1"):
            labels_of(labels)


@pytest.mark.parametrize(
    "labels",
    [
        {"a", "b"},
        {"a": 1},
        {"a": 1}.values(),
        "ab",
        b"ab",
        None,
        3,
        np.array("a"),
        np.array([["a", "b"]] * 2),
        [["a", "b"], ["a", "b"]],
        np.ma.array([1, 2], mask=[0, 1]),
        np.array(["2020", "2021"], "M8[Y]"),
        np.array([b"a", b"b"]),
    ],
)
def test_what_is_no_list_of_labels_is_refused(labels: Any) -> None:
    with pytest.raises(DataError):
        labels_of(labels)


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=repr)
def test_every_classifier_refuses_them_in_fit_and_in_score(classifier: Any) -> None:
    X: Any = 1 - np.eye(4) if getattr(classifier, "metric", None) == "precomputed" else TEXTS
    for wrong in (["a", 1, "b", "c"], {"a", "b", "c", "d"}, ["a", None, "b", "c"], [0.5, 1.5, 0.5, 1.5], ["a", "b"]):
        with pytest.raises(DataError):
            classifier.fit(X, wrong)
        with pytest.raises(DataError):
            classifier.fit(X, ["a", "b"] * 2).score(X, wrong)
    with pytest.raises(DataError, match="expected labels of the type in fit, such as 0, got '0'"):
        classifier.fit(X, [0, 1] * 2).score(X, ["0", "1"] * 2)
    assert classifier.score(X, (label for label in [0, 1] * 2)) == classifier.score(X, [0, 1] * 2)


@pytest.mark.parametrize(
    "estimator",
    [
        *(found for found in CLASSIFIERS if getattr(found, "metric", "") != "precomputed"),
        CodeLengthVectorizer(["zstd"]),
    ],
    ids=repr,
)
def test_iterators_of_texts_lose_none(estimator: Any) -> None:
    labels = ["pets", "pets", "money", "money"]
    use = "transform" if hasattr(estimator, "transform") else "predict"
    one = getattr(estimator.fit(TEXTS, labels), use)(TEXTS)
    other = getattr(estimator.fit(iter(TEXTS), iter(labels)), use)(text for text in TEXTS)
    assert np.array_equal(one, other)
    with pytest.raises(DataError, match="4 items but 3 labels"):
        estimator.fit(iter(TEXTS), iter(labels[1:]))
    if hasattr(estimator, "fit_transform"):
        assert np.array_equal(estimator.fit_transform(iter(TEXTS), labels), estimator.fit_transform(TEXTS, labels))


NAN, INF = float("nan"), float("inf")
WRONG_WEIGHTS = [
    [1],
    [1] * 5,
    [0] * 4,
    [1, 1, 1, -1],
    [1, 1, 1, NAN],
    [1, 1, 1, INF],
    "abcd",
    1,
    {1, 2},
    [["a"]],
    ["a"] * 4,
]


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=repr)
@pytest.mark.parametrize("weights", WRONG_WEIGHTS, ids=repr)
def test_wrong_weights_are_refused(classifier: Any, weights: Any) -> None:
    X: Any = 1 - np.eye(4) if getattr(classifier, "metric", None) == "precomputed" else TEXTS
    with pytest.raises((ParameterError, DataError), match="weight"):
        classifier.fit(X, [0, 1] * 2).score(X, [0, 1] * 2, sample_weight=weights)


@given(st.lists(st.floats(0, 1.7e308), min_size=1))
def test_weights_of_any_size_do_not_overflow(weights: list[float]) -> None:
    if any(weights):
        found = check_weights(weights, len(weights))
        assert found is not None
        assert np.isfinite(found.sum())
        assert 0 <= np.average(np.arange(len(weights)) % 2, weights=found) <= 1
