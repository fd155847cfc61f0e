"""Splits of one set: each class in every part, equal items together, independent of the order."""

from __future__ import annotations

import numpy as np
import pytest

from kolmo import Corpus, NCDClassifier
from kolmo.errors import DataError, ParameterError
from kolmo.learn import cross_evaluate, evaluate, hold_out

ITEMS = [b"%s number %d" % (word, number // 2) for number in range(40) for word in (b"cat", b"bond")]
CORPUS = Corpus(items=ITEMS, labels=["pets", "money"] * 40, name="news")


def test_a_held_out_part_has_its_share_of_each_class_and_no_copies() -> None:
    train, test = hold_out(CORPUS, 0.25, seed=3)
    assert (len(train), len(test)) == (60, 20)
    assert sorted(test.labels or []) == ["money"] * 10 + ["pets"] * 10
    assert not set(train.items) & set(test.items)
    order = np.random.default_rng(0).permutation(len(CORPUS)).tolist()
    assert set(hold_out(CORPUS.subset(order), 0.25, seed=3)[1].items) == set(test.items)
    assert set(hold_out(CORPUS, 0.25, seed=4)[1].items) != set(test.items)


def test_impossible_parts_are_refused() -> None:
    with pytest.raises(DataError, match="leaves one part empty"):
        hold_out(Corpus(items=[b"a", b"b"], labels=["a", "b"]), 0.5)
    with pytest.raises(ParameterError, match="hold_out"):
        hold_out(CORPUS, 0)
    with pytest.raises(DataError, match="no labels"):
        hold_out(Corpus(items=ITEMS), 0.5)
    with pytest.raises(DataError, match="different items"):
        cross_evaluate(NCDClassifier("zstd"), Corpus(items=[b"a", b"b"] * 5, labels=["a", "b"] * 5), folds=3)


def test_each_item_is_predicted_by_the_other_folds() -> None:
    report = cross_evaluate(NCDClassifier("deflate"), CORPUS, folds=4, name="deflate")
    assert (report.n_test, report.pairs) == (80, 4 * 60 * 20)
    assert report.labels is not None
    assert report.labels.tolist() == CORPUS.labels
    assert report.worst <= report.accuracy <= report.best
    train, test = hold_out(CORPUS, 0.25)
    assert evaluate(NCDClassifier("deflate"), train, test).accuracy == 1
