"""Whether the difference between two classifiers on one test set could be chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.results import Result
from kolmo.errors import DataError

if TYPE_CHECKING:
    from kolmo._core.tables import Table

MCNEMAR, CORRECTED_T = "McNemar", "corrected t"
CHANCE = 0.05
"""The p-value from which on a sentence says that a difference could be chance."""


class Predicted(Protocol):
    """Predictions for items whose labels are known, such as a `ClassificationReport`."""

    @property
    def name(self) -> str:
        """Name of the classifier."""

    @property
    def predictions(self) -> NDArray[Any]:
        """The predicted labels."""

    @property
    def labels(self) -> NDArray[Any] | None:
        """The true labels."""


@dataclass(frozen=True, kw_only=True)
class Comparison(Result):
    """A classifier compared with the most accurate one on the same test items. Made by `compare_classifiers`.

    Parameters
    ----------
    name, best : str
        The classifier, and the most accurate one.
    n_test : int
        Number of test items.
    only_best, only_other : int
        Number of items that only the best, and only this classifier, labels right.
    test : str
        "McNemar" for one training set, "corrected t" for cross-validation.
    p_value : float
        Of the hypothesis that both classifiers are equally accurate, two-sided. It is not corrected for the number of
        comparisons, nor for the choice of the best by the same items. NaN if the difference is the same in each fold,
        so that its variance is unknown.
    """

    citations: ClassVar[tuple[str, ...]] = (
        "McNemar, Psychometrika 12 (1947)",
        "Dietterich, Neural Computation 10 (1998)",
        "Nadeau and Bengio, Machine Learning 52 (2003)",
    )

    name: str
    best: str
    n_test: int
    only_best: int
    only_other: int
    test: str
    p_value: float

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        from kolmo._core.tables import Column, Table

        numbers = ("only the best right", "only this right", "p")
        table = Table(
            f"Classifiers compared with {results[0].best}, the most accurate, on {results[0].n_test:,} texts",
            [Column("classifier"), *(Column(name, numeric=True) for name in numbers)],
        )
        for each in results:
            table.add(each.name, f"{each.only_best:,}", f"{each.only_other:,}", p_cell(each))
        table.footers = remarks(results)
        return [table]


def compare_classifiers(reports: Sequence[Predicted]) -> list[Comparison]:
    """Test whether the differences of classifiers from the most accurate one could be chance.

    With one training set it is the exact test of McNemar: of the items that just one of both classifiers labels right,
    either has half in expectation if both are equally accurate. It is about these two fitted classifiers on new items
    like those of the test set; other training items could give another result. The items count as independent: copies
    of a text in the test set make the p-value too small.

    In cross-validation each item is labelled by a classifier that shares training items with the others, so the items
    are not independent, and McNemar's test would find differences too often. There it is the corrected resampled
    t-test of the differences in accuracy by fold, whose variance is enlarged by the ratio of the sizes of test and
    training set.

    Parameters
    ----------
    reports : sequence of ClassificationReport
        Of the same test items in the same order. Of several that are the most accurate the first is the best.

    Returns
    -------
    list of Comparison
        One for each report but the best, in their order.

    Raises
    ------
    DataError
        If the labels are unknown or differ.

    References
    ----------
    McNemar, "Note on the sampling error of the difference between correlated proportions or percentages", Psychometrika
    12, 1947. Dietterich, "Approximate statistical tests for comparing supervised classification learning algorithms",
    Neural Computation 10, 1998, on which test holds when. Nadeau and Bengio, "Inference for the generalization error",
    Machine Learning 52, 2003.

    Examples
    --------
    >>> from kolmo import NCDClassifier
    >>> from kolmo.learn import baseline_classifiers, evaluate
    >>> texts = [text % number for number in range(20) for text in ("the cat sat %d", "stocks fell %d")]
    >>> train, test = (texts[:20], ["pets", "money"] * 10), (texts[20:], ["pets", "money"] * 10)
    >>> classifiers = {"gzip": NCDClassifier("gzip"), "majority class": baseline_classifiers()["majority class"]}
    >>> reports = [evaluate(each, train, test, name=name) for name, each in classifiers.items()]
    >>> (comparison,) = compare_classifiers(reports)
    >>> comparison.name, comparison.only_best, comparison.only_other, round(comparison.p_value, 4)
    ('majority class', 10, 0, 0.002)
    """
    return [each for each in against_best(reports) if each is not None]


def against_best(reports: Sequence[Predicted]) -> list[Comparison | None]:
    """Return the comparison of each report with the best one, and None for the best; see `compare_classifiers`."""
    right = [_right(report) for report in reports]
    if not comparable(reports):
        raise DataError(
            "expected reports on the same test items in the same order and folds, got other labels or folds in one of "
            f"{', '.join(report.name for report in reports)}"
        )
    best = int(np.argmax([each.mean() for each in right])) if reports else 0
    found: list[Comparison | None] = []
    for report, each in zip(reports, right, strict=True):
        folds = folds_of(report)
        found.append(
            Comparison(
                name=report.name,
                best=reports[best].name,
                n_test=len(each),
                only_best=int((right[best] & ~each).sum()),
                only_other=int((each & ~right[best]).sum()),
                test=MCNEMAR if folds is None else CORRECTED_T,
                p_value=_mcnemar(right[best], each) if folds is None else _corrected_t(right[best], each, folds),
            )
        )
    return [None if place == best else each for place, each in enumerate(found)]


def comparable(reports: Sequence[Predicted]) -> bool:
    """Return whether reports are on the same items with known labels, and in the same folds."""
    return all(
        report.labels is not None
        and first.labels is not None
        and np.array_equal(report.labels, first.labels)
        and np.array_equal(folds_of(report), folds_of(first))
        for first in reports[:1]
        for report in reports
    )


def folds_of(report: Predicted) -> Any:
    """Return the fold of each item, or None with one training set."""
    return getattr(report, "folds", None)


def p_cell(comparison: Comparison | None) -> str:
    """Return the p-value as the cell of a table."""
    if comparison is None:
        return "best"
    return "-" if math.isnan(comparison.p_value) else f"{comparison.p_value:.2g}"


def remarks(comparisons: Sequence[Comparison]) -> list[str]:
    """Return what the p-values test, and which differences could be chance, as lines below a table."""
    if not comparisons:
        return []
    first = comparisons[0]
    if first.test == MCNEMAR:
        said = (
            f"p vs best: p-value of the exact McNemar test, two-sided, against {first.best}, the most accurate "
            f"classifier on these {first.n_test:,} texts; the hypothesis is that both, as they were trained here, are "
            "equally accurate on new texts like these"
        )
    else:
        said = (
            f"p vs best: p-value of the corrected resampled t-test over the folds, two-sided, against {first.best}, "
            "the most accurate classifier here; McNemar's test does not hold in cross-validation, where training sets "
            "overlap"
        )
    said += "; it is not corrected for several tests, nor for the choice of the best on the same texts"
    chance = [each.name for each in comparisons if not each.p_value < CHANCE]
    return [
        said,
        *([f"the difference from {first.best} could be chance (p >= 0.05): {', '.join(chance)}"] * bool(chance)),
    ]


def _right(report: Predicted) -> NDArray[np.bool_]:
    """Return which items have the right label."""
    if report.labels is None:
        raise DataError(f"{report.name}: the labels of the test items are unknown, so classifiers cannot be compared")
    right: NDArray[np.bool_] = report.predictions == report.labels
    return right


def _mcnemar(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    from scipy.stats import binomtest

    only_one, only_other = int((one & ~other).sum()), int((other & ~one).sum())
    return float(binomtest(only_one, only_one + only_other).pvalue) if only_one + only_other else 1.0


def _corrected_t(one: NDArray[np.bool_], other: NDArray[np.bool_], folds: NDArray[np.intp]) -> float:
    from scipy.stats import t

    numbers = np.unique(folds)
    differences = np.array([one[folds == fold].mean() - other[folds == fold].mean() for fold in numbers])
    mean, variance, count = differences.mean(), differences.var(ddof=1), len(numbers)
    if not variance > 1e-20:
        return math.nan if abs(mean) > 1e-10 else 1.0
    error = math.sqrt((1 / count + 1 / (count - 1)) * variance)
    return float(2 * t.sf(abs(mean) / error, count - 1))
