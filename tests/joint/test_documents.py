"""Sets as documents: nothing is lost, and interleaved documents are spread evenly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from kolmo.errors import DataError
from kolmo.joint.documents import Documents, concatenated, interleaved

BLOCKS = st.lists(st.binary(max_size=5), min_size=1, max_size=20).filter(any)


@given(st.binary(min_size=1, max_size=5000), st.sampled_from([None, 64, 300]))
def test_pieces_of_a_string_are_the_string(data: bytes, largest: int | None) -> None:
    found = Documents.of(data, "it", b"never used", largest=largest)
    assert found.joined() == data
    assert all(len(block) == len(found.blocks[0]) >= len(found.blocks[-1]) for block in found.blocks[:-1])
    assert len(found) <= 16 or largest is not None
    assert max(map(len, found.blocks)) <= max(largest or 10**9, 64)


def test_pieces_keep_lines_of_pixels_and_samples_whole() -> None:
    assert {len(block) % 64 for block in Documents.of(bytes(64 * 999), "it").blocks} == {0}


@given(BLOCKS, BLOCKS)
def test_interleaving_loses_nothing(first: list[bytes], second: list[bytes]) -> None:
    x, y = (Documents.of([b"<%d%s>" % (n, b) for b in blocks], "it", b" ") for n, blocks in enumerate((first, second)))
    both = interleaved(x, y, b" ")
    assert len(both) == len(concatenated(x, y, b" "))
    for number, each in enumerate((x, y)):
        assert [part for part in each.blocks if part in both] == each.blocks
        assert both.count(b"<%d" % number) >= len(each)
    assert both.startswith(x.blocks[0])


@pytest.mark.parametrize(("n_first", "n_second"), [(4, 4), (3, 11), (11, 3), (1, 9), (100, 7)])
def test_interleaving_is_even(n_first: int, n_second: int) -> None:
    x, y = Documents.of(["x"] * n_first, "it"), Documents.of(["y"] * n_second, "it")
    both = interleaved(x, y, b"")
    for end in range(1, len(both) + 1):
        assert abs(both[:end].count(b"x") - end * n_first / len(both)) <= 1


def test_the_separator_stands_between_documents_and_not_in_a_string() -> None:
    string, documents = Documents.of("abcdefgh" * 2, "it", b"|"), Documents.of(["1", "2"], "it", b"|")
    assert interleaved(documents, string, b"|") == b"1|abcdefgh|2|abcdefgh"
    assert concatenated(string, documents, b"|") == b"abcdefghabcdefgh|1|2"


@given(st.integers(0, 99), st.lists(st.integers(1, 99), min_size=1, max_size=9))
def test_a_larger_prefix_holds_the_smaller_ones(seed: int, percents: list[int]) -> None:
    random = np.random.default_rng(seed)
    for data in (bytes(70_001), bytes(5000), [b"%d" % n for n in range(500)]):
        each = Documents.of(data, "it")
        order = random.permutation(len(each)).tolist()
        total = sum(map(len, each.blocks))
        sizes = []
        for percent in [*sorted(percents), 100]:
            part = each.prefix(percent / 100, order)
            sizes.append(sum(map(len, part.blocks)))
            assert 0 <= sizes[-1] - percent / 100 * total < (1 if each.whole else 3)
        assert sizes == sorted(sizes)
        assert each.prefix(1.0, order) is each


def test_empty_sets_are_refused() -> None:
    for nothing in ("", b"", [], [""], ["", b""]):
        with pytest.raises(DataError, match="X is empty"):
            Documents.of(nothing, "X")
