"""The members of a label code, and the product of their predictions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.models import ModelState
from kolmo.learn.label_code.background import BackgroundModels
from kolmo.learn.label_code.counts import ClassCounts, CountsPredictor
from kolmo.learn.label_code.ngram_kernels import N_KINDS
from kolmo.learn.label_code.ngrams import NGrams, Rows, Texts
from kolmo.learn.label_code.pooling import Pooling
from kolmo.learn.label_code.weights import Training, WeightsPredictor

NAMES = ("counts", "weights", "coders")
PRESETS = {
    "all": np.ones(N_KINDS, bool),
    # of 3 to 6 bytes, and of one or two words
    "runs": np.isin(np.arange(N_KINDS), [2, 3, 4, 5, 6, 7]),
}
"""The kinds of n-grams that can be chosen."""
SMALL_BYTES = 2**22
"""Larger sets leave out n-grams of fewer than 3 texts, and train for less time."""
_LARGE_LEAST = 3
_LARGE_TRAINING = Training(epochs=5, rate=2.0, least_error=0.01, kept=0.95)
_BETA = 3.0
_HELD_OUT = 4
_FULL_TRUST = 25.0
"""From so many texts a class on, weights are trusted as much as counts before held-out texts are seen."""
_STRENGTH = 10.0
_MAX_SAMPLE = 2000
_MIN_SAMPLE = 200


@dataclass
class CodersPredictor:
    """Class models of texts over a background, pooled."""

    models: BackgroundModels
    pooling: Pooling
    n_jobs: int

    @classmethod
    def fit(
        cls, items: Sequence[bytes], codes: NDArray[np.intp], n_classes: int, n_jobs: int
    ) -> tuple[CodersPredictor, NDArray[np.float64]]:
        """Return the predictor of training texts, and log p(label) of each of them, left out."""
        models = BackgroundModels.fit(items, codes, n_classes, n_jobs=n_jobs)
        savings, sizes = models.own_savings(n_jobs=n_jobs), models.sizes(items)
        pooling = Pooling.fit(savings, sizes, codes, models.has_others().astype(np.float64))
        return cls(models.without_training_texts(), pooling, n_jobs), pooling.log_probabilities(savings, sizes)

    def log_probabilities(self, items: Sequence[bytes]) -> NDArray[np.float64]:
        """Return log p(label) of each text."""
        savings = self.models.savings(items, n_jobs=self.n_jobs)
        return self.pooling.log_probabilities(savings, self.models.sizes(items))


class Members:
    """Predictors of a label given a text: log p(label) is the sum of theirs, weighted and normalized.

    Parameters
    ----------
    members : sequence of {"counts", "weights", "coders"}
    kinds : ndarray of bool and shape (N_KINDS,)
        The kinds of n-grams.
    normalize : bool
        Whether texts are read in lower case and with single spaces.
    random_state : int
    n_threads : int
        The results do not depend on it.
    """

    coders: CodersPredictor

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
            self.coders, own = CodersPredictor.fit(items, codes, n_classes, self.n_threads)
            predictions["coders"] = own[places]
        if self.names != ["coders"]:
            rows = self._fit_counts(texts, codes, n_classes)
            self.counts.fit(rows, codes, copies, rng)
            if "counts" in self.names:
                predictions["counts"] = self.counts.log_probabilities(rows, codes, copies)[places]
            if "weights" in self.names:
                predictions["weights"] = self._fit_weights(rows, codes, held, rng)
        target = self._target(len(codes) / n_classes)
        found = [predictions[name] for name in self.names]
        self.exponents = fit_exponents(np.stack(found), codes[places], target) if len(places) else target

    def _fit_counts(self, texts: Texts, codes: NDArray[np.intp], n_classes: int) -> Rows:
        self._is_small = len(texts.text) <= SMALL_BYTES
        least = 1 if self._is_small else _LARGE_LEAST
        self.ngrams = NGrams(self.kinds)
        rows = self.ngrams.fit(texts, min_texts=least, n_threads=self.n_threads)
        counts = ClassCounts.of(
            rows, codes, n_classes, self.ngrams.frequencies, beta=_BETA, least=least, n_threads=self.n_threads
        )
        self.counts = CountsPredictor(counts)
        return rows

    def _fit_weights(
        self, rows: Rows, codes: NDArray[np.intp], held: NDArray[np.bool_], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Train the weights on all texts, and return the predictions of the held-out texts by weights without them."""
        training = Training() if self._is_small else _LARGE_TRAINING
        self.weights = WeightsPredictor(self.counts.counts)
        weighted = self.weights.rows(rows, codes, training.kept)
        chosen = [np.flatnonzero(~held), np.arange(len(codes))][0 if held.any() else 1 :]
        with ThreadPoolExecutor(self.n_threads) as pool:
            models = pool.map(
                lambda numbers, own_rng: self.weights.fit(weighted, numbers, codes, training, own_rng),
                chosen,
                rng.spawn(len(chosen)),
            )
            rest, self.model = (list(models) * 2)[:2] if len(chosen) == 1 else models
        return rest.log_probabilities(weighted, np.flatnonzero(held))

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
        """Count training texts again, and take the rest from a saved model, as if by `fit`."""
        self.exponents = state.array("exponents", "float64", (len(self.names),), low=0)
        if "coders" in self.names:
            models = BackgroundModels.fit(items, codes, n_classes, n_jobs=self.n_threads)
            pooling = Pooling.from_arrays(state, n_classes)
            self.coders = CodersPredictor(models.without_training_texts(), pooling, self.n_threads)
        if self.names != ["coders"]:
            self._fit_counts(Texts.of(items, normalize=self.normalize), codes, n_classes)
            self.counts.restore(state)
        if "weights" in self.names:
            self.weights = WeightsPredictor(self.counts.counts)
            self.model = self.weights.restore(state)

    def _target(self, texts_per_class: float) -> NDArray[np.float64]:
        """Return the exponents before held-out texts are seen: weights need more texts than counts and coders."""
        trust = min(1.0, texts_per_class / _FULL_TRUST)
        shares = np.array([{"weights": trust}.get(name, 1.0) for name in self.names])
        return shares / shares.sum() if shares.any() else np.ones(len(shares))

    def each(self, items: Sequence[bytes]) -> NDArray[np.float64]:
        """Return log p(label) of each member, text and label."""
        found = {}
        if "coders" in self.names:
            found["coders"] = self.coders.log_probabilities(items)
        if self.names != ["coders"]:
            rows = self.ngrams.rows(Texts.of(items, normalize=self.normalize), n_threads=self.n_threads)
            if "counts" in self.names:
                found["counts"] = self.counts.log_probabilities(rows)
            if "weights" in self.names:
                found["weights"] = self.model.log_probabilities(self.weights.rows(rows))
        return np.stack([found[name] for name in self.names])

    def log_probabilities(self, items: Sequence[bytes]) -> NDArray[np.float64]:
        """Return log p(label) of each text (row) and label (column)."""
        return product(self.exponents, self.each(items))


def product(exponents: NDArray[np.float64], members: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithm of the normalized product of probabilities, each to the power of its exponent."""
    from scipy.special import log_softmax

    found: NDArray[np.float64] = log_softmax(np.einsum("m,mnc->nc", exponents, members), 1)
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
        found = members.log_probabilities([items[number] for number in held])
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
    """Choose a quarter of the texts of each class; equal texts stay together."""
    held = np.zeros(len(codes), bool)
    order = rng.permutation(len(codes))
    for code in range(n_classes):
        of_class = order[codes[order] == code]
        held[of_class[: len(of_class) // _HELD_OUT]] = True
    left = np.zeros(int(groups.max()) + 1, bool)
    left[groups[~held]] = True
    return held & ~left[groups]


def fit_exponents(
    members: NDArray[np.float64], codes: NDArray[np.intp], target: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return exponents, none negative, with the least log loss, drawn to `target`."""
    from scipy.optimize import minimize
    from scipy.special import log_softmax

    here = np.arange(len(codes))

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logs = log_softmax(np.einsum("m,mnc->nc", point, members), 1)
        slope = np.exp(logs)
        slope[here, codes] -= 1
        away = point - target
        of_exponents = np.einsum("mnc,nc->m", members, slope) + 2 * _STRENGTH * away
        return float(-logs[here, codes].sum() + _STRENGTH * (away @ away)), of_exponents

    limits = [(0, None)] * len(target)
    found: NDArray[np.float64] = minimize(loss, target, jac=True, method="L-BFGS-B", bounds=limits).x
    return found
