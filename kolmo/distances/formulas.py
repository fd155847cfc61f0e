"""The distances of the house as formulas of code lengths."""

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
        Takes L(x), L(y), and what links them: ``forth`` and ``back``. These are L(xy) and L(yx), or L(y|x) and
        L(x|y) for a conditional measure. Arrays that broadcast, in bits.
    conditional : bool
        The measure is made from conditional lengths, and so needs a coder that primes.
    """

    formula: Callable[[Floats, Floats, Floats, Floats], Floats]
    conditional: bool = False


def _share(numerator: Floats, denominator: Floats) -> Floats:
    """Divide; two things that both take no bits at all are at distance zero."""
    return np.divide(
        numerator, denominator, out=np.zeros(np.broadcast(numerator, denominator).shape), where=denominator > 0
    )


METRICS: dict[str, Metric] = {
    "ncd": Metric(lambda x, y, forth, _: _share(forth - np.minimum(x, y), np.maximum(x, y))),
    "cdm": Metric(lambda x, y, forth, _: _share(forth, x + y)),
    "conditional_ncd": Metric(
        lambda x, y, forth, back: _share(np.maximum(forth, back), np.maximum(x, y)), conditional=True
    ),
    "conditional_cdm": Metric(lambda x, y, forth, back: _share(forth + back, x + y), conditional=True),
}
