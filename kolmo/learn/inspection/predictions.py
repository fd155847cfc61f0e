"""Labels of items with their probabilities and the runner-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_number
from kolmo._core.results import Result
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    from kolmo._core.tables import Table


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions(Result):
    """Predicted labels of items, and how probable they are.

    Parameters
    ----------
    labels : ndarray of shape (n_items,)
        The most probable label of each item.
    probabilities : ndarray of shape (n_items,)
        Its probability; for neighbours the share of the vote.
    runners_up : ndarray of shape (n_items,)
        The second most probable label.
    runner_up_probabilities : ndarray of shape (n_items,)
        Its probability.
    abstained : ndarray of bool and shape (n_items,)
        Items whose probability is below `abstain_below`, for which no label should be used.
    abstain_below : float or None
        The least probability of a label that should be used.
    """

    labels: NDArray[Any]
    probabilities: NDArray[np.float64]
    runners_up: NDArray[Any]
    runner_up_probabilities: NDArray[np.float64]
    abstained: NDArray[np.bool_]
    abstain_below: float | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each item; the label is None where the classifier abstains."""
        columns = (self.labels, self.probabilities, self.runners_up, self.runner_up_probabilities, self.abstained)
        return [
            {
                "label": None if abstained else label,
                "probability": probability,
                "runner_up": other,
                "runner_up_probability": second,
            }
            for label, probability, other, second, abstained in zip(*(each.tolist() for each in columns), strict=True)
        ]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        from kolmo._core.tables import Column, Table

        tables = []
        for result in results:
            numbers = (Column("probability", numeric=True), Column("runner-up"), Column("probability", numeric=True))
            table = Table(f"Labels of {len(result):,} items", [Column("item", numeric=True), Column("label"), *numbers])
            for number, record in enumerate(result.records()):
                label, probability, other, second = record.values()
                shown = "" if label is None else str(label)
                table.add(f"{number:,}", shown, f"{probability:.4f}", str(other), f"{second:.4f}")
            tables.append(table)
        return tables


def label_items(classifier: Any, X: Any, *, abstain_below: float | None = None) -> Predictions:
    """Return the label of each item with its probability and the runner-up.

    Parameters
    ----------
    classifier : fitted classifier
        With the method ``predict_proba``, such as a loaded model.
    X : collection of str or bytes, or 2-D array of numbers
        The items.
    abstain_below : float, optional
        Abstain from a label with a smaller probability.

    Returns
    -------
    Predictions

    Raises
    ------
    ParameterError
        If the model has no probabilities, such as a vectorizer.

    Examples
    --------
    >>> from kolmo import LabelCodeClassifier
    >>> texts = ["the cat sat on the mat", "a cat and a kitten sat", "stocks fell and bonds rose", "a bond and a stock"]
    >>> classifier = LabelCodeClassifier().fit(texts, ["pets", "pets", "money", "money"])
    >>> found = label_items(classifier, ["the kitten sat on the mat"])
    >>> found.labels.tolist(), found.runners_up.tolist()
    (['pets'], ['money'])
    """
    if abstain_below is not None:
        check_number("abstain_below", abstain_below, 0, 1)
    shares = np.asarray(check_classifier(classifier).predict_proba(X))
    order = np.argsort(-shares, axis=1, kind="stable")[:, :2]
    rows = np.arange(len(shares))
    probabilities = shares[rows, order[:, 0]]
    return Predictions(
        labels=classifier.classes_[order[:, 0]],
        probabilities=probabilities,
        runners_up=classifier.classes_[order[:, 1]],
        runner_up_probabilities=shares[rows, order[:, 1]],
        abstained=np.zeros(len(shares), bool) if abstain_below is None else probabilities < abstain_below,
        abstain_below=abstain_below,
    )


def check_classifier(model: Any) -> Any:
    """Return a model, which must be a classifier with probabilities."""
    if not hasattr(model, "predict_proba") or not hasattr(model, "classes_"):
        raise ParameterError(
            f"expected a fitted classifier with probabilities, got {type(model).__name__}; fit one with kolmo fit"
        )
    return model
