from __future__ import annotations

import pickle
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from kolmo import NGramVectorizer
from kolmo.errors import DataError, KolmoError, ParameterError
from kolmo.learn.baselines import ngram_svm

PETS = ["the cat sat on the mat", "a cat and a kitten sat down", "the kitten slept on the mat", "my cat chased a mouse"]
MONEY = ["stocks fell and bonds rose", "gold and stocks rose", "the bank sold its bonds", "bonds fell as rates rose"]
TEXTS, LABELS = PETS + MONEY, ["pets"] * 4 + ["money"] * 4
QUERIES = ["a kitten sat on the cat", "rates and bonds fell"]


def byte_grams(text: str, orders: int) -> Counter[bytes]:
    whole = b"\x02 " + " ".join(text.lower().split()).encode() + b" "
    return Counter(
        whole[start : start + order] for order in range(1, orders + 1) for start in range(len(whole) - order + 1)
    )


def word_grams(text: str, orders: int) -> Counter[tuple[str, ...]]:
    words = ["<", *re.findall(r"[a-z0-9_\x80-\U0010ffff]+|[^\s\x02]", text.lower()), ">"]
    return Counter(
        tuple(words[end - order : end]) for end in range(2, len(words) + 1) for order in range(1, min(orders, end) + 1)
    )


def expected_rows(train: list[str], texts: list[str], count: Any, min_texts: int) -> list[list[float]]:
    """Return the features of each text, in no particular order."""
    frequencies = Counter(gram for text in train for gram in count(text))
    rows = []
    for text in texts:
        values = {
            gram: np.sqrt(n) * (1 - np.log2(frequencies[gram] / (len(train) + 1)))
            for gram, n in count(text).items()
            if frequencies[gram] >= min_texts
        }
        norm = np.sqrt(sum(value**2 for value in values.values()))
        rows.append(sorted(value / norm for value in values.values()))
    return rows


@pytest.mark.parametrize("orders", [(6, 0), (0, 1), (0, 2), (0, 3), (1, 0)])
@pytest.mark.parametrize("min_texts", [1, 2])
def test_features_are_those_of_a_plain_count(orders: tuple[int, int], min_texts: int) -> None:
    byte_orders, word_orders = orders
    texts = [*TEXTS, "Naïve  prices, at\t$3.50: they_rose!", "", "prices: $3.50 $3.50"]
    grams = NGramVectorizer(byte_orders=byte_orders, word_orders=word_orders, min_texts=min_texts, dtype="float64")
    rows = grams.fit_transform(texts)
    count = (
        (lambda text: byte_grams(text, byte_orders)) if byte_orders else (lambda text: word_grams(text, word_orders))
    )
    for row, expected in zip(rows, expected_rows(texts, texts, count, min_texts), strict=True):
        assert np.allclose(sorted(row.data), expected)


def test_weights_known_by_hand() -> None:
    """Of three texts two contain "cat", so its inverse document frequency is 1 - log2(2/4) = 2."""
    grams = NGramVectorizer(byte_orders=0, word_orders=1, min_texts=1, dtype="float64").fit(
        ["cat cat", "a cat", "a dog"]
    )
    assert sorted(grams.idf_) == pytest.approx(sorted([2, 2, 3, 1 - np.log2(3 / 4)]))
    row = grams.transform(["dog dog dog dog"])
    end, dog = 1 - np.log2(3 / 4), 2 * 3.0
    assert sorted(row.data) == pytest.approx([end / np.hypot(end, dog), dog / np.hypot(end, dog)])


def test_both_kinds_have_length_one() -> None:
    rows = NGramVectorizer().fit_transform(TEXTS)
    assert np.allclose(rows.multiply(rows).sum(axis=1), 2, atol=1e-5)
    assert rows.dtype == np.float32
    assert rows.has_canonical_format
    names = NGramVectorizer().fit(TEXTS).get_feature_names_out()
    assert len(names) == len(set(names)) == rows.shape[1]


def test_few_texts_keep_rare_grams_and_no_pairs_of_words() -> None:
    few, many = (
        NGramVectorizer(byte_orders=0).fit(TEXTS, LABELS),
        NGramVectorizer(byte_orders=0).fit(TEXTS * 25, LABELS * 25),
    )
    words = {word for text in TEXTS for word in text.split()}
    assert len(few.idf_) == len(words) + 1
    pairs = {pair for text in TEXTS for pair in word_grams(text, 2) if len(pair) == 2}
    assert len(many.idf_) == len(words) + 1 + len(pairs)
    assert len(NGramVectorizer(byte_orders=0).fit(TEXTS).idf_) < len(words)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("abcé ,\n", max_size=12), min_size=2, max_size=8), st.randoms())
def test_the_order_of_texts_changes_nothing(texts: list[str], random: Any) -> None:
    shuffled = list(texts)
    random.shuffle(shuffled)
    one, two = (NGramVectorizer(min_texts=1, n_buckets=2**12).fit(part) for part in (texts, shuffled))
    assert np.array_equal(one.idf_, two.idf_)
    assert (one.transform(texts) != two.transform(texts)).nnz == 0


def test_the_labels_are_nearly_those_of_the_same_counts_with_the_idf_of_scikit_learn() -> None:
    """The idf of scikit-learn is ``1 + ln((D + 1) / (df + 1))``; counts are square roots in both."""
    rng = np.random.default_rng(0)
    words = np.array([f"w{number}" for number in range(400)])
    labels = np.repeat(np.arange(4), 60)
    chance = [rng.permutation(1 / np.arange(1, 401)) for _ in range(4)]
    texts = [" ".join(rng.choice(words, 12, p=chance[label] / chance[label].sum())) for label in labels]
    train, test = slice(0, None, 2), slice(1, None, 2)
    grams = NGramVectorizer(byte_orders=0, word_orders=1, min_texts=1).fit(texts[train])
    counts = (grams.transform(texts) / 1).tocsr()
    counts.data /= grams.idf_[counts.indices]
    counts = normalize(counts)  # the square roots of the counts, up to a factor of each text
    tfidf = TfidfTransformer(smooth_idf=True).fit(counts[train])
    ours, theirs = grams.transform(texts), tfidf.transform(counts)
    found = [LinearSVC(random_state=0).fit(rows[train], labels[train]).predict(rows[test]) for rows in (ours, theirs)]
    assert np.mean(found[0] == found[1]) > 0.95


def test_many_blocks_and_threads_give_the_rows_of_one() -> None:
    texts = [f"{text} {index} " + "filler " * 900 for index, text in enumerate(TEXTS * 25)]
    grams = NGramVectorizer(byte_orders=3, n_jobs=2).fit(texts)
    together = grams.transform(texts)
    alone = NGramVectorizer(byte_orders=3).fit(texts[::-1])
    assert all((together[index] != alone.transform([texts[index]])).nnz == 0 for index in (0, 99, 160, 199))


def test_bytes_and_text_are_the_same_and_anything_is_read() -> None:
    grams = NGramVectorizer().fit(TEXTS)
    assert (grams.transform(TEXTS) != grams.transform([text.encode() for text in TEXTS])).nnz == 0
    assert (grams.transform(["THE\n CAT"]) != grams.transform(["the cat "])).nnz == 0
    assert np.isfinite(grams.transform([b"\xff\xfe\x00\x02", b"", "\udcff"]).toarray()).all()


def test_model_selection_pipelines_and_pickle() -> None:
    fitted = ngram_svm().fit(TEXTS, LABELS)
    assert fitted.predict(QUERIES).tolist() == ["pets", "money"]
    assert fitted.classes_.tolist() == ["money", "pets"]
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.decision_function(QUERIES), fitted.decision_function(QUERIES))
    assert clone(NGramVectorizer(byte_orders=3)).get_params() == NGramVectorizer(byte_orders=3).get_params()
    assert cross_val_score(ngram_svm(), TEXTS, LABELS, cv=2).shape == (2,)
    grid = {"ngramvectorizer__byte_orders": [2, 4], "linearsvc__C": [0.5, 5]}
    search = GridSearchCV(ngram_svm(), grid, cv=2).fit(TEXTS, LABELS)
    assert search.predict(pd.Series(QUERIES)).tolist() == ["pets", "money"]
    pipeline = make_pipeline(NGramVectorizer(), LogisticRegression(C=10)).fit(TEXTS, LABELS)
    assert pipeline.predict(QUERIES).tolist() == ["pets", "money"]
    with pytest.raises(NotFittedError):
        NGramVectorizer().transform(QUERIES)


@pytest.mark.parametrize(
    ("parameters", "X", "error", "message"),
    [
        ({}, [], DataError, "0 samples"),
        ({}, "one text", DataError, "wrap it in a list"),
        ({}, [*TEXTS[:-1], None], DataError, "item 7"),
        ({"byte_orders": -1}, TEXTS, ParameterError, "byte_orders: expected an integer from 0 to 32, got -1"),
        ({"byte_orders": "auto"}, TEXTS, ParameterError, "byte_orders: expected an integer from 0 to 32, got 'auto'"),
        ({"word_orders": 33}, TEXTS, ParameterError, "word_orders: expected an integer from 0 to 32, got 33"),
        ({"byte_orders": 0, "word_orders": 0}, TEXTS, ParameterError, "leaves no n-grams"),
        ({"min_texts": 0}, TEXTS, ParameterError, "min_texts: expected an integer of at least 1, got 0"),
        ({"min_texts": 9}, TEXTS, ParameterError, "no n-gram occurs in 9 of 8 texts"),
        ({"n_buckets": 1000}, TEXTS, ParameterError, "power of 2"),
    ],
)
def test_bad_input_is_named(parameters: Any, X: Any, error: type[KolmoError], message: str) -> None:
    with pytest.raises(error, match=message):
        NGramVectorizer(**parameters).fit(X, LABELS)
    with pytest.raises(ParameterError, match="dtype: expected 'float32' or 'float64', got 'int8'"):
        NGramVectorizer(dtype="int8").fit(TEXTS)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="8 items but 7 labels"):
        NGramVectorizer().fit(TEXTS, LABELS[:-1])


@pytest.mark.realdata
def test_questions_are_classified_better_than_by_their_words(data_dir: Path) -> None:
    """TF-IDF of words and a linear SVM have an accuracy of 0.876."""

    def read(name: str) -> tuple[list[str], list[str]]:
        lines = (data_dir / "text" / "trec" / name).read_text(encoding="latin-1").splitlines()
        return [line.partition(" ")[2] for line in lines], [line.partition(":")[0] for line in lines]

    assert ngram_svm().fit(*read("train_5500.label")).score(*read("TREC_10.label")) > 0.915
