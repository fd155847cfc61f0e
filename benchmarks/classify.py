"""Labelling texts by code lengths, beside TF-IDF and a linear machine: accuracy, macro-F1, time; many labels and few.

    python benchmarks/classify.py --data-dir DATA --part full --part few -o results.jsonl

DATA holds the public sets as published: `R8`, `ag_news` (with `train10k.tsv`, 10,000 texts of its training set),
`20news-bydate`, `trec`, `sms_spam`. Rows are printed, and appended to a JSON-lines file with the machine, the versions,
and the coders' fingerprints. `readme_classify.py` turns them into tables.
"""

from __future__ import annotations

import csv
import json
import os
import platform
import random
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np
import scipy
import sklearn
from scipy.stats import t as student
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

import kolmo

Labelled = tuple[list[str], list[str]]
"""Texts, and their labels."""

SHOTS = (8, 16, 32, 64)
DRAWS = 10
MOST_ASKED = 1000
"""How many test texts a few-shot draw is judged on, at most: the same for all draws."""
MOST_SECONDS = 300
"""A coder that would take longer on a set, going by 20 texts, is left out there."""


def r8(folder: Path) -> tuple[Labelled, Labelled]:
    return _lines(folder / "R8" / "train.txt"), _lines(folder / "R8" / "test.txt")


def ag_news(folder: Path) -> tuple[Labelled, Labelled]:
    """10,000 training texts, and the 2,000 test texts that the table of nearest neighbours is about."""
    with (folder / "ag_news" / "test.csv").open(encoding="utf-8", newline="") as file:
        rows = [(label, " ".join(parts)) for label, *parts in csv.reader(file)]
    chosen = [rows[index] for index in sorted(random.Random(0).sample(range(len(rows)), 2000))]
    return _lines(folder / "ag_news" / "train10k.tsv"), _unzipped(chosen)


def newsgroups(folder: Path) -> tuple[Labelled, Labelled]:
    """The posts as they are, with headers and quotations, split by date."""
    parts: dict[str, list[tuple[str, str]]] = {"train": [], "test": []}
    with tarfile.open(folder / "20news-bydate" / "20news-bydate.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None:
                split, group = Path(member.name).parts[-3:-1]
                parts[split.rpartition("-")[2]].append((group, file.read().decode("latin-1")))
    return _unzipped(parts["train"]), _unzipped(parts["test"])


def trec(folder: Path) -> tuple[Labelled, Labelled]:
    """Questions by their six coarse classes."""
    parts = []
    for name in ("train_5500.label", "TREC_10.label"):
        lines = (folder / "trec" / name).read_text(encoding="latin-1").split("\n")
        parts.append(_unzipped([(line.partition(":")[0], line.partition(" ")[2]) for line in lines if line]))
    return parts[0], parts[1]


def sms(folder: Path) -> Iterator[tuple[Labelled, Labelled]]:
    texts, labels = _lines(folder / "sms_spam" / "SMSSpamCollection")
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(texts, labels):
        yield _taken((texts, labels), train), _taken((texts, labels), test)


SETS: dict[str, Callable[[Path], Any]] = {
    "TREC": trec,
    "SMS Spam": sms,
    "R8": r8,
    "AG News": ag_news,
    "20 Newsgroups": newsgroups,
}
FEW_SHOT = ("TREC", "SMS Spam", "R8", "AG News")


def methods() -> dict[str, Callable[[], Any]]:
    """Return what makes each classifier; the first is the one to beat."""
    known = kolmo.list_coders()
    made: dict[str, Callable[[], Any]] = {
        "TF-IDF + LinearSVC": lambda: make_pipeline(TfidfVectorizer(sublinear_tf=True), LinearSVC(random_state=0)),
        "NGramBits": kolmo.NGramBitsClassifier,
    }
    for name in ("ngram", "zstd", "deflate", "ppmd"):
        if name in known:
            made[f"code length, {name}"] = lambda name=name: kolmo.CodeLengthClassifier(name, calibrate=False)
    best = "ngram" if "ngram" in known else "zstd"
    made[f"features of {best} + logistic"] = lambda: make_pipeline(
        kolmo.CodeLengthVectorizer([best]), LogisticRegression(C=10, max_iter=1000)
    )
    return made


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.option("--data-dir", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--part", "parts", type=click.Choice(("full", "few")), multiple=True, default=("full", "few"))
@click.option("--set", "sets", type=click.Choice(tuple(SETS)), multiple=True, default=tuple(SETS))
@click.option("--method", "chosen", multiple=True, help="Of the methods by name; all of them by default.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append to.")
def main(data_dir: Path, parts: Sequence[str], sets: Sequence[str], chosen: Sequence[str], output: Path | None) -> None:
    makers = {name: make for name, make in methods().items() if not chosen or name in chosen}
    _compile(makers)
    for name in sets:
        splits = _splits(name, data_dir)
        rows: list[Iterable[dict[str, Any]]] = []
        if "full" in parts:
            rows += [full(make, splits) for make in makers.values()]
            names = list(makers)
        else:
            names = []
        if "few" in parts and name in FEW_SHOT:
            few = [key for key in makers if not key.startswith(("code length, ppmd", "features"))]
            rows += [few_shot(makers[key], splits[0]) for key in few]
            names += few
        for method, found in zip(names, rows, strict=True):
            for row in found:
                line = {"set": name, "method": method} | row
                click.echo(json.dumps(line))
                if output is not None:
                    with output.open("a", encoding="utf-8") as lines:
                        lines.write(json.dumps(line | environment()) + "\n")


def full(make: Callable[[], Any], splits: Sequence[tuple[Labelled, Labelled]]) -> Iterator[dict[str, Any]]:
    """Judge a method on whole training sets: the mean over splits of scores, and of times."""
    found = []
    for (texts, labels), (asked, truth) in splits:
        classifier = make()
        start = time.perf_counter()
        classifier.fit(texts, labels)
        fit_seconds = time.perf_counter() - start
        if isinstance(classifier, kolmo.CodeLengthClassifier):
            start = time.perf_counter()
            classifier.predict(asked[:20])
            if (time.perf_counter() - start) / 20 * len(asked) > MOST_SECONDS:
                return
        start = time.perf_counter()
        predictions = classifier.predict(asked)
        seconds = time.perf_counter() - start
        macro = f1_score(truth, predictions, average="macro", zero_division=0)
        found.append((accuracy_score(truth, predictions), macro, fit_seconds, 1e6 * seconds / len(asked)))
    scores = dict(
        zip(("accuracy", "macro_f1", "fit_seconds", "microseconds_per_text"), np.mean(found, axis=0), strict=True)
    )
    (texts, _), (asked, _) = splits[0]
    sizes = {"train": len(texts), "test": len(asked), "splits": len(splits)}
    mean_bytes = float(np.mean([len(text.encode()) for text in asked]))
    yield {"part": "full", **sizes, "mean_bytes": mean_bytes, **scores, **_fingerprint(classifier)}


def few_shot(make: Callable[[], Any], split: tuple[Labelled, Labelled]) -> Iterator[dict[str, Any]]:
    """Judge a method on a few labels a class: ten draws, their mean and its 95 % interval by Student's t."""
    (texts, labels), test = split
    by_class = np.unique(labels, return_inverse=True)[1]
    if len(test[0]) > MOST_ASKED:
        test = _taken(test, np.random.RandomState(1).permutation(len(test[0]))[:MOST_ASKED])
    for shots in SHOTS:
        scores = []
        for draw in range(DRAWS):
            rng = np.random.RandomState(draw)
            places = [rng.permutation(np.flatnonzero(by_class == code))[:shots] for code in range(by_class.max() + 1)]
            classifier = make().fit(*_taken((texts, labels), np.concatenate(places)))
            scores.append(accuracy_score(test[1], classifier.predict(test[0])))
        half = float(student.ppf(0.975, DRAWS - 1) * np.std(scores, ddof=1) / np.sqrt(DRAWS))
        yield {
            "part": "few",
            "shots": shots,
            "draws": DRAWS,
            "test": len(test[0]),
            "accuracy": float(np.mean(scores)),
            "half_interval": half,
            **_fingerprint(classifier),
        }


def environment() -> dict[str, Any]:
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "kolmo": kolmo.__version__,
        "scikit-learn": sklearn.__version__,
        "scipy": scipy.__version__,
    }


def _fingerprint(classifier: Any) -> dict[str, str]:
    coder = getattr(classifier, "coder_", None)
    return {} if coder is None else {"fingerprint": coder.fingerprint}


def _splits(name: str, folder: Path) -> list[tuple[Labelled, Labelled]]:
    found = SETS[name](folder)
    return [found] if isinstance(found, tuple) else list(found)


def _lines(path: Path) -> Labelled:
    """Read lines of a label, a tab, and a text."""
    with path.open(encoding="utf-8", newline="\n") as file:
        return _unzipped([(label, text) for label, _, text in (line.rstrip("\n").partition("\t") for line in file)])


def _unzipped(rows: Sequence[tuple[str, str]]) -> Labelled:
    return [text for _, text in rows], [label for label, _ in rows]


def _taken(part: Labelled, places: Iterable[int]) -> Labelled:
    chosen = list(places)
    return [part[0][place] for place in chosen], [part[1][place] for place in chosen]


def _compile(makers: dict[str, Callable[[], Any]]) -> None:
    """Have every kernel compiled before a clock runs."""
    for make in makers.values():
        make().fit(["one text", "another", "one more", "and the last"] * 5, ["a", "b", "a", "b"] * 5).predict(["text"])


if __name__ == "__main__":
    main()
