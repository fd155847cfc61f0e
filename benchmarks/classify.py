"""Text classification by code lengths, compared with TF-IDF and a linear SVM: accuracy, macro-F1 and time.

    python benchmarks/classify.py --data-dir DATA --part full --part few -o results.jsonl

DATA has the public sets as published: `R8`, `ag_news` (with `train10k.tsv`, 10,000 texts of its training set),
`20news-bydate`, `trec`, `sms_spam`. Rows are printed, and appended to a JSON-lines file with the machine, the versions
and the coders' fingerprints. `readme_classify.py` converts them to tables.
"""

from __future__ import annotations

import csv
import json
import random
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import records
import scipy
import sklearn
from scipy.stats import t as student
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline

import kolmo
from kolmo.learn import baseline_classifiers, evaluate
from kolmo.learn.baselines import ngram_svm

Labelled = tuple[list[str], list[str]]
"""Texts, and their labels."""

SHOTS = (8, 16, 32, 64)
DRAWS = 10
MAX_TEST = 1000
"""Largest number of test texts of a few-shot draw; they are the same for all draws."""
MAX_SECONDS = 300
"""A coder whose predictions would take longer, extrapolated from 20 texts, is left out."""
TRIAL = 20


def r8(folder: Path) -> tuple[Labelled, Labelled]:
    return _lines(folder / "R8" / "train.txt"), _lines(folder / "R8" / "test.txt")


def ag_news(folder: Path) -> tuple[Labelled, Labelled]:
    """10,000 training texts, and the 2,000 test texts of the table of nearest neighbours."""
    with (folder / "ag_news" / "test.csv").open(encoding="utf-8", newline="") as file:
        rows = [(label, " ".join(parts)) for label, *parts in csv.reader(file)]
    chosen = [rows[index] for index in sorted(random.Random(0).sample(range(len(rows)), 2000))]
    return _lines(folder / "ag_news" / "train10k.tsv"), _unzipped(chosen)


def newsgroups(folder: Path) -> tuple[Labelled, Labelled]:
    """The posts with headers and quotations, split by date."""
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
    """Return a factory of each classifier; the first is the baseline."""
    known, baseline = kolmo.list_coders(), "TF-IDF + LinearSVC"
    made: dict[str, Callable[[], Any]] = {
        baseline: lambda: baseline_classifiers()[baseline],
        "NGramVectorizer + LinearSVC": ngram_svm,
    }
    for name in ("ngram", "zstd", "deflate", "ppmd"):
        if name in known:
            made[f"code length, {name}"] = lambda name=name: kolmo.CodeLengthClassifier(name, temperature_scaling=False)
    best = "ngram" if "ngram" in known else "zstd"
    made[f"features of {best} + logistic"] = lambda: make_pipeline(
        kolmo.CodeLengthVectorizer([best]), LogisticRegression(C=10, max_iter=1000)
    )
    return made


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.option("--data-dir", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--part", "parts", type=click.Choice(("full", "few")), multiple=True, default=("full", "few"))
@click.option("--set", "sets", type=click.Choice(tuple(SETS)), multiple=True, default=tuple(SETS))
@click.option("--method", "chosen", multiple=True, help="A method by name; by default all.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append to.")
def main(data_dir: Path, parts: Sequence[str], sets: Sequence[str], chosen: Sequence[str], output: Path | None) -> None:
    makers = {name: make for name, make in methods().items() if not chosen or name in chosen}
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
                records.append(output, line | {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__})


def full(make: Callable[[], Any], splits: Sequence[tuple[Labelled, Labelled]]) -> Iterator[dict[str, Any]]:
    """Yield the mean scores and times over splits, with whole training sets."""
    found = []
    for train, test in splits:
        if isinstance(make(), kolmo.CodeLengthClassifier):
            trial = evaluate(make(), train, _taken(test, range(TRIAL)))
            if trial.predict_seconds / TRIAL * len(test[0]) > MAX_SECONDS:
                return
        report = evaluate(make(), train, test)
        speed = 1e6 * report.predict_seconds / report.n_test
        found.append((report.accuracy, report.macro_f1, report.fit_seconds, speed))
    scores = dict(
        zip(("accuracy", "macro_f1", "fit_seconds", "microseconds_per_text"), np.mean(found, axis=0), strict=True)
    )
    (texts, _), (test_texts, _) = splits[0]
    sizes = {"train": len(texts), "test": len(test_texts), "splits": len(splits)}
    mean_bytes = float(np.mean([len(text.encode()) for text in test_texts]))
    yield {"part": "full", **sizes, "mean_bytes": mean_bytes, **scores, "fingerprint": report.fingerprint}


def few_shot(make: Callable[[], Any], split: tuple[Labelled, Labelled]) -> Iterator[dict[str, Any]]:
    """Yield the mean accuracy over ten draws of a few labels a class, with its 95 % interval by Student's t."""
    train, test = split
    by_class = np.unique(train[1], return_inverse=True)[1]
    if len(test[0]) > MAX_TEST:
        test = _taken(test, np.random.RandomState(1).permutation(len(test[0]))[:MAX_TEST])
    for shots in SHOTS:
        scores = []
        for draw in range(DRAWS):
            rng = np.random.RandomState(draw)
            places = [rng.permutation(np.flatnonzero(by_class == code))[:shots] for code in range(by_class.max() + 1)]
            report = evaluate(make(), _taken(train, np.concatenate(places)), test)
            scores.append(report.accuracy)
        half = float(student.ppf(0.975, DRAWS - 1) * np.std(scores, ddof=1) / np.sqrt(DRAWS))
        yield {
            "part": "few",
            "shots": shots,
            "draws": DRAWS,
            "test": len(test[0]),
            "accuracy": float(np.mean(scores)),
            "half_interval": half,
            "fingerprint": report.fingerprint,
        }


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


if __name__ == "__main__":
    main()
