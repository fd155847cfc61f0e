"""A linear classifier on the bits of n-grams."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from kolmo.learn.ngram.vectorizer import NGramBits
from kolmo.learn.validation import classes_of, items_of, labels_of, reads_texts_and_tables


class NGramBitsClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Label texts by a linear support-vector machine on the bits of their n-grams.

    The features are those of `NGramBits`. The result does not depend on the order of the training set.

    Parameters
    ----------
    byte_orders : int
        The longest n-grams of bytes, see `NGramBits`.
    word_orders : int or "auto"
        The longest n-grams of words.
    min_texts : int or "auto"
        In how many training texts an n-gram must occur.
    n_buckets : int
        How many n-grams of each kind can be told apart.
    C : float
        How much a misplaced training text weighs against a large margin.
    tol : float
        When the machine is trained well enough, see `sklearn.svm.LinearSVC`.
    n_jobs : int, optional
        Threads that find n-grams, as joblib counts workers.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    grams_ : NGramBits
        The fitted features.
    machine_ : sklearn.svm.LinearSVC
        The fitted machine.
    n_features_in_ : int
        Columns of X, where X is 2-D.

    Raises
    ------
    DataError
        In `fit`: no items, items that are neither str nor bytes, labels missing, or a single class.
    ParameterError
        In `fit`: a parameter has no such value.

    Examples
    --------
    >>> texts = ["the cat sat on the mat", "a cat and a kitten sat", "stocks fell and bonds rose"]
    >>> classifier = NGramBitsClassifier().fit(texts, ["pets", "pets", "money"])
    >>> classifier.predict(["the kitten sat on the cat", "stocks rose"]).tolist()
    ['pets', 'money']
    """

    def __init__(
        self,
        *,
        byte_orders: int = 6,
        word_orders: int | Literal["auto"] = "auto",
        min_texts: int | Literal["auto"] = "auto",
        n_buckets: int = 2**22,
        C: float = 0.5,
        tol: float = 1e-2,
        n_jobs: int | None = None,
    ) -> None:
        self.byte_orders = byte_orders
        self.word_orders = word_orders
        self.min_texts = min_texts
        self.n_buckets = n_buckets
        self.C = C
        self.tol = tol
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any) -> Self:
        """Learn the n-grams, then the machine.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            Training texts, see `kolmo.as_items`.
        y : array-like of shape (n_samples,)
            Their labels.

        Returns
        -------
        NGramBitsClassifier
        """
        from sklearn.svm import LinearSVC

        grams = NGramBits(
            byte_orders=self.byte_orders,
            word_orders=self.word_orders,
            min_texts=self.min_texts,
            n_buckets=self.n_buckets,
            n_jobs=self.n_jobs,
        )
        items = items_of(self, X, reset=True)
        labels = labels_of(y, len(items))
        self.classes_, codes = classes_of(labels)
        by_content = sorted(zip(items, codes.tolist(), strict=True))  # the machine goes through them in this order
        texts, classes = (list(part) for part in zip(*by_content, strict=True))
        features = grams.fit_transform(texts, classes)
        self.grams_, self.machine_ = grams, LinearSVC(C=self.C, tol=self.tol, random_state=0).fit(features, classes)
        return self

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return how far each text lies on each class's side.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The texts.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) with two classes
            In the order of `classes_`; with two, positive for the second.
        """
        check_is_fitted(self, "classes_")
        decisions: NDArray[np.float64] = self.machine_.decision_function(
            self.grams_.transform(items_of(self, X, reset=False))
        )
        return decisions

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the predicted label of each text.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The texts.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        decisions = self.decision_function(X)
        places = decisions.argmax(axis=1) if decisions.ndim == 2 else (decisions > 0).astype(np.intp)
        labels: NDArray[Any] = self.classes_[places]
        return labels

    def __sklearn_tags__(self) -> Any:
        return reads_texts_and_tables(super().__sklearn_tags__())
