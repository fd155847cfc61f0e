"""The axioms of a normal compressor, and by how much a coder misses each for pieces of one size and kind."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.base import Coder
from kolmo.evaluation.samples import pairs, respelled

LOGS = 4
"""The O(log n) of the axioms: 4 log2(n) bits. A copy is named by a place and a length, each a number up to n, and a
number that says itself where it ends takes some 2 log2(n) bits."""

IDEMPOTENT = 0.1
"""The largest NCD(x, x) of an idempotent coder, beyond the O(log n). A share of its own because real coders write long
copies in parts (deflate: 258 bytes), which is linear in n, and harmless while it is small; a distance whose zero is at
more than a tenth of its range cannot tell a duplicate from a revision."""

SEEN = 0.5
"""The largest NCD(x, x) of a coder that sees the copy at all: beyond it most of a second x is paid for again."""

OTHERS = 0.05
"""What every other axiom may miss, in units of the NCD and beyond the O(log n): pieces of one kind are often at
distances that differ by a few hundredths, so that a larger error would change which is nearer."""

PRIOR = 0.1
"""The share of a piece that a coder may save by what it knew before it, such as a built-in dictionary: no axiom, but
beyond it lengths of short texts tell what is in the dictionary, not what is in the text."""

_MOST_DRAWS, _FEWEST_DRAWS, _DRAWN_BYTES = 5, 2, 60_000
"""Small pieces differ more from each other than large ones, and cost less."""

PER_DRAW, PER_PROBE = 14, 3
"""How many times the size all lengths of one draw, and those of C(x) and C(xx), read."""

AXIOMS = {
    "idempotent": "C(xx) = C(x)",
    "monotone": "C(xy) >= C(x) and C(yx) >= C(y)",
    "symmetric": "C(xy) = C(yx)",
    "distributive": "C(xy) + C(z) <= C(xz) + C(yz), with z of half of x and half of y, where both sides are near",
    "subadditive": "C(xy) <= C(x) + C(y)",
    "unrelated": "NCD(x, y) = 1 for random bytes",
}
"""What is tested, each up to O(log n): the axioms of a normal compressor, and two things that follow for an ideal
one."""


@dataclass(frozen=True, kw_only=True)
class Excess:
    """By how much an axiom is missed; negative where there is room.

    Parameters
    ----------
    bits : float
        Mean of the draws.
    share : float
        Mean of the draws as shares of the larger of C(x) and C(y): in units of the NCD, so that for idempotency it is
        NCD(x, x), for symmetry how far NCD(x, y) and NCD(y, x) differ, and for subadditivity NCD(x, y) - 1.
    worst_bits : float
        Of all draws.
    worst_share : float
        Of all draws.
    """

    bits: float
    share: float
    worst_bits: float
    worst_share: float


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One size of one kind of data.

    Parameters
    ----------
    kind : str
        What data.
    size : int
        Bytes of x.
    draws : int
        How many x and y.
    code_bits : float
        C(x), the mean.
    excess : dict of str to Excess
        By the names of `AXIOMS`; only idempotency where a limit was searched for.
    distance : float or None
        NCD(x, y), the mean.
    prior : float or None
        The share by which x is shorter than the same with its letters exchanged.
    """

    kind: str
    size: int
    draws: int
    code_bits: float
    excess: dict[str, Excess]
    distance: float | None = None
    prior: float | None = None

    def holds(self, axiom: str, share: float) -> bool:
        """Whether the mean excess is within a share of the code length and the O(log n)."""
        return self.excess[axiom].bits <= share * self.code_bits + LOGS * math.log2(8 * self.size)


def draws(size: int) -> int:
    """Return how many pairs of a size are drawn."""
    return max(_FEWEST_DRAWS, min(_MOST_DRAWS, _DRAWN_BYTES // size))


def measured(coder: Coder, data: bytes, kind: str, size: int, random_state: int) -> Cell:
    """Metric all axioms."""
    strings: list[bytes] = []
    drawn = pairs(data, size, draws(size), kind=kind, random_state=random_state)
    for x, y in drawn:
        z = x[: size // 2] + y[: size // 2]
        strings += [x, y, z, respelled(x), x + x, x + y, y + x, x + z, y + z]
    cx, cy, cz, other, xx, xy, yx, xz, yz = coder._batch(strings).reshape(len(drawn), -1).T
    larger = np.maximum(cx, cy)
    distance = _shares(xy - np.minimum(cx, cy), larger)
    excess = {
        "idempotent": _excess(xx - cx, cx),
        "monotone": _excess(np.maximum(cx - xy, cy - yx), larger),
        "symmetric": _excess(np.abs(xy - yx), larger),
        "distributive": _excess(xy + cz - xz - yz, larger),
        "subadditive": _excess(np.maximum(xy, yx) - cx - cy, larger),
    }
    if kind == "random":
        excess["unrelated"] = _excess(np.abs(1 - distance) * larger, larger)
    return Cell(
        kind=kind,
        size=size,
        draws=len(drawn),
        code_bits=float(cx.mean()),
        excess=excess,
        distance=float(distance.mean()),
        prior=float(_shares(other - cx, other).mean()),
    )


def probed(coder: Coder, data: bytes, kind: str, size: int, random_state: int) -> Cell:
    """Metric idempotency alone."""
    drawn = pairs(data, size, draws(size), kind=kind, random_state=random_state)
    cx, xx = coder._batch([string for x, _ in drawn for string in (x, x + x)]).reshape(len(drawn), -1).T
    excess = {"idempotent": _excess(xx - cx, cx)}
    return Cell(kind=kind, size=size, draws=len(drawn), code_bits=float(cx.mean()), excess=excess)


def _excess(bits: NDArray[np.float64], whole: NDArray[np.float64]) -> Excess:
    shares = _shares(bits, whole)
    return Excess(
        bits=float(bits.mean()),
        share=float(shares.mean()),
        worst_bits=float(bits.max()),
        worst_share=float(shares.max()),
    )


def _shares(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
