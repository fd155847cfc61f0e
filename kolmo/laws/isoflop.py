"""`fit_isoflop`: the compute-optimal size by parabolas at equal compute, with their own bias, beside the joint law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_number
from kolmo._core.results import Result
from kolmo.errors import DataError
from kolmo.laws.fits import LawFit, fit_law

if TYPE_CHECKING:
    from kolmo._core.tables import Table

FLOPS_PER_TOKEN = 6.0
"""Floating-point operations for each parameter and token of training."""


@dataclass(frozen=True, kw_only=True)
class Optimum(Result):
    """The compute-optimal split at one compute budget.

    Parameters
    ----------
    flops : float
        The budget C = 6 N D.
    n, d : float
        Parameters and tokens of the least loss.
    flat_n : tuple of float
        The range of parameters whose loss is within the stated share of the least.
    """

    flops: float
    n: float
    d: float
    flat_n: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class IsoFlop(Result):
    """Compute-optimal sizes by two methods. Made by `fit_isoflop`.

    Parameters
    ----------
    budgets : tuple of float
        The compute budgets in FLOP.
    vertices_n, vertices_d : tuple of float
        Parameters and tokens at the vertex of the parabola of each budget.
    exponent_n, exponent_d : float
        Exponents of N* and D* in C, from the vertices.
    coefficient_n, coefficient_d : float
        N* = coefficient_n C^exponent_n, and D* alike.
    law : LawFit
        The joint law of all runs.
    bias_n, bias_d : float
        Relative error of the parabolas' N* and D* at `target_flops` if the joint law were exactly true: parabolas were
        fitted to its losses at these very runs.
    target_flops : float
        The budget of `bias_n`, `bias_d` and `optimum`.
    optimum : Optimum
        The split by the joint law at `target_flops`.
    warnings : tuple of str
        Budgets whose parabola has no minimum among its runs.
    """

    budgets: tuple[float, ...]
    vertices_n: tuple[float, ...]
    vertices_d: tuple[float, ...]
    exponent_n: float
    exponent_d: float
    coefficient_n: float
    coefficient_d: float
    law: LawFit
    bias_n: float
    bias_d: float
    target_flops: float
    optimum: Optimum
    warnings: tuple[str, ...]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return the table of the budgets, and that of the joint law."""
        from kolmo._core.tables import Column, Table

        tables = []
        for found in results:
            table = Table(
                "Compute-optimal sizes by parabolas at equal compute",
                [Column(name, numeric=True) for name in ("C in FLOP", "N*", "D*", "D*/N*")],
            )
            for flops, n, d in zip(found.budgets, found.vertices_n, found.vertices_d, strict=True):
                table.add(f"{flops:.3g}", f"{n:.4g}", f"{d:.4g}", f"{d / n:.3g}")
            best = found.optimum
            table.footers += [
                f"N* = {found.coefficient_n:.3g} C^{found.exponent_n:.3f}, D* = {found.coefficient_d:.3g} "
                f"C^{found.exponent_d:.3f}",
                f"Bias of the parabolas at C = {found.target_flops:.3g} on this grid, if the joint law is true: "
                f"N* {found.bias_n:+.2%}, D* {found.bias_d:+.2%}",
                f"Joint law at C = {best.flops:.3g}: N* = {best.n:.4g}, D* = {best.d:.4g}; within 0.1 % of the least "
                f"loss: N from {best.flat_n[0]:.3g} to {best.flat_n[1]:.3g}",
                *(f"Warning: {line}" for line in found.warnings),
            ]
            tables += [table, *LawFit.tables_of([found.law], verbose=verbose)]
        return tables


def fit_isoflop(
    n: Any,
    d: Any,
    loss: Any,
    *,
    budgets: Any = None,
    target_flops: float | None = None,
    tolerance: float = 1e-3,
    delta: float = 1e-3,
) -> IsoFlop:
    """Find the compute-optimal size of a model by parabolas at equal compute, and state their bias.

    Parameters
    ----------
    n, d, loss : array-like of shape (n_runs,)
        Parameters, training tokens and loss of each run.
    budgets : array-like of shape (n_runs,), optional
        The compute budget that each run belongs to, in FLOP. By default 6 N D, rounded to a twentieth of a decade.
    target_flops : float, optional
        The budget to extrapolate to; by default ten times the largest.
    tolerance : float
        The optimum is flat: sizes within this share of the least loss are stated.
    delta : float
        As in `fit_law`, for the joint law.

    Returns
    -------
    IsoFlop

    Raises
    ------
    DataError
        If no two budgets have three runs or more.

    Notes
    -----
    A parabola in log D or log N is fitted to the losses of each budget by least squares. The true curve is no
    parabola, so the vertex is biased, more so for a wide grid. The bias is found by fitting parabolas to the losses
    that the joint law predicts for these runs.

    References
    ----------
    Hoffmann et al., "Training compute-optimal large language models", 2022, approaches 2 and 3.

    Examples
    --------
    >>> import numpy as np
    >>> flops = np.repeat([1e18, 1e19, 1e20], 9)
    >>> n = np.tile(np.geomspace(0.25, 4, 9), 3) * 0.6 * (flops / 6) ** 0.45
    >>> d = flops / (6 * n)
    >>> found = fit_isoflop(n, d, 1.69 + 406.4 * n**-0.34 + 410.7 * d**-0.28)
    >>> round(found.exponent_d, 2), abs(found.bias_d) < 0.05
    (0.55, True)
    """
    check_number("tolerance", tolerance, 0, 1, above=True)
    law = fit_law((n, d), loss, form="chinchilla", delta=delta)
    (sizes, tokens), losses = law._points.inputs, law._points.y
    flops = FLOPS_PER_TOKEN * sizes * tokens
    groups = 10 ** (np.round(20 * np.log10(flops)) / 20) if budgets is None else np.asarray(budgets, float)
    if len(groups) != len(losses):
        raise DataError(f"budgets: expected one for each of the {len(losses)} runs, got {len(groups)}")
    used = [value for value in np.unique(groups) if len(np.unique(sizes[groups == value])) >= 3]
    if len(used) < 2:
        raise DataError(
            f"expected at least two compute budgets with three runs of different sizes each, got {len(used)} among "
            f"{len(np.unique(groups))}; pass budgets=, or take fit_law((N, D), loss, form='chinchilla')"
        )
    target = float(target_flops or 10 * max(used))
    check_number("target_flops", target, 0, above=True)
    lines, warnings = {}, []
    for axis, values in (("n", sizes), ("d", tokens)):
        vertices, outside = _vertices(values, losses, groups, used)
        if outside:
            warnings.append(
                f"the parabola of {', '.join(f'{value:.3g}' for value in outside)} FLOP has no minimum between its "
                f"runs in {axis.upper()}; it is left out"
            )
        lines[axis] = (vertices, *_line(vertices))
    params = law.params
    best = optimum_of(params, target, tolerance)
    expected = law.predict((sizes, tokens))
    biases = {}
    for axis, values, true in (("n", sizes, best.n), ("d", tokens, best.d)):
        vertices, _ = _vertices(values, expected, groups, [value for value in used if value in lines[axis][0]])
        slope, start = _line(vertices)
        biases[axis] = float(10 ** (start + slope * np.log10(target)) / true - 1)
    kept = [value for value in used if all(value in lines[axis][0] for axis in "nd")]
    return IsoFlop(
        budgets=tuple(float(value) for value in kept),
        vertices_n=tuple(lines["n"][0][value] for value in kept),
        vertices_d=tuple(lines["d"][0][value] for value in kept),
        exponent_n=lines["n"][1],
        exponent_d=lines["d"][1],
        coefficient_n=10 ** lines["n"][2],
        coefficient_d=10 ** lines["d"][2],
        law=law,
        bias_n=biases["n"],
        bias_d=biases["d"],
        target_flops=target,
        optimum=best,
        warnings=tuple(warnings),
    )


def optimum_of(params: dict[str, float], flops: float, tolerance: float) -> Optimum:
    """Return the compute-optimal split of a budget by a law E + A N^-alpha + B D^-beta."""
    alpha, beta = params["alpha"], params["beta"]
    if not (params["A"] > 0 and params["B"] > 0):
        raise DataError("the joint law does not depend on N or on D, so it has no optimum; add runs of other sizes")
    scale = (alpha * params["A"] / (beta * params["B"])) ** (1 / (alpha + beta))
    product = flops / FLOPS_PER_TOKEN
    n = scale * product ** (beta / (alpha + beta))

    def loss_of(size: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = params["E"] + params["A"] * size**-alpha + params["B"] * (product / size) ** -beta
        return found

    grid = n * np.geomspace(1e-3, 1e3, 60_001)
    near = grid[loss_of(grid) <= (1 + tolerance) * float(loss_of(np.array([n]))[0])]
    return Optimum(flops=flops, n=n, d=product / n, flat_n=(float(near[0]), float(near[-1])))


def _vertices(
    values: NDArray[np.float64], losses: NDArray[np.float64], groups: NDArray[np.float64], budgets: Sequence[float]
) -> tuple[dict[float, float], list[float]]:
    """Return the vertex of the parabola of each budget, and the budgets without a minimum among their runs."""
    found, outside = {}, []
    for budget in budgets:
        here = groups == budget
        logs = np.log10(values[here])
        centre = logs.mean()
        curvature, slope, _ = np.polyfit(logs - centre, losses[here], 2)
        vertex = centre - slope / (2 * curvature) if curvature > 0 else np.inf
        if logs.min() <= vertex <= logs.max():
            found[budget] = float(10**vertex)
        else:
            outside.append(budget)
    if len(found) < 2:
        raise DataError(
            f"only {len(found)} of {len(budgets)} budgets have a minimum of the loss between their runs; expected at "
            "least two: add smaller and larger models at each budget"
        )
    return found, outside


def _line(vertices: dict[float, float]) -> tuple[float, float]:
    """Return slope and intercept of log10 of the vertices against log10 C."""
    slope, start = np.polyfit(np.log10(list(vertices)), np.log10(list(vertices.values())), 1)
    return float(slope), float(start)
