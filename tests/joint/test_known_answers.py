"""Gains and trees of public data whose history is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from known_sets import NOISE, by_speaker, by_written_digit, ink, modalities, own_and_others
from known_trees import accuracy, genomes, languages, n_found

from kolmo import gain_matrix, linkage_tree, neighbor_joining
from kolmo.distances import double_centered, symmetric


@pytest.mark.realdata
@pytest.mark.parametrize(
    "spec",
    ["zstd:level=19", *(pytest.param(spec, marks=pytest.mark.slow) for spec in ("mix:level=1", "mix:layout=bases"))],
)
def test_mitochondrial_genomes_give_the_tree_of_mammals(data_dir: Path, spec: str) -> None:
    sets, orders = genomes(data_dir)
    gains = gain_matrix(sets, coder=spec, n_permutations=0, n_jobs=2).relative_gain
    assert gains.diagonal().min() > np.where(np.eye(len(sets), dtype=bool), 0, gains).max()
    apart = symmetric(np.clip(1 - 2 * gains, 0, None))
    assert n_found(neighbor_joining(apart, list(sets)), "genomes", sets) == 21
    assert accuracy(apart, orders) == 1.0


@pytest.mark.realdata
@pytest.mark.slow
@pytest.mark.parametrize(
    ("spec", "least", "clades"),
    [("zstd:level=19", 0.92, 19), ("mix:level=1", 0.94, 24)],
)
def test_languages_lie_beside_those_of_their_branch(data_dir: Path, spec: str, least: float, clades: int) -> None:
    sets, branches = languages(data_dir)
    apart = 1 - 2 * gain_matrix(sets, coder=spec, n_permutations=0, n_jobs=2).relative_gain
    beyond = double_centered(apart)  # short texts, and those with many foreign words, are near to all
    assert accuracy(beyond, branches) > max(least, accuracy(symmetric(apart), branches))
    assert n_found(linkage_tree(beyond, list(sets)), "languages", sets) >= clades


@pytest.mark.realdata
@pytest.mark.slow
@pytest.mark.parametrize(("spec", "size"), [("xz", 60_000), ("mix", 16_000)])
def test_each_kind_of_data_gains_most_from_its_own_and_none_from_noise(data_dir: Path, spec: str, size: int) -> None:
    """Halves of speech and photographs share under a per cent; xz, which looks for copies, needs more of them."""
    sets = modalities(data_dir, size)
    gains = gain_matrix(sets, coder=spec, n_permutations=0, n_jobs=2).relative_gain
    noise = np.array([name.startswith(NOISE) for name in sets])
    own, others = own_and_others(gains)
    assert (own > others)[~noise].all(), dict(zip(sets, own - others, strict=True))
    assert gains[noise][:, ~noise].max() <= 0
    # noise and other noise: under xz one header of a file instead of two
    assert gains[noise][0, -1] < 0.001


@pytest.mark.realdata
@pytest.mark.parametrize("spec", ["bz2", "ppmd", "ngram"])
def test_each_written_digit_gains_most_from_its_own(data_dir: Path, spec: str) -> None:
    """As ink or paper, a bit a pixel; with grey pixels most bits tell of the pen, and this does not hold."""
    own, others = own_and_others(
        gain_matrix(by_written_digit(data_dir, 150, ink), coder=spec, n_permutations=0, n_jobs=2).relative_gain
    )
    assert (own > others).all(), own - others


@pytest.mark.realdata
def test_each_speaker_gains_most_from_their_own(data_dir: Path) -> None:
    own, others = own_and_others(
        gain_matrix(by_speaker(data_dir, 2), coder="bz2", n_permutations=0, n_jobs=2).relative_gain
    )
    assert (own > others).all(), own - others
