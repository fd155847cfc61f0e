"""Distances as formulas of code lengths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Metric:
    """A distance as a formula of code lengths.

    Parameters
    ----------
    formula : callable
        Takes L(x), L(y) and two lengths of the pair, ``forth`` and ``back``: L(xy) and L(yx), or L(y|x) and L(x|y)
        for a conditional metric. Arrays that broadcast, in bits.
    conditional : bool
        The metric uses conditional code lengths, so it needs a coder that can be primed.
    """

    formula: Callable[[Floats, Floats, Floats, Floats], Floats]
    conditional: bool = False


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Divide; where the denominator is zero, both items have code length zero and the distance is zero."""
    return np.divide(
        numerator, denominator, out=np.zeros(np.broadcast(numerator, denominator).shape), where=denominator > 0
    )


METRICS: dict[str, Metric] = {
    "ncd": Metric(lambda x, y, forth, _: _ratio(forth - np.minimum(x, y), np.maximum(x, y))),
    "cdm": Metric(lambda x, y, forth, _: _ratio(forth, x + y)),
    "conditional_ncd": Metric(
        lambda x, y, forth, back: _ratio(np.maximum(forth, back), np.maximum(x, y)), conditional=True
    ),
    "conditional_cdm": Metric(lambda x, y, forth, back: _ratio(forth + back, x + y), conditional=True),
}
"""The distances by name, for `pairwise`."""
