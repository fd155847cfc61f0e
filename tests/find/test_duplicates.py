"""Duplicates in one set: pairs, the items that are removed, and the kept one that explains each."""

from __future__ import annotations

import random

import pytest

from kolmo import Corpus, find_duplicates
from kolmo.data.builtin import docstrings
from kolmo.errors import DataError, ParameterError

TEXTS = [text for text in docstrings("test").items if 200 < len(text) < 700][:150]


def variant(text: bytes, seed: int) -> bytes:
    """Return a text with some of its words replaced."""
    draw = random.Random(seed)
    words = text.split(b" ")
    for _ in range(max(1, len(words) // 12)):
        words[draw.randrange(len(words))] = b"word%d" % draw.randrange(100)
    return b" ".join(words)


BEFORE = {(pair.index, pair.other_index) for pair in find_duplicates(TEXTS).pairs}
"""Duplicates in the texts themselves."""


def test_copies_are_paired_and_removed() -> None:
    data = [*TEXTS, TEXTS[4], variant(TEXTS[9], 0), TEXTS[12].upper()]
    report = find_duplicates(data)
    pairs = {(pair.index, pair.other_index): pair for pair in report.pairs}
    assert pairs.keys() >= {(150, 4), (151, 9), (152, 12)}
    assert pairs[150, 4].identical
    assert pairs[152, 12].identical
    assert not pairs[151, 9].identical
    removed = {each.index: each.kept_index for each in report.removed}
    assert removed[150] == 4
    assert removed[151] == 9
    assert sorted({*removed, *report.unique}) == list(range(153))
    assert not set(removed) & set(report.unique)


def test_a_chain_is_no_cluster() -> None:
    """The second text shares one half with the first and one with the third; these have nothing in common."""
    one, two, three = TEXTS[20][:200], TEXTS[20][:200] + TEXTS[40][:200], TEXTS[40][:200]
    data = [*TEXTS[50:100], one, two, three]
    report = find_duplicates(data)
    pairs = {(pair.index - 50, pair.other_index - 50) for pair in report.pairs if pair.other_index >= 50}
    assert pairs == {(1, 0), (2, 1)}
    assert {each.index - 50: each.kept_index - 50 for each in report.removed if each.kept_index >= 50} == {1: 0}
    kept = find_duplicates(data, keep="longest")
    assert {each.index - 50: each.kept_index - 50 for each in kept.removed if each.kept_index >= 50} == {0: 1, 2: 1}


def test_an_item_is_removed_only_if_enough_of_it_is_explained() -> None:
    data = [*TEXTS[50:100], TEXTS[20][:150], TEXTS[20][:150] + b" " + b" ".join(TEXTS[30:33])]
    report = find_duplicates(data)
    assert (51, 50) in {(pair.index, pair.other_index) for pair in report.pairs}
    assert 51 in report.unique
    assert 51 not in find_duplicates(data, min_share=0.05).unique


def test_members_of_a_large_group_are_removed_though_their_candidates_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """With two candidates, most of the variants of a text are not compared with the one that is kept."""
    monkeypatch.setattr("kolmo.find.pairs._EXACT_BYTES", 0)
    variants = [variant(TEXTS[7], seed) for seed in range(20)]
    report = find_duplicates([*TEXTS, *variants], n_candidates=2)
    assert {each.index for each in report.removed} >= set(range(150, 170))
    assert {each.kept_index for each in report.removed if each.index >= 150} == {7}


def test_short_and_empty_items() -> None:
    report = find_duplicates([b"yes", b"", b"yes", b"no", b"", b"YES"])
    assert [(pair.index, pair.other_index) for pair in report.pairs] == [(2, 0), (5, 0)]
    assert report.unique == [0, 1, 3, 4]
    assert report.warnings == ["2 empty items were left out"]
    assert find_duplicates([b"yes", b"YES"], fold_case=False).unique == [0, 1]


def test_labels_of_pairs_are_compared() -> None:
    report = find_duplicates(Corpus(items=[*TEXTS[:9], TEXTS[0]], labels=[*"aaaaaaaaa", "b"]))
    conflict = next(pair for pair in report.pairs if pair.identical)
    assert conflict.same_label is False
    assert report.n_label_conflicts >= 1  # type: ignore[operator]


def test_copies_are_found_in_any_order() -> None:
    data = [*TEXTS[:60], variant(TEXTS[3], 1), variant(TEXTS[3], 2)]
    for order in (range(62), range(61, -1, -1)):
        pairs = {
            frozenset((order[pair.index], order[pair.other_index]))
            for pair in find_duplicates([data[place] for place in order]).pairs
        }
        assert pairs >= {frozenset((3, 60)), frozenset((3, 61)), frozenset((60, 61))}


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ([b"one"], {}, "expected at least two items, got 1"),
        ([], {}, "expected at least two items, got 0"),
        (TEXTS, {"keep": "best"}, "keep: expected 'first' or 'longest', got 'best'"),
        (TEXTS, {"min_share": 2}, "min_share: expected a finite number of at least 0 and at most 1, got 2"),
    ],
)
def test_unusable_input(data: object, options: dict[str, object], message: str) -> None:
    with pytest.raises((DataError, ParameterError), match=message):
        find_duplicates(data, **options)  # type: ignore[arg-type]


def test_empty_items_alone_have_no_duplicates() -> None:
    report = find_duplicates([b"", b""])
    assert report.pairs == []
    assert report.unique == [0, 1]
