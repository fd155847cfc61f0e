"""The counts predictor: each n-gram of a text predicts the label by the labels of the other texts that contain it."""

from __future__ import annotations

from collections.abc import Callable
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
        Where the entries of each column start.
    entries : ndarray of uint64
        A class, times 2^32, plus the number of its texts; the classes of a column rise.
    frequencies : ndarray of uint32 and shape (n_columns,)
        The sum of the numbers of texts of each column. They fall, where all texts of the rows are counted.
    class_counts : ndarray of float64 and shape (n_classes,)
        Number of training texts of each class.
    beta : float
        Weight of the share of each class among all texts, as a number of texts.
    least : int
        An n-gram is used if at least so many other texts contain it.
    """

    starts: NDArray[np.int64]
    entries: NDArray[np.uint64]
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
        entries = np.empty(starts[-1], np.uint64)
        latest[:] = -1
        kernels.fill_classes(rows.indices, rows.pointers, order, codes, latest, starts[:-1].copy(), entries)
        class_counts = np.bincount(codes[numbers], minlength=n_classes).astype(float)
        frequencies = np.zeros(n_columns, np.uint32)
        kernels.add_counts(starts, entries, frequencies)
        return cls(starts, entries, frequencies, class_counts, beta, least)

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

    def label_savings(self, *, left_out: bool) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Return the factor of each label, and the bits that n-grams in 0, 1, ... of its texts save on it.

        The saving of an n-gram in n texts of a label is log2(1 + n * factor), up to a term that all labels share. With
        `left_out`, the labels come twice: given all texts but one of another label, and but one of the label itself.
        """
        if left_out not in self._savings:
            priors = self.priors[[2, 1]].ravel() if left_out else self.priors[0]
            scales = 1 / (self.beta * np.concatenate([priors] * (1 if left_out else 2)))
            table = np.log2(1 + np.arange(kernels.TABLE) * scales[:, None]).astype(np.float32)
            self._savings[left_out] = scales, table.ravel()
        return self._savings[left_out]

    @cached_property
    def _savings(self) -> dict[bool, tuple[NDArray[np.float64], NDArray[np.float32]]]:
        return {}

    def savings(
        self,
        rows: Rows,
        weights: NDArray[np.float64],
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
        scales, savings = self.label_savings(left_out=left_out)

        scratch = self._scratch(rows)

        def add(start: int, stop: int) -> None:
            kernels.text_savings(
                rows.indices,
                rows.pointers[start * N_KINDS : stop * N_KINDS + 1],
                self.starts,
                self.entries,
                self.frequencies,
                savings,
                scales,
                self.least,
                self._most(left_out),
                codes[start:stop],
                copies[start:stop],
                weights,
                *scratch(),
                out[start:stop],
            )

        in_parts(add, rows.pointers[::N_KINDS], n_threads)
        return out

    def _scratch(self, rows: Rows) -> Callable[[], tuple[NDArray[Any], ...]]:
        """Return a function that makes the scratch arrays of a thread, for the n-grams of a kind in a text."""
        room = 1 + int(np.diff(rows.pointers).max(initial=0))
        return lambda: (np.empty(room, np.int64), np.empty((room, 2), np.uint64))

    def _most(self, left_out: bool) -> int:
        return max((int(self.class_counts.sum()) - left_out) // 2, self.least, 4)

    def slots(
        self,
        rows: Rows,
        numbers: NDArray[np.intp],
        codes: NDArray[np.intp],
        copies: NDArray[np.int64],
        *,
        n_threads: int,
    ) -> NDArray[np.float32]:
        """Return the savings of each slot of the chosen training texts, each left out: text, label, slot."""
        out = np.zeros((len(numbers), self.n_classes, N_SLOTS), np.float32)
        scales, savings = self.label_savings(left_out=True)

        scratch = self._scratch(rows)

        def add(start: int, stop: int) -> None:
            kernels.slot_savings(
                rows.indices,
                rows.pointers,
                numbers[start:stop],
                self.starts,
                self.entries,
                self.frequencies,
                savings,
                scales,
                self.least,
                self._most(True),
                codes,
                copies,
                *scratch(),
                out[start:stop],
            )

        in_parts(add, np.arange(len(numbers) + 1), n_threads)
        return out

    def gains(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the gain of each column in bits, and without one text of each class of each column."""
        gains, own = np.zeros(len(self.frequencies), np.float32), np.zeros(len(self.entries), np.float32)
        kernels.column_gains(
            self.starts,
            self.entries,
            self.frequencies,
            self.priors,
            self.beta,
            max(2, self.least),
            gains,
            own,
        )
        return gains, own


def naming_costs(frequencies: NDArray[np.integer[Any]], n_texts: int) -> NDArray[np.float64]:
    """Return the bits that name each n-gram: 1 less log2 of the share of texts that contain it."""
    costs: NDArray[np.float64] = 1 - np.log2(np.maximum(frequencies, 1) / (n_texts + 1))
    return costs


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
        slots = self.counts.slots(rows, numbers, codes, copies, n_threads=n_threads)
        self.weights, offsets = fit_pool(slots, codes[numbers], self.biases, _FIRST_WEIGHT, _RIDGE)
        self.biases = self.biases + offsets
        return self._normalized(self.counts.savings(rows, self.weights, codes, copies, n_threads=n_threads))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the weights and biases for a saved model."""
        return {"counts.weights": self.weights, "counts.biases": self.biases}

    def restore(self, state: ModelState) -> None:
        """Take the weights and biases from a saved model."""
        self.weights = state.array("counts.weights", "float64", (N_SLOTS,))
        self.biases = state.array("counts.biases", "float64", (self.counts.n_classes,))

    def log_probabilities(self, rows: Rows, *, n_threads: int) -> NDArray[np.float64]:
        """Return log p(label) of each text (row) and label (column)."""
        return self._normalized(self.counts.savings(rows, self.weights, n_threads=n_threads))

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
