"""Readers of files and folders; the format is detected or given."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from kolmo.data.columns import Columns, Labelled, Source, shown
from kolmo.data.compression import without_packing
from kolmo.data.corpus import Corpus, TableRows
from kolmo.data.decoding import AUTO, Encoding, Modality, NormalForm, Pixels, Reading, opened_text
from kolmo.data.lines import MAX_ITEM_BYTES, STDIN, check_path, numbered_lines, without_line_end
from kolmo.data.symbols import Files, kind_of, read_content
from kolmo.data.tables import read_table
from kolmo.errors import DataError, ParameterError

_FASTTEXT_PREFIX = b"__label__"
_SNIFFED_LINES = 20
_LONGEST_SNIFFED_LABEL = 64

_BY_ENDING = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
    ".label": "trec",
    ".log": "lines",
}
TABLES = ("csv", "tsv", "json", "jsonl", "parquet")
_WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".ods")


def read(
    path: str | Path,
    *,
    format: str | None = None,  # noqa: A002
    text_columns: Sequence[str] | None = None,
    label_column: str | None = None,
    separator: str = " ",
    header: bool | None = None,
    delimiter: str | None = None,
    quotes: bool | None = None,
    encoding: str = AUTO,
    normalize: NormalForm | None = None,
    casefold: bool = False,
    pixels: Pixels = "auto",
    mono: bool = False,
    qualities: bool = False,
    raw: bool = False,
    only: Modality | None = None,
    skip_unreadable: bool = False,
    max_item_bytes: int = MAX_ITEM_BYTES,
    name: str | None = None,
    keep_rows: bool = False,
    like: Corpus | None = None,
) -> Corpus:
    """Read a file or a folder as items of bytes, with labels if there are any.

    Files that start as gzip, bzip2, xz and zstd do are decompressed. What was found out about the data, such as the
    columns, the encoding, the depth of pictures and the number of skipped files, is in ``remarks`` of the corpus.

    Parameters
    ----------
    path : str or Path
        A file, a folder, or ``-`` for standard input.
    format : str, optional
        ``csv``, ``tsv``, ``json`` (one object a line, an array of objects, or an object of columns), ``parquet`` (extra
        ``parquet``): a table, see the columns below. ``folder``: one folder per class, one file per item, or files
        without labels. ``lines``: one text a line. ``fasttext``: lines of ``__label__x text``. ``trec``: lines of
        ``LABEL:fine text``. ``file``: the whole file is one item; ``records``: each sequence of a FASTA or FASTQ file.
        By default a folder is ``folder``, standard input is ``lines``, the endings ``.csv``, ``.tsv``, ``.json``,
        ``.jsonl``, ``.ndjson``, ``.parquet``, ``.label`` (trec) and ``.log`` (lines) determine the format, with or
        without a further ending such as ``.gz``, FASTA and FASTQ files are ``records``, and any other file is ``file``.
        The format of a ``.txt`` depends on its first 20 lines: ``fasttext`` if all start with ``__label__``, ``tsv``
        if each has a label of at most 64 bytes without spaces before its only TAB, else ``lines``.
    text_columns : sequence of str, optional
        Columns of the text by name, or by number from 0. By default the first of the well-known names (text, sentence,
        content, ...), else the column with the longest cells or, without a header, all but the label's.
    label_column : str, optional
        Column of the label. By default the first of the well-known names (label, class, category, ...), else the only
        column of few values that repeat or, without a header, the first of several columns.
    separator : str
        Text placed between joined text columns.
    header : bool, optional
        Whether the first row of a table contains column names. By default this depends on the names and on the rows
        below; a table of which it cannot be told is refused.
    delimiter : str, optional
        The character between cells. By default the one of comma, tab, semicolon and vertical bar that cuts the first
        rows into equal numbers of cells.
    quotes : bool, optional
        Whether cells may be quoted, with line ends in them. By default True for CSV; for cells between tabs, if all
        quotes fit and one is needed.
    encoding : str
        Encoding of text, which becomes UTF-8. ``"auto"``: by the byte order mark; in tables and files of lines also
        UTF-16 by its zero bytes, UTF-8, or latin-1 where that is more likely; whole files without a mark are unchanged.
        ``"bytes"`` keeps all bytes unchanged.
    normalize : {"NFC", "NFD", "NFKC", "NFKD"}, optional
        Unicode normal form of texts and labels.
    casefold : bool
        Whether texts are case-folded.
    pixels : {"auto", "rgb", "grey"}
        Pixels of pictures, row by row: with the depth and the colours of the file, or 8-bit RGB, or 8-bit grey.
    mono : bool
        Whether the channels of a sound are averaged.
    qualities : bool
        Whether the qualities of a FASTQ file follow its bases; for the format ``file``.
    raw : bool
        Whether files of a folder, and the format ``file``, are read as their bytes, without decompression or decoding.
    only : {"text", "image", "audio", "dna", "protein", "bytes"}, optional
        The one kind of files that is read from a folder; the others are counted.
    skip_unreadable : bool
        Whether damaged files of a folder are skipped and counted.
    max_item_bytes : int
        Largest item or line in bytes.
    name : str, optional
        Name of the corpus; the file name by default.
    keep_rows : bool
        Whether the corpus has the rows of a table too, with all their cells. If labels are missing, it has none.
    like : Corpus, optional
        Another corpus, such as the training set, whose columns are taken where the table has them.

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
    >>> _ = path.write_text("label;text\\nspam;win a prize\\nham;see you at noon\\n")
    >>> corpus = read(path)
    >>> corpus.items, corpus.labels
    ([b'win a prize', b'see you at noon'], ['spam', 'ham'])
    >>> corpus.remarks
    ('cells separated by semicolons',)
    """
    if not str(path):
        raise DataError("the path is empty; give that of a file or a folder, or - for standard input")
    reading = Reading(
        encoding=encoding,
        normalize=normalize,
        casefold=casefold,
        pixels=pixels,
        mono=mono,
        qualities=qualities,
        raw=raw,
        only=only,
        skip_unreadable=skip_unreadable,
        max_item_bytes=max_item_bytes,
    )
    chosen = format or format_of(path, reading)
    kept: list[Any] | None = [] if keep_rows else None
    columns = columns_of(text_columns, label_column, separator=separator, header=header, kept=kept, like=like)
    source = Source(path=path, reading=reading)
    cells = {"delimiter": delimiter, "quotes": quotes, "unclear": unclear_header(path, format)}
    readers: dict[str, Callable[[], tuple[Labelled, str]]] = {
        **{each: lambda: (read_table(chosen, source, columns, **cells), "text") for each in TABLES},
        "folder": lambda: _read_folder(Path(path), reading),
        "lines": lambda: (_split(path, reading, lambda line: (None, line)), "text"),
        "fasttext": lambda: (_split(path, reading, _split_fasttext), "text"),
        "trec": lambda: (_split(path, reading, _split_trec), "text"),
        "records": lambda: _read_file(path, reading, as_records=True),
        "file": lambda: _read_file(path, reading),
    }
    if chosen not in readers:
        raise ParameterError(f"there is no format {chosen!r}; known: {', '.join(readers)}")
    if chosen != "folder" and os.path.isdir(path):
        raise DataError(f"format {chosen!r}: expected a file, got the directory {path}")
    if chosen not in TABLES and (columns.text or columns.label is not None):
        raise ParameterError(
            f"{path} is read as {chosen!r}, which has no columns; give its format, or omit the columns"
        )
    found, modality = readers[chosen]()
    items, labels = found.items, found.labels
    if not items:
        raise DataError("; ".join((f"{path} holds no items", *found.remarks)))
    if chosen not in ("folder", "file", "records"):
        items = [reading.folded_bytes(item) for item in items] if reading.changes_text else items
    if labels is not None and normalize is not None:
        labels = [Reading(normalize=normalize).folded(label) for label in labels]
    return Corpus(
        items=items,
        labels=labels,
        name=name or ("standard input" if str(path) == STDIN else without_packing(path).stem),
        modality=modality,
        encoding=found.encoding,
        source=str(path),
        remarks=found.remarks,
        columns=found.columns,
        rows=TableRows(names=kept[0] and tuple(kept[0]), cells=kept[1:]) if kept else None,
    )


def columns_of(
    text_columns: Sequence[str] | str | None,
    label_column: str | None,
    *,
    separator: str = " ",
    header: bool | None = None,
    kept: list[Any] | None = None,
    like: Corpus | None = None,
) -> Columns:
    """Return the columns that the arguments of `read` ask for."""
    return Columns(
        text=(text_columns,) if isinstance(text_columns, str) else tuple(text_columns or ()),
        label=label_column,
        separator=separator,
        header=header,
        kept=kept,
        like=None if like is None else like.columns,
    )


def unclear_header(path: str | Path, named: str | None) -> bool | None:
    """Return whether the first row of a table holds names if its rows do not tell: False for a .txt, else None."""
    return False if named is None and without_packing(path).suffix.lower() == ".txt" else None


def format_of(path: str | Path, reading: Reading) -> str:
    """Return the format of a file or folder, by its name and its first lines; see `read`."""
    if str(path) == STDIN:
        return "lines"
    if os.path.isdir(path):  # unlike Path.is_dir, this never raises: opening the path reports the error
        return "folder"
    ending = Path(path).suffix.lower() if reading.raw else without_packing(path).suffix.lower()
    if ending in _WORKBOOKS and not reading.raw:
        raise DataError(f"{path} is a workbook, which cannot be read; save its table as CSV in UTF-8")
    if ending != ".txt":
        is_sequence = kind_of(path, b"") in ("dna", "protein") and not reading.raw
        return "file" if reading.raw else "records" if is_sequence else _BY_ENDING.get(ending, "file")
    with opened_text(path, reading) as (file, _):
        filled = (line for _, line in numbered_lines(file, path, reading.max_item_bytes) if line.strip())
        lines = list(islice(filled, _SNIFFED_LINES))
    if lines and all(line.startswith(_FASTTEXT_PREFIX) for line in lines):
        return "fasttext"
    if lines and all(_is_label_tab_text(line) for line in lines):
        return "tsv"
    return "lines"


def _is_label_tab_text(line: bytes) -> bool:
    label, _, _ = line.partition(b"\t")
    return line.count(b"\t") == 1 and 0 < len(label) <= _LONGEST_SNIFFED_LABEL and b" " not in label


def _split(path: str | Path, reading: Reading, split: Callable[[bytes], tuple[bytes | None, bytes] | None]) -> Labelled:
    """Return the text of each line that is not empty, and its label if `split` finds one."""
    items, labels = [], []
    with opened_text(path, reading) as (file, encoding):
        for number, line in numbered_lines(file, path, reading.max_item_bytes):
            if not line.strip():
                continue
            parts = split(without_line_end(line))
            if parts is None:
                raise DataError(f"{path}: line {number}: expected a label at its start, got {shown(line)}")
            if parts[0] is not None:
                labels.append(parts[0].decode("utf-8", "surrogateescape"))
            items.append(parts[1])
    return Labelled(items, labels or None, (encoding.remark,) if encoding.remark else (), _decoded_from(encoding))


def _decoded_from(encoding: Encoding) -> str | None:
    """Return the encoding that lines were converted from; None if their bytes are unchanged."""
    return None if encoding.remark is None or "read as" not in encoding.remark else encoding.name


def _split_fasttext(line: bytes) -> tuple[bytes, bytes] | None:
    label, _, text = line.partition(b" ")
    name = label.removeprefix(_FASTTEXT_PREFIX)
    return None if name == label or not name else (name, text.strip())


def _split_trec(line: bytes) -> tuple[bytes, bytes] | None:
    label, _, text = line.partition(b" ")
    coarse, colon, _ = label.partition(b":")
    return (coarse, text) if colon and coarse else None


def _read_file(path: str | Path, reading: Reading, *, as_records: bool = False) -> tuple[Labelled, str]:
    content = read_content(path, reading)
    items = [content.data] if content.data else []
    if as_records:
        if content.modality not in ("dna", "protein"):
            raise DataError(f"format 'records': expected a FASTA or FASTQ file, got {path}; rename it to end in .fa")
        items = [record for record in content.records if record]
    return Labelled(items, None, (content.remark,) if content.remark else ()), content.modality


def _read_folder(path: Path, reading: Reading) -> tuple[Labelled, str]:
    """Read the layout of scikit-learn's `load_files`: class folders, whose names are the labels; or files alone."""
    entries = list(_entries(path))
    classes = [entry for entry in entries if os.path.isdir(entry)]
    loose = [entry for entry in entries if os.path.isfile(entry)]
    labelled = [(file, folder.name) for folder in classes for file in _entries(folder) if os.path.isfile(file)]
    label_of = {str(file): label for file, label in labelled}
    files = Files(reading)
    items, labels = [], []
    for name, content in files.contents([file for file, _ in labelled] if labelled else loose):
        items.append(content.data)
        labels.append(label_of.get(name, ""))
    said = [f"{len(loose):,} files beside the class folders not read"] if labelled and loose else []
    if not (labelled or loose):
        raise DataError(
            f"{path} holds no files; format 'folder' expects one folder per class, with one file per item, or files"
        )
    remarks = (*said, *files.remarks())
    return Labelled(items, labels if labelled else None, remarks), files.modality(str(path))


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
