"""``kolmo classify``: label texts by nearest neighbours, code lengths or n-grams, and score it."""

from __future__ import annotations

import csv
import sys
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from kolmo.cli import options
from kolmo.cli.inputs import check_one_stdin
from kolmo.cli.output import print_json, print_tables, write_text
from kolmo.cli.sets import described, read_set, sample
from kolmo.coders.base import Coder
from kolmo.errors import DataError, ParameterError
from kolmo.learn.candidates import CANDIDATES
from kolmo.learn.reports import Outcome, confusion, run_baselines, run_code_length, run_coder, run_ngrams, scores_table
from kolmo.learn.voting import TIE_BREAKS, WEIGHTS

if TYPE_CHECKING:
    from kolmo.data.corpus import Corpus

METHODS = ("neighbors", "code-length", "ngrams")
OF_NEIGHBORS = (
    "n_neighbors",
    "weights",
    "tie_break",
    "metric",
    "symmetrize",
    "candidates",
    "n_candidates",
    "pruning",
    "checkpoint",
)
"""The options that only nearest neighbours have."""
PRUNING = ("certified", "calibrated", "none")

_NOTABLE_OVERLAP = 0.05
"""The share of test texts that may stand in the training set unmentioned: real sets hold a few twice."""


def _limit_option(which: str) -> options.Decorator:
    return click.option(
        f"--limit-{which}",
        type=click.IntRange(min=1),
        metavar="N",
        help=f"Draw N texts of {which.upper()} at random, without regard to labels.",
    )


@click.command(cls=options.Command, no_args_is_help=False)
@click.argument("train", metavar="TRAIN")
@click.argument("test", metavar="TEST")
@click.option(
    "--method",
    "methods",
    type=click.Choice(METHODS),
    multiple=True,
    default=METHODS[:1],
    callback=options.once_each,
    help="Nearest neighbours; or the class whose texts, once read, make a text cheapest; or a linear machine on the "
    f"bits of n-grams. Repeat it to compare.  [default: {METHODS[0]}]",
)
@options.coder_option("lz77")
@click.option(
    "-k",
    "--n-neighbors",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="K",
    help="How many neighbours vote.",
)
@click.option(
    "--weights",
    type=click.Choice(WEIGHTS),
    default=WEIGHTS[0],
    show_default=True,
    help="One vote each, inverse distance each, or mean distance of the K nearest of each class.",
)
@click.option(
    "--tie-break",
    type=click.Choice(TIE_BREAKS),
    default=TIE_BREAKS[0],
    show_default=True,
    help="Among equal votes: the nearest member, the larger class, or the first label.",
)
@options.metric_option("--metric")
@options.reading_options
@click.option("--unlabelled", is_flag=True, help="TEST has no label column, or is not to be scored: predict only.")
@options.data_dir_option
@_limit_option("train")
@_limit_option("test")
@options.seed_option
@click.option(
    "--candidates",
    type=click.Choice(CANDIDATES),
    help="Compare each text only with the training texts that are likest by TF-IDF of character 5-grams, and say what "
    "that loses.  [default: compare all]",
)
@click.option(
    "--n-candidates",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    metavar="M",
    help="How many training texts are compared, with --candidates.",
)
@click.option(
    "--pruning",
    type=click.Choice(PRUNING),
    default=PRUNING[0],
    show_default=True,
    help="How gzip, zlib and deflate pass over pairs that cannot be near: by a provable bound, or a margin measured on "
    "TRAIN, or not at all.",
)
@click.option(
    "--checkpoint",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep what is finished in FILE; the same command goes on there after an interruption.",
)
@click.option("--baseline", is_flag=True, help="Also score TF-IDF + LinearSVC and the majority class.")
@click.option("--confusion", "with_confusion", is_flag=True, help="Also show which labels are taken for which.")
@options.jobs_option
@options.json_option
@options.output_option("the predictions")
@click.pass_context
def command(
    context: click.Context,
    train: str,
    test: str,
    methods: tuple[str, ...],
    coders: tuple[Coder, ...],
    n_neighbors: int,
    weights: str,
    tie_break: str,
    metric: str,
    symmetrize: str | None,
    text_columns: tuple[str, ...],
    label_column: str | None,
    text_separator: str,
    file_format: str | None,
    encoding: str,
    unlabelled: bool,
    data_dir: str | None,
    limit_train: int | None,
    limit_test: int | None,
    seed: int,
    candidates: str | None,
    n_candidates: int,
    pruning: str,
    checkpoint: Path | None,
    baseline: bool,
    with_confusion: bool,
    jobs: int,
    as_json: bool,
    output: Path | None,
) -> None:
    """Label the texts of TEST by what TRAIN teaches, and score it where TEST has labels.

    TRAIN and TEST are files (CSV, TSV, JSONL, Parquet, fastText, one text a line), folders with one folder per
    class, - for stdin, or data sets by name: r8:train, r8:test. See: kolmo data list

    Without labels in TEST, or with --unlabelled, the predictions are printed one a line, or written with -o.

    \b
    kolmo classify train.csv test.csv -c gzip -c zstd:level=19 -k 2 --baseline
    kolmo classify r8 r8 --data-dir ~/data --limit-test 200 --confusion
    kolmo classify train.csv test.csv --method code-length -c zstd --method ngrams --baseline
    kolmo classify train.csv test.csv --candidates char-tfidf --checkpoint run.kept
    """
    check_one_stdin([train, test])
    _check_used(context, methods)
    by_coder = [method for method in methods if method != "ngrams"]
    reading = {
        "format": file_format,
        "text_columns": list(text_columns) or None,
        "label_column": label_column,
        "separator": text_separator,
        "encoding": encoding,
    }
    whole_train = read_set(train, split="train", data_dir=data_dir, **reading)
    if whole_train.labels is None:
        raise DataError(f"the training set {train!r} has no labels; name their column with --label-column")
    if unlabelled:
        reading["label_column"] = None
    whole_test = read_set(test, split="test", data_dir=data_dir, **reading)
    if unlabelled:
        whole_test = replace(whole_test, labels=None)
    n_models = len(by_coder) * len(coders) + ("ngrams" in methods) + 2 * baseline
    if whole_test.labels is None and n_models > 1 and output is None and not as_json:
        raise ParameterError(
            f"the test set {test!r} has no labels to score, so take one method, one coder and no baseline, "
            "or -o FILE, or --json"
        )
    learned, _ = sample(whole_train, limit_train, seed=seed)
    if len(set(learned.labels or ())) < 2:
        raise DataError(f"{described(whole_train, len(learned))} hold only one class; take more texts or another set")
    asked, positions = sample(whole_test, limit_test, seed=seed)
    _warn_of_unseen_labels(learned, asked)
    _warn_of_seen_texts(learned, asked)
    settings = {
        "n_neighbors": n_neighbors,
        "weights": weights,
        "tie_break": tie_break,
        "metric": metric,
        "symmetrize": symmetrize,
        "candidates": candidates,
        "n_candidates": n_candidates,
        "pruning": None if pruning == "none" else pruning,
    }
    compared = run_baselines(learned, asked) if baseline else []
    running = {**settings, "checkpoint": checkpoint, "n_jobs": jobs}
    outcomes = []
    for method in methods:
        if method == "neighbors":
            outcomes += [run_coder(coder, learned, asked, **running) for coder in coders]
        elif method == "code-length":
            outcomes += [run_code_length(coder, learned, asked, n_jobs=jobs) for coder in coders]
        else:
            outcomes.append(run_ngrams(learned, asked, n_jobs=jobs))
    outcomes += compared
    if output is not None:
        write_text(output, partial(_write_predictions, positions=positions, labels=asked.labels, outcomes=outcomes))
    if as_json:
        drawn = {"limit_train": limit_train, "limit_test": limit_test, "seed": seed}
        sets = {"train": _facts(train, learned), "test": _facts(test, asked)}
        document = {**sets, **drawn, "methods": methods, **settings, "jobs": jobs}
        print_json(document | {"results": [_result(outcome, asked.labels, with_confusion) for outcome in outcomes]})
    elif asked.labels is None:
        if output is None:
            sys.stdout.writelines(f"{label}\n" for label in _printable(outcomes[0].predictions.tolist()))
    else:
        rule = _rule(settings) if "neighbors" in methods else "no neighbours"
        title = f"{rule}: trained on {described(whole_train, len(learned))}; tested on "
        title += described(whole_test, len(asked))
        if len(learned) < len(whole_train) or len(asked) < len(whole_test):
            title += f" (seed {seed})"
        tables = [scores_table(title, outcomes)]
        if with_confusion:
            tables += [table for outcome in outcomes for table in _confusion_tables(outcome, asked.labels)]
        print_tables(tables)


def _rule(settings: dict[str, Any]) -> str:
    rule = settings["metric"] if settings["symmetrize"] is None else f"{settings['metric']} ({settings['symmetrize']})"
    voting = "" if settings["weights"] == "uniform" else f", weights {settings['weights']}"
    return f"k = {settings['n_neighbors']} by {rule}{voting}"


def _check_used(context: click.Context, methods: tuple[str, ...]) -> None:
    """Refuse options that were given, and that none of the methods has."""
    unused = [] if "neighbors" in methods else [*OF_NEIGHBORS]
    unused += ["coders"] if methods == ("ngrams",) else []
    for parameter in context.command.params:
        if parameter.name in unused and context.get_parameter_source(parameter.name) != ParameterSource.DEFAULT:
            raise ParameterError(
                f"{parameter.opts[-1]} has no effect with --method {', '.join(methods)}; leave it out, or add "
                f"--method {'neighbors' if parameter.name != 'coders' else 'code-length'}"
            )


def _facts(name: str, corpus: Corpus) -> dict[str, Any]:
    classes = None if corpus.labels is None else dict(sorted(Counter(corpus.labels).items()))
    return {"set": name, "source": corpus.source, "items": len(corpus), "classes": classes}


def _warn_of_unseen_labels(train: Corpus, test: Corpus) -> None:
    known = set(train.labels or [])
    unseen = Counter(label for label in test.labels or [] if label not in known)
    if unseen:
        names = ", ".join(repr(label) for label, _ in unseen.most_common(5)) + (", ..." if len(unseen) > 5 else "")
        warnings.warn(
            f"{sum(unseen.values()):,} of {len(test):,} texts have labels that the training set lacks ({names}): "
            "none of them can come out right",
            stacklevel=2,
        )


def _warn_of_seen_texts(train: Corpus, test: Corpus) -> None:
    known = set(train.items)
    seen = sum(item in known for item in test.items)
    if seen > _NOTABLE_OVERLAP * len(test):
        warnings.warn(
            f"{seen:,} of {len(test):,} test texts stand in the training set too: their labels are remembered, "
            "not predicted",
            stacklevel=2,
        )


def _result(outcome: Outcome, labels: Sequence[str] | None, with_confusion: bool) -> dict[str, Any]:
    result = outcome.to_dict()
    if labels is None:
        result["predictions"] = outcome.predictions.tolist()
    elif with_confusion:
        classes, counts = confusion(outcome, labels)
        result["confusion"] = {"classes": classes, "true_by_predicted": counts}
    return result


def _confusion_tables(outcome: Outcome, labels: Sequence[str]) -> list[Any]:
    from kolmo._core.tables import column_bands, matrix_table

    classes, counts = confusion(outcome, labels)
    cells = [[str(count) for count in row] for row in counts]
    title = f"{outcome.model}: true label (rows) by predicted label (columns)"
    bands = column_bands(classes, cells, sys.stdout)
    return [matrix_table(title, classes, cells, corner="label", columns=columns) for columns in bands]


def _write_predictions(
    file: IO[str], *, positions: Sequence[int], labels: Sequence[str] | None, outcomes: Sequence[Outcome]
) -> None:
    """Write the position of each text in TEST, its label if known, and what each model predicts."""
    writer = csv.writer(file, lineterminator="\n")
    known = [] if labels is None else [labels]
    writer.writerow(["item", *(["label"] if known else []), *(outcome.model for outcome in outcomes)])
    writer.writerows(zip(positions, *known, *(outcome.predictions.tolist() for outcome in outcomes), strict=True))


def _printable(labels: Sequence[str]) -> list[str]:
    from kolmo._core.tables import visible

    return [visible(label) for label in labels]
