"""The axioms of a normal compressor, and how much a coder violates each for pieces of one size and kind of data."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.base import Coder
from kolmo.evaluation.samples import pairs, substitute_letters

LOG_FACTOR = 4
"""The O(log n) term of the axioms is LOG_FACTOR * log2(n) bits. A copy is coded as an offset and a length, each a
number up to n, and a self-delimiting number takes about 2 log2(n) bits."""

IDEMPOTENCE_THRESHOLD = 0.1
"""The largest NCD(x, x) of an idempotent coder, beyond the O(log n) term. Real coders split long copies (deflate: 258
bytes), which costs bits in proportion to n. A distance whose zero lies above a tenth of its range cannot tell a
duplicate from a revision."""

COPY_THRESHOLD = 0.5
"""The largest NCD(x, x) of a coder that detects copies; above it, a repeated x costs more than half of its bits
again."""

AXIOM_TOLERANCE = 0.05
"""The largest violation of every other axiom, in units of the NCD and beyond the O(log n) term. Pieces of one kind
often have distances that differ by a few hundredths, so a larger error would change which is nearer."""

PRIOR_THRESHOLD = 0.1
"""The largest fraction of a piece that a coder may save by prior knowledge, such as a built-in dictionary. This is not
an axiom, but above it the code lengths of short texts measure the dictionary and not the text."""

_MOST_DRAWS, _FEWEST_DRAWS, _DRAWN_BYTES = 5, 2, 60_000
"""Small pieces differ more from each other than large ones, and cost less."""

PER_DRAW, PER_PROBE = 14, 3
"""Bytes coded for one draw, in multiples of the size: for all axioms, and for C(x) and C(xx) alone."""

AXIOMS = {
    "idempotent": "C(xx) = C(x)",
    "monotone": "C(xy) >= C(x) and C(yx) >= C(y)",
    "symmetric": "C(xy) = C(yx)",
    "distributive": "C(xy) + C(z) <= C(xz) + C(yz), where z is the first half of x and of y",
    "subadditive": "C(xy) <= C(x) + C(y)",
    "unrelated": "NCD(x, y) = 1 for random bytes",
}
"""The tested statements, each up to O(log n): the axioms of a normal compressor, and two consequences for an ideal
one."""


@dataclass(frozen=True, kw_only=True)
class AxiomViolation:
    """The amount by which a coder violates an axiom; negative if the axiom holds with room to spare.

    Parameters
    ----------
    bits : float
        Mean over the draws.
    relative : float
        Mean over the draws of the bits divided by max(C(x), C(y)), the units of the NCD. For idempotence it is
        NCD(x, x), for symmetry abs(NCD(x, y) - NCD(y, x)), and for subadditivity NCD(x, y) - 1.
    max_bits, max_relative : float
        Maximum over the draws.
    """

    bits: float
    relative: float
    max_bits: float
    max_relative: float


@dataclass(frozen=True, kw_only=True)
class AuditResult:
    """The measurements for one size and one kind of data.

    Parameters
    ----------
    kind : str
        The kind of data.
    size : int
        Bytes of x.
    draws : int
        Number of pairs x, y.
    code_bits : float
        Mean of C(x).
    violations : dict of str to AxiomViolation
        By the names of `AXIOMS`; idempotence alone where its limit was searched for.
    distance : float or None
        Mean of NCD(x, y).
    prior : float or None
        The fraction by which x is shorter than x with its letters substituted, by prior knowledge.
    """

    kind: str
    size: int
    draws: int
    code_bits: float
    violations: dict[str, AxiomViolation]
    distance: float | None = None
    prior: float | None = None

    def holds(self, axiom: str, tolerance: float) -> bool:
        """Return whether the mean violation is within a fraction of the code length plus the O(log n) term."""
        return self.violations[axiom].bits <= tolerance * self.code_bits + LOG_FACTOR * math.log2(8 * self.size)


def n_draws(size: int) -> int:
    """Return the number of pairs that are drawn for a size."""
    return max(_FEWEST_DRAWS, min(_MOST_DRAWS, _DRAWN_BYTES // size))


def measure_axioms(coder: Coder, data: bytes, kind: str, size: int, random_state: int) -> AuditResult:
    """Measure the violations of all axioms."""
    strings: list[bytes] = []
    drawn = pairs(data, size, n_draws(size), kind=kind, random_state=random_state)
    for x, y in drawn:
        z = x[: size // 2] + y[: size // 2]
        strings += [x, y, z, substitute_letters(x), x + x, x + y, y + x, x + z, y + z]
    cx, cy, cz, other, xx, xy, yx, xz, yz = coder._batch(strings).reshape(len(drawn), -1).T
    larger = np.maximum(cx, cy)
    distance = _ratio(xy - np.minimum(cx, cy), larger)
    violations = {
        "idempotent": _violation(xx - cx, cx),
        "monotone": _violation(np.maximum(cx - xy, cy - yx), larger),
        "symmetric": _violation(np.abs(xy - yx), larger),
        "distributive": _violation(xy + cz - xz - yz, larger),
        "subadditive": _violation(np.maximum(xy, yx) - cx - cy, larger),
    }
    if kind == "random":
        violations["unrelated"] = _violation(np.abs(1 - distance) * larger, larger)
    return AuditResult(
        kind=kind,
        size=size,
        draws=len(drawn),
        code_bits=float(cx.mean()),
        violations=violations,
        distance=float(distance.mean()),
        prior=float(_ratio(other - cx, other).mean()),
    )


def measure_idempotence(coder: Coder, data: bytes, kind: str, size: int, random_state: int) -> AuditResult:
    """Measure the violation of idempotence alone."""
    drawn = pairs(data, size, n_draws(size), kind=kind, random_state=random_state)
    cx, xx = coder._batch([string for x, _ in drawn for string in (x, x + x)]).reshape(len(drawn), -1).T
    violations = {"idempotent": _violation(xx - cx, cx)}
    return AuditResult(kind=kind, size=size, draws=len(drawn), code_bits=float(cx.mean()), violations=violations)


def _violation(bits: NDArray[np.float64], whole: NDArray[np.float64]) -> AxiomViolation:
    relative = _ratio(bits, whole)
    return AxiomViolation(
        bits=float(bits.mean()),
        relative=float(relative.mean()),
        max_bits=float(bits.max()),
        max_relative=float(relative.max()),
    )


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
