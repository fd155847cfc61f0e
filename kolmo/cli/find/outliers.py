"""``kolmo outliers``: find files, lines or rows of a table that are unlike normal ones."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from kolmo._core.terminal import write_lines
from kolmo.cli import options
from kolmo.cli.find.named_items import read_items
from kolmo.cli.inputs import check_one_stdin
from kolmo.cli.output import print_json, print_tables, write_text
from kolmo.coders.base import Coder
from kolmo.data.lines import MAX_ITEM_BYTES, STDIN, numbered_lines, opened, without_line_end
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    from kolmo.find.outlier_report import OutlierReport
    from kolmo.find.outliers import CodeLengthOutlier

_COLUMNS = ("score", "is_outlier", "tail_share", "size_bytes", "bits", "expected_bits")


@click.command(cls=options.Command, no_args_is_help=False)
@click.argument("data", nargs=-1, required=True, metavar="DATA...")
@click.option(
    "--normal",
    "normal",
    type=options.InputFile(),
    metavar="NORMAL",
    multiple=True,
    help="Normal items: a file of lines, a table, a folder of files, or a data set; repeat it for several. Without it, "
    "each item of DATA is compared with the others.",
)
@options.coder_option("ngram", multiple=False)
@click.option(
    "--false-alarms",
    "false_alarm_rate",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.01,
    show_default=True,
    metavar="RATE",
    help="Share of normal items that may be flagged.",
)
@click.option(
    "--score",
    type=click.Choice(["corrected", "per_byte", "bits"]),
    default="corrected",
    show_default=True,
    help="Bits above those of normal items of the same size, in units of their variation; bits per byte; or bits.",
)
@click.option("--all", "show_all", is_flag=True, help="With DATA -: print all lines with their scores.")
@options.checkpoint_option
@options.jobs_option
@options.json_option
@options.verbose_option
@options.output_option("the scores of all items")
@options.reading_options
@options.data_dir_option
def command(
    data: tuple[str, ...],
    normal: tuple[str, ...],
    coder: Coder,
    false_alarm_rate: float,
    score: Any,
    show_all: bool,
    checkpoint: Path | None,
    jobs: int,
    as_json: bool,
    verbose: bool,
    output: Path | None,
    data_dir: str | None,
    **reading: Any,
) -> None:
    """Find items that are unlike normal items: their code given the normal items is longer than that of others.

    DATA is one or several files of lines, tables, folders (one item a file) or data sets. With -, lines of stdin are
    scored as they arrive, and outliers are printed at once with their scores: as JSON lines with --json.

    The threshold comes from held-out normal items, with the interval of its false-alarm rate. Scores are corrected for
    the size of the item.

    \b
    kolmo outliers --normal good.log today.log
    kolmo outliers --normal src/ new/ --false-alarms 0.05
    kolmo outliers reviews.csv --text-column text
    tail -f app.log | kolmo outliers --normal good.log -
    """
    check_one_stdin([*data, *normal])
    is_stream = STDIN in data
    _check_stream(data, normal, show_all=show_all, output=output, checkpoint=checkpoint)
    if set(data) & set(normal):
        raise ParameterError(
            f"DATA and --normal both name {(set(data) & set(normal)).pop()!r}, and what was read as normal looks "
            "normal; leave out --normal to compare each item of DATA with the others"
        )
    from kolmo.find.outliers import CodeLengthOutlier

    outlier = CodeLengthOutlier(coder, false_alarm_rate=false_alarm_rate, score=score, n_jobs=jobs)
    if normal:
        outlier.fit(read_items(normal, split="train", data_dir=data_dir, least=2, **reading)[0])
    if is_stream:
        _score_lines(outlier, show_all=show_all, as_json=as_json)
        return
    items, names = read_items(data, split="test", data_dir=data_dir, least=1 if normal else 2, **reading)
    report = (
        outlier.report(items, names=names, checkpoint=checkpoint) if normal else outlier.fit_report(items, names=names)
    )
    if output is not None:
        write_text(output, lambda file: _write_scores(file, report))
    if as_json:
        found = report.to_dict()
        facts = {key: found[key] for key in ("threshold", "score", "n_flagged", "n_longer", "seconds", "fingerprint")}
        print_json({"data": data, "normal": normal} | facts | {"results": report.records()})
        return
    print_tables(type(report).tables_of([report], verbose=verbose))


def _check_stream(
    data: Sequence[str], normal: Sequence[str], *, show_all: bool, output: Path | None, checkpoint: Path | None
) -> None:
    """Refuse options that do not suit lines of stdin, or suit only them."""
    if STDIN not in data:
        if show_all:
            raise ParameterError("--all has an effect only with DATA -; leave it out, or use -o FILE for all scores")
        return
    if len(data) > 1:
        raise ParameterError("lines of stdin are scored as they arrive, so '-' has to be the only DATA")
    if not normal:
        raise ParameterError("lines of stdin are scored as they arrive, so DATA - needs --normal")
    if output is not None or checkpoint is not None:
        option = "-o" if output is not None else "--checkpoint"
        raise ParameterError(f"{option} has no effect with DATA -; redirect stdout to a file")


def _score_lines(outlier: CodeLengthOutlier, *, show_all: bool, as_json: bool) -> None:
    """Score each line of stdin as it arrives."""
    scored, threshold = outlier.scorer(), outlier.threshold_.score
    with opened(STDIN) as file:
        for number, line in numbered_lines(file, "standard input", MAX_ITEM_BYTES):
            item = without_line_end(line)
            if not item.strip():
                continue
            score = scored(item)
            if not (show_all or score > threshold):
                continue
            text = item.decode("utf-8", "surrogateescape")
            if as_json:
                shown = item.decode("utf-8", "backslashreplace")
                row = {"line": number, "score": score, "is_outlier": score > threshold, "text": shown}
                sys.stdout.write(json.dumps(row) + "\n")
            else:
                write_lines([f"{score:.2f}\t{text}"])
            sys.stdout.flush()


def _write_scores(file: IO[str], report: OutlierReport) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["item", *_COLUMNS])
    for place, row in enumerate(report.records()):
        writer.writerow([row.get("name", place), *(row[column] for column in _COLUMNS)])
