"""``kolmo predict``: label the rows of a file with a saved classifier."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from kolmo._core.items import as_bytes
from kolmo._core.models.saving import load_model
from kolmo._core.terminal import write_lines
from kolmo.cli import options
from kolmo.cli.classify.stored_reading import as_fitted, folded
from kolmo.cli.inputs import reading_options
from kolmo.cli.output import OutputFile, write_text
from kolmo.cli.rows import RowWriter, format_of, is_stream, rows_of
from kolmo.cli.sets import read_set
from kolmo.data.columns import TEXT_NAMES
from kolmo.data.lines import MAX_ITEM_BYTES, STDIN, numbered_lines, opened, without_line_end
from kolmo.errors import DataError
from kolmo.learn.inspection.predictions import check_classifier, label_items

COLUMNS = ("predicted", "probability", "runner_up")

abstain_option = click.option(
    "--abstain-below",
    type=click.FloatRange(0, 1),
    metavar="P",
    help="Give no label to a text whose most probable label has a probability below P.",
)


@click.command(cls=options.Command, no_args_is_help=False)
@click.argument("model", metavar="MODEL")
@click.argument("data", metavar="DATA")
@click.option(
    "-o", "--output", type=OutputFile(), metavar="FILE", help="Write the rows to FILE.  [default: standard output]"
)
@abstain_option
@click.option("--explain", is_flag=True, help="Add a column with the n-grams and training texts that decided most.")
@reading_options
@options.data_dir_option
def command(
    model: str,
    data: str,
    output: Path | None,
    abstain_below: float | None,
    explain: bool,
    data_dir: str | None,
    reading: dict[str, Any],
) -> None:
    """Label the rows of DATA with the classifier in the folder MODEL, see kolmo fit.

    The output has all rows and columns of DATA, and the columns predicted, probability and runner_up, the second most
    probable label. CSV and TSV keep their format, JSON becomes JSON lines, and lines of text get the columns behind a
    TAB. With DATA - lines, or with --format jsonl JSON lines, are read from stdin, and each is written when it is read.

    \b
    kolmo predict model new.csv -o labelled.csv
    kolmo predict model new.jsonl --abstain-below 0.9
    tail -f log.txt | kolmo predict model - | grep urgent
    """
    classifier = check_classifier(load_model(model))
    reading = as_fitted(classifier, reading)
    reasons = _reasons(classifier) if explain else None
    added = [*COLUMNS, *(["because"] if explain else [])]

    def cells_of(items: Sequence[bytes]) -> Iterator[list[Any]]:
        found = label_items(classifier, items, abstain_below=abstain_below)
        for record, item in zip(found.records(), items, strict=True):
            other = record["runner_up"] if record["runner_up_probability"] > 0 else None
            row = [record["label"], record["probability"], other]
            yield [*row, reasons(item)] if reasons is not None else row

    if is_stream(data, reading["format"]) and output is None:
        _stream(cells_of, added, reading)
        return
    corpus = read_set(data, split="test", data_dir=data_dir, keep_rows=True, **reading)
    names, rows = rows_of(corpus)
    form = format_of(corpus, data, reading["format"], output)
    writer = RowWriter(form, names, added)

    def lines() -> Iterator[str]:
        yield from writer.header()
        for cells, new in zip(rows, cells_of(corpus.items), strict=True):
            yield writer.row(cells, new)

    if output is None:
        write_lines(lines())
    else:
        write_text(output, lambda file: file.writelines(f"{line}\n" for line in lines()))


def _stream(
    cells_of: Callable[[Sequence[bytes]], Iterator[list[Any]]],
    added: Sequence[str],
    reading: dict[str, Any],
) -> None:
    """Label each line of stdin as soon as it is read, and flush it."""
    form, columns = reading["format"] or "lines", reading["text_columns"] or ()
    fitted = reading["like"].columns[0] if "like" in reading else ()
    with opened(STDIN) as file:
        for number, line in numbered_lines(file, STDIN, MAX_ITEM_BYTES):
            if not line.strip():
                continue
            if form in ("json", "jsonl"):
                record = _record(line, number)
                names = columns or (fitted if set(fitted) <= set(record) else ())
                item = _text(record, number, names, reading["separator"])
                writer, cells = RowWriter("jsonl", list(record), added), list(record.values())
            else:
                item = without_line_end(line)
                writer, cells = RowWriter(form, None, added), [item]
            (new,) = cells_of([folded(reading, item)])
            write_lines([writer.row(cells, new)])
            sys.stdout.flush()


def _record(line: bytes, number: int) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"standard input: line {number} is not JSON: {error}; leave out --format jsonl") from None
    if not isinstance(found, dict):
        raise DataError(f"standard input: line {number}: expected a JSON object, got {type(found).__name__}")
    return found


def _text(record: dict[str, Any], number: int, text_columns: Sequence[str], separator: str) -> bytes:
    """Return the text of a record: its named columns joined, or the first well-known one."""
    names = list(text_columns) or [name for name in TEXT_NAMES if name in record][:1]
    if not names or any(not isinstance(record.get(name), str) for name in names):
        expected = " and ".join(map(repr, names)) or "a well-known name"
        raise DataError(
            f"standard input: line {number}: expected text under {expected}, got the keys {', '.join(record)!r:.100}; "
            "name one with --text-column"
        )
    return as_bytes(separator.join(record[name] for name in names))


def _reasons(classifier: Any) -> Callable[[bytes], str]:
    """Return a function that gives the reasons for the label of an item in one line."""
    from kolmo.learn.inspection.explanations import Explainer

    explainer = Explainer(classifier)
    return lambda item: explainer.explain(item).in_one_line()
