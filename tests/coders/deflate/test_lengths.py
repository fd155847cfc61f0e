"""Exact deflate lengths: the kernels and their plain reference against the installed zlib, and what guards them."""

from __future__ import annotations

import random
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from deflate_reference import Prefix, block_size, huffman_lengths, least_block_size
from hypothesis import given, settings, strategies as st

from kolmo import coder
from kolmo.coders.deflate import lengths as deflate_lengths
from kolmo.coders.deflate.lengths import bounded_sizes, joint_sizes
from kolmo.coders.deflate.pairs import prepare
from kolmo.coders.deflate.tables import LARGEST_JOINT_SIZE, N_SYMBOLS
from kolmo.data.builtin import docstrings
from kolmo.errors import FallbackWarning

Sizes = Callable[[list[bytes], list[bytes]], np.ndarray]

pytestmark = pytest.mark.skipif("zlib-ng" in zlib.ZLIB_RUNTIME_VERSION, reason="the installed zlib is zlib-ng")


def by_zlib(xs: list[bytes], ys: list[bytes]) -> np.ndarray:
    return np.array([[len(zlib.compress(x + y, 9, -15)) for y in ys] for x in xs])


def by_kernels(xs: list[bytes], ys: list[bytes]) -> np.ndarray:
    return table(joint_sizes(xs, prepare(ys)), ys)


def table(rows: list[np.ndarray], ys: list[bytes]) -> np.ndarray:
    return np.array(rows, np.int64).reshape(len(rows), len(ys))


def by_reference(xs: list[bytes], ys: list[bytes]) -> np.ndarray:
    prefixes = [Prefix(x) for x in xs]
    return np.array([[prefix.joint_size(y) for y in ys] for prefix in prefixes])


def without_fallback(xs: list[bytes], ys: list[bytes]) -> np.ndarray:
    """Return what the kernels alone give: -1 where they leave a pair to zlib."""
    everything = [np.arange(len(ys))] * len(xs)
    return table(deflate_lengths._sizes_by_kernels(xs, prepare(ys), everything), ys)


TEXTS = docstrings("test").items[:300]


def of_two_letters(source: random.Random, size: int) -> bytes:
    return bytes(source.choices(b"ab", k=size))


def of_random_bytes(source: random.Random, size: int) -> bytes:
    return source.randbytes(size)


def of_runs(source: random.Random, size: int) -> bytes:
    parts = [bytes([source.choice(b"abc")]) * source.randint(1, 1 + size // 2) for _ in range(4)]
    return b"".join(parts)[:size]


def of_a_period(source: random.Random, size: int) -> bytes:
    return (bytes(source.choices(b"abc ", k=source.randint(1, 9))) * (size + 1))[:size]


def of_utf8(source: random.Random, size: int) -> bytes:
    return "".join(source.choices("éàü漢字 仮名abc ", k=size)).encode()


def of_skewed_bytes(source: random.Random, size: int) -> bytes:
    """Return bytes whose counts grow so steeply that codes hit their longest length."""
    return bytes(source.choices(range(40), weights=[1.6**rank for rank in range(40)], k=size))


def of_text(source: random.Random, size: int) -> bytes:
    text = b" ".join(source.choices(TEXTS, k=1 + size // 100))
    start = source.randrange(max(1, len(text) - size))
    return text[start : start + size]


KINDS = [of_two_letters, of_random_bytes, of_runs, of_a_period, of_utf8, of_skewed_bytes, of_text]
SIZES = [0, 1, 2, 3, 4, 5, 7, 10, 20, 50, 100, 300, 700]


def pairs_of(kind: Callable[[random.Random, int], bytes], n_xs: int, n_ys: int, seed: int) -> tuple[list[bytes], ...]:
    """Return prefixes of one kind, none of them empty, and items of which a third is of other kinds."""
    source = random.Random(seed)
    xs = [kind(source, source.choice(SIZES)) or b"x" for _ in range(n_xs)]
    ys = [source.choice([kind, kind, source.choice(KINDS)])(source, source.choice(SIZES)) for _ in range(n_ys)]
    return xs, ys


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("sizes", "n_xs", "n_ys"), [(by_kernels, 60, 100), (by_reference, 8, 20)])
def test_sizes_are_those_of_zlib(sizes: Sizes, n_xs: int, n_ys: int, kind: Callable[..., bytes]) -> None:
    for seed in range(2):
        xs, ys = pairs_of(kind, n_xs, n_ys, seed)
        np.testing.assert_array_equal(sizes(xs, ys), by_zlib(xs, ys))


@pytest.mark.parametrize("sizes", [by_kernels, by_reference])
@settings(max_examples=150, deadline=None)
@given(
    x=st.one_of(st.binary(min_size=1, max_size=80), st.text("ab", min_size=1, max_size=200).map(str.encode)),
    ys=st.lists(st.one_of(st.binary(max_size=80), st.text("ab", max_size=200).map(str.encode)), max_size=6),
    repeats=st.integers(1, 30),
)
def test_sizes_of_generated_pairs(sizes: Sizes, x: bytes, ys: list[bytes], repeats: int) -> None:
    ys = [*ys, x, x[1:], x * repeats]
    np.testing.assert_array_equal(sizes([x * repeats], ys), by_zlib([x * repeats], ys))


@pytest.mark.parametrize("size", [2_000, 8_000, 15_000])
def test_long_documents(size: int) -> None:
    source = random.Random(size)
    xs = [of_text(source, size + source.randint(-300, 300)) for _ in range(4)]
    ys = [of_text(source, size + source.randint(-300, 300)) for _ in range(12)] + [xs[0], xs[1][-size // 2 :]]
    expected = by_zlib(xs, ys)
    np.testing.assert_array_equal(by_kernels(xs, ys), expected)
    np.testing.assert_array_equal(by_reference(xs[:1], ys[:3]), expected[:1, :3])
    assert (without_fallback(xs, ys) >= 0).mean() > 0.9, "the short cut is not taken"


def test_short_cut_is_taken_for_texts() -> None:
    assert (without_fallback([text + b" " for text in TEXTS[:50]], TEXTS) >= 0).all()


def test_matches_across_the_seam() -> None:
    seams = [b"", b"a", b"aa", b"ab", b"abc", b"xaaa", b"abcab", b"aaaa", b"bcabca", b"\0\0\0"]
    xs = [head + seam for head in (b"", b"z", b"abcabcabd", b"aaaaaaaaaa") for seam in seams if head + seam]
    ys = [seam + tail for tail in (b"", b"a", b"bcabcab", b"aaaaaaaa") for seam in seams]
    expected = by_zlib(xs, ys)
    np.testing.assert_array_equal(without_fallback(xs, ys), expected)
    np.testing.assert_array_equal(by_reference(xs, ys), expected)


def test_matches_of_the_longest_length() -> None:
    for size in range(255, 263):
        x, ys = b"q" + b"a" * size, [b"a" * more for more in (1, 2, 3, 257, 258, 259, 260, 516, 517)]
        np.testing.assert_array_equal(without_fallback([x], ys), by_zlib([x], ys))


def test_short_matches_from_far_away_are_literals() -> None:
    filler = random.Random(3).randbytes(4096)
    xs = [b"-abc" + filler[:size] for size in range(4086, 4097)]
    ys = [b"abc", b"abcd", b"xabc", b"abcabc"]
    np.testing.assert_array_equal(without_fallback(xs, ys), by_zlib(xs, ys))


@pytest.mark.parametrize("kind", KINDS)
def test_no_size_is_below_its_bound(kind: Callable[..., bytes]) -> None:
    xs, ys = pairs_of(kind, 60, 100, 5)
    sizes, bounds, exact = by_zlib(xs, ys), np.zeros((60, 100)), np.zeros((60, 100))
    for row, columns, bound, of_places in bounded_sizes(xs, prepare(ys)):
        bounds[row, columns] = bound
        places = np.arange(len(bound))[::-3]
        exact[row, columns.start + places] = of_places(places)
        np.testing.assert_array_equal(exact[row, columns.start + places], sizes[row, columns.start + places])
    assert (bounds <= sizes).all()
    assert (bounds > 0).mean() > 0.9, "most pairs are bounded"
    expected = [[least_block_size(Prefix(x).tallies(y), len(x) + len(y)) for y in ys[:10]] for x in xs[:5]]
    judged = bounds[:5, :10] > 0
    np.testing.assert_array_equal(bounds[:5, :10][judged], np.array(expected)[judged])


@settings(max_examples=300, deadline=None)
@given(counts=st.lists(st.integers(0, 12), min_size=N_SYMBOLS, max_size=N_SYMBOLS), thinned=st.integers(1, 40))
def test_no_block_is_below_its_bound(counts: list[int], thinned: int) -> None:
    """Whatever is counted, and however little of it."""
    tallies = [count if symbol % thinned == 0 else 0 for symbol, count in enumerate(counts)]
    tallies[256] = 1
    assert least_block_size(tallies, 2**20) <= block_size(tallies, 2**20)


def test_bounds_of_texts_are_tight() -> None:
    xs, ys = [text + b" " for text in TEXTS[:20]], TEXTS[20:200]
    sizes = by_zlib(xs, ys)
    bounds = np.array([bound for _, _, bound, _ in bounded_sizes(xs, prepare(ys))])
    assert np.median(sizes - bounds) < 0.2 * np.median(sizes)


def test_chosen_pairs() -> None:
    xs, ys = TEXTS[:3], TEXTS[3:20]
    columns = [np.array([4, 4, 0]), np.array([], np.int64), np.array([16])]
    sizes, expected = joint_sizes(xs, prepare(ys), columns), by_zlib(xs, ys)
    for row, (found, chosen) in enumerate(zip(sizes, columns, strict=True)):
        assert found.tolist() == expected[row, chosen].tolist()
    bits = coder("gzip")._pairs_batch(xs, ys, columns)
    assert [row.tolist() for row in bits] == [(8.0 * (row + 18)).tolist() for row in sizes]


class TestGuards:
    """Outside the reach of the kernels, zlib itself decides; each guard is needed, and each is hit."""

    def test_empty_prefix(self) -> None:
        ys = [b"", b"a", b"aaaa" * 9, *TEXTS[:5]]
        assert (without_fallback([b""], ys) == -1).all()
        np.testing.assert_array_equal(by_kernels([b""], ys), by_zlib([b""], ys))
        np.testing.assert_array_equal(by_reference([b""], ys), by_zlib([b""], ys))

    def test_joint_sizes_beyond_the_window(self) -> None:
        x = (b"".join(TEXTS) * 9)[:20_000]
        ys = [x[: LARGEST_JOINT_SIZE - len(x) + more] for more in (-1, 0, 1)] + [x, x * 3]
        assert (without_fallback([x], ys) >= 0).tolist() == [[True, True, False, False, False]]
        np.testing.assert_array_equal(by_kernels([x], ys), by_zlib([x], ys))
        huge = (x * 4)[:70_000]
        np.testing.assert_array_equal(by_kernels([huge], [b"", b"a"]), by_zlib([huge], [b"", b"a"]))

    def test_more_symbols_than_a_block_holds(self) -> None:
        source = random.Random(1)
        # random bytes have few matches, so there is about one symbol a byte
        x, ys = source.randbytes(10_000), [source.randbytes(size) for size in (6_000, 6_370, 6_390, 6_500, 9_000)]
        own = without_fallback([x], ys)
        assert own[0, 0] >= 0
        assert own[0, -1] == -1
        np.testing.assert_array_equal(by_kernels([x], ys), by_zlib([x], ys))

    def test_full_hash_buckets(self) -> None:
        source = random.Random(2)
        x, ys = of_two_letters(source, 6_000), [of_two_letters(source, size) for size in (100, 2_000, 9_000)]
        own = without_fallback([x, b"aaaab"], ys)
        assert own[0, 0] >= 0
        assert own[0, 2] == own[1, 2] == -1
        np.testing.assert_array_equal(by_kernels([x], ys), by_zlib([x], ys))
        runs = [b"x" + b"a" * size for size in (1_000, 1_025, 1_030, 3_000)]
        np.testing.assert_array_equal(by_kernels(runs, [b"a" * 40, b"b"]), by_zlib(runs, [b"a" * 40, b"b"]))


def take_the_short_cut_for_little(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SMALLEST_WORK", "SMALLEST_WORK_ONCE_LOADED"):
        monkeypatch.setattr(deflate_lengths, name, 0)


@pytest.mark.parametrize("name", ["deflate", "zlib", "gzip"])
def test_coders_take_the_short_cut_unasked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    real = deflate_lengths.joint_sizes
    monkeypatch.setattr(deflate_lengths, "joint_sizes", lambda *given: taken.append(1) or real(*given))
    take_the_short_cut_for_little(monkeypatch)
    subject, (xs, ys) = coder(name), (TEXTS[:20], TEXTS[20:60])
    table = subject._joint_batch(xs, ys)
    assert taken
    expected = [[8.0 * len(subject.compress(x + y)) for y in ys] for x in xs]
    np.testing.assert_array_equal(table, expected)
    np.testing.assert_array_equal(subject._joint_batch(xs[:1], ys), expected[:1])
    assert table.dtype == np.float64


def test_other_levels_and_little_work_go_to_zlib(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object) -> None:
        raise AssertionError("the kernels were asked")

    monkeypatch.setattr(deflate_lengths, "joint_sizes", fail)
    little = coder("deflate")._joint_batch(TEXTS[:2], TEXTS[:3])
    np.testing.assert_array_equal(little, 8.0 * by_zlib(TEXTS[:2], TEXTS[:3]))
    take_the_short_cut_for_little(monkeypatch)
    fast = coder("deflate", level=1)._joint_batch(TEXTS[:2], TEXTS[:3])
    assert fast[0, 0] == 8.0 * len(zlib.compress(TEXTS[0] * 2, 1, -15))
    with pytest.raises(AssertionError, match="were asked"):
        coder("deflate")._joint_batch(TEXTS[:2], TEXTS[:3])


def test_nothing_to_do() -> None:
    assert by_kernels([], [b"a"]).shape == (0, 1)
    assert by_kernels([b"a"], []).shape == (1, 0)
    assert coder("deflate")._joint_batch([], []).shape == (0, 0)


def test_threads_do_not_change_a_length() -> None:
    xs, prepared = [text + b" " for text in TEXTS[:40]], prepare(TEXTS)
    alone = joint_sizes(xs, prepared)
    with ThreadPoolExecutor(4) as threads:
        rows = list(threads.map(lambda x: joint_sizes([x], prepared)[0], xs * 3))
    np.testing.assert_array_equal(rows, alone * 3)


class TestAvailability:
    @pytest.fixture(autouse=True)
    def _forget(self) -> object:
        deflate_lengths.is_available.cache_clear()
        yield
        deflate_lengths.is_available.cache_clear()

    def test_available_here(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert deflate_lengths.is_available()

    def check_falls_back(self, monkeypatch: pytest.MonkeyPatch, match: str) -> None:
        """One warning, and the right lengths."""
        take_the_short_cut_for_little(monkeypatch)
        with pytest.warns(FallbackWarning, match=match) as caught:
            tables = [coder(name)._joint_batch(TEXTS[:2], TEXTS[:3]) for name in ("deflate", "gzip")]
        assert len(caught) == 1
        np.testing.assert_array_equal(tables[0], 8.0 * by_zlib(TEXTS[:2], TEXTS[:3]))

    def test_zlib_ng(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(zlib, "ZLIB_RUNTIME_VERSION", "1.3.1.zlib-ng")
        self.check_falls_back(monkeypatch, "zlib-ng")

    def test_zlib_that_gives_other_sizes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(deflate_lengths, "_size_by_zlib", lambda x, y: len(zlib.compress(x + y, 6, -15)))
        self.check_falls_back(monkeypatch, "gives other sizes")

    def test_broken_numba(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in ("index", "parse", "huffman"):
            monkeypatch.delitem(sys.modules, f"kolmo.coders.deflate.{module}", raising=False)
            monkeypatch.delattr(f"kolmo.coders.deflate.{module}", raising=False)
        monkeypatch.delitem(sys.modules, "kolmo._core.jit", raising=False)
        monkeypatch.setitem(sys.modules, "numba", None)
        self.check_falls_back(monkeypatch, "kernels do not run")


def test_numba_stays_away_until_there_is_much_to_do() -> None:
    program = (
        "import sys, kolmo; gzip = kolmo.coder('gzip'); gzip.code_length('x'); gzip.joint_code_length('x', 'y'); "
        "print('numba' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


class TestReference:
    def test_fibonacci_counts_hit_the_longest_code(self) -> None:
        counts = [1, 1]
        while len(counts) < 20:
            counts.append(counts[-1] + counts[-2])
        assert max(huffman_lengths(counts, 15)) == 15
        assert max(huffman_lengths(counts, 30)) == 19
        lengths = huffman_lengths(counts, 15)
        assert sum(2.0**-length for length in lengths) == 1

    @pytest.mark.parametrize(
        ("counts", "lengths"),
        [([0, 0, 0], [1, 1]), ([5, 0, 0], [1, 1]), ([0, 5, 0], [0, 1, 1]), ([0, 0, 0, 5], [1, 0, 0, 1])],
    )
    def test_a_code_has_two_symbols(self, counts: list[int], lengths: list[int]) -> None:
        assert huffman_lengths(counts, 15) == lengths

    def test_long_codes_in_a_real_stream(self) -> None:
        """Counts of Fibonacci numbers, in an order without matches: the kernels bound the codes as zlib does."""
        from kolmo.coders.deflate.huffman import block_sizes, scratch

        counts = [1, 1]
        while sum(counts) < 16_000:
            counts.append(counts[-1] + counts[-2])
        source = random.Random(4)
        tallies = np.zeros((9, N_SYMBOLS), np.uint16)
        for row in tallies:
            symbols = source.sample(range(256), len(counts) - 1)
            row[symbols] = counts[:-1]
            row[256] = 1
            row[285 + source.randrange(1, 30)] = source.randrange(3)
        stored, sizes = np.full(9, 30_000), np.zeros(9, np.int64)
        block_sizes(tallies, stored, np.arange(286), *scratch(), sizes)
        assert sizes.tolist() == [block_size(row.tolist(), 30_000) for row in tallies]


@pytest.mark.realdata
def test_news(data_dir: Path) -> None:
    lines = (data_dir / "text" / "ag_news" / "train10k.tsv").read_bytes().splitlines()
    texts = [line.partition(b"\t")[2] for line in lines[:600]]
    xs, ys = [text + b" " for text in texts[:50]], texts[50:]
    np.testing.assert_array_equal(without_fallback(xs, ys), by_zlib(xs, ys))
