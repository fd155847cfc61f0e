"""Nearest neighbours by compression distance: time of a pair, loss of each shortcut, and time by training size.

    python benchmarks/neighbours.py --data-dir DATA --set "AG News=DATA/ag_news/train10k.tsv,ag_news:test" \\
        --set "R8=r8:train,r8:test" --set "20 Newsgroups=DATA/20news-bydate-train,DATA/20news-bydate-test,500" \\
        --long DATA/silesia/dickens -o results.jsonl

A set is NAME=TRAIN,TEST or NAME=TRAIN,TEST,LIMIT, where TRAIN and TEST are files, folders or splits of the catalogue,
and LIMIT is the size of a random sample of TEST, with seed 0. Speed is measured in one thread, with all methods
alternating on the same pairs for several rounds, and the minimum of each is printed; accuracy and recall come from
whole test sets on all cores. The time of a pair includes reading the training set again where a method does so.
"""

from __future__ import annotations

import gzip
import os
import random
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import records
from rich.console import Console
from rich.table import Table

import kolmo
from kolmo.distances.engine import Distances
from kolmo.distances.tiles import Search
from kolmo.learn.candidates import CharTfidf

Method = Callable[[], int]
"""Measures some pairs and returns their number."""

PUBLISHED = "published: gzip.compress(joined)"
YARDSTICK = "zlib.compress"
SIZES = (240, 2_000, 20_000)
GROWTH = (1_000, 10_000, 40_000)
CANDIDATES = 200
MIN_TEXT = 8_000_000


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.option("--set", "sets", multiple=True, help="NAME=TRAIN,TEST: files, folders, or splits such as r8:train.")
@click.option(
    "--long",
    "text",
    type=click.Path(exists=True, path_type=Path),
    required=True,
    help="A long text to cut pieces from.",
)
@click.option("--data-dir", type=click.Path(path_type=Path), help="Local folder with the data sets.")
@click.option("--rounds", type=int, default=3, show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append to.")
def main(sets: tuple[str, ...], text: Path, data_dir: Path | None, rounds: int, output: Path | None) -> None:
    console = Console()
    if text.stat().st_size < MIN_TEXT:
        raise click.BadParameter(f"expected a text of at least {MIN_TEXT:,} bytes, got {text}, which is shorter")

    def report(title: str, rows: list[dict[str, Any]]) -> None:
        console.print(as_table(title, rows))
        for row in rows:
            records.append(output, {"table": title, **row, **versions()})

    report("Loading the kernels, in seconds", [loading()])
    loaded = [read_set(description, data_dir) for description in sets]
    for name, train, test in loaded:
        queries = [item for item in test.items if len(item) < 30_000][:100]
        report(f"{name}: microseconds a pair, one thread", speed(queries, train.items, rounds))
    for size in SIZES:
        xs, ys = pieces(text.read_bytes(), size, 10, 1000 if size < 10_000 else 60)
        rows = speed(xs, ys, rounds, tfidf=False)
        report(f"Pieces of {size:,} bytes: microseconds a pair, one thread", rows)
    report("Milliseconds a query by training size, one thread, pieces of 240 bytes", growth(text, rounds))
    for name, train, test in loaded:
        report(f"{name}: accuracy and recall", quality(train, test))


def read_set(description: str, data_dir: Path | None) -> tuple[str, kolmo.Corpus, kolmo.Corpus]:
    name, _, parts = description.partition("=")
    train, test, *limit = parts.split(",")
    corpora = []
    for part in (train, test):
        if Path(part).exists():
            corpora.append(kolmo.read(part, separator=" . "))
        else:
            found, _, split = part.partition(":")
            corpora.append(kolmo.load_dataset(found, split or None, data_dir=data_dir))
    return name, corpora[0], corpora[1].sample(int(limit[0]), seed=0) if limit else corpora[1]


def loading() -> dict[str, Any]:
    """Return the time of start, import and first pairs in the first and the second process that uses the kernels."""
    program = (
        "import time; start = time.perf_counter(); import kolmo; from kolmo.coders.deflate import lengths\n"
        "kolmo.coder('lz77').joint_code_lengths([b'some text '], [b'some other text'])\n"
        "lz77 = time.perf_counter() - start; assert lengths.is_available()\n"
        "print(lz77, time.perf_counter() - start)"
    )
    with tempfile.TemporaryDirectory() as folder:
        process = os.environ | {"NUMBA_CACHE_DIR": folder}
        runs = [
            subprocess.run([sys.executable, "-c", program], env=process, capture_output=True, text=True, check=True)
            for _ in range(2)
        ]
    (first, both), (second, second_both) = (map(float, run.stdout.split()) for run in runs)
    return {
        "lz77, compiled": round(first, 2),
        "and deflate": round(both, 2),
        "lz77, second process": round(second, 2),
        "and deflate, second process": round(second_both, 2),
    }


def speed(queries: Sequence[bytes], train: Sequence[bytes], rounds: int, *, tfidf: bool = True) -> list[dict[str, Any]]:
    """Return the time of a pair for each method on the same queries; slow methods see a part of the training set."""
    some, few = queries[:32], random.Random(0).sample(list(train), min(len(train), max(40, len(train) // 40)))
    fitted = kolmo.coder("lz77").fitted(train)
    margin = kolmo.calibrate_pruning(list(queries), train, coder="gzip", separator=" ").margin_bits
    ways: dict[str, Method] = {
        YARDSTICK: lambda: compressed(some, few, lambda data: zlib.compress(data, 9)),
        PUBLISHED: lambda: compressed(some, few, gzip.compress),
        "gzip, all pairs": lambda: searched("gzip", some, train, None),
        "gzip, nearest, certified": lambda: searched("gzip", some, train, 0.0),
        "gzip, nearest, calibrated": lambda: searched("gzip", some, train, margin),
        "lz77": lambda: searched(fitted, some, train, None),
        "zstd": lambda: searched("zstd", some, few, None),
        "zstd, primed with x": lambda: primed("zstd", some, few),
        "lz4": lambda: searched("lz4", some, few, None),
        "lz4, primed with x": lambda: primed("lz4", some, few),
    }
    if tfidf:
        generator = CharTfidf(train)
        ways[f"lz77, {CANDIDATES} candidates"] = lambda: searched(fitted, queries, train, None, generator)
    seconds = in_turn(ways, rounds)
    return [
        {
            "way": name,
            "µs": round(1e6 * seconds[name], 3),
            "times faster than zlib.compress": round(seconds[YARDSTICK] / seconds[name], 1),
            "than the published procedure": round(seconds[PUBLISHED] / seconds[name], 1),
        }
        for name in ways
    ]


def in_turn(ways: dict[str, Method], rounds: int) -> dict[str, float]:
    """Return the minimum time of a pair for each method, in seconds, over alternating rounds."""
    for measure in ways.values():
        measure()
    least = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, measure in ways.items():
            started = time.perf_counter()
            pairs = measure()
            least[name] = min(least[name], (time.perf_counter() - started) / pairs)
    return least


def compressed(xs: Sequence[bytes], ys: Sequence[bytes], compress: Callable[[bytes], bytes]) -> int:
    for x in xs:
        for y in ys:
            compress(x + b" " + y)
    return len(xs) * len(ys)


def primed(coder: str, xs: Sequence[bytes], ys: Sequence[bytes]) -> int:
    for x in xs:
        kolmo.coder(coder).prime(x).code_lengths(ys)
    return len(xs) * len(ys)


def searched(
    coder: Any,
    xs: Sequence[bytes],
    ys: Sequence[bytes],
    margin: float | None,
    generator: CharTfidf | None = None,
) -> int:
    """Search for the nearest y of each x; as in a classifier, L(y) is known from fitting."""
    distances = Distances(coder, separator=" ", n_jobs=1)
    key = (str(coder), len(ys))
    if key not in _KNOWN_LENGTHS:
        _KNOWN_LENGTHS[key] = distances.coder.code_lengths(ys)
    candidates = None
    if generator is not None:
        candidates = lambda start, stop: generator.nearest(xs[start:stop], CANDIDATES)  # noqa: E731
    search = Search(count=1, margin_bits=margin)
    for _ in distances.nearest(xs, ys, search, y_lengths=_KNOWN_LENGTHS[key], candidates=candidates):
        pass
    return len(xs) * len(ys)


_KNOWN_LENGTHS: dict[tuple[str, int], Any] = {}


def pieces(text: bytes, size: int, n_xs: int, n_ys: int) -> tuple[list[bytes], list[bytes]]:
    """Return different pieces of a text, of about the same size."""
    source = random.Random(size)
    starts = source.sample(range(0, len(text) - 2 * size, size + size // 4), n_xs + n_ys)
    cut = [text[start : start + size + source.randint(-size // 5, size // 5)] for start in starts]
    _KNOWN_LENGTHS.clear()
    return cut[:n_xs], cut[n_xs:]


def growth(text: Path, rounds: int) -> list[dict[str, Any]]:
    """Return the time of a query by training size, and the recall of the nearest neighbour with candidates."""
    queries, everything = pieces(text.read_bytes() * 2, 240, 100, max(GROWTH))
    rows: dict[str, dict[str, Any]] = {}
    for size in GROWTH:
        train = everything[:size]
        _KNOWN_LENGTHS.clear()
        fitted, generator = kolmo.coder("lz77").fitted(train), CharTfidf(train)
        some = queries[: 4 if size > 10_000 else 16]
        ways: dict[str, Method] = {
            YARDSTICK: lambda train=train: compressed(queries[:1], train[:1000], lambda data: zlib.compress(data, 9)),
            "gzip, nearest, certified": lambda some=some, train=train: searched("gzip", some, train, 0.0),
            "lz77": lambda some=some, train=train, coder=fitted: searched(coder, some, train, None),
            f"lz77, {CANDIDATES} candidates": lambda train=train, coder=fitted, made=generator: searched(
                coder, queries, train, None, made
            ),
        }
        for name, seconds in in_turn(ways, rounds).items():
            rows.setdefault(name, {"way": name})[f"{size:,}"] = round(1e3 * seconds * size, 3)
        recall = recalled(fitted, queries, train, generator)
        rows[f"lz77, {CANDIDATES} candidates"][f"recall of {size:,}"] = recall
    return list(rows.values())


def recalled(coder: Any, queries: Sequence[bytes], train: Sequence[bytes], generator: CharTfidf) -> float:
    distances = Distances(coder, separator=" ", n_jobs=-1)
    exact, found = (
        np.concatenate([part.first(1)[0] for _, part in distances.nearest(queries, train, Search(count=1), **how)])
        for how in ({}, {"candidates": lambda start, stop: generator.nearest(queries[start:stop], CANDIDATES)})
    )
    return float(np.mean(found <= exact))


def quality(train: kolmo.Corpus, test: kolmo.Corpus) -> list[dict[str, Any]]:
    """Return the accuracy of each method for k of 1, 3 and 10, and its recall of the nearest neighbour."""
    rows = []
    ways: dict[str, dict[str, Any]] = {
        "gzip, certified": {"coder": "gzip"},
        "gzip, calibrated": {"coder": "gzip", "pruning": "calibrated"},
        "lz77": {"coder": "lz77"},
        f"lz77, {CANDIDATES} candidates": {"coder": "lz77", "candidates": "char-tfidf", "n_candidates": CANDIDATES},
    }
    nearest: dict[str, Any] = {}
    for name, parameters in ways.items():
        started = time.perf_counter()
        fitted = kolmo.NCDClassifier(n_neighbors=10, n_jobs=-1, **parameters).fit(train.items, train.labels)
        distances, indices = fitted.kneighbors(test.items)
        seconds = time.perf_counter() - started
        coder = parameters["coder"]
        nearest.setdefault(coder, distances[:, 0])
        row = {"way": name} | accuracies(train, test, indices)
        row |= {"recall of the nearest": float(np.mean(distances[:, 0] <= nearest[coder]))}
        rows.append(row | {"seconds": round(seconds, 1), "test texts": len(test)})
    generator = CharTfidf(train.items)
    started = time.perf_counter()
    indices = np.stack([np.argsort(-row, kind="stable")[:10] for row in generator.similarities(test.items)])
    row = {"way": "cosine of TF-IDF alone"} | accuracies(train, test, indices)
    return [*rows, row | {"seconds": round(time.perf_counter() - started, 1), "test texts": len(test)}]


def accuracies(train: kolmo.Corpus, test: kolmo.Corpus, indices: Any) -> dict[str, float]:
    """Return the accuracy of a vote of the k nearest; ties go to the class with the nearest member."""
    classes, codes = np.unique(train.labels, return_inverse=True)
    truth = np.searchsorted(classes, np.asarray(test.labels))
    found = {}
    for k in (1, 3, 10):
        votes = np.zeros((len(truth), len(classes)))
        for place in range(k):
            # the small addend breaks ties in favour of the nearer neighbour
            np.add.at(votes, (np.arange(len(truth)), codes[indices[:, place]]), 1 + 1e-6 * 2.0**-place)
        found[f"k={k}"] = float(np.mean(votes.argmax(axis=1) == truth))
    return found


def as_table(title: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=title)
    names = list(dict.fromkeys(name for row in rows for name in row))
    for name in names:
        table.add_column(name, justify="left" if name == "way" else "right")
    for row in rows:
        cells = (row.get(name, "") for name in names)
        table.add_row(*(f"{cell:,.4g}" if isinstance(cell, float) else str(cell) for cell in cells))
    return table


def versions() -> dict[str, Any]:
    return {
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
        "versions": {name: kolmo.coder(name).versions() for name in ("gzip", "zstd", "lz4")},
    }


if __name__ == "__main__":
    main()
