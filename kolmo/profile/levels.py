"""The level that a prequential curve tends to, and what a further doubling of the data would bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kolmo.errors import DataError
from kolmo.laws.fits import LawFit, fit_law
from kolmo.profile.resampling import Interval

Floats = NDArray[np.float64]

_RATIO = 2**0.25
_SMALLEST = 256
_WINDOWS = (64, 32, 16, 8)
"""The level is fitted to the curve from n / 16 on; the other windows tell how much that matters."""
_CHOSEN = 16
_LEAST_POINTS = 8
_LEAST_EXPONENT = 0.1
"""A level is no lower than that of a power law with this exponent: any curve fits a law that falls forever slowly."""
_LARGEST_WIDTH = 0.25
"""Width of the interval over the level beyond which the curve does not tell the level."""


@dataclass(frozen=True, kw_only=True)
class Level:
    """The level of a curve.

    Parameters
    ----------
    value : float
        Bits per byte.
    interval : (float, float)
        From the smallest level of fits to several windows of the curve to the mean of its last quarter, each with two
        standard errors. Laws with an exponent below 0.1 do not count.
    is_extrapolated : bool
        Whether it is the level that a law tends to; otherwise it is the mean of the last quarter, since the curve is
        level there, does not tell where it ends, or its law falls forever slowly.
    is_known : bool
        Whether the interval is narrower than a quarter of the level.
    """

    value: float
    interval: Interval
    is_extrapolated: bool
    is_known: bool


@dataclass(frozen=True, kw_only=True)
class Doubling:
    """What as many data again would bring.

    Parameters
    ----------
    bits_per_byte : float or None
        The mean code length of a byte of the second half, as the law of the curve predicts; None without a law.
    interval : (float, float) or None
        From the smallest to the largest prediction of four laws, fitted to the curve without its first 1/64, 1/32, 1/16
        and 1/8, each with two root mean square residuals.
    change : float or None
        The predicted change against the last quarter of the curve, as a share.
    is_known : bool
        Whether the data can tell: the whole band lies below the last quarter of the curve, or within 1% of it.
    """

    bits_per_byte: float | None
    interval: Interval | None
    change: float | None
    is_known: bool


def edges_of(size: int) -> NDArray[np.int64]:
    """Return the ends of the blocks of a curve: 0, and sizes that grow by the fourth root of 2 up to `size`.

    Examples
    --------
    >>> edges_of(600).tolist()
    [0, 298, 355, 423, 504, 600]
    """
    ends = [size]
    while ends[-1] / _RATIO >= _SMALLEST:
        ends.append(int(ends[-1] / _RATIO))
    return np.array([0, *ends[::-1]], np.int64)


def level_of(edges: ArrayLike, means: ArrayLike, errors: ArrayLike) -> tuple[Level, Doubling]:
    """Return the level of a curve, and what another doubling brings.

    Parameters
    ----------
    edges : array-like of shape (n_blocks + 1,)
        The ends of the blocks, from 0.
    means, errors : array-like of shape (n_blocks,)
        Bits per byte of each block, and their standard errors.

    Returns
    -------
    Level, Doubling
    """
    ends, y, se = np.asarray(edges, float), np.asarray(means, float), np.asarray(errors, float)
    sizes, size = np.diff(ends), ends[-1]
    x = np.sqrt(np.maximum(ends[:-1], 1) * ends[1:])
    late = ends[1:] > 0.75 * size
    last = float(np.average(y[late], weights=sizes[late]))
    error = float(np.sqrt(np.sum((se[late] * sizes[late]) ** 2)) / sizes[late].sum())
    fits = {window: _law(x, y, ends, size / window) for window in _WINDOWS}
    law = fits[_CHOSEN] or fits[32]
    if law is None or last < 0.01:
        return _last(last, error), Doubling(bits_per_byte=None, interval=None, change=None, is_known=False)
    lowest = {window: _lowest(y, se, ends, size / window, last) for window in _WINDOWS}
    levels = [min(max(fit.params["E"], lowest[window]), last) for window, fit in fits.items() if fit is not None]
    if _is_flat(y, se, ends, size):
        level, least, extrapolated = last, last, False
    elif law.params["E"] < lowest[_CHOSEN if fits[_CHOSEN] else 32]:
        level, least, extrapolated = last, min(levels), False
    else:
        level, least, extrapolated = min(law.params["E"], last), min(levels), True
    interval = (float(max(least - 2 * error, 0.0)), last + 2 * error)
    is_known = interval[1] - interval[0] <= _LARGEST_WIDTH * max(last, 1e-9)
    if not is_known:
        level, extrapolated = last, False
    found = Level(value=float(level), interval=interval, is_extrapolated=extrapolated, is_known=is_known)
    return found, _doubling([fit for fit in fits.values() if fit is not None], law, size, last, error)


def _last(last: float, error: float) -> Level:
    interval = (max(last - 2 * error, 0.0), last + 2 * error)
    return Level(value=last, interval=interval, is_extrapolated=False, is_known=True)


def _law(x: Floats, y: Floats, ends: Floats, start: float) -> LawFit | None:
    """Return the law of the blocks from a size on; None if there are too few, or none of their means is positive."""
    chosen = (ends[:-1] >= max(start * 0.999, 1)) & (y > 0)
    if chosen.sum() < _LEAST_POINTS:
        return None
    try:
        return fit_law(x[chosen], y[chosen], form="power+offset")
    except DataError:
        return None


def _lowest(y: Floats, se: Floats, ends: Floats, start: float, last: float) -> float:
    """Return the lowest level that the fall of a curve from a size to its last quarter lets one believe."""
    sizes, size = np.diff(ends), ends[-1]
    early = (ends[:-1] >= 0.999 * start) & (ends[1:] <= 2.001 * start)
    if not early.any():
        return 0.0
    first = float(np.average(y[early], weights=sizes[early]))
    error = float(np.sqrt(np.sum((se[early] * sizes[early]) ** 2)) / sizes[early].sum())
    ratio = 0.875 * size / (1.5 * start)  # of the middles of the two parts
    return float(last - max(first - last + 2 * error, 0.0) / (ratio**_LEAST_EXPONENT - 1))


def _is_flat(y: Floats, se: Floats, ends: Floats, size: float) -> bool:
    """Return whether the curve no longer falls: its quarters from n / 4 on differ by no more than chance and 0.2%."""
    sizes = np.diff(ends)
    early, late = (ends[:-1] >= 0.24 * size) & (ends[1:] <= 0.51 * size), ends[1:] > 0.75 * size
    if not early.any():
        return False
    first, second = (float(np.average(y[part], weights=sizes[part])) for part in (early, late))
    error = np.hypot(*(np.sqrt(np.sum((se[part] * sizes[part]) ** 2)) / sizes[part].sum() for part in (early, late)))
    return bool(first - second <= max(2 * error, 0.002 * second) and first - second <= 0.01 * second)


def _doubling(fits: Sequence[LawFit], law: LawFit, size: float, last: float, error: float) -> Doubling:
    """Return the prediction of the law at the middle of the next `size` bytes, within those of all windows."""
    middle = [size * np.sqrt(2)]
    predicted = float(law.predict(middle)[0])
    of_windows = [float(fit.predict(middle)[0]) for fit in fits]
    half = error + 2 * law.rms_log_error * predicted
    low, high = min(of_windows) - half, max(of_windows) + half
    is_small = max(abs(low - last), abs(high - last)) <= 0.01 * last
    return Doubling(
        bits_per_byte=predicted, interval=(low, high), change=predicted / last - 1, is_known=high < last or is_small
    )
