"""The label code: probabilities, leaving out, threads, explanations, and the prequential code."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kolmo import LabelCodeClassifier
from kolmo.errors import DataError, ParameterError
from kolmo.learn.label_code import explanation, ngram_kernels
from kolmo.learn.label_code.counts import ClassCounts
from kolmo.learn.label_code.members import NAMES, PRESETS, copies_of, held_out
from kolmo.learn.label_code.ngrams import NGrams, Texts

WORDS = {"pets": ["cat", "dog", "mat", "rug", "purr"], "money": ["bond", "stock", "gold", "fund", "rate"]}


def drawn(n_texts: int, seed: int = 0, noise: float = 0.2) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(seed)
    labels = [str(label) for label in rng.choice(list(WORDS), n_texts)]
    every = [word for words in WORDS.values() for word in words]
    texts = [
        " ".join(str(rng.choice(every if rng.random() < noise else WORDS[label])) for _ in range(6)) for label in labels
    ]
    return texts, labels


TEXTS, LABELS = drawn(120)
OTHERS, TRUTH = drawn(60, seed=1)


@pytest.fixture(scope="module")
def fitted() -> LabelCodeClassifier:
    return LabelCodeClassifier().fit(TEXTS, LABELS)


def test_labels_are_predicted_with_few_bits(fitted: LabelCodeClassifier) -> None:
    assert fitted.score(OTHERS, TRUTH) > 0.9
    bits = fitted.code_lengths(OTHERS)[np.arange(len(OTHERS)), [list(fitted.classes_).index(label) for label in TRUTH]]
    assert bits.mean() < 0.5
    assert set(fitted.exponents_) == set(NAMES)


def test_code_lengths_are_those_of_probabilities(fitted: LabelCodeClassifier) -> None:
    shares = fitted.predict_proba(OTHERS)
    assert np.allclose(shares.sum(1), 1)
    assert np.allclose(-np.log2(shares), fitted.code_lengths(OTHERS))
    assert np.allclose(np.log(shares), fitted.predict_log_proba(OTHERS))
    assert np.allclose(fitted.decision_function(OTHERS), np.log2(shares[:, 1] / shares[:, 0]))


@pytest.mark.parametrize("members", [*([name] for name in NAMES), ["counts", "weights"]])
def test_every_member_alone_is_a_classifier(members: list[str]) -> None:
    assert LabelCodeClassifier(members=members, n_grams="runs").fit(TEXTS, LABELS).score(OTHERS, TRUTH) > 0.85


def test_any_number_of_threads_gives_equal_bits(fitted: LabelCodeClassifier) -> None:
    for n_jobs in (2, 3):
        other = LabelCodeClassifier(n_jobs=n_jobs).fit(TEXTS, LABELS)
        assert np.array_equal(other.code_lengths(OTHERS), fitted.code_lengths(OTHERS))


def test_batches_do_not_change_a_text(fitted: LabelCodeClassifier) -> None:
    single = np.concatenate([fitted.code_lengths([text]) for text in OTHERS[:8]])
    assert np.allclose(single, fitted.code_lengths(OTHERS)[:8], atol=1e-9)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5))
@settings(max_examples=20)
def test_any_bytes_are_labelled(fitted: LabelCodeClassifier, items: list[bytes]) -> None:
    assert np.isfinite(fitted.code_lengths(items)).all()


def test_counts_leave_a_text_out_as_if_it_had_never_been_there() -> None:
    codes = np.array([sorted(WORDS).index(label) for label in LABELS])
    items = [text.encode() for text in TEXTS]
    weights = np.linspace(0, 1, 110)
    for preset in PRESETS.values():
        texts = Texts.of(items, normalize=True)
        copies, _ = copies_of(texts, codes)
        ngrams = NGrams(preset)
        rows = ngrams.fit(texts, min_texts=1, n_threads=2)
        counts = ClassCounts.of(rows, codes, 2, ngrams.frequencies, beta=3.0, least=1)
        left_out = counts.savings(rows, weights, codes, copies, n_threads=1)
        slots = counts.slots(rows, np.arange(len(items)), codes, copies, n_threads=1)
        assert np.allclose(slots @ weights, left_out, atol=1e-3)
        for number in (0, 7, 50):
            others = [place for place in range(len(items)) if items[place] != items[number]]
            rest = NGrams(preset)
            rest_rows = rest.fit(Texts.of([items[place] for place in others], normalize=True), min_texts=1, n_threads=1)
            again = ClassCounts.of(rest_rows, codes[others], 2, rest.frequencies, beta=3.0, least=1)
            row = rest.rows(Texts.of([items[number]], normalize=True))
            expected = again.savings(row, weights, n_threads=1)[0]
            assert np.allclose(left_out[number], expected, atol=1e-4)


def test_equal_texts_are_left_out_and_held_out_together() -> None:
    texts = ["one two"] * 6 + ["three four"] * 6 + ["five", "six", "seven", "eight"]
    codes = np.array([0] * 6 + [1] * 6 + [0, 1, 0, 1])
    joined = Texts.of([text.encode() for text in texts], normalize=True)
    copies, groups = copies_of(joined, codes)
    assert copies.tolist() == [6] * 12 + [1] * 4
    for seed in range(10):
        held = held_out(codes, groups, 2, np.random.default_rng(seed))
        assert all(len(set(held[groups == group])) == 1 for group in groups)
    labels = np.array(["a", "b"])[codes]
    assert LabelCodeClassifier().fit(texts, labels).n_copies_ == 10


def test_random_labels_cost_about_a_bit_each() -> None:
    """Leaving out is exact: labels that nothing predicts are not read off the counts."""
    labels = np.random.default_rng(3).choice(["a", "b"], len(TEXTS))
    other = np.random.default_rng(4).choice(["a", "b"], len(OTHERS))
    model = LabelCodeClassifier().fit(TEXTS, labels)
    bits = model.code_lengths(OTHERS)[np.arange(len(OTHERS)), (other == "b").astype(int)]
    assert bits.mean() < 1.25


@pytest.mark.parametrize("members", [*([name] for name in NAMES), list(NAMES)])
def test_an_explanation_sums_to_the_difference_of_code_lengths(members: list[str]) -> None:
    texts, labels = [*TEXTS, "neither here nor there"], [*LABELS, "other"]
    model = LabelCodeClassifier(members=members, n_grams="all").fit(texts, labels)
    text = "the cat, a stock; caf\xe9 and the dog \x01"
    bits = dict(zip(model.classes_, model.code_lengths([text])[0], strict=True))
    for label, against in (("pets", "money"), ("other", "pets")):
        found = model.explain(text, label, against)
        assert found.bits == pytest.approx(bits[against] - bits[label])
        assert sum(part.bits for part in found.parts) == pytest.approx(found.bits, abs=1e-3)
    found = model.explain("the cat sat on the dog")
    assert found.label == model.predict(["the cat sat on the dog"])[0]
    assert str(found).startswith(f"Bits that {found.label} saves compared with {found.against}")
    if members == ["counts"]:
        assert any("cat" in part.text for part in found.parts[:10])
    with pytest.raises(ParameterError, match="expected a label among"):
        model.explain(text, "birds")
    with pytest.raises(ParameterError, match="two different labels"):
        model.explain(text, "pets", "pets")


@given(st.binary(max_size=60))
def test_n_grams_are_named_by_the_hash_of_the_kernel(text: bytes) -> None:
    texts = Texts.of([text], normalize=True)
    ngrams = NGrams(PRESETS["all"])
    rows = ngrams.fit(texts, min_texts=1, n_threads=1)
    for kind, found in enumerate(explanation._ngrams(texts.bytes_of(0), ngrams.hash_bits)):
        buckets = list(dict.fromkeys(bucket for bucket, _, _ in found))
        assert all(ngrams.has(bucket) for bucket in buckets)
        assert len(buckets) == rows.pointers[kind + 1] - rows.pointers[kind]
    assert kind + 1 == ngram_kernels.N_KINDS


@given(st.binary(max_size=60).map(lambda raw: raw.replace(b"\x02", b"")))
def test_places_of_n_grams_are_where_their_bytes_stand(text: bytes) -> None:
    normalized = Texts.of([text], normalize=True).bytes_of(0)
    sources = explanation.sources_of(text)
    assert len(sources) == len(normalized) + 1
    assert (np.diff(sources) >= 0).all()
    for byte, place in zip(normalized[2:-1], sources[2:-2], strict=True):
        assert byte == text[place : place + 1].lower()[0] or text[place : place + 1].isspace()


def test_the_prequential_code_is_shorter_than_the_labels_and_depends_on_the_order_only() -> None:
    model = LabelCodeClassifier(members=["counts", "weights"], n_grams="runs")
    bits = model.label_code_length(TEXTS, LABELS)
    assert 16 <= bits < 60 < len(LABELS)
    assert bits == model.label_code_length(TEXTS, LABELS)
    assert not hasattr(model, "classes_")
    assert model.label_code_length(TEXTS[:10], LABELS[:10]) == 10


def test_texts_of_the_training_set_are_known() -> None:
    model = LabelCodeClassifier(members=["counts"]).fit(TEXTS, LABELS)
    assert model.in_training_set(TEXTS, LABELS).all()
    other = [next(label for label in WORDS if label != each) for each in LABELS]
    assert not model.in_training_set(TEXTS, other).any()
    assert model.in_training_set([*TEXTS[:2], "a new text"]).tolist() == [True, True, False]
    assert model.in_training_set(["a"], ["no such label"]).tolist() == [False]
    twice = LabelCodeClassifier(members=["counts"]).fit(TEXTS, LABELS).partial_fit(TEXTS, LABELS)
    whole = LabelCodeClassifier(members=["counts"]).fit(TEXTS * 2, LABELS * 2)
    assert np.array_equal(twice.predict_proba(TEXTS), whole.predict_proba(TEXTS))
    with pytest.raises(DataError, match="2 items but 1 labels"):
        model.in_training_set(TEXTS[:2], LABELS[:1])


def test_partial_fit_equals_fit() -> None:
    model = LabelCodeClassifier(members=["counts", "weights"], n_grams="runs")
    with pytest.raises(ParameterError, match="pass classes"):
        model.partial_fit(TEXTS[:40], LABELS[:40])
    model.partial_fit(TEXTS[:40], LABELS[:40], classes=list(WORDS)).partial_fit(TEXTS[40:], LABELS[40:])
    whole = LabelCodeClassifier(members=["counts", "weights"], n_grams="runs").fit(TEXTS, LABELS)
    assert np.array_equal(model.code_lengths(OTHERS), whole.code_lengths(OTHERS))
    with pytest.raises(DataError, match="expected a label among"):
        model.partial_fit(["a"], ["birds"])


def test_rows_of_numbers_are_read_as_bytes() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2, 80)
    table = (rng.integers(0, 3, (80, 12)) + 40 * codes[:, None]).astype(np.uint8)
    assert LabelCodeClassifier().fit(table[:60], codes[:60]).score(table[60:], codes[60:]) > 0.9


def test_many_classes_and_one_text_each() -> None:
    texts = [f"topic{number} word{number}" for number in range(300)]
    model = LabelCodeClassifier(members=["counts", "weights"], n_grams="runs").fit(texts, list(range(300)))
    assert np.isfinite(model.code_lengths(texts[:5])).all()
    assert model.score(texts, list(range(300))) > 0.9


@pytest.mark.parametrize(
    "parameters",
    [
        {"members": "counts"},
        {"members": []},
        {"members": ["count"]},
        {"n_grams": "some"},
        {"random_state": -1},
        {"normalize": 2},
    ],
)
def test_a_parameter_with_an_unknown_value_is_refused(parameters: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match="expected"):
        LabelCodeClassifier(**parameters).fit(TEXTS, LABELS)  # type: ignore[arg-type]


@pytest.mark.parametrize("n_texts", [300, 1000])
def test_held_out_texts_of_random_labels_teach_the_exponents_nothing(n_texts: int) -> None:
    """Held-out labels that reached the gains of n-grams made weights look good, and cost .4 bits a label."""
    rng = np.random.default_rng(n_texts)
    texts = [" ".join(f"w{number}" for number in rng.integers(600, size=8)) for _ in range(n_texts + 400)]
    labels = rng.integers(2, size=len(texts))
    found = LabelCodeClassifier(members=("counts", "weights")).fit(texts[:n_texts], labels[:n_texts])
    bits = found.code_lengths(texts[n_texts:])[np.arange(400), labels[n_texts:]].mean()
    assert bits < 1.06


def test_rare_classes_keep_their_share() -> None:
    """The biases of classes that a sample of the texts lacks stay at the logarithm of their share."""
    texts = [f"t{code} u{code % 17} v{code % 5} x{number}" for code in range(300) for number in range(4)]
    labels = [code for code in range(300) for _ in range(4)]
    found = LabelCodeClassifier(members=["counts"]).fit(texts, labels)
    biases = found._members.counts.biases
    assert np.ptp(biases) < 2
    assert biases.mean() == pytest.approx(-np.log(300), abs=0.5)


def test_a_class_without_texts_so_far_is_possible() -> None:
    texts, _ = drawn(32)
    found = LabelCodeClassifier().partial_fit(texts, ["a"] * 32, classes=["a", "b", "c"])
    assert found.code_lengths(["cat bond"])[0].max() < 9
    assert LabelCodeClassifier().label_code_length(texts, ["a"] * 32) == 0


def test_copies_do_not_empty_the_held_out_part() -> None:
    _, labels = drawn(150)
    groups = np.repeat(np.arange(150), 5)
    codes = np.repeat([sorted(WORDS).index(label) for label in labels], 5)
    held = held_out(codes, groups, 2, np.random.default_rng(0))
    assert 0.2 < held.mean() <= 0.25


def test_unseen_text_gets_the_shares_where_all_texts_are_equal() -> None:
    found = LabelCodeClassifier(members=["coders"]).fit(["error 404"] * 100, [0] * 97 + [1] * 3)
    assert found.predict_proba(["hello"])[0, 0] == pytest.approx(0.97, abs=0.02)


def test_a_fit_that_fails_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = LabelCodeClassifier(members=["counts"]).fit(TEXTS, LABELS)
    before = found.code_lengths(OTHERS)
    with pytest.raises(DataError):
        found.partial_fit(["a", "b"], ["pets", "nobody"])

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("kolmo.learn.label_code.members.Members.fit", interrupt)
        for change in (
            lambda: found.fit(TEXTS[:20], ["x", "y"] * 10),
            lambda: found.partial_fit(TEXTS[:2], LABELS[:2]),
        ):
            with pytest.raises(KeyboardInterrupt):
                change()
    assert np.array_equal(found.code_lengths(OTHERS), before)
    fresh = LabelCodeClassifier()
    with pytest.raises(DataError):
        fresh.partial_fit(["a"], ["nobody"], classes=["pets", "x"])
    assert not hasattr(fresh, "classes_")


def test_threads_of_blas_do_not_change_the_bits() -> None:
    from threadpoolctl import threadpool_limits

    found = []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads):
            found.append(LabelCodeClassifier().fit(TEXTS, LABELS).code_lengths(OTHERS))
    assert np.array_equal(*found)
