"""Intervals: clusters of near-duplicates, the parts of a string, and coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from kolmo import joint_gain
from kolmo.joint.documents import Documents
from kolmo.joint.resampling import clusters, resampled

RANDOM = np.random.default_rng(0)


def texts(count: int, seed: int = 0) -> list[bytes]:
    return [np.random.default_rng([seed, n]).integers(97, 123, 80, np.uint8).tobytes() for n in range(count)]


def test_near_duplicates_are_one_cluster() -> None:
    originals = texts(20)
    edited = [text[:40] + b"?" + text[41:] for text in originals]
    assert clusters([*originals, *edited]).tolist() == [*range(20), *range(20)]
    assert clusters([*originals, originals[0] + originals[1]]).tolist() == [0, 0, *range(1, 19), 0], "linked by a third"


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=20))
def test_equal_documents_share_a_cluster(documents: list[bytes]) -> None:
    found = clusters([*documents, *documents])
    assert found[: len(documents)].tolist() == found[len(documents) :].tolist()
    assert set(found.tolist()) == set(range(int(found.max()) + 1))


def test_many_documents_with_one_line_in_common_are_no_cluster() -> None:
    signed = [text + b"yours truly" for text in texts(200)]
    assert clusters(signed).max() == 199


def test_a_string_is_left_out_in_quarters() -> None:
    x, y = (Documents.of(RANDOM.bytes(4096), name) for name in "XY")
    found = resampled(x, y, 8, RANDOM)
    assert found.degrees == 3
    assert len(found.pairs) == 8
    assert [len(a.joined()) for a, _ in found.pairs] == [3072] * 4 + [4096] * 4
    assert found.pairs[0][0].joined() == x.joined()[1024:]
    shuffled = x.permuted(RANDOM)
    kept = set(resampled(shuffled, y, 8, RANDOM).pairs[0][0].blocks)
    assert kept == set(x.blocks[4:]), "the parts are those of the string, in any order of its pieces"


def test_documents_are_resampled_by_clusters() -> None:
    doubled = [text for text in texts(9) for _ in range(2)]
    x, y = Documents.of(doubled, "X"), Documents.of(texts(30, seed=1), "Y")
    found = resampled(x, y, 8, RANDOM)
    assert (found.degrees, found.n_units) == (7, (9, 30))
    for part, _ in found.pairs:
        assert all(part.blocks.count(block) == 2 for block in part.blocks)
    few = Documents.of(texts(4), "X")
    assert resampled(few, few, 8, RANDOM).degrees == 6
    assert resampled(x, y, 0, RANDOM).pairs == []
    mixed = resampled(Documents.of(RANDOM.bytes(4096), "X"), y, 8, RANDOM)
    assert (len(mixed.pairs), mixed.degrees) == (4 + 8, 3)


def test_the_variance_of_a_mean_is_found() -> None:
    """The mean of 64 numbers has a variance of 1/64; four means of 16 and half-samples of 32 show it."""
    estimates = {"parts": [], "halves": []}
    for seed in range(400):
        random = np.random.default_rng(seed)
        numbers = random.normal(size=64)
        block = [str(number).encode() for number in range(64)]
        whole = Documents(block, b"", True, tuple(range(64)))
        documents = Documents.of(texts(64, seed=9), "X")
        for name, each in (("parts", whole), ("halves", documents)):
            found = resampled(each, each, 8, random)
            means = [(numbers[list(a.places)].mean() + numbers[list(b.places)].mean()) / 2 for a, b in found.pairs]
            estimates[name].append(found.variance(means))
    # parts: two independent sets of half the weight each, so half the variance
    assert np.mean(estimates["parts"]) == pytest.approx(1 / 128, rel=0.15)
    assert np.mean(estimates["halves"]) == pytest.approx(1 / 128, rel=0.15)


def test_an_interval_needs_two_units() -> None:
    gain = joint_gain("a", "c", coder="deflate")
    assert gain.interval is None
    assert math.isnan(gain.low)
