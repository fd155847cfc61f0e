"""Mixtures and the best of several are hardly longer than their best member."""

from __future__ import annotations

import math

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
