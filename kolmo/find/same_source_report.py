"""The result of a verification of sources: probabilities, answers, and how good they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.results import Result

if TYPE_CHECKING:
    from kolmo._core.tables import Table

SAME, DIFFERENT, CANNOT_TELL = "same source", "different sources", "cannot tell"
_SHOWN = 20


@dataclass(frozen=True, kw_only=True, eq=False)
class SameSourceReport(Result):
    """The answers for pairs of texts. Made by `SameSourceVerifier.report`.

    Parameters
    ----------
    probabilities : ndarray of shape (n_pairs,)
        Of the same source.
    scores : ndarray of shape (n_pairs,)
        Mean z-score of the savings of the pair among those with impostors.
    saved_bits : ndarray of shape (n_pairs,)
        What the two texts save on each other, the mean of both orders.
    compared_bytes : ndarray of shape (n_pairs,)
        Bytes of each text that were compared.
    margin : float
        Answers are withheld for probabilities at most this far from 1/2.
    labels : ndarray of shape (n_pairs,) or None
        Whether the texts have the same source, where it is known.
    n_impostors : int
        Number of impostors.
    fitted_sizes : tuple of int
        Smallest and largest number of bytes that were compared in `fit`.
    n_fitted : int
        Number of labelled pairs in `fit`.
    n_lengths : int
        Number of code lengths that were measured.
    seconds : float
        Time of the measurement.
    fingerprint : str
        The coder with its parameters and library versions.
    """

    question: ClassVar[str] = "Do the texts have the same source?"
    derived = ("answers", "accuracy", "auc", "c_at_1", "brier_score")

    probabilities: NDArray[np.float64]
    scores: NDArray[np.float64]
    saved_bits: NDArray[np.float64]
    compared_bytes: NDArray[np.int64]
    margin: float
    labels: NDArray[np.bool_] | None
    n_impostors: int
    fitted_sizes: tuple[int, int]
    n_fitted: int
    n_lengths: int
    seconds: float
    fingerprint: str

    @property
    def answers(self) -> list[str]:
        """``"same source"``, ``"different sources"`` or ``"cannot tell"`` for each pair."""
        withheld = withheld_answers(self.probabilities, self.margin)
        kinds = np.where(self.probabilities > 0.5, SAME, DIFFERENT)
        return [CANNOT_TELL if none else str(kind) for none, kind in zip(withheld, kinds, strict=True)]

    @property
    def accuracy(self) -> float | None:
        """Share of pairs whose more probable answer is right; None without labels."""
        return None if self.labels is None else float(np.mean((self.probabilities > 0.5) == self.labels))

    @property
    def auc(self) -> float | None:
        """Share of pairs of one pair of each kind whose probabilities have the right order; None if undefined."""
        if self.labels is None or self.labels.all() or not self.labels.any():
            return None
        from sklearn.metrics import roc_auc_score

        return float(roc_auc_score(self.labels, self.probabilities))

    @property
    def c_at_1(self) -> float | None:
        """c@1: accuracy, in which answers that are withheld count as right in the share of all answers; None without
        labels."""
        return None if self.labels is None else answer_rate(self.probabilities, self.labels, self.margin)

    @property
    def brier_score(self) -> float | None:
        """Mean squared difference of probability and truth; None without labels."""
        return None if self.labels is None else float(np.mean((self.probabilities - self.labels) ** 2))

    def records(self) -> list[dict[str, Any]]:
        """Return one row for each pair.

        Returns
        -------
        list of dict
        """
        return [
            {
                "pair": place,
                "answer": answer,
                "probability": float(self.probabilities[place]),
                "score": float(self.scores[place]),
                "saved_bits": float(self.saved_bits[place]),
                "compared_bytes": int(self.compared_bytes[place]),
            }
            | ({} if self.labels is None else {"same": bool(self.labels[place])})
            for place, answer in enumerate(self.answers)
        ]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table of the pairs for each result.

        Parameters
        ----------
        results : sequence of SameSourceReport
            The results.
        verbose : bool
            Add fingerprints, and list all pairs.

        Returns
        -------
        list of Table
        """
        return [result._table(verbose=verbose) for result in results]

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        first = results[0]
        if len(first.probabilities) == 1:
            return (
                f"{first.answers[0].capitalize()}: the probability of the same source is {first.probabilities[0]:.2f}."
            )
        counts = {answer: first.answers.count(answer) for answer in (SAME, DIFFERENT, CANNOT_TELL)}
        said = ", ".join(f"{count:,} {answer}" for answer, count in counts.items())
        return f"Of {len(first.probabilities):,} pairs: {said}."

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        first = results[0]
        smallest, largest = first.fitted_sizes
        return [
            f"The probability is fitted to {first.n_fitted:,} labelled pairs of {_sizes(smallest, largest)} a text, "
            f"with {first.n_impostors:,} impostors; answers within {first.margin:g} of 1/2 are withheld.",
            "Texts of one topic or genre look alike among texts of others, whoever wrote them.",
        ]

    def _table(self, *, verbose: bool) -> Table:
        from kolmo._core.tables import Column, Table

        names = ("probability of the same source", "z-score among impostors", "saved bits", "bytes compared")
        table = Table(
            "Same source?",
            [Column("pair", numeric=True), Column("answer"), *(Column(name, numeric=True) for name in names)],
        )
        rows = self.records()
        for row in rows if verbose else rows[:_SHOWN]:
            table.add(
                str(row["pair"]),
                row["answer"],
                f"{row['probability']:.3f}",
                f"{row['score']:.2f}",
                f"{row['saved_bits']:,.0f}",
                f"{row['compared_bytes']:,}",
            )
        if len(rows) > _SHOWN and not verbose:
            table.footers.append(f"and {len(rows) - _SHOWN:,} more; --verbose lists all of them")
        if self.labels is not None:
            auc = "-" if self.auc is None else f"{self.auc:.3f}"
            table.footers.append(
                f"accuracy {self.accuracy:.3f}, AUC {auc}, c@1 {self.c_at_1:.3f}, Brier score {self.brier_score:.3f}"
            )
        low, high = self.fitted_sizes
        table.footers += [
            f"cannot tell: probabilities from {0.5 - self.margin:.2f} to {0.5 + self.margin:.2f}; fitted to "
            f"{self.n_fitted:,} pairs of {_sizes(low, high)} a text",
            f"{self.n_lengths:,} code lengths with {self.n_impostors} impostors, in {self.seconds:.1f} s",
        ]
        outside = int(((self.compared_bytes < low / 2) | (self.compared_bytes > 2 * high)).sum())
        if outside:
            table.footers.append(
                f"warning: pairs whose size is far from those in fit, so that probabilities may be wrong: {outside:,}"
            )
        if verbose:
            table.footers.append(self.fingerprint)
        return table


def withheld_answers(chances: NDArray[np.float64], margin: float) -> NDArray[np.bool_]:
    """Return for which probabilities no answer is given: those within the margin of 1/2, and 1/2 itself."""
    withheld: NDArray[np.bool_] = np.abs(chances - 0.5) <= margin
    return withheld


def answer_rate(chances: NDArray[np.float64], same: NDArray[np.bool_], margin: float) -> float:
    """Return c@1 for probabilities of the same source, with no answer within a margin of 1/2.

    Examples
    --------
    >>> answer_rate(np.array([0.9, 0.1, 0.6, 0.2]), np.array([True, False, False, False]), 0.15)
    0.9375
    """
    withheld = withheld_answers(chances, margin)
    right = int(((chances > 0.5) == same)[~withheld].sum())
    return (right + int(withheld.sum()) * right / len(same)) / len(same)


def _sizes(low: int, high: int) -> str:
    return f"{low:,} bytes" if low == high else f"{low:,} to {high:,} bytes"
