"""The matched null: permutations that are none of the data, and p-values that mean what they say."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import kstest

from kolmo import gain_matrix, joint_gain
from kolmo.errors import DataError, ParameterError
from kolmo.joint.nulls import compare_with_null, null_tables

LETTERS = np.frombuffer(b"abcdefghijklmnop", np.uint8)


def words(seed: int, count: int = 400, alphabet: bytes = b"abcdefghijklmnop") -> bytes:
    """Return text of 40 random words of a vocabulary of its own."""
    random = np.random.default_rng(seed)
    letters = np.frombuffer(alphabet, np.uint8)
    vocabulary = [letters[random.integers(0, len(letters), 5)].tobytes() for _ in range(40)]
    return b"".join(vocabulary[place] for place in random.integers(0, 40, count))


@given(st.binary(min_size=1, max_size=60), st.sampled_from(["bytes", "cipher"]), st.integers(0, 30))
def test_a_null_keeps_the_alphabet_and_the_equality_of_bytes(data: bytes, null: str, count: int) -> None:
    tables = null_tables(data, null, count, np.random.default_rng(0))
    assert len(tables) == len(set(tables)) <= count
    for table in tables:
        permuted = data.translate(table)
        assert [data.index(byte) for byte in data] == [permuted.index(byte) for byte in permuted]
        if null == "bytes" and not set(data) <= set(b"ACGT") and not set(data) <= set(b"acgt"):
            assert set(permuted) == set(data)


def test_a_cipher_keeps_capitals_spaces_and_digits() -> None:
    text = b"The Cat sat on 12 Mats."
    for table in null_tables(text, "cipher", 5, np.random.default_rng(0)):
        changed = text.translate(table)
        assert changed != text
        assert [byte for byte in changed if not chr(byte).isalpha()] == [b for b in text if not chr(b).isalpha()]
        assert [chr(byte).isupper() for byte in changed] == [chr(byte).isupper() for byte in text]


def test_bases_have_22_permutations() -> None:
    tables = null_tables(b"ACGTTGCAacgt" * 9 + b"N", "bytes", 99, np.random.default_rng(0))
    found = {b"ACGT".translate(table) for table in tables}
    assert len(found) == 22
    assert not found & {b"ACGT", b"TGCA"}
    assert all(b"acgt".translate(table) == b"ACGT".translate(table).lower() for table in tables)


def test_small_alphabets_have_few_permutations() -> None:
    assert null_tables(b"aaaa", "bytes", 8, np.random.default_rng(0)) == []
    assert len(null_tables(b"abc", "bytes", 8, np.random.default_rng(0))) == 5
    for alphabet, count in ((b"abcde", 119), (b"abcdef", 719)):
        assert len(null_tables(alphabet, "bytes", 10_000, np.random.default_rng(0))) == count
    gain = joint_gain("a" * 500, "b" * 300, coder="deflate")
    assert gain.null == "none"
    assert math.isnan(gain.excess_gain)
    assert gain.to_dict()["excess_gain"] is None
    assert gain.interval is not None
    assert gain.interval[0] < gain.relative_gain < gain.interval[1], "equal lengths of all parts leave the resolution"
    assert "the bytes of Y cannot be permuted" in "; ".join(gain.warnings)
    digits = joint_gain("1 2 3" * 99, "4 5 6" * 99, coder="deflate", null="cipher", n_resamples=0)
    assert "the letters of Y cannot be permuted" in "; ".join(digits.warnings)


def test_a_p_value_that_cannot_be_small_is_a_warning() -> None:
    def warned(**how: Any) -> str:
        return "; ".join(joint_gain(words(1, 60), words(2, 60), coder="deflate", n_resamples=0, **how).warnings)

    assert "with 1 permutation the p-value is at least 0.50" in warned(n_permutations=1)
    assert "with 2 null sets the p-value is at least 0.33" in warned(null=[words(3, 60), words(4, 60)])
    for how in ({"n_permutations": 0}, {"n_permutations": 2}, {"n_permutations": 19}):
        assert "the p-value is at least" not in warned(**how)


def test_a_set_of_one_byte_takes_no_null_from_other_pairs() -> None:
    sets = {"zeros": bytes(900), "one": words(1, 200), "two": words(1, 100) + words(2, 100)}
    matrix = gain_matrix(sets, coder="deflate")
    assert matrix.null == "bytes"
    assert np.isnan(matrix.excess_gain[0]).all()
    assert matrix.has_common_structure
    assert matrix.excess_gain[1, 2] > matrix.noise_floor
    assert matrix.p_value[1, 2] < 0.05
    assert "the bytes of 'zeros' cannot be permuted" in "; ".join(matrix.warnings)
    alone = gain_matrix({"zeros": bytes(900), "one": words(1, 200)}, coder="deflate")
    assert alone.null == "none"
    assert alone.has_common_structure is None


def test_a_permutation_counts_once() -> None:
    random = np.random.default_rng(0)
    coins = {name: random.integers(48, 50, 800, np.uint8).tobytes() for name in "abc"}
    few, many = (gain_matrix(coins, coder="deflate", n_permutations=count) for count in (1, 9))
    np.testing.assert_array_equal(few.p_value, many.p_value)


def test_a_checkpoint_knows_the_null_sets(tmp_path: Path) -> None:
    how: dict[str, Any] = {"coder": "deflate", "n_resamples": 0, "checkpoint": tmp_path / "kept"}
    x, y, first, second = (words(seed, 60) for seed in range(4))
    found = joint_gain(x, y, null=[first], **how)
    assert joint_gain(x, y, null=[first], **how) == found
    with pytest.raises(DataError, match="another run"):
        joint_gain(x, y, null=[second], **how)


def test_p_values_of_a_null_are_uniform() -> None:
    random = np.random.default_rng(0)
    for count in (8, 19, 40):
        p_values = [compare_with_null(each[0], each[1:]).p_value for each in random.normal(size=(500, count + 1))]
        assert kstest(p_values, "uniform").pvalue > 0.01
    assert compare_with_null(1.0, [0.0] * 8).p_value == pytest.approx(1 / 9)
    assert compare_with_null(0.0, [0.0] * 8).p_value == 1.0


@pytest.mark.parametrize("spec", ["ngram", "xz", "zstd"])
def test_unrelated_sets_have_no_excess_and_related_ones_do(spec: str) -> None:
    x, y = words(1), words(2)
    apart = joint_gain(x, y, coder=spec, n_resamples=0)
    assert abs(apart.excess_gain) < 0.01
    assert apart.p_value > 0.01
    related = joint_gain(x, words(1, 200) + words(2, 200), coder=spec)
    assert related.p_value < 0.01
    assert related.excess_gain > 0.05
    assert related.low < related.excess_gain < related.high
    assert related.null == "bytes"
    assert len(related.null_gains) == 8
    assert related.null_gain == pytest.approx(np.mean(related.null_gains))
    assert related.excess_gain == pytest.approx(related.relative_gain - related.null_gain)


def test_sets_of_the_user_are_a_null() -> None:
    x = words(1)
    gain = joint_gain(x, words(1, 300), coder="ngram", null=[words(seed) for seed in range(2, 9)], n_resamples=0)
    assert (gain.null, len(gain.null_gains), gain.p_value) == ("sets", 7, 1 / 8)
    with pytest.raises(DataError, match="null set 0 holds 5 bytes"):
        joint_gain(x, x, coder="ngram", null=["short"])
    for wrong in ("letters", [], 3):
        with pytest.raises(ParameterError, match="null: expected"):
            joint_gain(x, x, coder="ngram", null=wrong)  # type: ignore[arg-type]


def test_more_permutations_give_a_rank() -> None:
    gain = joint_gain(words(1, 100), words(1, 100), coder="deflate", n_permutations=19, n_resamples=0)
    assert gain.p_value == 1 / 20
