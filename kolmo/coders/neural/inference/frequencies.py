"""Integer frequencies of symbols: what the entropy coder sees of a model's predictions, and what a symbol costs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

TOTAL = 2**24
"""The sum of the frequencies of all symbols."""


def frequencies(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the integer frequency of each symbol, minus 1; each row sums to TOTAL - n_symbols.

    The entropy coder adds 1 to each, so that no symbol has a frequency of 0. Their sums are exact in float32.
    The cumulative frequencies are rounded, so rounding errors do not accumulate.
    """
    wide = logits.astype(np.float64)
    below = np.cumsum(np.exp(wide - wide.max(1, keepdims=True)), 1)
    room = TOTAL - logits.shape[1]
    bounds = np.floor(below * (room / below[:, -1:]))
    bounds[:, -1] = room
    whole: NDArray[np.float32] = np.diff(bounds, axis=1, prepend=0).astype(np.float32)
    return whole


def coded_probability(probability: Any, n_symbols: int) -> Any:
    """Return the probability with which a symbol is coded, up to rounding: at least 1 / TOTAL."""
    return (1 + probability * (TOTAL - n_symbols)) / TOTAL


def coded_bits(probability: Any, n_symbols: int) -> Any:
    """Return the code length in bits of a symbol of this probability, up to rounding: at most log2(TOTAL)."""
    return -np.log2(coded_probability(probability, n_symbols))
