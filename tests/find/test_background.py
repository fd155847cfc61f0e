"""Surprisals under a coder that has read other data of the kind."""

from __future__ import annotations

import numpy as np

from kolmo import coder
from kolmo.find.background import Background

NGRAM = coder("ngram")
LINES = [
    f"report {n}: {n * n} birds of {n % 9} kinds were seen at the river near mile {n * 7 % 100}".encode()
    for n in range(300)
]
ODD = b"Ships of the northern fleet left port in fog, and the harbour master counted nineteen of them at dawn."


def bits(background: Background, item: bytes) -> float:
    return float(background.surprisals([item])[0].sum())


def test_an_item_costs_the_same_whether_it_was_read_or_not() -> None:
    without = Background.of(NGRAM, [LINES])  # type: ignore[arg-type]
    for copies in (1, 3):
        variants = [ODD[: 95 - n] + b"!" * n for n in range(copies)]
        within = Background.of(NGRAM, [[*LINES, *variants]])  # type: ignore[arg-type]
        assert 0.75 < bits(within, ODD) / bits(without, ODD) < 1.25


def test_what_many_items_share_costs_little() -> None:
    background = Background.of(NGRAM, [LINES])  # type: ignore[arg-type]
    assert bits(background, b"report 7: 49 birds of 7 kinds were seen at the river near mile 49") < 150
    assert bits(background, ODD) > 250


def test_copies_of_ignored_texts_cost_nothing() -> None:
    background = Background.of(NGRAM, [LINES], [b"A licence: " + ODD])  # type: ignore[arg-type]
    found = background.surprisals([b"My own words. " + ODD[5:], b""])
    assert found[0][20:].sum() == 0
    assert found[0][:10].sum() > 20
    assert len(found[1]) == 0


def test_the_background_does_not_depend_on_the_order() -> None:
    one, two = (Background.of(NGRAM, [items]) for items in (LINES, LINES[::-1]))  # type: ignore[arg-type]
    assert one.contexts == two.contexts
    assert np.array_equal(one.surprisals([ODD])[0], two.surprisals([ODD])[0])


def test_any_predictive_coder_serves() -> None:
    background = Background.of(coder("mix:level=1"), [LINES[:40]])  # type: ignore[arg-type]
    assert bits(background, LINES[250]) < bits(background, ODD)
