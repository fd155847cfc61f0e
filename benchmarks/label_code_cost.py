"""Time and memory of the label code on large sets, and the time of one prediction.

    python benchmarks/label_code_cost.py --data-dir DATA -o benchmarks/results/label_code_cost.jsonl

Each row is measured in a process of its own, with kernels compiled before. It is fitted in two threads, and predicts in
one. "AG News x 12" is the training set 12 times with a tenth of the words replaced, for speed only. "1,000 classes" has
random words, so its labels cannot be learned.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import records
from classification_sets import Labelled, splits

from kolmo import LabelCodeClassifier
from kolmo._core.memory import peak_memory

SETS = ("20 Newsgroups", "AG News x 12", "1,000 classes")
MEMBERS = (
    ("counts", "weights"),
    ("counts", "weights", "neighbors"),
    ("counts", "weights", "coders", "neighbors"),
)
N_SINGLE = 200


def repeated(train: Labelled, times: int) -> Labelled:
    """Return a set many times, with a tenth of the words replaced by others of the set."""
    rng = np.random.default_rng(0)
    vocabulary = np.array(sorted({word for text in train[0] for word in text.split()}))
    texts = []
    for _ in range(times):
        for text in train[0]:
            words = np.array(text.split() or [""], dtype=vocabulary.dtype)
            replaced = rng.random(len(words)) < 0.1
            words[replaced] = rng.choice(vocabulary, replaced.sum())
            texts.append(" ".join(words))
    return texts, train[1] * times


def many_classes() -> tuple[Labelled, Labelled]:
    """Return 20,000 texts of 1,000 classes, of words of random letters, and 1,000 others."""
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), 6)) for _ in range(100_000)]
    texts = [" ".join(words[number] for number in rng.integers(0, len(words), 30)) for _ in range(21_000)]
    labels = [f"class {number % 1000}" for number in range(21_000)]
    return (texts[:20_000], labels[:20_000]), (texts[20_000:], labels[20_000:])


def read(name: str, folder: Path) -> tuple[Labelled, Labelled]:
    if name == "1,000 classes":
        return many_classes()
    train, test = splits(name.removesuffix(" x 12"), folder)[0]
    return (repeated(train, 12) if name.endswith(" x 12") else train), test


def measured(name: str, members: Sequence[str], folder: Path) -> dict[str, Any]:
    """Return the time and the memory of a fit, and the times of predictions."""
    train, test = read(name, folder)
    LabelCodeClassifier(members=members).fit(["the cat", "a dog", "one stock", "a bond"] * 3, ["a", "a", "b", "b"] * 3)
    with peak_memory() as peak:
        start = time.perf_counter()
        model = LabelCodeClassifier(members=members, n_jobs=2).fit(*train)
        seconds = time.perf_counter() - start
    model.n_jobs = 1
    start = time.perf_counter()
    model.predict(test[0])
    batch = time.perf_counter() - start
    times = []
    for text in sorted(test[0], key=len)[:N_SINGLE]:
        start = time.perf_counter()
        model.predict([text])
        times.append(time.perf_counter() - start)
    n_bytes = sum(len(text.encode()) for text in test[0])
    return {
        "texts": len(train[0]),
        "MB": sum(len(text.encode()) for text in train[0]) / 1e6,
        "classes": len(model.classes_),
        "fit_seconds": seconds,
        "peak_MB": (peak.size or 0) / 1e6,
        "predict_us_per_byte": 1e6 * batch / n_bytes,
        "one_short_text_us": 1e6 * float(np.median(times)),
    }


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.option("--data-dir", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("-s", "--set", "sets", multiple=True, type=click.Choice(SETS), default=SETS)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append to.")
def main(data_dir: Path, sets: Sequence[str], output: Path | None) -> None:
    """Print a row for each set and members, and append it to a JSON-lines file."""
    for name in sets:
        for members in MEMBERS:
            row = {"set": name, "members": ", ".join(members)}
            row |= records.in_a_process(measured, name, members, data_dir)
            print(row, flush=True)
            records.append(output, row)


if __name__ == "__main__":
    main()
