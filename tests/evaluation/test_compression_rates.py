"""Rates count what they say: the code, and the model where there is one."""

from __future__ import annotations

import numpy as np
import pytest

from kolmo import coder, compression_rate
from kolmo.errors import DataError, ParameterError
from kolmo.evaluation import bits_by_position

TEXT = b"a rose is a rose is a rose, and a thorn is a thorn; " * 100


def test_a_rate_is_the_code_length() -> None:
    rate = compression_rate(TEXT, "deflate")
    assert rate.code_bits == coder("deflate").code_length(TEXT)
    assert rate.raw == rate.adjusted == rate.code_bits / 8 / len(TEXT)
    assert rate.bits_per_byte == 8 * rate.raw


@pytest.mark.parametrize("chunk", [1, 100, 2048, 10**6])
def test_chunks_are_coded_each_alone(chunk: int) -> None:
    rate = compression_rate(TEXT, "gzip", chunk=chunk)
    pieces = [TEXT[start : start + chunk] for start in range(0, len(TEXT), chunk)]
    assert rate.code_bits == coder("gzip").code_lengths(pieces).sum()
    assert rate.raw >= compression_rate(TEXT, "gzip").raw


def test_random_bytes_do_not_compress() -> None:
    noise = np.random.default_rng(0).integers(0, 256, 20_000, np.uint8).tobytes()
    for spec in ("gzip", "mix", "ngram"):
        assert compression_rate(noise, spec, chunk=2048).raw > 1


def test_bits_fall_with_the_place_in_a_chunk() -> None:
    curve = bits_by_position(TEXT, "ngram", chunk=1024)
    assert [place for place, _ in curve] == [16, 32, 64, 128, 256, 512, 1024]
    assert curve.bits_per_byte[-1] < 1 < curve.bits_per_byte[0]
    mean = sum(bits * size for (_, bits), size in zip(curve, (16, 16, 32, 64, 128, 256, 512), strict=True)) / 1024
    pieces = [TEXT[start : start + 1024] for start in range(0, len(TEXT) - 1023, 1024)]
    lengths = coder("ngram").code_lengths(pieces).mean() - coder("ngram").overhead_bits
    assert mean == pytest.approx(lengths / 1024)


def test_results_are_tables_and_frames() -> None:
    pytest.importorskip("pandas", reason="pandas is not installed (extra frames)")
    rates = [compression_rate(TEXT, "gzip", chunk=chunk) for chunk in (None, 1000)]
    assert list(rates[0].to_frame().columns) == list(rates[0].to_dict())
    (table,) = type(rates[0]).tables_of(rates)
    assert [row[:2] for row in table.rows] == [["1,000", "gzip"], ["whole", "gzip"]]
    assert rates[0].fingerprint not in str(rates[0])
    assert rates[0].fingerprint in type(rates[0]).tables_of(rates, verbose=True)[0].footers
    curve = bits_by_position(TEXT, "gzip", chunk=64)
    assert curve.to_frame().values.tolist() == [[place, bits] for place, bits in curve]
    assert curve.to_dict()["bits_per_byte"] == list(curve.bits_per_byte)
    assert len(curve) == len(type(curve).tables_of([curve])[0].rows) == 3
    assert curve.n_chunks == len(TEXT) // 64


def test_nothing_has_no_rate() -> None:
    with pytest.raises(DataError, match="at least one byte"):
        compression_rate(b"", "gzip")
    with pytest.raises(DataError, match="at least one chunk"):
        bits_by_position(b"short", "gzip")
    with pytest.raises(ParameterError):
        compression_rate(TEXT, "gzip", chunk=0)
