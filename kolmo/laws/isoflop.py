"""`fit_isoflop`: the compute-optimal size by parabolas at equal compute, with their own bias, beside the joint law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_number
from kolmo._core.results import Result
from kolmo.errors import DataError
from kolmo.laws.fits import LawFit, fit_law
from kolmo.laws.optima import FLOPS_PER_TOKEN, Optimum, compute_optimum, optimum_of

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

_SMOOTHING = 0.03
"""Standard deviation in decades by which the distribution of the compute is smoothed."""


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

    question: ClassVar[str] = "Which size of model is best at each compute budget?"

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
    _groups: NDArray[np.float64] = field(repr=False, compare=False)

    @property
    def tolerance(self) -> float:
        """The share of the loss within which the optimum is called flat."""
        return self.optimum.tolerance

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        first = results[0]
        return (
            f"At {first.target_flops:.3g} FLOP the joint law puts the optimum at N* = {first.optimum.n:.3g} parameters "
            f"and D* = {first.optimum.d:.3g} tokens. By the parabolas N* grows as C^{first.exponent_n:.3f}; their bias "
            f"there is {first.bias_n:+.1%}."
        )

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import Curve, LineChart

        charts: list[Chart] = []
        for each in results:
            flops = np.geomspace(min(each.budgets), each.target_flops, 60)
            best = [optimum_of(each.law.params, float(value), each.tolerance) for value in flops]
            joint = Curve(
                name=f"N* by the joint law, loss within {each.tolerance:.1%}",
                x=flops,
                y=[at.n for at in best],
                low=[at.flat_n[0] for at in best],
                high=[at.flat_n[1] for at in best],
            )
            line = Curve(
                name="N* by the parabolas", x=flops, y=each.coefficient_n * flops**each.exponent_n, kind="dashed"
            )
            vertices = Curve(name="vertices of the parabolas", x=each.budgets, y=each.vertices_n, kind="points")
            charts.append(
                LineChart(
                    title="Compute-optimal number of parameters by compute",
                    x_label="compute C, FLOP",
                    y_label="parameters N*",
                    curves=[joint, line, vertices],
                    log_x=True,
                    log_y=True,
                )
            )
            order = np.argsort(each.law._points.inputs[0], kind="stable")
            sizes, losses, groups = each.law._points.inputs[0][order], each.law._points.y[order], each._groups[order]
            runs = [
                Curve(name=f"{budget:.3g} FLOP", x=sizes[groups == budget], y=losses[groups == budget], kind="points")
                for budget in each.budgets
            ]
            charts.append(
                LineChart(
                    title="Loss by parameters at equal compute",
                    x_label="parameters N",
                    y_label="loss",
                    curves=runs,
                    log_x=True,
                    log_y=True,
                )
            )
        return charts

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        first = results[0]
        ends = first.optimum.n_interval
        return [
            f"If the joint law is true, the parabolas on these very runs are off by {first.bias_n:+.2%} in N* and "
            f"{first.bias_d:+.2%} in D* at {first.target_flops:.3g} FLOP.",
            *([f"95% interval of N* by the joint law: {ends[0]:.3g} to {ends[1]:.3g}."] if ends else []),
        ]

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
            table.footers += [
                f"N* = {found.coefficient_n:.3g} C^{found.exponent_n:.3f}, D* = {found.coefficient_d:.3g} "
                f"C^{found.exponent_d:.3f}",
                f"Bias of the parabolas at C = {found.target_flops:.3g} on this grid, if the joint law is true: "
                f"N* {found.bias_n:+.2%}, D* {found.bias_d:+.2%}",
                *(f"Warning: {line}" for line in found.warnings),
            ]
            law = LawFit.tables_of([found.law], verbose=verbose)
            tables += [table, *law, *Optimum.tables_of([found.optimum])]
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
    n_resamples: int = 0,
    random_state: int = 0,
    n_jobs: int | None = None,
) -> IsoFlop:
    """Find the compute-optimal size of a model by parabolas at equal compute, and state their bias.

    Parameters
    ----------
    n, d, loss : array-like of shape (n_runs,)
        Parameters, training tokens and loss of each run.
    budgets : array-like of shape (n_runs,), optional
        The compute budget that each run belongs to, in FLOP. By default the nearest peak of the
        distribution of 6 N D.
    target_flops : float, optional
        The budget to extrapolate to; by default ten times the largest.
    tolerance : float
        The optimum is flat: sizes within this share of the least loss are stated.
    delta : float
        As in `fit_law`, for the joint law.
    n_resamples, random_state, n_jobs : int
        As in `fit_law`, for the intervals of the joint law and of its optimum.

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
    options: dict[str, Any] = {"n_resamples": n_resamples, "random_state": random_state, "n_jobs": n_jobs}
    law = fit_law((n, d), loss, form="chinchilla", delta=delta, **options)
    (sizes, tokens), losses = law._points.inputs, law._points.y
    flops = FLOPS_PER_TOKEN * sizes * tokens
    groups = budgets_of(flops) if budgets is None else np.asarray(budgets, float)
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
    best = compute_optimum(law, target, tolerance=tolerance)
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
        _groups=groups,
    )


def budgets_of(flops: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the compute budget of each run: the nearest peak of the distribution of log C.

    The distribution is smoothed by 7%, so that runs whose compute differs a little belong together.
    """
    logs = np.log10(flops)
    grid = np.arange(logs.min() - 5 * _SMOOTHING, logs.max() + 5 * _SMOOTHING, _SMOOTHING / 10)
    density = np.exp(-0.5 * ((grid[:, None] - logs) / _SMOOTHING) ** 2).sum(1)
    inner = density[1:-1]
    peaks = grid[1:-1][(inner > density[:-2]) & (inner >= density[2:])]
    nearest = np.abs(logs[:, None] - peaks).argmin(1)
    return np.array([10 ** float(logs[nearest == place].mean()) for place in nearest])


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
