"""The items that a command searches: files, the files of folders, lines, and rows of tables, with their names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from kolmo.cli.inputs import Items, content_arguments
from kolmo.cli.sets import read_set
from kolmo.data.lines import MAX_ITEM_BYTES
from kolmo.errors import DataError


def read_items(
    names: Sequence[str], reading: dict[str, Any], *, split: str, data_dir: str | None, least: int
) -> tuple[list[bytes], list[str] | None]:
    """Return the items that arguments name, and the name of each, or None for those of a single table or file of lines.

    A folder stands for its files, one item each, unless its format is given.

    Parameters
    ----------
    names : sequence of str
        Files, folders and data sets of the catalogue; ``-`` is stdin.
    reading : dict
        How they are read; see `kolmo.cli.inputs.reading_options`.
    split : str
        The split of a data set of the catalogue if none is named.
    data_dir : str, optional
        Folder with data sets.
    least : int
        Number of items that are needed.

    Raises
    ------
    DataError
        If there are too few items, or data that cannot be read.
    """
    items: list[bytes] = []
    labels: list[str] = []
    is_single = len(names) == 1
    for name in names:
        if os.path.isdir(name) and reading["format"] is None:
            found = Items([name], MAX_ITEM_BYTES, as_set=False, reading=content_arguments(reading))
            for file, data in found.read():
                items.append(data)
                labels.append(file)
            is_single = False
            continue
        corpus = read_set(name, split=split, data_dir=data_dir, **reading)
        items += corpus.items
        is_file = len(corpus) == 1
        labels += [name] if is_file else [f"{name}:{place}" for place in range(len(corpus))]
        is_single = is_single and not is_file
    if len(items) < least:
        hint = "; it was read as one item, so read its lines with --format lines" if labels[:1] == [names[0]] else ""
        raise DataError(f"expected at least {least} items, got {len(items)} in {names[0]!r}{hint}")
    return items, None if is_single else labels
