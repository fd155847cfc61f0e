from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.datasets import load_digits

from kolmo import coder, multiset_ncd, ncd
from kolmo.errors import DataError, WindowWarning

texts = st.lists(st.text("abc ", max_size=12), min_size=1, max_size=6)


@pytest.mark.parametrize("spec", ["lzma", "deflate", "ngram", "order0"])
def test_two_items_are_as_far_apart_as_by_ncd(spec: str) -> None:
    x, y = "the cat sat on the mat", "the cats sat on a rug"
    assert multiset_ncd([y, x], coder=spec) == ncd(y, x, coder=spec)
    assert multiset_ncd([y, x], coder=spec, separator=" ") == ncd(y, x, coder=spec, separator=" ")


@settings(max_examples=40, deadline=None)
@given(texts, st.randoms())
def test_the_order_of_the_items_does_not_count(items: list[str], random: Any) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)
    assert multiset_ncd(items, coder="deflate") == multiset_ncd(shuffled, coder="deflate")


def _first(items: list[str], lengths: dict[tuple[str, ...], float]) -> float:
    without = [lengths[tuple(items[:place] + items[place + 1 :])] for place in range(len(items))]
    return (lengths[tuple(items)] - min(lengths[item,] for item in items)) / max(without)


@settings(max_examples=20, deadline=None)
@given(texts.filter(lambda items: len(items) > 1))
def test_it_lies_between_that_of_the_whole_set_and_the_best_of_all_subsets(items: list[str]) -> None:
    items = sorted(items, key=lambda item: (len(item), item))
    subsets = [list(some) for size in range(1, len(items) + 1) for some in combinations(items, size)]
    lengths = {tuple(some): coder("deflate").code_length("".join(some)) for some in subsets}
    by_definition = max(_first(some, lengths) for some in subsets if len(some) > 1)
    found = multiset_ncd(items, coder="deflate")
    assert _first(items, lengths) <= found <= by_definition


def test_an_item_alone_is_at_distance_zero_and_copies_are_near() -> None:
    text = "to be or not to be, that is the question, whether 'tis nobler in the mind to suffer"
    assert multiset_ncd([text]) == 0
    assert multiset_ncd(["", ""], coder="order0") == 0
    assert multiset_ncd([text] * 4) < 0.2


def test_workers_change_nothing() -> None:
    items = [f"number {number % 7} of {number}" for number in range(20)]
    assert multiset_ncd(items, n_jobs=2) == multiset_ncd(items, n_jobs=1)


def test_pictures_of_one_digit_are_more_alike_than_of_several() -> None:
    pictures, digits = load_digits(return_X_y=True)
    ink = [np.packbits(picture > 7).tobytes() for picture in pictures]
    alike = [multiset_ncd([ink[place] for place in np.flatnonzero(digits == digit)[:12]]) for digit in range(10)]
    unlike = [multiset_ncd(ink[start : start + 12]) for start in range(0, 120, 12)]
    assert np.mean(alike) < np.mean(unlike)


def test_bad_input_is_named() -> None:
    with pytest.raises(DataError, match="no items"):
        multiset_ncd([])
    with pytest.raises(DataError, match="wrap it in a list"):
        multiset_ncd("one text")
    with pytest.warns(WindowWarning, match="sees only the last"):
        multiset_ncd(["ab" * 20_000, "cd" * 20_000], coder="deflate")
