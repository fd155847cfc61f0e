"""Gains and trees of public data whose history is known."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from kolmo import hierarchy, joint_gains, neighbor_joining
from kolmo.data.symbols import read_symbols
from kolmo.measures import Tree, centered, symmetric

CLADES = tomllib.loads((Path(__file__).parents[2] / "benchmarks" / "clades.toml").read_text(encoding="utf-8"))

Sets = dict[str, bytes]
Labels = list[tuple[str, ...]]


def n_found(tree: Tree, kind: str, names: Iterable[str]) -> int:
    """Return how many of the known groups a tree has; it has no root, so that a group is a split."""
    everything, splits = frozenset(names), set(tree.splits())
    clades = [frozenset(members.split()) for members in CLADES[kind].values()]
    return sum(len(everything - clade) == 1 or bool(splits & {clade, everything - clade}) for clade in clades)


def accuracy(distances: NDArray[Any], labels: Labels) -> float:
    """Return how many have their nearest neighbour in their own group, of those in a group of two or more."""
    nearest = (distances + np.diag(np.full(len(labels), np.inf))).argmin(axis=1)
    judged = [row for row in range(len(labels)) if labels.count(labels[row]) > 1]
    return float(np.mean([labels[row] == labels[nearest[row]] for row in judged]))


@pytest.fixture(scope="module")
def genomes(data_dir: Path) -> tuple[Sets, Labels]:
    folder = data_dir / "dna" / "mtdna_mammals24"
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        orders = {row["name"]: (row["group"],) for row in csv.DictReader(file)}
    return {name: read_symbols(folder / f"{name}.fa").data for name in orders}, list(orders.values())


@pytest.fixture(scope="module")
def languages(data_dir: Path) -> tuple[Sets, Labels]:
    folder = data_dir / "text" / "udhr_latin"
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        branches = {row["key"]: (row["family"], row["branch"]) for row in csv.DictReader(file)}
    return {key: (folder / "txt" / f"{key}.txt").read_bytes() for key in branches}, list(branches.values())


@pytest.mark.realdata
@pytest.mark.parametrize("spec", ["zstd:level=19", "mix:level=1", "mix:layout=bases"])
def test_mitochondrial_genomes_give_the_tree_of_mammals(genomes: tuple[Sets, Labels], spec: str) -> None:
    sets, orders = genomes
    gains = joint_gains(sets, coder=spec, n_jobs=2)
    assert gains.diagonal().min() > np.where(np.eye(len(sets), dtype=bool), 0, gains).max()
    apart = symmetric(np.clip(1 - 2 * gains, 0, None))
    assert n_found(neighbor_joining(apart, list(sets)), "genomes", sets) == 21
    assert accuracy(apart, orders) == 1.0


@pytest.mark.realdata
@pytest.mark.parametrize(("spec", "least", "clades"), [("zstd:level=19", 0.92, 19), ("mix:level=1", 0.94, 24)])
def test_languages_lie_beside_those_of_their_branch(
    languages: tuple[Sets, Labels], spec: str, least: float, clades: int
) -> None:
    sets, branches = languages
    apart = 1 - 2 * joint_gains(sets, coder=spec, n_jobs=2)
    beyond = centered(apart)  # short texts, and those with many foreign words, are near to all
    assert accuracy(beyond, branches) > max(least, accuracy(symmetric(apart), branches))
    assert n_found(hierarchy(beyond, list(sets)), "languages", sets) >= clades
