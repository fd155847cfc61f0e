"""Training items whose label is probably wrong: their own label costs many bits if the item is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.results import Result
from kolmo.data.corpus import Corpus
from kolmo.errors import DataError
from kolmo.learn.inspection.fitted_reports import excerpt
from kolmo.learn.labels import classes_of, labels_of

if TYPE_CHECKING:
    from kolmo._core.tables import Table

_SHOWN = 20


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

    def table(self, count: int | None = _SHOWN) -> Table:
        """Return the table of the most doubtful labels."""
        from kolmo._core.tables import Column, Table

        shown = self.items[:count]
        table = Table(
            f"Doubtful labels: {len(self.items):,} of {self.n_items:,} items of {self.name} have a label that costs "
            "more bits than another one",
            [
                Column("item", numeric=True),
                Column("label"),
                Column("bits", numeric=True),
                Column("expected"),
                Column("bits", numeric=True),
                Column("text"),
            ],
        )
        for each in shown:
            bits = (f"{each.bits:.2f}", f"{each.expected_bits:.2f}")
            table.add(f"{each.position:,}", str(each.label), bits[0], str(each.expected), bits[1], each.text)
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
