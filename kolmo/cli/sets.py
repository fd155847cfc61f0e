"""Training and test sets as a command line names them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kolmo.data.lines import STDIN
from kolmo.errors import DataError, ParameterError

if TYPE_CHECKING:
    from kolmo.data.corpus import Corpus


def read_set(name: str, *, split: str, data_dir: str | None, **reading: Any) -> Corpus:
    """Return the set that an argument names.

    Parameters
    ----------
    name : str
        A path, or a set of the catalogue with its split (``r8:train``) or without. A path that exists wins.
    split : str
        The split that a set of the catalogue is meant to give if none is named.
    data_dir : str, optional
        Folder with data sets.
    **reading
        Further parameters of `kolmo.read`, for a path.
    """
    from kolmo.data.catalog import describe, load_dataset
    from kolmo.data.readers import read

    if name == STDIN or os.path.lexists(name) or os.sep in name or Path(name).suffix:
        return read(name, **reading)
    listed, _, named_split = name.partition(":")
    try:
        splits = describe(listed).splits
    except ParameterError as error:
        raise DataError(f"there is no file {name!r}, and {error}") from None
    return load_dataset(listed, named_split or (split if splits else None), data_dir=data_dir)


def sample(corpus: Corpus, limit: int | None, *, seed: int) -> tuple[Corpus, list[int]]:
    """Return at most `limit` items drawn at random, and their positions in the whole, in order."""
    if limit is None or limit >= len(corpus):
        return corpus, list(range(len(corpus)))
    positions = corpus.draw(limit, seed=seed)
    return corpus.subset(positions), positions


def described(corpus: Corpus, drawn: int) -> str:
    """Return a set's size and name, as a title states it."""
    whole = f"{len(corpus):,} texts of {corpus.name}"
    return whole if drawn == len(corpus) else f"{drawn:,} of {whole}"
