"""Labels that were set to another class at random, found by their bits under leave-one-out and by baselines.

2% of the labels of a training set, drawn at random, are set to another class at random, and the items are ranked by
how doubtful their label is. Precision at n is the share of changed labels among the first n. The set has wrong labels
of its own, which count as errors here, so no ranking can reach 1. Beside `kolmo.learn.mislabelled`: the out-of-fold
probabilities (5 folds) of a logistic regression on TF-IDF of one and two words, ranked by the probability of the own
label, and by cleanlab's self-confidence and normalized margin from the same probabilities (pip install cleanlab).

    python benchmarks/mislabelled.py ag_news/train10k.tsv
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click
import numpy as np
import records

import kolmo
from kolmo.learn import mislabelled

SHARE = 0.02
DEPTHS = (100, 200)


def changed_labels(labels: np.ndarray, seed: int) -> np.ndarray:
    """Return the labels with 2% of them set to another class at random."""
    rng = np.random.default_rng(seed)
    classes, codes = np.unique(labels, return_inverse=True)
    chosen = rng.choice(len(codes), round(SHARE * len(codes)), replace=False)
    codes[chosen] = (codes[chosen] + rng.integers(1, len(classes), len(chosen))) % len(classes)
    return classes[codes]


def out_of_fold(texts: list[bytes], labels: np.ndarray) -> np.ndarray:
    """Return the probabilities of the labels of each text, by logistic regression on the other folds."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(ngram_range=(1, 2), decode_error="replace")
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    model = make_pipeline(words, LogisticRegression(max_iter=1000))
    return cross_val_predict(model, texts, labels, cv=folds, method="predict_proba")


def rankings(texts: list[bytes], labels: np.ndarray) -> dict[str, tuple[np.ndarray, float]]:
    """Return the order of each method, the most doubtful first, and its seconds."""
    start = time.perf_counter()
    found = {"kolmo.learn.mislabelled": (mislabelled((texts, labels)).order, time.perf_counter() - start)}
    start = time.perf_counter()
    shares = out_of_fold(texts, labels)
    seconds = time.perf_counter() - start
    codes = np.unique(labels, return_inverse=True)[1]
    own = shares[np.arange(len(codes)), codes]
    found["logistic regression, probability of the label"] = (np.argsort(own, kind="stable"), seconds)
    try:
        from cleanlab.rank import get_label_quality_scores
    except ImportError:
        print("cleanlab is not installed; its rows are left out")
        return found
    for method in ("self_confidence", "normalized_margin", "confidence_weighted_entropy"):
        scores = get_label_quality_scores(codes, shares, method=method)
        found[f"cleanlab, {method}"] = (np.argsort(scores, kind="stable"), seconds)
    return found


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.argument("train", type=click.Path(exists=True, path_type=Path))
@click.option("--seeds", type=int, default=5, show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append to.")
def main(train: Path, seeds: int, output: Path | None) -> None:
    """Measure the precision of each ranking, and print the means over the seeds."""
    corpus = kolmo.read(train)
    true = np.array(corpus.labels)
    rows: list[dict[str, Any]] = []
    for seed in range(seeds):
        labels = changed_labels(true, seed)
        is_changed = labels != true
        for name, (order, seconds) in rankings(list(corpus.items), labels).items():
            precision = {f"precision_at_{depth}": float(is_changed[order[:depth]].mean()) for depth in DEPTHS}
            rows.append({"method": name, "seed": seed, **precision, "seconds": round(seconds, 1)})
            print(rows[-1], flush=True)
            records.append(output, {"set": corpus.name} | rows[-1])
    for name in dict.fromkeys(row["method"] for row in rows):
        of_method = [row for row in rows if row["method"] == name]
        means = {
            f"precision_at_{depth}": np.mean([row[f"precision_at_{depth}"] for row in of_method]) for depth in DEPTHS
        }
        print(name, {key: round(float(value), 3) for key, value in means.items()})


if __name__ == "__main__":
    main()
