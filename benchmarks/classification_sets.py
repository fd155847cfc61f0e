"""Public sets of labelled texts, as published, for `classify.py`.

The folder has `R8`, `ag_news` (with `train10k.tsv`, 10,000 texts of its training set), `20news-bydate`, `trec` and
`sms_spam`.
"""

from __future__ import annotations

import csv
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sklearn.model_selection import StratifiedKFold

Labelled = tuple[list[str], list[str]]
"""Texts, and their labels."""


def r8(folder: Path) -> tuple[Labelled, Labelled]:
    return _lines(folder / "R8" / "train.txt"), _lines(folder / "R8" / "test.txt")


def ag_news(folder: Path) -> tuple[Labelled, Labelled]:
    """10,000 training texts, and all 7,600 test texts."""
    with (folder / "ag_news" / "test.csv").open(encoding="utf-8", newline="") as file:
        rows = [(label, " ".join(parts)) for label, *parts in csv.reader(file)]
    return _lines(folder / "ag_news" / "train10k.tsv"), _unzipped(rows)


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
        yield taken((texts, labels), train), taken((texts, labels), test)


_SETS: dict[str, Callable[[Path], Any]] = {
    "TREC": trec,
    "SMS Spam": sms,
    "R8": r8,
    "AG News": ag_news,
    "20 Newsgroups": newsgroups,
}
SETS = tuple(_SETS)


def splits(name: str, folder: Path) -> list[tuple[Labelled, Labelled]]:
    """Return the training and test part of a set, or those of each of five stratified folds."""
    found = _SETS[name](folder)
    return [found] if isinstance(found, tuple) else list(found)


def _lines(path: Path) -> Labelled:
    """Read lines of a label, a tab, and a text."""
    with path.open(encoding="utf-8", newline="\n") as file:
        return _unzipped([(label, text) for label, _, text in (line.rstrip("\n").partition("\t") for line in file)])


def _unzipped(rows: Sequence[tuple[str, str]]) -> Labelled:
    return [text for _, text in rows], [label for label, _ in rows]


def taken(part: Labelled, places: Iterable[int]) -> Labelled:
    chosen = list(places)
    return [part[0][place] for place in chosen], [part[1][place] for place in chosen]
