"""The sample of a data set: counts are exact, and the order of the documents does not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from kolmo import Corpus
from kolmo.errors import DataError
from kolmo.profile.sampling import LONGEST, sample_of


@given(st.lists(st.binary(max_size=20), min_size=1).filter(any), st.randoms(use_true_random=False))
def test_the_sample_does_not_depend_on_the_order(items: list[bytes], random: object) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (sample_of(each, name="it", max_bytes=40) for each in (items, shuffled))
    assert [(each.data, each.count) for each in one.documents] == [(each.data, each.count) for each in other.documents]
    assert one.size_bytes == sum(map(len, items))
    assert one.n_empty == items.count(b"")


@given(st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=30))
def test_the_sample_is_bounded_and_holds_all_copies(items: list[bytes]) -> None:
    sample = sample_of(items, name="it", max_bytes=30)
    assert sum(len(each.data) for each in sample.documents) <= 30
    assert all(each.count == items.count(each.data) for each in sample.documents)
    assert all(items[each.index] == each.data for each in sample.documents)


def test_a_stream_is_read_once_and_not_held() -> None:
    read = 0

    def documents() -> object:
        nonlocal read
        for number in range(2000):
            read += 1
            yield f"document {number}".encode() * 20, None

    sample = sample_of(documents(), name="stream", max_bytes=5000)
    assert read == sample.n_documents == 2000
    assert sum(len(each.data) for each in sample.documents) <= 5000
    assert 0 < sample.share < 0.05


def test_one_document_and_long_ones_are_cut() -> None:
    random = np.random.default_rng(0).integers(0, 256, 3 * LONGEST, np.uint8).tobytes()
    one = sample_of([random[:5000]], name="one", max_bytes=10**6)
    assert one.is_pieces
    assert sum(len(each.data) for each in one.documents) == 5000
    long = sample_of([random, b"short"], name="long", max_bytes=10**6)
    assert long.n_cut == 1
    assert max(len(each.data) for each in long.documents) == LONGEST


def test_empty_sets_are_refused_and_binary_in_text_is_counted() -> None:
    with pytest.raises(DataError, match="expected a document of at least one byte"):
        sample_of([b"", b""], name="nothing", max_bytes=9)
    with pytest.raises(DataError, match="is empty"):
        sample_of(b"", name="nothing", max_bytes=9)
    corpus = Corpus(items=[b"a text", b"\x00\xff\xfe", b""], labels=["x", "y", ""])
    assert sample_of(corpus, name="mixed", max_bytes=99).n_binary == 1
