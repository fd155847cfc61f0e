"""The content of a saved model, for a person."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from kolmo._core.models.saving import ARRAYS, DESCRIPTION, class_of, read_folder
from kolmo._core.results import Result

if TYPE_CHECKING:
    from kolmo._core.tables import Table

_FACTS = ("n_items", "classes")
"""Values that are shown, of the models that have them."""


@dataclass(frozen=True, kw_only=True)
class ModelInfo(Result):
    """The content of a saved model.

    Parameters
    ----------
    path : str
        The folder.
    model : str
        Name of its class.
    kolmo : str
        The version of Kolmo that wrote it.
    size_bytes : int
        Size of its files.
    n_items : int or None
        Number of training items, where it holds them.
    classes : tuple or None
        The labels of a classifier.
    parameters : dict of str to JSON values
        Its parameters.
    arrays : dict of str to str
        Type and shape of each array.
    """

    path: str
    model: str
    kolmo: str
    size_bytes: int
    n_items: int | None
    classes: tuple[Any, ...] | None
    parameters: dict[str, Any]
    arrays: dict[str, str]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        from kolmo._core.tables import Column, Table

        tables = []
        for result in results:
            table = Table(f"Model {result.path}", [Column("property"), Column("value")])
            table.add("class", result.model)
            table.add("written by", f"kolmo {result.kolmo}")
            table.add("size", f"{result.size_bytes:,} bytes")
            if result.n_items is not None:
                table.add("training items", f"{result.n_items:,}")
            if result.classes is not None:
                named = ", ".join(map(str, result.classes[:10])) + (", ..." if len(result.classes) > 10 else "")
                table.add("classes", f"{len(result.classes):,}: {named}")
            for name, value in result.parameters.items():
                table.add(name, _spelled(value))
            if verbose:
                for name, kind in result.arrays.items():
                    table.add(f"array {name}", kind)
            tables.append(table)
        return tables


def model_info(path: str | os.PathLike[str]) -> ModelInfo:
    """Return what a folder with a saved model holds, without making the model.

    Parameters
    ----------
    path : path-like
        The folder.

    Returns
    -------
    ModelInfo

    Raises
    ------
    DataError
        As for `load_model`.

    Examples
    --------
    >>> import tempfile
    >>> from kolmo import NGramVectorizer
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     NGramVectorizer(n_buckets=64).fit(["the cat", "the mat"]).save(f"{folder}/model")
    ...     model_info(f"{folder}/model").parameters["n_buckets"]
    64
    """
    folder, description, arrays = read_folder(path)
    values = description["values"]
    n_items, classes = (values.get(name) for name in _FACTS)
    size = sum((folder / name).stat().st_size for name in (DESCRIPTION, ARRAYS))
    return ModelInfo(
        path=str(path),
        model=class_of(description["model"], folder).__name__,
        kolmo=description["kolmo"],
        size_bytes=size,
        n_items=n_items if type(n_items) is int else None,
        classes=tuple(classes) if isinstance(classes, list) else None,
        parameters=description["parameters"],
        arrays={name: f"{found.dtype} {found.shape}" for name, found in arrays.items()},
    )


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
