"""Outliers by code length beside the usual detectors: AUC, false alarms, time, on three kinds of public text.

    python benchmarks/find_outliers.py --data-dir DATA -s sms -s udhr -s news -o results/find_outliers.jsonl
    python benchmarks/find_outliers.py --picture docs/outliers.png --data-dir DATA

DATA has the public sets `sms_spam`, `udhr_latin` and `20news-bydate` as published. *sms*: 1,000 ham messages are
normal, the other ham and all spam are asked about; mean of three draws. *udhr*: 30 lines of one language are normal,
its other lines and lines of the others are asked about; mean over 17 languages. *news*: the training posts of one
newsgroup are normal, without headers and quotations; test posts of all groups are asked about; mean over all twenty.

Baselines read TF-IDF of character trigrams (sublinear): isolation forest, one-class SVM, and the cosine to the nearest
normal text. Nothing is tuned on the labels.
"""

from __future__ import annotations

import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
import records
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import roc_auc_score
from sklearn.svm import OneClassSVM

import kolmo
from kolmo import CodeLengthOutlier
from kolmo.find import LengthCorrection
from kolmo.find.normal_model import MAX_HELD_OUT, NormalModel, held_out_bits, in_order_of_digest
from kolmo.find.outlier_report import Threshold
from kolmo.learn.class_models import SEPARATOR

Floats = NDArray[np.float64]
N_JOBS = 2
RATE = 0.05
"""The false-alarm rate that is stated."""


class Task(NamedTuple):
    """Normal items to fit to, and normal and other items to tell apart."""

    name: str
    normal: list[bytes]
    asked: list[bytes]
    is_outlier: NDArray[np.bool_]


def sms(folder: Path) -> Iterator[Task]:
    lines = (folder / "sms_spam" / "SMSSpamCollection").read_bytes().splitlines()
    ham, spam = (
        [line.partition(b"\t")[2] for line in lines if line.startswith(kind)] for kind in (b"ham\t", b"spam\t")
    )
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(ham))
        normal, rest = [ham[place] for place in order[:1000]], [ham[place] for place in order[1000:]]
        yield Task(f"sms, draw {seed}", normal, rest + spam, np.repeat([False, True], [len(rest), len(spam)]))


def udhr(folder: Path) -> Iterator[Task]:
    files = sorted((folder / "udhr_latin" / "txt").glob("*.txt"))
    lines = {file.stem: [line for line in file.read_bytes().splitlines() if line.strip()] for file in files}
    for language in list(lines)[::4]:
        own = lines[language]
        order = np.random.default_rng(0).permutation(len(own))
        others = [line for name, found in lines.items() if name != language for line in found]
        drawn = np.random.default_rng(1).choice(len(others), 1500, replace=False)
        asked = [own[place] for place in order[30:]] + [others[place] for place in drawn]
        normal = [own[place] for place in order[:30]]
        yield Task(f"udhr, {language}", normal, asked, np.arange(len(asked)) >= len(own) - 30)


def posts(folder: Path) -> dict[str, dict[str, list[bytes]]]:
    """Return the posts of each split and group without headers and quotations."""
    from sklearn.datasets import _twenty_newsgroups as groups

    found: dict[str, dict[str, list[bytes]]] = {"train": {}, "test": {}}
    with tarfile.open(folder / "20news-bydate" / "20news-bydate.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is None:
                continue
            split, group = Path(member.name).parts[-3:-1]
            text = groups.strip_newsgroup_header(file.read().decode("latin-1"))
            text = groups.strip_newsgroup_quoting(text).strip()
            if text:
                found[split.rpartition("-")[2]].setdefault(group, []).append(text.encode())
    return found


def news(folder: Path) -> Iterator[Task]:
    found = posts(folder)
    random = np.random.default_rng(0)
    drawn = {
        group: [texts[place] for place in random.permutation(len(texts))[:30]] for group, texts in found["test"].items()
    }
    for group, normal in sorted(found["train"].items()):
        own = found["test"][group][:200]
        others = [text for name, texts in drawn.items() if name != group for text in texts]
        yield Task(f"news, {group}", normal, own + others, np.arange(len(own) + len(others)) >= len(own))


SETS: dict[str, Callable[[Path], Iterator[Task]]] = {"sms": sms, "udhr": udhr, "news": news}


class Lengths(NamedTuple):
    """What all scores by code length are computed from: sizes and bits of held-out and of other items."""

    held_out_sizes: NDArray[np.int64]
    held_out_bits: Floats
    sizes: NDArray[np.int64]
    bits: Floats
    seconds: float


_KNOWN: dict[tuple[str, str], Lengths] = {}


def lengths_of(task: Task, coder: str) -> Lengths:
    """Measure a task once for all scores, as `CodeLengthOutlier` does."""
    if (task.name, coder) not in _KNOWN:
        start = time.perf_counter()
        setting: dict[str, Any] = {"max_bytes": 2**22, "separator": SEPARATOR}
        made = kolmo.coder(coder)
        places, held_out = held_out_bits(made, task.normal, most=MAX_HELD_OUT, n_jobs=N_JOBS, **setting)
        model = NormalModel.prime(made, in_order_of_digest(task.normal), **setting)
        bits = model.bits(task.asked, label="asked", n_jobs=N_JOBS)
        normal_sizes, sizes = (np.array([len(item) for item in items]) for items in (task.normal, task.asked))
        seconds = time.perf_counter() - start
        _KNOWN.clear()
        _KNOWN[task.name, coder] = Lengths(normal_sizes[places], held_out, sizes, bits, seconds)
    return _KNOWN[task.name, coder]


def by_code_length(
    *, coder: str = "ngram", kind: str = "corrected", exponent: Any = 0.6
) -> Callable[[Task], tuple[Floats, float]]:
    """Return a detector: it returns scores and a threshold."""

    def detect(task: Task) -> tuple[Floats, float]:
        found = lengths_of(task, coder)
        correction = LengthCorrection.fit(found.held_out_sizes, found.held_out_bits, exponent=exponent)
        of: Callable[[NDArray[np.int64], Floats], Floats] = {
            "corrected": correction.scores,
            "per_byte": lambda sizes, bits: bits / (sizes + 1),
            "bits": lambda _, bits: bits,
        }[kind]
        threshold = Threshold.of(np.sort(of(found.held_out_sizes, found.held_out_bits)), RATE)
        return of(found.sizes, found.bits), threshold.score

    return detect


def trigrams(task: Task) -> tuple[Any, Any]:
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(3, 3), sublinear_tf=True, decode_error="replace")
    return vectorizer.fit_transform(task.normal), vectorizer.transform(task.asked)


def by_estimator(make: Callable[[], Any]) -> Callable[[Task], tuple[Floats, float]]:
    def detect(task: Task) -> tuple[Floats, float]:
        normal, asked = trigrams(task)
        return -make().fit(normal).score_samples(asked), np.nan

    return detect


def by_nearest(task: Task) -> tuple[Floats, float]:
    normal, asked = trigrams(task)
    return -(asked @ normal.T).max(axis=1).toarray().ravel(), np.nan


def by_length(task: Task) -> tuple[Floats, float]:
    return np.array([len(item) for item in task.asked], float), np.nan


METHODS: dict[str, Callable[[Task], tuple[Floats, float]]] = {
    "code length, corrected (default)": by_code_length(),
    "code length, square root": by_code_length(exponent=0.5),
    "code length, fitted exponent": by_code_length(exponent="fitted"),
    "code length, bits per byte": by_code_length(kind="per_byte"),
    "code length, bits": by_code_length(kind="bits"),
    "code length, corrected, zstd": by_code_length(coder="zstd"),
    "nearest cosine, char trigrams": by_nearest,
    "isolation forest, char trigrams": by_estimator(lambda: IsolationForest(random_state=0, n_jobs=N_JOBS)),
    "one-class SVM, char trigrams": by_estimator(lambda: OneClassSVM(nu=0.05, gamma="scale")),
    "one-class SVM, linear, char trigrams": by_estimator(lambda: OneClassSVM(nu=0.05, kernel="linear")),
    "length alone": by_length,
}


def measured(method: str, task: Task) -> dict[str, float]:
    """Return the AUC, the false alarms at the threshold, those of the longest fifth of the items, and the time."""
    start = time.perf_counter()
    scores, threshold = METHODS[method](task)
    seconds = time.perf_counter() - start if "code length" not in method else lengths_of(task, _coder(method)).seconds
    row = {"auc": float(roc_auc_score(task.is_outlier, scores)), "seconds": seconds}
    if np.isfinite(threshold):
        sizes = np.array([len(item) for item in task.asked])[~task.is_outlier]
        alarms = scores[~task.is_outlier] > threshold
        row["false_alarms"] = float(alarms.mean())
        row["false_alarms_of_longest"] = float(alarms[sizes > np.quantile(sizes, 0.8)].mean())
        row["found"] = float((scores[task.is_outlier] > threshold).mean())
    return row


def _coder(method: str) -> str:
    return "zstd" if method.endswith("zstd") else "ngram"


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.option("--data-dir", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("-s", "--set", "sets", multiple=True, type=click.Choice(list(SETS)))
@click.option("-m", "--method", "methods", multiple=True, type=click.Choice(list(METHODS)), default=list(METHODS))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append to.")
@click.option("--picture", type=click.Path(path_type=Path), help="Draw scores of the SMS messages to this file.")
def main(
    data_dir: Path, sets: Sequence[str], methods: Sequence[str], output: Path | None, picture: Path | None
) -> None:
    if picture is not None:
        draw(next(sms(data_dir)), picture)
    for name in sets:
        rows: dict[str, list[dict[str, float]]] = {}
        for task in SETS[name](data_dir):
            for method in methods:
                row = measured(method, task)
                rows.setdefault(method, []).append(row)
                records.append(output, {"set": name, "task": task.name, "method": method, **row})
        for method, found in rows.items():
            mean = {key: float(np.mean([row[key] for row in found])) for key in found[0]}
            print(f"{name:5} {method:38}", *(f"{key} {value:.4f}" for key, value in mean.items()), flush=True)


def draw(task: Task, path: Path) -> None:
    """Draw the code length of each message by its size, the centre and the threshold."""
    from kolmo.show.figures import COLORS, checked_path, new_figure, save, write_title

    target = checked_path(path)
    outlier = CodeLengthOutlier(false_alarm_rate=0.01, n_jobs=N_JOBS).fit(task.normal)
    report = outlier.report(task.asked)
    figure = new_figure(8, 4.2)
    axes = figure.subplots()
    for kind, color, label in ((False, COLORS[1], "ham, not in fit"), (True, COLORS[0], "spam")):
        chosen = task.is_outlier == kind
        axes.scatter(report.sizes[chosen] + 1, report.bits[chosen] + 1, s=4, alpha=0.4, color=color, label=label)
    sizes = np.unique(np.concatenate([report.sizes, [1]]))
    correction = outlier.correction_
    limit = correction.centre(sizes) + outlier.threshold_.score * (sizes + 1.0) ** correction.exponent
    axes.plot(sizes + 1, correction.centre(sizes) + 1, color="#333333", linewidth=1, label="typical ham")
    axes.plot(sizes + 1, limit + 1, color="#333333", linewidth=1, linestyle="--", label="threshold, 1% false alarms")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(bottom=8)
    axes.set_xlabel("size in bytes")
    axes.set_ylabel("code length given 1,000 ham messages, bits")
    axes.legend(frameon=False, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)
    write_title(figure, "SMS messages: code length given ham, by size")
    save(figure, target)


if __name__ == "__main__":
    main()
