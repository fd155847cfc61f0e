"""What a compression distance has to beat: TF-IDF with a linear classifier, and the most frequent label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import DataError


def baselines() -> Iterator[tuple[str, Any]]:
    """Yield the name and the scikit-learn classifier of every baseline.

    Examples
    --------
    >>> [name for name, _ in baselines()]
    ['TF-IDF + LinearSVC', 'majority class']
    """
    from sklearn.dummy import DummyClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    yield "TF-IDF + LinearSVC", make_pipeline(TfidfVectorizer(sublinear_tf=True), LinearSVC(random_state=0))
    yield "majority class", DummyClassifier(strategy="most_frequent")


def fingerprint() -> str:
    """Return the library that decides what the baselines predict, with its version."""
    import sklearn

    return f"scikit-learn {sklearn.__version__}"


def predict(name: str, classifier: Any, train: Sequence[bytes], labels: Sequence[str], test: Sequence[bytes]) -> Any:
    """Return the labels that a baseline predicts for `test`.

    Parameters
    ----------
    name : str
        The baseline's name, for the error.
    classifier : scikit-learn classifier
        As `baselines` yields it.
    train, test : sequence of bytes
        Texts in UTF-8; bytes that are no text count as the replacement character.
    labels : sequence of str
        The labels of `train`.

    Returns
    -------
    ndarray of shape (n_test,)

    Raises
    ------
    DataError
        If there is nothing to learn, as from texts without words.
    """
    try:
        classifier.fit(_decoded(train), labels)
        predictions: NDArray[np.str_] = classifier.predict(_decoded(test))
    except ValueError as error:
        raise DataError(f"{name} cannot learn from these items: {error}; leave out --baseline") from error
    return predictions


def _decoded(items: Sequence[bytes]) -> list[str]:
    return [item.decode("utf-8", "replace") for item in items]
