from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import beta
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score

from kolmo import CodeLengthOutlier, coder, load_model
from kolmo._core.models.saving import ARRAYS, ModelState
from kolmo.coders.lengths import code_length
from kolmo.data.catalog import load_dataset
from kolmo.errors import DataError, KolmoError, ParameterError
from kolmo.find.normal_model import held_out_bits
from kolmo.find.outlier_report import Threshold


def log_lines(count: int, seed: int = 0) -> list[str]:
    random = np.random.default_rng(seed)
    kinds = ["user {} logged in", "GET /item/{} 200", "cache hit ratio 0.{}", "job {} done"]
    return [kinds[random.integers(4)].format(random.integers(10, 99)) for _ in range(count)]


NORMAL = log_lines(300)
ODD = ["kernel panic: out of memory", "Traceback (most recent call last):", "zzz"]


@pytest.fixture(scope="module")
def fitted() -> CodeLengthOutlier:
    return CodeLengthOutlier(false_alarm_rate=0.02).fit(NORMAL)


def test_odd_lines_are_found_and_normal_ones_are_not(fitted: CodeLengthOutlier) -> None:
    new = log_lines(500, seed=1)
    assert fitted.predict(ODD).tolist() == [-1, -1, -1]
    assert (fitted.predict(new) < 0).mean() < 0.05


def test_scores_are_those_of_the_definition(fitted: CodeLengthOutlier) -> None:
    import hashlib

    context = "".join(f"{line}\n" for line in sorted(NORMAL, key=lambda line: hashlib.sha256(line.encode()).digest()))
    bits = np.array([code_length(item, coder="ngram", context=context) for item in ODD])
    sizes = np.array([len(item) for item in ODD]) + 1
    correction = fitted.correction_
    scores = (bits - correction.fixed_bits - correction.bits_per_byte * sizes) / sizes**0.6
    assert fitted.score_samples(ODD) == pytest.approx(-scores)
    assert np.array_equal(fitted.decision_function(ODD), fitted.score_samples(ODD) - fitted.offset_)
    by_kind = {kind: CodeLengthOutlier(kind=kind).fit(NORMAL).score_samples(ODD) for kind in ("per_byte", "bits")}
    assert by_kind["bits"] == pytest.approx(-bits)
    assert by_kind["per_byte"] == pytest.approx(-bits / sizes)


def test_held_out_items_are_measured_by_coders_that_have_not_read_them() -> None:
    items = [np.random.default_rng(seed).bytes(20).hex().encode() for seed in range(40)]
    options: dict[str, Any] = {"max_bytes": 10**6, "separator": b"\n", "n_jobs": None}
    places, bits = held_out_bits(coder("ngram"), items, most=len(items), **options)
    assert sorted(places.tolist()) == list(range(40))
    read = np.array([code_length(item, context=b"\n".join([*items, b""]), coder="ngram") for item in items])
    assert (bits > 1.5 * read[places]).all()
    twice, doubled = held_out_bits(coder("ngram"), items * 2, most=80, **options)
    assert doubled.mean() < bits.mean() / 1.5, "copies are in other folds, as a repeated line of a log would be"
    assert len(set(twice.tolist())) == 80


def test_the_order_of_normal_items_and_the_number_of_workers_change_nothing(fitted: CodeLengthOutlier) -> None:
    again = CodeLengthOutlier(false_alarm_rate=0.02, n_jobs=2).fit(NORMAL[::-1])
    assert np.array_equal(again.score_samples(ODD), fitted.score_samples(ODD))
    assert again.threshold_ == fitted.threshold_


@given(st.integers(1, 400), st.floats(0.001, 0.999))
def test_the_threshold_has_the_stated_rate(count: int, rate: float) -> None:
    held_out = np.sort(np.random.default_rng(count).normal(size=count))
    found = Threshold.of(held_out, rate)
    assert found.false_alarm_rate <= max(rate, 1 / (count + 1)) + 1e-9
    above = round(found.false_alarm_rate * (count + 1))
    assert (held_out > found.score).sum() == above - 1
    assert found.interval == pytest.approx(tuple(beta.ppf([0.025, 0.975], above, count + 1 - above)))
    assert found.interval[0] <= found.false_alarm_rate <= found.interval[1]


def test_new_items_of_the_source_exceed_the_threshold_within_the_interval() -> None:
    rates = []
    for seed in range(6):
        outlier = CodeLengthOutlier("deflate", false_alarm_rate=0.1).fit(log_lines(200, seed=seed))
        rates.append((outlier.predict(log_lines(300, seed=100 + seed)) < 0).mean())
    assert np.mean(rates) < 0.16


def test_too_few_normal_items_give_a_warning_or_an_error() -> None:
    with pytest.warns(UserWarning, match=r"1\.00% needs at least 99 normal items, got 20, .* expected rate is 4\.76%"):
        outlier = CodeLengthOutlier().fit(NORMAL[:20])
    assert outlier.threshold_.false_alarm_rate == 1 / 21
    for items in ([], ["one"]):
        with pytest.raises(DataError, match="sample"):
            CodeLengthOutlier().fit(items)


def test_fit_predict_compares_items_with_each_other() -> None:
    items = [*NORMAL, *ODD]
    outlier = CodeLengthOutlier(false_alarm_rate=0.0132)
    labels = outlier.fit_predict(items)
    assert labels[-3:].tolist() == [-1, -1, -1]
    assert (labels < 0).sum() == 3
    report = clone(outlier).fit_report(items)
    assert sorted(report.flagged.tolist()) == [300, 301, 302]


def test_the_report_names_what_was_found(fitted: CodeLengthOutlier, tmp_path: Path) -> None:
    names = ["a", "b\x1b[2J", "c", "d"]
    report = fitted.report([*ODD, NORMAL[0]], names=names, checkpoint=tmp_path / "progress")
    assert set(report.flagged.tolist()) == {0, 1, 2}
    assert report.scores == pytest.approx(-fitted.score_samples([*ODD, NORMAL[0]]))
    assert report.tail_shares[:3].tolist() == [1 / 301] * 3
    assert report.tail_shares[3] > 0.02
    assert report.n_longer == 2
    rows = report.records()
    assert [row["name"] for row in rows] == names
    assert rows[0]["excerpt"] == ODD[0]
    assert "\x1b" not in str(report)
    assert report.to_frame().shape == (4, 9)
    assert "95% interval" in str(report)
    again = fitted.report([*ODD, NORMAL[0]], names=names, checkpoint=tmp_path / "progress")
    assert np.array_equal(again.scores, report.scores)
    with pytest.raises(DataError, match="another run"):
        fitted.report(ODD, checkpoint=tmp_path / "progress")
    with pytest.raises(DataError, match="3 items but 1 names"):
        fitted.report(ODD, names=["a"])


def test_a_stream_has_the_scores_of_a_batch(fitted: CodeLengthOutlier) -> None:
    score = fitted.scorer()
    lines = [*ODD, *NORMAL[:20], ""]
    assert [score(line) for line in lines] == pytest.approx((-fitted.score_samples(lines)).tolist())
    with pytest.raises(DataError, match="rows of numbers"):
        CodeLengthOutlier("zstd", false_alarm_rate=0.5).fit(np.arange(40.0).reshape(10, 4)).scorer()


@settings(max_examples=20)
@given(st.lists(st.binary(max_size=40), min_size=2, max_size=12), st.lists(st.binary(max_size=40), min_size=1))
def test_any_bytes_have_finite_scores(normal: list[bytes], asked: list[bytes]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outlier = CodeLengthOutlier("ngram:order=2").fit(normal)
    assert np.isfinite(outlier.score_samples(asked)).all()


@pytest.mark.parametrize("spec", ["deflate", "zstd", "lz77", "bz2", "ppmd", "ngram:adapt=false"])
def test_every_kind_of_coder_finds_odd_lines(spec: str) -> None:
    outlier = CodeLengthOutlier(spec, false_alarm_rate=0.05).fit(NORMAL)
    assert outlier.predict(ODD[:2]).tolist() == [-1, -1]


def test_a_long_context_is_limited(fitted: CodeLengthOutlier) -> None:
    outlier = CodeLengthOutlier(max_bytes=500).fit(NORMAL)
    assert len(outlier._model.contexts[0]) <= 500
    assert len(CodeLengthOutlier(max_bytes=5).fit(["a" * 99, "b" * 99])._model.contexts[0]) <= 6


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"false_alarm_rate": 0}, ParameterError),
        ({"false_alarm_rate": 1}, ParameterError),
        ({"false_alarm_rate": "1%"}, ParameterError),
        ({"kind": "length"}, ParameterError),
        ({"exponent": 2}, ParameterError),
        ({"exponent": "learned"}, ParameterError),
        ({"max_bytes": 0}, ParameterError),
        ({"separator": 3}, ParameterError),
        ({"coder": "nothing"}, ParameterError),
        ({"n_jobs": 0}, ParameterError),
    ],
)
def test_unknown_values_are_refused(parameters: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        CodeLengthOutlier(**parameters).fit(NORMAL)


def test_it_has_to_be_fitted() -> None:
    for method in ("predict", "report", "decision_function"):
        with pytest.raises(NotFittedError):
            getattr(CodeLengthOutlier(), method)(ODD)
    with pytest.raises(NotFittedError):
        CodeLengthOutlier().save("never")


def test_a_saved_model_is_the_same(fitted: CodeLengthOutlier, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert np.array_equal(loaded.score_samples(ODD), fitted.score_samples(ODD))
    assert loaded.threshold_ == fitted.threshold_
    assert loaded.get_params() == fitted.get_params()
    assert str(loaded.report(ODD)).splitlines()[:6] == str(fitted.report(ODD)).splitlines()[:6]
    assert loaded.set_false_alarm_rate(0.1).threshold_.score < fitted.threshold_.score
    numbers = CodeLengthOutlier("zstd", false_alarm_rate=0.3, separator=b"\xff").fit(np.arange(40.0).reshape(10, 4))
    numbers.save(tmp_path / "numbers")
    assert np.array_equal(
        load_model(tmp_path / "numbers").score_samples(np.ones((2, 4))), numbers.score_samples(np.ones((2, 4)))
    )
    (tmp_path / "model" / ARRAYS).write_bytes(b"damaged")
    with pytest.raises(DataError, match="damaged"):
        load_model(tmp_path / "model")


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("arrays", "held_out", np.array([2.0, 1.0])),
        ("arrays", "held_out", np.empty(0)),
        ("arrays", "held_out", np.array([np.nan])),
        ("arrays", "correction", np.array([0.0, 1.0])),
        ("arrays", "correction", np.array([0.0, 1.0, 9.0])),
        ("arrays", "contexts", np.array([1.0])),
        ("values", "longest", "long"),
        ("values", "kind", "other"),
        ("values", "fitted_coder", {"config": {"id": "nothing"}}),
        ("parameters", "false_alarm_rate", 7),
        ("parameters", "secret", 7),
    ],
)
def test_forged_models_are_refused(fitted: CodeLengthOutlier, part: str, name: str, value: Any) -> None:
    state = fitted._model_state()
    changed = {each: dict(getattr(state, each)) for each in ("values", "arrays", "parameters")}
    changed[part][name] = value
    with pytest.raises((KolmoError, TypeError, ValueError)):
        CodeLengthOutlier._from_model_state(ModelState(**changed))


@pytest.mark.realdata
def test_spam_is_found_among_ham(data_dir: Path) -> None:
    corpus = load_dataset("sms_spam", data_dir=str(data_dir))
    assert corpus.labels is not None
    ham = [item for item, label in zip(corpus.items, corpus.labels, strict=True) if label == "ham"]
    spam = [item for item, label in zip(corpus.items, corpus.labels, strict=True) if label == "spam"]
    order = np.random.default_rng(0).permutation(len(ham))
    outlier = CodeLengthOutlier().fit([ham[place] for place in order[:1000]])
    asked = [ham[place] for place in order[1000:1800]] + spam[:400]
    scores = -outlier.score_samples(asked)
    assert roc_auc_score(np.repeat([0, 1], [800, 400]), scores) > 0.955
    assert (scores[:800] > outlier.threshold_.score).mean() < 0.02
