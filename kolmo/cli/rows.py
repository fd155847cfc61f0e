"""Rows of an input with further columns: CSV in, CSV out; JSON in, JSON lines out; lines in, lines out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from kolmo.data.corpus import Corpus
from kolmo.data.lines import STDIN
from kolmo.errors import ParameterError

FORMATS = ("csv", "tsv", "jsonl", "lines")
_BY_ENDING = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".json": "jsonl", ".jsonl": "jsonl", ".ndjson": "jsonl"}


def format_of(corpus: Corpus, source: str, named: str | None, output: Path | None) -> str:
    """Return the format of the output: by the name of the output, or else that of the input.

    Lines of text become lines with columns behind a TAB, and texts of folders and data sets a CSV file.
    """
    if output is not None and output.suffix.lower() in _BY_ENDING:
        return _BY_ENDING[output.suffix.lower()]
    if corpus.rows is None:
        is_lines = corpus.labels is None and corpus.modality == "text" and not Path(source).is_dir()
        return "lines" if is_lines else "csv"
    if named is not None:
        return {"tsv": "tsv", "json": "jsonl", "jsonl": "jsonl"}.get(named, "csv")
    endings = [_BY_ENDING[ending] for ending in map(str.lower, Path(source).suffixes) if ending in _BY_ENDING]
    return endings[-1] if endings else "tsv" if Path(source).suffix.lower() == ".txt" else "csv"


class RowWriter:
    """Writes rows as texts, without the end of their line.

    Parameters
    ----------
    form : str
        One of `FORMATS`.
    names : sequence of str, optional
        The names of the input's columns; None if it has none.
    added : sequence of str
        The names of the further columns. One that the input has already gets a number behind it.
    """

    def __init__(self, form: str, names: Sequence[str] | None, added: Sequence[str]) -> None:
        if form not in FORMATS:
            raise ParameterError(f"expected one of {', '.join(FORMATS)}, got {form!r}")
        self.form, self.names = form, names
        self.added = [_new_name(name, names or ()) for name in added]

    def header(self) -> Iterator[str]:
        """Yield the row of names, if the format and the input have one."""
        if self.form in ("csv", "tsv") and self.names is not None:
            yield self._delimited([*self.names, *self.added])

    def row(self, cells: Sequence[Any], added: Sequence[Any]) -> str:
        """Return a row of the input with further cells; numbers are rounded to 6 digits."""
        rounded = [round(cell, 6) if isinstance(cell, float) else cell for cell in added]
        if self.form == "jsonl":
            names = self.names if self.names is not None else [str(number) for number in range(len(cells))]
            record = dict(zip([*names, *self.added], [*cells, *rounded], strict=True))
            return json.dumps(record, ensure_ascii=False, default=str)
        texts = [f"{cell:.6f}" if isinstance(cell, float) else _cell_text(cell) for cell in rounded]
        if self.form == "lines":
            return "\t".join([*map(_cell_text, cells), *texts])
        return self._delimited([*map(_cell_text, cells), *texts])

    def _delimited(self, cells: Iterable[str]) -> str:
        buffer = io.StringIO()
        csv.writer(buffer, delimiter="\t" if self.form == "tsv" else ",", lineterminator="").writerow(cells)
        return buffer.getvalue()


def rows_of(corpus: Corpus) -> tuple[Sequence[str] | None, Iterator[Sequence[Any]]]:
    """Return the names of the columns of an input, and the cells of each item; without a table, its label and text."""
    if corpus.rows is not None:
        return corpus.rows.names, iter(corpus.rows.cells)
    texts = (item.decode("utf-8", "surrogateescape") for item in corpus.items)
    if corpus.labels is None:
        return ["text"], ([text] for text in texts)
    return ["label", "text"], ([label, text] for label, text in zip(corpus.labels, texts, strict=True))


def is_stream(source: str, named: str | None) -> bool:
    """Return whether an input is labelled line by line as it arrives: lines or JSON lines from stdin."""
    return source == STDIN and named in (None, "lines", "json", "jsonl")


def _new_name(name: str, names: Sequence[str]) -> str:
    number, found = 2, name
    while found in names:
        number, found = number + 1, f"{name}_{number}"
    return found


def _cell_text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool | int | float | list | dict):
        return json.dumps(cell, ensure_ascii=False, default=str)
    return cell.decode("utf-8", "surrogateescape") if isinstance(cell, bytes) else str(cell)
