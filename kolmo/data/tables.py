"""Readers of tables, CSV, TSV, JSON and Parquet, as texts and labels."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from kolmo._core.extras import import_extra, library_errors
from kolmo.data.columns import (
    LABEL_NAMES,
    TEXT_NAMES,
    Columns,
    Labelled,
    Row,
    Selection,
    Source,
    labelled,
    selection,
    shown,
)
from kolmo.data.compression import unpacked
from kolmo.data.decoding import AS_BYTES, Encoding, opened_text
from kolmo.data.lines import is_rereadable, numbered_lines
from kolmo.errors import DataError, ParameterError

DELIMITERS = (",", "\t", ";", "|")
_BATCH_ROWS = 4096
"""Rows of a Parquet file that are held at once."""
_NAMES = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "vertical bars"}


@dataclasses.dataclass(frozen=True)
class OpenTable:
    """A table that is being read.

    Parameters
    ----------
    selection : Selection
        Its columns and rows.
    columns : Columns
        The columns that were asked for.
    remarks : tuple of str
        What was found out about it.
    encoding : str or None
        The encoding that it is decoded from.
    """

    selection: Selection
    columns: Columns
    remarks: tuple[str, ...] = ()
    encoding: str | None = None


@contextmanager
def opened_delimited(
    source: Source,
    columns: Columns,
    *,
    default: str,
    delimiter: str | None = None,
    quotes: bool | None = None,
    unclear: bool | None = None,
) -> Iterator[OpenTable]:
    """Open CSV or TSV.

    Parameters
    ----------
    source : Source
        The file.
    columns : Columns
        The columns to read.
    default : str
        The delimiter that the format stands for, taken if the first lines do not speak for another.
    delimiter : str, optional
        The delimiter; None finds it.
    quotes : bool, optional
        Whether cells may be quoted, as in CSV; None finds it for cells between tabs, and means True for others.
    unclear : bool, optional
        Whether the first row holds names if that cannot be told; None refuses the table.
    """
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '\r\n"'):
        raise ParameterError(f"delimiter: expected one character, such as ';', got {delimiter!r}")
    with _decoded_lines(source) as (lines, start, encoding):
        stated = _stated_delimiter(start)
        if "\r" in start and "\n" not in start:
            raise DataError(
                f"{source.path}: expected lines that end in LF or CRLF, got CR alone, as on old Macs; convert them, "
                "for example with: tr '\\r' '\\n'"
            )
        chosen = delimiter or stated or _sniffed(start, default)
        if quotes is None:
            quotes = chosen != "\t" or _is_quoted_file(source, start)
        numbered = ((number, line) for number, line in lines if not (stated and number == 1))
        found = selection(_rows(numbered, source, chosen, quotes=quotes), columns, source, unclear=unclear)
        said = [encoding.remark] if encoding.remark else []
        if delimiter is None and chosen != default:
            said.append(f"cells separated by {_NAMES.get(chosen, repr(chosen))}")
        yield OpenTable(found, columns, (*said, *found.remarks), _name_of(encoding))


@contextmanager
def opened_json(source: Source, columns: Columns) -> Iterator[OpenTable]:
    """Open JSON: one object a line, an array of objects, or an object of columns; the last two are held in memory."""
    columns = dataclasses.replace(columns, header=True)
    with _decoded_lines(source) as (lines, _, encoding):
        filled = ((number, line) for number, line in lines if line.strip())
        begin = list(itertools.islice(filled, 2))
        everything = itertools.chain(begin, filled)
        if begin and _is_document([line for _, line in begin]):
            text = _joined((line for _, line in everything), source)
            found = selection(_document_rows(text, source), columns, source, unit="position")
        else:
            found = selection(_object_rows(everything, source), columns, source)
        said = (encoding.remark,) if encoding.remark else ()
        yield OpenTable(found, columns, (*said, *found.remarks), _name_of(encoding))


@contextmanager
def opened_parquet(source: Source, columns: Columns) -> Iterator[OpenTable]:
    """Open a Parquet file."""
    parquet = import_extra("pyarrow.parquet", extra="parquet", purpose="reading Parquet")
    columns = dataclasses.replace(columns, header=True)
    with unpacked(source.path, raw=True) as (file, _), library_errors(f"{source.path} is not a Parquet file"):
        table = parquet.ParquetFile(file)
        names = list(table.schema_arrow.names)

        def rows() -> Iterator[Row]:
            yield 0, list(names)
            number = 0
            for batch in table.iter_batches(batch_size=_BATCH_ROWS):
                for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    number += 1
                    yield number, list(cells)

        found = selection(rows(), columns, source, unit="position")
        yield OpenTable(found, columns, found.remarks)


def opened_table(form: str, source: Source, columns: Columns, **cells: Any) -> AbstractContextManager[OpenTable]:
    """Open a table of the format ``csv``, ``tsv``, ``json``, ``jsonl`` or ``parquet``.

    Parameters
    ----------
    form : str
        The format.
    source : Source
        The file.
    columns : Columns
        The columns to read.
    **cells
        Arguments of `opened_delimited`, which the other formats ignore.
    """
    if form == "parquet":
        return opened_parquet(source, columns)
    if form in ("json", "jsonl"):
        return opened_json(source, columns)
    return opened_delimited(source, columns, default="\t" if form == "tsv" else ",", **cells)


def read_table(form: str, source: Source, columns: Columns, **cells: Any) -> Labelled:
    """Read a table into items and labels; see `opened_table`."""
    with opened_table(form, source, columns, **cells) as table:
        found = labelled(table.selection, columns, source)
    return found._replace(remarks=table.remarks, encoding=table.encoding)


def _name_of(encoding: Encoding) -> str | None:
    return None if encoding.name == AS_BYTES else encoding.name


@contextmanager
def _decoded_lines(source: Source) -> Iterator[tuple[Iterator[tuple[int, str]], str, Encoding]]:
    """Open a table; yield its lines with their numbers, the text of its start, and its encoding."""
    with opened_text(source.path, source.reading) as (file, encoding):
        yield _lines(file, source, encoding), file.peek().decode("utf-8", "replace"), encoding


def _lines(file: Any, source: Source, encoding: Encoding) -> Iterator[tuple[int, str]]:
    errors = "surrogateescape" if encoding.name == AS_BYTES else "strict"
    for number, line in numbered_lines(file, source.path, source.reading.max_item_bytes):
        try:
            yield number, line.decode("utf-8", errors)
        except UnicodeDecodeError as error:
            raise DataError(
                f"{source.path}: line {number} is not utf-8: byte 0x{line[error.start]:02x} at position {error.start}; "
                "give its encoding, such as --encoding cp1251 or --encoding latin-1, or keep the bytes unchanged with "
                f"--encoding bytes; the line: {shown(line[max(0, error.start - 20) :])}"
            ) from None


def _stated_delimiter(start: str) -> str | None:
    """Return the delimiter that a first line ``sep=;`` of Excel states."""
    line = start.partition("\n")[0].rstrip("\r")
    return line[4] if len(line) == 5 and line.lower().startswith("sep=") else None


def _sniffed(start: str, default: str) -> str:
    """Return the delimiter that cuts the first rows into equal numbers of cells, the default one if it does."""
    if start and not start.endswith("\n") and "\n" in start:
        start = start[: start.rindex("\n") + 1]  # the last line may be cut
    ranked = []
    for order, each in enumerate(dict.fromkeys((default, *DELIMITERS))):
        rows = _first_rows(start, each)
        counts = Counter(map(len, rows))
        width, n_rows = max(counts.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        if width < 2 or len(rows[0]) != width:
            continue
        names = {cell.strip().lower() for cell in rows[0]}
        has_names = bool(names & {*TEXT_NAMES, *LABEL_NAMES})
        ranked.append((n_rows == len(rows), has_names, n_rows / len(rows), -order, each))
    return max(ranked)[-1] if ranked else default


def _first_rows(start: str, delimiter: str) -> list[list[str]]:
    """Return the rows of the start of a file; none if its quotes do not fit the delimiter."""
    rows: list[list[str]] = []
    try:
        rows.extend(filter(None, csv.reader(io.StringIO(start, newline=""), delimiter=delimiter, strict=True)))
    except csv.Error as error:
        if "unexpected end" not in str(error) and delimiter != "\t":
            return []
        if delimiter == "\t":  # quotes may be ordinary characters
            rows = [line.split(delimiter) for line in start.splitlines() if line]
    return rows


def _is_quoted_file(source: Source, start: str) -> bool:
    """Return whether cells between tabs are quoted, by the whole file or, if it can be read only once, by its start."""
    if not is_rereadable(source.path):
        return _is_quoted(start[: start.rfind("\n") + 1].splitlines(keepends=True))
    with _decoded_lines(source) as (lines, _, _):
        return _is_quoted(line for _, line in lines)


def _is_quoted(lines: Iterable[str]) -> bool:
    """Return whether cells between tabs are quoted as in CSV: correctly in all rows, and for a reason.

    A reason is a tab, a line end or a quote in a quoted cell, or a column whose cells are all quoted.
    """
    taken: list[str] = []

    def tracked() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    width, n_rows, has_reason = 0, 0, False
    all_quoted: set[int] | None = None
    try:
        for cells in csv.reader(tracked(), delimiter="\t", strict=True):
            raw = "".join(taken).rstrip("\r\n")
            taken.clear()
            if not cells:
                continue
            width, n_rows = width or len(cells), n_rows + 1
            if len(cells) != width:
                return False
            plain = raw.split("\t")
            quoted = {at for at, cell in enumerate(plain) if cell.startswith('"')}
            has_reason = has_reason or (
                bool(quoted) and (len(plain) != width or "\n" in raw or any('""' in plain[at][1:-1] for at in quoted))
            )
            all_quoted = quoted if all_quoted is None else all_quoted & quoted
    except csv.Error:
        return False
    return has_reason or (n_rows > 1 and bool(all_quoted))


def _rows(lines: Iterable[tuple[int, str]], source: Source, delimiter: str, *, quotes: bool) -> Iterator[Row]:
    first, number, start = 0, 0, ""
    """Line at which the row starts, present line, and text of the former."""

    def texts() -> Iterator[str]:
        nonlocal first, number, start
        for number, line in lines:
            if not first:
                first, start = number, line
            yield line

    limit = csv.field_size_limit(min(source.reading.max_item_bytes, 2**31 - 1))
    try:
        if not quotes:
            for line in texts():
                cells = line.rstrip("\r\n").split(delimiter)
                if not _is_blank(cells):
                    yield number, cells
            return
        for cells in csv.reader(texts(), delimiter=delimiter, strict=True):
            if not _is_blank(cells):
                yield first, cells
            first = 0
    except csv.Error as error:
        raise DataError(
            f"{source.path}: line {number}: {error}, in the row that starts at line {first}: {shown(start)}; if quotes "
            "are ordinary characters in this file, use --no-quotes / quotes=False"
        ) from None
    finally:
        csv.field_size_limit(limit)


def _is_blank(cells: list[str]) -> bool:
    """Return whether a row is an empty line, or one of empty cells, as spreadsheets write them at the end."""
    return not any(cells) if len(cells) == 1 else not any(map(str.strip, cells))


def _is_document(lines: list[str]) -> bool:
    """Return whether JSON is one array or object, not one object a line, by its first two lines that are not empty."""
    first = lines[0].strip()
    if first.startswith("["):
        return True
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):
        return first.endswith(("{", "[", ","))
    return len(lines) == 1 and isinstance(value, dict) and not any(isinstance(each, str) for each in value.values())


def _joined(lines: Iterable[str], source: Source) -> str:
    """Return the text of one JSON document, which is held in memory."""
    limit, size, parts = source.reading.max_item_bytes, 0, []
    for line in lines:
        parts.append(line)
        size += len(line)
        if size > limit:
            raise DataError(
                f"{source.path}: one JSON document is held in memory and may have {limit:,} bytes, got more; write one "
                "object a line, or raise max_item_bytes"
            )
    return "".join(parts)


def _object_rows(lines: Iterable[tuple[int, str]], source: Source) -> Iterator[Row]:
    names: list[str] = []
    for number, line in lines:
        value = _parsed(line, source, f"line {number}")
        if not isinstance(value, dict):
            raise DataError(f"{source.path}: line {number}: expected a JSON object, got {_kind(value)}: {shown(line)}")
        if not names:
            names.extend(value)
            yield number, list(names)
        yield number, [value.get(name) for name in names]


def _document_rows(text: str, source: Source) -> Iterator[Row]:
    """Yield the names and the rows of one JSON document."""
    value = _parsed(text, source, None)
    if not isinstance(value, dict | list):
        raise DataError(f"{source.path}: expected an array of JSON objects, got {_kind(value)}: {shown(text)}")
    if isinstance(value, dict):
        inner = [each for each in value.values() if isinstance(each, list) and each and isinstance(each[0], dict)]
        value = inner[0] if len(inner) == 1 else _from_columns(value, source)
    if value and all(isinstance(each, str) for each in value):
        value = [{"text": each} for each in value]
    names: list[str] = []
    for number, each in enumerate(value, 1):
        if not isinstance(each, dict):
            raise DataError(f"{source.path}: item {number}: expected a JSON object, got {_kind(each)}: {shown(each)}")
        if not names:
            names.extend(each)
            yield number, list(names)
        yield number, [each.get(name) for name in names]


def _from_columns(value: dict[str, Any], source: Source) -> list[dict[str, Any]]:
    """Return the rows of an object of columns, each a list or, as pandas writes them, an object by row."""
    columns = {name: list(each.values()) if isinstance(each, dict) else each for name, each in value.items()}
    sizes = {len(each) for each in columns.values() if isinstance(each, list)}
    if len(sizes) != 1 or not all(isinstance(each, list) for each in columns.values()):
        raise DataError(
            f"{source.path}: expected an array of JSON objects, or an object of columns of equal length, got an object "
            f"with the keys {shown(', '.join(value))}"
        )
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _parsed(text: str, source: Source, place: str | None) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"{place} is not JSON: {error.msg}" if place else f"line {error.lineno} is not JSON: {error.msg}"
        line = text.split("\n", error.lineno)[error.lineno - 1]
        raise DataError(
            f"{source.path}: {where} at column {error.colno}: {shown(line[max(0, error.colno - 31) :].rstrip())}"
        ) from None
    except (ValueError, RecursionError) as error:  # a number with too many digits raises a plain ValueError
        raise DataError(f"{source.path}: {place or 'line 1'} is not JSON that can be read: {error}") from None


def _kind(value: Any) -> str:
    return {dict: "an object", list: "an array", str: "a string", type(None): "null"}.get(type(value), "a number")
