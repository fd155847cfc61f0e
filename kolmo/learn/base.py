"""The base of the estimators: how they read items and labels, and what they tell scikit-learn about themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from kolmo._core.checks import check_jobs
from kolmo._core.items import as_items, check_unmasked, in_order
from kolmo._core.models.saving import SavedModel
from kolmo.coders.base import Coder
from kolmo.coders.registry import CoderLike, coder as coder_of
from kolmo.errors import DataError, ParameterError, PrimingError
from kolmo.learn.labels import check_classes, check_weights, classes_of, codes_of, labels_of, same_kind


class TextEstimator(SavedModel, BaseEstimator):  # type: ignore[misc]
    """Base of estimators that read texts, or rows of numbers as bytes, with their labels.

    A subclass checks its parameters in `_check_parameters` and fits itself to items and classes in `_fit`.
    """

    n_jobs: int | None
    _row_dtype: np.dtype[Any] | None
    """Type of the numbers in the training items; None if these were texts."""

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the estimator to labelled items.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            Training items, see `kolmo.as_items`.
        y : array-like of shape (n_samples,)
            Their labels.

        Returns
        -------
        self
            The fitted estimator.
        """
        self._check_parameters()
        with self._as_before_if_it_fails():
            return self._fit(*self._training_set(X, y))

    @contextmanager
    def _as_before_if_it_fails(self) -> Iterator[None]:
        """Restore all attributes if an error or Ctrl-C ends the block."""
        before = dict(self.__dict__)
        try:
            yield
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    def _check_parameters(self) -> None:
        """Refuse parameters with unknown values; called before each fit and each prediction."""
        check_jobs(self.n_jobs)

    def _fit(self, items: list[bytes], codes: NDArray[np.intp]) -> Self:
        """Fit to items and the class of each as its position in `classes_`."""
        raise NotImplementedError

    def _items(self, X: Any, *, reset: bool) -> list[bytes]:
        """Return X as items: texts, or a table of numbers as the bytes of its rows.

        With `reset` the estimator remembers which of the two, and the columns and the type of the numbers; otherwise X
        must be of the same kind.
        """
        if not reset:
            self._check_parameters()
        X = in_order(X)
        if _is_table(X):
            items = as_items(self._table(X, reset=reset))
        else:
            items = as_items(X)
            if reset:
                self._row_dtype = None
                self._forget("n_features_in_", "feature_names_in_")
            elif items and self._row_dtype is not None:
                raise DataError(
                    f"expected a 2-D array of numbers with {self.n_features_in_} columns, as in fit, got texts; pass "
                    "numbers, or call fit with texts"
                )
        if not items:
            raise DataError("there are 0 samples; pass at least one item")
        return items

    def _table(self, X: Any, *, reset: bool) -> NDArray[Any]:
        """Return a table of numbers as an array of the type in `fit`."""
        check_unmasked(X)
        if not reset and self._row_dtype is None:
            raise DataError("expected texts, as in fit, got a table of numbers; pass texts, or call fit with numbers")
        try:
            array: NDArray[Any] = validate_data(self, X, reset=reset, dtype="numeric")
        except (TypeError, ValueError) as error:
            raise DataError(str(error)) from error
        if reset:
            self._row_dtype = array.dtype
        if array.dtype == self._row_dtype:
            return array
        with np.errstate(over="ignore", invalid="ignore"):
            converted = array.astype(self._row_dtype)
        # floats may be rounded to the type in fit; no other change is accepted
        kept = np.isfinite(converted) if converted.dtype.kind == "f" else converted == array
        if not kept.all():
            row, column = np.argwhere(~kept)[0]
            raise DataError(
                f"expected numbers of type {self._row_dtype}, as in fit, got {array[row, column]} in row {row}, column "
                f"{column}; convert them, or call fit with numbers of type {array.dtype}"
            )
        return converted

    def _forget(self, *names: str) -> None:
        """Delete attributes of an earlier fit."""
        for name in names:
            if hasattr(self, name):
                delattr(self, name)

    def _training_set(self, X: Any, y: Any) -> tuple[list[bytes], NDArray[np.intp]]:
        """Return the training items and the class of each as its position in `classes_`, which is set."""
        items = self._items(X, reset=True)
        labels = labels_of(y)
        check_lengths(len(items), len(labels))
        self.classes_, codes = classes_of(labels)
        return items, codes

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = True
        tags.input_tags.one_d_array = False
        return tags


class TextClassifier(ClassifierMixin, TextEstimator):  # type: ignore[misc]
    """Base of classifiers: a subclass says in `_predicted` which class each item belongs to."""

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the predicted label of each item.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The items.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self, "classes_")
        labels: NDArray[Any] = self.classes_[self._predicted(X)]
        return labels

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy (top-1).

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The items.
        y : array-like of shape (n_samples,)
            Their true labels.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the items: finite, not negative, and not all zero.

        Returns
        -------
        float
            From 0 to 1.
        """
        check_is_fitted(self, "classes_")
        truth = self._truth(y)
        weights = check_weights(sample_weight, len(truth))
        winners = self._predicted(X)
        check_lengths(len(winners), len(truth))
        return float(np.average(winners == truth, weights=weights))

    def _predicted(self, X: Any) -> NDArray[np.intp]:
        """Return the predicted class of each item as its position in `classes_`."""
        raise NotImplementedError

    def _truth(self, y: Any) -> NDArray[np.intp]:
        """Return the position of each true label among `classes_`, -1 for a label that is not one of them."""
        return codes_of(same_kind(labels_of(y), self.classes_), self.classes_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True  # the bytes of floating-point numbers hardly compress
        return tags


class RefittedClassifier(TextClassifier):
    """Base of classifiers that keep their training texts, and are fitted again when more are added.

    A subclass stores the training items and their classes in `_fit`.
    """

    _training_items: list[bytes]
    _codes: NDArray[np.intp]

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Add training texts; the result equals that of one `fit` on all texts so far, and takes as long.

        As with other estimators, texts that are passed twice count twice; `in_training_set` says which would.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            More training texts.
        y : array-like of shape (n_samples,)
            Their labels.
        classes : array-like of shape (n_classes,), optional
            All labels that can occur; required in the first call.

        Returns
        -------
        self
            The fitted estimator.
        """
        self._check_parameters()
        with self._as_before_if_it_fails():
            return self._fit(*self._extended_set(X, y, classes))

    def in_training_set(self, X: Any, y: Any = None) -> NDArray[np.bool_]:
        """Return which items are among the training texts.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The items.
        y : array-like of shape (n_samples,), optional
            Their labels; by default an item with any label counts.

        Returns
        -------
        ndarray of bool of shape (n_samples,)
            Whether an equal item, with the same label if there are any, is a training text.

        Examples
        --------
        >>> from kolmo import CodeLengthClassifier
        >>> classifier = CodeLengthClassifier("deflate").fit(["the cat sat", "stocks fell"], ["pets", "money"])
        >>> classifier.in_training_set(["the cat sat", "bonds fell", "stocks fell"]).tolist()
        [True, False, True]
        >>> classifier.in_training_set(["the cat sat", "stocks fell"], ["pets", "pets"]).tolist()
        [True, False]
        """
        check_is_fitted(self, "classes_")
        items = self._items(X, reset=False)
        if y is None:
            known = set(self._training_items)
            return np.array([item in known for item in items])
        codes = self._truth(y)
        check_lengths(len(items), len(codes))
        pairs = set(zip(self._training_items, self._codes.tolist(), strict=True))
        return np.array([pair in pairs for pair in zip(items, codes.tolist(), strict=True)])

    def _extended_set(self, X: Any, y: Any, classes: Any) -> tuple[list[bytes], NDArray[np.intp]]:
        """Return all training items so far, and their classes."""
        first = not hasattr(self, "classes_")
        items = self._items(X, reset=first)
        labels = labels_of(y)
        check_lengths(len(items), len(labels))
        if first:
            if classes is None:
                raise ParameterError("the first call of partial_fit needs all labels that can occur; pass classes")
            self.classes_ = check_classes(classes)
        elif classes is not None and not np.array_equal(np.unique(labels_of(classes)), self.classes_):
            raise ParameterError(
                f"classes: expected {self.classes_.tolist()} as in the first call, got "
                f"{np.unique(labels_of(classes)).tolist()}; leave it out, or call fit"
            )
        codes = codes_of(same_kind(labels, self.classes_), self.classes_)
        unknown = np.flatnonzero(codes < 0)
        if len(unknown):
            raise DataError(
                f"item {unknown[0]}: expected a label among {self.classes_.tolist()}, got "
                f"{labels.tolist()[unknown[0]]!r}; fit again with all labels, or name them all in the first call of "
                "partial_fit"
            )
        before = ([], np.empty(0, np.intp)) if first else (self._training_items, self._codes)
        return [*before[0], *items], np.concatenate([before[1], codes])


class TextVectorizer(TransformerMixin, TextEstimator):  # type: ignore[misc]
    """Base of transformers: a subclass names its features in `_feature_names`."""

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Fit the vectorizer to texts, and return their features.

        Parameters
        ----------
        X, y : object
            As in `fit`.
        **fit_params : dict
            Further arguments of `fit`.

        Returns
        -------
        array of shape (n_samples, n_features)
        """
        return super().fit_transform(in_order(X), y, **fit_params)  # an iterator can be read only once

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Return the name of each feature.

        Parameters
        ----------
        input_features : object
            Ignored.

        Returns
        -------
        ndarray of shape (n_features,)
        """
        check_is_fitted(self)
        return np.array(self._feature_names(), dtype=object)

    def _feature_names(self) -> list[str]:
        raise NotImplementedError

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


def primed_coder(coder: CoderLike) -> Coder:
    """Return the coder that a parameter names; it must be one that can be primed."""
    found = coder_of(coder)
    if found.tags.priming is None:
        raise PrimingError(
            f"expected a coder that can be primed with the texts of a class, got {found.name!r}; "
            "take one whose tags.priming is not None, such as 'deflate'"
        )
    return found


def check_lengths(n_items: int, n_labels: int) -> None:
    """Refuse a number of labels that is not the number of items."""
    if n_items != n_labels:
        raise DataError(f"there are {n_items} items but {n_labels} labels; pass one label for each item")


def _is_table(X: Any) -> bool:
    """Tell rows of numbers from a 1-D collection of texts."""
    if hasattr(X, "toarray"):  # a sparse matrix, which scikit-learn's own check refuses
        return True
    shape = getattr(X, "shape", None)
    if shape is not None:
        return len(shape) != 1 or getattr(X.dtype, "kind", "O") in "biufc"
    if not hasattr(X, "__iter__"):
        return hasattr(X, "__array__")
    return isinstance(next(iter(X), None), list | tuple | np.ndarray)
