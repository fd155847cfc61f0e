"""Readers of tables, CSV, TSV, JSON lines and Parquet, as texts and labels."""

from __future__ import annotations

import codecs
import csv
import dataclasses
import difflib
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kolmo._core.extras import import_extra, library_errors
from kolmo._core.items import as_bytes
from kolmo.data.lines import numbered_lines, opened
from kolmo.errors import DataError, ParameterError

TEXT_NAMES = ("text", "sentence", "content", "review", "document", "body", "title", "description", "question")
LABEL_NAMES = ("label", "class", "category", "target", "topic", "label_text")
AS_BYTES = "bytes"

Row = tuple[int, list[Any]]
"""The line number at which a row starts, and its cells."""


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The columns to read.

    Parameters
    ----------
    text : tuple of str
        Columns of the text, by name or by number from 0; empty for well-known names.
    label : str, optional
        Column of the label, by name or number.
    separator : str
        Text placed between joined columns.
    header : bool, optional
        Whether the first row contains column names; None detects it.
    kept : list, optional
        Takes the names of the columns, None without a header, and then the cells of each row.
    """

    text: tuple[str, ...] = ()
    label: str | None = None
    separator: str = " "
    header: bool | None = None
    kept: list[Sequence[Any] | None] | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file to read rows from.

    Parameters
    ----------
    path : str or Path
        The file; ``-`` is standard input.
    encoding : str
        Encoding of the text; ``"bytes"`` keeps the bytes unchanged.
    max_item_bytes : int
        Largest line in bytes.
    """

    path: str | Path
    encoding: str
    max_item_bytes: int

    def decoded_lines(self) -> Iterator[tuple[int, str]]:
        """Yield line numbers and decoded lines."""
        decode_as, errors = ("utf-8", "surrogateescape") if self.encoding == AS_BYTES else (self.encoding, "strict")
        _check_encoding(decode_as)
        with opened(self.path) as file:
            for number, line in numbered_lines(file, self.path, self.max_item_bytes):
                if number == 1:
                    line = line.removeprefix(codecs.BOM_UTF8)
                try:
                    yield number, line.decode(decode_as, errors)
                except UnicodeError as error:
                    place = getattr(error, "start", len(line))
                    found = f"byte 0x{line[place]:02x} at position {place}" if place < len(line) else str(error)
                    raise DataError(
                        f"{self.path}: line {number} is not {self.encoding}: {found}; give its encoding, such as "
                        "--encoding latin-1, or keep the bytes unchanged with --encoding bytes"
                    ) from None


def read_delimited(
    source: Source, columns: Columns, *, delimiter: str, quoted: bool
) -> tuple[list[bytes], list[str] | None]:
    """Read CSV (quoted) or TSV (unquoted) into items and labels."""
    return _select(_delimited_rows(source, delimiter=delimiter, quoted=quoted), columns, source)


def read_json_lines(source: Source, columns: Columns) -> tuple[list[bytes], list[str] | None]:
    """Read one JSON object per line into items and labels."""
    names: list[str] = []

    def rows() -> Iterator[Row]:
        for number, line in source.decoded_lines():
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:  # a number with too many digits raises a plain ValueError
                raise DataError(f"{source.path}: line {number} is not JSON: {error}") from None
            if not isinstance(value, dict):
                raise DataError(f"{source.path}: line {number}: expected a JSON object, got {type(value).__name__}")
            if not names:
                names.extend(value)
                yield number, list(names)
            yield number, [value.get(name) for name in names]

    return _select(rows(), dataclasses.replace(columns, header=True), source)


def read_parquet(source: Source, columns: Columns) -> tuple[list[bytes], list[str] | None]:
    """Read a Parquet file into items and labels."""
    parquet = import_extra("pyarrow.parquet", extra="parquet", purpose="reading Parquet")
    with opened(source.path) as file, library_errors(f"{source.path} is not a Parquet file"):
        table = parquet.ParquetFile(file)
        names = list(table.schema_arrow.names)

        def rows() -> Iterator[Row]:
            yield 0, list(names)
            number = 0
            for batch in table.iter_batches():
                for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    number += 1
                    yield number, list(cells)

        return _select(rows(), dataclasses.replace(columns, header=True), source)


def _delimited_rows(source: Source, *, delimiter: str, quoted: bool) -> Iterator[Row]:
    number = 0

    def lines() -> Iterator[str]:
        nonlocal number
        for number, line in source.decoded_lines():  # noqa: B007
            yield line

    limit = csv.field_size_limit(min(source.max_item_bytes, 2**31 - 1))
    try:
        if not quoted:
            for line in lines():
                if line.strip("\r\n"):
                    yield number, line.rstrip("\r\n").split(delimiter)
            return
        first = 1
        for cells in csv.reader(lines(), delimiter=delimiter, strict=True):
            if cells:
                yield first, cells
            first = number + 1
    except csv.Error as error:
        raise DataError(
            f"{source.path}: line {number}: {error}; if quotes are ordinary characters in this file, use format 'tsv'"
        ) from None
    finally:
        csv.field_size_limit(limit)


def _check_encoding(encoding: str) -> None:
    try:
        codecs.lookup(encoding)
    except (LookupError, ValueError):
        raise ParameterError(f"there is no encoding named {encoding!r}; try utf-8, latin-1 or bytes") from None
    try:
        ends_lines = b"\n".decode(encoding) == "\n"
    except (LookupError, ValueError):  # not a text encoding, or one with several bytes per character
        ends_lines = False
    if not ends_lines:
        raise ParameterError(
            f"files in {encoding!r} cannot be read line by line; convert the file to UTF-8 first, "
            f"for example with: iconv -f {encoding} -t utf-8"
        )


def _select(rows: Iterable[Row], columns: Columns, source: Source) -> tuple[list[bytes], list[str] | None]:
    path = source.path
    iterator = iter(rows)
    first = next(iterator, None)
    if first is None:
        raise DataError(f"{path} is empty; expected a table with at least one row")
    named = [*columns.text, *([columns.label] if columns.label is not None else [])]
    header = columns.header if columns.header is not None else _is_header(first[1], named)
    names = [str(name) for name in first[1]] if header else None
    text_at, label_at = _positions(columns, names, len(first[1]), path)
    kept = [] if columns.kept is None else columns.kept
    kept.append(names)
    items: list[bytes] = []
    labels: list[str] = []
    unlabelled: list[int] = []
    for number, cells in iterator if header else itertools.chain([first], iterator):
        if len(cells) != len(first[1]):
            raise DataError(
                f"{path}: the row at line {number}: expected {len(first[1])} cells, as in the first, got {len(cells)}"
            )
        kept.append(cells)
        parts = []
        for at in text_at:
            if cells[at] is None:
                raise DataError(f"{path}: the row at line {number} has no text in column {_called(at, names)}")
            parts.append(_cell_bytes(cells[at], number, path))
        items.append(as_bytes(columns.separator).join(parts))
        if len(items[-1]) > source.max_item_bytes:
            raise DataError(
                f"{path}: the row at line {number}: expected at most {source.max_item_bytes:,} bytes of text, got "
                f"{len(items[-1]):,}; raise max_item_bytes"
            )
        if label_at is not None:
            label = b"" if cells[label_at] is None else _cell_bytes(cells[label_at], number, path)
            if not label.strip():
                unlabelled.append(number)
            labels.append(label.decode("utf-8", "surrogateescape"))
    if unlabelled:
        raise DataError(
            f"{path}: the label is missing in {len(unlabelled):,} of {len(items):,} rows, "
            f"the first at line {unlabelled[0]}; fill it in, or remove these rows"
        )
    if not items:
        raise DataError(f"{path} holds a header and no rows")
    return items, labels if label_at is not None else None


def _cell_bytes(cell: Any, number: int, path: str | Path) -> bytes:
    """Return text and bytes unchanged, numbers and lists as JSON, dates and other values as printed."""
    try:
        if isinstance(cell, bool | int | float | list | dict):
            cell = json.dumps(cell, ensure_ascii=False, default=str)
        return as_bytes(cell if isinstance(cell, str | bytes) else str(cell))
    except (ValueError, RecursionError, TypeError) as error:  # nested too deeply, or too many digits
        raise DataError(f"{path}: the row at line {number}: {error}") from None


def _is_header(cells: Sequence[str], named: Sequence[str]) -> bool:
    if any(not _is_integer(name) for name in named):
        return True
    lowered = {cell.strip().lower() for cell in cells}
    return bool(lowered & {*TEXT_NAMES, *LABEL_NAMES}) and len(lowered) == len(cells)


def _is_integer(name: str) -> bool:
    return name.removeprefix("-").isdecimal()


def _positions(columns: Columns, names: list[str] | None, width: int, path: str | Path) -> tuple[list[int], int | None]:
    """Return the positions of the text columns and of the label column."""
    text = [_position(name, names, width, path, "--text-column / text_columns") for name in columns.text]
    label = None
    if columns.label is not None:
        label = _position(columns.label, names, width, path, "--label-column / label_column")
    if label is None:
        known = [at for at, name in enumerate(names or ()) if name.strip().lower() in LABEL_NAMES and at not in text]
        if names is None and not text and width > 1:
            known = [0]
        label = known[0] if known else None
    if not text and names is not None:
        well_known = [at for name in TEXT_NAMES for at, cell in enumerate(names) if cell.strip().lower() == name]
        text = [at for at in well_known if at != label][:1]
        if not text:
            raise DataError(
                f"{path}: no column has a well-known name for the text; its columns are {', '.join(names)}; "
                "name one with --text-column / text_columns"
            )
    if not text:
        text = [at for at in range(width) if at != label]
    if not text:
        raise DataError(f"{path} has one column, which holds the label; expected a column of text too")
    return text, label


def _position(name: str, names: list[str] | None, width: int, path: str | Path, option: str) -> int:
    if names is not None and name in names:
        return names.index(name)
    if _is_integer(name) and -width <= int(name) < width:
        return int(name) % width
    if names is None:
        raise ParameterError(
            f"{path} has no header and {width} columns, so {option}: expected a number from 0 to {width - 1}, "
            f"got {name!r}"
        )
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ParameterError(f"{path} has no column {name!r} ({option}); its columns are {', '.join(names)}{hint}")


def _called(at: int, names: list[str] | None) -> str:
    return repr(names[at]) if names is not None else str(at)
