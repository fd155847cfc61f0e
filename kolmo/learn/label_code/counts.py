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
_MAX_DENSE = 2**23
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
    n_dense : int
        The first columns, those of the most frequent n-grams, have an entry for every class. The entry of a class is
        found there without a search, and the classes need not be read.
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
    n_dense: int
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
        frequencies: NDArray[np.uint32],
        *,
        beta: float,
        least: int,
    ) -> ClassCounts:
        """Count the training texts; `frequencies` are the numbers of texts of each column, and fall."""
        order, n_columns = np.argsort(codes, kind="stable"), len(frequencies)
        n_dense = min(int((frequencies >= n_classes).sum()), _MAX_DENSE // n_classes)
        latest, sizes = np.full(n_columns, -1, np.int32), np.zeros(n_columns, np.int32)
        kernels.count_classes(rows.indices, rows.pointers, order, codes, n_dense, latest, sizes)
        sizes[:n_dense] = n_classes
        starts = np.zeros(n_columns + 1, np.int64)
        np.cumsum(sizes, out=starts[1:])
        entries = np.empty(starts[-1], np.uint64)
        entries[: n_dense * n_classes].reshape(n_dense, n_classes)[:] = np.arange(n_classes, dtype=np.uint64) << 32
        latest[:] = -1
        kernels.fill_classes(
            rows.indices, rows.pointers, order, codes, n_dense, n_classes, latest, starts[:-1].copy(), entries
        )
        class_counts = np.bincount(codes, minlength=n_classes).astype(float)
        return cls(starts, entries, n_dense, frequencies, class_counts, beta, least)

    def without(self, rows: Rows, codes: NDArray[np.intp], numbers: NDArray[np.intp]) -> ClassCounts:
        """Return the counts of the other training texts than these."""
        entries, frequencies = self.entries.copy(), self.frequencies.copy()
        kernels.remove_texts(
            rows.indices, rows.pointers, numbers, codes, self.n_dense, self.starts, entries, frequencies
        )
        class_counts = self.class_counts - np.bincount(codes[numbers], minlength=self.n_classes)
        return ClassCounts(self.starts, entries, self.n_dense, frequencies, class_counts, self.beta, self.least)

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

    def scales(self, priors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the scale of each label with these priors.

        An n-gram in n texts of a label saves log2(1 + n * scale) bits on it, up to a term that all labels share.
        """
        found: NDArray[np.float64] = 1 / (self.beta * priors)
        return found

    def _logs(self, scales: NDArray[np.float64]) -> NDArray[np.float32]:
        return np.log2(1 + np.arange(kernels.TABLE) * scales[:, None]).astype(np.float32)

    def _saved(self, priors: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the bits that each entry saves on its label."""
        scales, out = self.scales(priors), np.empty(len(self.entries), np.float32)
        kernels.entry_savings(self.entries, self._logs(scales), scales, out)
        return out

    @cached_property
    def _of_all(self) -> kernels.Counts:
        """Return the counts for texts that are not counted themselves."""
        return self._kernel_counts(self.priors[0], int(self.class_counts.sum()))

    def _left_out(self) -> kernels.Counts:
        """Return the counts for training texts, each left out."""
        return self._kernel_counts(self.priors[2], int(self.class_counts.sum()) - 1)

    def _kernel_counts(self, priors: NDArray[np.float64], n_texts: int) -> kernels.Counts:
        own_scales = self.scales(self.priors[1])
        return kernels.Counts(
            starts=self.starts,
            entries=self.entries,
            frequencies=self.frequencies,
            n_dense=self.n_dense,
            saved=self._saved(priors),
            own_logs=self._logs(own_scales),
            own_scales=own_scales,
            least=self.least,
            most=self._most(n_texts),
        )

    def _most(self, n_texts: int) -> int:
        return max(n_texts // 2, self.least, 4)

    @property
    def most(self) -> int:
        """An n-gram is used if at most so many texts contain it."""
        return self._most(int(self.class_counts.sum()))

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
        counts = self._of_all if codes is None else self._left_out()
        if codes is None:
            codes, copies = np.full(len(rows), -1), np.zeros(len(rows), np.int64)

        def add(start: int, stop: int) -> None:
            kernels.text_savings(
                rows.indices,
                rows.pointers[start * N_KINDS : stop * N_KINDS + 1],
                counts,
                codes[start:stop],
                copies[start:stop],
                weights,
                out[start:stop],
            )

        in_parts(add, rows.pointers[::N_KINDS], n_threads)
        return out

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
        counts = self._left_out()

        def add(start: int, stop: int) -> None:
            kernels.slot_savings(
                rows.indices,
                rows.pointers,
                numbers[start:stop],
                counts,
                codes,
                copies,
                np.ones(N_SLOTS),
                np.empty((N_SLOTS, self.n_classes)),
                out[start:stop],
            )

        in_parts(add, np.arange(len(numbers) + 1), n_threads)
        return out

    def gains(self) -> NDArray[np.float32]:
        """Return the gain of each column in bits."""
        gains = np.zeros(len(self.frequencies), np.float32)
        kernels.column_gains(
            self.starts, self.entries, self.frequencies, self.priors[0], self.beta, max(2, self.least), gains
        )
        return gains

    def own_gains(self) -> NDArray[np.float32]:
        """Return the gain of the column of each entry in bits, without one text of the class of the entry."""
        gains = np.zeros(len(self.entries), np.float32)
        kernels.own_gains(
            self.starts, self.entries, self.frequencies, self.priors, self.beta, max(2, self.least), gains
        )
        return gains


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
    table, sizes, n_seen = np.ascontiguousarray(table[:, seen]), sizes[seen], int(seen.sum())

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights, offsets = point[:n_seen], point[n_seen:]
        scores = (table @ (weights / sizes).astype(np.float32)).reshape(n_texts, n_classes).astype(np.float64)
        logs = log_softmax(scores + offsets + biases)
        slope = np.exp(logs)
        slope[here, codes] -= 1
        away = weights - first
        value = -logs[here, codes].sum() + ridge * n_inputs * (away @ away) + _OFFSET_RIDGE * (offsets @ offsets)
        of_weights = (slope.ravel().astype(np.float32) @ table) / sizes + 2 * ridge * n_inputs * away
        of_offsets = slope.sum(0) + 2 * _OFFSET_RIDGE * offsets
        return value / n_texts, np.concatenate([of_weights, of_offsets]) / n_texts

    present = np.bincount(codes, minlength=n_classes) > 0
    bounds: list[tuple[float | None, float | None]] = [(0, None)] * n_seen
    bounds += [(None, None) if each else (0, 0) for each in present]
    start = np.concatenate([np.full(n_seen, first), np.zeros(n_classes)])
    with threadpool_limits(1, "blas"):
        found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 150}).x
    weights = np.zeros(n_inputs)
    weights[seen] = found[:n_seen] / sizes
    return weights, found[n_seen:]
