"""Whether intervals of joint gains cover, and whether p-values of the matched null are those of unrelated sets.

    python benchmarks/calibration.py --data-dir DATA -o results/calibration.jsonl
    python benchmarks/calibration.py --data-dir DATA --full -o results/calibration.jsonl

*Coverage*: the share of 95% intervals that hold the mean gain over fresh draws of the same size, and the mean
half-width divided by that of an ideal interval, 1.96 standard deviations over the draws. Sources: two order-2 Markov
chains of related tables (strings); 40 and 40 AG News articles of two topics (documents), alone and with copies in which
a letter in 50 is replaced; noisy cuts of 4 and of 10 texts (documents); a string of sections of several chains; and
14 kB cuts of lcet10 and of enwik (strings).

*Null*: pairs of order-2 chains over one alphabet with independent tables: mean excess gain, the largest, the share of
p-values up to .05, and their Kolmogorov-Smirnov test. *Power*: the share of p-values up to .05 if 1% or 3% of Y is
copied from X. *Kinds*: pairs of prose, DNA, random bytes and digits in columns.

DATA has the corpora `canterbury`, `enwik` and `silesia`, `ag_news` and `dna/ecoli`. The default is a tenth of the draws
of `--full`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import records
from scipy.stats import kstest

from kolmo import joint_gain

Draw = Callable[[np.random.Generator], tuple[Any, Any]]
LETTERS = np.frombuffer(b"abcdefghijklmnop", np.uint8)


def table(random: np.random.Generator, size: int = 16) -> np.ndarray:
    """Return the cumulative transition probabilities of an order-2 chain."""
    chances: np.ndarray = random.dirichlet(np.full(size, 0.1), (size, size)).cumsum(-1)
    return chances


def chain(chances: np.ndarray, size: int, random: np.random.Generator) -> bytes:
    """Return a string of an order-2 chain."""
    rows = [[row.tolist() for row in each] for each in chances]
    draws = random.random(size).tolist()
    from bisect import bisect

    one, two, last = 0, 0, len(chances) - 1
    found = []
    for draw in draws:
        one, two = two, min(bisect(rows[one][two], draw), last)
        found.append(two)
    return LETTERS[found].tobytes()


def mixed(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """Return a table that takes a share of its contexts from the second."""
    found = first.copy()
    places = np.random.default_rng(5).random(first.shape[:2]) < share
    found[places] = second[places]
    return found


def markov(size: int) -> Draw:
    fixed = np.random.default_rng(1)
    first, second = table(fixed), table(fixed)
    related = mixed(first, second, 0.5)
    return lambda random: (chain(first, size, random), chain(related, size, random))


def sections(size: int) -> Draw:
    """Strings of sections, each of one of twelve chains, up to a fifth of the string."""
    fixed = np.random.default_rng(2)
    tables = [table(fixed) for _ in range(12)]

    def string(random: np.random.Generator) -> bytes:
        parts, left = [], size
        while left > 0:
            length = min(left, int(random.integers(size // 20, size // 5)))
            parts.append(chain(tables[random.integers(len(tables))], length, random))
            left -= length
        return b"".join(parts)

    return lambda random: (string(random), string(random))


def articles(folder: Path, *, copies: bool) -> Draw:
    import csv

    with (folder / "text/ag_news/test.csv").open(encoding="utf-8") as file:
        rows = [(row[0], f"{row[1]} {row[2]}".encode()) for row in csv.reader(file)]
    topics = [[text for label, text in rows if label == topic] for topic in ("1", "4")]

    def draw(random: np.random.Generator) -> tuple[Any, Any]:
        sets = []
        for topic in topics:
            count = 8 if copies else 40
            chosen = [topic[place] for place in random.choice(len(topic), count, replace=False)]
            if copies:
                chosen = [noisy(text, random) for text in chosen for _ in range(5)]
            sets.append(chosen)
        return sets[0], sets[1]

    return draw


def noisy(text: bytes, random: np.random.Generator) -> bytes:
    """Return a text in which a byte in 50 is a random letter."""
    data = np.frombuffer(text, np.uint8).copy()
    places = random.random(len(data)) < 0.02
    data[places] = random.integers(97, 123, int(places.sum()))
    return data.tobytes()


def cuts(folder: Path, n_texts: int) -> Draw:
    """Documents that are noisy cuts of a few texts, the texts drawn anew each time."""
    whole = (folder / "corpora/silesia/dickens").read_bytes()

    def collection(random: np.random.Generator) -> list[bytes]:
        starts = random.integers(0, len(whole) - 600, n_texts)
        texts = [whole[start : start + 600] for start in starts]
        places = random.integers(0, n_texts, 40)
        offsets = random.integers(0, 200, 40)
        return [noisy(texts[place][at : at + 400], random) for place, at in zip(places, offsets, strict=True)]

    return lambda random: (collection(random), collection(random))


def stretches(path: Path, size: int) -> Draw:
    whole = path.read_bytes()

    def draw(random: np.random.Generator) -> tuple[Any, Any]:
        first, second = random.choice(len(whole) // size - 1, 2, replace=False) * size + int(random.integers(size))
        return whole[first : first + size], whole[second : second + size]

    return draw


def coverage(name: str, draw: Draw, coder: str, n_draws: int, n_fresh: int) -> dict[str, Any]:
    """Return the coverage of the intervals over draws, and their mean half-width over the ideal one."""
    fresh = [
        joint_gain(*draw(np.random.default_rng([1, seed])), coder=coder, n_permutations=0, n_resamples=0).relative_gain
        for seed in range(n_fresh)
    ]
    truth, deviation = float(np.mean(fresh)), float(np.std(fresh, ddof=1))
    found, widths = 0, []
    for seed in range(n_draws):
        gain = joint_gain(*draw(np.random.default_rng([2, seed])), coder=coder, n_permutations=0, random_state=seed)
        low, high = gain.interval or (np.nan, np.nan)
        found += low <= truth <= high
        widths.append((high - low) / 2)
    return {
        "task": "coverage",
        "source": name,
        "coder": coder,
        "n_draws": n_draws,
        "coverage": found / n_draws,
        "half_width_ratio": float(np.nanmean(widths)) / (1.96 * deviation),
        "true_gain": truth,
    }


def null_pairs(n_pairs: int, size: int, copied: float = 0.0) -> Iterator[tuple[bytes, bytes]]:
    """Yield pairs of chains with independent tables; a share of Y is copied from X, in pieces of 50 bytes."""
    for seed in range(n_pairs):
        random = np.random.default_rng([3, seed])
        x, y = (bytearray(chain(table(random), size, random)) for _ in range(2))
        for _ in range(round(copied * size / 50)):
            source, target = random.integers(0, size - 50, 2)
            y[target : target + 50] = x[source : source + 50]
        yield bytes(x), bytes(y)


def null(coder: str, n_pairs: int, size: int, copied: float) -> dict[str, Any]:
    gains = [
        joint_gain(x, y, coder=coder, n_resamples=0, random_state=seed)
        for seed, (x, y) in enumerate(null_pairs(n_pairs, size, copied))
    ]
    p_values = [gain.p_value for gain in gains]
    excess = [gain.excess_gain for gain in gains]
    return {
        "task": "null" if not copied else "power",
        "copied": copied,
        "coder": coder,
        "n_pairs": n_pairs,
        "mean_gain": float(np.mean([gain.relative_gain for gain in gains])),
        "mean_excess": float(np.mean(excess)),
        "largest_excess": float(np.max(np.abs(excess))),
        "share_p_05": float(np.mean(np.array(p_values) <= 0.05)),
        "ks_p": float(kstest(p_values, "uniform").pvalue),
    }


def kinds(folder: Path, coder: str, size: int, n_draws: int) -> Iterator[dict[str, Any]]:
    prose = (folder / "corpora/canterbury/lcet10.txt").read_bytes()
    genes = (folder / "dna/ecoli/ecoli_k12_acgt").read_bytes()
    sheet = (folder / "corpora/canterbury/kennedy.xls").read_bytes()
    whole = {"prose": prose, "dna": genes, "spreadsheet": sheet}
    for first, second in itertools.combinations([*whole, "random"], 2):
        excess = []
        for seed in range(n_draws):
            random = np.random.default_rng([4, seed])

            def piece(kind: str, random: np.random.Generator = random) -> bytes:
                if kind == "random":
                    return random.integers(0, 256, size, np.uint8).tobytes()
                start = int(random.integers(len(whole[kind]) - size))
                return whole[kind][start : start + size]

            excess.append(joint_gain(piece(first), piece(second), coder=coder, n_resamples=0).excess_gain)
        yield {
            "task": "kinds",
            "pair": f"{first}, {second}",
            "coder": coder,
            "size": size,
            "n_draws": n_draws,
            "mean_excess": float(np.mean(excess)),
        }


def coverages(folder: Path, scale: float, coders: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    tasks: dict[str, Draw] = {
        "order-2 Markov strings, 6 kB": markov(6000),
        "strings of sections, 10 kB": sections(10_000),
        "AG News, 40 and 40 of two topics": articles(folder, copies=False),
        "AG News, 8 and 8 with 5 near-duplicates each": articles(folder, copies=True),
        "noisy cuts of 4 texts": cuts(folder, 4),
        "noisy cuts of 10 texts": cuts(folder, 10),
        "lcet10, 14 kB": stretches(folder / "corpora/canterbury/lcet10.txt", 14_000),
    }
    tasks["enwik, 14 kB"] = stretches(folder / "corpora/enwik/enwik6", 14_000)
    for (name, draw), coder in itertools.product(tasks.items(), coders):
        n_draws = max(20, round((300 if coder == "deflate" else 100) * scale))
        yield coverage(name, draw, coder, n_draws, 2 * n_draws)


@click.command()
@click.option("--data-dir", "folder", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--task", "tasks", type=click.Choice(["coverage", "null", "power", "kinds"]), multiple=True)
@click.option("-c", "--coder", "coders", multiple=True, help="Coders; by default those of each task.")
@click.option("--full", is_flag=True, help="300 draws by deflate, 100 by ngram, 200 null pairs.")
@click.option("-o", "--output", type=click.Path(path_type=Path))
def main(folder: Path, tasks: tuple[str, ...], coders: tuple[str, ...], full: bool, output: Path | None) -> None:
    scale = 1.0 if full else 0.1
    chosen = tasks or ("coverage", "null", "power", "kinds")
    n_pairs = max(40, round(200 * scale))

    def rows() -> Iterator[dict[str, Any]]:
        by_all = coders or ("ngram", "xz", "zstd", "mix:level=1")
        if "null" in chosen:
            yield from (null(coder, n_pairs, 15_000, 0.0) for coder in by_all)
        if "power" in chosen:
            yield from (null(coder, n_pairs, 15_000, share) for share in (0.01, 0.03) for coder in by_all)
        if "kinds" in chosen:
            for coder in coders or ("ngram", "xz"):
                yield from kinds(folder, coder, 15_000, max(2, round(10 * scale)))
        if "coverage" in chosen:
            yield from coverages(folder, scale, coders or ("deflate", "ngram"))

    for row in rows():
        click.echo(row)
        records.append(output, row)


if __name__ == "__main__":
    main()
