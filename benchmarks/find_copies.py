"""Leaks, duplicates and sketches: recall of planted copies beside the 13-gram rule, false finds, time and memory.

    python benchmarks/find_copies.py --data-dir DATA -o benchmarks/results/find_copies.jsonl

`news`: AG News (ag_news/train10k.tsv) in the order of a seed, 6,000 items against 1,500, with 75 planted copies of each
kind. `passages`: forty evenly spaced passages of 200 kB of dickens (silesia), before and after its licence is ignored.
`scale`: 10,000 texts against 100,000 of a word-level Markov model of AG News of order 1, 1% planted. `sketches`: rank
correlation with exact NCD on three kinds of data, and a store of generated items. The thresholds of `find_leaks` were
chosen on other rows, those of ag_news/test.csv. Times depend on what else the machine does; CPU time does less.
"""

from __future__ import annotations

import collections
import importlib.util
import itertools
import random
import re
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import records
from rich.console import Console
from rich.table import Table

import kolmo

PER_KIND = 75
LETTERS = b"abcdefghijklmnopqrstuvwxyz "
Edit = Callable[[bytes], bytes]


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.option("--data-dir", type=click.Path(exists=True, path_type=Path), required=True, help="Folder with data sets.")
@click.option("--part", "parts", multiple=True, help="news, passages, scale or sketches.  [default: all]")
@click.option("--seed", default=0, show_default=True)
@click.option("--stored", default=1_000_000, show_default=True, help="Items of the store of sketches.")
@click.option("--picture", type=click.Path(path_type=Path), help="Draw the bits saved in `news` to a PNG or SVG file.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append to.")
def main(
    data_dir: Path, parts: tuple[str, ...], seed: int, stored: int, picture: Path | None, output: Path | None
) -> None:
    console = Console(width=140)
    works: dict[str, Callable[[], dict[str, list[dict[str, Any]]]]] = {
        "news": lambda: news(data_dir, seed, picture),
        "passages": lambda: passages(data_dir),
        "scale": lambda: scale(data_dir, seed),
        "sketches": lambda: sketches(data_dir, seed, stored),
    }
    for part in parts or works:
        for title, rows in works[part]().items():
            table = Table(*rows[0], title=title)
            for row in rows:
                table.add_row(*(f"{value:.3g}" if isinstance(value, float) else str(value) for value in row.values()))
                records.append(output, {"table": title, "seed": seed, **row})
            console.print(table)


def with_edited_characters(text: bytes, rate: float, draw: random.Random) -> bytes:
    """Return a text with a share of its characters replaced, removed or followed by another, each equally often."""
    out = bytearray()
    for byte in text:
        kind = draw.randrange(3) if draw.random() < rate else 3
        letter = bytes([draw.choice(LETTERS)])
        out += (letter, b"", bytes([byte]) + letter, bytes([byte]))[kind]
    return bytes(out)


def kinds_of_copies(draw: random.Random, words: Sequence[bytes], others: Sequence[bytes]) -> dict[str, Edit]:
    """Return the edits by name; words are replaced by others of the data, and other items are joined."""

    def replaced(text: bytes, rate: float) -> bytes:
        return b" ".join(draw.choice(words) if draw.random() < rate else word for word in text.split(b" "))

    def half(text: bytes) -> bytes:
        return text[: len(text) // 2] if draw.random() < 0.5 else text[len(text) // 2 :]

    def quarters(text: bytes) -> bytes:
        parts = text.split(b" ")
        cut = [parts[place * len(parts) // 4 : (place + 1) * len(parts) // 4] for place in range(4)]
        draw.shuffle(cut)
        return b" ".join(word for part in cut for word in part)

    def other() -> bytes:
        return draw.choice(others)

    return {
        "exact": lambda text: text,
        "upper case": lambda text: text.upper(),
        "10% of characters edited": lambda text: with_edited_characters(text, 0.1, draw),
        "20% of characters edited": lambda text: with_edited_characters(text, 0.2, draw),
        "10% of words replaced": lambda text: replaced(text, 0.1),
        "30% of words replaced": lambda text: replaced(text, 0.3),
        "joined to another": lambda text: text + b" " + other(),
        "inside two others": lambda text: other() + b" " + text + b" " + other(),
        "quarters shuffled": quarters,
        "half": lambda text: half(text) + b" " + half(other()),
        "half, 10% of characters edited": lambda text: (
            with_edited_characters(half(text), 0.1, draw) + b" " + half(other())
        ),
    }


def runs_of_words(text: bytes, length: int) -> set[tuple[bytes, ...]]:
    words = re.findall(rb"\w+", text.lower())
    return set(zip(*(words[place:] for place in range(length)), strict=False))


def by_runs(train: Sequence[bytes], test: Sequence[bytes], length: int = 13) -> set[tuple[int, int]]:
    """Return the pairs that share a run of 13 words, ignoring case and punctuation."""
    known = collections.defaultdict(list)
    for place, text in enumerate(train):
        for run in runs_of_words(text, length):
            known[run].append(place)
    return {
        (place, other) for place, text in enumerate(test) for run in runs_of_words(text, length) for other in known[run]
    }


def news(data_dir: Path, seed: int, picture: Path | None) -> dict[str, list[dict[str, Any]]]:
    items = list(kolmo.read(data_dir / "text/ag_news/train10k.tsv").items)
    draw = random.Random(seed)
    draw.shuffle(items)
    train, test, others = items[:6000], items[6000:7500], items[7500:]
    words = [word for text in train[:2000] for word in text.split(b" ")]
    edits = kinds_of_copies(draw, words, others)
    sources, places = draw.sample(range(6000), PER_KIND * len(edits)), draw.sample(range(1500), PER_KIND * len(edits))
    planted = {kind: set() for kind in edits}
    for number, (source, place) in enumerate(zip(sources, places, strict=True)):
        kind = list(edits)[number // PER_KIND]
        test[place] = edits[kind](train[source])
        planted[kind].add((place, source))
    start, cpu = time.perf_counter(), time.process_time()
    report = kolmo.find_leaks(train, test)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    start, run_cpu = time.perf_counter(), time.process_time()
    runs = by_runs(train, test)
    run_seconds, run_cpu = time.perf_counter() - start, time.process_time() - run_cpu
    found = {(leak.test_index, leak.train_index) for leak in report.leaks}
    recall = [
        {
            "copies": kind,
            "kolmo leaks": len(pairs & found) / PER_KIND,
            "13-gram rule": len(pairs & runs) / PER_KIND,
        }
        for kind, pairs in planted.items()
    ]
    own = set(range(1500)) - set(places)
    if picture is not None:
        draw_bits(train, test, planted, own, picture, random.Random(seed))
    flagged = {leak.test_index for leak in report.leaks if leak.test_index in own}
    partners = collections.defaultdict(list)
    for leak in report.leaks:
        partners[leak.test_index].append(leak.train_index)
    unlike = [
        place
        for place in flagged
        if not any(runs_of_words(test[place], 8) & runs_of_words(train[partner], 8) for partner in partners[place])
    ]
    by_run = {place for place, _ in runs if place in own}
    costs = [
        {
            "method": "kolmo leaks",
            "other rows flagged": len(flagged),
            "of": len(own),
            "without a common run of 8 words": len(unlike),
            "random pairs flagged": f"{report.control.n_flagged} of {report.control.n_pairs}",
            "seconds": seconds,
            "CPU seconds": cpu_seconds,
        },
        {
            "method": "13-gram rule",
            "other rows flagged": len(by_run),
            "of": len(own),
            "without a common run of 8 words": 0,
            "random pairs flagged": "",
            "seconds": run_seconds,
            "CPU seconds": run_cpu,
        },
    ]
    tables = {"AG News: recall of planted copies": recall, "AG News: other rows and cost": costs}
    if importlib.util.find_spec("decontaminate") is None:
        print("decontaminate needs Python 3.12 and is not installed; it is left out")
    return tables


def draw_bits(
    train: Sequence[bytes],
    test: Sequence[bytes],
    planted: dict[str, set[tuple[int, int]]],
    own: set[int],
    path: Path,
    draw: random.Random,
) -> None:
    """Draw the bits saved by each kind of copy, by the best partner of other rows, and by random pairs."""
    from kolmo.find.overlaps import folded, overlaps
    from kolmo.find.pairs import OverlapSearch
    from kolmo.show.figures import COLORS, FONT_SIZE, checked_path, new_figure, save, write_title

    bits: dict[str, list[float]] = {}
    report = kolmo.find_leaks(train, test, min_bits=0, min_copied=0)
    saved = {(leak.test_index, leak.train_index): leak.bits_saved for leak in report.leaks}
    for kind, pairs in planted.items():
        bits[kind] = [saved.get(pair, 0.0) for pair in pairs]
    best = dict.fromkeys(own, 0.0)
    for (place, _), value in saved.items():
        if place in best:
            best[place] = max(best[place], value)
    bits["most similar to other rows"] = list(best.values())
    search = OverlapSearch.of(coder="ngram", ignore=None)
    ys, xs = [folded(test[place]) for place in sorted(own)], [folded(text) for text in train]
    surprisals = search.background(xs, ys).surprisals(ys)
    rows = overlaps(ys, surprisals, xs, np.array([(y, draw.randrange(len(xs))) for y in range(len(ys))]))
    bits["random pairs"] = rows[:, 0].clip(0).tolist()
    figure = new_figure(7.5, 4.2)
    axes = figure.add_subplot()
    for place, (_, values) in enumerate(reversed(bits.items())):
        heights = place + np.linspace(-0.28, 0.28, len(values))
        axes.plot(values, heights, ".", markersize=2.5, color=COLORS[0] if place > 1 else COLORS[1])
    axes.set_yticks(range(len(bits)), [*reversed(bits)], fontsize=FONT_SIZE)
    axes.axvline(100, color="#333333", linewidth=1)
    axes.set_xlim(-10, 700)
    axes.set_xlabel("bits saved; flagged from 100 on", fontsize=FONT_SIZE)
    write_title(figure, "Bits that a copy from the training item saves over the background (AG News)")
    save(figure, checked_path(path))


def passages(data_dir: Path) -> dict[str, list[dict[str, Any]]]:
    text = (data_dir / "corpora/silesia/dickens").read_bytes()
    step = len(text) // 40
    items = [text[place * step : place * step + 200_000] for place in range(40)]
    rows = []
    licence = b""
    for ignored in (False, True):
        start, cpu = time.perf_counter(), time.process_time()
        report = kolmo.find_duplicates(items, ignore=[licence] if ignored else None)
        texts = [items[pair.index][slice(*pair.span)].lower() for pair in report.pairs]
        if not ignored:
            longest = max(report.pairs, key=lambda pair: pair.bits_saved if b"gutenberg" in _text(items, pair) else 0)
            licence = items[longest.index][slice(*longest.span)]
        rows.append(
            {
                "licence ignored": ignored,
                "pairs": len(texts),
                "of them with the word Gutenberg": sum(b"gutenberg" in each for each in texts),
                "other pairs": ", ".join(
                    f"{pair.index}-{pair.other_index}: {pair.span[1] - pair.span[0]:,} bytes"
                    for pair in report.pairs
                    if b"gutenberg" not in _text(items, pair)
                ),
                "seconds": time.perf_counter() - start,
                "CPU seconds": time.process_time() - cpu,
            }
        )
    return {"Forty passages of dickens: pairs that share a passage": rows}


def _text(items: Sequence[bytes], pair: Any) -> bytes:
    return items[pair.index][slice(*pair.span)].lower()


def markov_texts(texts: Sequence[bytes], count: int, draw: random.Random) -> list[bytes]:
    """Return texts of a word-level Markov model of order 1, with lengths and first words drawn from the texts."""
    followers = collections.defaultdict(list)
    split = [text.split() for text in texts]
    for words in split:
        for first, second in itertools.pairwise(words):
            followers[first].append(second)
    made = []
    for _ in range(count):
        length, words = len(draw.choice(split)), [draw.choice(split)[0]]
        while len(words) < length:
            following = followers.get(words[-1])
            words.append(draw.choice(following) if following else draw.choice(split)[0])
        made.append(b" ".join(words))
    return made


def scale(data_dir: Path, seed: int) -> dict[str, list[dict[str, Any]]]:
    draw = random.Random(seed)
    texts = list(kolmo.read(data_dir / "text/ag_news/train10k.tsv").items)
    train, test = markov_texts(texts, 100_000, draw), markov_texts(texts, 10_000, draw)
    edits = kinds_of_copies(draw, [word for text in texts[:2000] for word in text.split()], train)
    planted = set()
    for number, place in enumerate(draw.sample(range(10_000), 100)):
        source = draw.randrange(100_000)
        test[place] = list(edits.values())[number % len(edits)](train[source])
        planted.add((place, source))
    start, cpu = time.perf_counter(), time.process_time()
    report = kolmo.find_leaks(train, test, n_jobs=2)
    found = {(leak.test_index, leak.train_index) for leak in report.leaks}
    row = {
        "test": 10_000,
        "training": 100_000,
        "planted": len(planted),
        "found": len(planted & found),
        "others flagged": len({place for place, _ in found} - {place for place, _ in planted}),
        "seconds": time.perf_counter() - start,
        "CPU seconds": time.process_time() - cpu,
        "peak memory, MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000),
        "all pairs, estimated hours": report.exact_seconds / 3600,
    }
    return {"Generated texts: 10,000 against 100,000": [row]}


def sketches(data_dir: Path, seed: int, stored: int) -> dict[str, list[dict[str, Any]]]:
    from scipy.stats import spearmanr

    draw = random.Random(seed)
    news_items = list(kolmo.read(data_dir / "text/ag_news/train10k.tsv").items)
    folder = data_dir / "dna/mtdna_mammals24"
    declaration = data_dir / "text/udhr_latin/txt"
    sets = {
        "news, 60 texts": (draw.sample(news_items, 60), "lz77"),
        "human rights in 40 languages": (
            [path.read_bytes()[:8000] for path in draw.sample(sorted(declaration.iterdir()), 40)],
            "lzma",
        ),
        "mitochondrial DNA of 24 mammals": (
            [b"".join(path.read_bytes().split(b"\n")[1:]) for path in sorted(folder.glob("*.fa"))],
            "lzma",
        ),
    }
    rows = []
    for name, (items, coder) in sets.items():
        exact = kolmo.pairwise(items, coder=coder, symmetrize="mean", dtype="float64")
        upper = np.triu_indices(len(items), 1)
        row: dict[str, Any] = {"data": name, "exact": f"NCD by {coder}"}
        for size in (128, 1024):
            made = [kolmo.sketch(item, size=size) for item in items]
            distances = [1 - made[one].similarity(made[two]) for one, two in zip(*upper, strict=True)]
            row[f"rank correlation, size {size}"] = float(spearmanr(exact[upper], distances).statistic)
        rows.append(row)
    store, queries, append_seconds = kolmo.SketchStore(), [], 0.0
    for block in range(0, stored, 50_000):
        items = markov_texts(news_items, min(50_000, stored - block), draw)
        queries += items[:: max(1, stored // 200)]
        begin = time.process_time()
        store.append(items)
        append_seconds += time.process_time() - begin
    changed = [query[: len(query) // 2] + b" and so they say " + query[len(query) // 2 :] for query in queries[:100]]
    begin = time.process_time()
    store.query(changed[:1])
    index_seconds = time.process_time() - begin
    begin = time.process_time()
    fast = store.query(changed, top_k=1)
    fast_seconds = time.process_time() - begin
    begin = time.process_time()
    exact_matches = store.query(changed[:20], top_k=1, exact=True)
    exact_seconds = time.process_time() - begin
    best = {match.query: match.index for match in exact_matches.matches}
    agree = sum(best.get(match.query) == match.index for match in fast.matches if match.query < 20)
    size = {
        "items": stored,
        "memory of the sketches, MB": round(4 * len(store._built().hashes) / 1e6),
        "peak memory, MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000),
        "appending, CPU seconds": append_seconds,
        "index, CPU seconds": index_seconds,
        "query, ms": 1000 * fast_seconds / len(changed),
        "query of all, ms": 1000 * exact_seconds / 20,
        "same best match, of 20": agree,
    }
    return {"Sketches: rank correlation with NCD": rows, "A store of generated texts": [size]}


if __name__ == "__main__":
    main()
