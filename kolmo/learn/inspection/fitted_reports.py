"""Evaluation of a fitted classifier: accuracy, bits of the labels, accuracy against coverage, and its mistakes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_count, check_number
from kolmo.data.corpus import Corpus
from kolmo.errors import DataError
from kolmo.learn.base import check_lengths
from kolmo.learn.evaluation.scored import Scored
from kolmo.learn.inspection.predictions import check_classifier
from kolmo.learn.labels import codes_of, labels_of, same_kind

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

THRESHOLDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
"""The probabilities of the table of accuracy against coverage."""
_EXCERPT = 100
_REPORTED = 100


@dataclass(frozen=True, kw_only=True)
class CoveragePoint:
    """What remains if a classifier abstains from labels below a probability.

    Parameters
    ----------
    abstain_below : float
        The least probability of a label that is used.
    coverage : float
        Share of the items that get a label.
    accuracy : float or None
        Accuracy of these labels; None if there are none.
    """

    abstain_below: float
    coverage: float
    accuracy: float | None


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """An item with a wrong predicted label.

    Parameters
    ----------
    position : int
        Position in the test set.
    label, predicted : label
        The true and the predicted label.
    probability : float
        Probability of the predicted label.
    label_bits : float or None
        Bits of the true label: -log2 of its probability; None for a label that the classifier does not know, or gives
        the probability 0.
    text : str
        The start of the item.
    """

    position: int
    label: Any
    predicted: Any
    probability: float
    label_bits: float | None
    text: str


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedReport(Scored):
    """Accuracy of a fitted classifier on a test set.

    Parameters
    ----------
    name : str
        Name of the classifier in tables.
    test, n_test, predictions, labels : object
        The test set, the predicted and the true labels.
    probabilities : ndarray of shape (n_test,)
        Probability of each predicted label.
    label_probabilities : ndarray of shape (n_test,)
        Probability of each true label; 0 for one that the classifier does not know.
    n_unknown : int
        Number of items with a label that the classifier does not know.
    excerpts : tuple of str
        The start of each item.
    positions : tuple of int
        Position of each item in the set that it was drawn from.
    thresholds : tuple of float
        The probabilities of `coverage`.
    """

    question: ClassVar[str] = "How accurate is the classifier?"
    derived = ("accuracy", "standard_error", "macro_f1", "bits_per_label", "coverage", "classes", "confusion")

    probabilities: NDArray[np.float64]
    label_probabilities: NDArray[np.float64]
    n_unknown: int
    excerpts: tuple[str, ...]
    positions: tuple[int, ...]
    thresholds: tuple[float, ...] = THRESHOLDS

    @property
    def bits_per_label(self) -> float:
        """Mean of -log2 of the probability of the true label; infinite if one of them is 0."""
        with np.errstate(divide="ignore"):
            return float(np.mean(-np.log2(self.label_probabilities)))

    @property
    def coverage(self) -> tuple[CoveragePoint, ...]:
        """Accuracy against coverage, for each threshold."""
        correct = self.predictions == self.labels
        found = []
        for threshold in self.thresholds:
            used = self.probabilities >= threshold
            accuracy = float(np.mean(correct[used])) if used.any() else None
            found.append(CoveragePoint(abstain_below=threshold, coverage=float(np.mean(used)), accuracy=accuracy))
        return tuple(found)

    def mistakes(self, count: int = 20) -> tuple[Mistake, ...]:
        """Return the wrong labels with the largest probability, first the most confident.

        Parameters
        ----------
        count : int
            Largest number of mistakes.

        Returns
        -------
        tuple of Mistake
        """
        check_count("count", count)
        labels = self._known_labels()
        wrong = np.flatnonzero(self.predictions != labels)
        order = wrong[np.argsort(-self.probabilities[wrong], kind="stable")][:count]
        return tuple(
            Mistake(
                position=self.positions[place],
                label=labels[place].item(),
                predicted=self.predictions[place].item(),
                probability=float(self.probabilities[place]),
                label_bits=-math.log2(share) if (share := float(self.label_probabilities[place])) > 0 else None,
                text=self.excerpts[place],
            )
            for place in order.tolist()
        )

    def records(self) -> list[dict[str, Any]]:
        long = (
            "predictions",
            "labels",
            "probabilities",
            "label_probabilities",
            "excerpts",
            "positions",
            "confusion",
            "coverage",
        )
        return [{name: value for name, value in self.to_dict().items() if name not in long}]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        from kolmo._core.tables import Column, Table, number_cell

        names = ("accuracy", "± s.e.", "macro-F1", "bits/label")
        test = f"{results[0].n_test:,} texts of {results[0].test}"
        table = Table(f"Evaluation on {test}", [Column("classifier"), *(Column(name, numeric=True) for name in names)])
        tables = [table]
        for result in results:
            scores = (result.accuracy, result.standard_error, result.macro_f1)
            bits = result.bits_per_label
            cell = f"{bits:.4f}" if math.isfinite(bits) else "infinite"
            table.add(result.name, *(number_cell(score, ".4f") for score in scores), cell)
            headings = ("abstain below", "coverage", "accuracy")
            curve = Table("Accuracy against coverage", [Column(name, numeric=True) for name in headings])
            for point in result.coverage:
                cells = (f"{point.coverage:.1%}", number_cell(point.accuracy, ".4f"))
                curve.add(f"{point.abstain_below:g}", *cells)
            tables.append(curve)
        return tables

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import Curve, LineChart

        curves = [
            Curve(
                name=each.name,
                x=[100 * point.coverage for point in each.coverage if point.accuracy is not None],
                y=[100 * point.accuracy for point in each.coverage if point.accuracy is not None],
            )
            for each in results
        ]
        chart = LineChart(
            title="Accuracy against coverage, if labels of low probability are withheld",
            x_label="texts that get a label, %",
            y_label="accuracy on these texts, %",
            curves=curves,
        )
        return [*super().charts_of(results), chart]

    @classmethod
    def report_tables_of(cls, results: Sequence[Self]) -> list[Table]:
        tables = cls.tables_of(results)
        return [*tables, *(each.mistakes_table(_REPORTED) for each in results if each.accuracy not in (None, 1.0))]

    def mistakes_table(self, count: int = 20) -> Table:
        """Return the table of the most confident mistakes."""
        from kolmo._core.tables import Column, ItemCell, Table, number_cell

        indexes = {position: place for place, position in enumerate(self.positions)}
        numbers = (Column("probability", numeric=True), Column("bits of the label", numeric=True))
        table = Table(
            "Most confident mistakes",
            [Column("item", numeric=True), Column("label"), Column("predicted"), *numbers, Column("text")],
        )
        for each in self.mistakes(count):
            bits = number_cell(each.label_bits, ".1f")
            cell = ItemCell(f"{each.position:,}", indexes[each.position], excerpt=each.text)
            table.add(cell, str(each.label), str(each.predicted), f"{each.probability:.4f}", bits, each.text)
        return table

    def _known_labels(self) -> NDArray[Any]:
        if self.labels is None:
            raise DataError("the test set has no labels, so its mistakes are unknown")
        return self.labels


def evaluate_fitted(
    classifier: Any,
    test: Any,
    *,
    name: str | None = None,
    abstain_below: float | None = None,
    positions: Sequence[int] | None = None,
) -> FittedReport:
    """Return the accuracy of a fitted classifier on a test set, its bits per label, and its accuracy against coverage.

    Parameters
    ----------
    classifier : fitted classifier
        With the method ``predict_proba``, such as a loaded model.
    test : Corpus or (X, y)
        Items with labels.
    name : str, optional
        Name of the classifier in tables; by default that of its class.
    abstain_below : float, optional
        A further probability for the table of accuracy against coverage.
    positions : sequence of int, optional
        Position of each item in the set that the test set was drawn from, for `FittedReport.mistakes`.

    Returns
    -------
    FittedReport

    Raises
    ------
    DataError
        If the test set has no labels.

    Examples
    --------
    >>> from kolmo import LabelCodeClassifier
    >>> texts = ["the cat sat on the mat", "a cat and a kitten sat", "stocks fell and bonds rose", "a bond and a stock"]
    >>> classifier = LabelCodeClassifier().fit(texts, ["pets", "pets", "money", "money"])
    >>> report = evaluate_fitted(classifier, (["the kitten sat", "the bonds and the cat"], ["pets", "money"]))
    >>> report.n_test, report.accuracy >= 0.5
    (2, True)
    """
    check_classifier(classifier)
    if isinstance(test, Corpus):
        X, y, test_name = test.items, test.labels, test.name
    else:
        X, y = test
        test_name = "test set"
    if y is None:
        raise DataError(f"the {test_name} has no labels; name their column with --label-column, or predict them")
    thresholds: tuple[float, ...] = THRESHOLDS
    if abstain_below is not None:
        check_number("abstain_below", abstain_below, 0, 1)
        thresholds = tuple(sorted({*THRESHOLDS, abstain_below}))
    labels = same_kind(
        _of_file(y, classifier.classes_) if isinstance(test, Corpus) else labels_of(y), classifier.classes_
    )
    shares = np.asarray(classifier.predict_proba(X))
    check_lengths(len(shares), len(labels))
    codes, winners, rows = codes_of(labels, classifier.classes_), shares.argmax(axis=1), np.arange(len(shares))
    return FittedReport(
        name=name or type(classifier).__name__,
        test=test_name,
        n_test=len(labels),
        predictions=classifier.classes_[winners],
        labels=labels,
        probabilities=shares[rows, winners],
        label_probabilities=np.where(codes < 0, 0.0, shares[rows, np.maximum(codes, 0)]),
        n_unknown=int(np.sum(codes < 0)),
        excerpts=tuple(excerpt(item) for item in X),
        positions=tuple(range(len(labels)) if positions is None else positions),
        thresholds=thresholds,
    )


def _of_file(y: Sequence[str], classes: NDArray[Any]) -> NDArray[Any]:
    """Return the labels of a file, which are texts, as the labels that a classifier of numbers prints so."""
    named = {str(label): label for label in classes.tolist()}
    if classes.dtype.kind == "U" or not all(label in named for label in y):
        return labels_of(y)
    return np.array([named[label] for label in y], classes.dtype)


def excerpt(item: Any, longest: int = _EXCERPT) -> str:
    """Return the start of an item in one line.

    Examples
    --------
    >>> excerpt(b"two\\n lines"), excerpt("a long text", 6)
    ('two lines', 'a lon…')
    """
    text = item.decode("utf-8", "surrogateescape") if isinstance(item, bytes) else str(item)
    text = " ".join(text[: 4 * longest].split())
    return text if len(text) <= longest else text[: longest - 1] + "…"
