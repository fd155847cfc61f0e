"""``kolmo classify``: classify texts by nearest neighbours, code lengths or n-grams, and measure the accuracy."""

from __future__ import annotations

import csv
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from kolmo._core.terminal import visible, write_lines
from kolmo.cli import options
from kolmo.cli.classify.confusion import confusion_tables
from kolmo.cli.classify.methods import (
    DEFAULT,
    DEFAULT_WITH_OPTIONS,
    METHODS,
    NEIGHBOR_OPTIONS,
    Setting,
    check_used,
    named,
    neighbor_options,
    neighbor_parameters,
)
from kolmo.cli.inputs import check_one_stdin, reading_options
from kolmo.cli.output import print_json, print_tables, write_report, write_text
from kolmo.cli.sets import described, labelled_set, read_set, sample
from kolmo.coders.base import Coder
from kolmo.errors import DataError, ParameterError
from kolmo.learn.evaluation import splits
from kolmo.learn.evaluation.comparisons import against_best
from kolmo.learn.evaluation.reports import ClassificationReport, evaluate

if TYPE_CHECKING:
    from kolmo.data.corpus import Corpus

_WARNED_OVERLAP = 0.05
"""Share of test texts in the training set above which a warning is given; public sets have a few duplicates."""


def _limit_option(which: str) -> options.Decorator:
    return options.reading_option(
        f"--limit-{which}",
        type=click.IntRange(min=1),
        metavar="N",
        help=f"Use a random sample of N texts of {which.upper()}.",
    )


@click.command(cls=options.Command, no_args_is_help=False)
@click.argument("train", metavar="TRAIN")
@click.argument("test", metavar="[TEST]", required=False)
@click.option(
    "--method",
    "methods",
    type=click.Choice(list(METHODS)),
    multiple=True,
    callback=options.once_each,
    help=f"{' '.join(f'{name}: {method.help}.' for name, method in METHODS.items())} Repeat it to compare.  "
    f"[default: {DEFAULT}, or {DEFAULT_WITH_OPTIONS} if a coder or one of its options is named]",
)
@options.coder_option("lz77")
@neighbor_options
@options.checkpoint_option
@options.reading_option(
    "--folds",
    type=click.IntRange(min=2),
    metavar="N",
    help="Without TEST: cross-validation on TRAIN; each text is predicted after training on the other N - 1 parts.",
)
@options.reading_option(
    "--hold-out",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="SHARE",
    help="Without TEST: train on part of TRAIN and test on this share of it, such as 0.2.",
)
@click.option(
    "--baseline",
    is_flag=True,
    help="Also evaluate a linear SVM on TF-IDF of words and characters, and the majority class.",
)
@click.option("--confusion", "with_confusion", is_flag=True, help="Also print the confusion matrix.")
@options.seed_option
@options.jobs_option
@options.html_option
@options.json_option
@options.verbose_option
@options.output_option("the predictions")
@reading_options
@options.reading_option(
    "--no-labels", is_flag=True, help="Only predict: TEST has no label column, or its labels are ignored."
)
@options.data_dir_option
@_limit_option("train")
@_limit_option("test")
@click.pass_context
def command(
    context: click.Context,
    /,
    train: str,
    test: str | None,
    methods: tuple[str, ...],
    coders: tuple[Coder, ...],
    folds: int | None,
    hold_out: float | None,
    baseline: bool,
    with_confusion: bool,
    seed: int,
    jobs: int,
    html: Path | None,
    as_json: bool,
    verbose: bool,
    output: Path | None,
    no_labels: bool,
    data_dir: str | None,
    limit_train: int | None,
    limit_test: int | None,
    checkpoint: Path | None,
    reading: dict[str, Any],
    **settings: Any,
) -> None:
    """Classify the texts of TEST after training on TRAIN, and measure the accuracy if TEST has labels.

    TRAIN and TEST are files (CSV, TSV, JSONL, Parquet, fastText, one text a line), folders with one folder per
    class, - for stdin, or data sets by name: r8:train, r8:test. See: kolmo data list

    With --folds or --hold-out there is no TEST: TRAIN is split. Equal texts stay in one part, and each class is spread
    evenly; the split depends on the texts and --seed, and not on their order.

    Without labels in TEST, or with --no-labels, the predictions are printed one a line, or written with -o.

    \b
    kolmo classify train.csv test.csv --baseline
    kolmo classify all.csv --folds 5
    kolmo classify train.csv test.csv -c gzip -c zstd:level=19 -k 2
    kolmo classify r8 r8 --data-dir ~/data --limit-test 200 --confusion
    kolmo classify train.csv test.csv --method code-length -c zstd --method ngrams --baseline
    kolmo classify train.csv test.csv --candidates 200 --checkpoint run.progress
    """
    _check_split(test, folds, hold_out, no_labels=no_labels, limit_test=limit_test)
    check_one_stdin([train, *([test] if test is not None else [])])
    methods = methods or (DEFAULT_WITH_OPTIONS if named(context, "coders", *NEIGHBOR_OPTIONS) else DEFAULT,)
    check_used(context, methods)
    whole_train, whole_test = _read(train, test, reading, data_dir=data_dir, no_labels=no_labels)
    train_set, drawn = sample(whole_train, limit_train, seed=seed)
    if len(set(train_set.labels or ())) < 2:
        raise DataError(f"{described(whole_train, len(train_set))} have only one class; take more texts or another set")
    places = list(range(len(whole_test)))  # of the texts of TEST in its file
    if hold_out is not None:
        held = splits.held_out(train_set, hold_out, seed=seed)
        places = [place for place, is_test in zip(drawn, held, strict=True) if is_test]
        train_set, whole_test = splits.hold_out(train_set, hold_out, seed=seed)
    elif folds is not None:
        whole_test, places = train_set, drawn
    test_set, positions = sample(whole_test, limit_test, seed=seed)
    positions = [places[position] for position in positions]
    setting = Setting(neighbors=neighbor_parameters(settings), checkpoint=checkpoint, n_jobs=jobs)
    classifiers = dict(_classifiers(methods, coders, setting, baseline))
    if whole_test.labels is None and len(classifiers) > 1 and output is None and not as_json:
        raise ParameterError(
            f"the test set {test!r} has no labels to score, so take one method, one coder and no baseline, "
            "or -o FILE, or --json"
        )
    if folds is None:
        _warn_of_unseen_labels(train_set, test_set)
        _warn_of_seen_texts(train_set, test_set)
    reports = [_evaluated(name, found, train_set, test_set, folds, seed) for name, found in classifiers.items()]
    if output is not None:
        write_text(output, partial(_write_predictions, positions=positions, reports=reports))
    write_report(html, reports, items=test_set, positions=positions)
    if as_json:
        sets = {"train": _facts(train, train_set), "test": _facts(test or train, test_set)}
        limits = {"limit_train": limit_train, "limit_test": limit_test, "seed": seed}
        split = {"folds": folds, "hold_out": hold_out}
        document = {**sets, **limits, **split, "methods": methods, **settings, "jobs": jobs}
        print_json(document | {"results": _records(reports, with_confusion)})
    elif test_set.labels is None:
        if output is None:
            write_lines([visible(label) for label in reports[0].predictions.tolist()])
    else:
        tables = ClassificationReport.tables_of(reports, verbose=verbose)
        tables[0].title = _title(methods, settings, described(whole_train, len(train_set)))
        tables[0].title += f"; {folds} folds" if folds else f"; tested on {described(whole_test, len(test_set))}"
        if len(train_set) < len(whole_train) or len(test_set) < len(whole_test):
            tables[0].title += f" (seed {seed})"
        if with_confusion:
            tables += [table for report in reports for table in confusion_tables(report)]
        print_tables(tables)


def _check_split(
    test: str | None, folds: int | None, hold_out: float | None, *, no_labels: bool, limit_test: int | None
) -> None:
    """Refuse a command that names no test set, or several ways to get one."""
    named = {"TEST": test, "--folds": folds, "--hold-out": hold_out}
    given = [name for name, value in named.items() if value is not None]
    if not given:
        raise ParameterError("TEST is missing; name a test set, or split TRAIN with --folds 5 or --hold-out 0.2")
    if len(given) > 1:
        raise ParameterError(f"expected one of TEST, --folds and --hold-out, got {' and '.join(given)}; leave one out")
    if test is None and (no_labels or (folds is not None and limit_test is not None)):
        unused = "--no-labels" if no_labels else "--limit-test"
        raise ParameterError(f"{unused} has no effect with {given[0]}; leave it out")


def _read(
    train: str, test: str | None, reading: dict[str, Any], *, data_dir: str | None, no_labels: bool
) -> tuple[Corpus, Corpus]:
    """Return the training set, which must have labels, and the test set."""
    train_set = labelled_set(train, split="train", data_dir=data_dir, **reading)
    if test is None:
        return train_set, train_set
    if no_labels:
        reading = reading | {"label_column": None}
    test_set = read_set(test, split="test", data_dir=data_dir, like=train_set, **reading)
    return train_set, replace(test_set, labels=None) if no_labels else test_set


def _classifiers(
    methods: Sequence[str], coders: Sequence[Coder], setting: Setting, baseline: bool
) -> Iterator[tuple[str, Any]]:
    """Yield the name and the classifier of each row."""
    from kolmo.learn.baselines import baseline_classifiers

    for method in methods:
        yield from METHODS[method].make(coders, setting)
    if baseline:
        yield from baseline_classifiers().items()


def _evaluated(
    name: str, classifier: Any, train: Corpus, test: Corpus, folds: int | None, seed: int
) -> ClassificationReport:
    from kolmo.learn.baselines import baseline_classifiers

    try:
        if folds is not None:
            return splits.cross_evaluate(classifier, train, folds=folds, seed=seed, name=name)
        return evaluate(classifier, train, test, name=name)
    except DataError as error:
        if name in baseline_classifiers():
            raise DataError(f"{error}; leave out --baseline") from error
        raise


def _title(methods: Sequence[str], settings: dict[str, Any], train: str) -> str:
    if not any(METHODS[method].takes_neighbors for method in methods):
        return f"Classification: trained on {train}"
    weights = "" if settings["weights"] == "uniform" else f", weights {settings['weights']}"
    return f"k = {settings['n_neighbors']} by {settings['metric']}{weights}: trained on {train}"


def _facts(name: str, corpus: Corpus) -> dict[str, Any]:
    classes = None if corpus.labels is None else dict(sorted(Counter(corpus.labels).items()))
    return {
        "set": name,
        "source": corpus.source,
        "items": len(corpus),
        "classes": classes,
        "remarks": list(corpus.remarks),
    }


def _warn_of_unseen_labels(train: Corpus, test: Corpus) -> None:
    known = set(train.labels or [])
    unseen = Counter(label for label in test.labels or [] if label not in known)
    if unseen:
        names = ", ".join(repr(label) for label, _ in unseen.most_common(5)) + (", ..." if len(unseen) > 5 else "")
        warnings.warn(
            f"{sum(unseen.values()):,} of {len(test):,} texts have labels that the training set lacks ({names}), "
            "so their predictions cannot be correct",
            stacklevel=2,
        )


def _warn_of_seen_texts(train: Corpus, test: Corpus) -> None:
    known = set(train.items)
    seen = sum(item in known for item in test.items)
    if seen > _WARNED_OVERLAP * len(test):
        warnings.warn(
            f"{seen:,} of {len(test):,} test texts are in the training set too, so the accuracy is overestimated",
            stacklevel=2,
        )


def _records(reports: Sequence[ClassificationReport], with_confusion: bool) -> list[dict[str, Any]]:
    """Return the records of reports, each with its comparison with the best one; None for the best itself."""
    compared = [None] * len(reports) if reports[0].labels is None else against_best(reports)
    found = []
    for report, comparison in zip(reports, compared, strict=True):
        (record,) = report.records()
        added = ["predictions"] if report.labels is None else ["confusion"] if with_confusion else []
        whole = report.to_dict() if added else {}
        found.append(record | {name: whole[name] for name in added} | {"compared": comparison and comparison.to_dict()})
    return found


def _write_predictions(file: IO[str], *, positions: Sequence[int], reports: Sequence[ClassificationReport]) -> None:
    """Write the position of each text in TEST, its label if known, and the predictions of each classifier."""
    writer = csv.writer(file, lineterminator="\n")
    labels = [] if reports[0].labels is None else [reports[0].labels.tolist()]
    writer.writerow(["item", *(["label"] if labels else []), *(report.name for report in reports)])
    writer.writerows(zip(positions, *labels, *(report.predictions.tolist() for report in reports), strict=True))
