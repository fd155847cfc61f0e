"""The members of a label code, and the product of their predictions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.models.saving import ModelState
from kolmo._core.parallel import map_threads
from kolmo.learn.background.pooled import PooledModels
from kolmo.learn.background.pooling import Pooling
from kolmo.learn.label_code.counts import ClassCounts, CountsPredictor
from kolmo.learn.label_code.neighbors import NeighborsPredictor
from kolmo.learn.label_code.ngram_kernels import N_KINDS
from kolmo.learn.label_code.ngrams import NGrams, Rows, Texts
from kolmo.learn.label_code.weights import Training, WeightedRows, WeightsPredictor, train
from kolmo.learn.probabilities import log_softmax

NAMES = ("counts", "weights", "coders", "neighbors")
PRESETS = {
    "all": np.ones(N_KINDS, bool),
    # of 3 to 6 bytes, and of one or two words
    "runs": np.isin(np.arange(N_KINDS), [2, 3, 4, 5, 6, 7]),
}
"""The kinds of n-grams that can be chosen."""
SMALL_BYTES = 2**22
"""Larger sets leave out n-grams of fewer than 3 texts, and train for less time."""
_LARGE_LEAST = 3
_LARGE_TRAINING = Training(epochs=3, averaged=1, rate=2.0, least_error=0.01, kept=0.95)
_BETA = 3.0
_HELD_OUT = 4
_FOLDS = 5
_STRENGTH = 10.0
_MAX_SAMPLE = 2000
_MIN_SAMPLE = 200


class Members:
    """Predictors of a label given a text: log p(label) is the sum of theirs, weighted and normalized.

    Parameters
    ----------
    members : sequence of {"counts", "weights", "coders", "neighbors"}
    kinds : ndarray of bool and shape (N_KINDS,)
        The kinds of n-grams.
    normalize : bool
        Whether texts are read in lower case and with single spaces.
    random_state : int
    n_threads : int
        The results do not depend on it.
    """

    coders: PooledModels

    def __init__(
        self, members: Sequence[str], kinds: NDArray[np.bool_], *, normalize: bool, random_state: int, n_threads: int
    ) -> None:
        self.names = [name for name in NAMES if name in members]
        self.kinds, self.normalize, self.n_threads = kinds, normalize, n_threads
        self._random_state = random_state

    def fit(self, items: Sequence[bytes], codes: NDArray[np.intp], n_classes: int) -> None:
        """Fit the members to texts, and their exponents to predictions of texts that they have not read."""
        rng = np.random.default_rng(self._random_state)
        texts = Texts.of(items, normalize=self.normalize)
        copies, groups = copies_of(texts, codes)
        self.n_copies = len(items) - len(np.unique(groups))
        held = held_out(codes, groups, n_classes, rng)
        places = np.flatnonzero(held)
        predictions = {}
        if "coders" in self.names:
            self.coders, own = PooledModels.fit_left_out(items, codes, n_classes, n_jobs=self.n_threads)
            predictions["coders"] = own[places]
        if self.names != ["coders"]:
            rows = self._fit_counts(texts, codes, n_classes)
            del texts
            left_out = self.counts.fit(rows, codes, copies, rng, n_threads=self.n_threads)
            if "counts" in self.names:
                predictions["counts"] = left_out[places]
            if "neighbors" in self.names:
                predictions["neighbors"] = self._fit_neighbors(rows, codes, groups)[places]
            if "weights" in self.names:
                rest = self._weighted_without(held, rows, codes)
                self.weights = WeightsPredictor(self.counts.counts)
                kept = self._training.kept
                weighted = self.weights.rows(rows, codes, kept, n_threads=self.n_threads, replace=True)
                del rows
                predictions["weights"] = self._fit_weights(weighted, rest, held, codes, rng)
        target = self._target
        found = [predictions[name] for name in self.names]
        self.exponents = fit_exponents(np.stack(found), codes[places], target) if len(places) else target

    def _fit_counts(self, texts: Texts, codes: NDArray[np.intp], n_classes: int) -> Rows:
        self._is_small = len(texts.text) <= SMALL_BYTES
        least = 1 if self._is_small else _LARGE_LEAST
        self.ngrams = NGrams(self.kinds)
        rows = self.ngrams.fit(texts, min_texts=least, n_threads=self.n_threads)
        counts = ClassCounts.of(rows, codes, n_classes, self.ngrams.frequencies, beta=_BETA, least=least)
        self.counts = CountsPredictor(counts)
        return rows

    def _fit_neighbors(self, rows: Rows, codes: NDArray[np.intp], groups: NDArray[np.int64]) -> NDArray[np.float64]:
        """Index the texts, and return the predictions of each by the others; copies with its label are left out."""
        self.neighbors = NeighborsPredictor(rows, codes, self.counts.counts)
        copies = groups * self.counts.counts.n_classes + codes
        return self.neighbors.left_out(rows, copies, n_threads=self.n_threads)

    def _weighted_without(
        self, held: NDArray[np.bool_], rows: Rows, codes: NDArray[np.intp]
    ) -> tuple[WeightedRows, tuple[int, int]]:
        """Return all texts as rows of features, and the shape of their weights, both without the held-out texts.

        The gains of n-grams are those of the others, too: gains that count the labels of held-out texts would prefer
        the n-grams that happen to fit them.
        """
        predictor = WeightsPredictor(self.counts.counts.without(rows, codes, np.flatnonzero(held)))
        weighted = predictor.rows(rows, np.where(held, -1, codes), self._training.kept, n_threads=self.n_threads)
        return weighted, predictor.shape

    def _predicted_without(
        self,
        rest: tuple[WeightedRows, tuple[int, int]],
        held: NDArray[np.bool_],
        codes: NDArray[np.intp],
        rng: np.random.Generator,
    ) -> NDArray[np.float64]:
        """Return log p(label) of the held-out texts by weights of the others."""
        weighted, shape = rest
        if not held.any():  # such as with few texts of each class: nothing is predicted, so nothing is trained
            return np.zeros((0, shape[1]))
        model = train(weighted, np.flatnonzero(~held), codes, shape, self._training, rng)
        return model.log_probabilities(weighted, np.flatnonzero(held))

    def _fit_weights(
        self,
        weighted: WeightedRows,
        rest: tuple[WeightedRows, tuple[int, int]],
        held: NDArray[np.bool_],
        codes: NDArray[np.intp],
        rng: np.random.Generator,
    ) -> NDArray[np.float64]:
        """Train the weights on all texts, and return the predictions of the held-out texts by weights without them."""
        rngs, every = rng.spawn(2), np.arange(len(codes))
        calls: list[Callable[[], Any]] = [
            lambda: self._predicted_without(rest, held, codes, rngs[0]),
            lambda: train(weighted, every, codes, self.weights.shape, self._training, rngs[1]),
        ]
        found = map_threads(lambda call: call(), calls, n_threads=self.n_threads)
        predictions: NDArray[np.float64] = found[0]
        self.model = found[1]
        return predictions

    @property
    def _training(self) -> Training:
        return Training() if self._is_small else _LARGE_TRAINING

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what was fitted by floating-point numbers, for a saved model; counts are counted again."""
        found: dict[str, NDArray[Any]] = {"exponents": self.exponents}
        if "coders" in self.names:
            found |= self.coders.pooling.arrays()
        if self.names != ["coders"]:
            found |= self.counts.arrays()
        if "weights" in self.names:
            found |= self.weights.arrays(self.model)
        return found

    def restore(self, items: Sequence[bytes], codes: NDArray[np.intp], n_classes: int, state: ModelState) -> None:
        """Count and index training texts again, and take the rest from a saved model, as if by `fit`."""
        self.exponents = state.array("exponents", "float64", (len(self.names),), low=0)
        if "coders" in self.names:
            pooling = Pooling.from_arrays(state, n_classes)
            self.coders = PooledModels.counted(items, codes, n_classes, pooling, n_jobs=self.n_threads)
        if self.names != ["coders"]:
            rows = self._fit_counts(Texts.of(items, normalize=self.normalize), codes, n_classes)
            self.counts.restore(state)
            if "neighbors" in self.names:
                self.neighbors = NeighborsPredictor(rows, codes, self.counts.counts)
        if "weights" in self.names:
            self.weights = WeightsPredictor(self.counts.counts)
            self.model = self.weights.restore(state)

    def left_out(self, items: Sequence[bytes], codes: NDArray[np.intp], n_classes: int) -> NDArray[np.float64]:
        """Fit the members, and return log p(label) of each training text, which is left out.

        Counts, coders and neighbors are without the text and its copies; the weights are those of the other folds. The
        exponents are fitted to all texts.
        """
        rng = np.random.default_rng(self._random_state)
        texts = Texts.of(items, normalize=self.normalize)
        copies, groups = copies_of(texts, codes)
        found = {}
        if "coders" in self.names:
            self.coders, found["coders"] = PooledModels.fit_left_out(items, codes, n_classes, n_jobs=self.n_threads)
        if self.names != ["coders"]:
            rows = self._fit_counts(texts, codes, n_classes)
            left_out = self.counts.fit(rows, codes, copies, rng, n_threads=self.n_threads)
            if "counts" in self.names:
                found["counts"] = left_out
            if "weights" in self.names:
                found["weights"] = self._weights_of_other_folds(rows, codes, groups, rng)
            if "neighbors" in self.names:
                found["neighbors"] = self._fit_neighbors(rows, codes, groups)
        self.exponents = fit_exponents(np.stack([found[name] for name in self.names]), codes, self._target)
        return product(self.exponents, np.stack([found[name] for name in self.names]))

    def _weights_of_other_folds(
        self, rows: Rows, codes: NDArray[np.intp], groups: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Return log p(label) of each text by weights trained on the other folds; equal texts share a fold."""
        folds = rng.permutation(int(groups.max()) + 1)[groups] % _FOLDS
        found = np.zeros((len(codes), self.counts.counts.n_classes))

        def measure(fold: int, own_rng: np.random.Generator) -> None:
            if (folds == fold).any():
                rest = self._weighted_without(folds == fold, rows, codes)
                found[folds == fold] = self._predicted_without(rest, folds == fold, codes, own_rng)

        map_threads(measure, range(_FOLDS), rng.spawn(_FOLDS), n_threads=self.n_threads)
        return found

    @property
    def _target(self) -> NDArray[np.float64]:
        """Return the exponents before held-out texts are seen: equal ones, whose sum is 1.

        With few texts a larger sum predicts better where the members are right, and claims too much where nothing
        predicts the labels.
        """
        return np.full(len(self.names), 1 / len(self.names))

    def each(self, items: Sequence[bytes], *, n_threads: int) -> NDArray[np.float64]:
        """Return log p(label) of each member, text and label."""
        found = {}
        if "coders" in self.names:
            found["coders"] = self.coders.log_probabilities(items, n_jobs=n_threads)
        if self.names != ["coders"]:
            rows = self.ngrams.rows(Texts.of(items, normalize=self.normalize), n_threads=n_threads)
            if "counts" in self.names:
                found["counts"] = self.counts.log_probabilities(rows, n_threads=n_threads)
            if "weights" in self.names:
                found["weights"] = self.model.log_probabilities(self.weights.rows(rows, n_threads=n_threads))
            if "neighbors" in self.names:
                found["neighbors"] = self.neighbors.log_probabilities(rows, n_threads=n_threads)
        return np.stack([found[name] for name in self.names])

    def log_probabilities(self, items: Sequence[bytes], *, n_threads: int = 1) -> NDArray[np.float64]:
        """Return log p(label) of each text (row) and label (column)."""
        return product(self.exponents, self.each(items, n_threads=n_threads))


def product(exponents: NDArray[np.float64], members: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithm of the normalized product of probabilities, each to the power of its exponent."""
    found: NDArray[np.float64] = log_softmax(np.einsum("m,mnc->nc", exponents, members))
    return found


def choose_kinds(items: Sequence[bytes], codes: NDArray[np.intp], n_classes: int, **options: Any) -> str:
    """Return the preset of n-grams that gives the fewest bits on held-out training texts, at most 2,000 in all."""
    if sum(map(len, items)) > SMALL_BYTES:
        return "runs"
    rng = np.random.default_rng(options["random_state"])
    numbers = rng.permutation(len(codes))[:_MAX_SAMPLE]
    if len(numbers) < _MIN_SAMPLE:
        return "all"
    held, rest = numbers[: len(numbers) // _HELD_OUT], numbers[len(numbers) // _HELD_OUT :]
    bits = {}
    for name, kinds in PRESETS.items():
        members = Members(("counts", "weights"), kinds, **options)
        members.fit([items[number] for number in rest], codes[rest], n_classes)
        found = members.log_probabilities([items[number] for number in held], n_threads=options["n_threads"])
        bits[name] = -found[np.arange(len(held)), codes[held]].sum()
    return min(bits, key=lambda name: bits[name])


def copies_of(texts: Texts, codes: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the number of equal texts with the same label, and a number for each group of equal texts."""
    digests = [hashlib.blake2b(texts.bytes_of(number), digest_size=16).digest() for number in range(len(texts))]
    _, groups = np.unique(np.array(digests), return_inverse=True)
    _, pairs, sizes = np.unique(groups * (int(codes.max()) + 1) + codes, return_inverse=True, return_counts=True)
    return sizes[pairs].astype(np.int64), groups.astype(np.int64)


def held_out(
    codes: NDArray[np.intp], groups: NDArray[np.int64], n_classes: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Choose a quarter of the texts of each class; equal texts stay together, in the class of the first of them."""
    _, firsts, sizes = np.unique(groups, return_index=True, return_counts=True)
    labels, held = codes[firsts], np.zeros(len(firsts), bool)
    order = rng.permutation(len(firsts))
    for code in range(n_classes):
        of_class = order[labels[order] == code]
        totals = np.cumsum(sizes[of_class])
        held[of_class[totals <= (totals[-1] if len(totals) else 0) // _HELD_OUT]] = True
    return held[groups]


def fit_exponents(
    members: NDArray[np.float64], codes: NDArray[np.intp], target: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return exponents, none negative, with the least log loss, drawn to `target`."""
    from scipy.optimize import minimize

    here = np.arange(len(codes))

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logs = log_softmax(np.einsum("m,mnc->nc", point, members))
        slope = np.exp(logs)
        slope[here, codes] -= 1
        away = point - target
        of_exponents = np.einsum("mnc,nc->m", members, slope) + 2 * _STRENGTH * away
        return float(-logs[here, codes].sum() + _STRENGTH * (away @ away)), of_exponents

    limits = [(0, None)] * len(target)
    found: NDArray[np.float64] = minimize(loss, target, jac=True, method="L-BFGS-B", bounds=limits).x
    return found
