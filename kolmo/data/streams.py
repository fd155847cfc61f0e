"""The documents of a file or folder one at a time, for data that are larger than the memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from kolmo.data.columns import Source
from kolmo.data.decoding import Reading, opened_text
from kolmo.data.lines import numbered_lines, without_line_end
from kolmo.data.readers import TABLES, columns_of, format_of, read, unclear_header
from kolmo.data.symbols import Content, Files, files_in
from kolmo.data.tables import opened_table
from kolmo.errors import DataError

_CONTENT = ("encoding", "normalize", "casefold", "pixels", "mono", "qualities", "raw", "only", "skip_unreadable")
"""The arguments of `kolmo.read` that say how the content of files is read."""
MAX_ARRAYS_BYTES = 2**21
"""Bytes of the pictures or sounds that a stream keeps."""


class Document(NamedTuple):
    """A document of a stream.

    Parameters
    ----------
    data : bytes
        Its bytes.
    label : str or None
        Its label; blank if it is missing.
    file : str or None
        The file of a folder.
    cells : sequence or None
        The cells of its row of a table.
    """

    data: bytes
    label: str | None = None
    file: str | None = None
    cells: Sequence[Any] | None = None


@dataclass
class Stream:
    """The documents of a file or folder, read one at a time; iterates over pairs of document and label.

    A folder, a file of lines, and a table are read as they are iterated over, Parquet in blocks of rows. JSON that is
    one array or object, a file of sequences, and a file that is one document are read whole.

    Parameters
    ----------
    path : str
        The file or folder.
    reading : dict
        The arguments of `kolmo.read`.
    """

    path: str
    reading: dict[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    """How the data were read, once they are."""
    contents: list[Content] = field(default_factory=list)
    """The first pictures or sounds of a folder, up to 2 MiB."""
    names: Sequence[str] | None = None
    """The names of the columns of a table, once its first row is read."""

    def __iter__(self) -> Iterator[tuple[bytes, str | None]]:
        return ((each.data, each.label) for each in self.documents())

    def documents(self) -> Iterator[Document]:
        """Yield the documents with the cells of their rows."""
        options = Reading(**{name: self.reading[name] for name in _CONTENT if name in self.reading})
        chosen = self.reading.get("format") or format_of(self.path, options)
        has_columns = bool(self.reading.get("text_columns")) or self.reading.get("label_column") is not None
        if chosen in TABLES:
            return self._table(chosen, options)
        if chosen == "folder" and os.path.isdir(self.path) and not has_columns:
            return self._folder(options)
        if chosen == "file" and not has_columns:
            return self._files([Path(self.path)], options, {})
        if chosen == "lines" and not has_columns:
            return self._lines(options)
        return self._whole()

    def _folder(self, options: Reading) -> Iterator[Document]:
        root = Path(self.path)
        files = files_in(root)
        if not files:
            raise DataError(f"the folder {self.path!r} holds no files")
        is_labelled = all(len(file.relative_to(root).parts) > 1 for file in files)
        labels = {str(file): file.relative_to(root).parts[0] for file in files} if is_labelled else {}
        return self._files(files, options, labels if len(set(labels.values())) > 1 else {})

    def _files(self, paths: list[Path], options: Reading, labels: dict[str, str]) -> Iterator[Document]:
        files = Files(options)
        kept = 0
        for name, content in files.contents(paths):
            if (content.picture or content.sound) and kept < MAX_ARRAYS_BYTES:
                self.contents.append(content)
                kept += len(content.data)
            yield Document(content.data, labels.get(name), name)
        self.remarks = files.remarks()
        files.modality(self.path)

    def _lines(self, options: Reading) -> Iterator[Document]:
        with opened_text(self.path, options) as (file, encoding):
            self.remarks = (encoding.remark,) if encoding.remark else ()
            for _, line in numbered_lines(file, self.path, options.max_item_bytes):
                if line.strip():
                    yield Document(options.folded_bytes(without_line_end(line)))

    def _table(self, form: str, options: Reading) -> Iterator[Document]:
        named = {name: self.reading[name] for name in ("separator", "header", "like") if name in self.reading}
        columns = columns_of(self.reading.get("text_columns"), self.reading.get("label_column"), **named)
        cells = {name: self.reading.get(name) for name in ("delimiter", "quotes")}
        cells["unclear"] = unclear_header(self.path, self.reading.get("format"))
        labels = Reading(normalize=options.normalize)
        with opened_table(form, Source(path=self.path, reading=options), columns, **cells) as table:
            self.remarks, self.names = table.remarks, table.selection.names
            for _, text, label, row in table.selection.rows:
                told = None if label is None else labels.folded(label.decode("utf-8", "surrogateescape"))
                yield Document(options.folded_bytes(text), told, None, row)

    def _whole(self) -> Iterator[Document]:
        corpus = read(self.path, **self.reading)
        self.remarks = corpus.remarks
        labels: Sequence[str | None] = corpus.labels or [None] * len(corpus)
        return iter([Document(item, label) for item, label in zip(corpus.items, labels, strict=True)])
