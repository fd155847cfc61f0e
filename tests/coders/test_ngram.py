"""The n-gram coder equals a plain reference, learns its settings, and is short on public text."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kolmo import coder
from kolmo.coders import Ngram
from kolmo.errors import ParameterError


def reference(data: bytes, order: int, discount: float, weight: float, exclusion: bool) -> list[float]:
    """Bits of each byte, by dictionaries of counts."""
    counts: dict[bytes, dict[int, int]] = defaultdict(dict)
    bits = []
    for place, symbol in enumerate(data):
        before = (bytes(8) + data[:place])[-8:]
        contexts = [bytes([k]) + before[8 - k :] for k in range(order + 1)]
        chance = 1 / 256
        for k, context in enumerate(contexts):
            seen = counts[context]
            if k and not seen:
                break
            own = max(seen.get(symbol, 0) - discount, 0)
            chance = (own + (discount * len(seen) + weight) * chance) / (sum(seen.values()) + weight)
        bits.append(-math.log2(chance))
        for context in reversed(contexts):
            known = symbol in counts[context]
            counts[context][symbol] = counts[context].get(symbol, 0) + 1
            if known and exclusion:
                break
    return bits


@given(
    data=st.text("abc ", max_size=300).map(str.encode) | st.binary(max_size=100),
    order=st.integers(0, 8),
    exclusion=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_kernel_equals_the_reference(data: bytes, order: int, exclusion: bool) -> None:
    bits = coder("ngram", order=order, exclusion=exclusion).surprisals(data)
    assert np.allclose(bits, reference(data, order, 0.8, 0.1, exclusion), atol=1e-9)


def test_a_trial_leaves_the_counts_as_they_were() -> None:
    cursor = Ngram()._cursor(b"abracadabra " * 30)
    before = cursor.copy()
    first = cursor.trial(b"something quite new, and then abracadabra")
    assert cursor.trial(b"something quite new, and then abracadabra") == first
    assert first == pytest.approx(float(before.surprisals(b"something quite new, and then abracadabra").sum()))
    assert np.array_equal(cursor.distribution(), Ngram()._cursor(b"abracadabra " * 30).distribution())


def test_settings_are_learned_whatever_the_order_of_the_items() -> None:
    items = [
        b"the %s sat on the %s number %d" % (a, b, i)
        for i in range(20)
        for a in (b"cat", b"dog")
        for b in (b"mat", b"rug")
    ]
    learned = coder("ngram").learned(items)
    assert learned == coder("ngram").learned(items[::-1])
    assert learned != coder("ngram")


def test_without_adapting_nothing_is_learned_from_what_is_coded() -> None:
    bits = coder("ngram", adapt=False).surprisals(b"Q" * 30, given=b"abc" * 100)
    assert np.ptp(bits[1:]) == 0
    assert coder("ngram").surprisals(b"Q" * 30, given=b"abc" * 100)[-1] < bits[-1]


@pytest.mark.parametrize("wrong", [{"order": 9}, {"discount": 1.5}, {"weight": 0}, {"adapt": 1}])
def test_settings_that_there_are_not_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        coder("ngram", **wrong)


@pytest.mark.realdata
def test_public_text_is_as_short_as_claimed(data_dir: Path) -> None:
    data = (data_dir / "corpora/enwik/enwik6").read_bytes()
    assert coder("ngram").code_length(data) / len(data) < 2.03
