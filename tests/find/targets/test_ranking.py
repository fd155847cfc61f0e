"""Corpora ranked for a target: the related one first, without what leaked."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from kolmo import coder, rank_for_target
from kolmo.errors import DataError, ParameterError
from kolmo.find.targets.leaked import leaked_blocks
from kolmo.joint.documents import Documents


def sentences(seed: int, vocabulary: int, count: int = 60) -> list[str]:
    """Return sentences of a vocabulary of 60 words."""
    words = [bytes(word).decode() for word in np.random.default_rng(vocabulary).integers(97, 123, (60, 6), np.uint8)]
    random = np.random.default_rng([seed, vocabulary])
    return [" ".join(random.choice(words, 12)) for _ in range(count)]


TARGET = sentences(0, 1)
CORPORA = {"other": sentences(1, 2), "same": sentences(1, 1), "half": [*sentences(2, 1, 30), *sentences(1, 2, 30)]}


@pytest.mark.parametrize("spec", ["ngram", "xz", "deflate", "mix:level=1"])
def test_the_related_corpus_comes_first(spec: str) -> None:
    ranking = rank_for_target(TARGET, CORPORA, coder=spec)
    assert [each.name for each in ranking] == ["same", "half", "other"]
    best = ranking.candidates[0]
    assert best.low_bits < best.saving_bits < best.high_bits
    assert best.saving == pytest.approx(best.saving_bits / ranking.target_bits)
    assert "other" not in best.not_distinguished_from
    made, (target, corpus) = coder(spec), (b"\n".join(map(str.encode, each)) for each in (TARGET, CORPORA["same"]))
    assert ranking.target_bits == pytest.approx(made.code_length(target))
    expected = made.code_length(target) - made.prime(corpus + b"\n").code_length(target)
    assert best.saving_bits == pytest.approx(expected)
    assert ranking.greedy[0].name == "same"
    assert ranking.greedy[0].saving_bits == pytest.approx(expected)


def test_equal_corpora_are_ties() -> None:
    ranking = rank_for_target(TARGET, {"a": sentences(1, 1), "b": sentences(2, 1), "c": sentences(1, 2)}, coder="ngram")
    ties = {each.name: each.not_distinguished_from for each in ranking}
    assert ties == {"a": ("b",), "b": ("a",), "c": ()}


def test_what_leaked_is_left_out() -> None:
    copied = [*CORPORA["other"], *TARGET[:20]]
    ranking = rank_for_target(
        TARGET, {"copied": copied, "itself": list(TARGET), "same": CORPORA["same"]}, coder="ngram"
    )
    found = {each.name: each for each in ranking}
    assert [each.name for each in ranking] == ["same", "copied", "itself"]
    assert found["copied"].leaked_bytes >= sum(map(len, TARGET[:20]))
    assert found["copied"].leaked_bytes < sum(map(len, TARGET[:20])) + 2000
    assert math.isnan(found["itself"].saving_bits)
    rows = {row["name"]: row for row in ranking.records()}
    assert rows["itself"]["saving_bits"] is rows["itself"]["equal_low"] is None
    assert any("'itself' holds the target" in warning for warning in ranking.warnings)
    kept = rank_for_target(TARGET, {"copied": copied, "same": CORPORA["same"]}, coder="ngram", leaks=True)
    with_leaks = {each.name: each for each in kept}["copied"]
    assert with_leaks.leaked_bytes == 0
    assert with_leaks.saving_bits > found["copied"].saving_bits + 2000


def test_copied_lines_are_found_one_by_one() -> None:
    corpus = Documents.of(["short", *(line[:40] for line in TARGET[:30]), *CORPORA["other"]], "C", b"\n")
    leaked = leaked_blocks(corpus, Documents.of("\n".join(line[:40] for line in TARGET), "T"))
    assert leaked[1:31].mean() > 0.9
    assert leaked[32:].mean() < 0.1


def test_a_budget_and_a_mixture() -> None:
    ranking = rank_for_target(TARGET, CORPORA, coder="ngram", budget=2000, mixture=True)
    assert all(1000 < each.size <= 2100 for each in ranking)
    assert sum(step.size for step in ranking.greedy) <= 2200
    assert ranking.mixture is not None
    assert sum(ranking.mixture.shares.values()) == pytest.approx(1)
    assert ranking.mixture.saving_bits >= ranking.mixture.best_alone_bits
    assert ranking.mixture.shares["same"] >= 0.5
    assert "Best mixture" in str(ranking)


def test_after_data_that_are_there_a_copy_of_them_adds_little() -> None:
    fresh = rank_for_target(TARGET, CORPORA, coder="ngram", greedy=False)
    later = rank_for_target(TARGET, CORPORA, coder="ngram", greedy=False, context=sentences(5, 1))
    bits = {each.name: each.saving_bits for each in fresh}
    after = {each.name: each.saving_bits for each in later}
    assert after["same"] < bits["same"] / 2
    assert after["other"] < 0, "the coder forgets"
    assert "forgets" in "; ".join(later.warnings)


def test_bad_input_is_refused() -> None:
    for corpora in ({}, ["a"], "text"):
        with pytest.raises(DataError, match="expected a mapping"):
            rank_for_target(TARGET, corpora)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="the corpus 'b' is empty"):
        rank_for_target(TARGET, {"a": "text", "b": ""})
    with pytest.raises(DataError, match="the target is empty"):
        rank_for_target([], CORPORA)
    with pytest.raises(DataError, match="every corpus consists of passages"):
        rank_for_target(TARGET, {"a": list(TARGET)})
    with pytest.raises(ParameterError, match="budget"):
        rank_for_target(TARGET, CORPORA, budget=0)
    tiny = rank_for_target("the target", {"a": "tiny", "b": ["one document"]}, coder="ngram", leaks=True)
    assert "the target has only 10 bytes" in "; ".join(tiny.warnings)
    assert "'a' has only 4 bytes" in "; ".join(tiny.warnings)
    assert "-" in str(tiny)


def test_it_resumes_from_a_checkpoint(tmp_path: Path) -> None:
    first = rank_for_target(TARGET, CORPORA, coder="ngram", checkpoint=tmp_path / "run", n_jobs=2)
    assert rank_for_target(TARGET, CORPORA, coder="ngram", checkpoint=tmp_path / "run") == first
    assert rank_for_target(TARGET, CORPORA, coder="ngram") == first
    with pytest.raises(DataError, match="another run"):
        rank_for_target(TARGET[:50], CORPORA, coder="ngram", checkpoint=tmp_path / "run")
    strings = {name: "\n".join(each) for name, each in CORPORA.items()}
    with pytest.raises(DataError, match="another run"):  # the same bytes, but other parts for the intervals
        rank_for_target(TARGET, strings, coder="ngram", checkpoint=tmp_path / "run")


def test_records_and_frames() -> None:
    pytest.importorskip("pandas", reason="pandas is not installed (extra frames)")
    frame = rank_for_target(TARGET, CORPORA, coder="ngram").to_frame()
    assert list(frame["name"]) == ["same", "half", "other"]
