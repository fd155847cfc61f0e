"""Options that the commands ``leaks`` and ``duplicates`` share, and the tables that they write."""

from __future__ import annotations

import csv
import itertools
import shutil
import sys
from collections.abc import Callable, Sequence
from functools import partial, reduce
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from kolmo._core.terminal import is_terminal
from kolmo.cli import options
from kolmo.cli.inputs import reading_options
from kolmo.cli.output import print_results, print_tables, write_text
from kolmo.cli.rows import RowWriter, format_of, rows_of

if TYPE_CHECKING:
    from kolmo.data.corpus import Corpus
    from kolmo.find.reports import OverlapReport

_EDGES = 1
"""Characters that a styled table has beside those of a plain one."""


def overlap_options(function: Callable[..., None]) -> Callable[..., None]:
    """Return the command with the options of a search for overlaps."""
    decorators = (
        click.option(
            "--min-bits",
            type=click.FloatRange(min=0),
            default=100.0,
            show_default=True,
            metavar="BITS",
            help="Smallest number of bits that a copy saves over the background.",
        ),
        click.option(
            "--candidates",
            "n_candidates",
            type=click.IntRange(min=1),
            default=10,
            show_default=True,
            metavar="N",
            help="Compare an item, or each kilobyte of a long one, with the N most similar; small sets completely.",
        ),
        click.option(
            "--candidates-by",
            "candidates",
            type=click.Choice(["char-tfidf", "sketch"]),
            default="char-tfidf",
            show_default=True,
            help="Similarity that chooses the candidates: TF-IDF of character 5-grams, or sketches for huge sets.",
        ),
        click.option("--case-sensitive", is_flag=True, help="Distinguish upper and lower case."),
        click.option(
            "--ignore",
            "ignored",
            type=options.InputFile(),
            multiple=True,
            metavar="FILE",
            help="A text whose copies do not count, such as a licence; repeat it for several.",
        ),
        click.option(
            "-y",
            "--side-by-side",
            cls=options.SharedOption,
            group=options.OUTPUT,
            is_flag=True,
            help="Also print both passages of each pair side by side, with the text around them; all with --verbose.",
        ),
        options.coder_option("ngram", multiple=False),
        options.checkpoint_option,
        options.jobs_option,
        options.html_option,
        options.json_option,
        options.verbose_option,
        options.output_option("all pairs found"),
        reading_options,
        options.data_dir_option,
    )
    return reduce(lambda inner, decorator: decorator(inner), reversed(decorators), function)


def search_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of `find_leaks` and `find_duplicates` that the options give, and remove these options."""
    from kolmo.data.lines import MAX_ITEM_BYTES, read_whole

    ignored = [read_whole(name, MAX_ITEM_BYTES) for name in settings.pop("ignored")]
    return {
        "fold_case": not settings.pop("case_sensitive"),
        "ignore": ignored,
        "n_jobs": settings.pop("jobs"),
        **{name: settings.pop(name) for name in ("min_bits", "candidates", "n_candidates", "coder", "checkpoint")},
    }


def reading_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of `read_set` that the options give, and remove these options."""
    reading: dict[str, Any] = settings.pop("reading")
    return reading | {"data_dir": settings.pop("data_dir")}


def print_overlaps(report: OverlapReport, *, side_by_side: bool, as_json: bool, verbose: bool, **facts: Any) -> None:
    """Print a report, with the passages side by side if that is asked for; the JSON document always has them."""
    print_results([report], as_json=as_json, verbose=verbose, **facts)
    if side_by_side and not as_json:
        from kolmo.find.reports import SHOWN, WIDTH

        width = max(shutil.get_terminal_size().columns - _EDGES, 40) if is_terminal(sys.stdout) else WIDTH
        tables = report.passage_tables(None if verbose else SHOWN, width=width)
        if tables:
            sys.stdout.write("\n")
        print_tables(tables)


def write_pairs(path: Path, report: OverlapReport) -> None:
    """Write the pairs of a report to a CSV file; a span becomes two columns."""
    write_text(path, partial(_write_rows, records=report.records(), names=report.pair_type.columns()))


def _write_rows(file: IO[str], *, records: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    spans = {name for name in names if name.endswith("span")}
    writer.writerow(
        [part for name in names for part in ((f"{name}_start", f"{name}_end") if name in spans else (name,))]
    )
    for record in records:
        writer.writerow([part for name in names for part in (record[name] if name in spans else (record[name],))])


def write_corpus(path: Path, corpus: Corpus) -> None:
    """Write items to a file, in the format of its ending; the rows of a table keep all their columns."""
    from kolmo.data.writers import ending_of, write_items

    if corpus.rows is None or ending_of(path) == ".txt":
        write_text(path, lambda file: write_items(corpus, file, ending_of(path)))
        return
    names, rows = rows_of(corpus)
    writer = RowWriter(format_of(corpus, "", None, path), names, ())
    lines = itertools.chain(writer.header(), (writer.row(cells, ()) for cells in rows))
    write_text(path, lambda file: file.writelines(f"{line}\n" for line in lines))
