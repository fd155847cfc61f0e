"""The label code and its members, beside linear models: accuracy, macro-F1, bits a label, calibration, time and memory.

    python benchmarks/label_code.py --data-dir DATA -s trec -s sms -s r8 -s ag -s 20news -o results/label_code.jsonl

DATA has the public sets as published, as for `classify.py`. Each method runs in a process of its own, which measures
its peak memory. Kernels are compiled before. Linear models are those of scikit-learn with sublinear TF-IDF.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import classify
import click
import numpy as np
import records
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from kolmo import CodeLengthClassifier, LabelCodeClassifier
from kolmo._core.memory import peak_memory
from kolmo.learn.baselines import ngram_svm

N_JOBS = 2
N_BINS = 15


def words() -> Any:
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)


def union() -> Any:
    return make_union(words(), TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True))


def label_code(*members: str) -> Callable[[], Any]:
    return lambda: LabelCodeClassifier(members=members, n_jobs=N_JOBS)


METHODS: dict[str, Callable[[], Any]] = {
    "label code": label_code("counts", "weights", "coders"),
    "label code: counts, weights": label_code("counts", "weights"),
    "label code: counts": label_code("counts"),
    "label code: weights": label_code("weights"),
    "CodeLengthClassifier(background=True)": lambda: CodeLengthClassifier(background=True, n_jobs=N_JOBS),
    "LinearSVC, word(1,2)": lambda: make_pipeline(words(), LinearSVC(random_state=0)),
    "LinearSVC, word(1,2) + char_wb(2,5)": lambda: make_pipeline(union(), LinearSVC(random_state=0)),
    "LogisticRegression C=100, word(1,2)": lambda: make_pipeline(words(), LogisticRegression(C=100, max_iter=300)),
    "ComplementNB, word(1,2)": lambda: make_pipeline(words(), ComplementNB()),
    "NGramVectorizer + LinearSVC": lambda: ngram_svm(n_jobs=N_JOBS),
}


def ag_news(folder: Path) -> tuple[classify.Labelled, classify.Labelled]:
    """10,000 training texts, and all 7,600 test texts."""
    import csv

    train, _ = classify.ag_news(folder)
    with (folder / "ag_news" / "test.csv").open(encoding="utf-8", newline="") as file:
        rows = [(label, " ".join(parts)) for label, *parts in csv.reader(file)]
    return train, ([text for _, text in rows], [label for label, _ in rows])


def splits(name: str, folder: Path) -> list[tuple[classify.Labelled, classify.Labelled]]:
    """Return the training and test part of a set, or five stratified folds."""
    if name == "sms":
        return list(classify.sms(folder))
    return [{"trec": classify.trec, "r8": classify.r8, "ag": ag_news, "20news": classify.newsgroups}[name](folder)]


def measured(method: str, train: classify.Labelled, test: classify.Labelled) -> dict[str, float]:
    """Fit and predict in this process."""
    METHODS[method]().fit(["the cat", "a dog", "one stock", "a bond"] * 3, ["a", "a", "b", "b"] * 3)
    with peak_memory() as peak:
        start = time.perf_counter()
        model = METHODS[method]().fit(*train)
        fit_seconds = time.perf_counter() - start
        start = time.perf_counter()
        if hasattr(model, "predict_proba"):
            shares = model.predict_proba(test[0])
            labels = model.classes_[shares.argmax(1)]
        else:
            shares, labels = None, model.predict(test[0])
        seconds = time.perf_counter() - start
    truth = np.array(test[1])
    row = {
        "accuracy": float((labels == truth).mean()),
        "macro_f1": float(f1_score(truth, labels, average="macro")),
        "fit_seconds": fit_seconds,
        "predict_seconds": seconds,
        "peak_MB": (peak.size or 0) / 1e6,
    }
    if shares is not None:
        places = np.searchsorted(model.classes_, truth)
        row["bits"] = float(-np.log2(np.maximum(shares[np.arange(len(truth)), places], 1e-300)).mean())
        confidence = shares.max(1)
        bins = np.minimum((confidence * N_BINS).astype(int), N_BINS - 1)
        right = labels == truth
        gaps = [abs(right[bins == each].sum() - confidence[bins == each].sum()) for each in range(N_BINS)]
        row["ece"] = float(sum(gaps) / len(truth))
    return row


def _send(connection: Any, *given: Any) -> None:
    connection.send(measured(*given))


def in_a_process(*given: Any) -> dict[str, float]:
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_send, args=(theirs, *given))
    process.start()
    theirs.close()
    row: dict[str, float] = ours.recv()
    process.join()
    return row


@click.command()
@click.option("--data-dir", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("-s", "--set", "sets", multiple=True, default=["trec", "sms", "r8", "ag"])
@click.option("-m", "--method", "methods", multiple=True, type=click.Choice(list(METHODS)), default=list(METHODS))
@click.option("-o", "--output", type=click.Path(path_type=Path))
def main(data_dir: Path, sets: tuple[str, ...], methods: tuple[str, ...], output: Path | None) -> None:
    """Print one row a set and method, and append it to a JSON-lines file."""
    for name in sets:
        parts = splits(name, data_dir)
        for method in methods:
            rows = [in_a_process(method, *part) for part in parts]
            mean = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
            figures = [
                *(f"{mean.get(key, np.nan):7.4f}" for key in ("accuracy", "macro_f1", "bits", "ece")),
                *(f"{mean[key]:7.1f}" for key in ("fit_seconds", "predict_seconds", "peak_MB")),
            ]
            print(f"{name:7} {method:38}", *figures, flush=True)
            records.append(output, {"set": name, "method": method, **mean})


if __name__ == "__main__":
    main()
