"""The result of a search for outliers: the score of each item, and the threshold with its false-alarm rate."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.results import Result
from kolmo._core.terminal import one_line

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

_SHOWN, _LEAST_SHOWN = 20, 3
_TOO_MANY, _CHANCE = 5, 1e-3
"""Least number of flagged items, and largest probability of so many among normal ones, for a warning."""
_REPORTED = 100
_EXCERPT = 160


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """The score above which an item is flagged, and how often that happens to a normal item.

    Parameters
    ----------
    score : float
        Items with a larger score are flagged.
    stated_rate : float
        The false-alarm rate that was asked for.
    false_alarm_rate : float
        The expected share of flagged items among new normal items.
    interval : tuple of float
        95% confidence interval of this share, from the number of held-out items.
    n_held_out : int
        Number of held-out normal items.
    """

    score: float
    stated_rate: float
    false_alarm_rate: float
    interval: tuple[float, float]
    n_held_out: int

    @classmethod
    def of(cls, held_out: NDArray[np.float64], rate: float) -> Self:
        """Return the smallest held-out score whose false-alarm rate is expected to be at most `rate`.

        With n held-out scores, a new normal item exceeds the k-th smallest with probability (n + 1 - k) / (n + 1) on
        average, and the share given these scores has a beta distribution. If n is too small for the rate, it is the
        largest score.

        Parameters
        ----------
        held_out : ndarray of shape (n_items,)
            Scores of held-out normal items, ascending.
        rate : float
            The false-alarm rate to state.

        Returns
        -------
        Threshold

        Examples
        --------
        >>> threshold = Threshold.of(np.arange(999.0), 0.05)
        >>> threshold.score, threshold.false_alarm_rate, [round(end, 3) for end in threshold.interval]
        (949.0, 0.05, [0.037, 0.064])
        """
        from scipy.stats import beta

        count = len(held_out)
        above = min(max(int(np.floor(rate * (count + 1) + 1e-9)), 1), count)
        low, high = beta.ppf([0.025, 0.975], above, count + 1 - above).tolist()
        return cls(
            score=float(held_out[count - above]),
            stated_rate=rate,
            false_alarm_rate=above / (count + 1),
            interval=(low, high),
            n_held_out=count,
        )

    def warn_if_too_few(self) -> None:
        """Warn if there are too few held-out items for the stated rate."""
        if self.false_alarm_rate > self.stated_rate * (1 + 1e-9):
            warnings.warn(
                f"a false-alarm rate of {self.stated_rate:.2%} needs at least {math.ceil(1 / self.stated_rate) - 1:,} "
                f"normal items, got {self.n_held_out:,}, so the threshold is their largest score and the expected rate "
                f"is {self.false_alarm_rate:.2%}; pass more items, or a larger rate",
                stacklevel=5,
            )

    def described(self) -> str:
        """Return the threshold in a sentence."""
        low, high = self.interval
        return (
            f"threshold {self.score:.2f}: expected false-alarm rate {self.false_alarm_rate:.2%}, 95% interval "
            f"{low:.2%} to {high:.2%}, from {self.n_held_out:,} held-out normal items"
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class OutlierReport(Result):
    """The scores of items, and which of them are outliers. Made by `CodeLengthOutlier.report`.

    Parameters
    ----------
    scores : ndarray of shape (n_items,)
        Larger for stranger items.
    bits : ndarray of shape (n_items,)
        Code length of each item given the normal items.
    expected_bits : ndarray of shape (n_items,)
        Code length of a typical normal item of this size.
    sizes : ndarray of shape (n_items,)
        Bytes of each item.
    tail_shares : ndarray of shape (n_items,)
        Share of normal items with at least this score, (1 + number of such held-out items) / (1 + all held-out items):
        a p-value for a normal item.
    excerpts : tuple of str
        The start of each item, in one line.
    names : tuple of str or None
        Names of the items, such as files.
    threshold : Threshold
        The threshold.
    score : str
        The kind of score.
    n_longer : int
        Number of items longer than every normal item, for which the correction extrapolates.
    seconds : float
        Time of the measurement.
    fingerprint : str
        The coder with its parameters and library versions.
    """

    derived = ("flagged", "n_flagged", "warnings")
    question: ClassVar[str] = "Which items are unlike the normal ones?"

    scores: NDArray[np.float64]
    bits: NDArray[np.float64]
    expected_bits: NDArray[np.float64]
    sizes: NDArray[np.int64]
    tail_shares: NDArray[np.float64]
    excerpts: tuple[str, ...]
    names: tuple[str, ...] | None
    threshold: Threshold
    score: str
    n_longer: int
    seconds: float
    fingerprint: str

    @property
    def flagged(self) -> NDArray[np.intp]:
        """Positions of the items above the threshold, the strangest first."""
        order = np.argsort(-self.scores, kind="stable")
        return order[: int((self.scores > self.threshold.score).sum())]

    @property
    def n_flagged(self) -> int:
        """Number of items above the threshold."""
        return len(self.flagged)

    @property
    def warnings(self) -> list[str]:
        """What speaks against the false-alarm rate: more flagged items than chance allows, extrapolated lengths."""
        from scipy.stats import binom

        found, count, n_flagged = [], len(self.scores), self.n_flagged
        if n_flagged >= _TOO_MANY and binom.sf(n_flagged - 1, count, self.threshold.interval[1]) < _CHANCE:
            found.append(
                f"{n_flagged:,} of {count:,} items are flagged, and at most {self.threshold.interval[1]:.2%} would be "
                "if all were like the normal ones; what differs in most of them, such as a new date at the start "
                "of each line, has to be cut off before"
            )
        if self.n_longer:
            found.append(
                f"items longer than every normal item, whose expected bits are extrapolated: {self.n_longer:,}"
            )
        return found

    def records(self) -> list[dict[str, Any]]:
        """Return one row for each item, in their order.

        Returns
        -------
        list of dict
        """
        return [self.record(place) for place in range(len(self.scores))]

    def record(self, place: int) -> dict[str, Any]:
        """Return the row of one item.

        Parameters
        ----------
        place : int
            Position of the item.

        Returns
        -------
        dict
        """
        named = {} if self.names is None else {"name": self.names[place]}
        return named | {
            "index": place,
            "score": float(self.scores[place]),
            "is_outlier": bool(self.scores[place] > self.threshold.score),
            "tail_share": float(self.tail_shares[place]),
            "size_bytes": int(self.sizes[place]),
            "bits": float(self.bits[place]),
            "expected_bits": float(self.expected_bits[place]),
            "excerpt": self.excerpts[place],
        }

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table of the strangest items for each result.

        Parameters
        ----------
        results : sequence of OutlierReport
            The results.
        verbose : bool
            Add fingerprints, and list all flagged items.

        Returns
        -------
        list of Table
        """
        return [result._table(verbose=verbose) for result in results]

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        return "\n".join(
            f"{each.n_flagged:,} of {len(each.scores):,} items are flagged as outliers; if all were normal, about "
            f"{each.threshold.false_alarm_rate * len(each.scores):,.2g} would be."
            for each in results
        )

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import Histogram

        return [
            Histogram(
                title="Scores of the items",
                x_label=f"score: {each.score}",
                values=each.scores.tolist(),
                marks={"threshold": each.threshold.score},
            )
            for each in results
        ]

    @classmethod
    def report_tables_of(cls, results: Sequence[Self]) -> list[Table]:
        return [result._report_table() for result in results]

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        said = []
        for each in results:
            described = each.threshold.described()
            said += [
                f"{described[0].upper()}{described[1:]}.",
                f"Every item is measured exactly: {int(each.sizes.sum()):,} bytes in {each.seconds:.1f} s.",
            ]
            said += [f"Warning: {warning}." for warning in each.warnings]
        return [*said, "An outlier is unlike the normal items for this coder; it need not be wrong or harmful."]

    def _report_table(self) -> Table:
        """Return the strangest items, flagged or not, each linked to its excerpt."""
        from kolmo._core.tables import Column, ItemCell, Table

        order = np.argsort(-self.scores, kind="stable")[:_REPORTED]
        names = ("score", "normal items as unusual", "bytes", "bits", "expected bits")
        table = Table(
            "Strangest items",
            [Column("item", numeric=self.names is None), Column("outlier"), *(Column(name, True) for name in names)],
        )
        for place in order.tolist():
            name = f"{place:,}" if self.names is None else self.names[place]
            table.add(
                ItemCell(name, place, excerpt=self.excerpts[place]),
                *self._cells(place),
            )
        table.footers = [
            f"{len(order):,} of {len(self.scores):,} items, the highest scores first",
            "normal items as unusual: share of held-out normal items with at least this score; expected bits: of a "
            "typical normal item of this size",
        ]
        return table

    def _cells(self, place: int) -> tuple[str, ...]:
        """Return what is measured of an item: outlier, score, share of normal items, bytes, bits, expected bits."""
        return (
            "yes" if self.scores[place] > self.threshold.score else "no",
            f"{self.scores[place]:.2f}",
            f"{self.tail_shares[place]:.2%}",
            f"{self.sizes[place]:,}",
            f"{self.bits[place]:,.0f}",
            f"{self.expected_bits[place]:,.0f}",
        )

    def _table(self, *, verbose: bool) -> Table:
        from kolmo._core.tables import Column, Table

        flagged = self.flagged
        names = ("score", "normal items as unusual", "bytes", "bits", "expected bits")
        table = Table(
            f"Outliers: {len(flagged):,} of {len(self.scores):,} items",
            [
                Column("item"),
                Column("outlier"),
                *(Column(name, numeric=True) for name in names),
                Column("start of the item"),
            ],
        )
        n_rows = max(len(flagged) if verbose else min(len(flagged), _SHOWN), _LEAST_SHOWN)
        for place in np.argsort(-self.scores, kind="stable")[:n_rows]:
            table.add(
                str(place) if self.names is None else self.names[place],
                *self._cells(place),
                self.excerpts[place][:60],
            )
        if len(flagged) > _SHOWN and not verbose:
            table.footers.append(f"and {len(flagged) - _SHOWN:,} more; --verbose lists all of them")
        total = int(self.sizes.sum())
        table.footers += [
            self.threshold.described(),
            f"expected bits: of a typical normal item of this size; score: {self.score}",
            f"measured {total:,} bytes in {self.seconds:.1f} s; every item is measured exactly, there is no short cut",
        ]
        table.footers += [f"warning: {warning}" for warning in self.warnings]
        if verbose:
            table.footers.append(self.fingerprint)
        return table


def excerpt_of(item: bytes) -> str:
    """Return the start of an item as text in one line.

    Examples
    --------
    >>> excerpt_of(b"two\\nlines")
    'two lines'
    """
    return one_line(item[: 2 * _EXCERPT].decode("utf-8", "backslashreplace"), _EXCERPT)
