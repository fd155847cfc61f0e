"""One experiment: several coders and baselines on one training and one test set, side by side."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.base import Coder
from kolmo.learn import baselines

if TYPE_CHECKING:
    from kolmo._core.tables import Table
    from kolmo.data.corpus import Corpus
    from kolmo.distances.pruning import Calibration
    from kolmo.learn.candidates import CandidateReport


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one model predicted and, where the labels are known, how well.

    Parameters
    ----------
    model : str
        A coder or a baseline.
    fingerprint : str
        What decides its predictions, with versions.
    predictions : ndarray of shape (n_test,)
        Labels.
    seconds : float
        Wall time of learning and predicting, without that of compiling kernels.
    compile_seconds : float
        What compiling took, which is done once on a machine.
    pairs : int, optional
        How many pairs of texts were compared.
    accuracy, macro_f1 : float, optional
        Top-1. Classes that are neither true nor predicted anywhere do not count.
    tied_share, worst, best : float, optional
        The share of texts that ties decide, and the accuracy if they all went wrong or right.
    candidates : CandidateReport, optional
        What comparing candidates only costs.
    calibration : Calibration, optional
        What a measured margin risks.
    """

    model: str
    fingerprint: str
    predictions: NDArray[Any]
    seconds: float
    compile_seconds: float = 0.0
    pairs: int | None = None
    accuracy: float | None = None
    macro_f1: float | None = None
    tied_share: float | None = None
    worst: float | None = None
    best: float | None = None
    candidates: CandidateReport | None = None
    calibration: Calibration | None = None

    @property
    def microseconds_per_pair(self) -> float | None:
        return None if self.pairs is None else 1e6 * self.seconds / self.pairs

    def to_dict(self) -> dict[str, Any]:
        scores = ("accuracy", "macro_f1", "tied_share", "worst", "best")
        costs = ("seconds", "compile_seconds", "pairs", "microseconds_per_pair")
        facts = {name: getattr(self, name) for name in ("model", "fingerprint", *scores, *costs)}
        reports = {"candidates": self.candidates, "calibration": self.calibration}
        return facts | {name: asdict(report) for name, report in reports.items() if report is not None}

    def remarks(self) -> Iterator[str]:
        """Yield what was given up for speed, and what was done for it, in words."""
        if self.compile_seconds > 0:
            yield f"{self.model}: compiling kernels, once on this machine, took {self.compile_seconds:.1f} seconds more"
        if (report := self.candidates) is not None:
            yield (
                f"{self.model} looked at {report.n_candidates:,} candidates a text: on {report.n_samples:,} texts they "
                f"held {report.recall:.1%} of the nearest"
            ) + (
                ""
                if report.accuracy is None
                else f", with an accuracy of {report.accuracy:.3f}; {report.exact_accuracy:.3f} among all training "
                f"texts, {report.cosine_accuracy:.3f} by the likeness of the candidates alone"
            )
        if (margin := self.calibration) is not None and margin.margin_bits > 0:
            yield (
                f"{self.model} took bounds {margin.margin_bits:.0f} bits tighter than proven: on {margin.rows_checked} "
                f"texts it found {margin.recall:.1%} of the nearest, computing {margin.computed_share:.1%} of the pairs"
            )


def run_baselines(train: Corpus, test: Corpus) -> list[Outcome]:
    """Return the outcomes of all baselines."""
    outcomes = []
    for name, classifier in baselines.baselines():
        start = time.perf_counter()
        predictions = baselines.predict(name, classifier, train.items, train.labels or [], test.items)
        seconds = time.perf_counter() - start
        scores = _scores(test, predictions)
        outcomes.append(
            Outcome(model=name, fingerprint=baselines.fingerprint(), predictions=predictions, seconds=seconds, **scores)
        )
    return outcomes


def run_coder(coder: Coder, train: Corpus, test: Corpus, **settings: Any) -> Outcome:
    """Return the outcome of nearest neighbours under one coder.

    Parameters
    ----------
    coder : Coder
        The coder.
    train, test : Corpus
        Labelled texts, and texts with or without labels.
    **settings
        Further parameters of `kolmo.NCDClassifier`.
    """
    from kolmo.learn.neighbors import NCDClassifier

    start, compiled = time.perf_counter(), _compile_seconds()
    classifier = NCDClassifier(coder, **settings).fit(train.items, train.labels)
    scores: dict[str, Any] = {}
    if test.labels is None:
        predictions = classifier.predict(test.items)
    else:
        report = classifier.tie_report(test.items, test.labels)
        predictions = report.predictions
        scores = {name: getattr(report, name) for name in ("accuracy", "tied_share", "worst", "best")}
        scores["macro_f1"] = _macro_f1(test.labels, predictions)
    compiling = _compile_seconds() - compiled
    seconds = time.perf_counter() - start - compiling
    among_candidates = classifier.candidate_report(test.items, test.labels) if classifier.candidates else None
    return Outcome(
        model=str(coder),
        fingerprint=classifier.coder_.fingerprint,
        predictions=predictions,
        seconds=seconds,
        compile_seconds=compiling,
        pairs=len(train) * len(test),
        candidates=among_candidates,
        calibration=getattr(classifier, "calibration_", None),
        **scores,
    )


def run_code_length(coder: Coder, train: Corpus, test: Corpus, *, n_jobs: int) -> Outcome:
    """Return the outcome of one coder that reads each class: the label is that of the shortest code."""
    from kolmo.learn.code_length import CodeLengthClassifier

    classifier = CodeLengthClassifier(coder, calibrate=False, n_jobs=n_jobs)
    return _run_classifier(f"{coder} by class", classifier, train, test, lambda: classifier.coder_.fingerprint)


def run_ngrams(train: Corpus, test: Corpus, *, n_jobs: int) -> Outcome:
    """Return the outcome of a linear machine on the bits of n-grams."""
    from kolmo.learn.ngram.classifier import NGramBitsClassifier

    classifier = NGramBitsClassifier(n_jobs=n_jobs)
    return _run_classifier("bits of n-grams + LinearSVC", classifier, train, test, baselines.fingerprint)


def _run_classifier(
    model: str, classifier: Any, train: Corpus, test: Corpus, fingerprint: Callable[[], str]
) -> Outcome:
    start, compiled = time.perf_counter(), _compile_seconds()
    predictions = classifier.fit(train.items, train.labels).predict(test.items)
    compiling = _compile_seconds() - compiled
    return Outcome(
        model=model,
        fingerprint=fingerprint(),
        predictions=predictions,
        seconds=time.perf_counter() - start - compiling,
        compile_seconds=compiling,
        **_scores(test, predictions),
    )


def _scores(test: Corpus, predictions: NDArray[Any]) -> dict[str, Any]:
    if test.labels is None:
        return {}
    right = float(np.mean(predictions == np.asarray(test.labels)))
    return {"accuracy": right, "macro_f1": _macro_f1(test.labels, predictions)}


def _compile_seconds() -> float:
    kernels = sys.modules.get("kolmo._core.jit")
    return 0.0 if kernels is None else float(kernels.compiling.seconds)


def scores_table(title: str, outcomes: Sequence[Outcome]) -> Table:
    """Return the outcomes as a table, one row each."""
    from kolmo._core.tables import Column, Table, number_cell

    table = Table(
        title,
        [
            Column("model"),
            Column("accuracy", numeric=True),
            Column("macro-F1", numeric=True),
            Column("tied", numeric=True),
            Column("worst to best", numeric=True),
            Column("seconds", numeric=True),
            Column("µs/pair", numeric=True),
        ],
        footers=[
            f"accuracy is top-1, its standard error at most {0.5 / len(outcomes[0].predictions) ** 0.5:.3f}; "
            "tied = share of texts that ties decide; worst to best = accuracy if all ties went wrong, or right",
            *(remark for outcome in outcomes for remark in outcome.remarks()),
            *dict.fromkeys(outcome.fingerprint for outcome in outcomes),
        ],
    )
    for outcome in outcomes:
        table.add(
            outcome.model,
            number_cell(outcome.accuracy, ".4f"),
            number_cell(outcome.macro_f1, ".4f"),
            number_cell(outcome.tied_share, ".1%"),
            "-" if outcome.worst is None else f"{outcome.worst:.4f} to {outcome.best:.4f}",
            f"{outcome.seconds:.2f}",
            number_cell(outcome.microseconds_per_pair, ".1f"),
        )
    return table


def confusion(outcome: Outcome, labels: Sequence[str]) -> tuple[list[str], list[list[int]]]:
    """Return the classes, and how often each (row) was predicted as each (column).

    Examples
    --------
    >>> outcome = Outcome(model="m", fingerprint="m", predictions=np.array(["a", "a"]), seconds=0.0)
    >>> confusion(outcome, ["a", "b"])
    (['a', 'b'], [[1, 0], [1, 0]])
    """
    from sklearn.metrics import confusion_matrix

    classes = sorted({*labels, *outcome.predictions.tolist()})
    return classes, confusion_matrix(labels, outcome.predictions, labels=classes).tolist()


def _macro_f1(labels: Sequence[str], predictions: NDArray[Any]) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(labels, predictions, average="macro", zero_division=0))
