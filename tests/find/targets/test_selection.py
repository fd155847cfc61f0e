"""Documents selected for a target."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kolmo import select_for_target
from kolmo.errors import DataError, ParameterError


def sentences(seed: int, vocabulary: int, count: int = 60) -> list[str]:
    """Return sentences of a vocabulary of 60 words."""
    words = [bytes(word).decode() for word in np.random.default_rng(vocabulary).integers(97, 123, (60, 6), np.uint8)]
    random = np.random.default_rng([seed, vocabulary])
    return [" ".join(random.choice(words, 12)) for _ in range(count)]


TARGET = sentences(0, 1)
RELATED, OTHER = sentences(1, 1, 40), sentences(1, 2, 160)


def test_related_documents_are_selected_and_save_more_than_random_ones() -> None:
    found = select_for_target(TARGET, [*OTHER, *RELATED], share=0.1, coder="ngram")
    (share,) = (each for each in found.shares if each.share == 0.1)
    said = found.answer_of([found])
    assert f"{share.size:,} bytes) save {share.saving_bits:,.0f} of" in said
    assert min(found.selected) >= 160
    assert [part.share for part in found.shares] == [0.01, 0.05, 0.1, 0.25]
    for part in found.shares[1:]:
        assert part.saving_bits > part.random_bits + 2 * part.random_deviation
    assert sum(found.sizes[index] for index in found.selected) <= 0.1 * sum(found.sizes)
    rows = found.records()
    assert rows[found.selected[0]]["selected"] == 0
    assert rows[0]["selected"] is None
    assert "it does not make a diverse set" in str(found)
    assert "no more than random" not in str(found)
    assert "no more than random documents" in str(select_for_target(TARGET, OTHER, coder="uniform"))


def test_documents_with_passages_of_the_target_are_left_out() -> None:
    found = select_for_target(TARGET, [*OTHER, *TARGET[:20]], share=0.1, coder="ngram")
    assert set(range(160, 180)) <= set(found.leaked)
    assert not set(found.leaked) & set(found.selected)
    assert math.isnan(found.scores[160])
    assert found.to_dict()["scores"][160] is None
    with pytest.raises(DataError, match="at least two documents"):
        select_for_target(TARGET, list(TARGET), coder="ngram")


def test_bad_input_is_refused() -> None:
    for share in (0, 1.5, "5%"):
        with pytest.raises(ParameterError, match="share"):
            select_for_target(TARGET, OTHER, share=share)  # type: ignore[arg-type]
    for nothing in ([], [""]):
        with pytest.raises(DataError, match="at least two documents"):
            select_for_target(TARGET, nothing, coder="ngram")
    assert np.isfinite(select_for_target("a target", ["one", "two"], coder="ngram").scores).all()
