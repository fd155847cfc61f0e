"""How the texts of a saved classifier were read: kept by ``kolmo fit``, and used for the data that it is applied to."""

from __future__ import annotations

from typing import Any, get_args

import click
from click.core import ParameterSource

from kolmo._core.models.saving import SavedModel
from kolmo.cli.inputs import OPTION_VALUES
from kolmo.data.corpus import Corpus
from kolmo.data.decoding import NormalForm, Pixels, Reading
from kolmo.errors import DataError

_ALLOWED: dict[str, tuple[Any, ...]] = {
    "normalize": get_args(NormalForm),
    "pixels": get_args(Pixels),
    **dict.fromkeys(("casefold", "mono", "qualities", "raw"), (False, True)),
}
"""What a saved classifier may say of each option; a folder may be forged."""


def keep_reading(classifier: SavedModel, corpus: Corpus, reading: dict[str, Any]) -> None:
    """Note in a classifier which columns its texts came from, and the options that changed how they were read."""
    noted = {name: reading[name] for name in (*_ALLOWED, "separator") if _is_given(name)}
    if corpus.columns is not None:
        text, label = corpus.columns
        noted["columns"] = [list(text), label]
    classifier.reading = noted


def as_fitted(classifier: Any, reading: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of `kolmo.read`: as given on the command line, or else as the classifier's texts were read.

    Raises
    ------
    DataError
        If the classifier's folder says something that no option allows.
    """
    stored: dict[str, Any] = getattr(classifier, "reading", {})
    columns, rest = stored.get("columns"), {name: value for name, value in stored.items() if name != "columns"}
    for name, value in rest.items():
        is_allowed = type(value) is str if name == "separator" else value in _ALLOWED.get(name, ())
        if not is_allowed:
            raise DataError(f"the model states an unknown way to read data, {name!r:.40}: {value!r:.40}; fit it again")
    merged = reading | {name: value for name, value in rest.items() if not _is_given(name)}
    if columns is None:
        return merged
    match columns:
        case [[*text], (str() | None) as label] if text and all(isinstance(name, str) for name in text):
            return merged | {"like": Corpus(items=(b"",), columns=(tuple(text), label))}
    raise DataError(f"the model states columns that are no names: {columns!r:.60}; fit it again")


def folded(reading: dict[str, Any], item: bytes) -> bytes:
    """Return a text in the normal form and case of a reading."""
    return Reading(normalize=reading["normalize"], casefold=reading["casefold"]).folded_bytes(item)


def _is_given(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(OPTION_VALUES.get(name, name))
    return source not in (None, ParameterSource.DEFAULT)
