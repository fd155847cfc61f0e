"""Fitting of one form: the exponents are searched, the linear rest is solved, and a robust loss is minimised."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kolmo.laws.forms.base import Form, Inputs, Parameter

_GRID = {0: 1, 1: 60, 2: 24, 3: 9, 4: 6, 5: 5}
"""Points of the first search in each direction, by the number of parameters that are searched."""
_SMALL_GRID = {0: 1, 1: 20, 2: 8, 3: 5, 4: 4, 5: 3}
"""The same if a fit to more of the points is known."""
_STARTS = 6
_REFINED = 3
_SMALLEST = 1e-300
_DEPENDENT = 1e-13
_STEP = 1e-6
_COARSE, _MEDIUM, _TOLERANCE = 1e-5, 1e-8, 1e-14
_MEDIUM_STEPS, _MAX_STEPS = 60, 400


@dataclass(frozen=True)
class Loss:
    """The loss of residuals of log y: quadratic up to `delta`, linear beyond (Huber).

    Parameters
    ----------
    delta : float
        Where the loss becomes linear.
    overestimate_penalty : float
        Factor of a residual where the form lies above the observation.
    """

    delta: float = 1e-3
    overestimate_penalty: float = 1.0

    def residuals(self, predicted: NDArray[np.float64], log_y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return log predictions less log observations, with the penalty."""
        gaps = np.log(np.maximum(predicted, _SMALLEST)) - log_y
        return np.where(gaps > 0, gaps * self.overestimate_penalty, gaps)

    def total(self, residuals: NDArray[np.float64]) -> float:
        """Return the sum of the losses."""
        size = np.abs(residuals)
        return float(np.where(size <= self.delta, size**2 / 2, self.delta * (size - self.delta / 2)).sum())


@dataclass(frozen=True)
class Fit:
    """The best parameters that were found.

    Parameters
    ----------
    values : ndarray
        In the order of the form's names: coefficients, then parameters.
    objective : float
        The sum of the losses.
    """

    values: NDArray[np.float64]
    objective: float


def solve(
    form: Form,
    inputs: Inputs,
    y: NDArray[np.float64],
    parameters: Sequence[float] | NDArray[np.float64],
) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    """Return the coefficients with the least squares of relative errors, these squares, and a basis of their columns.

    A coefficient that may not be negative is 0 if that is best.
    """
    matrix = form.matrix(inputs, parameters) / y[:, None]
    scale = np.sqrt(np.einsum("ij,ij->j", matrix, matrix))
    n_columns = matrix.shape[1]
    if not np.isfinite(scale).all() or not scale.all():
        return np.zeros(n_columns), np.inf, np.empty((len(y), 0))
    matrix = matrix / scale
    may_be_zero = [not each.is_signed for each in form.coefficients]
    best, least, basis = np.zeros(n_columns), np.inf, matrix[:, :0]
    for n_zero in range(n_columns):
        for zero in itertools.combinations(np.flatnonzero(may_be_zero), n_zero):
            used = [column for column in range(n_columns) if column not in zero]
            part, gaps, columns = _least_squares(matrix[:, used])
            if any(may_be_zero[column] and number < 0 for column, number in zip(used, part, strict=True)):
                continue
            squares = float(gaps @ gaps)
            if squares < least:
                best, least, basis = np.zeros(n_columns), squares, columns
                best[used] = part
        if np.isfinite(least):
            break
    return best / scale, least, basis


def _least_squares(
    matrix: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the solution of ``matrix @ x = 1``, its residuals, and an orthonormal basis of the columns.

    By modified Gram-Schmidt, which takes a third of the time of LAPACK for a few columns. A column that hardly differs
    from the others gets 0.
    """
    basis, rest = matrix.copy(), np.ones(len(matrix))
    n_columns = matrix.shape[1]
    upper, right = np.zeros((n_columns, n_columns)), np.zeros(n_columns)
    for column in range(n_columns):
        vector = basis[:, column]
        for earlier in range(column):
            upper[earlier, column] = basis[:, earlier] @ vector
            vector -= upper[earlier, column] * basis[:, earlier]
        length = float(np.sqrt(vector @ vector))
        upper[column, column] = length
        if length < _DEPENDENT:
            vector[:] = 0
            continue
        vector /= length
        right[column] = vector @ rest
        rest -= right[column] * vector
    found = np.zeros(n_columns)
    for column in reversed(range(n_columns)):
        if upper[column, column] >= _DEPENDENT:
            found[column] = (right[column] - upper[column, column + 1 :] @ found[column + 1 :]) / upper[column, column]
    return found, rest, basis


def fit_form(
    form: Form,
    inputs: Inputs,
    y: NDArray[np.float64],
    loss: Loss,
    *,
    start: NDArray[np.float64] | None = None,
    known: NDArray[np.float64] | None = None,
) -> Fit:
    """Return the best fit of a form; with `start`, that near earlier values, for resamples.

    With `known`, such as the values of a fit to more points, these are a starting point too, and the grid is small.

    The parameters that do not enter linearly are searched on a grid and refined by Gauss-Newton steps of the squared
    error, in which the coefficients are solved for (variable projection, Golub and Pereyra 1973). From the best few
    points, all parameters are refined by the robust loss; the best of them again, to the last digits.
    """
    if form.rule is not None:
        values = np.array(form.rule(inputs, y), float)
        residuals = loss.residuals(form.matrix(inputs, ()) @ values, np.log(y))
        return Fit(values, loss.total(residuals))
    split = len(form.coefficients)
    if start is not None and start[:split].all():
        return refine(form, inputs, y, loss, start)
    ranges = [parameter.range(inputs) for parameter in form.parameters]
    grid = _GRID if known is None else _SMALL_GRID
    points = _searched(form, inputs, y, ranges, grid) if start is None else [start[split:]]
    if known is not None:
        points.append(known[split:])
    found = [_projected(form, inputs, y, point, ranges, tolerance=_COARSE) for point in points]
    found.sort(key=lambda pair: pair[1])
    fits = []
    for coarse, _ in found[:_REFINED]:
        point, _ = _projected(form, inputs, y, coarse, ranges, tolerance=_MEDIUM)
        coefficients, _, _ = solve(form, inputs, y, point)
        fits.append(refine(form, inputs, y, loss, np.concatenate([coefficients, point]), tolerance=_MEDIUM))
    return refine(form, inputs, y, loss, min(fits, key=lambda fit: fit.objective).values)


def _searched(
    form: Form,
    inputs: Inputs,
    y: NDArray[np.float64],
    ranges: list[tuple[float, float]],
    grid: dict[int, int],
) -> list[NDArray[np.float64]]:
    """Return the best points of a grid that are no neighbours of a better one."""
    n_points = grid[len(ranges)]
    axes = []
    for parameter, (low, high) in zip(form.parameters, ranges, strict=True):
        inner = (np.arange(n_points) + 0.5) / n_points
        axes.append(low * (high / low) ** inner if parameter.scale == "log" else low + (high - low) * inner)
    shape = (n_points,) * len(ranges)
    squares = np.array([solve(form, inputs, y, point)[1] for point in itertools.product(*axes)]).reshape(shape)
    chosen: list[tuple[int, ...]] = []
    for flat in np.argsort(squares, axis=None):
        place = tuple(int(index) for index in np.unravel_index(flat, shape))
        if all(max(abs(a - b) for a, b in zip(place, other, strict=True)) > 1 for other in chosen if place):
            chosen.append(place)
        if len(chosen) == _STARTS or not place:
            break
    return [np.array([axis[index] for axis, index in zip(axes, place, strict=True)]) for place in chosen]


def _projected(
    form: Form,
    inputs: Inputs,
    y: NDArray[np.float64],
    start: NDArray[np.float64],
    ranges: list[tuple[float, float]],
    *,
    tolerance: float,
) -> tuple[NDArray[np.float64], float]:
    """Refine searched parameters by the squared relative error, with the coefficients solved for; return its sum too.

    The derivatives are those of Kaufman (1975): the change of the features, less what the coefficients take up.
    """
    from scipy.optimize import least_squares

    if not len(start):
        return start, solve(form, inputs, y, start)[1]

    def residuals(point: NDArray[np.float64]) -> NDArray[np.float64]:
        parameters = _from_search(form.parameters, point)
        coefficients, squares, _ = solve(form, inputs, y, parameters)
        if not np.isfinite(squares):
            return np.full_like(y, 1e3)
        gaps: NDArray[np.float64] = form.matrix(inputs, parameters) @ coefficients / y - 1
        return gaps

    def slopes(point: NDArray[np.float64]) -> NDArray[np.float64]:
        coefficients, _, basis = solve(form, inputs, y, _from_search(form.parameters, point))
        columns = []
        for place in range(len(point)):
            change = [
                form.matrix(inputs, _from_search(form.parameters, each)) @ coefficients / y
                for each in _around(point, place, low[place], high[place])
            ]
            columns.append(np.nan_to_num(change[0] - change[1]) / (2 * _STEP))
        found = np.stack(columns, axis=1)
        projected: NDArray[np.float64] = found - basis @ (basis.T @ found)
        return projected

    low, high = (_to_search(form.parameters, [ends[side] for ends in ranges]) for side in (0, 1))
    point = np.clip(_to_search(form.parameters, start), low + 1e-9 * (high - low), high - 1e-9 * (high - low))
    limits = {
        "xtol": tolerance,
        "ftol": tolerance,
        "gtol": tolerance,
        "max_nfev": _MEDIUM_STEPS if tolerance < _COARSE else 30,
    }
    found = least_squares(residuals, point, jac=slopes, bounds=(low, high), **limits)
    return _from_search(form.parameters, found.x), float(2 * found.cost)


def _around(
    point: NDArray[np.float64], place: int, low: float = -np.inf, high: float = np.inf
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the points a step above and below in one direction; both beyond an end of the range are moved inwards."""
    above, below = point.copy(), point.copy()
    centre = min(max(point[place], low + _STEP), high - _STEP)
    above[place], below[place] = centre + _STEP, centre - _STEP
    return above, below


def refine(
    form: Form,
    inputs: Inputs,
    y: NDArray[np.float64],
    loss: Loss,
    start: NDArray[np.float64],
    *,
    fixed: Sequence[int] = (),
    tolerance: float = _TOLERANCE,
) -> Fit:
    """Refine all parameters but the `fixed` ones by the robust loss; a coefficient of 0 stays 0."""
    from scipy.optimize import least_squares

    split, log_y = len(form.coefficients), np.log(y)
    in_logs = [not each.is_signed for each in form.coefficients] + [each.scale == "log" for each in form.parameters]
    is_free = np.array([place not in fixed and (place >= split or start[place] != 0) for place in range(len(start))])
    logs, places = np.array(in_logs) & is_free, np.flatnonzero(is_free)

    def values_of(point: NDArray[np.float64]) -> NDArray[np.float64]:
        values = start.copy()
        values[is_free] = point
        with np.errstate(over="ignore"):
            values[logs] = np.exp(values[logs])
        return values

    def residuals(point: NDArray[np.float64]) -> NDArray[np.float64]:
        values = values_of(point)
        predicted = form.matrix(inputs, values[split:]) @ values[:split]
        return loss.residuals(np.nan_to_num(predicted, nan=_SMALLEST, posinf=1 / _SMALLEST), log_y)

    def slopes(point: NDArray[np.float64]) -> NDArray[np.float64]:
        values = values_of(point)
        matrix = form.matrix(inputs, values[split:])
        predicted = np.maximum(np.nan_to_num(matrix @ values[:split], posinf=1 / _SMALLEST), _SMALLEST)
        columns = []
        for number, place in enumerate(places):
            if place < split:  # the derivative of the log of a sum by a term, or by the log of its coefficient
                columns.append(matrix[:, place] * (values[place] if logs[place] else 1.0) / predicted)
                continue
            logarithms = []
            for each in _around(point, number, low[number], high[number]):
                moved = values_of(each)
                found = form.matrix(inputs, moved[split:]) @ moved[:split]
                logarithms.append(np.log(np.maximum(np.nan_to_num(found, posinf=1 / _SMALLEST), _SMALLEST)))
            columns.append((logarithms[0] - logarithms[1]) / (2 * _STEP))
        found = np.stack(columns, axis=1)
        above = predicted > y
        weighted: NDArray[np.float64] = np.where(above[:, None], loss.overestimate_penalty, 1.0) * np.nan_to_num(found)
        return weighted

    limits = [(-np.inf, np.inf)] * split + [parameter.range(inputs) for parameter in form.parameters]
    ends = [[np.log(end) if logs[place] and place >= split else end for end in limits[place]] for place in places]
    low, high = np.array(ends).reshape(-1, 2).T
    point = np.where(logs, np.log(np.where(logs, start, 1)), start)[is_free]
    if not len(point):
        return Fit(start, loss.total(residuals(point)))
    point = np.clip(point, low + 1e-12, high - 1e-12)
    found = least_squares(
        residuals,
        point,
        jac=slopes,
        bounds=(low, high),
        loss="huber",
        f_scale=loss.delta,
        x_scale="jac",
        xtol=tolerance,
        ftol=tolerance,
        gtol=tolerance,
        max_nfev=_MAX_STEPS if tolerance < _MEDIUM else _MEDIUM_STEPS,
    ).x
    objectives = [loss.total(residuals(each)) for each in (point, found)]
    return Fit(values_of(found if objectives[1] <= objectives[0] else point), min(objectives))


def _to_search(parameters: Sequence[Parameter], values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array(
        [np.log(value) if each.scale == "log" else value for each, value in zip(parameters, values, strict=True)]
    )


def _from_search(parameters: Sequence[Parameter], point: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array(
        [np.exp(value) if each.scale == "log" else value for each, value in zip(parameters, point, strict=True)]
    )
