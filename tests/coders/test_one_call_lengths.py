"""`kolmo.code_length` and `kolmo.surprisals`."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

import kolmo
from kolmo.errors import DataError, ParameterError


@given(st.binary(), st.binary(), st.sampled_from(["deflate", "zstd", "ngram", "bz2"]))
def test_lengths_are_those_of_the_coder(data: bytes, context: bytes, name: str) -> None:
    coder = kolmo.coder(name)
    assert kolmo.code_length(data, coder=name) == coder.code_length(data)
    assert kolmo.code_length(data, coder=coder, context=context) == coder.prime(context).code_length(data)


@given(st.text(max_size=40), st.text(max_size=40))
def test_surprisals_sum_to_the_code_length(data: str, context: str) -> None:
    bits = kolmo.surprisals(data, coder="ngram", context=context)
    assert len(bits) == len(data.encode())
    size_bits = 8 * (1 + (len(data.encode()) > 127))
    end_bits = 2 if data else 0
    assert kolmo.code_length(data, coder="ngram", context=context) == pytest.approx(bits.sum() + size_bits + end_bits)


def test_arguments_are_checked() -> None:
    with pytest.raises(ParameterError, match="expected a predictive coder, such as 'ngram' or 'mix', got 'gzip'"):
        kolmo.surprisals("x", coder="gzip")
    with pytest.raises(DataError, match="expected str or bytes, got int"):
        kolmo.code_length(7)
