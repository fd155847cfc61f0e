"""Genomes and languages with known groups, and measures of how well distances reproduce them."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.data.symbols import read_symbols
from kolmo.trees import Tree

CLADES: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("clades.toml").read_text(encoding="utf-8"))
"""By kind, ``"genomes"`` or ``"languages"``: the members of each group."""

Labelled = tuple[dict[str, bytes], list[tuple[str, ...]]]
"""Data sets by name, and the group of each."""


def genomes(folder: Path) -> Labelled:
    """Return the bases of 24 mitochondrial genomes, and their taxonomic orders."""
    own = folder / "dna" / "mtdna_mammals24"
    with (own / "labels.csv").open(encoding="utf-8") as file:
        orders = {row["name"]: (row["group"],) for row in csv.DictReader(file)}
    return {name: read_symbols(own / f"{name}.fa").data for name in orders}, list(orders.values())


def languages(folder: Path) -> Labelled:
    """Return the Universal Declaration of Human Rights in 65 languages, and their branches."""
    own = folder / "text" / "udhr_latin"
    with (own / "labels.csv").open(encoding="utf-8") as file:
        branches = {row["key"]: (row["family"], row["branch"]) for row in csv.DictReader(file)}
    return {key: (own / "txt" / f"{key}.txt").read_bytes() for key in branches}, list(branches.values())


def language_names(folder: Path) -> list[str]:
    """Return the names of the languages: "Irish Gaelic" for "Gaelic, Irish"."""
    with (folder / "text" / "udhr_latin" / "labels.csv").open(encoding="utf-8") as file:
        names = [row["name"].partition(" (")[0] for row in csv.DictReader(file)]
    return [" ".join(reversed(name.split(", "))) for name in names]


def n_found(tree: Tree, kind: str, names: Iterable[str]) -> int:
    """Return the number of known groups in an unrooted tree, where a group is a split."""
    everything, splits = frozenset(names), set(tree.splits())
    clades = [frozenset(members.split()) for members in CLADES[kind].values()]
    return sum(len(everything - clade) == 1 or bool(splits & {clade, everything - clade}) for clade in clades)


def accuracy(distances: NDArray[Any], labels: list[tuple[str, ...]]) -> float:
    """Return the fraction of items whose nearest neighbour is of the same group, among groups of two or more."""
    nearest = (distances + np.diag(np.full(len(labels), np.inf))).argmin(axis=1)
    judged = [row for row in range(len(labels)) if labels.count(labels[row]) > 1]
    return float(np.mean([labels[row] == labels[nearest[row]] for row in judged]))
