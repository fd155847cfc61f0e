"""Candidates by cosine similarity, compared with scikit-learn's TF-IDF, and the classifier's report on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from kolmo import NCDClassifier
from kolmo.data.builtin import docstrings
from kolmo.errors import KolmoError, ParameterError
from kolmo.learn.candidates import CharTfidf

TRAIN, TEST = docstrings("train").sample(300, seed=0), docstrings("test").sample(60, seed=0)


def test_cosines_are_those_of_unhashed_features() -> None:
    vectorizer = TfidfVectorizer(
        analyzer="char", ngram_range=(5, 5), lowercase=False, encoding="latin-1", sublinear_tf=True
    )
    weights = vectorizer.fit_transform(TRAIN.items)
    expected = (vectorizer.transform(TEST.items) @ weights.T).toarray()
    found = np.stack([row.copy() for row in CharTfidf(TRAIN.items).similarities(TEST.items)])
    # features unknown to the index are part of a query's norm only when hashed, so rows are scaled
    scale = found.max(axis=1, keepdims=True) / expected.max(axis=1, keepdims=True)
    assert (np.abs(scale - 1) < 0.7).all()
    np.testing.assert_allclose(found, expected * scale, atol=0.02)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(max_size=30), min_size=1, max_size=8), st.lists(st.binary(max_size=30), max_size=3))
def test_the_most_similar_items_of_any_bytes(items: list[bytes], queries: list[bytes]) -> None:
    generator = CharTfidf(items)
    for count in (1, 3, 20):
        chosen = generator.nearest(queries, count)
        cosines = [row.copy() for row in generator.similarities(queries)]
        for columns, row in zip(chosen, cosines, strict=True):
            assert columns.tolist() == sorted(np.argsort(-row, kind="stable")[:count].tolist())
            assert (row <= 1 + 1e-5).all()


def test_an_item_is_most_similar_to_itself() -> None:
    assert [columns.tolist() for columns in CharTfidf(TEST.items).nearest(TEST.items, 1)] == [
        [TEST.items.index(item)] for item in TEST.items
    ]


class TestClassifier:
    def test_few_candidates_do_nearly_as_well(self) -> None:
        exact, few = (
            NCDClassifier("lz77", candidates=candidates, n_candidates=60).fit(TRAIN.items, TRAIN.labels)
            for candidates in (None, "char-tfidf")
        )
        report = few.candidate_report(TEST.items, TEST.labels)
        assert (report.n_samples, report.n_candidates) == (60, 60)
        assert 0.8 < report.recall <= 1
        assert report.accuracy == few.score(TEST.items, TEST.labels)
        assert report.exact_accuracy == exact.score(TEST.items, TEST.labels)
        assert report.cosine_accuracy is not None
        own = few.candidate_report()
        assert own.n_samples == 200
        assert own.recall < 1, "no item is a neighbour of its own"
        assert few.candidate_report(TEST.items).accuracy is None

    @pytest.mark.parametrize("parameters", [{}, {"n_neighbors": 3, "weights": "distance"}, {"weights": "class_mean"}])
    def test_as_many_candidates_as_items_change_nothing(self, parameters: dict[str, Any]) -> None:
        all_ways = [
            NCDClassifier("lz77", candidates=candidates, n_candidates=300, **parameters).fit(TRAIN.items, TRAIN.labels)
            for candidates in (None, "char-tfidf")
        ]
        shares = [fitted.predict_proba(TEST.items) for fitted in all_ways]
        assert np.array_equal(*shares)
        assert all_ways[1].candidate_report().recall == 1
        neighbours = [fitted.kneighbors(n_neighbors=4) for fitted in all_ways]
        assert np.array_equal(neighbours[0][0], neighbours[1][0])

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"candidates": "words"}, "candidates: expected None, 'char-tfidf' or 'sketch', got 'words'"),
            ({"candidates": "char-tfidf", "n_candidates": 0}, "n_candidates: expected an integer of at least 1, got 0"),
            ({"candidates": "char-tfidf", "n_candidates": 3, "n_neighbors": 4}, "n_candidates is only 3"),
            ({"candidates": "char-tfidf", "metric": "precomputed"}, "distances without items to select candidates"),
            ({"pruning": "much"}, "pruning: expected 'certified', None or .* got 'much'"),
        ],
    )
    def test_bad_parameters(self, parameters: dict[str, Any], message: str) -> None:
        with pytest.raises(KolmoError, match=message):
            NCDClassifier(**parameters).fit(TRAIN.items, TRAIN.labels)

    def test_a_permuted_training_set_has_the_same_candidates(self) -> None:
        """Copies are equally similar and differ in their labels; some of them are candidates and some are not."""
        items, labels = TRAIN.items[:20] * 3, [str(place % 4) for place in range(60)]
        order = np.random.default_rng(1).permutation(60)
        one, two = (
            NCDClassifier("lz77", n_neighbors=2, candidates="char-tfidf", n_candidates=5).fit(*training)
            for training in ((items, labels), ([items[at] for at in order], [labels[at] for at in order]))
        )
        assert np.array_equal(one.predict_proba(TEST.items), two.predict_proba(TEST.items))

    def test_more_neighbours_than_candidates_after_fit(self) -> None:
        fitted = NCDClassifier(candidates="char-tfidf", n_candidates=3).fit(TRAIN.items[:9], list("aabbccdde"))
        with pytest.raises(ParameterError, match="n_candidates is only 3"):
            fitted.set_params(n_neighbors=4).predict(TEST.items[:2])

    def test_a_report_needs_candidates(self) -> None:
        fitted = NCDClassifier().fit(TRAIN.items[:9], list("aabbccdde"))
        with pytest.raises(ParameterError, match="nothing to report"):
            fitted.candidate_report()
        few = NCDClassifier(candidates="char-tfidf", n_candidates=3).fit(TRAIN.items[:9], list("aabbccdde"))
        with pytest.raises(ParameterError, match="only 3 training items to choose from"):
            few.kneighbors(TEST.items[:1], 4)
