"""What estimators have in common as saved models: parameters, kind of input, labels and training items."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import inspect
import warnings
from collections.abc import Mapping
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from kolmo._core.models.saving import ModelState, pack_items, unpack_items
from kolmo.coders.base import Coder
from kolmo.coders.registry import coder as coder_of
from kolmo.coders.stored_configs import coder_from_file, stored_config
from kolmo.distances.pruning import PruningReport
from kolmo.errors import DataError, ParameterError

Estimator = TypeVar("Estimator")

_NOT_SAVED = ("checkpoint",)
"""Parameters that name files of this machine."""
_CODER, _CODERS, _BYTES, _PRUNING = "coder", "coders", "bytes", "pruning_report"
_LABEL_TYPES = {"U": str, "b": bool, "i": int, "u": int, "f": float}


def stored_parameters(estimator: Any) -> dict[str, Any]:
    """Return the parameters of an estimator as JSON values; coders as their configuration."""
    found = {}
    for name, value in estimator.get_params(deep=False).items():
        if name not in _NOT_SAVED:
            found[name] = _stored(name, value)
    return found


def made_from(kind: type[Estimator], parameters: Mapping[str, Any]) -> Estimator:
    """Return an unfitted estimator with stored parameters, which are checked."""
    known = inspect.signature(kind).parameters
    if unknown := sorted(name for name in parameters if name not in known or name in _NOT_SAVED):
        raise DataError(f"{kind.__name__} has no parameter {unknown[0]!r:.60}")
    given = {name: _restored(name, value) for name, value in parameters.items()}
    for name, value in given.items():
        default = known[name].default
        if isinstance(default, tuple) and isinstance(value, list) and list(default) == value:
            given[name] = default
    made: Any = kind(**given)
    made._check_parameters()
    return cast(Estimator, made)


def input_values(estimator: Any) -> dict[str, Any]:
    """Return what an estimator remembers of the kind of its training items: texts, or rows of numbers."""
    dtype = estimator._row_dtype
    names = getattr(estimator, "feature_names_in_", None)
    return {
        "row_dtype": None if dtype is None else dtype.str,
        "n_features_in": getattr(estimator, "n_features_in_", None),
        "feature_names_in": None if names is None else names.tolist(),
    }


def restore_inputs(estimator: Any, state: ModelState) -> None:
    """Set what `input_values` returned."""
    dtype = state.value("row_dtype", str, type(None))
    estimator._row_dtype = None if dtype is None else _number_type(dtype)
    width = state.value("n_features_in", int, type(None))
    if width is not None:
        estimator.n_features_in_ = width
    names = state.value("feature_names_in", list, type(None))
    if names is not None:
        estimator.feature_names_in_ = np.array([str(name) for name in names], dtype=object)


def training_values(classes: NDArray[Any], n_items: int) -> dict[str, Any]:
    """Return the labels and the number of training items."""
    return {"classes": classes.tolist(), "label_dtype": classes.dtype.str, "n_items": n_items}


def training_arrays(items: list[bytes], codes: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
    """Return the training items and their classes."""
    return pack_items(items) | codes_array(codes)


def codes_array(codes: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
    return {"codes": codes.astype(np.int64)}


def restore_classes(estimator: Any, state: ModelState) -> None:
    """Set the labels, which must be sorted and distinct."""
    labels, dtype = state.value("classes", list), np.dtype(state.value("label_dtype", str))
    kind = _LABEL_TYPES.get(dtype.kind)
    if kind is None or any(type(label) is not kind for label in labels):
        raise DataError(f"classes: expected labels of type {dtype}, got {labels!r:.60}")
    classes = np.array(labels, dtype)
    if len(classes) < 2 or classes.tolist() != labels or not np.array_equal(np.unique(classes), classes):
        raise DataError(f"classes: expected at least two sorted labels, got {labels!r:.60}")
    estimator.classes_ = classes


def training_set(state: ModelState, n_classes: int) -> tuple[list[bytes], NDArray[np.intp]]:
    """Return the training items and their classes."""
    items = unpack_items(state)
    if not items:
        raise DataError("'items': expected at least one training item, got none")
    return items, restored_codes(state, n_classes, len(items))


def restored_codes(state: ModelState, n_classes: int, n_items: int | None) -> NDArray[np.intp]:
    return state.array("codes", "int64", (n_items,), low=0, high=n_classes - 1).astype(np.intp)


def coder_values(coder: Coder) -> dict[str, Any]:
    """Return a coder with the versions of its libraries."""
    return {"config": stored_config(coder), "versions": coder.versions()}


def restored_coder(stored: Any) -> Coder:
    """Return a coder; there is a warning if its code lengths may differ from those in `fit`."""
    if not isinstance(stored, dict) or not isinstance(stored.get("config"), dict):
        raise DataError(f"expected a coder, got {stored!r:.60}")
    found = coder_from_file(stored["config"])
    if (here := found.versions()) != stored.get("versions"):
        warnings.warn(
            f"the model was fitted with {stored.get('versions')!r:.100}, and {here!r:.100} is installed, so code "
            "lengths may differ from those in fit; fit the model again if it matters",
            stacklevel=2,
        )
    return found


def _stored(name: str, value: Any) -> Any:
    if name == _CODER:
        return stored_config(coder_of(value))
    if name == _CODERS:
        return [stored_config(coder_of(each)) for each in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return {_BYTES: base64.b64encode(bytes(value)).decode()}
    if isinstance(value, PruningReport):
        return {_PRUNING: dataclasses.asdict(value)}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, list | tuple | np.ndarray):
        return [_stored("", each) for each in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise ParameterError(f"{name}: expected a value that can be saved, got {value!r:.60}")


def _restored(name: str, value: Any) -> Any:
    if name == _CODER:
        return _named_coder(value)
    if name == _CODERS:
        return [_named_coder(each) for each in value]
    if isinstance(value, dict):
        if value.keys() == {_BYTES} and isinstance(value[_BYTES], str):
            try:
                return base64.b64decode(value[_BYTES], validate=True)
            except binascii.Error as error:
                raise DataError(f"{name}: expected bytes in base64, got {value!r:.60}") from error
        if value.keys() == {_PRUNING}:
            return restored_report(value[_PRUNING])
        raise DataError(f"{name}: expected a parameter, got {value!r:.60}")
    return value


def _named_coder(stored: Any) -> str | Coder:
    """Return a coder by its name and parameters, as in a call of the class; one with a model as it is."""
    found = coder_from_file(stored)
    if found.loads or found.members:
        return found
    return str(found) if coder_of(str(found)) == found else found


def restored_report(stored: Any) -> PruningReport:
    """Return a report on pruning from its fields."""
    names = {field.name for field in dataclasses.fields(PruningReport)}
    numbers = isinstance(stored, dict) and all(type(value) in (int, float) for value in stored.values())
    if not numbers or stored.keys() != names:
        raise DataError(f"pruning: expected a report with the numbers {', '.join(sorted(names))}, got {stored!r:.60}")
    return PruningReport(**stored)


def _number_type(name: str) -> np.dtype[Any]:
    dtype = np.dtype(name)
    if dtype.kind not in "biufc" or dtype.itemsize > 16:
        raise DataError(f"row_dtype: expected a type of numbers, got {name!r:.60}")
    return dtype
