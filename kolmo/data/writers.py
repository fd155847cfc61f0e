"""Writers of items with their labels, as a table or as lines."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import IO

from kolmo.data.corpus import Corpus
from kolmo.errors import DataError

ENDINGS = (".csv", ".tsv", ".jsonl", ".txt")
"""The formats of `write_items`, which `kolmo.read` reads back."""


def write_items(corpus: Corpus, file: IO[str], ending: str) -> None:
    """Write items to a text file; bytes that are not UTF-8 are surrogate escapes.

    Parameters
    ----------
    corpus : Corpus
        The items, with or without labels.
    file : text file
        Open for writing, without translation of line ends.
    ending : str
        One of `ENDINGS`: CSV, TSV or JSON lines with the columns ``label``, if there are labels, and ``text``; or one
        text a line.

    Raises
    ------
    DataError
        If a text does not fit the format: a line break in TSV or in lines, a TAB in TSV, or labels in lines.

    Examples
    --------
    >>> import io
    >>> file = io.StringIO()
    >>> write_items(Corpus(items=[b"a cat", b"a bond"], labels=["pets", "money"]), file, ".tsv")
    >>> file.getvalue().splitlines()
    ['label\\ttext', 'pets\\ta cat', 'money\\ta bond']
    """
    names = ["text"] if corpus.labels is None else ["label", "text"]
    texts = corpus.texts()
    rows = [[text] for text in texts] if corpus.labels is None else list(zip(corpus.labels, texts, strict=True))
    if ending == ".jsonl":
        file.writelines(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n" for row in rows)
    elif ending == ".csv":
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)
    else:
        if ending == ".txt" and corpus.labels is not None:
            raise DataError("lines of text have no labels; write the items to a .csv, .tsv or .jsonl file")
        broken = "\t\n\r" if ending == ".tsv" else "\n\r"
        for number, row in enumerate(rows):
            if any(character in cell for cell in row for character in broken):
                raise DataError(
                    f"item {number} holds a line break{' or a TAB' if ending == '.tsv' else ''}; write the items to a "
                    ".csv or .jsonl file"
                )
        file.writelines("\t".join(row) + "\n" for row in ([names] if ending == ".tsv" else []) + [*map(list, rows)])


def ending_of(path: Path) -> str:
    """Return the ending of a path in lower case."""
    return path.suffix.lower()
