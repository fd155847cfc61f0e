"""Code lengths compared across sizes: the centre and the quantiles of the code length of a normal item of n bytes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Exponent = float | Literal["fitted"]

_EXPONENTS = np.linspace(0.5, 1.0, 11)
"""From bytes that vary independently to items that vary as a whole."""
_ROUNDS = 20
_LEAST_WEIGHT = 0.1
"""Residuals below this share of their median have the same weight, so that the fit converges."""


@dataclass(frozen=True, eq=False)
class LengthCorrection:
    """How the code length of a normal item depends on its size, for scores that can be compared across sizes.

    A normal item of n bytes has a code length around ``a + b m`` bits, where m = n + 1 counts the end of the item as
    a byte. It varies around this centre by an amount that grows as ``m ** exponent``. The corrected score is
    ``(bits - a - b m) / m ** exponent``, and its quantiles are those of held-out normal items.

    Parameters
    ----------
    fixed_bits, bits_per_byte : float
        a and b.
    exponent : float
        1/2 if the bits of different bytes vary independently; near 1 if items differ as a whole.
    held_out : ndarray of shape (n_items,)
        The corrected scores of held-out normal items, ascending.

    Examples
    --------
    >>> sizes = np.array([10, 20, 40, 80, 160])
    >>> correction = LengthCorrection.fit(sizes, 2.0 * (sizes + 1) + 8, exponent=0.5)
    >>> round(correction.fixed_bits, 3), round(correction.bits_per_byte, 3)
    (8.0, 2.0)
    >>> correction.centre([99]).round(3).tolist()
    [208.0]
    """

    fixed_bits: float
    bits_per_byte: float
    exponent: float
    held_out: NDArray[np.float64]

    @classmethod
    def fit(cls, sizes: ArrayLike, bits: ArrayLike, *, exponent: Exponent = 0.6) -> Self:
        """Fit the centre, and the exponent if asked, to held-out normal items.

        The centre has the smallest sum of absolute deviations in bits per byte, so a few odd items among the normal
        ones hardly change it.

        Parameters
        ----------
        sizes : array-like of shape (n_items,)
            Bytes of each item.
        bits : array-like of shape (n_items,)
            Its code length by a coder that has not read it.
        exponent : float or "fitted"
            A value, or the one of maximal likelihood, from 1/2 to 1, for deviations with a Laplace distribution.

        Returns
        -------
        LengthCorrection
        """
        lengths, measured = _plus_end(sizes), np.asarray(bits, np.float64)
        fixed_bits, bits_per_byte = _centre(lengths, measured / lengths)
        deviations = measured - fixed_bits - bits_per_byte * lengths
        chosen = _likeliest(lengths, deviations) if exponent == "fitted" else float(exponent)
        return cls(fixed_bits, bits_per_byte, chosen, np.sort(deviations / lengths**chosen))

    def centre(self, sizes: ArrayLike) -> NDArray[np.float64]:
        """Return the code length of a typical normal item of each size, in bits."""
        centre: NDArray[np.float64] = self.fixed_bits + self.bits_per_byte * _plus_end(sizes)
        return centre

    def quantile(self, sizes: ArrayLike, share: float) -> NDArray[np.float64]:
        """Return the code length that a share of the normal items of each size does not exceed, in bits.

        Parameters
        ----------
        sizes : array-like of shape (n_items,)
            Bytes of each item.
        share : float
            From 0 to 1.

        Returns
        -------
        ndarray of shape (n_items,)
        """
        level = float(np.quantile(self.held_out, share))
        bits: NDArray[np.float64] = self.centre(sizes) + level * _plus_end(sizes) ** self.exponent
        return bits

    def scores(self, sizes: ArrayLike, bits: ArrayLike) -> NDArray[np.float64]:
        """Return the corrected score of each item: 0 at the centre, above 0 for longer codes.

        Parameters
        ----------
        sizes, bits : array-like of shape (n_items,)
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_items,)
        """
        lengths = _plus_end(sizes)
        scores: NDArray[np.float64] = (np.asarray(bits, np.float64) - self.centre(sizes)) / lengths**self.exponent
        return scores


def _plus_end(sizes: ArrayLike) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = np.asarray(sizes, np.float64) + 1
    return lengths


def _centre(lengths: NDArray[np.float64], rates: NDArray[np.float64]) -> tuple[float, float]:
    """Return a and b of ``a / length + b`` with the least sum of absolute deviations from the bits per byte."""
    columns = np.stack([1 / lengths, np.ones_like(lengths)], axis=1)
    weights = np.ones_like(lengths)
    for _ in range(_ROUNDS):
        root = np.sqrt(weights)
        found = np.linalg.lstsq(columns * root[:, None], rates * root, rcond=1e-9)[0]
        distances = np.abs(rates - columns @ found)
        typical = float(np.median(distances))
        if typical <= 0:
            break
        weights = 1 / np.maximum(distances / typical, _LEAST_WEIGHT)
    return float(found[0]), float(found[1])


def _likeliest(lengths: NDArray[np.float64], deviations: NDArray[np.float64]) -> float:
    """Return the exponent with the shortest code for the deviations under Laplace distributions."""

    def nats(exponent: float) -> float:
        scale = float(np.abs(deviations / lengths**exponent).mean())
        return math.log(max(scale, 1e-300)) + exponent * float(np.log(lengths).mean())

    return float(min(_EXPONENTS, key=nats))
