"""Saved estimators: the same labels and numbers after loading, at a size in proportion to the data."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

import kolmo
from kolmo import CodeLengthClassifier, CodeLengthVectorizer, LabelCodeClassifier, NCDClassifier, NGramVectorizer
from kolmo._core.models.saving import ModelState
from kolmo.errors import ParameterError

WORDS = {
    "pets": ["cat", "dog", "kitten", "mat", "sat", "purr"],
    "money": ["bond", "stock", "rate", "fell", "rose", "bank"],
}


def texts_of(count: int, *, seed: int = 0) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(seed)
    labels = [["pets", "money"][number % 2] for number in range(count)]
    return [" ".join(rng.choice(WORDS[label], 5)) + f" {number}" for number, label in enumerate(labels)], labels


ESTIMATORS = [
    NCDClassifier("zstd", n_neighbors=3, weights="distance", separator=b"\xff"),
    NCDClassifier(),
    NCDClassifier(candidates="char-tfidf", n_candidates=5, coder="deflate"),
    NCDClassifier("deflate", pruning="calibrated", n_neighbors=2),
    CodeLengthClassifier("zstd", prior="uniform"),
    CodeLengthClassifier(),
    CodeLengthClassifier(background=True),
    LabelCodeClassifier(),
    LabelCodeClassifier(members=["counts"], n_grams="runs", normalize=False),
    LabelCodeClassifier(members=["coders"]),
    LabelCodeClassifier(members=["neighbors"]),
    CodeLengthVectorizer(["zstd", "ngram:order=2"]),
    NGramVectorizer(n_buckets=2**12),
]


def answers(estimator: Any, X: Any) -> Any:
    return (
        estimator.predict_proba(X) if hasattr(estimator, "predict_proba") else np.asarray(estimator.transform(X).data)
    )


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda found: " ".join(repr(found).split()))
def test_a_loaded_estimator_gives_the_same_numbers(estimator: Any, tmp_path: Path) -> None:
    X, y = texts_of(40)
    queries = texts_of(12, seed=1)[0]
    estimator.fit(X, y).save(tmp_path / "model")
    loaded = kolmo.load_model(tmp_path / "model")
    assert np.array_equal(answers(estimator, queries), answers(loaded, queries))
    assert " ".join(repr(loaded).split()) == " ".join(repr(estimator).split())
    loaded.save(tmp_path / "again")
    for name in ("model.json", "arrays.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "model" / name).read_bytes()


@pytest.mark.parametrize("labels", [[0, 1], [False, True], [1.0, 2.0], ["a\udcff", "é"]])
def test_labels_keep_their_type(labels: list[Any], tmp_path: Path) -> None:
    classifier = NCDClassifier().fit(["the cat sat", "stocks fell"], labels)
    classifier.save(tmp_path / "model")
    found = kolmo.load_model(tmp_path / "model").predict(["the cat", "stocks"])
    assert found.dtype == classifier.classes_.dtype
    assert found.tolist() == labels


def test_rows_of_numbers_are_kept(tmp_path: Path) -> None:
    X = np.arange(12, dtype=np.uint8).reshape(4, 3)
    LabelCodeClassifier().fit(X, [0, 0, 1, 1]).save(tmp_path / "model")
    loaded = kolmo.load_model(tmp_path / "model")
    assert loaded.n_features_in_ == 3
    assert loaded.predict(X).tolist() == [0, 0, 1, 1]
    with pytest.raises(kolmo.KolmoError, match="texts"):
        loaded.predict(["a"])


def test_precomputed_distances_are_kept(tmp_path: Path) -> None:
    classifier = NCDClassifier(metric="precomputed").fit([[0, 1, 1], [1, 0, 1], [1, 1, 0]], ["a", "b", "b"])
    classifier.save(tmp_path / "model")
    assert kolmo.load_model(tmp_path / "model").predict([[0.9, 0.1, 0.9]]).tolist() == ["b"]


@pytest.mark.parametrize("kind", [CodeLengthClassifier, LabelCodeClassifier])
def test_a_loaded_classifier_takes_more_texts(kind: Any, tmp_path: Path) -> None:
    X, y = texts_of(30)
    more, labels = texts_of(10, seed=3)
    kind().fit(X, y).save(tmp_path / "model")
    loaded = kolmo.load_model(tmp_path / "model").partial_fit(more, labels)
    whole = kind().fit(X + more, y + labels)
    assert np.array_equal(loaded.predict_proba(more), whole.predict_proba(more))


def test_an_estimator_that_is_not_fitted_is_refused(tmp_path: Path) -> None:
    for estimator in ESTIMATORS:
        with pytest.raises(NotFittedError):
            type(estimator)().save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_parameters_changed_after_fit_are_refused(tmp_path: Path) -> None:
    X, y = texts_of(10)
    with pytest.raises(ParameterError, match="set after fit"):
        CodeLengthClassifier("zstd").fit(X, y).set_params(background=True).save(tmp_path / "model")
    with pytest.raises(ParameterError, match="set after fit"):
        NCDClassifier("zstd").fit(X, y).set_params(metric="precomputed").save(tmp_path / "model")


def test_sizes_are_in_proportion_to_the_data(tmp_path: Path) -> None:
    X, y = texts_of(200)
    size = sum(map(len, X))
    for number, (estimator, most) in enumerate(
        [(NCDClassifier(), 2), (CodeLengthClassifier("zstd"), 2), (LabelCodeClassifier(), 40), (NGramVectorizer(), 20)]
    ):
        estimator.fit(X, y).save(tmp_path / str(number))
        assert kolmo.model_info(tmp_path / str(number)).size_bytes < most * size + 10_000
    vectorizer = NGramVectorizer().fit(X, y)
    assert len(pickle.dumps(vectorizer)) < 20 * size
    again = pickle.loads(pickle.dumps(vectorizer))
    assert (again.transform(X) != vectorizer.transform(X)).nnz == 0


@pytest.mark.parametrize("kind", [LabelCodeClassifier, CodeLengthClassifier])
def test_a_saved_model_does_not_depend_on_threads(kind: Any, tmp_path: Path) -> None:
    X, y = texts_of(60)
    for n_jobs in (1, 3):
        kind(n_jobs=n_jobs).fit(X, y).save(tmp_path / str(n_jobs))
    arrays = [(tmp_path / name / "arrays.safetensors").read_bytes() for name in ("1", "3")]
    assert arrays[0] == arrays[1]
    one, three = (kolmo.load_model(tmp_path / name) for name in ("1", "3"))
    assert np.array_equal(one.predict_proba(X), three.predict_proba(X))


def forgeries(array: np.ndarray) -> list[np.ndarray]:
    """Return arrays that differ in type, shape or values from one of a saved model."""
    flat = array.reshape(-1)
    wrong = [array[:-1], array[..., None], array.astype(np.float16), np.concatenate([array, array])]
    extremes = (
        [np.nan, -np.inf, 1e30] if array.dtype.kind == "f" else [np.iinfo(array.dtype).max, np.iinfo(array.dtype).min]
    )
    for value in extremes:
        changed = flat.copy()
        changed[len(flat) // 2] = value
        wrong.append(changed.reshape(array.shape))
    return [*wrong, flat[::-1].reshape(array.shape)]


@pytest.mark.parametrize(
    "estimator",
    [
        LabelCodeClassifier(),
        CodeLengthClassifier(background=True),
        NCDClassifier("zstd"),
        NGramVectorizer(n_buckets=2**10),
    ],
    ids=lambda found: type(found).__name__,
)
def test_forged_arrays_are_refused_or_harmless(estimator: Any, tmp_path: Path) -> None:
    X, y = texts_of(30)
    estimator.fit(X, y)
    state = estimator._model_state()
    refused = 0
    for name, array in state.arrays.items():
        for forged in forgeries(array):
            arrays = {**state.arrays, name: forged}
            try:
                made = type(estimator)._from_model_state(ModelState(state.values, arrays, state.parameters))
            except (kolmo.KolmoError, ValueError):
                refused += 1
                continue
            with np.errstate(all="ignore"):
                answers(made, X[:3])
    assert refused >= 4 * len(state.arrays)
