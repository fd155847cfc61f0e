"""The weights predictor: a log-linear model of the label, with values of n-grams from their cost and their gain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.models.saving import ModelState
from kolmo._core.parallel import map_threads
from kolmo.errors import DataError
from kolmo.learn.label_code import weights_kernels as kernels
from kolmo.learn.label_code.counts import ClassCounts, naming_costs
from kolmo.learn.label_code.ngram_kernels import N_KINDS
from kolmo.learn.label_code.ngrams import Rows, edges_of
from kolmo.learn.probabilities import log_softmax

_MAX_BLOCK = 2**21
"""Most entries that are weighted at once by a thread, so that few of those that are not kept are held."""
_MAX_WEIGHTS = 2**26


@dataclass(frozen=True)
class Training:
    """How the log-linear model is trained.

    Parameters
    ----------
    epochs : int
        Passes over the training texts.
    averaged : int
        The weights are the mean of those after each of the last `averaged` epochs.
    rate : float
        Rate of AdaGrad.
    ridge : float
        Weight decay.
    least_error : float
        Texts with a smaller squared error change no weight.
    kept : float
        Share of the sum of squares of each training text that its features must hold.
    """

    epochs: int = 8
    averaged: int = 6
    rate: float = 1.5
    ridge: float = 1e-4
    least_error: float = 3e-3
    kept: float = 0.98
    epsilon: float = 1.0


@dataclass(frozen=True)
class WeightedRows:
    """Texts as sparse rows of features.

    Parameters
    ----------
    entries : ndarray of uint32
        The features and their values, see `kernels.VALUE_BITS`: in half the memory of integers and floats.
    pointers : ndarray of int64 and shape (n_texts + 1,)
        Where each text starts.
    """

    entries: NDArray[np.uint32]
    pointers: NDArray[np.int64]

    @property
    def features(self) -> NDArray[np.uint32]:
        found: NDArray[np.uint32] = self.entries >> np.uint32(kernels.VALUE_BITS)
        return found

    @property
    def values(self) -> NDArray[np.float32]:
        found: NDArray[np.float32] = kernels.UNIT * (self.entries & np.uint32(2**kernels.VALUE_BITS - 1)).astype(
            np.float32
        )
        return found


@dataclass(frozen=True)
class LogLinear:
    """A log-linear model of the label.

    Parameters
    ----------
    weights : ndarray of float32 and shape (n_features, n_classes)
    biases : ndarray of shape (n_classes,)
    """

    weights: NDArray[np.float32]
    biases: NDArray[np.float64]

    def log_probabilities(self, rows: WeightedRows, numbers: Any = None) -> NDArray[np.float64]:
        """Return log p(label) of each text, or of the chosen ones."""
        if numbers is not None:
            rows = _chosen(rows, numbers)
        out = np.zeros((len(rows.pointers) - 1, len(self.biases)), np.float32)
        kernels.score(rows.entries, rows.pointers, self.weights, out)
        found: NDArray[np.float64] = log_softmax(out.astype(np.float64) + self.biases)
        return found


class WeightsPredictor:
    """A log-linear model of the label given the n-grams of a text.

    The value of an n-gram is sqrt(count * cost * gain): the cost of naming the n-gram, log2 of the share of texts that
    contain it with its sign reversed, plus 1; and the bits that it saves on the label on average.
    """

    def __init__(self, counts: ClassCounts) -> None:
        self.counts = counts
        n_texts, frequencies = counts.class_counts.sum(), counts.frequencies
        self.gains = counts.gains()
        self.costs = naming_costs(frequencies, n_texts).astype(np.float32)
        chosen = np.flatnonzero(frequencies >= max(2, counts.least))
        most = max(1, min(2**kernels.FEATURE_BITS, _MAX_WEIGHTS // counts.n_classes))
        if len(chosen) > most:
            worth = self.gains[chosen] * self.costs[chosen] * frequencies[chosen]
            chosen = np.sort(chosen[np.argpartition(-worth, most)[:most]])
        self._choose(chosen)

    def _choose(self, columns: NDArray[np.integer[Any]]) -> None:
        """Make columns features, in their order."""
        self.columns = columns.astype(np.int32)
        self.features = np.full(len(self.counts.frequencies), -1, np.int32)
        self.features[columns] = np.arange(len(columns))
        self.shape = len(columns), self.counts.n_classes

    def arrays(self, model: LogLinear) -> dict[str, NDArray[Any]]:
        """Return a model and the columns of its features, for a saved model."""
        return {"weights.columns": self.columns, "weights.weights": model.weights, "weights.biases": model.biases}

    def restore(self, state: ModelState) -> LogLinear:
        """Take the features from a saved model, and return its log-linear model."""
        columns = state.array("weights.columns", "int32", (None,), low=0, high=len(self.counts.frequencies) - 1)
        if len(columns) > 2**kernels.FEATURE_BITS or (np.diff(columns) <= 0).any():
            most = f"{2**kernels.FEATURE_BITS:,}"
            raise DataError(f"'weights.columns': expected ascending numbers, at most {most}, got {len(columns):,}")
        self._choose(columns)
        biases = state.array("weights.biases", "float64", self.shape[1:])
        return LogLinear(state.array("weights.weights", "float32", self.shape), biases)

    def rows(
        self, rows: Rows, codes: Any = None, kept: float = 1.0, *, n_threads: int, replace: bool = False
    ) -> WeightedRows:
        """Return texts as rows of features; with `codes`, training texts, with gains that do not count the text.

        With `replace`, they are written over the n-grams of the texts, which cannot be used afterwards.
        """
        own_gains = np.zeros(1, np.float32) if codes is None else self.counts.own_gains()
        codes = np.full(len(rows), -1) if codes is None else codes
        starts = rows.pointers[::N_KINDS]
        longest = int(np.diff(starts).max(initial=0))

        def weigh(start: int, stop: int) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
            span = slice(starts[start], starts[stop])
            block, pointers = np.empty(span.stop - span.start, np.uint32), np.zeros(stop - start + 1, np.int64)
            kernels.weigh_rows(
                rows.indices[span],
                rows.counts[span],
                rows.pointers[start * N_KINDS : stop * N_KINDS + 1],
                self.features,
                self.costs,
                self.gains,
                self.counts.starts,
                self.counts.entries,
                self.counts.n_dense,
                own_gains,
                codes[start:stop],
                kept,
                np.zeros(kernels.N_STEPS),
                np.empty(longest, np.float32),
                block,
                pointers,
            )
            return block, pointers

        entries = rows.indices if replace else np.empty(len(rows.indices), np.uint32)
        pointers, size = [np.zeros(1, np.int64)], 0
        n_blocks = n_threads * -(-len(rows.indices) // (n_threads * _MAX_BLOCK))
        cuts = edges_of(starts, max(n_blocks, 1))
        for first in range(0, len(cuts) - 1, n_threads):  # a few blocks at a time, since most entries are not kept
            edges = cuts[first : first + n_threads + 1]
            for block, ends in map_threads(weigh, edges[:-1], edges[1:], n_threads=n_threads):
                entries[size : size + ends[-1]] = block[: ends[-1]]
                pointers.append(ends[1:] + size)
                size += int(ends[-1])
        entries.resize(size, refcheck=False)  # gives the rest back to the system
        return WeightedRows(entries, np.concatenate(pointers))


def train(
    rows: WeightedRows,
    numbers: NDArray[np.intp],
    codes: NDArray[np.intp],
    shape: tuple[int, int],
    training: Training,
    rng: np.random.Generator,
) -> LogLinear:
    """Return a model of this shape, features and classes, trained on the chosen texts."""
    n_features, n_classes = shape
    weights, squares = np.zeros((n_features, n_classes), np.float32), np.zeros(n_features, np.float32)
    biases, bias_squares = np.zeros(n_classes), np.ones(n_classes)
    mean_weights, mean_biases = np.zeros_like(weights), np.zeros_like(biases)
    share = np.float32(1 / training.averaged)
    for epoch in range(training.epochs):
        kernels.train(
            rows.entries,
            rows.pointers,
            rng.permutation(numbers),
            codes,
            weights,
            squares,
            biases,
            bias_squares,
            np.zeros(n_classes, np.float32),
            np.float32(training.rate),
            np.float32(training.ridge),
            training.least_error,
            np.float32(training.epsilon),
        )
        if epoch >= training.epochs - training.averaged:
            kernels.add_scaled(mean_weights, weights, share)
            mean_biases += share * biases
    return LogLinear(mean_weights, mean_biases)


def _chosen(rows: WeightedRows, numbers: NDArray[np.intp]) -> WeightedRows:
    places = [np.arange(rows.pointers[number], rows.pointers[number + 1]) for number in numbers]
    joined = np.concatenate(places) if places else np.empty(0, np.int64)
    pointers = np.zeros(len(numbers) + 1, np.int64)
    np.cumsum([len(each) for each in places], out=pointers[1:])
    return WeightedRows(rows.entries[joined], pointers)
