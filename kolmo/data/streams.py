"""The documents of a file or folder one at a time, for data that are larger than the memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kolmo.data.decoding import Reading, opened_text
from kolmo.data.lines import numbered_lines, without_line_end
from kolmo.data.readers import format_of, read
from kolmo.data.symbols import Content, Files, files_in
from kolmo.errors import DataError

_CONTENT = ("encoding", "normalize", "casefold", "pixels", "mono", "qualities", "raw", "only", "skip_unreadable")
"""The arguments of `kolmo.read` that say how the content of files is read."""
MAX_ARRAYS_BYTES = 2**21
"""Bytes of the pictures or sounds that a stream keeps."""


@dataclass
class Stream:
    """The documents of a file or folder, read one at a time; iterates over pairs of document and label.

    A folder, and a file of lines, are read as they are iterated over; a table, and a file that is one document, are
    read whole.

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
    modality: str = "bytes"
    contents: list[Content] = field(default_factory=list)
    """The first pictures or sounds of a folder, up to 2 MiB."""

    def __iter__(self) -> Iterator[tuple[bytes, str | None]]:
        options = Reading(**{name: self.reading[name] for name in _CONTENT if name in self.reading})
        chosen = self.reading.get("format") or format_of(self.path, options)
        if chosen == "folder" and os.path.isdir(self.path):
            return self._folder(options)
        if chosen == "file":
            return self._files([Path(self.path)], options, {})
        if chosen == "lines":
            return self._lines(options)
        corpus = read(self.path, **self.reading)
        self.remarks, self.modality = corpus.remarks, corpus.modality
        labels: Sequence[str | None] = corpus.labels or [None] * len(corpus)
        return iter(list(zip(corpus.items, labels, strict=True)))

    def _folder(self, options: Reading) -> Iterator[tuple[bytes, str | None]]:
        root = Path(self.path)
        files = files_in(root)
        if not files:
            raise DataError(f"the folder {self.path!r} holds no files")
        is_labelled = all(len(file.relative_to(root).parts) > 1 for file in files)
        labels = {str(file): file.relative_to(root).parts[0] for file in files} if is_labelled else {}
        return self._files(files, options, labels if len(set(labels.values())) > 1 else {})

    def _files(self, paths: list[Path], options: Reading, labels: dict[str, str]) -> Iterator[tuple[bytes, str | None]]:
        files = Files(options)
        kept = 0
        for name, content in files.contents(paths):
            if (content.picture or content.sound) and kept < MAX_ARRAYS_BYTES:
                self.contents.append(content)
                kept += len(content.data)
            yield content.data, labels.get(name)
        self.remarks, self.modality = files.remarks(), files.modality(self.path)

    def _lines(self, options: Reading) -> Iterator[tuple[bytes, str | None]]:
        self.modality = "text"
        with opened_text(self.path, options) as (file, encoding):
            self.remarks = (encoding.remark,) if encoding.remark else ()
            for _, line in numbered_lines(file, self.path, options.max_item_bytes):
                if line.strip():
                    yield options.folded_bytes(without_line_end(line)), None
