"""scikit-learn's check_estimator, and checks of our own, for every estimator with every metric and each kind of coder.

    python benchmarks/estimator_checks.py
    python benchmarks/estimator_checks.py --only "metric='conditional_ncd'" -o results.jsonl

The checks of our own: inputs of the other kind, shape or type after `fit` are refused; 1, 31 to 33, 64 and 65 queries
give the predictions of single queries; probabilities are finite and sum to 1. The exit code is 1 if a check fails. The
tests run a part of these settings in about a minute.
"""

from __future__ import annotations

import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import click
import numpy as np
import records
from rich.console import Console
from rich.table import Table
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

from kolmo import (
    CodeLengthClassifier,
    CodeLengthOutlier,
    CodeLengthVectorizer,
    LabelCodeClassifier,
    NCDClassifier,
    NGramVectorizer,
)
from kolmo.distances import METRICS
from kolmo.errors import DataError

KINDS = {
    "kernels of deflate": "deflate",
    "library": "bz2",
    "library with native priming": "zstd",
    "priming by difference": "lz77",
    "predictive": "ngram",
    "baseline": "order0",
}
QUERY_COUNTS = (1, 2, 31, 32, 33, 64, 65)

SKIPPED = {"check_array_api_input"}
"""Needs an environment variable that scikit-learn reads before its import."""
OUT_OF_FOLD = {"check_transformer_data_not_an_array", "check_transformer_general"}
"""`CodeLengthVectorizer.fit_transform` measures each text with coders that have not read it; `transform` cannot."""
READ_ITEMS = {"check_outliers_train", "check_outliers_fit_predict"}
"""`CodeLengthOutlier` finds items that it has read normal; `fit_predict` measures each by coders without it."""

_WORDS = ("cat", "dog", "sat", "mat", "bonds", "stocks", "rose", "fell", "and", "the")


def all_estimators() -> list[Any]:
    """Return an estimator for each setting: all metrics with all kinds of coders, and all votes in turn."""
    votes: list[dict[str, Any]] = [
        {"n_neighbors": 1},
        {"n_neighbors": 3, "weights": "distance"},
        {"n_neighbors": 2, "weights": "class_mean", "tie_break": "prior"},
        {"n_neighbors": 2, "symmetrize": "max", "tie_break": "label"},
        {"n_neighbors": 1, "candidates": "char-tfidf", "n_candidates": 5},
        {"n_neighbors": 2, "pruning": "calibrated"},
        {"n_neighbors": 2, "pruning": None, "symmetrize": "min"},
    ]
    pairs = [(metric, coder) for metric in METRICS for coder in KINDS.values()]
    neighbors = [
        NCDClassifier(coder, metric=metric, **votes[number % len(votes)])
        for number, (metric, coder) in enumerate(pairs)
    ]
    precomputed = [
        NCDClassifier(metric="precomputed", n_neighbors=2, weights=weights)
        for weights in ("uniform", "distance", "class_mean")
    ]
    by_class = [
        CodeLengthClassifier(coder, prior=prior, temperature_scaling=prior == "training")
        for coder in KINDS.values()
        for prior in ("training", "uniform")
    ]
    by_class += [CodeLengthClassifier(background=True), LabelCodeClassifier()]
    features = [
        CodeLengthVectorizer([coder], per=per, folds=2)  # type: ignore[arg-type]
        for coder, per in zip(KINDS.values(), ("sqrt", "byte", "bits") * 2, strict=True)
    ]
    grams = [NGramVectorizer(n_buckets=2**12, word_orders=words) for words in (0, 2, "auto")]
    outliers = [CodeLengthOutlier(), CodeLengthOutlier("zstd", kind="per_byte", exponent="fitted")]
    return [*neighbors, *precomputed, *by_class, *features, *grams, *outliers]


def quick_estimators() -> list[Any]:
    """Return the settings that take a second or two: each estimator, metric and kind of coder is among them."""

    def is_quick(estimator: Any) -> bool:
        if isinstance(estimator, CodeLengthClassifier):
            return estimator.prior == "training" or estimator.coder in ("zstd", "lz77")
        if not isinstance(estimator, NCDClassifier) or _precomputed(estimator) or estimator.coder in ("zstd", "lz77"):
            return True
        return estimator.metric == "ncd" and estimator.coder in ("deflate", "ngram")

    return [estimator for estimator in all_estimators() if is_quick(estimator)]


def failures_of(estimator: Any) -> tuple[dict[str, str], int]:
    """Return the failed checks with their errors, and the number of checks that passed."""
    excepted = set(SKIPPED)
    excepted |= OUT_OF_FOLD if isinstance(estimator, CodeLengthVectorizer) else set()
    excepted |= READ_ITEMS if isinstance(estimator, CodeLengthOutlier) else set()
    failed, passed = {}, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for result in check_estimator(estimator, on_skip=None, on_fail=None):
            if result["status"] == "passed":
                passed += 1
            elif result["check_name"] not in excepted:
                failed[result["check_name"]] = f"{result['exception']!r:.300}"
        for check in OWN_CHECKS:
            try:
                check(clone(estimator))
                passed += 1
            except Exception as error:
                failed[check.__name__] = f"{error!r:.300}"
    return failed, passed


def check_kind_of_input(estimator: Any) -> None:
    """Inputs of another kind, number of columns or type than in `fit` are refused; the next fit accepts them."""
    if _precomputed(estimator):
        X, y = _distances(6), [0, 1] * 3
        wrong: list[Any] = [_texts(2), np.zeros((2, 5)), [[0.1, np.nan] * 3], [[-1.0, 2.0] * 3], {"a": 1}, 3]
        _refuses(estimator.fit(X, y), wrong)
        return
    texts, numbers = _texts(12), np.arange(48, dtype=np.uint8).reshape(12, 4)
    y = [0, 1] * 6
    never = [{"a", "b"}, {"a": 1}, "text", b"text", np.array("text"), 3, [1, 2], [None], ["a", None], [], [["a"]]]
    never.append(np.ma.array(numbers, mask=numbers == 3))
    _refuses(estimator.fit(texts, y), [numbers, numbers.tolist(), *never])
    others = [texts, numbers[:, :3], numbers + 0.5, numbers + 1000.0, -1.0 * numbers]
    _refuses(estimator.fit(numbers, y), [*others, *never])
    use(estimator, numbers.astype(np.float64))
    use(estimator.fit(texts, y), (text for text in texts))


def check_number_of_queries(estimator: Any) -> None:
    """Any number of queries gives the predictions of single queries."""
    size = max(QUERY_COUNTS)
    X: Any
    queries: Any
    if _precomputed(estimator):
        X, queries = _distances(8), np.random.default_rng(1).uniform(0.1, 1, (size, 8))
        estimator.fit(X, [0, 1] * 4)
    else:
        X, queries = _texts(40), _texts(size, seed=1)
        estimator.fit(X, [0, 1] * 20)
    everything = use(estimator, queries)
    single = np.concatenate([use(estimator, queries[place : place + 1]) for place in (0, 1, size - 1)])
    assert np.allclose(single, everything[[0, 1, size - 1]], atol=1e-9)
    for count in QUERY_COUNTS:
        found = use(estimator, queries[:count])
        assert found.shape == everything[:count].shape
        assert np.allclose(found, everything[:count], atol=1e-9), count


def check_probabilities(estimator: Any) -> None:
    """Probabilities are finite and sum to 1, also for an empty text and for extreme distances."""
    if not hasattr(estimator, "predict_proba"):
        return
    if _precomputed(estimator):
        tiny, huge = 5e-324, 1.7e308
        queries: Any = [[tiny] * 4, [huge] * 4, [0.0] * 4, [tiny, huge, 0.0, 1.0], [huge, tiny, tiny, huge]]
        estimator.fit(_distances(4), ["a", "b", "a", "b"])
    else:
        queries = ["", "the cat", b"\xff\x00" * 200, "a"]
        estimator.fit(_texts(8), ["a", "b"] * 4)
    found = estimator.predict_proba(queries)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert np.allclose(found.sum(axis=1), 1)


OWN_CHECKS = (check_kind_of_input, check_number_of_queries, check_probabilities)


def use(estimator: Any, X: Any) -> Any:
    """Return probabilities, decisions or features of X as a dense array."""
    for name in ("predict_proba", "decision_function", "transform"):
        if hasattr(estimator, name):
            found = getattr(estimator, name)(X)
            return found.toarray() if hasattr(found, "toarray") else found
    return estimator.predict(X)


def _refuses(estimator: Any, inputs: list[Any]) -> None:
    for X in inputs:
        try:
            use(estimator, X)
        except DataError:
            continue
        raise AssertionError(f"expected a DataError, got an answer for {X!r:.60}")


def _precomputed(estimator: Any) -> bool:
    return getattr(estimator, "metric", None) == "precomputed"


def _texts(count: int, *, seed: int = 0) -> list[str]:
    source = np.random.default_rng(seed)
    return [" ".join(source.choice(_WORDS, source.integers(2, 9))) for _ in range(count)]


def _distances(size: int) -> Any:
    points = np.random.default_rng(0).uniform(size=size)
    return np.abs(points[:, None] - points[None, :])


@click.command(help=__doc__.partition("\n")[0] if __doc__ else None)
@click.option("--only", default="", help="Run the settings whose representation contains this text.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON-lines file to append to.")
def main(only: str, output: Path | None) -> None:
    console = Console()
    table = Table("estimator", "passed", "failed", "seconds", title="Checks of estimators")
    totals: Counter[str] = Counter()
    for estimator in all_estimators():
        name = " ".join(repr(estimator).split())
        if only not in name:
            continue
        start = time.perf_counter()
        failed, passed = failures_of(estimator)
        seconds = time.perf_counter() - start
        table.add_row(name, str(passed), str(len(failed)), f"{seconds:.1f}")
        console.print(f"{name}: {passed} passed, {len(failed)} failed, {seconds:.1f} s", soft_wrap=True)
        for check, error in failed.items():
            console.print(f"  {check}: {error}", markup=False, soft_wrap=True)
        totals += Counter(settings=1, passed=passed, failed=len(failed))
        row = {"estimator": name, "passed": passed, "failed": failed, "seconds": round(seconds, 1)}
        records.append(output, {"table": "estimator checks", **row})
    console.print(table)
    console.print(f"{totals['settings']} settings: {totals['passed']:,} checks passed, {totals['failed']:,} failed")
    raise SystemExit(bool(totals["failed"]))


if __name__ == "__main__":
    main()
