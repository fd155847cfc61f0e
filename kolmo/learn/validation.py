"""What estimators take: items and labels, checked in scikit-learn's manner."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d, validate_data

from kolmo._core.items import as_items
from kolmo.errors import DataError, ParameterError


def items_of(estimator: Any, X: Any, *, reset: bool) -> list[bytes]:
    """Return X as items; of a table of numbers, the estimator remembers the columns and their type if `reset`."""
    if _is_table(X):
        array = validate_data(estimator, X, reset=reset, dtype="numeric")
        if reset:
            estimator._row_dtype = array.dtype
        items = as_items(array.astype(estimator._row_dtype, copy=False))
    else:
        items = as_items(X)
    if not items:
        raise DataError("there are 0 samples; pass at least one item")
    return items


def _is_table(X: Any) -> bool:
    """Tell rows of numbers from a 1-D collection of texts."""
    if isinstance(X, str | bytes):
        return False
    if hasattr(X, "toarray"):  # a sparse matrix: left to scikit-learn's own check to refuse
        return True
    shape = getattr(X, "shape", None)
    if shape is not None:
        return len(shape) != 1 or getattr(X.dtype, "kind", "O") in "biufc"
    if not hasattr(X, "__iter__"):
        return hasattr(X, "__array__")
    first = next(iter(X), None)
    return isinstance(first, list | tuple | np.ndarray)


def labels_of(y: Any, size: int) -> NDArray[Any]:
    """Return the labels of so many items, none of which may be missing."""
    if y is None:
        raise DataError("the classifier requires y to be passed, but the target y is None")
    labels: NDArray[Any] = column_or_1d(y, warn=True)
    check_lengths(size, len(labels))
    if labels.dtype.kind == "O":
        missing = [index for index, label in enumerate(labels) if label is None or label != label]
        if missing:
            raise DataError(f"the labels of {len(missing)} items are missing, that of item {missing[0]} first")
    else:
        check_array(labels, ensure_2d=False, dtype=None)
    check_classification_targets(labels)
    return labels


def classes_of(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the classes, of which there must be two, and each label's position in them."""
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise DataError(f"the labels hold only one class, {classes.tolist()[0]!r}; at least two are needed")
    return classes, codes


def check_lengths(n_items: int, n_labels: int) -> None:
    """Refuse labels that are not one an item."""
    if n_items != n_labels:
        raise DataError(f"there are {n_items} items but {n_labels} labels; pass one label for each item")


def check_count(name: str, count: Any) -> None:
    """Refuse a parameter that is no whole number from 1 on."""
    if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
        raise ParameterError(f"{name} must be a whole number from 1 on, but {count!r} came")


def reads_texts_and_tables(tags: Any) -> Any:
    """Return scikit-learn's tags of an estimator that takes texts, and rows of numbers as bytes."""
    tags.input_tags.string = True
    tags.input_tags.two_d_array = True
    tags.input_tags.one_d_array = False
    if tags.classifier_tags is not None:
        tags.classifier_tags.poor_score = True  # the bytes of floating-point numbers hardly compress
    return tags
