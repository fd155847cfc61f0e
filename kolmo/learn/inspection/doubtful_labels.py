"""Training items whose label is probably wrong: their own label costs many bits if the item is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.results import Result
from kolmo.data.corpus import Corpus
from kolmo.errors import DataError
from kolmo.learn.inspection.fitted_reports import excerpt
from kolmo.learn.labels import classes_of, labels_of

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

_SHOWN, _REPORTED = 20, 100
_MOST_CLASSES = 30
"""Classes up to which a report has a matrix of labels and expected labels."""


@dataclass(frozen=True, kw_only=True)
class DoubtfulLabel:
    """A training item, its label, and the label that it should probably have.

    Parameters
    ----------
    position : int
        Position in the training set.
    label : label
        Its label.
    bits : float
        Bits of its label, by a classifier without the item: -log2 of the probability.
    expected : label
        The label with the fewest bits.
    expected_bits : float
        Bits of that label.
    text : str
        The start of the item.
    """

    position: int
    label: Any
    bits: float
    expected: Any
    expected_bits: float
    text: str


@dataclass(frozen=True, kw_only=True, eq=False)
class DoubtfulLabels(Result):
    """Training items ordered by the bits of their own label, the most doubtful first.

    Parameters
    ----------
    name : str
        Name of the training set.
    n_items : int
        Number of its items.
    bits_per_label : float
        Mean bits of a label, each item left out.
    order : ndarray of shape (n_items,)
        Positions of all items, the most doubtful first.
    bits : ndarray of shape (n_items,)
        Bits of the own label of each item, by position.
    items : tuple of DoubtfulLabel
        The items whose label is not the one with the fewest bits, the most doubtful first.
    """

    question: ClassVar[str] = "Which labels are probably wrong?"

    name: str
    n_items: int
    bits_per_label: float
    order: NDArray[np.intp]
    bits: NDArray[np.float64]
    items: tuple[DoubtfulLabel, ...]

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each doubtful label."""
        return list(self.to_dict()["items"])

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table for each result: the first 20 items, or all if `verbose`."""
        return [result.table(None if verbose else _SHOWN) for result in results]

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        return "\n".join(
            f"{len(each.items):,} of {each.n_items:,} items of {each.name} ({len(each.items) / each.n_items:.1%}) have "
            "a label that costs more bits than another one. The list has wrong labels first, and right labels of "
            "unusual items among them: look at each before you change it."
            for each in results
        )

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import HeatMap, Histogram

        charts: list[Chart] = []
        for each in results:
            classes = sorted({str(label) for item in each.items for label in (item.label, item.expected)})
            if classes and len(classes) <= _MOST_CLASSES:
                places = {label: place for place, label in enumerate(classes)}
                counts = np.zeros((len(classes), len(classes)), np.intp)
                for item in each.items:
                    counts[places[str(item.label)], places[str(item.expected)]] += 1
                charts.append(
                    HeatMap(
                        title="Labels and expected labels of the doubtful items, number of items",
                        rows=classes,
                        columns=classes,
                        values=counts.tolist(),
                        row_label="label",
                        column_label="expected label",
                        form=",.0f",
                    )
                )
            charts.append(
                Histogram(
                    title="Bits of the label of each item, coded without the item",
                    x_label="bits of the label",
                    values=each.bits.tolist(),
                    marks={"mean": each.bits_per_label},
                )
            )
        return charts

    @classmethod
    def report_tables_of(cls, results: Sequence[Self]) -> list[Table]:
        tables = []
        for each in results:
            table = each.table(_REPORTED)
            if len(each.items) > _REPORTED:
                table.footers.insert(0, f"{_REPORTED:,} of {len(each.items):,} shown; all with --output")
            tables.append(table)
        return tables

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        return [
            "Bits of a label: -log2 of its probability by a label code that has not seen the item or its copies.",
            "How many of the doubtful labels are wrong is not known from these data: a classifier errs too, most often "
            "where the classes are alike.",
        ]

    def table(self, count: int | None = _SHOWN) -> Table:
        """Return the table of the most doubtful labels."""
        from kolmo._core.tables import Column, ItemCell, Table

        shown = self.items[:count]
        table = Table(
            f"Doubtful labels: {len(self.items):,} of {self.n_items:,} items of {self.name} have a label that costs "
            "more bits than another one",
            [
                Column("item", numeric=True),
                Column("label"),
                Column("bits of label", numeric=True),
                Column("expected"),
                Column("bits of expected", numeric=True),
                Column("text"),
            ],
        )
        for each in shown:
            bits = (f"{each.bits:.2f}", f"{each.expected_bits:.2f}")
            cell = ItemCell(f"{each.position:,}", each.position, excerpt=each.text)
            table.add(cell, str(each.label), bits[0], str(each.expected), bits[1], each.text)
        table.footers.append(
            "bits of a label: -log2 of its probability by a label code without the item; mean "
            f"{self.bits_per_label:.3f}"
        )
        return table


def mislabelled(train: Any, *, classifier: Any = None) -> DoubtfulLabels:
    """Return the training items whose own label costs the most bits when the item is left out.

    A wrong label is surprising, and so is the right label of an unusual item: this is a list to look through.

    Parameters
    ----------
    train : Corpus or (X, y)
        Items with labels.
    classifier : LabelCodeClassifier, optional
        Its parameters are used; by default those of ``LabelCodeClassifier()``.

    Returns
    -------
    DoubtfulLabels

    Raises
    ------
    DataError
        If there are no labels, or a single class.

    References
    ----------
    Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels", JAIR 2021, rank by the
    same quantity, with out-of-fold probabilities of any classifier.

    Examples
    --------
    >>> texts = [f"{word} number {number}" for number in range(20) for word in ("cat", "bond")]
    >>> labels = ["pets", "money"] * 20
    >>> labels[4] = "money"
    >>> mislabelled((texts, labels)).items[0].position
    4
    """
    from kolmo.learn.label_code.classifier import LabelCodeClassifier

    if isinstance(train, Corpus):
        X, y, name = train.items, train.labels, train.name
    else:
        X, y = train
        X, name = list(X), "training set"
    if y is None:
        raise DataError(f"the {name} has no labels; name their column with --label-column")
    labels = labels_of(y)
    classes, codes = classes_of(labels)
    model = LabelCodeClassifier() if classifier is None else classifier
    lengths = model.left_out_code_lengths(X, labels)
    own, best = lengths[np.arange(len(codes)), codes], lengths.argmin(axis=1)
    order = np.argsort(-own, kind="stable")
    doubtful = tuple(
        DoubtfulLabel(
            position=place,
            label=labels[place].item(),
            bits=float(own[place]),
            expected=classes[best[place]].item(),
            expected_bits=float(lengths[place, best[place]]),
            text=excerpt(X[place]),
        )
        for place in order.tolist()
        if best[place] != codes[place]
    )
    return DoubtfulLabels(
        name=name, n_items=len(codes), bits_per_label=float(own.mean()), order=order, bits=own, items=doubtful
    )
