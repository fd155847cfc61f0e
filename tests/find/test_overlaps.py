"""The overlap of two items: the kernel beside its reference, and what it finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from overlap_reference import overlap

from kolmo.find.overlap_kernels import BITS, COPIED_BITS, PASSAGE_BITS, X_START, X_STOP, Y_START, Y_STOP
from kolmo.find.overlaps import folded, overlaps

TEXT = b"Ships of the northern fleet left port in fog, and the harbour master counted nineteen of them at dawn."


def one(y: bytes, x: bytes, bits_a_byte: float = 3.0) -> np.ndarray:
    found: np.ndarray = overlaps([y], [np.full(len(y), bits_a_byte)], [x], np.array([[0, 0]]))[0]
    return found


few_letters = st.lists(st.sampled_from([b"abra", b"cad", b"a", b"b", b"xyz ", b"the "]), max_size=25).map(b"".join)


@given(few_letters, few_letters, st.randoms(use_true_random=False))
@settings(max_examples=80)
def test_the_kernel_equals_the_reference(y: bytes, x: bytes, random) -> None:  # type: ignore[no-untyped-def]
    surprisals = np.array([random.uniform(0, 8) for _ in y])
    row = overlaps([y], [surprisals], [x], np.array([[0, 0]]))[0]
    saved, y_span, x_span, passage, copied = overlap(y, surprisals.tolist(), x)
    assert row[BITS] == pytest.approx(saved, abs=1e-6)
    if saved > 0:
        assert (row[Y_START], row[Y_STOP]) == y_span
        assert (row[X_START], row[X_STOP]) == x_span
        assert row[PASSAGE_BITS] == pytest.approx(passage)
        assert row[COPIED_BITS] == pytest.approx(copied)


@given(st.binary(max_size=300), st.binary(max_size=300), st.integers(0, 8))
@settings(max_examples=50)
def test_spans_are_parts_of_the_items(y: bytes, x: bytes, bits_a_byte: int) -> None:
    row = one(y, x, bits_a_byte)
    assert 0 <= row[Y_START] <= row[Y_STOP] <= len(y)
    assert 0 <= row[X_START] <= max(row[X_STOP], row[X_START]) <= len(x)
    assert row[BITS] <= bits_a_byte * len(y)
    assert row[COPIED_BITS] <= row[PASSAGE_BITS] + 1e-9


def test_pairs_of_a_block_are_those_alone() -> None:
    items = [TEXT, TEXT[30:] + TEXT[:30], b"", TEXT.upper(), b"quite another text, of other words " * 3, b"a"]
    pairs = np.array([(y, x) for y in range(6) for x in range(6)])
    rows = overlaps(items, [np.full(len(item), 2.5) for item in items], items, pairs)
    for (y, x), row in zip(pairs.tolist(), rows, strict=True):
        assert np.array_equal(row, one(items[y], items[x], 2.5))


def test_a_passage_is_found_where_it_is() -> None:
    other = b"Nothing in these lines is like the rest, "
    row = one(other + TEXT[10:90] + other, b"more of it. " * 4 + TEXT)
    assert (row[Y_START], row[Y_STOP]) == pytest.approx((41, 121), abs=3)
    assert (row[X_START], row[X_STOP]) == pytest.approx((58, 138), abs=3)
    assert row[BITS] > 150


def test_two_copies_with_a_long_gap_are_not_one_passage() -> None:
    gap = bytes(np.random.default_rng(0).integers(0, 256, 3000, np.uint8))
    row = one(TEXT * 2 + gap + TEXT, TEXT)
    assert row[Y_STOP] <= 2 * len(TEXT) + 10


@pytest.mark.parametrize("item", [b"a" * 60_000, b"ab" * 30_000, b"abcdefgh" * 8_000])
def test_periodic_items_take_no_longer(item: bytes) -> None:
    row = one(item, item)
    assert (row[Y_START], row[Y_STOP]) == (0, len(item))
    assert row[BITS] > 2.9 * len(item)


def test_long_items_are_found_with_edits() -> None:
    random = np.random.default_rng(1)
    x = bytes(random.integers(97, 123, 100_000, np.uint8))
    y = bytearray(x[40_000:60_000])
    for place in range(0, len(y), 12):
        y[place] = 45
    row = one(bytes(y), x, 4.7)
    assert row[BITS] > 0.3 * 4.7 * len(y)
    assert (row[X_START], row[X_STOP]) == pytest.approx((40_000, 60_000), abs=20)


@given(st.text(max_size=40))
def test_case_is_folded_and_offsets_stay(text: str) -> None:
    item = text.encode("utf-8", "surrogatepass")
    once = folded(item)
    assert len(once) == len(item)
    assert folded(once) == once
    assert folded(text.encode("utf-8", "surrogatepass")) == once


def test_case_of_other_scripts_is_folded() -> None:
    assert folded("ÀÉ Москва ΑΘΗΝΑ".encode()) == "àé москва αθηνα".encode()
    assert folded(b"\xff\xfeA\x00B") == b"\xff\xfea\x00b"
