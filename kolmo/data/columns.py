"""Rows of tables as texts and labels: whether the first row holds names, and which columns are read."""

from __future__ import annotations

import difflib
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

from kolmo._core.items import as_bytes
from kolmo._core.terminal import visible
from kolmo.data.decoding import Reading
from kolmo.errors import DataError, ParameterError

TEXT_NAMES = (
    *("text", "sentence", "content", "review", "document", "body", "message", "sms", "tweet", "comment", "abstract"),
    *("title", "headline", "description", "question"),
)
LABEL_NAMES = ("label", "class", "category", "target", "topic", "label_text", "sentiment", "intent", "emotion", "genre")

_OTHER_NAMES = re.compile(r"(.*[_ ])?(id|idx|index|uuid|key|url|uri|link|date|time|timestamp|)\Z", re.IGNORECASE)
"""Names of columns that are neither text nor label, however their cells look."""
_NUMBER = re.compile(r"\s*[-+]?(\d[\d.,]*|[.,]\d+)([eE][-+]?\d+)?\s*%?\s*\Z")
_SAMPLED_ROWS = 500
_LONGEST_NAME, _LONGEST_LABEL = 64, 64
_NAME_WORDS = 3
_SHOWN = 60

MAX_COLUMNS = 2**14
"""Largest number of cells in a row: 16,384, as in Excel."""

Row = tuple[int, list[Any]]
"""The line number at which a row starts, and its cells."""


class Labelled(NamedTuple):
    """Items of a file, their labels, what is said about them, their encoding, and the names of their columns."""

    items: list[bytes]
    labels: list[str] | None = None
    remarks: tuple[str, ...] = ()
    encoding: str | None = None
    columns: tuple[tuple[str, ...], str | None] | None = None


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The columns to read.

    Parameters
    ----------
    text : tuple of str
        Columns of the text, by name or by number from 0; empty to find them.
    label : str, optional
        Column of the label, by name or number; None to find it.
    separator : str
        Text placed between joined columns.
    header : bool, optional
        Whether the first row contains column names; None detects it.
    like : (tuple of str, str or None), optional
        Names of the columns of text and of the label in another table, taken where this one has them.
    kept : list, optional
        Takes the names of the columns, None without a header, and then the cells of each row. Then labels may be
        missing.
    """

    text: tuple[str, ...] = ()
    label: str | None = None
    separator: str = " "
    header: bool | None = None
    like: tuple[tuple[str, ...], str | None] | None = None
    kept: list[Sequence[Any] | None] | None = None

    @property
    def named(self) -> list[str]:
        """The columns that are given by name, not by number."""
        given = [*self.text, *([self.label] if self.label is not None else [])]
        return [name for name in given if not _is_integer(name)]


@dataclass(frozen=True, kw_only=True)
class Source:
    """A table to read.

    Parameters
    ----------
    path : str or Path
        The file; ``-`` is standard input.
    reading : Reading
        How its content is read.
    """

    path: str | Path
    reading: Reading


def shown(line: Any) -> str:
    """Return the start of a line, as messages print it."""
    text = line.decode("utf-8", "backslashreplace") if isinstance(line, bytes) else str(line)
    text = text.strip("\r\n")
    return f"'{visible(text if len(text) <= _SHOWN else text[: _SHOWN - 3] + '...')}'"


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The chosen columns of a table, whose rows are read as they are iterated over.

    Parameters
    ----------
    rows : iterator of (int, bytes, bytes or None, sequence)
        The number, the text, the label and all cells of each row; a label is None without a column of labels, and blank
        if it is missing.
    names : list of str or None
        The names of the columns; None without a header.
    text : sequence of int
        The positions of the text columns.
    label : int or None
        The position of the label column.
    remarks : tuple of str
        What was found out about the columns.
    unit : str
        What the numbers of rows count.
    """

    rows: Iterator[tuple[int, bytes, bytes | None, Sequence[Any]]]
    names: list[str] | None
    text: Sequence[int]
    label: int | None
    remarks: tuple[str, ...]
    unit: str

    @property
    def columns(self) -> tuple[tuple[str, ...], str | None] | None:
        """The names of the columns of text and of the label."""
        if self.names is None:
            return None
        return tuple(self.names[at] for at in self.text), None if self.label is None else self.names[self.label]


def selection(
    rows: Iterable[Row],
    columns: Columns,
    source: Source,
    *,
    unclear: bool | None = None,
    unit: str = "line",
) -> Selection:
    """Choose the columns of a table by its first rows; the rows are read when they are iterated over.

    Parameters
    ----------
    rows : iterable of (int, list)
        Line number and cells of each row.
    columns : Columns
        The columns to read.
    source : Source
        The table, for messages and limits.
    unclear : bool, optional
        Whether the first row holds names if that cannot be told; None refuses the table.
    unit : str
        What the numbers of rows count, for messages.
    """
    path, iterator = source.path, _of_limited_width(rows, source, unit)
    sample = list(itertools.islice(iterator, _SAMPLED_ROWS))
    if not sample:
        raise DataError(f"{path} is empty; expected a table with at least one row")
    first = sample[0][1]
    header = columns.header if columns.header is not None else _has_header(sample, columns, path, unclear)
    names = [str(name) for name in first] if header else None
    body = sample[1:] if header else sample
    if not body:
        raise DataError(f"{path} holds a header and no rows")
    text_at, label_at, said = _positions(columns, names, body, len(first), path)
    if columns.header is None and names is None:
        said = ["no column names: the first row is data; if it holds names, use --header", *said]
    if unclear is False and names is None:
        said = []  # the format states the columns
    chosen = _cells(itertools.chain(body, iterator), text_at, label_at, names, columns, source, unit)
    return Selection(rows=chosen, names=names, text=text_at, label=label_at, remarks=tuple(said), unit=unit)


def labelled(found: Selection, columns: Columns, source: Source) -> Labelled:
    """Return the texts and labels of all rows; without labels if kept rows lack some."""
    if columns.kept is not None:
        columns.kept.append(found.names)
    items: list[bytes] = []
    labels: list[str] = []
    unlabelled: list[int] = []
    for number, text, label, cells in found.rows:
        items.append(text)
        if columns.kept is not None:
            columns.kept.append(cells)
        if label is not None:
            if not label.strip():
                unlabelled.append(number)
            labels.append(label.decode("utf-8", "surrogateescape"))
    if unlabelled and columns.kept is None:
        raise DataError(
            f"{source.path}: the label is missing in {len(unlabelled):,} of {len(items):,} rows, "
            f"the first at {found.unit} {unlabelled[0]}; fill it in, or remove these rows"
        )
    has_labels = found.label is not None and not unlabelled
    return Labelled(items, labels if has_labels else None, found.remarks, columns=found.columns)


def _of_limited_width(rows: Iterable[Row], source: Source, unit: str) -> Iterator[Row]:
    for number, cells in rows:
        if len(cells) > MAX_COLUMNS:
            raise DataError(
                f"{source.path}: the row at {unit} {number}: expected at most {MAX_COLUMNS:,} cells, got {len(cells):,}"
            )
        yield number, cells


def _cells(
    rows: Iterator[Row],
    text_at: Sequence[int],
    label_at: int | None,
    names: list[str] | None,
    columns: Columns,
    source: Source,
    unit: str,
) -> Iterator[tuple[int, bytes, bytes | None, Sequence[Any]]]:
    """Yield the number, the text, the label and the cells of each row."""
    path, limit = source.path, source.reading.max_item_bytes
    width: int | None = None if names is None else len(names)
    for number, cells in rows:
        width = len(cells) if width is None else width
        if len(cells) != width:
            raise DataError(
                f"{path}: the row at {unit} {number}: expected {width} cells, as in the first, got {len(cells)}: "
                f"{shown(' | '.join(map(str, cells)))}; check its delimiters and quotes, or name the delimiter with "
                "--delimiter"
            )
        parts = []
        for at in text_at:
            if cells[at] is None:
                raise DataError(f"{path}: the row at {unit} {number} has no text in column {_called(at, names)}")
            parts.append(_cell_bytes(cells[at], path, unit, number))
        text = as_bytes(columns.separator).join(parts)
        if len(text) > limit:
            raise DataError(
                f"{path}: the row at {unit} {number}: expected at most {limit:,} bytes of text, got "
                f"{len(text):,}; raise max_item_bytes"
            )
        label = None
        if label_at is not None:
            label = b"" if cells[label_at] is None else _cell_bytes(cells[label_at], path, unit, number)
        yield number, text, label, cells


def _cell_bytes(cell: Any, path: str | Path, unit: str, number: int) -> bytes:
    """Return text and bytes unchanged, numbers and lists as JSON, dates and other values as printed."""
    try:
        if isinstance(cell, bool | int | float | list | dict):
            cell = json.dumps(cell, ensure_ascii=False, default=str)
        return as_bytes(cell if isinstance(cell, str | bytes) else str(cell))
    except (ValueError, RecursionError, TypeError) as error:  # nested too deeply, or too many digits
        raise DataError(f"{path}: the row at {unit} {number}: {error}") from None


def _has_header(sample: list[Row], columns: Columns, path: str | Path, unclear: bool | None) -> bool:
    """Return whether the first row holds names; refuse a table where names are asked for and data come."""
    first = [str(cell) for cell in sample[0][1]]
    missing = [name for name in columns.named if name not in first]
    if columns.named and not missing:
        return True
    if not missing and columns.like and set(columns.like[0]) <= set(first):
        return True
    found = _is_header(first, [[str(cell) for cell in cells] for _, cells in sample[1:] if len(cells) == len(first)])
    if missing and found is not False:
        return True  # the message names the columns
    if missing:
        raise ParameterError(
            f"{path}: expected column names in line {sample[0][0]}, such as {missing[0]!r}, got what looks like data: "
            f"{shown(', '.join(first))}; for a table without names use --no-header / header=False and number the "
            f"columns from 0 to {len(first) - 1}, or confirm the names with --header / header=True"
        )
    found = unclear if found is None else found
    if found is None and (len(first) == 1 or any(len(cells) != len(first) for _, cells in sample)):
        return False  # a row of another width is refused when it is read
    if found is None:
        raise DataError(
            f"{path}: line {sample[0][0]} may hold column names or data: {shown(', '.join(first))}; say which with "
            "--header or --no-header (header=True or False)"
        )
    return found


def _is_header(first: list[str], rows: list[list[str]]) -> bool | None:
    """Return whether a first row holds names; None if that is unclear."""
    filled = [cell.strip() for cell in first]
    others = list(zip(*rows, strict=True)) or [()] * len(first)
    named = [cell.lower() for cell in filled if cell]  # spreadsheets add empty columns
    distinct = len(set(named)) == len(named)
    if distinct and not set(TEXT_NAMES).isdisjoint(named) and not set(LABEL_NAMES).isdisjoint(named):
        return True  # even where one of the texts is "text"
    if any(cell and cell in column for cell, column in zip(first, others, strict=True)):
        return False  # a value that comes again
    if any(cell in TEXT_NAMES or cell in LABEL_NAMES for cell in named):
        return True
    if any(_NUMBER.match(cell) or len(cell) > _LONGEST_NAME for cell in filled) or not distinct:
        return False
    if any(column and all(map(_NUMBER.match, column)) for column in others):
        return True
    if any(len(cell.split()) > _NAME_WORDS for cell in filled):
        return False
    for cell, column in zip(filled, others, strict=True):
        repeated = len(column) >= 4 and len(set(column)) <= len(column) / 2
        if repeated or (column and len(cell) * 4 <= median(map(len, column))):
            return True
    return None


def _is_integer(name: str) -> bool:
    return name.removeprefix("-").isdecimal()


def _positions(
    columns: Columns, names: list[str] | None, body: list[Row], width: int, path: str | Path
) -> tuple[list[int], int | None, list[str]]:
    """Return the positions of the text columns and of the label column, and what is said about them."""
    text = [_position(name, names, width, path, "--text-column / text_columns") for name in columns.text]
    label = None
    if columns.label is not None:
        label = _position(columns.label, names, width, path, "--label-column / label_column")
    cells = [[str(cell) for cell in cells] for _, cells in body if len(cells) == width]
    by_column = list(zip(*cells, strict=True)) or [()] * width
    like_text, like_label = columns.like or ((), None)
    if names is not None and like_text and not text and set(like_text) <= set(names):
        text = [names.index(name) for name in like_text]
        if label is None and like_label is not None:
            label = names.index(like_label) if like_label in names else _known(names, LABEL_NAMES, text)
            return text, label, []
    if label is None:
        label = _known(names, LABEL_NAMES, text)
        known_text = text or [at for at in [_known(names, TEXT_NAMES, ())] if at is not None]
        if label is None:
            label = _guessed_label(names, by_column, known_text)
        if names is None and not text and width > 1 and (label is None or _repeats(by_column[0])):
            label = 0
    if not text:
        others = [at for at in range(width) if at != label]
        if names is None:
            text = others
        else:
            chosen = _known(names, TEXT_NAMES, () if label is None else (label,))
            if chosen is None:
                chosen = _guessed_text(names, by_column, others)
            if chosen is None:
                raise DataError(
                    f"{path}: no column has a well-known name for the text or looks like text; its columns are "
                    f"{', '.join(names)}; name one with --text-column / text_columns"
                )
            text = [chosen]
        if not text:
            raise DataError(f"{path} has one column, which holds the label; expected a column of text too")
    given = bool(columns.text) and columns.label is not None
    called = [_called(at, names) for at in text]
    if given or width == 1 or (called == ["'text'"] and label in (None, _known(names, ("label",), ()))):
        return text, label, []  # nothing was guessed
    said = [] if columns.text else [f"text in column{'s' if len(called) > 1 else ''} {_and(called)}"]
    if columns.label is None:
        said.append("no column of labels" if label is None else f"labels in column {_called(label, names)}")
    return text, label, [", ".join(said)] if said else []


def _known(names: list[str] | None, known: Sequence[str], taken: Sequence[int]) -> int | None:
    """Return the position of the first of some well-known names."""
    lowered = [name.strip().lower() for name in names or ()]
    found = (lowered.index(name) for name in known if name in lowered)
    return next((at for at in found if at not in taken), None)


def _guessed_label(names: list[str] | None, by_column: Sequence[tuple[str, ...]], text: Sequence[int]) -> int | None:
    """Return the column of few values that repeat, if there is one, or one of words among those of numbers."""
    found = []
    for at, column in enumerate(by_column):
        if at in text or len(column) < 4 or (names is not None and _OTHER_NAMES.match(names[at].strip())):
            continue
        distinct = set(column)
        is_short = max(map(len, distinct)) <= _LONGEST_LABEL and all(cell.strip() for cell in distinct)
        if is_short and len(distinct) > 1 and _repeats(column):
            found.append(at)
    of_words = [at for at in found if not all(map(_NUMBER.match, set(by_column[at])))]
    return found[0] if len(found) == 1 else of_words[0] if len(of_words) == 1 else None


def _repeats(column: Sequence[str]) -> bool:
    return len(set(column)) <= len(column) / 2


def _guessed_text(names: list[str], by_column: Sequence[tuple[str, ...]], others: Sequence[int]) -> int | None:
    """Return the column with the longest cells that are no numbers."""
    found = [
        (fmean(map(len, by_column[at])), -at)
        for at in others
        if by_column[at] and not _OTHER_NAMES.match(names[at].strip()) and not all(map(_NUMBER.match, by_column[at]))
    ]
    return -max(found)[1] if found else None


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


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _called(at: int, names: list[str] | None) -> str:
    return repr(names[at]) if names is not None else str(at)
