from __future__ import annotations

import background_reference as reference
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kolmo.learn.background import models as background
from kolmo.learn.background.models import BackgroundModels

TEXTS = [
    b"the cat sat on the mat",
    b"A cat and a  kitten sat down,\n and sat",
    b"stocks fell and bonds rose",
    b"",
    b"gold and stocks rose; bonds fell",
    b"\x00\x00\xff\xfe \x80aaaaaaaa",
    b"the kitten " * 5,
]
CODES = np.array([0, 0, 1, 2, 1, 2, 0])
QUERIES = [b"the kitten sat on the mat", b"stocks and bonds", b"", b"\xff\x00never seen", b"x" * 60]
MODELS = {
    "byte alone": ("byte", ["0"]),
    "byte after 1 byte": ("byte", ["0", "1"]),
    **{f"byte after {order} bytes": ("byte", [str(lower) for lower in range(order + 1)]) for order in range(2, 6)},
    "word alone": ("word", ["0"]),
    "word after 1 word": ("word", ["0", "1"]),
    "word after the word 2 before": ("word", ["0", "-2"]),
}
"""The kind of symbol of each model, and its models from the lowest order to its own."""

texts = st.lists(
    st.one_of(st.binary(max_size=12), st.text("ab c,é", max_size=12).map(str.encode)), min_size=1, max_size=6
)


def references(items: list[bytes], codes: list[int]) -> dict[str, reference.Reference]:
    rows = {"byte": [reference.byte_row(item) for item in items], "word": [reference.word_row(item) for item in items]}
    bases = {"byte": reference.base_of_byte, "word": reference.base_of_word}
    return {kind: reference.Reference(rows[kind], codes, 3, bases[kind]) for kind in rows}


def test_savings_are_those_of_the_formulas() -> None:
    models = BackgroundModels.fit(TEXTS, CODES, 3)
    assert models.names == list(MODELS)
    assert models.n_predictors == len(MODELS)
    bits, savings = models.background_and_savings(QUERIES)
    plain = references(TEXTS, CODES.tolist())
    for number, query in enumerate(QUERIES):
        rows = {"byte": reference.byte_row(query), "word": reference.word_row(query)}
        rows["word"] = [
            piece
            for word in rows["word"]
            for piece in ([word[i : i + 24] for i in range(0, len(word), 24)] if isinstance(word, bytes) else [word])
        ]
        for model, (kind, orders) in enumerate(MODELS.values()):
            expected_bits, expected = plain[kind].bits(rows[kind], orders)
            assert bits[number, model] == pytest.approx(expected_bits, rel=1e-9)
            assert savings[number, model] == pytest.approx(expected, rel=1e-5, abs=1e-5)
            assert models.sizes([query])[0, model] == len(rows[kind]) - 1
    assert np.array_equal(models.savings(QUERIES), savings)


@pytest.mark.parametrize("past", [b"", b"the c", b"never\xff", b"aaa"])
def test_probabilities_of_the_next_symbol_sum_to_1(past: bytes) -> None:
    """The lengths are those of a code: of the formulas here, which the kernels are compared with above."""
    plain = references(TEXTS, CODES.tolist())
    row = reference.byte_row(past)[:-1]
    alphabet = [*range(256), reference.END]
    for orders in [orders for symbol, orders in MODELS.values() if symbol == "byte"]:
        found = [plain["byte"].probabilities(row, symbol, orders) for symbol in alphabet]
        assert sum(bg for bg, _ in found) == pytest.approx(1)
        assert np.sum([p for _, p in found], axis=0) == pytest.approx(1)
    known = {word for each in plain["word"].rows for word in each[1:]}
    never_seen = 1 - sum(map(reference.base_of_word, known))  # base probability of all other words together
    words = plain["word"]
    words.base = lambda word: never_seen if word == "others" else reference.base_of_word(word)
    for name in ("word after 1 word", "word after the word 2 before"):
        found = [words.probabilities([reference.START, b"the"], word, MODELS[name][1]) for word in [*known, "others"]]
        assert np.sum([[bg, *p] for bg, p in found], axis=0) == pytest.approx(1)


def test_own_savings_are_those_of_models_fitted_without_the_text() -> None:
    models = BackgroundModels.fit(TEXTS, CODES, 3)
    own = models.own_savings()
    for left in range(len(TEXTS)):
        others = [place for place in range(len(TEXTS)) if place != left]
        refitted = BackgroundModels.fit([TEXTS[place] for place in others], CODES[others], 3)
        assert np.array_equal(own[left], refitted.savings([TEXTS[left]])[0])


@settings(max_examples=25, deadline=None)
@given(texts, st.randoms())
def test_all_copies_of_a_text_are_removed(items: list[bytes], random: object) -> None:
    items = [*items, items[0], items[0].upper()]
    codes = np.arange(len(items)) % 3
    own = BackgroundModels.fit(items, codes, 3).own_savings()
    others = [place for place in range(len(items)) if items[place].lower() != items[0].lower()]
    others = [
        place for place in others if b" ".join(items[place].lower().split()) != b" ".join(items[0].lower().split())
    ]
    if any(byte > 127 for item in items for byte in item):
        return  # lower case and white space of other alphabets
    refitted = BackgroundModels.fit([items[place] for place in others], codes[others], 3)
    assert np.array_equal(own[0], refitted.savings(items[:1])[0])
    assert np.array_equal(own[0], own[-1])


def test_texts_alone_in_their_class_are_told() -> None:
    items = [b"a", b"b", b"A ", b"c", b"c", b"d"]
    models = BackgroundModels.fit(items, np.array([0, 0, 1, 2, 2, 3]), 4)
    assert models.has_others().tolist() == [True, True, False, False, False, False]


@settings(max_examples=40, deadline=None)
@given(texts, texts)
def test_any_bytes_have_finite_savings(items: list[bytes], queries: list[bytes]) -> None:
    models = BackgroundModels.fit(items, np.arange(len(items)) % 2, 2)
    bits, savings = models.background_and_savings(queries)
    assert np.isfinite(savings).all()
    assert (bits > 0).all()
    assert (bits[:, :, None] - savings > 0).all()
    assert np.isfinite(models.own_savings()).all()


def test_neither_threads_nor_blocks_nor_order_change_a_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    items = [bytes(rng.integers(97, 104, rng.integers(0, 200), np.uint8)) for _ in range(60)]
    codes = rng.integers(0, 5, 60)
    models = BackgroundModels.fit(items, codes, 5)
    own, savings = models.own_savings(), models.savings(QUERIES)
    monkeypatch.setattr(background, "_BLOCK_BYTES", 300)
    again = BackgroundModels.fit(items, codes, 5, n_jobs=3)
    assert np.array_equal(again.own_savings(n_jobs=3), own)
    assert np.array_equal(again.savings(QUERIES, n_jobs=2), savings)
    order = rng.permutation(60)
    shuffled = BackgroundModels.fit([items[place] for place in order], codes[order], 5)
    assert np.array_equal(shuffled.own_savings(), own[order])


def test_long_and_improbable_texts() -> None:
    """Products of ratios are kept within the range of floats."""
    rng = np.random.default_rng(0)
    noise = bytes(rng.integers(0, 256, 20_000, np.uint8))
    models = BackgroundModels.fit([b"a" * 50_000, noise], np.array([0, 1]), 2)
    savings = models.savings([noise, b"a" * 20_000, b"b" * 500])
    assert np.isfinite(savings).all()
    assert (savings[0, 2:6, 1] > savings[0, 2:6, 0]).all()


def test_many_classes_and_no_texts() -> None:
    items = [b"class %d" % number for number in range(400)]
    models = BackgroundModels.fit(items, np.arange(400), 1000)
    assert models.savings([b"class 7"])[0, 5].argmax() == 7
    assert models.savings([]).shape == (0, models.n_predictors, 1000)
    with pytest.raises(ValueError, match="expected models with their training texts"):
        models.without_training_texts().own_savings()
