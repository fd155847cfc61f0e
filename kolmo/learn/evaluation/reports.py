"""Evaluation of classifiers: predictions, accuracy, ties and time on one training and one test set."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_count
from kolmo._core.items import in_order
from kolmo.data.corpus import Corpus
from kolmo.distances.pruning import PruningReport
from kolmo.errors import DataError, KolmoError
from kolmo.learn.base import check_lengths
from kolmo.learn.evaluation.comparisons import against_best, comparable, p_cell, remarks
from kolmo.learn.evaluation.scored import Scored, by_accuracy
from kolmo.learn.labels import labels_of
from kolmo.learn.results import CandidateReport

if TYPE_CHECKING:
    from kolmo._core.tables import Table

_MISTAKES, _LEAST_MISTAKES = 100, 20
"""Mistakes in an HTML report, of all classifiers together, and the least for each."""
_ARRAYS = ("predictions", "labels", "confusion", "folds")


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassificationReport(Scored):
    """Predictions of a classifier, their accuracy where the labels are known, and the time they took.

    Parameters
    ----------
    name : str
        Name of the classifier in tables.
    fingerprint : str
        Coders, parameters and library versions that determine the predictions.
    train, test : str
        Names of the training and the test set.
    n_train, n_test : int
        Number of items in each.
    predictions : ndarray of shape (n_test,)
        The predicted labels.
    labels : ndarray of shape (n_test,) or None
        The true labels; None if they are unknown.
    fit_seconds, predict_seconds : float
        Wall time of `fit` and of the predictions, without the compilation of kernels.
    compile_seconds : float
        Time for the compilation of kernels, which is done once on a machine.
    pairs : int or None
        Number of pairs of training and test items, for a classifier that compares them.
    tied_share, worst, best : float or None
        Share of items whose label depends on how ties are broken, and the accuracy if all ties were broken against or
        in favour of the true label; for a classifier with a `tie_report`.
    candidates : CandidateReport or None
        Recall and accuracy of neighbours among candidates, for a classifier that uses candidates.
    pruning : PruningReport or None
        The measured margin and its recall, for a classifier with calibrated pruning.
    folds : ndarray of shape (n_test,) or None
        The fold of each item in cross-validation; None with one training set.
    """

    question: ClassVar[str] = "How accurately are the texts classified?"
    derived = (
        "seconds",
        "microseconds_per_pair",
        "accuracy",
        "standard_error",
        "macro_f1",
        "classes",
        "confusion",
    )

    fingerprint: str
    train: str
    n_train: int
    fit_seconds: float
    predict_seconds: float
    compile_seconds: float = 0.0
    pairs: int | None = None
    tied_share: float | None = None
    worst: float | None = None
    best: float | None = None
    candidates: CandidateReport | None = None
    pruning: PruningReport | None = None
    folds: NDArray[np.intp] | None = None

    @property
    def seconds(self) -> float:
        """Wall time of `fit` and of the predictions together."""
        return self.fit_seconds + self.predict_seconds

    @property
    def microseconds_per_pair(self) -> float | None:
        """Wall time for each pair of a training and a test item; None if the classifier compares no pairs."""
        return None if self.pairs is None else 1e6 * self.seconds / self.pairs

    def records(self) -> list[dict[str, Any]]:
        return [{name: value for name, value in self.to_dict().items() if name not in _ARRAYS}]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        from kolmo._core.tables import Column, Table, number_cell

        first = results[0]
        compared = against_best(results) if len(results) > 1 and comparable(results) else []
        of_p = ("p vs best",) if compared else ()
        numbers = ("accuracy", "± s.e.", *of_p, "macro-F1", "tied", "worst to best", "seconds", "µs/pair")
        table = Table(
            f"Classification: trained on {_described(first.n_train, first.train)}, "
            f"tested on {_described(first.n_test, first.test)}",
            [Column("classifier"), *(Column(name, numeric=True) for name in numbers)],
        )
        for place, result in enumerate(results):
            table.add(
                result.name,
                number_cell(result.accuracy, ".4f"),
                number_cell(result.standard_error, ".4f"),
                *((p_cell(compared[place]),) if compared else ()),
                number_cell(result.macro_f1, ".4f"),
                number_cell(result.tied_share, ".1%"),
                "-" if result.worst is None else f"{result.worst:.4f} to {result.best:.4f}",
                f"{result.seconds:.2f}",
                number_cell(result.microseconds_per_pair, ".1f"),
            )
        table.footers += remarks([each for each in compared if each is not None])
        if any(result.tied_share is not None for result in results):
            table.footers.append(
                "tied: share of texts whose label depends on how ties are broken; worst to best: accuracy if all ties "
                "were broken against, or in favour of, the true label"
            )
        table.footers += [remark for result in results for remark in result._remarks()]
        if verbose:
            table.footers += [f"{result.name}: {result.fingerprint}" for result in results]
        return [table]

    @classmethod
    def report_tables_of(cls, results: Sequence[Self]) -> list[Table]:
        """Return the table of the results, and one of the mistakes of each, of the most accurate one first.

        The mistakes of all share about 100 rows, but each result has at least 20.
        """
        scored = by_accuracy(results)
        count = max(_MISTAKES // max(len(scored), 1), _LEAST_MISTAKES)
        others = scored if comparable(scored) else []
        mistakes = [each.mistakes_table(count, others=[one for one in others if one is not each]) for each in scored]
        return [*cls.tables_of(results), *(table for table in mistakes if table.rows)]

    def mistakes_table(self, count: int = _MISTAKES, *, others: Sequence[Self] = ()) -> Table:
        """Return the table of the misclassified test items.

        Parameters
        ----------
        count : int
            Largest number of items. Those that others label right come first, then the order of the test set counts.
        others : sequence of ClassificationReport
            Other classifiers on the same items; a column says how many of them label each item right.

        Returns
        -------
        Table
        """
        from kolmo._core.tables import Column, ItemCell, Table

        check_count("count", count)
        if self.labels is None:
            raise DataError(f"{self.name}: the labels of the test items are unknown, so its mistakes are unknown")
        wrong = np.flatnonzero(self.predictions != self.labels)
        n_right = np.zeros(self.n_test, np.intp)
        for other in others:
            n_right += other.predictions == other.labels
        order = wrong[np.argsort(-n_right[wrong], kind="stable")][:count]
        columns = [Column("text", numeric=True), Column("label"), Column("predicted")]
        columns += [Column("correct by others", numeric=True)] if others else []
        table = Table(f"Misclassified texts, {self.name}", columns)
        for place in order.tolist():
            cells = [ItemCell(f"{place:,}", place), str(self.labels[place]), str(self.predictions[place])]
            table.add(*cells, *([f"{n_right[place]} of {len(others)}"] if others else ()))
        first = "those that most other classifiers label correctly first" if others else "in the order of the test set"
        table.footers = [
            f"{len(order):,} of {len(wrong):,} misclassified texts, {first}; all predictions with --output"
        ]
        return table

    def _remarks(self) -> Iterator[str]:
        if self.compile_seconds > 0:
            yield f"{self.name}: {self.compile_seconds:.1f} s more for compiling kernels, once on this machine"
        if (report := self.candidates) is not None:
            text = (
                f"{self.name}: each text was compared with {report.n_candidates:,} candidates; on "
                f"{report.n_samples:,} texts their recall of the nearest neighbours is {report.recall:.1%}"
            )
            if report.accuracy is not None:
                text += (
                    f" and the accuracy {report.accuracy:.3f}, against {report.exact_accuracy:.3f} with all training "
                    f"texts and {report.cosine_accuracy:.3f} with cosine similarity alone"
                )
            yield text
        if (margin := self.pruning) is not None and margin.margin_bits > 0:
            yield (
                f"{self.name}: lower bounds were raised by {margin.margin_bits:.0f} bits; on {margin.rows_checked} "
                f"texts the recall of the nearest neighbours is {margin.recall:.1%}, and {margin.computed_share:.1%} "
                "of the pairs are computed"
            )


def evaluate(classifier: Any, train: Any, test: Any, *, name: str | None = None) -> ClassificationReport:
    """Fit a classifier on a training set, predict the labels of a test set, and report accuracy and time.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Any classifier of texts, such as `kolmo.NCDClassifier` or a pipeline; it is fitted here.
    train : Corpus or (X, y)
        Items with labels. The items of a corpus are passed as bytes.
    test : Corpus or (X, y)
        Items with labels, or without: a corpus without labels, or y None.
    name : str, optional
        Name of the classifier in tables; by default its representation.

    Returns
    -------
    ClassificationReport

    Raises
    ------
    DataError
        If the training set has no labels, or the classifier cannot be fitted to it.

    Examples
    --------
    >>> from kolmo import NCDClassifier
    >>> texts, labels = ["the cat sat on the mat", "a cat and a kitten sat", "stocks fell"], ["pets", "pets", "money"]
    >>> report = evaluate(NCDClassifier("gzip"), (texts, labels), (["the kitten sat"], ["pets"]), name="gzip")
    >>> report.accuracy, report.pairs
    (1.0, 3)
    """
    X, y, train_name = _taken(train, "training set")
    X_test, y_test, test_name = _taken(test, "test set")
    name = name or " ".join(str(classifier).split())
    if y is None:
        raise DataError(f"the {train_name} has no labels, so a classifier cannot be fitted to it")
    labels = None if y_test is None else labels_of(y_test)
    facts: dict[str, Any] = {}
    try:
        start, compiled = time.perf_counter(), _compile_seconds()
        classifier.fit(X, y)
        fitted, fit_compiled = time.perf_counter(), _compile_seconds()
        if labels is not None and hasattr(classifier, "tie_report"):
            ties = classifier.tie_report(X_test, labels)
            predictions = ties.predictions
            facts = {key: getattr(ties, key) for key in ("tied_share", "worst", "best")}
        else:
            predictions = np.asarray(classifier.predict(X_test))
        stop, all_compiled = time.perf_counter(), _compile_seconds()
        if getattr(classifier, "candidates", None) is not None and hasattr(classifier, "candidate_report"):
            facts["candidates"] = classifier.candidate_report(X_test, labels)
    except KolmoError:
        raise
    except ValueError as error:  # of scikit-learn, such as for texts without words
        raise DataError(f"{name} cannot be fitted to these items: {error}") from error
    return ClassificationReport(
        name=name,
        fingerprint=_fingerprint(classifier),
        train=train_name,
        test=test_name,
        n_train=len(X),
        n_test=len(X_test),
        predictions=predictions,
        labels=labels,
        fit_seconds=fitted - start - (fit_compiled - compiled),
        predict_seconds=stop - fitted - (all_compiled - fit_compiled),
        compile_seconds=all_compiled - compiled,
        pairs=len(X) * len(X_test) if hasattr(classifier, "kneighbors") and hasattr(classifier, "tie_report") else None,
        pruning=getattr(classifier, "pruning_report_", None),
        **facts,
    )


def _taken(data: Any, default: str) -> tuple[Any, Any, str]:
    """Return the items, the labels if any, and the name of a set."""
    if isinstance(data, Corpus):
        return data.items, data.labels, data.name
    try:
        X, y = data
    except (TypeError, ValueError):
        raise DataError(f"{default}: expected a Corpus or a pair (X, y), got {type(data).__name__}") from None
    X = in_order(X)
    if y is not None:
        y = labels_of(y)
        check_lengths(len(X), len(y))
    return X, y, default


def _fingerprint(classifier: Any) -> str:
    """Return the fingerprints of the coders in a fitted classifier or pipeline, or the version of scikit-learn."""
    import sklearn

    steps = [step for _, step in getattr(classifier, "steps", [])] or [classifier]
    coders = [coder for step in steps for coder in (getattr(step, "coder_", None), *getattr(step, "coders_", ()))]
    found = [coder.fingerprint for coder in coders if coder is not None]
    return "; ".join(found) if found else f"scikit-learn {sklearn.__version__}"


def _compile_seconds() -> float:
    jit = sys.modules.get("kolmo._core.jit")
    return 0.0 if jit is None else float(jit.compiling.seconds)


def _described(size: int, name: str) -> str:
    return f"{size:,} texts of {name}"
