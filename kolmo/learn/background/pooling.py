"""Pooling: the bits that several models save on a text, mixed into the probability of each label."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.models.saving import ModelState
from kolmo.learn.background.contexts import N_BYTE_ORDERS, N_WORD_ORDERS, WORD_DISTANCES
from kolmo.learn.probabilities import log_softmax

_START = 0.1
"""The weights are drawn to this value, in units of the root mean square of their savings."""
_RIDGE = 0.1
_BIAS_RIDGE = 0.1
_MAX_ITERATIONS = 150
_MAX_NUMBERS = 2**26
"""Most savings that the weights are fitted to; of more training texts, every n-th is taken."""


@dataclass(frozen=True)
class Pooling:
    """Weights of the savings of each predictor, per square root of the size and per size, and a bias for each class.

    The log-probability of a label is the sum of the weighted savings and of its bias, normalised. No weight is
    negative: a negative one could undo the removal of a text's own counts, and read the label off them.

    Parameters
    ----------
    weights : ndarray of shape (2, n_predictors)
        For savings over the square root of the size, and over the size.
    biases : ndarray of shape (n_classes,)
        Natural logarithms.
    """

    weights: NDArray[np.float64]
    biases: NDArray[np.float64]

    @classmethod
    def fit(
        cls,
        savings: NDArray[np.float32],
        sizes: NDArray[np.float64],
        codes: NDArray[np.intp],
        sample_weight: NDArray[np.float64] | None = None,
    ) -> Self:
        """Fit the weights to labelled texts by log loss.

        Parameters
        ----------
        savings : ndarray of shape (n_items, n_predictors, n_classes)
            Bits saved on texts by models that have not read them.
        sizes : ndarray of shape (n_items, n_predictors)
            Number of symbols of each text, at least 1.
        codes : ndarray of shape (n_items,)
            The class of each text.
        sample_weight : ndarray of shape (n_items,), optional
            Weight of each text in the log loss; 1 by default. A class without weight keeps the bias of its number of
            texts.

        Returns
        -------
        Pooling
        """
        from scipy.optimize import minimize

        n_classes = savings.shape[2]
        counts = np.bincount(codes, minlength=n_classes) + 0.5
        prior = np.log(counts / counts.sum())
        step = -(-savings.size // _MAX_NUMBERS) or 1
        savings, sizes, codes = savings[::step], sizes[::step], codes[::step]
        each = np.ones(len(codes)) if sample_weight is None else sample_weight[::step]
        scales = _scales(sizes)
        squares = np.einsum("ikc,ikc->ik", savings, savings, dtype=np.float64) / n_classes
        norms = np.sqrt(np.einsum("jik,jik,ik->jk", scales, scales, squares) / max(len(codes), 1))
        used = norms > 1e-2 * norms.mean(axis=1, keepdims=True)
        norms = np.where(used, norms, 1.0)
        start = np.where(used, _START, 0.0)
        rows, n_weights = np.arange(len(codes)), start.size
        present = np.bincount(codes, each, minlength=n_classes) > 0
        if present.sum() < 2:
            return cls(start / norms, prior)
        total = max(float(each.sum()), 1.0)

        def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            weights, biases = parameters[:n_weights].reshape(start.shape), parameters[n_weights:]
            logs = log_softmax(_scores(savings, scales, weights / norms) + prior + biases)
            gradient = np.exp(logs)
            gradient[rows, codes] -= 1
            gradient *= each[:, None]
            by_text = np.einsum("ic,ikc->ik", gradient, savings)
            by_weight = np.einsum("ik,jik->jk", by_text, scales) / norms
            away = weights - start
            value = -(each * logs[rows, codes]).sum() + _RIDGE * n_weights * (away**2).sum()
            value += _BIAS_RIDGE * (biases**2).sum()
            by_weight += 2 * _RIDGE * n_weights * away
            by_bias = gradient.sum(axis=0) + 2 * _BIAS_RIDGE * biases
            return float(value) / total, np.concatenate([by_weight.ravel(), by_bias]) / total

        limits: list[tuple[float | None, float | None]] = [
            (0.0, None if each_used else 0.0) for each_used in used.ravel()
        ]
        limits += [(None, None) if each_present else (0.0, 0.0) for each_present in present]
        found = minimize(
            loss,
            np.concatenate([start.ravel(), np.zeros(n_classes)]),
            jac=True,
            method="L-BFGS-B",
            bounds=limits,
            options={"maxiter": _MAX_ITERATIONS},
        ).x
        return cls(found[:n_weights].reshape(start.shape) / norms, found[n_weights:] + prior)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the weights and biases for a saved model."""
        return {"pooling.weights": self.weights, "pooling.biases": self.biases}

    @classmethod
    def from_arrays(cls, state: ModelState, n_classes: int) -> Self:
        """Return the weights and biases of a saved model."""
        weights = state.array("pooling.weights", "float64", (2, N_BYTE_ORDERS + N_WORD_ORDERS + len(WORD_DISTANCES)))
        return cls(weights, state.array("pooling.biases", "float64", (n_classes,)))

    def without_savings(self) -> Self:
        """Return the pooling that predicts the share of each class, whatever the models save."""
        return dataclasses.replace(self, weights=np.zeros_like(self.weights))

    def log_probabilities(self, savings: NDArray[np.float32], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the natural logarithm of the probability of each label.

        Parameters
        ----------
        savings : ndarray of shape (n_items, n_predictors, n_classes)
            Bits saved on each text.
        sizes : ndarray of shape (n_items, n_predictors)
            Number of symbols of each text, at least 1.

        Returns
        -------
        ndarray of shape (n_items, n_classes)
            The probabilities of a row sum to 1.
        """
        logs: NDArray[np.float64] = log_softmax(_scores(savings, _scales(sizes), self.weights) + self.biases)
        return logs


def _scales(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the factors of the savings: over the square root of the size, and over the size."""
    return np.stack([1 / np.sqrt(sizes), 1 / sizes])


def _scores(
    savings: NDArray[np.float32], scales: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    # einsum without BLAS, so that the sums do not depend on the number of threads
    factors = np.einsum("jik,jk->ik", scales, weights)
    scores: NDArray[np.float64] = np.einsum("ik,ikc->ic", factors, savings)
    return scores
