"""Block decomposition, randomness and the counting argument."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kolmo.complexity import (
    all_string_lengths,
    block_complexity,
    coding_theorem_table,
    local_complexity,
    prob_random,
    string_randomness,
)
from kolmo.errors import KolmoError


def test_blocks_are_counted_once_and_no_rest_is_dropped() -> None:
    table = coding_theorem_table(2)
    found = block_complexity("001" * 15)
    whole, rest = bytes([0, 0, 1] * 4), bytes([0, 0, 1] * 3)
    assert found.bits == pytest.approx(table.complexity(whole) + math.log2(3) + table.complexity(rest))
    assert (found.blocks, found.distinct, found.block_shape) == (4, 2, (12,))
    assert block_complexity("01" * 5).blocks == 1
    assert block_complexity("001" * 15).bits < block_complexity("011010001110100101101100010111000110101101001").bits


def test_arrays_are_cut_in_two_dimensions() -> None:
    plain, drawn = np.zeros((10, 10), int), np.random.default_rng(0).integers(0, 2, (10, 10))
    assert block_complexity(plain).bits < block_complexity(np.eye(10, dtype=int)).bits < block_complexity(drawn).bits
    assert block_complexity(drawn, block=(4, 3)).blocks == 12
    assert block_complexity("012012", alphabet=3).literal_bits == pytest.approx(6 * math.log2(3))
    assert block_complexity([[0, 8], [3, 1]]).distinct == 1


def test_two_sequences_of_coin_tosses() -> None:
    heads, mixed = string_randomness("111111111111"), string_randomness("100110101110")
    assert heads.probability_if_random == mixed.probability_if_random == 2.0**-12
    assert heads.probability_random < 0.1 < 0.5 < mixed.probability_random
    assert heads.rank <= 4 < 2000 < mixed.rank <= mixed.of == 4096
    prior, own = 0.5, heads.probability_if_programmed
    assert heads.probability_random == pytest.approx(prior * 2**-12 / (prior * 2**-12 + prior * own))
    assert prob_random("111111111111", prior=1.0) == 1
    assert prob_random("0120", prior=0.2) < prob_random("0120", prior=0.8)


def test_programs_print_some_string() -> None:
    strings = [format(number, "06b") for number in range(64)]
    assert sum(string_randomness(each).probability_if_programmed for each in strings) == pytest.approx(1)


def test_local_complexity_slides() -> None:
    found = local_complexity("00000000" + "01101000", window=8)
    assert len(found) == 9
    assert found[0] == found.min() < found[-1]
    assert found[0] == coding_theorem_table(2).complexity(bytes(8))


def test_no_coder_shortens_more_strings_than_there_are_short_codes() -> None:
    for each in all_string_lengths(6, coders=["gzip", "uniform", "program:effort=0"]):
        assert each.mean_bits > 6
        assert all(each.shortened_by[k] < each.limit[k] for k in each.limit)
        assert each.shortest_bits <= each.mean_bits <= each.longest_bits


def test_bad_input_is_refused() -> None:
    for call in (
        lambda: block_complexity(""),
        lambda: block_complexity([]),
        lambda: block_complexity("xyz"),
        lambda: block_complexity([0, 9]),
        lambda: block_complexity([[0.5]]),
        lambda: block_complexity([[1], [1, 0]]),
        lambda: block_complexity("01", block=13),
        lambda: block_complexity("01", block=(2, 2)),
        lambda: block_complexity("012", alphabet="bits"),
        lambda: string_randomness("01" * 7),
        lambda: string_randomness("abc"),
        lambda: string_randomness("01", prior=2),
        lambda: local_complexity("01", window=6),
        lambda: all_string_lengths(15),
    ):
        with pytest.raises(KolmoError, match="expected"):
            call()
