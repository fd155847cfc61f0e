"""Comparisons of classifiers: the exact test of McNemar, and the corrected t-test of cross-validation."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import binomtest

from kolmo import Corpus, NCDClassifier, report_html
from kolmo.errors import DataError
from kolmo.learn import ClassificationReport, baseline_classifiers, compare_classifiers, cross_evaluate


def made(name: str, right: Any, folds: Any = None) -> ClassificationReport:
    right = np.asarray(right, bool)
    return ClassificationReport(
        name=name,
        predictions=np.where(right, "a", "b"),
        labels=np.full(len(right), "a"),
        folds=None if folds is None else np.asarray(folds),
        n_test=len(right),
        fingerprint="m 1",
        train="a",
        test="b",
        n_train=2,
        fit_seconds=0.5,
        predict_seconds=1.5,
    )


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_the_p_value_is_that_of_the_discordant_pairs(pairs: list[tuple[bool, bool]]) -> None:
    one, other = zip(*pairs, strict=True)
    reports = [made("one", one), made("other", other)]
    (found,) = compare_classifiers(reports)
    assert found.only_best >= found.only_other
    assert found.best == ("one" if sum(one) >= sum(other) else "other")
    discordant = sum(a != b for a, b in pairs)
    counts = sorted((sum(a > b for a, b in pairs), sum(b > a for a, b in pairs)))
    assert (found.only_other, found.only_best) == tuple(counts)
    expected = binomtest(counts[0], discordant).pvalue if discordant else 1.0
    assert found.p_value == expected
    (turned,) = compare_classifiers(reports[::-1])
    assert turned.p_value == found.p_value


def test_a_worked_example() -> None:
    """Of ten texts that just one labels right, the best has nine: p is 2 (1 + 10) / 1024."""
    found = compare_classifiers([made("one", [1] * 9 + [0] + [1] * 5), made("other", [0] * 9 + [1] + [1] * 5)])
    assert found[0].p_value == pytest.approx(22 / 1024)
    assert (found[0].only_best, found[0].only_other, found[0].test) == (9, 1, "McNemar")
    assert "0.021" in str(found[0])


def test_the_table_json_and_report_say_what_is_tested() -> None:
    right = np.arange(40) < 30
    reports = [made("poor", ~right), made("good", right), made("near", np.roll(right, 1))]
    lines = str(ClassificationReport.tables_of(reports)[0].plain())
    assert "p vs best" in lines
    assert "exact McNemar test, two-sided" in lines
    assert "not corrected for several tests" in lines
    assert "the difference from good could be chance (p >= 0.05): near" in lines
    page = report_html(reports)
    assert "the difference could be chance (McNemar test, p = 1)" in page
    assert "p-value of the exact McNemar test, two-sided" in page
    assert "p vs best" not in str(reports[0])


def test_reports_on_other_items_are_not_compared() -> None:
    one, other = made("one", [1, 0, 1]), made("other", [1, 0])
    with pytest.raises(DataError, match="same test items in the same order"):
        compare_classifiers([one, other])
    with pytest.raises(DataError, match="labels of the test items are unknown"):
        compare_classifiers([one, replace(one, labels=None)])
    with pytest.raises(DataError, match="folds"):
        compare_classifiers([made("one", [1, 0], [0, 1]), made("other", [1, 0], [1, 0])])
    assert "p vs best" not in ClassificationReport.tables_of([one, other])[0].plain()
    assert "The next best is other with 50.0%." in report_html([one, other])
    assert compare_classifiers([]) == compare_classifiers([one]) == []


def test_folds_have_a_test_of_their_own() -> None:
    folds = np.arange(20) % 4
    one = made("one", folds != 0, folds)
    other = made("other", (folds == 1) | (folds == 2), folds)
    (found,) = compare_classifiers([one, other])
    assert found.test == "corrected t"
    error = math.sqrt((1 / 4 + 1 / 3) * 0.25)  # differences 0, 0, 0 and 1
    assert 0.25 / error == pytest.approx(0.6547, abs=1e-4)
    assert found.p_value == pytest.approx(0.5594, abs=1e-3)
    assert "does not hold in cross-validation" in ClassificationReport.tables_of([one, other])[0].plain()
    (same,) = compare_classifiers([one, one])
    assert same.p_value == 1
    (constant,) = compare_classifiers(
        [made("one", [1, 1, 1, 1], [0, 0, 1, 1]), made("other", [1, 0, 1, 0], [0, 0, 1, 1])]
    )
    assert math.isnan(constant.p_value)
    assert constant.to_dict()["p_value"] is None


def test_cross_validation_keeps_its_folds() -> None:
    items = [text % number for number in range(20) for text in (b"the cat sat %d", b"stocks fell %d")]
    corpus = Corpus(items=items, labels=["pets", "money"] * 20, name="news")
    classifiers = {"gzip": NCDClassifier("gzip"), "majority": baseline_classifiers()["majority class"]}
    reports = [cross_evaluate(each, corpus, folds=4, name=name) for name, each in classifiers.items()]
    assert reports[0].folds is not None
    assert np.bincount(reports[0].folds).tolist() == [10] * 4
    assert "folds" not in reports[0].records()[0]
    (found,) = compare_classifiers(reports)
    assert found.test == "corrected t"


def test_equally_good_classifiers_rarely_differ() -> None:
    """Two classifiers by features of their own, equally good: both tests reject in at most 5% of the draws."""
    draw = np.random.default_rng(0)

    def right(features: Any, labels: Any, test: Any) -> Any:
        means = [features[~test & (labels == code)].mean(0) for code in (0, 1)]
        distances = [((features[test] - mean) ** 2).sum(1) for mean in means]
        return (distances[0] > distances[1]) == labels[test]

    rejected = {"McNemar": 0, "corrected t": 0}
    for _ in range(300):
        labels, folds = draw.permutation(np.arange(80) % 2), draw.permutation(np.arange(80) % 5)
        features = [draw.normal(size=(80, 10)) + 0.3 * labels[:, None] for _ in range(2)]
        outcomes = [np.zeros(80, bool) for _ in range(2)]
        for fold in range(5):
            for each, outcome in zip(features, outcomes, strict=True):
                outcome[folds == fold] = right(each, labels, folds == fold)
        half = np.arange(80) < 40
        single = [made(str(n), right(each, labels, half)) for n, each in enumerate(features)]
        crossed = [made(str(n), outcome, folds) for n, outcome in enumerate(outcomes)]
        for reports in (single, crossed):
            (found,) = compare_classifiers(reports)
            rejected[found.test] += found.p_value < 0.05
    assert max(rejected.values()) <= 0.06 * 300
