"""``kolmo duplicates``: the pairs of items of one set that share a passage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kolmo.cli.find.overlap_options import (
    overlap_options,
    print_overlaps,
    reading_settings,
    search_settings,
    write_corpus,
    write_pairs,
)
from kolmo.cli.options import Command
from kolmo.cli.output import OutputFile, write_report
from kolmo.cli.sets import read_set


@click.command(cls=Command, no_args_is_help=False)
@click.argument("data")
@click.option(
    "--write-unique",
    "unique_file",
    type=OutputFile(".csv", ".tsv", ".jsonl", ".txt"),
    metavar="OUT",
    help="Write the items that are kept to OUT: .csv, .tsv, .jsonl, or .txt for lines.",
)
@click.option(
    "--keep",
    type=click.Choice(["first", "longest"]),
    default="first",
    show_default=True,
    help="Of items that explain each other, keep the first or the longest.",
)
@click.option(
    "--min-share",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    metavar="SHARE",
    help="Remove an item if one kept item explains this share of its bytes.",
)
@overlap_options
def command(
    data: str,
    unique_file: Path | None,
    keep: Any,
    min_share: float,
    side_by_side: bool,
    html: Path | None,
    as_json: bool,
    verbose: bool,
    output: Path | None,
    **rest: Any,
) -> None:
    """Find the pairs of items in DATA that share a passage, copied with or without edits.

    An item is removed only if one kept item explains it. Items in a chain of pairs are no duplicates of each other.
    DATA is a file (CSV, TSV, JSONL, Parquet, fastText, one text a line), a folder with one folder per class, - for
    stdin, or a data set by name. Pairs with different labels are counted.

    \b
    kolmo duplicates data.csv
    kolmo duplicates data.jsonl --write-unique unique.jsonl
    kolmo duplicates lines.txt --json > duplicates.json
    """
    from kolmo.find.duplicates import find_duplicates

    settings, reading = search_settings(rest), reading_settings(rest)
    corpus = read_set(data, split="train", keep_rows=unique_file is not None, **reading)
    report = find_duplicates(corpus, keep=keep, min_share=min_share, **settings)
    if output is not None:
        write_pairs(output, report)
    if unique_file is not None:
        write_corpus(unique_file, corpus.subset(report.unique))
    write_report(html, report, items=corpus)
    print_overlaps(report, side_by_side=side_by_side, as_json=as_json, verbose=verbose, data=data)
