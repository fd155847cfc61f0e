"""What is known of predictions whose labels are known: accuracy, its interval, F1, and the confusion matrix."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.results import Result
from kolmo.learn.evaluation.comparisons import CHANCE, comparable, compare_classifiers, p_cell, remarks

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart

_NORMAL = 1.959963985
"""97.5% quantile of the normal distribution."""
_MOST_CLASSES = 30
"""Classes up to which a report has a confusion matrix."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scored(Result):
    """Base of reports on predictions: their accuracy, where the labels are known.

    Parameters
    ----------
    name : str
        Name of the classifier in tables.
    test : str
        Name of the test set.
    n_test : int
        Number of its items.
    predictions : ndarray of shape (n_test,)
        The predicted labels.
    labels : ndarray of shape (n_test,) or None
        The true labels; None if they are unknown.
    """

    test: str
    n_test: int
    name: str
    predictions: NDArray[Any]
    labels: NDArray[Any] | None

    @property
    def accuracy(self) -> float | None:
        """Share of correct predictions (top-1)."""
        return None if self.labels is None else float(np.mean(self.predictions == self.labels))

    @property
    def standard_error(self) -> float | None:
        """Standard error of the accuracy as a binomial proportion."""
        accuracy = self.accuracy
        return None if accuracy is None else math.sqrt(accuracy * (1 - accuracy) / self.n_test)

    @property
    def accuracy_interval(self) -> tuple[float, float] | None:
        """95% confidence interval of the accuracy (Wilson)."""
        if (accuracy := self.accuracy) is None or not self.n_test:
            return None
        z2 = _NORMAL**2 / self.n_test
        middle = (accuracy + z2 / 2) / (1 + z2)
        half = math.sqrt(z2 * accuracy * (1 - accuracy) + z2**2 / 4) / (1 + z2)
        return max(middle - half, 0.0), min(middle + half, 1.0)

    @property
    def macro_f1(self) -> float | None:
        """Mean F1 score over the classes that occur among the true or the predicted labels."""
        from sklearn.metrics import f1_score

        if self.labels is None:
            return None
        return float(f1_score(self.labels, self.predictions, average="macro", zero_division=0))

    @property
    def classes(self) -> list[Any]:
        """The labels that occur among the true or the predicted ones, sorted."""
        known = () if self.labels is None else self.labels.tolist()
        return sorted({*known, *self.predictions.tolist()})

    @property
    def confusion(self) -> NDArray[np.intp] | None:
        """Number of items of each true class (row) and predicted class (column), in the order of `classes`."""
        if self.labels is None:
            return None
        position = {label: code for code, label in enumerate(self.classes)}
        counts = np.zeros((len(position), len(position)), np.intp)
        for label, prediction in zip(self.labels.tolist(), self.predictions.tolist(), strict=True):
            counts[position[label], position[prediction]] += 1
        return counts

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import BarChart, HeatMap

        scored = by_accuracy(results)
        if not scored:
            return []
        ends = [each.accuracy_interval for each in scored]
        bars = BarChart(
            title="Accuracy, with 95% intervals",
            label="accuracy, %",
            names=[each.name for each in scored],
            series={"accuracy": [100 * (each.accuracy or 0) for each in scored]},
            intervals={"accuracy": [each and (100 * each[0], 100 * each[1]) for each in ends]},
            form=".1f",
        )
        charts: list[Chart] = [bars] if len(scored) > 1 else []
        best, classes = scored[0], [str(label) for label in scored[0].classes]
        if best.confusion is None or len(classes) > _MOST_CLASSES:
            return charts
        confusion = HeatMap(
            title=f"True and predicted classes, {best.name}, number of texts",
            rows=classes,
            columns=classes,
            values=best.confusion.tolist(),
            row_label="true class",
            column_label="predicted class",
            form=",.0f",
        )
        return [*charts, confusion]

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        scored = by_accuracy(results)
        if not scored or scored[0].accuracy_interval is None:
            return f"The labels of {results[0].n_test:,} texts are predicted; their true labels are unknown."
        best, (low, high) = scored[0], scored[0].accuracy_interval
        text = (
            f"The classifier {best.name} labels {best.accuracy:.1%} of the {best.n_test:,} texts of {best.test} "
            f"correctly (95% interval {low:.1%} to {high:.1%})"
        )
        if len(scored) == 1:
            return f"{text}."
        other = scored[1]
        text = f"{text}. The next best is {other.name} with {other.accuracy:.1%}"
        if not comparable(scored):
            return f"{text}."
        (compared,) = compare_classifiers(scored[:2])
        near = "could be chance" if not compared.p_value < CHANCE else "is significant"
        return f"{text}; the difference {near} ({compared.test} test, p = {p_cell(compared)})."

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        if not (scored := by_accuracy(results)):
            return []
        compared = remarks(compare_classifiers(scored)) if comparable(scored) else []
        return [
            f"95% intervals (Wilson) are over new texts like those of {results[0].test}; that the training set is a "
            "sample too is not in them.",
            "Accuracy is top-1, with a fixed rule for ties.",
            *(f"{said}." for said in compared),
        ]


def by_accuracy(results: Sequence[Any]) -> list[Any]:
    """Return the reports whose labels are known, the most accurate first."""
    known = [each for each in results if each.accuracy is not None]
    return sorted(known, key=lambda each: -each.accuracy)
