"""Tables of runs: columns by name or guessed, numbers with their units, filters, and groups."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from kolmo._core.terminal import one_line, visible, write_lines
from kolmo.cli.law.numbers import SHOWN, parsed, text_of
from kolmo.cli.options import Decorator, FiniteRange, InputFile, SharedOption, together
from kolmo.data.lines import STDIN
from kolmo.errors import DataError, ParameterError

ROLES: dict[str, tuple[str, ...]] = {
    "x": (
        *("tokens", "d", "train_size", "training_size", "n_examples", "examples", "seen_examples", "samples"),
        *("n_samples", "dataset_size", "data_size", "bytes", "unique_bytes", "size", "steps", "flops", "compute", "x"),
    ),
    "y": (
        *("loss", "test_loss", "held_out_bits_per_byte", "bits_per_byte", "bpb", "val_loss", "validation_loss"),
        *("eval_loss", "cross_entropy", "error", "test_error", "perplexity", "y"),
    ),
    "n": ("parameters", "params", "n", "n_params", "n_parameters", "model_size", "weights"),
    "d": ("tokens", "d", "training_tokens", "train_tokens", "bytes", "examples", "seen_examples"),
    "flops": ("flops", "flop", "training_flop", "training_flops", "training_compute", "compute", "c"),
    "unique": ("unique_tokens", "unique_bytes", "unique", "u"),
    "date": ("date", "date_iso", "publication_date", "published", "year", "time"),
    "value": ("parameters", "params", "value", "training_compute", "flops", "compute"),
    "training": ("training", "train", "is_train"),
    "name": ("system", "model", "name"),
}
"""Names of columns by what they hold, the likeliest first; spaces, case and units in parentheses do not count."""

_MISSING = ("", "na", "n/a", "none", "null", "-")
_TRUE, _FALSE = (
    ("1", "1.0", "true", "yes", "train", "training"),
    ("0", "0.0", "false", "no", "test", "held out", "eval"),
)
_FILTER = re.compile(r"\s*(.+?)\s*(!=|>=|<=|==|!~|=|<|>|~)\s*(.*?)\s*\Z", re.DOTALL)


@dataclass(frozen=True)
class RunTable:
    """The rows of a table.

    Parameters
    ----------
    path : str
        The file.
    names : tuple of str
        The names of the columns.
    rows : list of list
        The cells: texts, or JSON values.
    numbers : list of int
        The number of each row in the file, from 1, without the header.
    """

    path: str
    names: tuple[str, ...]
    rows: list[Sequence[Any]]
    numbers: list[int]

    def column(self, name: str, option: str) -> int:
        """Return the place of a column, by its name, its name in other case, or its number from 0."""
        for key in (str, _plain):
            found = [place for place, each in enumerate(self.names) if key(each) == key(name)]
            if found:
                return self._only(found, option)
        if re.fullmatch(r"[0-9]{1,9}", name) and int(name) < len(self.names):
            return int(name)
        raise DataError(
            f"{self.path} has no column {name!r:.60} ({option}); its columns: "
            f"{', '.join(map(visible, self.names)):.300}"
        )

    def find(self, role: str, given: str | None, option: str, *, least: bool = True) -> int | None:
        """Return the place of a column that is named or guessed; without a guess, None or an error."""
        if given is not None:
            return self.column(given, option)
        plain = [_plain(name) for name in self.names]
        for name in ROLES[role]:
            if name in plain:
                return self._only([place for place, each in enumerate(plain) if each == name], option)
        if not least:
            return None
        raise DataError(
            f"{self.path}: which column is it? Name it with {option}; its columns: "
            f"{', '.join(map(visible, self.names)):.300}"
        )

    def _only(self, places: Sequence[int], option: str) -> int:
        """Return the one place of a name; several columns of one name are told apart by their numbers."""
        if len(places) == 1:
            return places[0]
        listed = " and ".join(f"{visible(self.names[place])!r} (number {place})" for place in places[:3])
        raise DataError(
            f"{self.path} has {len(places)} columns that could be meant, {listed:.200}; "
            + (f"name one with {option}, by its exact name or its number" if option else "rename one")
        )

    def taken(self, places: Sequence[int]) -> RunTable:
        """Return some of the rows."""
        return replace(
            self, rows=[self.rows[place] for place in places], numbers=[self.numbers[place] for place in places]
        )

    def texts(self, place: int) -> list[str]:
        """Return the cells of a column as texts."""
        return [text_of(row[place]) for row in self.rows]

    def values(self, place: int) -> NDArray[np.float64]:
        """Return the cells of a column as numbers; 1.3B, 70M and 5 GiB are understood.

        Raises
        ------
        DataError
            For a cell that is no number, or cells with different units.
        """
        name, found = visible(self.names[place]), []
        words: dict[str, int] = {}
        scales: dict[bool, tuple[int, float]] = {}
        for number, row in zip(self.numbers, self.rows, strict=True):
            value, unit, is_scaled = parsed(row[place], f"{self.path}: row {number}, column {name!r}")
            words.setdefault(unit, number)
            if value:
                scales.setdefault(is_scaled, (number, value))
            found.append(value)
        commas = [text for text in self.texts(place) if "," in text]
        if commas:
            note(self.path, [f"column {name!r}: the comma in {commas[0]:.{SHOWN}} is read as a separator of thousands"])
        if len(words) > 1:
            (one, first), (other, second) = list(words.items())[:2]
            raise DataError(
                f"{self.path}: column {name!r} has mixed units: {_quoted(one)} in row {first}, {_quoted(other)} "
                f"in row {second}; write all values in one unit"
            )
        if len(scales) == 2 and scales[False][1] < 1000 <= scales[True][1]:
            raise DataError(
                f"{self.path}: column {name!r} has mixed units: {scales[False][1]:g} in row {scales[False][0]} without "
                f"a factor such as M or B, and one with it in row {scales[True][0]}; write all values alike"
            )
        return np.array(found, float)

    def positive(self, place: int) -> NDArray[np.float64]:
        """Return the cells of a column as positive, finite numbers, for a logarithmic axis."""
        found, name = self.values(place), self.names[place]
        wrong = np.flatnonzero(~np.isfinite(found) | (found <= 0))
        if len(wrong):
            cell, more = text_of(self.rows[wrong[0]][place]).strip(), len(wrong) - 1
            others = f" (and {more:,} more {'row' if more == 1 else 'rows'})" if more else ""
            kept = [f"--where '{visible(name)}>0'"] if np.any(~(found[wrong] > 0)) else []
            kept += [f"--where '{visible(name)}<inf'"] if np.any(np.isposinf(found[wrong])) else []
            raise DataError(
                f"{self.path}: row {self.numbers[wrong[0]]}, column {visible(name)!r}: expected a positive, finite "
                f"number for a logarithmic scale, got {cell:.{SHOWN}}{others}; leave such rows out with "
                f"{' '.join(kept)}, or correct them"
            )
        return found

    def unit(self, place: int, given: str | None) -> str | None:
        """Return the unit of a column: given, or in parentheses in its name, or its name if that is a unit."""
        if given:
            return given
        name = self.names[place]
        if stated := re.search(r"[(\[]([^)\]]+)[)\]]\s*\Z", name):
            return stated[1]
        plain = _plain(name)
        for ending, unit in _UNITS.items():
            if plain == ending or plain.endswith(f"_{ending}"):
                return unit
        return None

    def label(self, place: int, given: str | None) -> str:
        """Return the name of a column with its unit, for axes."""
        unit, name = self.unit(place, given), re.sub(r"\s*[(\[][^)\]]+[)\]]\s*\Z", "", self.names[place])
        return name if unit is None or _plain(name).endswith(_plain(unit)) else f"{name} ({unit})"


_UNITS = {
    **dict.fromkeys(("bits_per_byte", "bpb"), "bits/byte"),
    **dict.fromkeys(("tokens", "training_tokens", "d"), "tokens"),
    **dict.fromkeys(("bytes", "unique_bytes"), "bytes"),
    **dict.fromkeys(("params", "parameters", "n_params", "n_parameters", "weights"), "parameters"),
    **dict.fromkeys(("flop", "flops", "training_flop"), "FLOP"),
    **dict.fromkeys(("examples", "seen_examples", "n_examples", "samples", "n_samples", "train_size"), "examples"),
    **dict.fromkeys(("steps",), "steps"),
}


def read_runs(path: str, conditions: Sequence[str] = ()) -> RunTable:
    """Read a table of runs, and leave out the rows that do not fulfil the conditions.

    Raises
    ------
    DataError
        If the file is no table, or no row is left.
    """
    from kolmo.data.readers import read

    is_table = path == STDIN or any(path.lower().endswith(ending) for ending in (".txt", ".dat", ".data", ".log"))
    corpus = read(path, format="csv" if is_table else None, text_columns=["0"], header=True, keep_rows=True)
    if corpus.rows is None or corpus.rows.names is None:
        raise DataError(f"{path}: expected a table with names of columns, such as CSV, got {corpus.modality}")
    rows = list(corpus.rows.cells)
    found = RunTable(path, tuple(corpus.rows.names), rows, list(range(1, len(rows) + 1)))
    for condition in conditions:
        found = _filtered(found, condition)
    return found


def complete(table: RunTable, places: Sequence[int | None], remarks: list[str]) -> RunTable:
    """Leave out rows with an empty cell in one of these columns, and say so."""
    used = [place for place in places if place is not None]
    kept = [at for at, row in enumerate(table.rows) if not any(_is_missing(row[place]) for place in used)]
    if len(kept) == len(table.rows):
        return table
    names = ", ".join(visible(table.names[place]) for place in used)
    if not kept:
        raise DataError(f"{table.path}: no row has values in all of {names}")
    remarks.append(f"{len(table.rows) - len(kept)} of {len(table.rows)} rows without a value in {names} are left out")
    return table.taken(kept)


def training_rows(table: RunTable, place: int) -> NDArray[np.bool_]:
    """Return which rows are to be fitted, by a column of 1 and 0, or such words."""
    found = []
    for number, text in zip(table.numbers, table.texts(place), strict=True):
        word = text.strip().lower()
        if word not in (*_TRUE, *_FALSE):
            raise DataError(
                f"{table.path}: row {number}, column {visible(table.names[place])!r}: expected 1 for a run to fit or 0 "
                f"for one that is held out, got {text!r:.40}"
            )
        found.append(word in _TRUE)
    return np.array(found, bool)


def groups_of(table: RunTable, names: Sequence[str]) -> dict[str, list[int]]:
    """Return the places of the rows by the values of some columns."""
    columns = [table.texts(table.column(name, "--by")) for name in names]
    found: dict[str, list[int]] = {}
    for place in range(len(table.rows)):
        found.setdefault(", ".join(column[place] for column in columns), []).append(place)
    return found


def note(path: str, remarks: Sequence[str]) -> None:
    """Write remarks on stderr."""
    called = "standard input" if path == STDIN else path
    write_lines([one_line(f"Note: {called}: {remark}") for remark in remarks], sys.stderr)


def guess_remark(table: RunTable, roles: dict[str, tuple[int | None, str | None]]) -> list[str]:
    """Return a remark on the columns that were guessed."""
    guessed = [
        f"{role} is {visible(table.names[place])!r}"
        for role, (place, given) in roles.items()
        if place is not None and given is None
    ]
    return [f"by the names of the columns, {', '.join(guessed)}"] if guessed else []


def unit_remarks(table: RunTable, columns: Sequence[tuple[int, str | None, str]]) -> list[str]:
    """Return a remark for each column whose unit is not known: place, given unit, and option."""
    return [
        f"the unit of {visible(table.names[place])!r} is not stated; state it with {option}"
        for place, given, option in columns
        if table.unit(place, given) is None
    ]


def _filtered(table: RunTable, condition: str) -> RunTable:
    found = _FILTER.match(condition)
    if not found:
        raise ParameterError(
            f"--where: expected a column, a sign and a value, such as 'params>=1e9', 'domain=Language' or 'domain~Vis' "
            f"(contains), got {condition!r:.60}"
        )
    name, sign, value = found.groups()
    place = table.column(name, "--where")
    if sign in ("<", "<=", ">", ">="):
        limit, _, _ = parsed(value, f"--where {condition!r:.60}")
        compare: dict[str, Callable[[float], bool]] = {
            "<": lambda number: number < limit,
            "<=": lambda number: number <= limit,
            ">": lambda number: number > limit,
            ">=": lambda number: number >= limit,
        }
        filled = [at for at, row in enumerate(table.rows) if not _is_missing(row[place])]
        kept = [at for at in filled if compare[sign](parsed(table.rows[at][place], f"{table.path}: {condition}")[0])]
    else:
        texts = [text.strip().lower() for text in table.texts(place)]
        asked, negated = value.lower(), sign.startswith("!")
        is_part = sign in ("~", "!~")
        kept = [
            at for at, text in enumerate(texts) if negated != (asked in text if is_part else _is_equal(text, asked))
        ]
    if not kept:
        raise DataError(f"{table.path}: no row fulfils --where {condition!r:.80}")
    return table.taken(kept)


def _is_equal(text: str, asked: str) -> bool:
    """Return whether two texts are the same or the same number, such as 1e6 and 1000000."""
    if text == asked:
        return True
    try:
        return float(text) == float(asked)
    except ValueError:
        return False


def _quoted(unit: str) -> str:
    return repr(unit) if unit else "no unit"


def distinct(columns: dict[str, int | None]) -> None:
    """Refuse two options that mean the same column.

    Raises
    ------
    ParameterError
        If they do; the options and their columns are named.
    """
    seen: dict[int, str] = {}
    for option, place in columns.items():
        if place is not None and (other := seen.setdefault(place, option)) != option:
            raise ParameterError(f"{other} and {option}: expected different columns, got the same one (number {place})")


def _is_missing(cell: Any) -> bool:
    return text_of(cell).strip().lower() in _MISSING


def _plain(name: str) -> str:
    return re.sub(r"[\s\-]+", "_", re.sub(r"[(\[].*", "", name).strip().lower())


COLUMNS, FITTING, TRAINING = "Columns and rows", "Fitting options", "Training options"
"""Headings of the options of these commands."""


def grouped(group: str, *names: str, **attributes: Any) -> Decorator:
    """Return an option that is listed under a heading of its own."""
    return click.option(*names, cls=SharedOption, group=group, **attributes)


where_option = grouped(
    COLUMNS,
    "--where",
    multiple=True,
    metavar="CONDITION",
    help="Use only rows that fulfil it, such as 'params>=1e9', 'domain=Language', 'domain~Vision' (contains); "
    "repeat it for several conditions.",
)


def optimum_options(n_resamples: int, *, tolerance: str, resamples: str) -> Decorator:
    """The options of an optimum, with their lines of help: how flat it is, and the resamples of its intervals."""
    return together(
        click.option(
            "--tolerance", type=FiniteRange(0, 1, min_open=True), default=1e-3, show_default=True, help=tolerance
        ),
        click.option(
            "--resamples",
            type=click.IntRange(0, 100_000),
            default=n_resamples,
            show_default=True,
            metavar="N",
            help=resamples,
        ),
    )


def by_option(what: str) -> Decorator:
    """``--by``: groups of rows."""
    told = f"{what} for each value of this column; repeat it to join several."
    return grouped(COLUMNS, "--by", multiple=True, metavar="COLUMN", help=told)


def column_option(name: str, role: str, what: str) -> Decorator:
    """An option that names a column; without it the column is guessed."""
    guesses = ", ".join(ROLES[role][:3])
    told = f"Column of {what}.  [default: by its name, such as {guesses}]"
    return grouped(COLUMNS, name, metavar="COLUMN", help=told)


runs_argument = together(click.argument("runs", type=InputFile(), metavar="RUNS"))
