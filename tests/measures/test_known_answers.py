"""Gains and trees of public data whose history is known."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from known_sets import NOISE, by_speaker, by_written_digit, ink, modalities, own_and_others

from kolmo import joint_gains, neighbor_joining
from kolmo.data.symbols import read_symbols
from kolmo.measures import symmetric

APES = ("chimpanzee", "pygmyChimpanzee", "human", "gorilla")
ORANGUTANS = ("orangutan", "sumatranOrangutan")
GREAT_APES = (*APES, *ORANGUTANS)
SEALS, BEARS = ("graySeal", "harborSeal"), ("brownBear", "polarBear")
CARNIVORES = (*SEALS, *BEARS, "cat")
WHALES = ("blueWhale", "finbackWhale")
FERUNGULATES = (*CARNIVORES, "horse", "whiteRhino", *WHALES, "cow")
RODENTS = ("rat", "houseMouse")
PRIMATES = (*GREAT_APES, "gibbon")
MARSUPIALS, MONOTREMES = ("opossum", "wallaroo"), ("echidna", "platypus")
CLADES = (
    APES[:2], APES[:3], APES, ORANGUTANS, GREAT_APES, PRIMATES,
    SEALS, BEARS, (*SEALS, *BEARS), CARNIVORES, ("horse", "whiteRhino"), WHALES, (*WHALES, "cow"),
    RODENTS, MARSUPIALS, MONOTREMES, FERUNGULATES, (*FERUNGULATES, *PRIMATES),
    (*FERUNGULATES, *PRIMATES, *RODENTS), (*MARSUPIALS, *MONOTREMES),
    (*FERUNGULATES, *PRIMATES, *RODENTS, *MARSUPIALS, *MONOTREMES),
)  # fmt: skip
"""Of 24 mitochondrial genomes; the last but one is what this molecule says, against others."""


def _found(splits: Iterable[frozenset[str]], clade: Iterable[str], names: Iterable[str]) -> bool:
    inside = frozenset(clade)
    outside = frozenset(names) - inside
    return len(outside) == 1 or any(split in (inside, outside) for split in splits)


@pytest.mark.realdata
@pytest.mark.parametrize(("spec", "least"), [("zstd:level=19", 21), ("mix", 19)])
def test_mitochondrial_genomes_give_the_tree_of_mammals(data_dir: Path, spec: str, least: int) -> None:
    files = sorted((data_dir / "dna" / "mtdna_mammals24").glob("*.fa"))
    sets = {file.stem: read_symbols(file).data for file in files}
    gains = joint_gains(sets, coder=spec, n_jobs=2)
    assert gains.diagonal().min() > np.where(np.eye(len(sets), dtype=bool), 0, gains).max()
    splits = neighbor_joining(symmetric(np.clip(1 - 2 * gains, 0, None)), list(sets)).splits()
    assert sum(_found(splits, clade, sets) for clade in CLADES) >= least


@pytest.mark.realdata
def test_languages_lie_beside_those_of_their_branch(data_dir: Path) -> None:
    folder = data_dir / "text" / "udhr_latin"
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        branches = {row["key"]: (row["family"], row["branch"]) for row in csv.DictReader(file)}
    sets = {key: (folder / "txt" / f"{key}.txt").read_bytes() for key in branches}
    gains = joint_gains(sets, coder="ngram", n_jobs=2)
    np.fill_diagonal(gains, -1)
    labels = list(branches.values())
    judged = [row for row in range(len(labels)) if labels.count(labels[row]) > 1]
    right = [labels[row] == labels[int(gains[row].argmax())] for row in judged]
    assert np.mean(right) > 0.88


@pytest.mark.realdata
@pytest.mark.parametrize(("spec", "size"), [("xz", 60_000), ("mix", 16_000)])
def test_each_kind_of_data_gains_most_from_its_own_and_none_from_noise(data_dir: Path, spec: str, size: int) -> None:
    """Halves of speech and photographs share under a per cent; xz, which looks for copies, needs more of them."""
    sets = modalities(data_dir, size)
    gains = joint_gains(sets, coder=spec, n_jobs=2)
    noise = np.array([name.startswith(NOISE) for name in sets])
    own, others = own_and_others(gains)
    assert (own > others)[~noise].all(), dict(zip(sets, own - others, strict=True))
    assert gains[noise][:, ~noise].max() < 0
    # noise and other noise: under xz one header of a file instead of two
    assert gains[noise][0, -1] < 0.001


@pytest.mark.realdata
@pytest.mark.parametrize("spec", ["bz2", "ppmd", "ngram"])
def test_each_written_digit_gains_most_from_its_own(data_dir: Path, spec: str) -> None:
    """As ink or paper, a bit a pixel; with grey pixels most bits tell of the pen, and this does not hold."""
    own, others = own_and_others(joint_gains(by_written_digit(data_dir, 150, ink), coder=spec, n_jobs=2))
    assert (own > others).all(), own - others


@pytest.mark.realdata
def test_each_speaker_gains_most_from_their_own(data_dir: Path) -> None:
    own, others = own_and_others(joint_gains(by_speaker(data_dir, 2), coder="bz2", n_jobs=2))
    assert (own > others).all(), own - others
