"""Intervals of fitted parameters: by resampling cases or blocks, and by profiles of the loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.parallel import map_blocks
from kolmo.laws.fitting import Fit, Loss, fit_form, refine
from kolmo.laws.forms.base import Form, Inputs

_BLOCK = 25
_BISECTIONS = 30


def resampled(
    form: Form,
    inputs: Inputs,
    y: NDArray[np.float64],
    loss: Loss,
    fit: Fit,
    *,
    n_resamples: int,
    random_state: int,
    groups: Sequence[Any] | None = None,
    n_jobs: int | None = None,
) -> NDArray[np.float64]:
    """Return the parameters of resamples, shape (n_resamples, n_parameters).

    Cases are drawn with replacement; with `groups`, groups of cases are, such as all runs of one size.

    References
    ----------
    Efron and Tibshirani, "An introduction to the bootstrap", 1993.
    """
    codes = np.arange(len(y)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    members = [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
    seeds = np.random.SeedSequence(random_state).spawn(n_resamples)

    def blocks() -> Iterator[tuple[Any, ...]]:
        for start in range(0, n_resamples, _BLOCK):
            yield form, inputs, y, loss, fit.values, members, seeds[start : start + _BLOCK]

    return np.concatenate(list(map_blocks(_refits, blocks(), n_jobs=n_jobs, prefer="threads")))


def _refits(
    form: Form,
    inputs: Inputs,
    y: NDArray[np.float64],
    loss: Loss,
    start: NDArray[np.float64],
    members: Sequence[NDArray[np.intp]],
    seeds: Sequence[np.random.SeedSequence],
) -> NDArray[np.float64]:
    found = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        drawn = np.concatenate([members[group] for group in rng.integers(len(members), size=len(members))])
        found.append(fit_form(form, [each[drawn] for each in inputs], y[drawn], loss, start=start).values)
    return np.array(found)


def profile_interval(
    form: Form, inputs: Inputs, y: NDArray[np.float64], loss: Loss, fit: Fit, place: int, *, level: float = 0.95
) -> tuple[float, float]:
    """Return the range of a parameter in which the loss, minimised over all others, rises less than an F test allows.

    An end is infinite if the loss does not rise that much within a factor of 1,000, or a distance of 1,000 of the
    fitted value.

    References
    ----------
    Bates and Watts, "Nonlinear regression analysis and its applications", 1988.
    """
    from scipy.stats import f

    freedom = max(len(y) - len(fit.values), 1)
    most = fit.objective * (1 + float(f.ppf(level, 1, freedom)) / freedom)
    ends = []
    for sign in (-1.0, 1.0):
        start = fit.values.copy()

        def at(step: float, sign: float = sign, start: NDArray[np.float64] = start) -> float:
            values = start.copy()
            centre = fit.values[place]
            values[place] = centre * np.exp(sign * step) if centre > 0 else centre + sign * np.expm1(step)
            found = refine(form, inputs, y, loss, values, fixed=[place])
            start[:] = found.values
            return found.objective

        low, high = 0.0, 0.01
        while at(high) < most and high < np.log(1000):
            low, high = high, 2 * high
        if high >= np.log(1000):
            ends.append(sign * np.inf if fit.values[place] <= 0 or sign > 0 else 0.0)
            continue
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            low, high = (middle, high) if at(middle) < most else (low, middle)
            if high - low < 1e-4 * high:
                break
        centre = fit.values[place]
        ends.append(float(centre * np.exp(sign * high) if centre > 0 else centre + sign * np.expm1(high)))
    return ends[0], ends[1]
