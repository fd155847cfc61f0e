"""``kolmo fit``: fit a classifier to labelled texts, and save it to a folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kolmo._core.models.contents import ModelInfo, model_info
from kolmo._core.models.saving import load_model
from kolmo.cli import options
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
from kolmo.cli.classify.stored_reading import as_fitted, keep_reading
from kolmo.cli.inputs import reading_options
from kolmo.cli.output import ModelFolder, print_json, print_tables, say
from kolmo.cli.sets import labelled_set, sample
from kolmo.coders.base import Coder
from kolmo.errors import DataError, ParameterError

if TYPE_CHECKING:
    from kolmo.data.corpus import Corpus

_METHODS = [name for name in METHODS if name != "ngrams"]
"""The methods whose classifier can be saved; LinearSVC has no probabilities."""


@click.command(cls=options.Command, no_args_is_help=False)
@click.argument("train", metavar="TRAIN")
@click.option("-o", "--output", type=ModelFolder(), metavar="FOLDER", help="Save the classifier to FOLDER.")
@click.option(
    "--update",
    type=click.Path(exists=True, file_okay=False),
    metavar="MODEL",
    help="Add the texts of TRAIN to a saved classifier, and save it again; or to FOLDER, with -o. Texts that it has "
    "already count twice, and a note says how many.",
)
@click.option(
    "--method",
    type=click.Choice(_METHODS),
    help=f"{' '.join(f'{name}: {METHODS[name].help}.' for name in _METHODS)}  "
    f"[default: {DEFAULT}, or {DEFAULT_WITH_OPTIONS} if a coder or one of its options is named]",
)
@options.coder_option("lz77", multiple=False)
@neighbor_options
@options.seed_option
@options.jobs_option
@options.json_option
@reading_options
@options.data_dir_option
@options.reading_option(
    "--limit-train", type=click.IntRange(min=1), metavar="N", help="Use a random sample of N texts of TRAIN."
)
@click.pass_context
def command(
    context: click.Context,
    /,
    train: str,
    output: Path | None,
    update: str | None,
    method: str | None,
    coder: Coder,
    seed: int,
    jobs: int,
    as_json: bool,
    data_dir: str | None,
    limit_train: int | None,
    n_neighbors: int,
    weights: str,
    metric: str,
    candidates: int | None,
    reading: dict[str, Any],
) -> None:
    """Fit a classifier to the labelled texts of TRAIN, and save it for kolmo predict, evaluate and explain.

    TRAIN is a file (CSV, TSV, JSONL, Parquet, fastText), a folder with one folder per class, - for stdin, or a data set
    by name. The saved folder holds the training texts.

    \b
    kolmo fit train.csv -o model
    kolmo fit train.csv -o model --method neighbors -c zstd -k 3
    kolmo fit --update model more.csv
    """
    used = NEIGHBOR_OPTIONS[:-1]
    if update is not None:
        _check_update(context, "method", "coder", *used)
    elif output is None:
        raise ParameterError("expected a folder for the classifier; name it with -o FOLDER")
    chosen = method or (DEFAULT_WITH_OPTIONS if named(context, "coder", *used) else DEFAULT)
    check_used(context, (chosen,))
    updated = None if update is None else load_model(update)
    chosen_reading = reading if updated is None else as_fitted(updated, reading)
    corpus, _ = sample(labelled_set(train, split="train", data_dir=data_dir, **chosen_reading), limit_train, seed=seed)
    labels = list(corpus.labels or ())
    facts: dict[str, Any] = {}
    start = time.perf_counter()
    if updated is not None:
        classifier = updated
        if not hasattr(classifier, "partial_fit"):
            raise ParameterError(
                f"{type(classifier).__name__} takes no more texts after fit; call kolmo fit on all texts"
            )
        facts = _known(classifier, corpus)
        say(train, _remarks(facts, len(corpus)))
        classifier.partial_fit(corpus.items, labels)
    else:
        if len(set(labels)) < 2:
            raise DataError(f"expected texts of at least two classes in {train!r}, got one; take another set")
        neighbors = neighbor_parameters(
            {"n_neighbors": n_neighbors, "weights": weights, "metric": metric, "candidates": candidates}
        )
        setting = Setting(neighbors=neighbors, checkpoint=None, n_jobs=jobs, probabilities=True)
        ((_, classifier),) = METHODS[chosen].make([coder], setting)
        classifier.fit(corpus.items, labels)
        keep_reading(classifier, corpus, reading)
    seconds = time.perf_counter() - start
    folder = output if output is not None else Path(str(update))
    classifier.save(folder, force=True)  # a folder that may not be replaced was refused before
    info = model_info(folder)
    if as_json:
        print_json({"fit_seconds": seconds} | facts | info.to_dict())
        return
    tables = ModelInfo.tables_of([info])
    tables[0].footers.append(f"fitted in {seconds:.2f} s")
    print_tables(tables)


def _known(classifier: Any, corpus: Corpus) -> dict[str, int]:
    """Return how many texts the classifier has already, with the same label and with other ones only."""
    same, any_label = classifier.in_training_set(corpus.items, corpus.labels), classifier.in_training_set(corpus.items)
    return {"n_repeated": int(same.sum()), "n_relabelled": int((any_label & ~same).sum())}


def _remarks(facts: dict[str, int], n_texts: int) -> list[str]:
    """Return what a person should know of texts that the classifier has already."""
    remarks = []
    if count := facts["n_repeated"]:
        remarks.append(
            f"{count:,} of {n_texts:,} texts are in the model already, with the same label; they are added again and "
            "count twice, as with partial_fit of scikit-learn; if that is a mistake, fit a new model on each text once"
        )
    if count := facts["n_relabelled"]:
        remarks.append(
            f"{count:,} of {n_texts:,} texts are in the model with another label, which stays; to correct a label, fit "
            "a new model"
        )
    return remarks


def _check_update(context: click.Context, *names: str) -> None:
    """Refuse options of a new classifier: a saved one keeps its own."""
    for parameter in context.command.params:
        if parameter.name in names and named(context, parameter.name):
            raise ParameterError(f"{parameter.opts[-1]} has no effect with --update, which keeps the saved parameters")
