"""Readers of files and folders; the format is detected or given."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from kolmo.data.corpus import Corpus
from kolmo.data.lines import MAX_ITEM_BYTES, STDIN, check_path, numbered_lines, opened, read_whole, without_line_end
from kolmo.data.tables import AS_BYTES, Columns, Source, read_delimited, read_json_lines, read_parquet
from kolmo.errors import DataError, ParameterError

Labelled = tuple[list[bytes], list[str] | None]

_FASTTEXT_PREFIX = b"__label__"
_SNIFFED_LINES = 20
_LONGEST_SNIFFED_LABEL = 64

_BY_ENDING = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".label": "trec",
    ".log": "lines",
}


def read(
    path: str | Path,
    *,
    format: str | None = None,  # noqa: A002
    text_columns: Sequence[str] | None = None,
    label_column: str | None = None,
    separator: str = " ",
    encoding: str = "utf-8",
    header: bool | None = None,
    max_item_bytes: int = MAX_ITEM_BYTES,
    name: str | None = None,
) -> Corpus:
    """Read a file or a folder as items of bytes, with labels if there are any.

    Parameters
    ----------
    path : str or Path
        A file, a folder with one folder per class, or ``-`` for standard input.
    format : str, optional
        ``csv``, ``tsv``, ``jsonl``, ``parquet`` (extra ``parquet``): a table, see the columns below. ``folder``: one
        folder per class, one file per item. ``lines``: one text a line. ``fasttext``: lines of ``__label__x text``.
        ``trec``: lines of ``LABEL:fine text``. ``file``: the whole file is one item. By default a folder is
        ``folder``, standard input is ``lines``, the endings ``.csv``, ``.tsv``, ``.jsonl``, ``.ndjson``, ``.parquet``,
        ``.label`` (trec) and ``.log`` (lines) determine the format, and any other file is ``file``. The format of a
        ``.txt`` depends on its first 20 lines: ``fasttext`` if all start with ``__label__``, ``tsv`` if each has a
        label of at most 64 bytes without spaces before its only TAB, else ``lines``.
    text_columns : sequence of str, optional
        Columns of the text by name, or by number from 0. By default the first of the well-known names (text, sentence,
        content, ...) or, without a header, all but the label's.
    label_column : str, optional
        Column of the label. By default the first of the well-known names (label, class, category, ...) or, without a
        header, the first of several columns.
    separator : str
        Text placed between joined text columns.
    encoding : str
        Encoding of the text in tables; items are stored as UTF-8. ``"bytes"`` keeps them unchanged. Items of other
        formats are always unchanged.
    header : bool, optional
        Whether the first row of a table contains column names. By default this is so if it contains one of the columns
        given here or a well-known name.
    max_item_bytes : int
        Largest item or line in bytes.
    name : str, optional
        Name of the corpus; the file name by default.

    Returns
    -------
    Corpus

    Raises
    ------
    DataError
        If the path cannot be read, holds no items, or does not match its format.
    ParameterError
        If the format or encoding does not exist.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mail.csv"
    >>> _ = path.write_text("label,text\\nspam,win a prize\\nham,see you at noon\\n")
    >>> corpus = read(path)
    >>> corpus.items, corpus.labels
    ([b'win a prize', b'see you at noon'], ['spam', 'ham'])
    """
    if not str(path):
        raise DataError("the path is empty; give that of a file or a folder, or - for standard input")
    if max_item_bytes < 1:
        raise ParameterError(f"max_item_bytes: expected an integer of at least 1, got {max_item_bytes}")
    chosen = format or _format_of(path, max_item_bytes)
    named = (text_columns,) if isinstance(text_columns, str) else tuple(text_columns or ())
    columns = Columns(text=named, label=label_column, separator=separator, header=header)
    source = Source(path=path, encoding=encoding, max_item_bytes=max_item_bytes)
    readers: dict[str, Callable[[], Labelled]] = {
        "csv": lambda: read_delimited(source, columns, delimiter=",", quoted=True),
        "tsv": lambda: read_delimited(source, columns, delimiter="\t", quoted=False),
        "jsonl": lambda: read_json_lines(source, columns),
        "parquet": lambda: read_parquet(source, columns),
        "folder": lambda: _read_folder(Path(path), max_item_bytes),
        "lines": lambda: (_lines(path, max_item_bytes), None),
        "fasttext": lambda: _split(path, max_item_bytes, _split_fasttext),
        "trec": lambda: _split(path, max_item_bytes, _split_trec),
        "file": lambda: ([whole] if (whole := read_whole(path, max_item_bytes)) else [], None),
    }
    if chosen not in readers:
        raise ParameterError(f"there is no format {chosen!r}; known: {', '.join(readers)}")
    if chosen != "folder" and os.path.isdir(path):
        raise DataError(f"format {chosen!r}: expected a file, got the directory {path}")
    if not (is_table := chosen in ("csv", "tsv", "jsonl", "parquet")) and (columns.text or columns.label is not None):
        raise ParameterError(
            f"{path} is read as {chosen!r}, which has no columns; give its format, or omit the columns"
        )
    items, labels = readers[chosen]()
    if not items:
        raise DataError(f"{path} holds no items")
    return Corpus(
        items=items,
        labels=labels,
        name=name or ("standard input" if str(path) == STDIN else Path(path).stem),
        modality="bytes" if chosen == "file" else "text",
        encoding=encoding if is_table and encoding != AS_BYTES else None,
        source=str(path),
    )


def _format_of(path: str | Path, max_item_bytes: int) -> str:
    if str(path) == STDIN:
        return "lines"
    if os.path.isdir(path):  # unlike Path.is_dir, this never raises: opening the path reports the error
        return "folder"
    ending = Path(path).suffix.lower()
    if ending != ".txt":
        return _BY_ENDING.get(ending, "file")
    with opened(path) as file:
        filled = (line for _, line in numbered_lines(file, path, max_item_bytes) if line.strip())
        lines = list(islice(filled, _SNIFFED_LINES))
    if lines and all(line.startswith(_FASTTEXT_PREFIX) for line in lines):
        return "fasttext"
    if lines and all(_is_label_tab_text(line) for line in lines):
        return "tsv"
    return "lines"


def _is_label_tab_text(line: bytes) -> bool:
    label, _, _ = line.partition(b"\t")
    return line.count(b"\t") == 1 and 0 < len(label) <= _LONGEST_SNIFFED_LABEL and b" " not in label


def _lines(path: str | Path, max_item_bytes: int) -> list[bytes]:
    with opened(path) as file:
        lines = (without_line_end(line) for _, line in numbered_lines(file, path, max_item_bytes))
        return [line for line in lines if line.strip()]


def _split(path: str | Path, max_item_bytes: int, split: Callable[[bytes], tuple[bytes, bytes] | None]) -> Labelled:
    items, labels = [], []
    with opened(path) as file:
        for number, line in numbered_lines(file, path, max_item_bytes):
            if not line.strip():
                continue
            parts = split(without_line_end(line))
            if parts is None:
                raise DataError(f"{path}: line {number}: expected a label at its start, got {line[:60]!r}")
            labels.append(parts[0].decode("utf-8", "surrogateescape"))
            items.append(parts[1])
    return items, labels


def _split_fasttext(line: bytes) -> tuple[bytes, bytes] | None:
    label, _, text = line.partition(b" ")
    name = label.removeprefix(_FASTTEXT_PREFIX)
    return None if name == label or not name else (name, text.strip())


def _split_trec(line: bytes) -> tuple[bytes, bytes] | None:
    label, _, text = line.partition(b" ")
    coarse, colon, _ = label.partition(b":")
    return (coarse, text) if colon and coarse else None


def _read_folder(path: Path, max_item_bytes: int) -> Labelled:
    """Read the layout of scikit-learn's `load_files`: class folders, whose names are the labels."""
    classes = [entry for entry in _entries(path) if os.path.isdir(entry)]
    if not classes:
        raise DataError(
            f"{path} holds no folders; format 'folder' expects one folder per class, with one file per item"
        )
    items, labels = [], []
    for folder in classes:
        for file in _entries(folder):
            if os.path.isfile(file):
                items.append(read_whole(file, max_item_bytes))
                labels.append(folder.name)
    return items, labels


def _entries(folder: Path) -> Iterator[Path]:
    """Yield the sorted entries of a folder without hidden ones."""
    check_path(folder)
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        raise DataError(f"{folder} does not exist; expected a folder with one folder per class") from None
    except NotADirectoryError:
        raise DataError(
            f"format 'folder': expected a folder with one folder per class, got the file {folder}"
        ) from None
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror or error}") from None
    yield from (folder / name for name in names if not name.startswith("."))
