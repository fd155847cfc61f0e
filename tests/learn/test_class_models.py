from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kolmo import coder
from kolmo.learn.class_models import ClassModels, contexts, folds_of, readable_bytes

members = st.lists(st.binary(max_size=12), max_size=12)


@settings(max_examples=200)
@given(members, st.integers(2, 40), st.integers(1, 5))
def test_chunks_keep_to_their_limit_and_hold_all_that_fits(texts: list[bytes], limit: int, chunks: int) -> None:
    parts = contexts(texts, limit, chunks)
    assert 1 <= len(parts) <= chunks
    assert all(len(part) <= limit for part in parts)
    assert all(parts) or not texts
    if sum(len(text) + 1 for text in texts) <= limit:
        assert parts == [b"".join(text + b"\n" for text in texts)]


def test_a_text_longer_than_a_chunk_is_cut() -> None:
    assert contexts([b"abcdefgh"], 4, 3) == [b"abc\n"]


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.binary(max_size=2), st.integers(0, 2)), min_size=1, max_size=30),
    st.integers(2, 5),
    st.randoms(),
)
def test_folds_are_balanced_keep_equal_items_together_and_know_no_order(
    pairs: list[tuple[bytes, int]], n_folds: int, random: object
) -> None:
    def dealt(some: list[tuple[bytes, int]]) -> dict[bytes, int]:
        items, codes = [item for item, _ in some], np.array([code for _, code in some])
        folds = folds_of(items, codes, n_folds).tolist()
        fold = dict(zip(items, folds, strict=True))
        assert [fold[item] for item in items] == folds, "equal items share a fold"
        return fold

    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert dealt(pairs) == dealt(shuffled)
    one_class = np.bincount(list(dealt([(item, 0) for item, _ in pairs]).values()), minlength=n_folds)
    assert one_class.max() - one_class.min() <= 1


@pytest.mark.parametrize(
    ("spec", "expected"),
    [("deflate", 2**15), ("zstd", 2**20), ("order0", None), ("bz2", 2**16), ("lzma", 2**16)],
)
def test_what_a_coder_can_read(spec: str, expected: int | None) -> None:
    found = readable_bytes(coder(spec))
    assert found == expected or (expected is None and coder(spec).tags.priming == "difference")
    text = b"some text to be read; " * 60_000
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        coder(spec).prime(text[: found or 1000])


def test_lengths_are_those_of_the_primed_coder_and_means_over_chunks() -> None:
    texts = [b"the cat sat", b"a cat slept", b"stocks rose"]
    models = ClassModels.prime(coder("zstd"), texts, np.array([0, 0, 1]), 3, chunks=4)
    bits = models.bits([b"the cat slept", b""], n_jobs=None)
    assert bits.shape == (2, 3)
    money = coder("zstd").prime(b"stocks rose\n")
    assert bits[:, 1].tolist() == [money.code_length(b"the cat slept"), money.code_length(b"")]
    assert bits[0, 2] == coder("zstd").code_length(b"the cat slept"), "a class without texts knows nothing"
    long = [bytes(np.random.default_rng(seed).integers(97, 105, 20_000, np.uint8)) for seed in range(6)]
    chunked = ClassModels.prime(coder("deflate"), long, np.array([0, 0, 0, 0, 0, 1]), 2, chunks=3)
    assert chunked.classes.tolist() == [0, 0, 0, 1]
    one = [known.code_length(long[0][:500]) for known in chunked.coders]
    found = chunked.bits([long[0][:500]], n_jobs=2)
    assert found.tolist() == [pytest.approx([np.mean(one[:3]), one[3]])]
