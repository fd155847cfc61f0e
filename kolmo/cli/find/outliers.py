"""``kolmo outliers``: find files, lines or rows of a table that are unlike normal ones."""

from __future__ import annotations

import csv
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from kolmo._core.terminal import write_lines
from kolmo.cli import options
from kolmo.cli.find.named_items import read_items
from kolmo.cli.inputs import check_one_stdin, reading_options
from kolmo.cli.output import ModelFolder, print_json, print_tables, write_report, write_text
from kolmo.coders.base import Coder
from kolmo.data.lines import MAX_ITEM_BYTES, STDIN, numbered_lines, opened, without_line_end
from kolmo.errors import DataError, ParameterError

if TYPE_CHECKING:
    from kolmo.find.outlier_report import OutlierReport
    from kolmo.find.outliers import CodeLengthOutlier

_COLUMNS = ("score", "is_outlier", "tail_share", "size_bytes", "bits", "expected_bits")


@click.command(cls=options.Command, no_args_is_help=False)
@click.argument("data", nargs=-1, metavar="[DATA]...")
@click.option(
    "--normal",
    "normal",
    type=options.InputFile(),
    metavar="NORMAL",
    multiple=True,
    help="Normal items: a file of lines, a table, a folder of files, or a data set; repeat it for several. Without it, "
    "each item of DATA is compared with the others.",
)
@click.option(
    "--model", "model", type=options.InputFile(), metavar="FOLDER", help="A model saved by --save, in place of NORMAL."
)
@click.option("--save", type=ModelFolder(), metavar="FOLDER", help="Save the fitted model to FOLDER.")
@options.coder_option("ngram", multiple=False)
@click.option(
    "--false-alarms",
    "false_alarm_rate",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="RATE",
    help="Share of normal items that may be flagged.  [default: 0.01, or that of the model]",
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
@options.html_option
@options.json_option
@options.verbose_option
@options.output_option("the scores of all items")
@reading_options
@options.data_dir_option
@click.pass_context
def command(
    context: click.Context,
    /,
    data: tuple[str, ...],
    normal: tuple[str, ...],
    model: str | None,
    save: Path | None,
    coder: Coder,
    false_alarm_rate: float | None,
    score: Any,
    show_all: bool,
    checkpoint: Path | None,
    jobs: int,
    html: Path | None,
    as_json: bool,
    verbose: bool,
    output: Path | None,
    data_dir: str | None,
    reading: dict[str, Any],
) -> None:
    """Find items that are unlike normal items: their code given the normal items is longer than that of others.

    DATA is one or several files of lines, tables, folders (one item a file) or data sets. With -, lines of stdin are
    scored as they arrive, and outliers are printed at once with their scores: as JSON lines with --json. With --save,
    DATA may be left out.

    The threshold comes from held-out normal items, with the interval of its false-alarm rate. Scores are corrected for
    the size of the item.

    \b
    kolmo outliers --normal good.log today.log
    kolmo outliers --normal src/ new/ --false-alarms 0.05
    kolmo outliers reviews.csv --text-column text
    kolmo outliers --normal good.log --save model
    tail -f app.log | kolmo outliers --model model -
    """
    check_one_stdin([*data, *normal])
    _check_use(context, data, normal, model, save, checkpoint)
    files = {"-o": output, "--html": html, "--checkpoint": checkpoint}
    _check_data(data, files, is_fitted=bool(normal or model), show_all=show_all)
    if model is not None:
        outlier = _loaded(model, false_alarm_rate, jobs)
    else:
        from kolmo.find.outliers import CodeLengthOutlier

        rate = 0.01 if false_alarm_rate is None else false_alarm_rate
        outlier = CodeLengthOutlier(coder, false_alarm_rate=rate, kind=score, n_jobs=jobs)
    if normal:
        outlier.fit(read_items(normal, reading, split="train", data_dir=data_dir, least=2)[0])
    if save is not None and normal:
        outlier.save(save, force=True)  # a folder that may not be replaced was refused before
    if not data:
        _print_saved(outlier, save, as_json=as_json)
        return
    if STDIN in data:
        _score_lines(outlier, show_all=show_all, as_json=as_json)
        return
    is_fitted = bool(normal or model)
    items, names = read_items(data, reading, split="test", data_dir=data_dir, least=1 if is_fitted else 2)
    if is_fitted:
        report = outlier.report(items, names=names, checkpoint=checkpoint)
    else:
        report = outlier.fit_report(items, names=names)
    if output is not None:
        write_text(output, lambda file: _write_scores(file, report))
    write_report(html, report, items=items)
    if as_json:
        found = report.to_dict()
        facts = {key: found[key] for key in ("threshold", "score", "n_flagged", "n_longer", "seconds", "fingerprint")}
        print_json({"data": data, "normal": normal} | facts | {"results": report.records()})
        return
    print_tables(type(report).tables_of([report], verbose=verbose))


def _check_use(
    context: click.Context,
    data: Sequence[str],
    normal: Sequence[str],
    model: str | None,
    save: Path | None,
    checkpoint: Path | None,
) -> None:
    """Refuse arguments that contradict each other, or have no effect."""
    if both := set(data) & set(normal):
        raise ParameterError(
            f"DATA and --normal both name {min(both)!r}, and what was read as normal looks normal; leave out --normal "
            "to compare each item of DATA with the others"
        )
    if normal and model is not None:
        raise ParameterError("--normal and --model exclude each other: a model has read its normal items")
    if save is not None and not normal:
        raise ParameterError("--save has an effect only with --normal; add it, or leave out --save")
    if checkpoint is not None and not normal and model is None:
        raise ParameterError("--checkpoint has no effect without --normal or --model; leave it out")
    if not data and save is None:
        raise ParameterError("there is nothing to search: name DATA, or --normal with --save")
    unused = [] if model is None else ["coder", "score"]
    for parameter in context.command.params:
        if parameter.name in unused and context.get_parameter_source(parameter.name) != ParameterSource.DEFAULT:
            raise ParameterError(f"{parameter.opts[-1]} has no effect with --model, which has its own; leave it out")


def _loaded(model: str, false_alarm_rate: float | None, jobs: int) -> CodeLengthOutlier:
    from kolmo._core.models.saving import load_model
    from kolmo.find.outliers import CodeLengthOutlier

    outlier = load_model(model)
    if not isinstance(outlier, CodeLengthOutlier):
        raise DataError(
            f"expected a model of kolmo outliers, got a {type(outlier).__name__} in {model!r}; make one with: kolmo "
            "outliers --normal NORMAL --save FOLDER"
        )
    outlier.set_params(n_jobs=jobs)
    return outlier if false_alarm_rate is None else outlier.set_false_alarm_rate(false_alarm_rate)


def _print_saved(outlier: CodeLengthOutlier, folder: Path | None, *, as_json: bool) -> None:
    if as_json:
        print_json({"model": str(folder), "threshold": dataclasses.asdict(outlier.threshold_)})
    else:
        write_lines([f"saved to {folder}; {outlier.threshold_.described()}"])


def _check_data(data: Sequence[str], files: dict[str, Path | None], *, is_fitted: bool, show_all: bool) -> None:
    """Refuse options that do not suit lines of stdin, or suit only them, and a report without data."""
    if files["--html"] is not None and not data:
        raise ParameterError("--html has an effect only with DATA; add it, or leave out --html")
    if STDIN not in data:
        if show_all:
            raise ParameterError("--all has an effect only with DATA -; leave it out, or use -o FILE for all scores")
        return
    if len(data) > 1:
        raise ParameterError("lines of stdin are scored as they arrive, so '-' has to be the only DATA")
    if not is_fitted:
        raise ParameterError("lines of stdin are scored as they arrive, so DATA - needs --normal or --model")
    if given := [option for option, path in files.items() if path is not None]:
        raise ParameterError(f"{given[0]} has no effect with DATA -; redirect stdout to a file")


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
                write_lines([json.dumps(row)])
            else:
                write_lines([f"{score:.2f}\t{text}"])
            sys.stdout.flush()


def _write_scores(file: IO[str], report: OutlierReport) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["item", *_COLUMNS])
    for place, row in enumerate(report.records()):
        writer.writerow([row.get("name", place), *(row[column] for column in _COLUMNS)])
