"""The neighbors predictor: similarities as defined, leaving out, threads."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
from hypothesis import given, settings, strategies as st

from kolmo.learn.label_code.counts import ClassCounts
from kolmo.learn.label_code.members import PRESETS
from kolmo.learn.label_code.neighbors import NeighborsPredictor
from kolmo.learn.label_code.ngrams import NGrams, Rows, Texts

ITEMS = st.lists(st.text("abc ", max_size=12).map(str.encode), min_size=2, max_size=8)


def indexed(items: list[bytes], codes: list[int]) -> tuple[NeighborsPredictor, NGrams, Rows]:
    ngrams = NGrams(PRESETS["runs"])
    rows = ngrams.fit(Texts.of(items, normalize=False), min_texts=1, n_threads=1)
    labels = np.array(codes)
    counts = ClassCounts.of(rows, labels, 2, ngrams.frequencies, beta=3.0, least=1)
    return NeighborsPredictor(rows, labels, counts), ngrams, rows


def expected_shares(items: list[bytes], codes: list[int], query: bytes) -> np.ndarray:
    """Return the probabilities of two labels, as the definition has them."""
    found = [Counter(item[at : at + 4] for at in range(len(item) - 3)) for item in items]
    texts_with = Counter(ngram for each in found for ngram in each)
    cost = {
        ngram: 1 - math.log2(n / (len(items) + 1)) for ngram, n in texts_with.items() if n <= max(1, len(items) // 2)
    }

    def vector(text: Counter[bytes]) -> dict[bytes, float]:
        return {ngram: cost[ngram] * (1 + math.log(count)) for ngram, count in text.items() if ngram in cost}

    asked = vector(Counter(query[at : at + 4] for at in range(len(query) - 3)))
    similar = []
    for text in found:
        values = vector(text)
        norm = math.sqrt(sum(value**2 for value in values.values()))
        similar.append(sum(asked.get(ngram, 0) * value for ngram, value in values.items()) / norm if norm else 0.0)
    n = len(items)
    shares = np.array([0.25 * (codes.count(code) + 0.5) / (n + 1) for code in (0, 1)])
    for similarity, code in zip(similar, codes, strict=True):
        shares[code] += (similarity / max(similar)) ** 4 if max(similar) else 0.0
    shares /= shares.sum()
    return shares


@given(ITEMS, st.text("abc ", max_size=12).map(str.encode), st.integers(0, 255))
@settings(max_examples=50)
def test_the_nearest_texts_are_those_of_the_definition(items: list[bytes], query: bytes, seed: int) -> None:
    codes = [seed >> number & 1 for number in range(len(items))]
    predictor, ngrams, _ = indexed(items, codes)
    row = ngrams.rows(Texts.of([query], normalize=False))
    found = np.exp(predictor.log_probabilities(row, n_threads=1)[0])
    assert np.allclose(found, expected_shares(items, codes, query), atol=1e-4)


def test_a_text_and_its_copies_are_not_their_own_neighbors() -> None:
    items = [b"the cat sat"] * 3 + [b"the dog sat", b"the cat ran", b"a bond fell"]
    predictor, _, rows = indexed(items, [0, 0, 0, 1, 1, 1])
    groups = np.array([0, 0, 0, 1, 2, 3])
    nearest, similarities = predictor.nearest(rows, groups, groups, n_threads=1)
    assert set(nearest[0][similarities[0] > 0]) <= {3, 4}
    left_out = np.exp(predictor.left_out(rows, groups, n_threads=1))
    assert (left_out[:3, 1] > 0.5).all()
    assert np.allclose(left_out.sum(1), 1)


def test_no_shared_n_gram_leaves_the_shares_of_the_labels() -> None:
    predictor, ngrams, _ = indexed([b"one two", b"three", b"four"], [0, 1, 1])
    row = ngrams.rows(Texts.of([b"xyz", b""], normalize=False))
    found = np.exp(predictor.log_probabilities(row, n_threads=1))
    assert np.allclose(found, [[1.5 / 4, 2.5 / 4]] * 2)


def test_threads_and_more_than_32_candidates() -> None:
    rng = np.random.default_rng(0)
    items = [bytes(rng.choice(list(b"abcd"), 30).tolist()) for _ in range(300)]
    predictor, _, rows = indexed(items, [number % 2 for number in range(300)])
    every = np.arange(300)
    nearest, similarities = predictor.nearest(rows, every, np.full(300, -1), n_threads=1)
    assert (np.diff(similarities, axis=1) <= 0).all()
    assert (nearest[:, 0] == every).all()
    again, _ = predictor.nearest(rows, every, np.full(300, -1), n_threads=3)
    assert np.array_equal(nearest, again)
