"""Text classifiers on five public sets: accuracy, macro-F1, bits a label, calibration, time and memory.

    python benchmarks/classify.py --data-dir DATA -o benchmarks/results/classify.jsonl
    python benchmarks/classify.py --data-dir DATA --part few -o benchmarks/results/classify.jsonl

DATA has the public sets that `classification_sets.py` names. Each method runs in a process of its own, which measures
its peak memory, with kernels compiled before. Linear models are those of scikit-learn with sublinear TF-IDF. The part
"few" trains on 5, 10 and 50 texts a class, ten draws each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import records
from classification_sets import SETS, Labelled, splits, taken
from scipy.stats import t as student
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from kolmo import CodeLengthClassifier, LabelCodeClassifier, NCDClassifier
from kolmo._core.memory import peak_memory
from kolmo.learn.baselines import ngram_svm

N_JOBS = 2
N_BINS = 15
SHOTS = (5, 10, 50)
DRAWS = 10
MAX_TEST = 1000
"""Largest number of test texts with few labels; they are the same for all draws."""
FEW_SETS = ("TREC", "SMS Spam", "R8", "AG News")


def words() -> Any:
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)


def union() -> Any:
    return make_union(words(), TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True))


def label_code(*members: str) -> Callable[[], Any]:
    return lambda: LabelCodeClassifier(members=members, n_jobs=N_JOBS)


METHODS: dict[str, Callable[[], Any]] = {
    "label code": label_code("counts", "weights", "coders", "neighbors"),
    "label code: counts, weights, neighbors": label_code("counts", "weights", "neighbors"),
    "label code: counts, weights": label_code("counts", "weights"),
    "label code: counts": label_code("counts"),
    "label code: weights": label_code("weights"),
    "label code: neighbors": label_code("neighbors"),
    "CodeLengthClassifier(background=True)": lambda: CodeLengthClassifier(background=True, n_jobs=N_JOBS),
    "CodeLengthClassifier('ngram')": lambda: CodeLengthClassifier("ngram", n_jobs=N_JOBS),
    "CodeLengthClassifier('deflate')": lambda: CodeLengthClassifier("deflate", n_jobs=N_JOBS),
    "NCDClassifier('gzip')": lambda: NCDClassifier("gzip", n_jobs=N_JOBS),
    "LinearSVC, word(1,2)": lambda: make_pipeline(words(), LinearSVC(random_state=0)),
    "LinearSVC, word(1,2) + char_wb(2,5)": lambda: make_pipeline(union(), LinearSVC(random_state=0)),
    "LogisticRegression C=100, word(1,2)": lambda: make_pipeline(words(), LogisticRegression(C=100, max_iter=300)),
    "ComplementNB, word(1,2)": lambda: make_pipeline(words(), ComplementNB()),
    "NGramVectorizer + LinearSVC": lambda: ngram_svm(n_jobs=N_JOBS),
}
SLOW = ("CodeLengthClassifier('", "NCDClassifier")
"""Methods that run on the smallest sets only, unless they are named."""
SMALL_SETS = ("TREC", "SMS Spam")


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.option("--data-dir", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--part", type=click.Choice(("full", "few")), default="full", show_default=True)
@click.option("-s", "--set", "sets", multiple=True, type=click.Choice(SETS))
@click.option("-m", "--method", "methods", multiple=True, type=click.Choice(list(METHODS)))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append to.")
def main(data_dir: Path, part: str, sets: Sequence[str], methods: Sequence[str], output: Path | None) -> None:
    """Print one row a set and method, and append it to a JSON-lines file."""
    for name in sets or (FEW_SETS if part == "few" else SETS):
        parts = splits(name, data_dir)
        for method in methods or METHODS:
            if not methods and method.startswith(SLOW) and (part == "few" or name not in SMALL_SETS):
                continue
            for row in [full(method, parts)] if part == "full" else few(method, *parts[0]):
                shown = (f"{key} {value:.4g}" for key, value in row.items() if isinstance(value, float))
                print(f"{name:14} {method:38}", *shown, row.get("shots", ""), flush=True)
                records.append(output, {"part": part, "set": name, "method": method, **row})


def full(method: str, parts: Sequence[tuple[Labelled, Labelled]]) -> dict[str, Any]:
    """Return the mean scores, times and memory over splits, with whole training sets."""
    rows = [records.in_a_process(measured, method, *each) for each in parts]
    sizes = {"train": len(parts[0][0][0]), "test": len(parts[0][1][0]), "splits": len(parts)}
    return sizes | {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}


def few(method: str, train: Labelled, test: Labelled) -> Iterator[dict[str, Any]]:
    """Yield mean scores over ten draws of a few labels a class, with the 95% interval of the accuracy."""
    codes = np.unique(train[1], return_inverse=True)[1]
    if len(test[0]) > MAX_TEST:
        test = taken(test, np.random.RandomState(1).permutation(len(test[0]))[:MAX_TEST])
    for shots in SHOTS:
        rows = []
        for draw in range(DRAWS):
            rng = np.random.RandomState(draw)
            places = [rng.permutation(np.flatnonzero(codes == code))[:shots] for code in range(codes.max() + 1)]
            rows.append(scores_of(METHODS[method]().fit(*taken(train, np.concatenate(places))), test))
        mean = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
        spread = float(np.std([row["accuracy"] for row in rows], ddof=1)) / np.sqrt(DRAWS)
        half = float(student.ppf(0.975, DRAWS - 1)) * spread
        yield {"shots": shots, "draws": DRAWS, "test": len(test[0]), **mean, "half_interval": half}


def measured(method: str, train: Labelled, test: Labelled) -> dict[str, float]:
    """Fit and predict in this process."""
    METHODS[method]().fit(["the cat", "a dog", "one stock", "a bond"] * 3, ["a", "a", "b", "b"] * 3)
    with peak_memory() as peak:
        start = time.perf_counter()
        model = METHODS[method]().fit(*train)
        fitted = time.perf_counter()
        scores = scores_of(model, test)
        times = {"fit_seconds": fitted - start, "predict_seconds": time.perf_counter() - fitted}
    return scores | times | {"peak_MB": (peak.size or 0) / 1e6}


def scores_of(model: Any, test: Labelled) -> dict[str, float]:
    """Return accuracy and macro-F1; of a method with probabilities also bits a label, and the calibration error."""
    shares = model.predict_proba(test[0]) if hasattr(model, "predict_proba") else None
    labels = model.predict(test[0]) if shares is None else model.classes_[shares.argmax(1)]
    truth = np.array(test[1])
    right = labels == truth
    row = {"accuracy": float(right.mean()), "macro_f1": float(f1_score(truth, labels, average="macro"))}
    if shares is not None:
        places = np.searchsorted(model.classes_, truth)
        row["bits"] = float(-np.log2(np.maximum(shares[np.arange(len(truth)), places], 1e-300)).mean())
        confidence = shares.max(1)
        bins = np.minimum((confidence * N_BINS).astype(int), N_BINS - 1)
        gaps = [abs(right[bins == each].sum() - confidence[bins == each].sum()) for each in range(N_BINS)]
        row["ece"] = float(sum(gaps) / len(truth))
    return row


if __name__ == "__main__":
    main()
