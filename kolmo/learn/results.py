"""Results of classifiers by compression: the effect of ties on accuracy, and the loss by candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.results import Result

if TYPE_CHECKING:
    from kolmo._core.tables import Table


@dataclass(frozen=True, kw_only=True, eq=False)
class TieReport(Result):
    """Predictions, their accuracy, and its range over all ways of breaking ties.

    Parameters
    ----------
    predictions : ndarray of shape (n_samples,)
        The predicted labels.
    accuracy : float
        Share of correct predictions (top-1).
    worst, best : float
        Accuracy if every tie, among distances, votes or code lengths, were broken against or in favour of the true
        label.
    tied_share : float
        Share of items whose label depends on how ties are broken.
    ties_counted_as_correct : float or None
        Share of items whose true label is among those with the most votes: the scoring of the 2023 gzip-kNN paper,
        for comparison with that paper only. None for a classifier without votes.
    """

    predictions: NDArray[Any]
    accuracy: float
    worst: float
    best: float
    tied_share: float
    ties_counted_as_correct: float | None = None

    @classmethod
    def of(
        cls,
        classes: NDArray[Any],
        *,
        winners: NDArray[np.intp],
        possible_winners: NDArray[np.bool_],
        truth: NDArray[np.intp],
        ties_counted_as_correct: float | None = None,
    ) -> Self:
        """Return the report of predictions.

        Parameters
        ----------
        classes : ndarray of shape (n_classes,)
            The labels.
        winners : int ndarray of shape (n_samples,)
            The predicted class of each item, as its position in `classes`.
        possible_winners : bool ndarray of shape (n_samples, n_classes)
            The classes that win under some way of breaking ties.
        truth : int ndarray of shape (n_samples,)
            The true class of each item, -1 for a label that is not in `classes`.
        ties_counted_as_correct : float, optional
            See the fields.

        Returns
        -------
        TieReport
        """
        true_could_win = possible_winners[np.arange(len(truth)), truth] & (truth >= 0)
        tied = possible_winners.sum(axis=1) > 1
        return cls(
            predictions=classes[winners],
            accuracy=float(np.mean(winners == truth)),
            worst=float(np.mean(true_could_win & ~tied)),
            best=float(np.mean(true_could_win)),
            tied_share=float(np.mean(tied)),
            ties_counted_as_correct=ties_counted_as_correct,
        )

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        from kolmo._core.tables import Column, Table, number_cell

        names = ("accuracy", "worst", "best", "tied", "ties counted as correct")
        table = Table("Accuracy and ties", [Column(name, numeric=True) for name in names])
        for result in results:
            scores = (result.accuracy, result.worst, result.best, result.ties_counted_as_correct)
            accuracy, worst, best, counted = (number_cell(score, ".4f") for score in scores)
            table.add(accuracy, worst, best, f"{result.tied_share:.1%}", counted)
        return [table]

    def records(self) -> list[dict[str, Any]]:
        return [{name: value for name, value in self.to_dict().items() if name != "predictions"}]


@dataclass(frozen=True, kw_only=True)
class CandidateReport(Result):
    """Recall and accuracy of neighbours among candidates, compared with neighbours among all training items.

    Parameters
    ----------
    n_samples : int
        Number of items in the sample.
    n_candidates : int
        Number of training items that each was compared with.
    recall : float
        Share of the nearest neighbours that were found, or others at the same distance.
    accuracy : float or None
        Accuracy (top-1) of neighbours among the candidates; None where the true labels are unknown.
    exact_accuracy : float or None
        Accuracy of neighbours among all training items.
    cosine_accuracy : float or None
        Accuracy of the neighbours by the cosine similarity that selects the candidates, without compression.
    """

    n_samples: int
    n_candidates: int
    recall: float
    accuracy: float | None
    exact_accuracy: float | None
    cosine_accuracy: float | None

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        from kolmo._core.tables import Column, Table, number_cell

        names = ("samples", "candidates", "recall", "accuracy", "exact accuracy", "cosine accuracy")
        table = Table("Candidates compared with all training items", [Column(name, numeric=True) for name in names])
        for result in results:
            scores = (result.accuracy, result.exact_accuracy, result.cosine_accuracy)
            cells = (number_cell(score, ".4f") for score in scores)
            table.add(f"{result.n_samples:,}", f"{result.n_candidates:,}", f"{result.recall:.1%}", *cells)
        return [table]
