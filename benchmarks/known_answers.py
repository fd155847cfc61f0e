"""Joint gains and distances of public data with known groups.

    python benchmarks/known_answers.py modalities --data-dir DATA -o results.jsonl
    python benchmarks/known_answers.py digits --data-dir DATA -o results.jsonl
    python benchmarks/known_answers.py multisets --data-dir DATA -o results.jsonl
    python benchmarks/known_answers.py trees --data-dir DATA -o results.jsonl

*modalities*: seven kinds of data, and *digits*: written digits, spoken digits and speakers, each set in two halves
without a common picture, recording, page or gene. A half should have its largest gain with the other half of its set.
*multisets*: classification of digits by the smallest increase of the multiset distance or of the code length, compared
with the nearest neighbour. *trees*: the fraction of genomes and languages whose nearest neighbour is of the same group,
and the number of known groups in the trees.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from known_sets import (
    NOISE,
    by_speaker,
    by_spoken_digit,
    by_written_digit,
    grey,
    ink,
    modalities as sets_of_modalities,
    own_and_others,
    written_digits,
)
from known_trees import CLADES, accuracy, genomes, language_names, languages, n_found
from records import append
from rich.console import Console
from rich.table import Table

import kolmo
from kolmo.distances import double_centered, symmetric
from kolmo.errors import WindowWarning
from kolmo.show.trees import dendrogram

MODALITIES = ("xz", "zstd:level=19", "ppmd", "ngram", "mix")
DIGITS = ("xz", "zstd:level=19", "bz2", "ppmd", "ngram", "mix:level=1")
TREES = ("gzip", "xz", "zstd:level=19", "brotli", "ppmd", "ngram", "mix:level=1", "mix", "mix:level=4")
MULTISETS = ("zstd", "bz2", "lzma", "ngram")
MEMBERS, ASKED = 10, 300

Judged = tuple[str, float]
"""A rule and its accuracy."""


@click.group(help=__doc__.partition("\n")[0] if __doc__ else None)
def main() -> None:
    warnings.simplefilter("ignore", WindowWarning)


output = click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append to.")
data_option = click.option("--data-dir", type=click.Path(path_type=Path, exists=True), required=True)


def coder_option(default: Sequence[str]) -> Callable[..., Any]:
    return click.option("-c", "--coder", "coders", multiple=True, default=default, show_default=True)


@main.command()
@data_option
@coder_option(MODALITIES)
@click.option("--size", default=30_000, show_default=True, help="Bytes of each half.")
@output
def modalities(data_dir: Path, coders: Sequence[str], size: int, output: Path | None) -> None:
    """Measure writing, speech, photographs, prose, programs, genes and noise."""
    gains_table(f"modalities, {size:,} bytes a half", sets_of_modalities(data_dir, size), coders, output)


@main.command()
@data_option
@coder_option(DIGITS)
@click.option("--pictures", default=150, show_default=True, help="Pictures of each digit in each half.")
@click.option("--takes", default=2, show_default=True, help="Recordings of each digit by each speaker in each half.")
@click.option("--speaker", default="jackson", show_default=True, help="The speaker of the digits that are compared.")
@output
def digits(data_dir: Path, coders: Sequence[str], pictures: int, takes: int, speaker: str, output: Path | None) -> None:
    """Measure written digits as bits and as grey pixels, speakers, and spoken digits."""
    sets = {
        f"written digits, ink, {pictures} a half": by_written_digit(data_dir, pictures, ink),
        f"written digits, grey, {pictures // 3} a half": by_written_digit(data_dir, pictures // 3, grey),
        f"speakers, {takes} takes a half": by_speaker(data_dir, takes),
        f"digits spoken by {speaker}, {5 * takes} takes a half": by_spoken_digit(data_dir, 5 * takes, speaker),
    }
    for title, halves in sets.items():
        gains_table(title, halves, coders, output)


@main.command()
@data_option
@coder_option(MULTISETS)
@output
def multisets(data_dir: Path, coders: Sequence[str], output: Path | None) -> None:
    """Classify written digits by the smallest increase."""
    title = f"written digits, ink, {MEMBERS} of each to learn from, {ASKED} to label"
    shown = Table("coder", "rule", "accuracy, %", title=title)
    pictures, labels = written_digits(data_dir)
    items = [ink(picture) for picture in pictures]
    asked, truth = items[:ASKED], labels[:ASKED]
    members = [
        [items[place] for place in ASKED + np.flatnonzero(labels[ASKED:] == digit)[:MEMBERS]] for digit in range(10)
    ]
    for spec in coders:
        for rule, right in judged(spec, members, asked, truth):
            shown.add_row(spec, rule, f"{100 * right:.1f}")
            row = {"coder": spec, "rule": rule, "accuracy": right, "fingerprint": kolmo.coder(spec).fingerprint}
            append(output, {"kind": "multisets", "data": title} | row)
    Console().print(shown)


@main.command()
@data_option
@coder_option(TREES)
@click.option("-j", "--jobs", default=2, show_default=True)
@click.option("--picture", type=click.Path(path_type=Path), help="Draw the tree of languages by mix.")
@output
def trees(data_dir: Path, coders: Sequence[str], jobs: int, picture: Path | None, output: Path | None) -> None:
    """Measure genomes and languages: nearest neighbours and the groups of the trees."""
    for kind, (sets, labels) in {"genomes": genomes(data_dir), "languages": languages(data_dir)}.items():
        names = list(sets)
        for spec in coders:
            start = time.perf_counter()
            apart = kolmo.gain_matrix(sets, coder=spec, n_permutations=0, n_jobs=jobs).distances()
            seconds = time.perf_counter() - start
            plain, centred = symmetric(apart), double_centered(apart)
            row = {
                "kind": "trees",
                "data": kind,
                "coder": spec,
                "accuracy": accuracy(plain, labels),
                "accuracy_centered": accuracy(centred, labels),
                "joined": n_found(kolmo.neighbor_joining(plain, names), kind, names),
                "average": n_found(kolmo.linkage_tree(plain, names), kind, names),
                "average_centered": n_found(kolmo.linkage_tree(centred, names), kind, names),
                "groups": len(CLADES[kind]),
                "seconds": seconds,
                "fingerprint": kolmo.coder(spec).fingerprint,
            }
            append(output, row)
            click.echo(row)
            if picture is not None and (kind, spec) == ("languages", "mix"):
                tree = kolmo.linkage_tree(centred, language_names(data_dir))
                dendrogram(tree, picture, title="Tree of 65 languages by the joint gain of one text in each (mix)")


def judged(spec: str, members: list[list[bytes]], asked: list[bytes], truth: Any) -> Iterator[Judged]:
    """Yield each rule and its accuracy."""

    def right(growth: list[Any]) -> float:
        return float((np.array(growth).argmin(axis=0) == truth).mean())

    def distances(some: list[bytes]) -> Any:
        before = kolmo.multiset_ncd(some, coder=spec)
        return [kolmo.multiset_ncd([*some, item], coder=spec) - before for item in asked]

    items, labels = zip(*((item, digit) for digit, some in enumerate(members) for item in some), strict=True)
    yield "smallest increase of the multiset distance", right([distances(some) for some in members])
    primed = [kolmo.coder(spec).prime(b"".join(sorted(some))) for some in members]
    yield "smallest increase of the code length", right([coder.code_lengths(asked) for coder in primed])
    nearest = kolmo.NCDClassifier(spec, separator="").fit(items, labels)
    yield "nearest neighbour", nearest.score(asked, truth)
    by_length = kolmo.CodeLengthClassifier(spec, temperature_scaling=False).fit(items, labels)
    yield "CodeLengthClassifier", by_length.score(asked, truth)


def gains_table(title: str, sets: dict[str, bytes], coders: Sequence[str], output: Path | None) -> None:
    """Print the largest gains of the halves with their own and with other sets, and record all gains."""
    names = list(dict.fromkeys(half.rpartition(" ")[0] for half in sets))
    judged_rows = [row for row, half in enumerate(sets) if not half.startswith(NOISE)]
    columns = []
    for spec in coders:
        start = time.perf_counter()
        matrix = kolmo.gain_matrix(sets, coder=spec, n_permutations=0)
        seconds = time.perf_counter() - start
        own, others = own_and_others(matrix.relative_gain)
        first = int((own > others)[judged_rows].sum())
        own_centred, others_centred = own_and_others(-double_centered(matrix.distances()))
        first_centred = int((own_centred > others_centred)[judged_rows].sum())
        pairs = zip(own[::2], others.reshape(-1, 2).max(axis=1), strict=True)
        cells = [f"{100 * same:.2f} / {100 * other:.2f}" for same, other in pairs]
        columns.append([spec, *cells, f"{first} of {len(judged_rows)}", f"{first_centred}", f"{seconds:.0f}"])
        row = {
            "kind": "gains",
            "data": title,
            "coder": spec,
            "sets": {name: len(data) for name, data in sets.items()},
            "gains": matrix.relative_gain.round(6).tolist(),
            "gain_most_from_their_own": first,
            "gain_most_from_their_own_centered": first_centred,
            "judged": len(judged_rows),
            "seconds": seconds,
            "fingerprint": kolmo.coder(spec).fingerprint,
        }
        append(output, row)
    shown = Table("gain in %, own / largest other", *(spec for spec, *_ in columns), title=title)
    labels = [*names, "halves with the largest gain from their own set", "the same, double-centred", "seconds"]
    for label, *cells in zip(labels, *(cells for _, *cells in columns), strict=True):
        shown.add_row(label, *cells)
    Console().print(shown)


if __name__ == "__main__":
    main()
