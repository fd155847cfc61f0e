"""Training and test sets named on the command line."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kolmo.cli.output import say
from kolmo.data.lines import STDIN
from kolmo.errors import DataError, ParameterError

if TYPE_CHECKING:
    from kolmo.data.corpus import Corpus


def read_set(name: str, *, split: str, data_dir: str | None, **reading: Any) -> Corpus:
    """Return the data set that an argument names.

    Parameters
    ----------
    name : str
        A path, or a data set of the catalogue with or without its split (``r8:train``). An existing path has
        precedence.
    split : str
        The split of a data set of the catalogue if none is named.
    data_dir : str, optional
        Folder with data sets.
    **reading
        Further arguments of `kolmo.read`, for a path; text of the catalogue is normalized as they say.
    """
    from kolmo.data.catalog import describe, load_dataset
    from kolmo.data.decoding import Reading
    from kolmo.data.readers import read

    if name == STDIN or os.path.lexists(name) or os.sep in name or Path(name).suffix:
        found = read(name, **reading)
        say(name, found.remarks)
        return found
    listed, _, named_split = name.partition(":")
    try:
        splits = describe(listed).splits
    except ParameterError as error:
        raise DataError(f"there is no file {name!r}, and {error}") from None
    found = load_dataset(listed, named_split or (split if splits else None), data_dir=data_dir)
    text = Reading(normalize=reading.get("normalize"), casefold=bool(reading.get("casefold")))
    return replace(found, items=[text.folded_bytes(item) for item in found.items]) if text.changes_text else found


def labelled_set(name: str, *, split: str, data_dir: str | None, **reading: Any) -> Corpus:
    """Return the data set that an argument names, as `read_set`; it must have labels."""
    found = read_set(name, split=split, data_dir=data_dir, **reading)
    if found.labels is None:
        raise DataError(f"{name!r} has no labels; name their column with --label-column")
    return found


def files_of(name: str, data_dir: str | None) -> list[Path]:
    """Return the files of a data set of the catalogue in the folder of data sets; none if the name is another.

    Parameters
    ----------
    name : str
        The name of a data set, with or without its split.
    data_dir : str, optional
        Folder with data sets; by default the one in ``KOLMO_DATA``.
    """
    from kolmo.data.catalog import ENVIRONMENT_VARIABLE, describe
    from kolmo.data.fetching import find_locally

    folder = data_dir or os.environ.get(ENVIRONMENT_VARIABLE)
    try:
        data_set = describe(name.partition(":")[0])
    except ParameterError:
        return []
    if not folder:
        return []
    found = (find_locally(Path(folder), (data_set.name, *data_set.folders), file.name) for file in data_set.files)
    return [path for path in found if path is not None]


def sample(corpus: Corpus, limit: int | None, *, seed: int) -> tuple[Corpus, list[int]]:
    """Return at most `limit` items drawn at random, and their positions in the corpus, in order."""
    if limit is None or limit >= len(corpus):
        return corpus, list(range(len(corpus)))
    positions = corpus.draw(limit, seed=seed)
    return corpus.subset(positions), positions


def described(corpus: Corpus, drawn: int) -> str:
    """Return the size and name of a data set for a title."""
    whole = f"{len(corpus):,} texts of {corpus.name}"
    return whole if drawn == len(corpus) else f"{drawn:,} of {whole}"
