"""Saved models: a folder with ``model.json`` and ``arrays.safetensors``, which execute no code.

The table `MODELS` lists the classes that can be read from a folder; a folder names one of them, and nothing else. A
class returns what it has learned as a `ModelState`, and is made again from one, whose values and arrays it checks: a
folder may be forged.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from kolmo._core.files import check_output_folder, write_folder
from kolmo._core.terminal import one_line
from kolmo._version import __version__
from kolmo.errors import DataError, KolmoError, MissingDependencyError, ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MODELS: dict[str, str] = {
    "ncd-classifier": "kolmo.learn.neighbors:NCDClassifier",
    "code-length-classifier": "kolmo.learn.code_length:CodeLengthClassifier",
    "label-code-classifier": "kolmo.learn.label_code.classifier:LabelCodeClassifier",
    "code-length-vectorizer": "kolmo.learn.features:CodeLengthVectorizer",
    "ngram-vectorizer": "kolmo.learn.ngram.vectorizer:NGramVectorizer",
    "sketch-store": "kolmo.distances.sketch_store:SketchStore",
    "code-length-outlier": "kolmo.find.outliers:CodeLengthOutlier",
    "same-source-verifier": "kolmo.find.same_source:SameSourceVerifier",
}
"""The classes that can be saved and loaded, by the name that is stored in the folder."""
FORMAT, VERSION = "kolmo model", 1
"""The mark of the format, and its version, which changes with it."""
DESCRIPTION, ARRAYS = "model.json", "arrays.safetensors"
_MAX_DESCRIPTION = 2**26


@dataclass(frozen=True)
class ModelState:
    """What a model has learned, for `SavedModel`.

    Parameters
    ----------
    values : dict of str to JSON values
        Lists, numbers and texts. ``n_items``, the number of training items, and ``classes``, the labels, are shown by
        `model_info`.
    arrays : dict of str to ndarray
        Numbers: of bool, integers or floats.
    parameters : dict of str to JSON values
        The parameters of the model.
    """

    values: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)

    def value(self, name: str, *kinds: type) -> Any:
        """Return a value, which must be of one of these types.

        Raises
        ------
        DataError
            If it is missing, or of another type.

        Examples
        --------
        >>> ModelState(values={"order": 2}).value("order", int)
        2
        """
        found = self.values.get(name)
        if type(found) not in kinds:
            expected = " or ".join(kind.__name__ for kind in kinds)
            raise DataError(f"{name!r}: expected {expected}, got {found!r:.60}")
        return found

    def array(
        self,
        name: str,
        dtype: str,
        shape: Sequence[int | None],
        *,
        low: float | None = None,
        high: float | None = None,
    ) -> NDArray[Any]:
        """Return an array, which must have this type and shape, and finite values in a range.

        Parameters
        ----------
        name : str
            Its name.
        dtype : str
            Type of the numbers, such as ``"float64"``.
        shape : sequence of int or None
            Its shape; None stands for any size.
        low, high : float, optional
            The range of the values, both ends included.

        Returns
        -------
        ndarray

        Raises
        ------
        DataError
            If it is missing, of another type or shape, or holds other values.

        Examples
        --------
        >>> import numpy as np
        >>> state = ModelState(arrays={"codes": np.array([0, 2])})
        >>> state.array("codes", "int64", (2,), low=0, high=1)
        Traceback (most recent call last):
        kolmo.errors.DataError: 'codes': expected numbers from 0 to 1, got 2
        """
        import numpy as np

        expected = f"{dtype} of shape ({', '.join('any' if size is None else str(size) for size in shape)})"
        if name not in self.arrays:
            raise DataError(f"{name!r}: expected {expected}, but there is no such array")
        found = self.arrays[name]
        fits = len(found.shape) == len(shape) and all(
            size in (None, own) for size, own in zip(shape, found.shape, strict=True)
        )
        if found.dtype != np.dtype(dtype) or not fits:
            raise DataError(f"{name!r}: expected {expected}, got {found.dtype} of shape {found.shape}")
        wrong = ~np.isfinite(found) if found.dtype.kind == "f" else np.zeros(found.shape, bool)
        if low is not None:
            wrong |= found < low
        if high is not None:
            wrong |= found > high
        if wrong.any():
            limits = "finite numbers" if low is None and high is None else "numbers"
            limits += "" if low is None else f" from {low:g}"
            limits += "" if high is None else f" to {high:g}"
            raise DataError(f"{name!r}: expected {limits}, got {found[wrong][0]}")
        return found


class SavedModel:
    """Base of what can be saved to a folder, and loaded by `kolmo.load_model`.

    A subclass has a line in `MODELS`, and defines `_model_state` and `_from_model_state`.

    Attributes
    ----------
    reading : dict of str to JSON values
        How the items were read from files, if a command noted it.
    """

    reading: Mapping[str, Any] = MappingProxyType({})

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Save the fitted model to a folder, for `kolmo.load_model`.

        The folder holds its parameters, what it has learned, and, for classifiers, the training items. Nothing in it is
        executed when it is loaded.

        Parameters
        ----------
        path : path-like
            The folder; it appears when it is complete.
        force : bool
            Replace a saved model.

        Raises
        ------
        ParameterError
            If the path exists and may not be replaced.
        OutputError
            If it cannot be written.
        """
        check_output_folder(path, force=force, is_own=is_model)
        name = _name_of(type(self))
        state = self._model_state()
        arrays = _to_safetensors(state.arrays)
        description = {
            "format": FORMAT,
            "version": VERSION,
            "kolmo": __version__,
            "model": name,
            "parameters": state.parameters,
            "values": state.values,
            "reading": dict(self.reading),
            ARRAYS: {"size_bytes": len(arrays), "sha256": hashlib.sha256(arrays).hexdigest()},
        }
        description["sha256"] = _digest(description)
        text = json.dumps(description, indent=1, allow_nan=False) + "\n"
        write_folder(path, {ARRAYS: arrays, DESCRIPTION: text.encode()}, force=force, is_own=is_model)

    def _model_state(self) -> ModelState:
        """Return what is saved; a model that is not fitted raises scikit-learn's `NotFittedError`."""
        raise NotImplementedError

    @classmethod
    def _from_model_state(cls, state: ModelState) -> Self:
        """Return the model with a state, whose values and arrays are checked: a folder may be forged."""
        raise NotImplementedError


def load_model(path: str | os.PathLike[str]) -> Any:
    """Return the model that was saved to a folder.

    A folder is data: it names one of Kolmo's classes, and nothing in it is executed. It is refused if it is damaged.

    Parameters
    ----------
    path : path-like
        The folder, written by the method ``save`` of an estimator, or by ``kolmo fit``.

    Returns
    -------
    estimator
        Fitted: an `NCDClassifier`, `CodeLengthClassifier`, `LabelCodeClassifier`, `CodeLengthVectorizer`,
        `NGramVectorizer`, ...; or a `SketchStore`

    Raises
    ------
    DataError
        If the folder holds no model, one of a newer version, or a damaged one.

    Examples
    --------
    >>> import tempfile
    >>> from kolmo import LabelCodeClassifier
    >>> texts = ["the cat sat on the mat", "a cat and a kitten sat", "stocks fell and bonds rose", "a bond and a stock"]
    >>> classifier = LabelCodeClassifier().fit(texts, ["pets", "pets", "money", "money"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     classifier.save(f"{folder}/model")
    ...     load_model(f"{folder}/model").predict(["the kitten sat on the mat"]).tolist()
    ['pets']
    """
    folder, description, arrays = read_folder(path)
    found = class_of(description["model"], folder)
    state = ModelState(description["values"], arrays, description["parameters"])
    try:
        model = found._from_model_state(state)
        model.reading = dict(description.get("reading", {}))
        return model
    except MissingDependencyError:
        raise
    except MemoryError as error:
        raise DataError(f"the model {str(folder)!r} needs more memory than there is") from error
    except (
        KolmoError,
        KeyError,
        IndexError,
        TypeError,
        ValueError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise DataError(
            f"the model {str(folder)!r} is damaged or forged: {one_line(str(error), 300)}; save it again"
        ) from error


def is_model(folder: Path) -> bool:
    """Return whether a folder holds a saved model and nothing else, so that another one may replace it."""
    try:
        if {entry.name for entry in folder.iterdir()} - {DESCRIPTION, ARRAYS}:
            return False
        return bool(_description(folder)["format"] == FORMAT)
    except (OSError, KolmoError):
        return False


def pack_items(items: Sequence[bytes], name: str = "items") -> dict[str, NDArray[Any]]:
    """Return items of bytes as two arrays for a `ModelState`: their bytes joined, and the end of each.

    Examples
    --------
    >>> {name: found.tolist() for name, found in pack_items([b"a", b"", b"bc"]).items()}
    {'items': [97, 98, 99], 'items.ends': [1, 1, 3]}
    """
    import numpy as np

    ends = np.cumsum([len(item) for item in items], dtype=np.int64)
    return {name: np.frombuffer(b"".join(items), np.uint8), f"{name}.ends": ends}


def unpack_items(state: ModelState, name: str = "items") -> list[bytes]:
    """Return the items that `pack_items` packed.

    Raises
    ------
    DataError
        If the arrays are missing, or do not fit each other.

    Examples
    --------
    >>> unpack_items(ModelState(arrays=pack_items([b"a", b"", b"bc"])))
    [b'a', b'', b'bc']
    """
    raw = state.array(name, "uint8", (None,)).tobytes()
    ends = state.array(f"{name}.ends", "int64", (None,), low=0, high=len(raw)).tolist()
    starts = [0, *ends[:-1]] if ends else []
    if any(start > end for start, end in zip(starts, ends, strict=True)) or (ends[-1] if ends else 0) != len(raw):
        raise DataError(f"'{name}.ends': expected ascending numbers up to {len(raw)}, got {ends[-5:]}")
    return [raw[start:end] for start, end in zip(starts, ends, strict=True)]


def read_folder(path: str | os.PathLike[str]) -> tuple[Path, dict[str, Any], dict[str, NDArray[np.generic]]]:
    """Return the folder, and its checked files."""
    folder = Path(path)
    description = _description(folder)
    if type(description.get("version")) is not int or not 1 <= description["version"] <= VERSION:
        raise DataError(
            f"the model {str(folder)!r} was written by kolmo {description.get('kolmo')!r:.40} in version "
            f"{description.get('version')!r:.40} of the format, and kolmo {__version__} reads up to version {VERSION}; "
            "update Kolmo, or fit the model again"
        )
    digest = description.pop("sha256", None)
    kinds = {"kolmo": str, "model": str, "parameters": dict, "values": dict, ARRAYS: dict}
    if digest != _digest(description) or any(type(description.get(key)) is not kind for key, kind in kinds.items()):
        raise DataError(f"{str(folder / DESCRIPTION)!r} was changed or damaged; save the model again")
    return folder, description, _from_safetensors(folder / ARRAYS, description[ARRAYS])


def _description(folder: Path) -> dict[str, Any]:
    path = folder / DESCRIPTION
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_DESCRIPTION:
            raise ValueError(f"expected a file of at most {_MAX_DESCRIPTION:,} bytes")
        found = json.loads(path.read_bytes())
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise ValueError(f"the format is not {FORMAT!r}")
    except (FileNotFoundError, NotADirectoryError):
        kind = "is no folder" if folder.exists() and not folder.is_dir() else f"holds no {DESCRIPTION}"
        reason = kind if folder.exists() else "does not exist"
        raise DataError(
            f"expected the folder of a model, but {str(folder)!r} {reason}; make one with: kolmo fit"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        cause = getattr(error, "strerror", None) or one_line(str(error), 200)
        raise DataError(
            f"{str(path)!r} does not describe a model of Kolmo: {cause}; make one with: kolmo fit"
        ) from error
    return found


def _digest(description: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()


def _to_safetensors(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    import numpy as np
    from safetensors.numpy import save

    found: bytes = save({name: np.ascontiguousarray(each) for name, each in arrays.items()})
    return found


def _from_safetensors(path: Path, facts: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        size = path.stat().st_size
        if size != facts.get("size_bytes"):
            raise DataError(f"{str(path)!r} is damaged: expected {facts.get('size_bytes')!r:.40} bytes, got {size:,}")
        raw = path.read_bytes()
        if hashlib.sha256(raw).hexdigest() != facts.get("sha256"):
            raise DataError(f"{str(path)!r} is damaged: it is not the file that {DESCRIPTION} describes")
        found: dict[str, NDArray[Any]] = load(raw)
    except OSError as error:
        raise DataError(f"{str(path)!r} cannot be read: {error.strerror or error}; save the model again") from error
    except KolmoError as error:
        raise DataError(f"{error}; save the model again") from error
    except (SafetensorError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise DataError(f"{str(path)!r} is not a complete safetensors file: {one_line(str(error), 200)}") from error
    return found


def _name_of(kind: type) -> str:
    path = f"{kind.__module__}:{kind.__qualname__}"
    names = [name for name, each in MODELS.items() if each == path]
    if not names:
        raise ParameterError(f"{kind.__name__} cannot be saved; the models that can are {', '.join(MODELS)}")
    return names[0]


def class_of(name: str, folder: Path) -> type[SavedModel]:
    if name not in MODELS:
        raise DataError(
            f"the model {str(folder)!r} is of the unknown kind {name!r:.60}; kolmo {__version__} knows "
            f"{', '.join(MODELS)}"
        )
    module, _, kind = MODELS[name].partition(":")
    found: type[SavedModel] = getattr(importlib.import_module(module), kind)
    return found
