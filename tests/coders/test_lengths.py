"""What each coder measures is what its name says: known sizes, and the library's own calls."""

from __future__ import annotations

import bz2
import gzip
import lzma
import math
import zlib
from collections import Counter

import brotli
import pytest
import zstandard
from hypothesis import given, strategies as st

from kolmo import coder

TEXT = b"It was the best of times, it was the worst of times, it was the age of wisdom. " * 5


@pytest.mark.parametrize(
    ("spec", "size"),
    [
        ("xz", 60),
        ("bz2", 37),
        ("gzip", 21),
        ("zstd:magicless=false", 10),
        ("zstd", 6),
        ("lzma", 5),
        ("deflate", 3),
        ("zlib", 9),
        ("uniform", 2),
    ],
)
def test_framing_of_a_text_of_one_byte(spec: str, size: int) -> None:
    assert coder(spec).code_length(b"a") == 8 * size


@given(st.binary(max_size=2000))
def test_lengths_are_those_of_the_library(data: bytes) -> None:
    expected = {
        "gzip": gzip.compress(data),
        "gzip:level=6": gzip.compress(data, 6),
        "zlib": zlib.compress(data, 9),
        "deflate": zlib.compress(data, 9)[2:-4],
        "bz2": bz2.compress(data),
        "xz": lzma.compress(data),
        "zstd:magicless=false": zstandard.compress(data, 3),
        "zstd:level=19": zstandard.compress(data, 19)[4:],
        "brotli:quality=9": brotli.compress(data, quality=9),
    }
    for spec, stream in expected.items():
        assert coder(spec).code_length(data) == 8 * len(stream), spec


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 100_000, 3_000_000])
def test_a_dictionary_as_small_as_the_data_does_not_change_raw_lzma(size: int) -> None:
    data = (TEXT * (size // len(TEXT) + 1))[:size]
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6}]
    assert coder("lzma").code_length(data) == 8 * len(lzma.compress(data, lzma.FORMAT_RAW, filters=filters))


def test_streams_are_files_that_other_programs_read() -> None:
    assert gzip.decompress(coder("gzip").compress(TEXT)) == TEXT
    assert zlib.decompress(coder("deflate").compress(TEXT), -15) == TEXT
    assert bz2.decompress(coder("bz2").compress(TEXT)) == TEXT
    assert lzma.decompress(coder("xz").compress(TEXT)) == TEXT
    assert zstandard.decompress(coder("zstd:magicless=false").compress(TEXT)) == TEXT
    assert brotli.decompress(coder("brotli").compress(TEXT)) == TEXT


def test_zlib_levels_6_and_9_agree_on_short_texts() -> None:
    assert coder("gzip:level=6").code_length(TEXT[:200]) == coder("gzip:level=9").code_length(TEXT[:200])


@given(st.binary(max_size=300), st.binary(max_size=300), st.sampled_from([0.01, 0.5, 1.0]))
def test_order0_is_the_sum_of_its_adaptive_predictions(context: bytes, data: bytes, alpha: float) -> None:
    counts, seen, bits = Counter(context), len(context), 0.0
    for byte in data:
        bits -= math.log2((counts[byte] + alpha) / (seen + 256 * alpha))
        counts[byte] += 1
        seen += 1
    assert coder("order0", alpha=alpha).prime(context).code_length(data) == pytest.approx(bits, abs=1e-6)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_order0_keeps_the_chain_rule(x: bytes, y: bytes) -> None:
    order0 = coder("order0")
    assert order0.code_length(x) + order0.prime(x).code_length(y) == pytest.approx(
        order0.joint_code_length(x, y), abs=1e-6
    )


def test_native_priming_writes_the_formats_that_take_a_dictionary() -> None:
    inflate = zlib.decompressobj(-15, zdict=TEXT)
    assert inflate.decompress(coder("deflate").prime(TEXT).compress(TEXT[5:90])) == TEXT[5:90]
    dictionary = zstandard.ZstdCompressionDict(TEXT, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    stream = coder("zstd:magicless=false").prime(TEXT).compress(TEXT[5:90])
    assert zstandard.ZstdDecompressor(dict_data=dictionary).decompress(stream) == TEXT[5:90]
