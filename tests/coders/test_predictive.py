"""Predictive coders: surprisals add up, distributions agree with them, snapshots stand apart, samples repeat."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kolmo import coder
from kolmo.coders.entropy.multisymbol import Decoder, Encoder, frequencies
from kolmo.coders.predictive import PredictiveCoder
from kolmo.errors import DecodeError, ParameterError

SPECS = ["ngram", "ngram:order=0", "ngram:order=8,exclusion=false", "mixture:kind=switch", "mixture:coders=ngram+mix"]
TEXT = b"how much wood would a woodchuck chuck if a woodchuck could chuck wood? "


def predictive(spec: str) -> PredictiveCoder:
    made = coder(spec)
    assert isinstance(made, PredictiveCoder)
    return made


@pytest.mark.parametrize("spec", SPECS)
def test_the_chain_rule_holds_byte_by_byte(spec: str) -> None:
    made = predictive(spec)
    whole = made.surprisals(TEXT + b"chuck")
    rest = made.cursor(TEXT).surprisals(b"chuck")
    assert np.allclose(whole[len(TEXT) :], rest, atol=1e-9)
    assert (whole > 0).all()


@pytest.mark.parametrize("spec", [*SPECS, "mix"])
def test_a_distribution_is_what_surprisals_say(spec: str) -> None:
    cursor = predictive(spec).cursor(TEXT)
    chances = cursor.distribution()
    assert chances.shape == (256,)
    assert chances.sum() == pytest.approx(1, abs=1e-9)
    for byte in b"h w\0\xff":
        assert -np.log2(chances[byte]) == pytest.approx(float(cursor.copy().surprisals(bytes([byte]))[0]), abs=1e-9)


@pytest.mark.parametrize("spec", [*SPECS, "mix"])
def test_a_copy_goes_its_own_way(spec: str) -> None:
    cursor = predictive(spec).cursor(TEXT)
    before = cursor.distribution()
    cursor.copy().surprisals(b"zzzz" * 50)
    assert np.array_equal(cursor.distribution(), before)


@given(data=st.binary(max_size=60), context=st.binary(max_size=60))
@settings(max_examples=30, deadline=None)
def test_primed_streams_decode(data: bytes, context: bytes) -> None:
    for spec in ("ngram:order=2", "mixture"):
        primed = coder(spec).prime(context)
        assert primed.decompress(primed.compress(data)) == data


@pytest.mark.parametrize("spec", ["ngram", "mix", "mixture"])
def test_samples_repeat_and_continue_the_context(spec: str) -> None:
    made = predictive(spec)
    first = made.sample(20, context=TEXT * 6, random_state=3, temperature=0.1)
    assert first == made.sample(20, context=TEXT * 6, random_state=3, temperature=0.1)
    assert first == (TEXT * 2)[:20]
    assert made.sample(0) == b""


@pytest.mark.parametrize(
    ("arguments", "named"), [({"size": -1}, "size"), ({"size": 3, "temperature": 0}, "temperature")]
)
def test_samples_that_there_are_not_are_refused(arguments: dict[str, float], named: str) -> None:
    with pytest.raises(ParameterError, match=named):
        predictive("ngram").sample(**arguments)  # type: ignore[arg-type]


def test_threads_get_the_lengths_of_one() -> None:
    primed = coder("ngram").prime(TEXT * 9)
    items = [TEXT[start : start + 25] for start in range(40)]
    expected = [primed.code_length(item) for item in items]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(primed.code_length, items * 3)) == expected * 3


@given(
    weights=st.lists(st.floats(1e-9, 1.0), min_size=256, max_size=256),
    symbols=st.binary(min_size=1, max_size=200),
)
@settings(max_examples=20, deadline=None)
def test_arithmetic_code_is_as_short_as_the_probabilities(weights: list[float], symbols: bytes) -> None:
    chances = np.array(weights) / sum(weights)
    counts, encoder = frequencies(chances), Encoder()
    assert counts.sum() == 2**32
    assert counts.min() >= 1
    for symbol in symbols:
        encoder.encode(counts, symbol)
    stream = encoder.finish()
    assert 8 * len(stream) <= -np.log2(counts[list(symbols)] / 2**32).sum() + 16
    decoder = Decoder(stream)
    assert bytes(decoder.decode(counts) for _ in symbols) == symbols
    decoder.finish(len(symbols))
    longer = Decoder(stream + b"!")
    for _ in symbols:
        longer.decode(counts)
    with pytest.raises(DecodeError):
        longer.finish(len(symbols))
