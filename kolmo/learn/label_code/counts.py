"""The counts predictor: each n-gram of a text predicts the label by the labels of the other texts that contain it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.models.saving import ModelState
from kolmo.learn.label_code import counts_kernels as kernels
from kolmo.learn.label_code.ngram_kernels import N_KINDS
from kolmo.learn.label_code.ngrams import Rows, in_parts
from kolmo.learn.probabilities import log_softmax

N_SLOTS = N_KINDS * kernels.N_LEVELS
_MAX_SLOT_VALUES = 2**26
_MAX_ROWS = 100_000
_FIRST_WEIGHT = 0.03
_RIDGE = 1.0
_OFFSET_RIDGE = 1.0


@dataclass
class ClassCounts:
    """The number of texts of each class that contain each n-gram.

    Parameters
    ----------
    starts : ndarray of int64 and shape (n_columns + 1,)
        Where the classes of each column start.
    classes : ndarray of uint16, or of uint32 for more than 65,536 classes
    counts : ndarray of uint32
    frequencies : ndarray of uint32 and shape (n_columns,)
        The sum of the counts of each column.
    class_counts : ndarray of float64 and shape (n_classes,)
        Number of training texts of each class.
    beta : float
        Weight of the share of each class among all texts, as a number of texts.
    least : int
        An n-gram is used if at least so many other texts contain it.
    """

    starts: NDArray[np.int64]
    classes: NDArray[np.unsignedinteger[Any]]
    counts: NDArray[np.uint32]
    frequencies: NDArray[np.uint32]
    class_counts: NDArray[np.float64]
    beta: float
    least: int

    @classmethod
    def of(
        cls,
        rows: Rows,
        codes: NDArray[np.intp],
        n_classes: int,
        n_columns: int,
        *,
        beta: float,
        least: int,
        numbers: NDArray[np.intp] | None = None,
    ) -> ClassCounts:
        """Count the training texts, or those of these numbers."""
        numbers = np.arange(len(codes)) if numbers is None else numbers
        order = numbers[np.argsort(codes[numbers], kind="stable")]
        latest, sizes = np.full(n_columns, -1, np.int32), np.zeros(n_columns, np.int32)
        kernels.count_classes(rows.indices, rows.pointers, order, codes, latest, sizes)
        starts = np.zeros(n_columns + 1, np.int64)
        np.cumsum(sizes, out=starts[1:])
        classes, counts = np.empty(starts[-1], _type_of(n_classes)), np.empty(starts[-1], np.uint32)
        latest[:] = -1
        kernels.fill_classes(rows.indices, rows.pointers, order, codes, latest, starts[:-1].copy(), classes, counts)
        class_counts = np.bincount(codes[numbers], minlength=n_classes).astype(float)
        totals = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        frequencies = (totals[starts[1:]] - totals[starts[:-1]]).astype(np.uint32)
        return cls(starts, classes, counts, frequencies, class_counts, beta, least)

    def of_texts(self, rows: Rows, codes: NDArray[np.intp], numbers: NDArray[np.intp]) -> ClassCounts:
        """Count the training texts of these numbers only."""
        return ClassCounts.of(
            rows, codes, self.n_classes, len(self.frequencies), beta=self.beta, least=self.least, numbers=numbers
        )

    @property
    def n_classes(self) -> int:
        return len(self.class_counts)

    @cached_property
    def priors(self) -> NDArray[np.float64]:
        """Return the share of each class: of all texts; without one of its own; without one of another class."""
        total = self.class_counts.sum() + 0.5 * self.n_classes
        return np.array(
            [
                (self.class_counts + 0.5) / total,
                np.maximum(self.class_counts - 0.5, 0.5) / (total - 1),
                (self.class_counts + 0.5) / (total - 1),
            ]
        )

    def entry_savings(self, *, left_out: bool) -> NDArray[np.float32]:
        """Return the saving of each class of each column, given all texts, or all but one of another class."""
        scales = 1 / (self.beta * self.priors[2 if left_out else 0])
        table = np.log2(1 + np.arange(kernels.TABLE) * scales[:, None]).astype(np.float32)
        out = np.empty(len(self.counts), np.float32)
        kernels.entry_savings(self.classes, self.counts, table, scales, out)
        return out

    def savings(
        self,
        rows: Rows,
        weights: NDArray[np.float64],
        entries: NDArray[np.float32],
        codes: Any = None,
        copies: Any = None,
        *,
        n_threads: int,
    ) -> NDArray[np.float64]:
        """Return the weighted savings of texts on each label in bits; with `codes`, of the training texts left out."""
        out = np.zeros((len(rows), self.n_classes))
        left_out = codes is not None
        if not left_out:
            codes, copies = np.full(len(rows), -1), np.zeros(len(rows), np.int64)

        def add(start: int, stop: int) -> None:
            kernels.text_savings(
                rows.indices,
                rows.pointers[start * N_KINDS : stop * N_KINDS + 1],
                self.starts,
                self.classes,
                self.counts,
                self.frequencies,
                entries,
                1 / (self.beta * self.priors[1]),
                self.least,
                self._most(left_out),
                codes[start:stop],
                copies[start:stop],
                weights,
                out[start:stop],
            )

        in_parts(add, rows.pointers[::N_KINDS], n_threads)
        return out

    def _most(self, left_out: bool) -> float:
        return max((float(self.class_counts.sum()) - left_out) / 2, self.least, 4)

    def slots(
        self,
        rows: Rows,
        numbers: NDArray[np.intp],
        entries: NDArray[np.float32],
        codes: NDArray[np.intp],
        copies: NDArray[np.int64],
        *,
        n_threads: int,
    ) -> NDArray[np.float32]:
        """Return the savings of each slot of the chosen training texts, each left out: text, label, slot."""
        out = np.zeros((len(numbers), self.n_classes, N_SLOTS), np.float32)

        def add(start: int, stop: int) -> None:
            kernels.slot_savings(
                rows.indices,
                rows.pointers,
                numbers[start:stop],
                self.starts,
                self.classes,
                self.counts,
                self.frequencies,
                entries,
                1 / (self.beta * self.priors[1]),
                self.least,
                self._most(True),
                codes,
                copies,
                out[start:stop],
            )

        in_parts(add, np.arange(len(numbers) + 1), n_threads)
        return out

    def gains(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the gain of each column in bits, and without one text of each class of each column."""
        gains, own = np.zeros(len(self.frequencies), np.float32), np.zeros(len(self.classes), np.float32)
        kernels.column_gains(
            self.starts,
            self.classes,
            self.counts,
            self.frequencies,
            self.priors,
            self.beta,
            max(2, self.least),
            gains,
            own,
        )
        return gains, own


def _type_of(n_classes: int) -> type[np.unsignedinteger[Any]]:
    return np.uint16 if n_classes <= 2**16 else np.uint32


class CountsPredictor:
    """Savings of slots, pooled with weights that are not negative, and a bias of each class.

    A negative weight would undo the removal of the own text from the counts, and read the label off it.
    """

    def __init__(self, counts: ClassCounts) -> None:
        self.counts = counts
        self.weights = np.full(N_SLOTS, _FIRST_WEIGHT)
        self.biases = np.log(counts.priors[0])

    def fit(
        self,
        rows: Rows,
        codes: NDArray[np.intp],
        copies: NDArray[np.int64],
        rng: np.random.Generator,
        *,
        n_threads: int,
    ) -> NDArray[np.float64]:
        """Fit the weights to the log loss of training texts, each left out; return log p(label) of each, left out."""
        numbers = _sample(codes, self.counts.n_classes, rng)
        left_out = self.counts.entry_savings(left_out=True)
        slots = self.counts.slots(rows, numbers, left_out, codes, copies, n_threads=n_threads)
        self.weights, offsets = fit_pool(slots, codes[numbers], self.biases, _FIRST_WEIGHT, _RIDGE)
        self.biases = self.biases + offsets
        logs = self._normalized(self.counts.savings(rows, self.weights, left_out, codes, copies, n_threads=n_threads))
        del left_out
        self._entries: NDArray[np.float32] = self.counts.entry_savings(left_out=False)
        return logs

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the weights and biases for a saved model."""
        return {"counts.weights": self.weights, "counts.biases": self.biases}

    def restore(self, state: ModelState) -> None:
        """Take the weights and biases from a saved model."""
        self.weights = state.array("counts.weights", "float64", (N_SLOTS,))
        self.biases = state.array("counts.biases", "float64", (self.counts.n_classes,))
        self._entries = self.counts.entry_savings(left_out=False)

    def log_probabilities(self, rows: Rows, *, n_threads: int) -> NDArray[np.float64]:
        """Return log p(label) of each text (row) and label (column)."""
        return self._normalized(self.counts.savings(rows, self.weights, self._entries, n_threads=n_threads))

    def _normalized(self, savings: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = log_softmax(savings + self.biases)
        return found


def _sample(codes: NDArray[np.intp], n_classes: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return the texts that the weights are fitted to: all, or as many of each class as its share allows."""
    room = max(1, _MAX_SLOT_VALUES // (n_classes * N_SLOTS))
    most = min(max(_MAX_ROWS // n_classes, 2 * n_classes, 200), room)
    if len(codes) <= most:
        return np.arange(len(codes))
    order = rng.permutation(len(codes))
    by_class = order[np.argsort(codes[order], kind="stable")]
    return np.sort(by_class[np.linspace(0, len(codes) - 1, most).astype(np.intp)])


def fit_pool(
    values: NDArray[np.float32], codes: NDArray[np.intp], biases: NDArray[np.float64], first: float, ridge: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weights of inputs, none negative, and offsets of the classes with the least log loss.

    A class without texts has no offset, and few texts move one little. The sums are those of one thread of BLAS, since
    others round otherwise.

    Parameters
    ----------
    values : ndarray of shape (n_texts, n_classes, n_inputs)
        Input j speaks for class c by ``values[i, c, j]``. An input without values has the weight 0.
    codes : ndarray of shape (n_texts,)
    biases : ndarray of shape (n_classes,)
    first : float
        The weight that the ridge draws each input of unit size to.
    ridge : float

    Returns
    -------
    weights : ndarray of shape (n_inputs,)
    offsets : ndarray of shape (n_classes,)
    """
    from scipy.optimize import minimize
    from threadpoolctl import threadpool_limits

    n_texts, n_classes, n_inputs = values.shape
    table, here = values.reshape(-1, n_inputs), np.arange(n_texts)
    sizes = np.sqrt(np.einsum("ij,ij->j", table, table, dtype=np.float64) / len(table))
    seen = sizes > 1e-2 * sizes.mean()
    sizes[~seen] = 1
    target = np.where(seen, first, 0.0)

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights, offsets = point[:n_inputs], point[n_inputs:]
        scores = (table @ (weights / sizes).astype(np.float32)).reshape(n_texts, n_classes).astype(np.float64)
        logs = log_softmax(scores + offsets + biases)
        slope = np.exp(logs)
        slope[here, codes] -= 1
        away = weights - target
        value = -logs[here, codes].sum() + ridge * n_inputs * (away @ away) + _OFFSET_RIDGE * (offsets @ offsets)
        of_weights = (slope.ravel().astype(np.float32) @ table) / sizes + 2 * ridge * n_inputs * away
        of_offsets = slope.sum(0) + 2 * _OFFSET_RIDGE * offsets
        return value / n_texts, np.concatenate([of_weights, of_offsets]) / n_texts

    present = np.bincount(codes, minlength=n_classes) > 0
    bounds: list[tuple[float | None, float | None]] = [(0, None) if known else (0, 0) for known in seen]
    bounds += [(None, None) if each else (0, 0) for each in present]
    start = np.concatenate([target, np.zeros(n_classes)])
    with threadpool_limits(1, "blas"):
        found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 150}).x
    return found[:n_inputs] / sizes, found[n_inputs:]
