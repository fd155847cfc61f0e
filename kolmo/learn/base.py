"""The base of the estimators: how they read items and labels, and what they tell scikit-learn about themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from kolmo._core.items import as_items
from kolmo.coders.base import Coder
from kolmo.coders.registry import CoderLike, coder as coder_of
from kolmo.errors import DataError, PrimingError


class TextEstimator(BaseEstimator):  # type: ignore[misc]
    """Base of estimators that read texts, or rows of numbers as bytes, with their labels.

    A subclass checks its parameters in `_check_parameters` and fits itself to items and classes in `_fit`.
    """

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
        return self._fit(*self._training_set(X, y))

    def _check_parameters(self) -> None:
        """Refuse parameters with unknown values."""

    def _fit(self, items: list[bytes], codes: NDArray[np.intp]) -> Self:
        """Fit to items and the class of each as its position in `classes_`."""
        raise NotImplementedError

    def _items(self, X: Any, *, reset: bool) -> list[bytes]:
        """Return X as items; for a table of numbers, remember its columns and their type if `reset`."""
        if _is_table(X):
            array = validate_data(self, X, reset=reset, dtype="numeric")
            if reset:
                self._row_dtype = array.dtype
            items = as_items(array.astype(self._row_dtype, copy=False))
        else:
            items = as_items(X)
        if not items:
            raise DataError("there are 0 samples; pass at least one item")
        return items

    def _training_set(self, X: Any, y: Any) -> tuple[list[bytes], NDArray[np.intp]]:
        """Return the training items and the class of each as its position in `classes_`, which is set."""
        items = self._items(X, reset=True)
        self.classes_, codes = classes_of(labels_of(y, len(items)))
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

    def _predicted(self, X: Any) -> NDArray[np.intp]:
        """Return the predicted class of each item as its position in `classes_`."""
        raise NotImplementedError

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True  # the bytes of floating-point numbers hardly compress
        return tags


class TextVectorizer(TransformerMixin, TextEstimator):  # type: ignore[misc]
    """Base of transformers: a subclass names its features in `_feature_names`."""

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


def labels_of(y: Any, size: int) -> NDArray[Any]:
    """Return the labels of `size` items, none of which may be missing."""
    if y is None:
        raise DataError("the classifier requires y to be passed, but the target y is None")
    labels: NDArray[Any] = column_or_1d(y, warn=True)
    check_lengths(size, len(labels))
    if labels.dtype.kind == "O":
        missing = [index for index, label in enumerate(labels) if label is None or label != label]
        if missing:
            raise DataError(f"the labels of {len(missing)} items are missing, the first is that of item {missing[0]}")
    else:
        check_array(labels, ensure_2d=False, dtype=None)
    check_classification_targets(labels)
    return labels


def classes_of(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the sorted classes, at least two, and each label's position among them."""
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise DataError(f"expected labels of at least two classes, got only one class, {classes.tolist()[0]!r}")
    return classes, codes


def codes_of(labels: Sequence[Any], classes: NDArray[Any]) -> NDArray[np.intp]:
    """Return the position of each label among the classes, -1 for a label that is not one of them."""
    position = {label: code for code, label in enumerate(classes.tolist())}
    return np.array([position.get(label, -1) for label in labels], dtype=np.intp)


def check_lengths(n_items: int, n_labels: int) -> None:
    """Refuse a number of labels that is not the number of items."""
    if n_items != n_labels:
        raise DataError(f"there are {n_items} items but {n_labels} labels; pass one label for each item")


def _is_table(X: Any) -> bool:
    """Tell rows of numbers from a 1-D collection of texts."""
    if isinstance(X, str | bytes):
        return False
    if hasattr(X, "toarray"):  # a sparse matrix, which scikit-learn's own check refuses
        return True
    shape = getattr(X, "shape", None)
    if shape is not None:
        return len(shape) != 1 or getattr(X.dtype, "kind", "O") in "biufc"
    if not hasattr(X, "__iter__"):
        return hasattr(X, "__array__")
    first = next(iter(X), None)
    return isinstance(first, list | tuple | np.ndarray)
