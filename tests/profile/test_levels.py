"""Structure and noise: known answers on sources whose entropy is exact."""

from __future__ import annotations

import numpy as np
import pytest
from sources import grammar, markov, productions

from kolmo import prequential_curve
from kolmo.errors import DataError, ParameterError
from kolmo.profile import PrequentialCurve
from kolmo.profile.levels import edges_of, level_of


@pytest.mark.parametrize("size", [1, 200, 256, 5000, 10**6])
def test_blocks_cover_all_bytes(size: int) -> None:
    edges = edges_of(size)
    assert edges[0] == 0
    assert edges[-1] == size
    assert (np.diff(edges) > 0).all()


def test_the_level_of_an_exact_power_law_is_its_offset() -> None:
    edges = edges_of(10**6)
    x = np.sqrt(np.maximum(edges[:-1], 1) * edges[1:])
    level, doubling = level_of(edges, 2 + 500 * x**-0.8, np.full(len(x), 1e-4))
    assert level.is_extrapolated
    assert level.value == pytest.approx(2, rel=0.002)
    assert level.interval[0] <= 2 <= level.interval[1]
    assert doubling.is_known
    assert doubling.change is not None
    assert doubling.change < 0


def test_random_and_constant_data_have_no_structure() -> None:
    random = np.random.default_rng(0).integers(0, 256, 30_000, np.uint8).tobytes()
    noise = prequential_curve(random)
    assert noise.noise_bits_per_byte == pytest.approx(8, rel=0.01)
    assert noise.structure_bits < 0.01 * noise.code_bits
    constant = prequential_curve(b"a" * 40_000, coder="ngram")
    assert constant.noise_bits_per_byte < 0.01
    assert constant.structure_bits < 200


def test_structure_rises_with_the_number_of_contexts() -> None:
    """By a coder that comes near the entropy; what another coder wastes counts as structure too."""
    curves = [prequential_curve(markov(order, 8, 60_000, seed=1)[0], coder="mix:level=1") for order in (0, 1, 2)]
    assert [curve.structure_bits for curve in curves] == sorted(curve.structure_bits for curve in curves)


@pytest.mark.slow
@pytest.mark.parametrize(("order", "symbols", "tolerance"), [(1, 20, 0.03), (3, 16, 0.05)])
def test_noise_is_the_entropy_rate(order: int, symbols: int, tolerance: float) -> None:
    data, entropy = markov(order, symbols, 10**6, seed=11)  # a seed that no development has seen
    assert prequential_curve(data).noise_bits_per_byte == pytest.approx(entropy, rel=tolerance)


def test_structure_rises_with_the_grammar() -> None:
    curves = []
    for n_symbols in (1, 8, 64):
        data, entropy = grammar(n_symbols, 40_000, seed=1)
        curves.append(prequential_curve(data, coder="mix:level=1"))
        assert curves[-1].noise_bits_per_byte > 0.95 * entropy
    assert [curve.structure_bits for curve in curves] == sorted(curve.structure_bits for curve in curves)


def test_the_entropy_of_a_grammar_is_the_code_length_of_its_productions() -> None:
    data, entropy = grammar(16, 200_000, seed=5)
    chances, firsts, rests = productions(16, np.random.default_rng(5))
    bits, stack = 0.0, [0]
    for letter in data:
        if not stack:
            assert letter == ord("\n")
            stack = [0]
            continue
        symbol = stack.pop()
        chosen = firsts[symbol].tolist().index(letter - ord("a"))
        bits -= np.log2(chances[symbol, chosen])
        stack.extend(reversed(rests[symbol][chosen]))
    assert bits / len(data) == pytest.approx(entropy, rel=0.02)


def test_a_training_log_is_a_curve() -> None:
    n_bytes = np.arange(0, 41_000, 1000)
    losses = 2 + 40 * np.maximum(n_bytes, 500.0) ** -0.6
    curve = PrequentialCurve.from_log(n_bytes, losses)
    assert curve.code_bits == pytest.approx(1000 * losses[1:].sum())
    assert curve.noise_bits_per_byte == pytest.approx(2, abs=0.05)
    assert curve.code_bits == pytest.approx(
        curve.structure_bits + curve.noise_bits_per_byte * curve.size_bytes, rel=1e-9
    )
    assert str(curve)
    for wrong in (([], []), ([0], [8.0]), ([1, 2], [1.0]), ([2, 1], [1.0, 1.0]), ([1, 2], [1.0, float("nan")])):
        with pytest.raises(DataError, match="expected"):
            PrequentialCurve.from_log(*wrong)


def test_documents_in_any_order_give_one_curve() -> None:
    texts = [f"report {n} of station {n % 7}" for n in range(200)]
    one, other = prequential_curve(texts, coder="ngram"), prequential_curve(texts[::-1], coder="ngram")
    assert one.code_bits == other.code_bits


def test_wrong_input_is_refused() -> None:
    with pytest.raises(DataError, match="empty"):
        prequential_curve(b"")
    with pytest.raises(ParameterError, match="predictive"):
        prequential_curve(b"abc", coder="gzip")
