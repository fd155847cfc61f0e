"""Classifiers of news in languages without a tokenizer: accuracy, macro-F1, bits a label and time.

    python benchmarks/languages.py --data-dir DATA -s masakhanews_lin -s masakhanews_lug -o results/languages.jsonl

A set is one of the catalogue with the splits train and test. Other languages: ``--folder DIR``, a folder with train.tsv
and test.tsv as MasakhaNEWS publishes them. Linear models are those of scikit-learn with sublinear TF-IDF of words and
of characters. Kernels are compiled before.
"""

from __future__ import annotations

import string
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import classify
import click
import numpy as np
import records
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from kolmo import Corpus, LabelCodeClassifier, NCDClassifier, load_dataset, read

N_JOBS = 2

ETHIOPIC = {ord(letter): chr(0x1200 + place) for place, letter in enumerate(string.ascii_letters)}
"""Three bytes of UTF-8 for each Latin letter, as Ethiopic, Indic and Chinese writing have them."""


def with_three_bytes(texts: list[str]) -> list[str]:
    """Return the same texts in letters of three bytes."""
    return [text.translate(ETHIOPIC) for text in texts]


METHODS: dict[str, Callable[[], Any]] = {
    "label code": lambda: LabelCodeClassifier(n_jobs=N_JOBS),
    "label code, three bytes a letter": lambda: make_pipeline(
        FunctionTransformer(with_three_bytes), LabelCodeClassifier(n_jobs=N_JOBS)
    ),
    "LinearSVC, word(1,2) + char_wb(2,5)": lambda: make_pipeline(classify.union(), LinearSVC(random_state=0)),
    "LogisticRegression C=100, word(1,2) + char_wb(2,5)": lambda: make_pipeline(
        classify.union(), LogisticRegression(C=100, max_iter=300)
    ),
    "nearest neighbour by gzip": lambda: NCDClassifier("gzip", n_neighbors=1, n_jobs=N_JOBS),
    "majority": lambda: DummyClassifier(),
}


def sets(
    names: tuple[str, ...], folders: tuple[Path, ...], data_dir: Path | None
) -> Iterator[tuple[str, Corpus, Corpus]]:
    """Yield the name, the training and the test part of each set."""
    for name in names:
        train, test = (load_dataset(name, split, data_dir=data_dir) for split in ("train", "test"))
        yield name, train, test
    for folder in folders:
        train, test = (
            read(folder / f"{split}.tsv", text_columns=["headline", "text"], label_column="category")
            for split in ("train", "test")
        )
        yield folder.name, train, test


def measured(make: Callable[[], Any], train: Corpus, test: Corpus) -> dict[str, float]:
    """Return the figures of one classifier."""
    make().fit(["the cat", "a dog", "one stock", "a bond"] * 3, ["a", "a", "b", "b"] * 3)
    start = time.perf_counter()
    model = make().fit(train.texts(), train.labels)
    fit_seconds = time.perf_counter() - start
    start = time.perf_counter()
    labels = model.predict(test.texts())
    row = {"fit_seconds": fit_seconds, "predict_seconds": time.perf_counter() - start}
    truth = np.array(test.labels)
    row |= {
        "accuracy": float((labels == truth).mean()),
        "macro_f1": float(f1_score(truth, labels, average="macro", zero_division=0)),
    }
    if hasattr(model, "predict_proba") and not isinstance(model, NCDClassifier | DummyClassifier):
        shares = model.predict_proba(test.texts())
        places = np.searchsorted(model.classes_, truth)
        row["bits"] = float(-np.log2(np.maximum(shares[np.arange(len(truth)), places], 1e-300)).mean())
    return row


@click.command()
@click.option("--data-dir", type=click.Path(exists=True, path_type=Path))
@click.option("-s", "--set", "names", multiple=True)
@click.option("--folder", "folders", multiple=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-m", "--method", "methods", multiple=True, type=click.Choice(list(METHODS)), default=list(METHODS))
@click.option("-o", "--output", type=click.Path(path_type=Path))
def main(
    data_dir: Path | None,
    names: tuple[str, ...],
    folders: tuple[Path, ...],
    methods: tuple[str, ...],
    output: Path | None,
) -> None:
    """Print one row a set and method, and append it to a JSON-lines file."""
    for name, train, test in sets(names, folders, data_dir):
        for method in methods:
            row = measured(METHODS[method], train, test)
            quality = (f"{row.get(key, np.nan):7.4f}" for key in ("accuracy", "macro_f1", "bits"))
            print(
                f"{name:16} {method:52}",
                *quality,
                f"{row['fit_seconds']:7.1f} {row['predict_seconds']:7.1f}",
                flush=True,
            )
            records.append(output, {"set": name, "method": method, **row})


if __name__ == "__main__":
    main()
