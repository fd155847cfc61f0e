"""Accuracy of nearest neighbours by compression distance, the scoring of the 2023 paper, and bag-of-words baselines.

    python benchmarks/text_classification.py --data-dir DATA --set "R8=r8:train,r8:test" \\
        --set "AG News=DATA/train10k.tsv,ag_news:test" --limit-test 2000

A set is NAME=TRAIN,TEST, where each part is a file or a split of the catalogue. Distances are computed once for each
coder and set, and serve all rows. Rows are printed as a table, and appended to a JSON-lines file with the machine, the
versions and the coder's fingerprint.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
import records
import sklearn
from rich.console import Console
from rich.table import Table
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

import kolmo
from kolmo.distances.engine import Distances
from kolmo.learn import evaluate

NEIGHBORS = (1, 2, 3)
TIE_BREAKS = ("nearest", "prior", "label")


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.option("--set", "sets", multiple=True, required=True, help="NAME=TRAIN,TEST: files, or splits such as r8:train.")
@click.option("-c", "--coder", "coders", multiple=True, default=("gzip", "zstd"), show_default=True)
@click.option("--data-dir", type=click.Path(path_type=Path), help="Local folder with the data sets.")
@click.option("--limit-train", type=int, help="Texts taken from TRAIN, at random with seed 0.")
@click.option("--limit-test", type=int, help="Texts taken from TEST, at random with seed 0.")
@click.option("--baselines/--no-baselines", default=True, show_default=True)
@click.option("--jobs", type=int, default=os.cpu_count(), show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append to.")
def main(
    sets: tuple[str, ...],
    coders: tuple[str, ...],
    data_dir: Path | None,
    limit_train: int | None,
    limit_test: int | None,
    baselines: bool,
    jobs: int,
    output: Path | None,
) -> None:
    rows: list[dict[str, Any]] = []

    def record(row: dict[str, Any]) -> None:
        rows.append(row)
        records.append(output, row | {"scikit-learn": sklearn.__version__})

    for description in sets:
        name, _, parts = description.partition("=")
        train_part, _, test_part = parts.partition(",")
        train, test = corpus(train_part, data_dir, limit_train), corpus(test_part, data_dir, limit_test)
        where = {"set": name, "train": len(train), "test": len(test)}
        if baselines:
            for row in bag_of_words(train, test):
                record(where | row)
        for spec in coders:
            for row in neighbors(spec, train, test, jobs):
                record(where | row)
            show(rows)


def corpus(part: str, data_dir: Path | None, limit: int | None) -> kolmo.Corpus:
    if Path(part).exists():
        found = kolmo.read(part, separator=" . ")
    else:
        name, _, split = part.partition(":")
        found = kolmo.load_dataset(name, split or None, data_dir=data_dir)
    return found if limit is None or limit >= len(found) else found.sample(limit, seed=0)


def neighbors(spec: str, train: kolmo.Corpus, test: kolmo.Corpus, jobs: int) -> list[dict[str, Any]]:
    """Return a row for each k: accuracy by tie rule, its range over all ways of breaking ties, the paper's scoring."""
    distances = Distances(kolmo.coder(spec).fitted(train.items), separator=" ", n_jobs=jobs)
    start = time.perf_counter()
    to_train = np.concatenate([band for _, band in distances.bands(test.items, train.items)])
    seconds = time.perf_counter() - start
    unknown = np.broadcast_to(0.0, (len(train), len(train)))  # distances between training items are not used
    rows = []
    for k in NEIGHBORS:
        found = {}
        for tie_break in TIE_BREAKS:
            classifier = kolmo.NCDClassifier(n_neighbors=k, tie_break=tie_break, metric="precomputed")
            found[tie_break] = evaluate(classifier, (unknown, train.labels), (to_train, test.labels))
        report = found["nearest"]
        rows.append(
            {
                "method": f"{spec} kNN",
                "k": k,
                "accuracy": report.accuracy,
                "accuracy_by_prior": found["prior"].accuracy,
                "accuracy_by_label": found["label"].accuracy,
                "worst": report.worst,
                "best": report.best,
                "tied_share": report.tied_share,
                "published_rule": classifier.score(to_train, test.labels, count_vote_ties_as_correct=True),
                "seconds": seconds,
                "microseconds_per_pair": 1e6 * seconds / (len(train) * len(test)),
                "jobs": jobs,
                "fingerprint": distances.coder.fingerprint,
            }
        )
    return rows


def bag_of_words(train: kolmo.Corpus, test: kolmo.Corpus) -> list[dict[str, Any]]:
    """Return a row for each baseline on TF-IDF vectors of words."""
    methods: dict[tuple[str, int | None], Any] = {
        ("TF-IDF + LinearSVC", None): LinearSVC(),
        **{("TF-IDF cosine kNN", k): KNeighborsClassifier(k, metric="cosine") for k in NEIGHBORS},
    }
    rows = []
    for (method, k), classifier in methods.items():
        pipeline = make_pipeline(TfidfVectorizer(sublinear_tf=True), classifier)
        report = evaluate(pipeline, (train.texts(), train.labels), (test.texts(), test.labels))
        rows.append({"method": method, "k": k, "accuracy": report.accuracy, "seconds": report.seconds})
    return rows


def show(rows: list[dict[str, Any]]) -> None:
    columns = {
        "accuracy": ("top-1", ".4f"),
        "worst": ("worst", ".4f"),
        "best": ("best", ".4f"),
        "tied_share": ("tied", ".4f"),
        "published_rule": ("paper's rule", ".4f"),
        "seconds": ("seconds", ".1f"),
        "microseconds_per_pair": ("µs a pair", ".1f"),
    }
    table = Table("set", "train / test", "method", "k", *(title for title, _ in columns.values()))
    for row in rows:
        cells = [format(row[key], spec) if key in row else "" for key, (_, spec) in columns.items()]
        table.add_row(row["set"], f"{row['train']:,} / {row['test']:,}", row["method"], str(row["k"] or ""), *cells)
    Console().print(table)


if __name__ == "__main__":
    main()
