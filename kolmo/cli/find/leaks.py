"""``kolmo leaks``: the test items that contain passages of the training set."""

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
from kolmo.cli.inputs import check_one_stdin, is_same_file
from kolmo.cli.options import Command
from kolmo.cli.output import OutputFile, write_report
from kolmo.cli.sets import read_set
from kolmo.errors import DataError, ParameterError


@click.command(cls=Command, no_args_is_help=False)
@click.argument("train")
@click.argument("test")
@click.option(
    "--write-clean",
    "clean_file",
    type=OutputFile(".csv", ".tsv", ".jsonl", ".txt"),
    metavar="OUT",
    help="Write the items of TEST without a leak to OUT: .csv, .tsv, .jsonl, or .txt for lines.",
)
@overlap_options
def command(
    train: str,
    test: str,
    clean_file: Path | None,
    side_by_side: bool,
    html: Path | None,
    as_json: bool,
    verbose: bool,
    output: Path | None,
    **rest: Any,
) -> None:
    """Find the items of TEST that contain a passage of an item of TRAIN, copied with or without edits.

    A passage counts by the bits that a copy saves over a coder that has read other data of the kind, so boilerplate
    does not count. TRAIN and TEST are files (CSV, TSV, JSONL, Parquet, fastText, one text a line), folders with one
    folder per class, - for stdin, or data sets by name. Labels are compared if both have them. New data that repeat old
    ones, or old data in new ones: exchange the two.

    \b
    kolmo leaks train.csv test.csv
    kolmo leaks train.csv test.csv --side-by-side
    kolmo leaks train.csv test.csv --json > leaks.json
    kolmo leaks books/ essays/ --ignore licence.txt --write-clean clean.jsonl
    """
    from kolmo.find.leaks import find_leaks

    check_one_stdin([train, test])
    if is_same_file(train, test):
        raise ParameterError(
            f"TRAIN and TEST are the same file {train!r}, so that every item is a leak; look for duplicates in it: "
            "kolmo duplicates"
        )
    settings, reading = search_settings(rest), reading_settings(rest)
    train_set = read_set(train, split="train", **reading)
    test_set = read_set(test, split="test", keep_rows=clean_file is not None, **reading)
    report = find_leaks(train_set, test_set, **settings)
    if output is not None:
        write_pairs(output, report)
    if clean_file is not None:
        flagged = set(report.flagged_test)
        clean = [index for index in range(len(test_set)) if index not in flagged]
        if not clean:
            raise DataError("every item of TEST has a leak, so there is nothing to write with --write-clean")
        write_corpus(clean_file, test_set.subset(clean))
    write_report(html, report, items={"test": test_set, "training": train_set})
    print_overlaps(report, side_by_side=side_by_side, as_json=as_json, verbose=verbose, train=train, test=test)
