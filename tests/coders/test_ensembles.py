"""Mixtures and the best of several are hardly longer than their best member."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kolmo import coder
from kolmo.coders import best, mixture
from kolmo.errors import DecodeError, ParameterError

MEMBERS = ["ngram:order=1", "ngram:order=4,discount=0.5", "ngram:order=6"]
SOME = st.text("ab \n", max_size=200).map(str.encode) | st.binary(max_size=200)


@given(data=SOME, context=SOME)
@settings(max_examples=30, deadline=None)
def test_a_mixture_costs_at_most_the_choice(data: bytes, context: bytes) -> None:
    primed = mixture(MEMBERS).prime(context)
    lengths = [coder(member).code_length(context + data) for member in MEMBERS]
    whole = mixture(MEMBERS).code_length(context + data)
    assert whole <= min(lengths) + math.log2(3) + 1e-6
    assert primed.decompress(primed.compress(data)) == data


@given(data=SOME)
@settings(max_examples=30, deadline=None)
def test_the_best_costs_the_choice_and_no_more(data: bytes) -> None:
    members = ["gzip", "bz2", "ngram", "uniform"]
    chosen = best(members)
    assert chosen.code_length(data) == min(coder(member).code_length(data) for member in members) + 2
    assert chosen.decompress(chosen.compress(data)) == data


def test_switching_wins_where_the_best_member_changes() -> None:
    members = ["ngram:order=0,weight=1000", "ngram:order=3,adapt=false"]
    noise = bytes((number * number * 7919 >> 3) % 256 for number in range(300))
    data = (b"the cat sat on the mat. " * 10 + noise) * 4
    context = b"the cat sat on the mat. " * 3
    switching, fixed = (mixture(members, kind=kind).prime(context).code_length(data) for kind in ("switch", "bayes"))
    assert switching < fixed


def test_members_keep_their_parameters() -> None:
    made = mixture(MEMBERS)
    assert made == coder(made.config) == coder(str(made))
    assert list(made.members) == [coder(member) for member in MEMBERS]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mixture(["gzip", "ngram"]), "expected predictive coders"),
        (lambda: mixture("ngram"), "expected a list of coders"),
        (lambda: mixture([]), "expected the names of coders"),
        (lambda: mixture(MEMBERS, kind="mean"), "kind: expected 'bayes' or 'switch', got 'mean'"),
        (lambda: mixture(MEMBERS, kind="switch", rate=2), "rate: expected a number between 0 and 1, got 2"),
        (lambda: best(["gzip", "nothing"]), "no coder named"),
    ],
)
def test_members_that_do_not_fit_are_refused(make, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ParameterError, match=message):
        make()


def test_an_unknown_member_is_refused() -> None:
    with pytest.raises(DecodeError, match="names none"):
        best(["gzip", "bz2"]).decompress(b"\x07abc")


@pytest.mark.parametrize(
    "spec",
    ["ngram", "mix:level=1", "gru:hidden=16", "mixture:coders=ngram+mix:level=1,kind=switch"],
)
def test_the_chances_of_bits_multiply_to_those_of_bytes(spec: str) -> None:
    cursor = coder(spec).cursor(b"the cat sat on the mat, and ")
    whole, chances_of = cursor.distribution(), cursor.bit_chances()
    for byte in (0, 97, 116, 128, 255):
        is_one = np.unpackbits(np.array([byte], np.uint8)).astype(bool)
        product = np.where(is_one, chances_of(byte), 1 - chances_of(byte)).prod()
        assert product == pytest.approx(whole[byte], rel=1e-6, abs=1e-12)
        # a chance depends on the bits before it only, to the last digit: the decoder does not know the others
        for depth in range(1, 8):
            assert np.array_equal(
                chances_of(byte >> (8 - depth) << (8 - depth))[: depth + 1], chances_of(byte)[: depth + 1]
            )


@pytest.mark.parametrize("members", [["ngram", "mix:level=1"], ["gru:hidden=16", "mixture:coders=ngram+ngram:order=2"]])
@given(data=SOME, context=SOME)
@settings(max_examples=8, deadline=None)
def test_mixtures_of_all_kinds_decode(members: list[str], data: bytes, context: bytes) -> None:
    found = mixture(members).prime(context)
    stream = found.compress(data)
    assert found.decompress(stream) == data
    assert 8 * len(stream) == pytest.approx(found.code_length(data), abs=64)
