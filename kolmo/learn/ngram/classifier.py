"""A linear SVM on the TF-IDF features of byte and word n-grams."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from kolmo._core.checks import check_number
from kolmo.learn.base import TextClassifier
from kolmo.learn.ngram.vectorizer import NGramBits


class NGramBitsClassifier(TextClassifier):
    """Classify texts with a linear SVM on TF-IDF features of byte and word n-grams.

    The features are those of `NGramBits`. The result does not depend on the order of the training set.

    Parameters
    ----------
    byte_orders : int
        Largest n of the byte n-grams, see `NGramBits`.
    word_orders : int or "auto"
        Largest n of the word n-grams.
    min_texts : int or "auto"
        Number of training texts in which an n-gram must occur.
    n_buckets : int
        Number of hash buckets of each kind of n-gram.
    C : float
        Weight of the training loss against the margin, see `sklearn.svm.LinearSVC`.
    tol : float
        Tolerance of the solver, see `sklearn.svm.LinearSVC`.
    n_jobs : int, optional
        Number of threads that extract n-grams, as in joblib.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    vectorizer_ : NGramBits
        The fitted vectorizer.
    svm_ : sklearn.svm.LinearSVC
        The fitted linear SVM.
    n_features_in_ : int
        Number of columns of X, where X is 2-D.

    Raises
    ------
    DataError
        In `fit`: no items, items that are neither str nor bytes, missing labels, or a single class.
    ParameterError
        In `fit`: a parameter has an unknown value.

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

    def _fit(self, items: list[bytes], codes: NDArray[np.intp]) -> Self:
        from sklearn.svm import LinearSVC

        vectorizer = self._unfitted()
        by_content = sorted(zip(items, codes.tolist(), strict=True))  # the solver visits the texts in this order
        texts, classes = (list(part) for part in zip(*by_content, strict=True))
        features = vectorizer.fit_transform(texts, classes)
        self.vectorizer_ = vectorizer
        self.svm_ = LinearSVC(C=self.C, tol=self.tol, random_state=0).fit(features, classes)
        return self

    def _unfitted(self) -> NGramBits:
        return NGramBits(
            byte_orders=self.byte_orders,
            word_orders=self.word_orders,
            min_texts=self.min_texts,
            n_buckets=self.n_buckets,
            n_jobs=self.n_jobs,
        )

    def _check_parameters(self) -> None:
        self._unfitted()._check_parameters()
        check_number("C", self.C, 0, above=True)
        check_number("tol", self.tol, 0, above=True)

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the signed distance of each text from the hyperplane of each class.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The texts.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) with two classes
            In the order of `classes_`; with two, positive for the second.
        """
        check_is_fitted(self, "svm_")
        features = self.vectorizer_.transform(self._items(X, reset=False))
        decisions: NDArray[np.float64] = self.svm_.decision_function(features)
        return decisions

    def _predicted(self, X: Any) -> NDArray[np.intp]:
        decisions = self.decision_function(X)
        codes: NDArray[np.intp] = decisions.argmax(axis=1) if decisions.ndim == 2 else (decisions > 0).astype(np.intp)
        return codes
