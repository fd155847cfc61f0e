"""Code lengths given each class as features of a text, for another estimator to weigh."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from kolmo.coders.base import Coder
from kolmo.coders.registry import CoderLike, coder as coder_of
from kolmo.errors import ParameterError
from kolmo.learn.class_models import ClassModels, check_coder, check_folds, folds_of
from kolmo.learn.validation import classes_of, items_of, labels_of, reads_texts_and_tables

SCALES = ("sqrt", "byte", "bits")


class CodeLengthVectorizer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turn texts into the bits that each class saves under each coder, compared with the mean over classes.

    A coder that has read a text finds it cheap, so `fit_transform` scores each training text by coders that have read
    the other folds only: learn from its result, as a pipeline does. ``fit(X, y).transform(X)`` would score training
    texts by coders that have read them, and is for other texts.

    Parameters
    ----------
    coders : sequence of str, mapping or Coder
        See `kolmo.coder`. They must be such as prime.
    folds : int
        Into how many parts the training texts are dealt, equal texts into the same one. More take longer.
    per : {"sqrt", "byte", "bits"}
        What the bits are divided by: the square root of the text's bytes, by which the bits that chance saves grow; or
        its bytes; or nothing.
    chunks : int
        How many chunks a class may have for coders with a window, see `CodeLengthClassifier`.
    n_jobs : int, optional
        Workers as joblib counts them.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    coders_ : list of Coder
        The coders, with what they learned from the training set as a whole (`Coder.learned`).
    n_features_in_ : int
        Columns of X, where X is 2-D.

    Raises
    ------
    DataError
        In `fit`: no items, items that are neither str nor bytes, labels missing, or a single class.
    ParameterError
        In `fit`: a parameter has no such value.
    PrimingError
        In `fit`: a coder cannot be primed.

    Examples
    --------
    >>> texts = ["the cat sat on the mat", "a cat and a kitten sat", "stocks fell and bonds rose"]
    >>> features = CodeLengthVectorizer(["zstd"], per="bits").fit(texts, ["pets", "pets", "money"])
    >>> features.get_feature_names_out().tolist()
    ['zstd|money', 'zstd|pets']
    >>> features.transform(["the kitten sat on the mat"])
    array([[-52.,  52.]])
    """

    def __init__(
        self,
        coders: Sequence[CoderLike] = ("ngram",),
        *,
        folds: int = 5,
        per: Literal["sqrt", "byte", "bits"] = "sqrt",
        chunks: int = 4,
        n_jobs: int | None = None,
    ) -> None:
        self.coders = coders
        self.folds = folds
        self.per = per
        self.chunks = chunks
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any) -> Self:
        """Have the coders read each class.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            Training texts, see `kolmo.as_items`.
        y : array-like of shape (n_samples,)
            Their labels.

        Returns
        -------
        CodeLengthVectorizer
        """
        coders = self._checked_coders()
        items, codes = self._training(X, y)
        return self._read(coders, items, codes)

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> NDArray[np.float64]:
        """Have the coders read each class, and return the features of the training texts, out of fold.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            Training texts, see `kolmo.as_items`.
        y : array-like of shape (n_samples,)
            Their labels.
        **fit_params : dict
            None are known.

        Returns
        -------
        ndarray of shape (n_samples, n_coders * n_classes)
            Bits, by the root of bytes or by bytes or as they are, as `per` says.
        """
        if fit_params:
            raise ParameterError(f"fit_transform knows no {', '.join(fit_params)}; leave it out")
        coders = self._checked_coders()
        items, codes = self._training(X, y)
        folds, n_classes = folds_of(items, codes, self.folds), len(self.classes_)
        features = np.empty((len(items), len(coders) * n_classes))
        for fold in np.unique(folds):
            rest, left = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            kept, asked = [items[place] for place in rest], [items[place] for place in left]
            models = [self._models(coder.fitted(kept), kept, codes[rest]) for coder in coders]
            features[left] = self._features(models, asked)
        self._read(coders, items, codes)
        return features

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Return the features of texts that are not training texts.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The texts.

        Returns
        -------
        ndarray of shape (n_samples, n_coders * n_classes)
            Bits, by the root of bytes or by bytes or as they are, as `per` says.
        """
        check_is_fitted(self, "classes_")
        return self._features(self._all_models, items_of(self, X, reset=False))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Return the names of the features: ``"coder|class"``.

        Parameters
        ----------
        input_features : object
            Ignored.

        Returns
        -------
        ndarray of shape (n_coders * n_classes,)
        """
        check_is_fitted(self, "classes_")
        return np.array([f"{name}|{label}" for name in self._names for label in self.classes_.tolist()], dtype=object)

    def _training(self, X: Any, y: Any) -> tuple[list[bytes], NDArray[np.intp]]:
        items = items_of(self, X, reset=True)
        self.classes_, codes = classes_of(labels_of(y, len(items)))
        return items, codes

    def _read(self, coders: list[Coder], items: list[bytes], codes: NDArray[np.intp]) -> Self:
        self._names = [str(coder) for coder in coders]
        self.coders_ = [coder.fitted(items) for coder in coders]
        self._all_models = [self._models(coder, items, codes) for coder in self.coders_]
        return self

    def _models(self, coder: Coder, items: list[bytes], codes: NDArray[np.intp]) -> ClassModels:
        return ClassModels.read(coder, items, codes, len(self.classes_), chunks=self.chunks)

    def _features(self, models: Sequence[ClassModels], items: list[bytes]) -> NDArray[np.float64]:
        sizes = np.array([[max(len(item), 1)] for item in items])
        scale = {"sqrt": np.sqrt(sizes), "byte": sizes, "bits": 1}[self.per]
        lengths = [known.bits(items, n_jobs=self.n_jobs) for known in models]
        return np.hstack([(bits.mean(axis=1, keepdims=True) - bits) / scale for bits in lengths])

    def _checked_coders(self) -> list[Coder]:
        if isinstance(self.coders, str | bytes | Coder | dict) or not len(self.coders):
            raise ParameterError(f"coders must be one coder or more in a list, but {self.coders!r} came")
        if self.per not in SCALES:
            raise ParameterError(f"per must be one of {', '.join(SCALES)}, but {self.per!r} came")
        check_folds("folds", self.folds)
        coders = [coder_of(coder) for coder in self.coders]
        for coder in coders:
            check_coder(coder, self.chunks)
        return coders

    def __sklearn_tags__(self) -> Any:
        tags = reads_texts_and_tables(super().__sklearn_tags__())
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = []
        return tags
