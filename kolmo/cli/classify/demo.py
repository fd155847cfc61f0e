"""``kolmo demo``: classify texts that come with the installed libraries, by compression."""

from __future__ import annotations

from typing import Any

import click

from kolmo.cli.options import Command, jobs_option, json_option, seed_option, verbose_option
from kolmo.cli.output import print_json, print_tables
from kolmo.cli.sets import described, sample
from kolmo.coders.base import Coder
from kolmo.learn.evaluation.reports import ClassificationReport, evaluate

SET = "docstrings"
CODERS = ("lz77", "gzip", "deflate", "zstd")
TRAIN, TEST = 600, 150


@click.command(cls=Command)
@seed_option
@jobs_option
@json_option
@verbose_option
def command(seed: int, jobs: int, as_json: bool, verbose: bool) -> None:
    """Classify docstrings by the library they come from, with texts from the installed libraries.

    Each text gets the label with the shortest code given the text (label code), or the label of its nearest training
    text under the compression distance of a coder. Nothing is downloaded. The first run on a machine compiles kernels,
    and says which and how long it takes.
    """
    from kolmo.coders.registry import all_coders
    from kolmo.data.catalog import load_dataset
    from kolmo.learn.baselines import baseline_classifiers
    from kolmo.learn.label_code.classifier import LabelCodeClassifier
    from kolmo.learn.neighbors import NCDClassifier

    installed = {name for name, found in all_coders() if isinstance(found, Coder)}
    chosen = [spec for spec in CODERS if spec.partition(":")[0] in installed]
    whole_train, whole_test = load_dataset(SET, "train"), load_dataset(SET, "test")
    train, _ = sample(whole_train, TRAIN, seed=seed)
    test, _ = sample(whole_test, TEST, seed=seed)
    classifiers: dict[str, Any] = {"label code": LabelCodeClassifier(n_jobs=jobs)}
    classifiers |= {spec: NCDClassifier(spec, n_jobs=jobs) for spec in chosen} | baseline_classifiers()
    reports = [evaluate(classifier, train, test, name=name) for name, classifier in classifiers.items()]
    if as_json:
        sizes = {"train": len(train), "test": len(test), "source": train.source, "seed": seed}
        print_json({"set": SET, **sizes, "results": [report.records()[0] for report in reports]})
        return
    (table,) = ClassificationReport.tables_of(reports, verbose=verbose)
    table.title = (
        f"Which library is this docstring from? {', '.join(train.classes or [])}: trained on "
        f"{described(whole_train, len(train))}; tested on {len(test):,} others (seed {seed})"
    )
    table.footers += ["", "Next, your own texts with a label column: kolmo classify train.csv test.csv --baseline"]
    print_tables([table])
