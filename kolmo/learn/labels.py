"""Labels of items: one type, none missing, none changed by the conversion to an array."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import column_or_1d

from kolmo._core.items import check_unmasked, in_order
from kolmo.errors import DataError, ParameterError


def labels_of(y: Any, *, classes: bool = True) -> NDArray[Any]:
    """Return labels as a 1-D array of str, bool, integers or floats.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        A list, array, series or iterator of labels of one type: str, bool, or whole numbers.
    classes : bool
        Refuse numbers with a fractional part, which are no classes.

    Returns
    -------
    ndarray of shape (n_samples,)

    Raises
    ------
    DataError
        If labels are missing, of several types, of another type, or in a collection without order.

    Examples
    --------
    >>> labels_of(["a", "b"]).tolist()
    ['a', 'b']
    >>> labels_of(["a", 1])
    Traceback (most recent call last):
    kolmo.errors.DataError: expected labels of one type, got str and number (item 1); convert them, e.g. with str
    """
    if y is None:
        raise DataError("the classifier requires y to be passed, but the target y is None")
    y = in_order(y, "labels")
    check_unmasked(y)
    if isinstance(y, list | tuple) and not any(isinstance(label, list | tuple | np.ndarray) for label in y):
        values = list(y)
    else:
        try:
            array = column_or_1d(np.asarray(y), warn=True)
        except (TypeError, ValueError) as error:
            raise DataError(f"expected one label for each item: {error}") from error
        if array.dtype.kind in "Mm":
            raise DataError(f"expected labels of type str or int, got {array.dtype}; convert them, e.g. with str")
        if array.dtype.kind in "Ubiu":
            found: NDArray[Any] = array
            return found
        values = array.tolist()
    return _one_type(values, classes)


def _one_type(values: list[Any], classes: bool) -> NDArray[Any]:
    missing = [index for index, label in enumerate(values) if _is_missing(label)]
    if missing:
        raise DataError(f"the labels of {len(missing)} items are missing, the first is that of item {missing[0]}")
    first = None
    for index, label in enumerate(values):
        kind = _kind(label)
        if kind is None:
            raise DataError(
                f"item {index}: expected a label of type str or int, got {type(label).__name__}; convert it, e.g. with "
                "str"
            )
        first = first or kind
        if kind != first:
            raise DataError(
                f"expected labels of one type, got {first} and {kind} (item {index}); convert them, e.g. with str"
            )
        if classes and kind == "number" and not (isinstance(label, Integral) or float(label).is_integer()):
            raise DataError(
                f"Unknown label type: continuous. Item {index}: expected a class, got the number {label!r}; convert "
                "numbers to classes"
            )
    if first is None:
        return np.empty(0, dtype=np.str_)
    array = np.array(values)
    changed = [index for index, label in enumerate(array.tolist()) if label != values[index]]
    if changed or array.dtype.kind not in "Ubiuf":
        index = changed[0] if changed else 0
        raise DataError(
            f"item {index}: expected a label that NumPy can hold, a str without a null character at its end or an "
            f"integer of 64 bits, got {values[index]!r:.60}"
        )
    return array


def classes_of(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the sorted classes, at least two, and each label's position among them."""
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise DataError(
            f"expected labels of at least two classes, got only one class, {classes.tolist()[0]!r}"
            if len(classes)
            else "expected labels of at least two classes, got no labels"
        )
    return classes, codes


def same_kind(labels: NDArray[Any], classes: NDArray[Any]) -> NDArray[Any]:
    """Return the labels, which must be texts if the classes are, and numbers if the classes are."""
    if len(labels) and (labels.dtype.kind == "U") != (classes.dtype.kind == "U"):
        raise DataError(
            f"expected labels of the type in fit, such as {classes.tolist()[0]!r}, got {labels.tolist()[0]!r:.60}"
        )
    return labels


def codes_of(labels: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.intp]:
    """Return the position of each label among the classes, -1 for a label that is not one of them."""
    position = {label: code for code, label in enumerate(classes.tolist())}
    return np.array([position.get(label, -1) for label in labels.tolist()], dtype=np.intp)


def check_weights(weights: Any, size: int) -> NDArray[np.float64] | None:
    """Return the weights of `size` items as floats, or None.

    Raises
    ------
    ParameterError
        If there is not one finite weight of at least 0 for each item, or all are zero.
    """
    if weights is None:
        return None
    expected = f"sample_weight: expected None or {size} finite numbers that are not negative and not all zero"
    try:
        found: NDArray[np.float64] = np.asarray(in_order(weights, "weights"), np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"{expected}; {error}") from error
    if found.shape != (size,):
        raise ParameterError(f"{expected}, got an array of shape {found.shape}; pass one weight for each item")
    wrong = np.flatnonzero(~(np.isfinite(found) & (found >= 0)))
    if len(wrong):
        raise ParameterError(f"{expected}, got {found[wrong[0]]} for item {wrong[0]}")
    if not found.any():
        raise ParameterError(f"{expected}, got only zeros")
    scaled: NDArray[np.float64] = found / found.max()  # large weights do not overflow
    return scaled


def _is_missing(label: Any) -> bool:
    """Return whether a label is None, NaN, or the missing value of pandas."""
    if label is None or type(label).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(label, Real) and bool(label != label)


def _kind(label: Any) -> str | None:
    if isinstance(label, str):
        return "str"
    if isinstance(label, bool | np.bool_):
        return "bool"
    return "number" if isinstance(label, Integral) or (isinstance(label, Real) and math.isfinite(label)) else None


def check_classes(classes: Any) -> NDArray[Any]:
    """Return the sorted labels that can occur, at least two."""
    found, _ = classes_of(labels_of(classes))
    return found
