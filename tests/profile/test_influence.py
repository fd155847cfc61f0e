"""Which items explain a prediction: the copy that was read, with its other copies."""

from __future__ import annotations

import pytest

from kolmo import training_influence
from kolmo.errors import DataError, ParameterError

FACTS = [f"the code of gate {n} is {n * n * 7919 % 100000}" for n in range(40)]


@pytest.mark.parametrize("coder", ["ngram", "xz", "deflate"])
def test_the_copy_explains_the_prediction(coder: str) -> None:
    found = training_influence(FACTS, FACTS[17] + "\n", coder=coder, n_candidates=4, n_jobs=1)
    assert found.items[0].index == 17
    assert found.items[0].saved_bits >= 0.5 * (found.bits_without_shown - found.bits)
    assert found.bits < found.bits_without_shown <= found.bits_alone


def test_copies_are_left_out_together_and_others_hide_each_other() -> None:
    alone = training_influence(FACTS, FACTS[17], coder="ngram", n_candidates=3, n_jobs=1)
    copies = training_influence([*FACTS, FACTS[17]], FACTS[17], coder="ngram", n_candidates=3, n_jobs=1)
    assert copies.items[0].count == 2
    assert copies.items[0].saved_bits == pytest.approx(alone.items[0].saved_bits, abs=1)
    like = training_influence([*FACTS, FACTS[17] + "!"], FACTS[17], coder="ngram", n_candidates=3, n_jobs=1)
    assert like.items[0].saved_bits < 0.5 * alone.items[0].saved_bits


def test_a_large_set_keeps_the_candidates() -> None:
    found = training_influence(FACTS, FACTS[17], coder="ngram", n_candidates=3, max_bytes=300, n_jobs=1)
    assert found.n_read < found.n_items
    assert found.items[0].index == 17
    assert found.items[0].saved_bits > 0


def test_bad_input_is_refused() -> None:
    with pytest.raises(DataError, match="target is empty"):
        training_influence(FACTS, "")
    with pytest.raises(ParameterError, match="n_candidates"):
        training_influence(FACTS, "a", n_candidates=0)
    with pytest.raises(DataError, match="empty"):
        training_influence([b""], "a")
