"""The points that a law is fitted to: checked, sorted, with remarks about duplicates and outliers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import DataError
from kolmo.laws.forms.base import Form

_MAX_POINTS = 1_000_000


@dataclass(frozen=True)
class Points:
    """Checked points.

    Parameters
    ----------
    inputs : tuple of ndarray
        An array for each input of the form.
    y : ndarray
        The losses.
    remarks : tuple of str
        What a reader should know of them.
    """

    inputs: tuple[NDArray[np.float64], ...]
    y: NDArray[np.float64]
    remarks: tuple[str, ...]

    @property
    def order(self) -> NDArray[np.intp]:
        """The places of the points by rising size: by the product of all inputs."""
        return np.argsort(sum(np.log(each) for each in self.inputs), kind="stable")

    def taken(self, places: NDArray[np.intp]) -> Points:
        """Return some of the points."""
        return Points(tuple(each[places] for each in self.inputs), self.y[places], self.remarks)


def points_of(x: Any, y: Any, form: Form) -> Points:
    """Check and convert points for a form.

    Raises
    ------
    DataError
        For values that are not numbers, not finite or not positive, arrays of different lengths, too few points for the
        parameters, or an input that never changes.
    """
    given = x if isinstance(x, tuple) else (x,)
    if len(given) != len(form.inputs):
        raise DataError(
            f"the form {form.name!r} has {len(form.inputs)} inputs, {', '.join(form.inputs)}; expected "
            f"{'one array' if len(form.inputs) == 1 else f'a tuple of {len(form.inputs)} arrays'}, got {len(given)}"
        )
    arrays = [numbers_of(name, each) for name, each in zip((*form.inputs, "y"), (*given, y), strict=True)]
    sizes = {len(each) for each in arrays}
    if len(sizes) != 1:
        listed = ", ".join(f"{len(each)} of {name}" for name, each in zip((*form.inputs, "y"), arrays, strict=True))
        raise DataError(f"expected one value of each quantity for each run, got {listed}")
    *inputs, losses = arrays
    distinct = np.unique(np.stack(inputs), axis=1).shape[1]
    n_parameters = len(form.names)
    if distinct < n_parameters + 1 and form.rule is None:
        raise DataError(
            f"the form {form.name!r} has {n_parameters} parameters ({', '.join(form.names)}); expected at least "
            f"{n_parameters + 1} different points, got {distinct}"
        )
    for name, each in zip(form.inputs, inputs, strict=True):
        if len(np.unique(each)) < 2:
            raise DataError(
                f"all {len(each)} runs have one {name} ({each[0]:.4g}), so no parameter that belongs to {name} can be "
                "found; add runs of other sizes, or take a form without it"
            )
    return Points(tuple(inputs), losses, tuple(_remarks(inputs, losses)))


def numbers_of(name: str, values: Any) -> NDArray[np.float64]:
    """Return positive, finite numbers, or raise an error that names the first that is none."""
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name}: expected numbers, got {values!r:.60}") from error
    if found.ndim != 1:
        raise DataError(f"{name}: expected one number for each run, got an array of shape {found.shape}")
    if not 0 < len(found) <= _MAX_POINTS:
        raise DataError(f"{name}: expected 1 to {_MAX_POINTS:,} numbers, got {len(found):,}")
    wrong = np.flatnonzero(~np.isfinite(found) | (found <= 0))
    if len(wrong):
        raise DataError(
            f"{name}: expected positive, finite numbers, since laws are fitted on logarithmic scales; got "
            f"{found[wrong[0]]} at position {wrong[0]}; leave such runs out"
        )
    return found


def _remarks(inputs: list[NDArray[np.float64]], losses: NDArray[np.float64]) -> list[str]:
    rows = np.stack([*inputs, losses])
    copies = rows.shape[1] - np.unique(rows, axis=1).shape[1]
    if not copies:
        return []
    return [f"{copies} of {rows.shape[1]} points are exact copies of others; leave them out if they are one run"]
