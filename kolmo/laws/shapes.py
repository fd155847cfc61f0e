"""The shape of a curve of losses: one that falls, or one that no falling law describes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import DataError
from kolmo.laws.points import numbers_of

Kind = Literal["falling", "rising", "inverse scaling", "double descent", "non-monotone"]
_LEAST_RISE = 0.02
_NOISE_FACTOR = 5.0
_LEAST_POINTS = 5


@dataclass(frozen=True)
class Shape:
    """The shape of a curve. Made by `shape_of`.

    Parameters
    ----------
    kind : str
        "falling"; "rising"; "inverse scaling", a loss that falls and then rises to the end; "double descent", a loss
        that falls, rises, and falls again; "non-monotone", any other.
    rise : float
        The largest rise of log y from one size to a larger one.
    start, stop : float
        The sizes of that rise.
    noise : float
        Standard deviation of log y between neighbouring sizes, by second differences; or of runs of one size.
    """

    kind: Kind
    rise: float
    start: float
    stop: float
    noise: float

    @property
    def warning(self) -> str | None:
        """A sentence for a curve that no falling law describes."""
        if self.kind == "falling":
            return None
        name = "" if self.kind in ("rising", "non-monotone") else f" ({self.kind})"
        return (
            f"no monotone law: y rises by {np.expm1(self.rise):.1%} from x = {self.start:.4g} to {self.stop:.4g}"
            f"{name}, and neighbouring points vary by {self.noise:.1%}; a law that only falls does not describe this"
        )


def shape_of(x: Any, y: Any) -> Shape:
    """Tell whether a loss falls with the size, or rises somewhere by more than its noise.

    Parameters
    ----------
    x, y : array-like of shape (n,)
        Sizes and losses.

    Returns
    -------
    Shape

    Raises
    ------
    DataError
        For values that are not positive numbers, or fewer than five sizes.

    Notes
    -----
    Runs of one size are averaged. A rise counts if it is more than 2%, and more than five times the noise; a fall that
    follows it counts by the same rule.

    References
    ----------
    Nakkiran et al., "Deep double descent", ICLR 2020. McKenzie et al., "Inverse scaling", TMLR 2023.

    Examples
    --------
    >>> sizes = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]
    >>> shape_of(sizes, [3.0, 2.5, 2.1, 2.3, 2.6, 2.2, 1.8]).kind
    'double descent'
    """
    sizes, losses = numbers_of("x", x), numbers_of("y", y)
    if len(sizes) != len(losses):
        raise DataError(f"expected one y for each x, got {len(sizes)} of x, {len(losses)} of y")
    found = shape_if_enough(sizes, np.log(losses))
    if found is None:
        raise DataError(f"expected at least {_LEAST_POINTS} different sizes, got {len(np.unique(sizes))}")
    return found


def shape_if_enough(x: NDArray[np.float64], log_y: NDArray[np.float64]) -> Shape | None:
    """Return the shape of a curve; None for fewer than five sizes."""
    sizes, codes = np.unique(x, return_inverse=True)
    if len(sizes) < _LEAST_POINTS:
        return None
    counts = np.bincount(codes)
    curve = np.bincount(codes, log_y) / counts
    noise = _noise(sizes, curve, counts, log_y - curve[codes])
    least = max(_LEAST_RISE, _NOISE_FACTOR * noise)
    lowest = np.minimum.accumulate(curve)
    rises = curve - lowest
    stop = int(rises.argmax())
    start = int(curve[: stop + 1].argmin())
    rise = float(rises[stop])
    kind: Kind = "falling"
    if rise > least:
        falls_before = curve[: start + 1].max() - curve[start] > least
        falls_after = curve[stop] - curve[stop:].min() > least
        if falls_after:
            kind = "double descent" if falls_before else "non-monotone"
        else:
            kind = "inverse scaling" if falls_before else "rising"
    return Shape(kind, rise, float(sizes[start]), float(sizes[stop]), noise)


def _noise(
    sizes: NDArray[np.float64], curve: NDArray[np.float64], counts: NDArray[np.intp], gaps: NDArray[np.float64]
) -> float:
    """Return the standard deviation of one size: of repeated runs, or from the line of its neighbours."""
    freedom = int((counts - 1).sum())
    if freedom >= _LEAST_POINTS:
        return float(np.sqrt((gaps**2).sum() / freedom / counts.mean()))
    places = np.log(sizes)
    share = (places[1:-1] - places[:-2]) / (places[2:] - places[:-2])
    bends = curve[1:-1] - (1 - share) * curve[:-2] - share * curve[2:]
    scale = np.sqrt(1 + share**2 + (1 - share) ** 2)
    return float(1.4826 * np.median(np.abs(bends / scale)))
