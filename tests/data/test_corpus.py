from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from kolmo import Corpus
from kolmo.errors import DataError, ParameterError


def numbered(count: int) -> Corpus:
    return Corpus(items=[b"%d" % index for index in range(count)], labels=[str(index % 3) for index in range(count)])


@given(st.integers(1, 40), st.data())
def test_a_sample_keeps_order_and_labels(count: int, data: st.DataObject) -> None:
    size, seed = data.draw(st.integers(1, count)), data.draw(st.integers(0, 5))
    corpus = numbered(count)
    sample = corpus.sample(size, seed=seed)
    numbers = [int(item) for item in sample.items]
    assert numbers == sorted(set(numbers))
    assert len(sample) == size
    assert list(sample.labels or []) == [str(number % 3) for number in numbers]
    assert sample == corpus.sample(size, seed=seed)


def test_different_seeds_draw_different_items() -> None:
    assert numbered(1000).sample(10, seed=0).items != numbered(1000).sample(10, seed=1).items


@given(st.lists(st.binary(), min_size=1))
def test_texts_lose_nothing(items: list[bytes]) -> None:
    texts = Corpus(items=items).texts()
    assert [text.encode("utf-8", "surrogateescape") for text in texts] == items


def test_what_it_says_of_itself() -> None:
    corpus = numbered(4)
    assert repr(corpus) == "<Corpus 'unnamed': 4 items, 4 bytes, 3 classes>"
    assert Corpus(items=[b"a"]).classes is None


def test_bad_corpora_are_refused() -> None:
    with pytest.raises(DataError, match="no items"):
        Corpus(items=[])
    with pytest.raises(DataError, match="2 items but 1 labels"):
        Corpus(items=[b"a", b"b"], labels=["x"])
    for size in (0, 5, -1):
        with pytest.raises(ParameterError, match="expected 1 to 4 items"):
            numbered(4).sample(size)
