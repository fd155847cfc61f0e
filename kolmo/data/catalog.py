"""Public data sets by name, from a local folder or downloaded once, verified by their hashes."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, get_type_hints

from kolmo.data import builtin
from kolmo.data.archives import read_folders
from kolmo.data.corpus import Corpus
from kolmo.data.fetching import DataFile, check_name, find_locally, retrieve, shipped, verify
from kolmo.data.readers import read
from kolmo.errors import DataError, ParameterError

ENVIRONMENT_VARIABLE = "KOLMO_DATA"


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """Description of a data set.

    Parameters
    ----------
    name : str
        Name for `load_dataset`.
    title, modality, licence, citation, homepage : str
        Descriptions; the modality is that of `Corpus`.
    splits : tuple of str
        Names of the splits; empty if there are none.
    files : tuple of DataFile
        The files; empty for a data set built from installed libraries.
    folders : tuple of str
        Names of a local folder with the files.
    reader : dict
        Arguments of `kolmo.read`.
    note : str
        Further remarks, such as differences between copies.
    """

    name: str
    title: str
    modality: str
    licence: str
    citation: str
    homepage: str
    splits: tuple[str, ...] = ()
    files: tuple[DataFile, ...] = ()
    folders: tuple[str, ...] = ()
    reader: dict[str, Any] = field(default_factory=dict)
    note: str = ""


_BUILT_IN: dict[str, tuple[DataSet, Callable[[Any], Corpus]]] = {
    "docstrings": (
        DataSet(
            name="docstrings",
            title="API docstrings by library",
            modality="text",
            licence="BSD-3-Clause, by NumPy, SciPy and scikit-learn",
            citation="The documentation of the installed NumPy, SciPy and scikit-learn",
            homepage="https://scikit-learn.org",
            splits=("train", "test"),
            note="built from the installed libraries: no download; the texts depend on their versions",
        ),
        builtin.docstrings,
    ),
    "digits": (
        DataSet(
            name="digits",
            title="Handwritten digits, 8 by 8 pixels",
            modality="image",
            licence="CC BY 4.0",
            citation="Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI 1998",
            homepage="https://scikit-learn.org/stable/datasets/toy_dataset.html",
            splits=("train", "test"),
            note="part of scikit-learn: no download",
        ),
        builtin.digits,
    ),
    "photos": (
        DataSet(
            name="photos",
            title="Two photographs as raw RGB",
            modality="image",
            licence="CC BY 2.0",
            citation="scikit-learn's sample images: china.jpg, flower.jpg",
            homepage="https://scikit-learn.org/stable/datasets/loading_other_datasets.html",
            note="part of scikit-learn: no download; needs the extra image",
        ),
        lambda _: builtin.photos(),
    ),
}


def list_datasets() -> list[str]:
    """Return the names of all data sets, first those that need no download.

    Returns
    -------
    list of str

    Examples
    --------
    >>> list_datasets()[:3]
    ['docstrings', 'digits', 'photos']
    """
    public = _public()
    return [*_BUILT_IN, *sorted(public, key=lambda name: (any(file.url for file in public[name].files), name))]


def describe(name: str) -> DataSet:
    """Return the description of a data set.

    Parameters
    ----------
    name : str
        Name of the data set; case, spaces, dashes and underscores are ignored.

    Returns
    -------
    DataSet

    Raises
    ------
    ParameterError
        If there is no such data set; the message suggests similar names.

    Examples
    --------
    >>> describe("AG News").splits
    ('train', 'test')
    """
    known = {_plain(key): key for key in list_datasets()}
    plain = _plain(str(name))
    if plain not in known:
        near = [known[match] for match in difflib.get_close_matches(plain, known, n=3, cutoff=0.5)]
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known: {', '.join(list_datasets())}"
        raise ParameterError(f"there is no data set named {name!r}; {hint}")
    key = known[plain]
    return _BUILT_IN[key][0] if key in _BUILT_IN else _public()[key]


def load_dataset(name: str, split: str | None = None, *, data_dir: str | Path | None = None) -> Corpus:
    """Return a data set by name.

    Parameters
    ----------
    name : str
        See `list_datasets`.
    split : str, optional
        The split, for data sets that have splits.
    data_dir : str or Path, optional
        Folder to search for the files, including two levels of sub-folders; by default the value of the environment
        variable ``KOLMO_DATA``. Missing files are downloaded to the user's cache.

    Returns
    -------
    Corpus

    Raises
    ------
    ParameterError
        If there is no such data set or split.
    DataError
        If the hash or size of a file is wrong, or it cannot be downloaded.

    Examples
    --------
    >>> load_dataset("digits", "test").classes
    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']
    """
    data_set = describe(name)
    if data_set.splits and split not in data_set.splits:
        got = repr(split) if split else "none"
        raise ParameterError(f"split of {data_set.name}: expected {' or '.join(data_set.splits)}, got {got}")
    if split and not data_set.splits:
        raise ParameterError(f"{data_set.name} has no splits, got {split!r}; omit it")
    if data_set.name in _BUILT_IN:
        return _BUILT_IN[data_set.name][1](split)
    title = f"{data_set.name}:{split}" if split else data_set.name
    corpora = []
    for file in data_set.files:
        if file.split == split:
            path = _path_of(data_set, file, data_dir)
            if data_set.reader.get("format") == "folder":
                items, labels = read_folders(path, file.member or "", data_set.reader.get("classes"))
                corpora.append(Corpus(items=items, labels=labels, source=str(path)))
            else:
                corpora.append(read(path, **data_set.reader))
    labels_known = all(corpus.labels is not None for corpus in corpora)
    return Corpus(
        items=[item for corpus in corpora for item in corpus.items],
        labels=[label for corpus in corpora for label in corpus.labels or ()] if labels_known else None,
        name=title,
        modality=data_set.modality,
        encoding=corpora[0].encoding,
        source=", ".join(corpus.source for corpus in corpora),
        rows=corpora[0].rows if len(corpora) == 1 else None,
    )


def fetch(name: str, *, data_dir: str | Path | None = None) -> list[Path]:
    """Return the paths of the files of a data set, after downloading missing ones.

    Parameters
    ----------
    name : str
        See `list_datasets`.
    data_dir : str or Path, optional
        Folder to search first, see `load_dataset`.

    Returns
    -------
    list of Path
        Empty for a data set built from installed libraries.

    Raises
    ------
    DataError
        If the hash or size of a file is wrong, or it cannot be downloaded.

    Warns
    -----
    UserWarning
        If the hash of a downloaded file is not in the catalogue; the message contains its hash.

    Examples
    --------
    >>> fetch("docstrings")
    []
    """
    data_set = describe(name)
    return list(dict.fromkeys(_path_of(data_set, file, data_dir) for file in data_set.files))


def _path_of(data_set: DataSet, file: DataFile, data_dir: str | Path | None) -> Path:
    if not file.url:
        return shipped(file)
    folder = data_dir or os.environ.get(ENVIRONMENT_VARIABLE)
    if folder:
        if not Path(folder).is_dir():
            raise DataError(
                f"the data folder {folder} does not exist; set it with --data-dir or {ENVIRONMENT_VARIABLE}"
            )
        in_archive = data_set.reader.get("format") == "folder"
        local = find_locally(Path(folder), (data_set.name, *data_set.folders), file.name)
        if local is not None:
            verify(local, file.archive_sha256 if in_archive else file.sha256, None if in_archive else file.size)
            return local
    return retrieve(data_set.name, file, looked_in=folder)


@cache
def _public() -> dict[str, DataSet]:
    found = (_parse(entry) for entry in _folder().iterdir() if entry.name.endswith(".toml"))
    return {data_set.name: data_set for data_set in found}


def _folder() -> Traversable:
    """Return the folder of the TOML files: in the installed package, or at the top of a checkout."""
    packed = files("kolmo.data") / "datasets"
    return packed if packed.is_dir() else Path(__file__).parents[2] / "datasets"


def _parse(entry: Traversable) -> DataSet:
    try:
        facts = tomllib.loads(entry.read_text(encoding="utf-8"))
        listed = tuple(DataFile(**file) for file in facts.pop("files"))
        splits = tuple(dict.fromkeys(file.split for file in listed if file.split))
        folders = facts.pop("folders", [])
        check_name("name of the data set", facts["name"])
        found = DataSet(**facts, files=listed, folders=tuple(folders), splits=splits)
        for key, kind in get_type_hints(DataSet).items():
            if kind is str and not isinstance(getattr(found, key), str):
                raise DataError(f"{key}: expected text, got {getattr(found, key)!r:.60}")
        if not isinstance(found.reader, dict) or not _is_names(folders):
            raise DataError("expected a table 'reader' and a list of names 'folders'")
        for folder in folders:
            check_name("folder", folder)
        return found
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(f"the entry {entry.name} of the catalogue cannot be read: {error}") from error


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).lower()
