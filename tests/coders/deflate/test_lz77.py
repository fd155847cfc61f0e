"""The coder lz77: its kernels beside their plain reference, that it is a proper code, and what it learns."""

from __future__ import annotations

import base64
import math
import random
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from deflate_reference import Prefix
from hypothesis import given, settings, strategies as st
from lz77_reference import parse, price

from kolmo import coder
from kolmo.coders import Lz77
from kolmo.coders.deflate import lz77_kernels, pairs as deflate_pairs
from kolmo.coders.deflate.tables import N_LITERAL_CODES, N_SYMBOLS
from kolmo.data.builtin import docstrings
from kolmo.errors import ParameterError, WindowWarning

TEXTS = docstrings("test").items[:200]
UNIFORM = np.full(N_SYMBOLS, 3)
TABLE = lz77_kernels.log_gamma()
Parse = Callable[[bytes], list[int]]
Price = Callable[[list[int], np.ndarray], float]


def parse_by_kernel(text: bytes) -> list[int]:
    tallies, scratch = np.zeros(N_SYMBOLS, np.int64), lz77_kernels.scratch()
    lz77_kernels.parse_whole(np.frombuffer(text, np.uint8), *scratch, tallies)
    assert not scratch[0].any(), "the heads are left as they came"
    return tallies.tolist()


def price_by_kernel(tallies: list[int], prior: np.ndarray) -> float:
    bits = np.zeros(1)
    lz77_kernels.price(np.array([tallies]), np.arange(N_LITERAL_CODES), prior.astype(np.int64), TABLE, bits)
    return float(bits[0])


def price_by_reference(tallies: list[int], prior: np.ndarray) -> float:
    return price(tallies, prior.tolist())


parses = pytest.mark.parametrize("parsed", [parse_by_kernel, parse])
prices = pytest.mark.parametrize("priced", [price_by_kernel, price_by_reference])


def repetitive(size: int, alphabet: bytes, seed: int) -> bytes:
    source = random.Random(seed)
    parts = [bytes(source.choices(alphabet, k=source.randint(1, 60))) for _ in range(40)]
    return b"".join(source.choices(parts, k=size // 20))[:size]


@parses
def test_a_known_parse(parsed: Parse) -> None:
    """Nine literals, then a match of length 9 at distance 9: the first byte is never matched."""
    tallies = parsed(b"abcdefghi" * 2)
    assert tallies[ord("a")] == 2
    assert [tallies[byte] for byte in b"bcdefghi"] == [1] * 8
    assert tallies[257 + 8 - 3] == 1
    assert tallies[N_LITERAL_CODES + 6] == 1  # distances 9 to 12
    assert sum(tallies) == 10 + 1 + 1 + 1


@parses
@settings(max_examples=200, deadline=None)
@given(
    x=st.one_of(st.binary(min_size=1, max_size=60), st.text("ab", min_size=1, max_size=90).map(str.encode)),
    y=st.one_of(st.binary(max_size=60), st.text("ab", max_size=90).map(str.encode)),
    repeats=st.integers(1, 20),
)
def test_the_parse_is_that_of_deflate(parsed: Parse, x: bytes, y: bytes, repeats: int) -> None:
    x, y = x * repeats, y + x
    assert parsed(x + y) == Prefix(x).tallies(y)


@pytest.mark.parametrize("alphabet", [b"ab", b"abcdefgh ", bytes(range(256))])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 500, 40_000, 80_000])
def test_both_parses_agree_beyond_the_window_and_the_longest_chain(size: int, alphabet: bytes) -> None:
    text = repetitive(size, alphabet, seed=size)
    tallies = parse_by_kernel(text)
    assert tallies == parse(text)
    lengths = np.array(tallies[257:N_LITERAL_CODES])
    assert sum(tallies[:256]) + 3 * lengths.sum() <= size


@pytest.mark.parametrize("alphabet", [b"ab", b"abcdefgh ", bytes(range(256))])
@pytest.mark.parametrize("size", [0, 1, 3, 100, 300, 5_000, 33_000, 70_000])
def test_a_parse_that_is_taken_up_again_is_that_of_the_whole(alphabet: bytes, size: int) -> None:
    """Each y leaves everything as it was before, so that any order of them gives the same."""
    x, pool = repetitive(size, alphabet, seed=1), repetitive(80_000, alphabet, seed=2)
    ys = [x[-300:], b"", pool[:40_000], b"a", x[-40:] + pool[:500], x[:70_000], pool[-3:], pool[:40_000]]
    tallies = Lz77()._resumed_tallies(x, ys)
    for y, row in zip(ys, tallies.tolist(), strict=True):
        assert row == parse_by_kernel(x + y)


@prices
def test_the_price_is_the_product_of_shares(priced: Price) -> None:
    tallies, prior = [0] * N_SYMBOLS, np.arange(1, N_SYMBOLS + 1)
    tallies[5], tallies[256], tallies[N_LITERAL_CODES + 2] = 3, 1, 2
    of_literals, of_distances = (Fraction(int(part.sum()), 16) for part in (prior[:286], prior[286:]))
    shares = [Fraction(6, 16) + place for place in range(3)] + [Fraction(257, 16)]
    product = math.prod(shares) / math.prod(of_literals + place for place in range(4))
    product *= math.prod(Fraction(289, 16) + place for place in range(2))
    product /= math.prod(of_distances + place for place in range(2))
    assert priced(tallies, prior) == pytest.approx(-math.log2(product), abs=1e-9)


@prices
def test_a_next_symbol_of_every_kind_shares_all_there_is(priced: Price) -> None:
    """The shares of all symbols that could come next sum to one: it is a proper code."""
    tallies = [0] * N_SYMBOLS
    tallies[97], tallies[257], tallies[N_LITERAL_CODES] = 4, 2, 2
    prior = np.arange(1, N_SYMBOLS + 1)
    before = priced(tallies, prior)
    extra = lz77_kernels.EXTRA_BITS[:N_LITERAL_CODES]
    total = 0.0
    for symbol in range(N_LITERAL_CODES):
        after = [count + (place == symbol) for place, count in enumerate(tallies)]
        total += 2.0 ** (before - priced(after, prior) + extra[symbol])
    assert total == pytest.approx(1, abs=1e-9)


def test_prices_agree_for_counts_beyond_the_table() -> None:
    tallies = [0] * N_SYMBOLS
    tallies[97], tallies[98], tallies[300], tallies[256] = 70_000, 1, 9_000, 1
    for prior in (UNIFORM, np.full(N_SYMBOLS, 60_000)):
        assert price_by_kernel(tallies, prior) == pytest.approx(price_by_reference(tallies, prior), rel=1e-12)


@pytest.mark.parametrize("subject", [Lz77(), Lz77().fitted(TEXTS[:50])], ids=["uniform", "learned"])
def test_joint_lengths_are_exactly_those_of_each_pair(subject: Lz77) -> None:
    """To the last bit, whatever else is in the table: ties stay ties."""
    xs, ys = [b"", b"x", *(text + b" " for text in TEXTS[:6])], [b"", b"abc", b"ab" * 3000, *TEXTS[6:60]]
    table = subject._joint_batch(xs, ys)
    assert table.tolist() == [[subject.code_length(x + y) for y in ys] for x in xs]
    columns = [np.array([3, 0, 5])] * len(xs)
    assert np.array_equal(np.stack(subject._pairs_batch(xs, ys, columns)), table[:, [3, 0, 5]])


def test_pairs_out_of_the_kernels_reach() -> None:
    long, two_letters = repetitive(33_000, b"abcdefgh", 1), bytes(random.Random(2).choices(b"ab", k=6_000))
    xs, ys = [long, two_letters], [b"abc", long[:500], two_letters]
    pairs = deflate_pairs.PairTallies(deflate_pairs.prepare(ys), xs)
    reached = [[sizes.tolist() for _, _, sizes in pairs.blocks(x, np.arange(3))] for x in xs]
    assert reached == [[], [[6_003, 6_500, 0]]]
    lz77 = Lz77()
    assert lz77._joint_batch(xs, ys).tolist() == [[lz77.code_length(x + y) for y in ys] for x in xs]
    with pytest.warns(WindowWarning):
        lz77.prime(long)


def test_it_is_finer_and_shorter_than_deflate() -> None:
    lz77, deflate = coder("lz77"), coder("deflate")
    bits = lz77.code_lengths(TEXTS)
    assert (bits < deflate.code_lengths(TEXTS)).mean() > 0.95
    assert len(set((bits % 8).tolist())) > len(TEXTS) // 2


class TestLearned:
    def test_common_things_get_cheap(self) -> None:
        lz77, fitted = Lz77(), Lz77().fitted(TEXTS[:100])
        assert (fitted.code_lengths(TEXTS[100:]) < lz77.code_lengths(TEXTS[100:])).all()
        assert lz77.prior_bits == 0
        assert fitted.prior_bits == 16 * N_SYMBOLS

    def test_order_and_repetition_do_not_matter(self) -> None:
        shuffled = random.Random(0).sample(TEXTS, len(TEXTS))
        assert Lz77().fitted(TEXTS) == Lz77().fitted(shuffled + TEXTS[:5])

    def test_what_was_learned_stays(self) -> None:
        fitted = Lz77().fitted(TEXTS[:20])
        assert fitted.fitted(TEXTS[20:]) == fitted

    def test_it_survives_its_name_and_its_config(self) -> None:
        fitted = Lz77().fitted(TEXTS[:20])
        assert coder(str(fitted)) == coder(fitted.config) == fitted
        assert "sha256" in fitted.fingerprint
        assert fitted.prior not in fitted.fingerprint

    @pytest.mark.parametrize("items", [[], [b""], [b"a"]])
    def test_little_to_learn_from(self, items: list[bytes]) -> None:
        assert math.isfinite(Lz77().fitted(items).code_length("abcabc"))

    @pytest.mark.parametrize(
        "prior", ["abc", "????", base64.b64encode(bytes(632)).decode(), base64.b64encode(b"\1" * 630).decode(), 3, None]
    )
    def test_a_broken_prior_is_refused(self, prior: object) -> None:
        with pytest.raises(ParameterError, match="316 positive 16-bit numbers"):
            Lz77(prior=prior)
