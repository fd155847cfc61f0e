"""What a set of sizes can tell about a form, before any loss is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.results import Result
from kolmo.laws.forms.base import Form, Inputs

if TYPE_CHECKING:
    from kolmo._core.tables import Table

_SINGULAR = 1e-10
_POOR = 1e4


@dataclass(frozen=True, kw_only=True)
class Design(Result):
    """How well points separate the parameters of a form. Made by `fit_law`.

    Parameters
    ----------
    n_points, n_parameters : int
        Number of distinct points and of parameters.
    rank : int
        Rank of the derivatives of the log loss by the parameters. Below `n_parameters`, some cannot be found.
    condition : float
        Ratio of their largest and smallest singular value, each column scaled to length 1; above 10,000, small errors
        of the losses change the parameters much.
    leverage : tuple of float
        Share of each point in its own prediction, from 0 to 1.
    warnings : tuple of str
        What the points cannot tell.
    """

    n_points: int
    n_parameters: int
    rank: int
    condition: float
    leverage: tuple[float, ...]
    warnings: tuple[str, ...] = field(default_factory=tuple)

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table with a row for each design."""
        from kolmo._core.tables import Column, Table

        table = Table(
            "What the points can tell",
            [Column(name, numeric=True) for name in ("points", "parameters", "rank", "condition", "largest leverage")],
        )
        for each in results:
            table.add(
                f"{each.n_points:,}",
                f"{each.n_parameters}",
                f"{each.rank}",
                f"{each.condition:.3g}",
                f"{max(each.leverage):.2f}",
            )
            table.footers += list(each.warnings)
        return [table]


def jacobian(form: Form, inputs: Inputs, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the derivatives of the log loss by each parameter, times the size of the parameter."""
    columns, split = [], len(form.coefficients)

    def log_loss(point: NDArray[np.float64]) -> NDArray[np.float64]:
        loss: NDArray[np.float64] = form.matrix(inputs, point[split:]) @ point[:split]
        return np.log(np.maximum(loss, 1e-300))

    for place, value in enumerate(values):
        size = abs(value) if abs(value) > (1e-9 if place < split else 0.0) else 1.0
        step = 1e-5 * size
        above, below = values.copy(), values.copy()
        above[place], below[place] = value + step, value - step
        columns.append((log_loss(above) - log_loss(below)) / (2 * step) * size)
    return np.stack(columns, axis=1)


def design_of(form: Form, inputs: Inputs, values: NDArray[np.float64]) -> Design:
    """Return what these points can tell about a form near these parameters."""
    slopes = jacobian(form, inputs, values)
    scale = np.sqrt((slopes**2).sum(0))
    scaled = slopes / np.where(scale > 0, scale, 1)
    left, singular, _ = np.linalg.svd(scaled, full_matrices=False)
    rank = int((singular > _SINGULAR * singular.max(initial=1e-300)).sum())
    condition = float(singular[0] / singular[-1]) if singular[-1] > 0 else np.inf
    leverage = (left[:, :rank] ** 2).sum(1)
    points = np.unique(np.stack(inputs), axis=1).shape[1]
    warnings = []
    unseen = [name for name, size in zip(form.names, scale, strict=True) if size < 1e-6]
    if unseen:
        warnings.append(f"these points do not depend on {', '.join(unseen)}: its value says nothing")
    elif rank < len(values) or condition > _POOR:
        _, _, directions = np.linalg.svd(scaled)
        weakest = directions[-1]
        mixed = [name for name, share in zip(form.names, weakest, strict=True) if abs(share) > 0.3]
        warnings.append(
            f"{' and '.join(mixed)} can hardly be told apart (condition {condition:.2g}): other values of them fit "
            "almost as well"
        )
    if leverage.max(initial=0) > 0.9:
        place = int(leverage.argmax())
        at = ", ".join(f"{name} = {each[place]:.3g}" for name, each in zip(form.inputs, inputs, strict=True))
        warnings.append(f"the point at {at} decides almost alone (leverage {leverage[place]:.2f})")
    return Design(
        n_points=points,
        n_parameters=len(values),
        rank=rank,
        condition=condition,
        leverage=tuple(leverage.tolist()),
        warnings=tuple(warnings),
    )
