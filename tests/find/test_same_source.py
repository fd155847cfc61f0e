from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn.exceptions import NotFittedError

from kolmo import SameSourceVerifier, code_length, load_model
from kolmo._core.models.saving import ModelState
from kolmo.errors import DataError, KolmoError, ParameterError
from kolmo.find import source_pairs
from kolmo.find.same_source_report import CANNOT_TELL, DIFFERENT, SAME, answer_rate

WORDS = """
    time year people way day man thing woman life child world school state family student group country
""".split()  # noqa: SIM905


def texts_of(n_sources: int, each: int, *, seed: int = 0, size: int = 90) -> tuple[list[str], list[int]]:
    """Return texts of sources that differ by the words that they prefer."""
    random = np.random.default_rng(seed)
    texts, sources = [], []
    for source in range(n_sources):
        chances = random.dirichlet(np.full(len(WORDS), 0.3))
        pairs = random.dirichlet(np.full(len(WORDS), 0.2), len(WORDS))
        for _ in range(each):
            word = random.choice(len(WORDS), p=chances)
            found = []
            for _ in range(size):
                found.append(WORDS[word])
                word = random.choice(len(WORDS), p=0.5 * pairs[word] + 0.5 * chances)
            texts.append(" ".join(found))
            sources.append(source)
    return texts, sources


@pytest.fixture(scope="module")
def fitted() -> SameSourceVerifier:
    return SameSourceVerifier("ngram:order=4").fit(*source_pairs(*texts_of(8, 4), n_pairs=40))


def test_sources_that_were_not_in_fit_are_told_apart(fitted: SameSourceVerifier) -> None:
    report = fitted.report(*source_pairs(*texts_of(8, 3, seed=7), n_pairs=40))
    assert report.auc is not None
    assert report.auc > 0.95
    assert report.accuracy is not None
    assert report.accuracy > 0.8
    assert report.c_at_1 is not None
    assert report.c_at_1 >= report.accuracy - 0.05
    assert report.brier_score is not None
    assert report.brier_score < 0.15


def test_the_score_is_that_of_the_definition(fitted: SameSourceVerifier) -> None:
    texts, _ = texts_of(2, 1, seed=3)
    x, y = (text.encode()[:400] for text in texts)
    impostors = [each[:400] for each in fitted.impostors_]
    assert all(len(each) == 400 for each in impostors)

    background = b"".join(each[:400] + b"\n" for each in fitted.background_)

    def saved(a: bytes, b: bytes, read: bytes) -> float:
        alone = [code_length(each, coder=fitted.coder_, context=read) for each in (a, b)]
        forth, back = ((a, b), (b, a))
        given = [code_length(y, coder=fitted.coder_, context=read + x + b"\n") for x, y in (forth, back)]
        return float((sum(alone) - sum(given)) / 2 / np.sqrt(alone[0] * alone[1]))

    scores = []
    for read in (b"", background):
        rows = [np.array([saved(each, other, read) for other in impostors]) for each in (x, y)]
        scores += [(saved(x, y, read) - row.mean()) / row.std() for row in rows]
    expected = np.mean(scores)
    report = fitted.report([(x, y)])
    assert report.scores.tolist() == pytest.approx([expected])
    assert fitted.decision_function([(x, y)]).tolist() == pytest.approx([fitted.weight_ * expected + fitted.bias_])
    assert report.compared_bytes.tolist() == [400]


def test_the_order_of_a_pair_and_the_number_of_workers_change_nothing(fitted: SameSourceVerifier) -> None:
    texts, _ = texts_of(2, 2, seed=4)
    pair = (texts[0], texts[3])
    assert fitted.predict_proba([pair]) == pytest.approx(fitted.predict_proba([pair[::-1]]))
    assert np.array_equal(fitted.predict_proba([pair]), fitted.set_params(n_jobs=2).predict_proba([pair]))
    assert fitted.predict_proba([pair]).sum() == pytest.approx(1)
    fitted.set_params(n_jobs=None)


def test_texts_are_compared_at_one_size(fitted: SameSourceVerifier) -> None:
    texts, _ = texts_of(2, 1, seed=5)
    report = fitted.report([(texts[0], texts[1][:300]), (texts[0][:200], texts[1] * 100)])
    assert report.compared_bytes.tolist() == [300, 200]
    assert np.array_equal(report.scores[:1], fitted.report([(texts[0][:300], texts[1][:300])]).scores)
    assert "far from those in fit" in str(fitted.report([(texts[0][:110], texts[1])]))


def test_impostors_are_never_the_texts_asked_about(fitted: SameSourceVerifier) -> None:
    inside = fitted.impostors_[0]
    comparison = fitted._comparison(b"a prefix before " + inside, fitted.impostors_[1])
    assert not {inside, fitted.impostors_[1]} & set(comparison.impostors)
    others, _ = texts_of(12, 1, seed=9)
    pairs, same = source_pairs(*texts_of(4, 4), n_pairs=20)
    verifier = SameSourceVerifier("deflate").fit(pairs, same, impostors=others)
    assert {*verifier.impostors_, *verifier.background_} == {each.encode() for each in others}
    assert verifier.background_


def test_answers_near_a_half_are_withheld(fitted: SameSourceVerifier) -> None:
    pairs, same = source_pairs(*texts_of(6, 3, seed=8), n_pairs=30)
    fitted_once = SameSourceVerifier("deflate", margin=0.4).fit(pairs, same)
    report = fitted_once.report(pairs, same)
    for chance, answer in zip(report.probabilities, report.answers, strict=True):
        expected = CANNOT_TELL if abs(chance - 0.5) <= 0.4 else SAME if chance > 0.5 else DIFFERENT
        assert answer == expected
    assert [row["same"] for row in report.records()] == same.tolist()
    assert "c@1" in str(report)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1), st.floats(0, 0.5))
def test_c_at_1_is_between_its_bounds(pairs: list[tuple[float, bool]], margin: float) -> None:
    chances, same = (np.array(each) for each in zip(*pairs, strict=True))
    found = answer_rate(chances, same, margin)
    assert 0 <= found <= 1
    assert answer_rate(chances, same, 0.5) == 0
    right = np.mean((chances > 0.5) == same)
    if not (np.abs(chances - 0.5) <= 0).any():
        assert answer_rate(chances, same, 0) == pytest.approx(right)


def test_pairs_are_drawn_from_labelled_texts() -> None:
    texts, sources = texts_of(5, 3)
    pairs, same = source_pairs(texts, sources, n_pairs=20)
    source = {text.encode(): each for text, each in zip(texts, sources, strict=True)}
    assert [source[first] == source[second] for first, second in pairs] == same.tolist()
    assert len(set(pairs)) == len(pairs)
    cut, cut_same = source_pairs(texts, sources, size=150, n_pairs=20)
    assert {len(text) for pair in cut for text in pair} == {150}
    assert cut_same.sum() == 10
    assert source_pairs(texts, sources, n_pairs=20)[0] == pairs
    for given_texts, names in ((["a", "b"], ["x", "y"]), (["a", "b"], ["x", "x"]), (["a"], ["x"])):
        with pytest.raises(DataError, match="expected at least"):
            source_pairs(given_texts, names)


@pytest.mark.parametrize(
    ("pairs", "labels", "text"),
    [
        ([], [], "0 pairs"),
        ([("a" * 200, "b" * 200)], [1, 0], "1 items but 2 labels"),
        ([("a" * 200, "b" * 200)] * 2, [1, 1], "of one kind"),
        ([("a" * 200, "b" * 200)] * 2, [1, 2], "1 or 0|1 and 0"),
        ([("a" * 200, "b" * 200)] * 2, [1, 0], "different texts of 100 bytes"),
        ([("a" * 99, "b" * 200)], [1], "at least 100 bytes, got 99"),
        (["ab", "cd"], [1, 0], "pair 0: expected two texts"),
        ([("a" * 200, 3)], [1], "pair 0: expected str or bytes"),
        ("texts", [1], "single str"),
    ],
)
def test_unusable_pairs_are_refused(pairs: Any, labels: Any, text: str) -> None:
    with pytest.raises(DataError, match=text):
        SameSourceVerifier().fit(pairs, labels)


@pytest.mark.parametrize("parameters", [{"margin": 0.5}, {"margin": "none"}, {"n_impostors": 3}, {"coder": "x"}])
def test_unknown_values_are_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        SameSourceVerifier(**parameters).fit([("a" * 200, "b" * 200)], [1])


def test_it_has_to_be_fitted() -> None:
    with pytest.raises(NotFittedError):
        SameSourceVerifier().predict([("a" * 200, "b" * 200)])


def test_a_saved_model_is_the_same(fitted: SameSourceVerifier, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    texts, _ = texts_of(2, 1, seed=6)
    assert np.array_equal(loaded.predict_proba([texts]), fitted.predict_proba([texts]))
    assert loaded.report([texts]).answers == fitted.report([texts]).answers


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("values", "weight", float("nan")),
        ("values", "weight", -1.0),
        ("values", "margin", 2.0),
        ("values", "sizes", [1]),
        ("values", "sizes", ["1", 2]),
        ("arrays", "impostors.ends", np.array([1])),
        ("parameters", "n_impostors", "many"),
    ],
)
def test_forged_models_are_refused(fitted: SameSourceVerifier, part: str, name: str, value: Any) -> None:
    state = fitted._model_state()
    changed = {each: dict(getattr(state, each)) for each in ("values", "arrays", "parameters")}
    changed[part][name] = value
    with pytest.raises((KolmoError, TypeError, ValueError)):
        SameSourceVerifier._from_model_state(ModelState(**changed))
