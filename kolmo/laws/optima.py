"""The compute-optimal split of a budget, how flat it is, what smaller models cost, and how many epochs pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_number
from kolmo._core.results import Result
from kolmo.errors import DataError
from kolmo.laws.fits import LawFit

if TYPE_CHECKING:
    from kolmo._core.tables import Table

FLOPS_PER_TOKEN = 6.0
"""Floating-point operations for each parameter and token of training."""
REUSE = 15.387756
"""R_D* of Muennighoff et al. 2023: the repetitions after which the value of repeated tokens has fallen to 1/e."""
_SMALLER = (2.0, 4.0, 8.0)
_EPOCHS = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True, kw_only=True)
class Optimum(Result):
    """The compute-optimal split at one compute budget. Made by `compute_optimum`.

    Parameters
    ----------
    flops : float
        The budget C = 6 N D.
    n, d : float
        Parameters and tokens of the least loss.
    loss : float
        That loss.
    exponent_n : float
        N* grows as C to this power; D* as C to 1 less this power.
    flat_n : tuple of float
        The range of parameters whose loss at this budget is within `tolerance` of the least.
    tolerance : float
        A share of the loss.
    smaller : dict of float to (float or None)
        For models k times smaller than N*: the factor of tokens that reaches the same loss, None if no number does. The
        compute is this factor over k.
    n_interval, d_interval, exponent_interval : (float, float) or None
        95% intervals from the resamples of the law; None without resamples.
    """

    question: ClassVar[str] = "How is a compute budget best split between parameters and tokens?"

    flops: float
    n: float
    d: float
    loss: float
    exponent_n: float
    flat_n: tuple[float, float]
    tolerance: float
    smaller: dict[float, float | None] = field(default_factory=dict)
    n_interval: tuple[float, float] | None = None
    d_interval: tuple[float, float] | None = None
    exponent_interval: tuple[float, float] | None = None

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        said = []
        for each in results[:4]:
            within = "" if each.n_interval is None else f" (95% interval {_ends(each.n_interval)})"
            said.append(
                f"{each.flops:.3g} FLOP: {each.n:.3g} parameters{within} and {each.d:.3g} tokens, with a loss of "
                f"{each.loss:.4g}; from {each.flat_n[0]:.3g} to {each.flat_n[1]:.3g} parameters it is within "
                f"{each.tolerance:.2%} of that."
            )
        return "\n".join(said)

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        has_intervals = any(each.n_interval is not None for each in results)
        return [
            "95% intervals: from resamples of the runs that the law is fitted to."
            if has_intervals
            else "The optimum has no interval; --resamples or n_resamples= adds it.",
            "The split holds for the law; beyond the runs it is an extrapolation.",
        ]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return the table of the splits, and that of smaller models."""
        from kolmo._core.tables import Column, Table

        names = ["C in FLOP", "N*", "95% interval", "D*", "95% interval", "D*/N*", "loss", "flat from N", "to N"]
        table = Table("Compute-optimal split", [Column(name, numeric=True) for name in names])
        smaller = Table(
            "Smaller models that reach the same loss",
            [
                Column(name, numeric=True)
                for name in ("C in FLOP", "N", "times smaller", "tokens", "times more compute")
            ],
        )
        for each in results:
            table.add(
                f"{each.flops:.3g}",
                f"{each.n:.4g}",
                _ends(each.n_interval),
                f"{each.d:.4g}",
                _ends(each.d_interval),
                f"{each.d / each.n:.3g}",
                f"{each.loss:.4g}",
                *(f"{end:.3g}" for end in each.flat_n),
            )
            for times, factor in each.smaller.items():
                cells = ("-", "-") if factor is None else (f"{factor * each.d:.3g}", f"{factor / times:.3g}")
                smaller.add(f"{each.flops:.3g}", f"{each.n / times:.3g}", f"{times:g}", *cells)
        first = results[0]
        table.footers.append(f"flat: the loss is within {first.tolerance:.2%} of the least")
        within = f", 95% interval {_ends(first.exponent_interval)}" if first.exponent_interval else ""
        table.footers.append(f"N* grows as C^{first.exponent_n:.3f}{within}, D* as C^{1 - first.exponent_n:.3f}")
        if any(factor is None for each in results for factor in each.smaller.values()):
            smaller.footers.append("-: a model of this size does not reach the loss, however long it trains")
        return [table, smaller]


@dataclass(frozen=True, kw_only=True)
class EpochAdvice(Result):
    """What repeated data are worth. Made by `epoch_advice`.

    Parameters
    ----------
    unique : float
        Unique tokens.
    epochs : tuple of int
        Numbers of passes.
    effective : tuple of float
        The tokens of a single pass over fresh data that are worth as much.
    values : tuple of float
        What a token of the last pass is worth, as a share of a fresh token.
    losses : tuple of float or None
        The loss of the law after each number of passes; None without a law.
    reuse : float
        R_D*, the repetitions after which the value has fallen to 1/e.
    interval : (float, float) or None
        Its 95% interval; None if it was not fitted, or without resamples.
    is_fitted : bool
        Whether `reuse` comes from these runs; else it is that of Muennighoff et al. 2023.
    """

    unique: float
    epochs: tuple[int, ...]
    effective: tuple[float, ...]
    values: tuple[float, ...]
    losses: tuple[float, ...] | None
    reuse: float
    interval: tuple[float, float] | None
    is_fitted: bool

    def epochs_worth(self, share: float) -> float:
        """Return the number of passes up to which a token is worth at least this share of a fresh one."""
        check_number("share", share, 0, 1, above=True)
        return 1 - self.reuse * float(np.log(share))

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table for each advice."""
        from kolmo._core.tables import Column, Table

        tables = []
        for each in results:
            names = ["passes", "worth, in fresh tokens", "value of the last pass", *(["loss"] if each.losses else [])]
            table = Table(
                f"Passes over {each.unique:.3g} unique tokens", [Column(name, numeric=True) for name in names]
            )
            for place, epochs in enumerate(each.epochs):
                loss = [f"{each.losses[place]:.4g}"] if each.losses else []
                table.add(str(epochs), f"{each.effective[place]:.3g}", f"{each.values[place]:.0%}", *loss)
            source = "fitted to these runs" if each.is_fitted else "of Muennighoff et al. 2023, for English text"
            within = f", 95% interval {_ends(each.interval)}" if each.interval else ""
            table.footers += [
                f"R_D* = {each.reuse:.3g} {source}{within}",
                f"A repeated token is worth half of a fresh one after {each.epochs_worth(0.5):.0f} passes, a tenth "
                f"after {each.epochs_worth(0.1):.0f}; no number of passes is worth more than "
                f"{1 + each.reuse:.1f} times the data",
            ]
            tables.append(table)
        return tables


def _ends(interval: tuple[float, float] | None) -> str:
    return "-" if interval is None else f"{interval[0]:.3g} to {interval[1]:.3g}"


def optimum_of(params: dict[str, float], flops: float, tolerance: float = 1e-3) -> Optimum:
    """Return the compute-optimal split of a budget by the parameters of a law E + A N^-alpha + B D^-beta."""
    alpha, beta = params["alpha"], params["beta"]
    big_a, big_b, floor = params["A"], params["B"], params["E"]
    if not (big_a > 0 and big_b > 0):
        raise DataError("the joint law does not depend on N or on D, so it has no optimum; add runs of other sizes")
    product = flops / FLOPS_PER_TOKEN
    n = float(_best_size(alpha, beta, big_a, big_b, product))

    def loss_of(size: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = floor + big_a * size**-alpha + big_b * (product / size) ** -beta
        return found

    least = float(loss_of(np.array([n]))[0])
    grid = n * np.geomspace(1e-3, 1e3, 60_001)
    near = grid[loss_of(grid) <= (1 + tolerance) * least]
    smaller: dict[float, float | None] = {}
    for times in _SMALLER:
        rest = least - floor - big_a * (n / times) ** -alpha
        smaller[times] = float((big_b / rest) ** (1 / beta) / (product / n)) if rest > 0 else None
    return Optimum(
        flops=flops,
        n=n,
        d=product / n,
        loss=least,
        exponent_n=beta / (alpha + beta),
        flat_n=(float(near[0]), float(near[-1])),
        tolerance=tolerance,
        smaller=smaller,
    )


def compute_optimum(law: LawFit, flops: float, *, tolerance: float = 1e-3) -> Optimum:
    """Split a compute budget between parameters and tokens by a joint law.

    Parameters
    ----------
    law : LawFit
        Of ``fit_law((N, D), loss, form="chinchilla", n_resamples=...)``; its resamples give the intervals.
    flops : float
        The budget C = 6 N D.
    tolerance : float
        The optimum is flat: the range of sizes within this share of the least loss is stated.

    Returns
    -------
    Optimum

    Raises
    ------
    DataError
        If the law is not of the form chinchilla, or does not depend on N or D.

    References
    ----------
    Hoffmann et al., "Training compute-optimal large language models", 2022, approach 3.

    Examples
    --------
    >>> from kolmo import fit_law
    >>> n, d = np.meshgrid(np.geomspace(1e7, 1e9, 4), np.geomspace(1e9, 1e11, 4))
    >>> n, d = n.ravel(), d.ravel()
    >>> law = fit_law((n, d), 1.69 + 406.4 * n**-0.34 + 410.7 * d**-0.28, form="chinchilla")
    >>> best = compute_optimum(law, 1e21)
    >>> f"{best.n:.3g} {best.d:.3g} {best.exponent_n:.3f} {best.smaller[2.0]:.2f}"
    '1.82e+09 9.14e+10 0.452 2.42'
    """
    check_number("flops", flops, 0, above=True)
    check_number("tolerance", tolerance, 0, 1, above=True)
    names = ("E", "A", "B", "alpha", "beta")
    if law.form != "chinchilla" or any(name not in law.params for name in names):
        raise DataError(f"expected a law of the form 'chinchilla', got {law.form!r}; fit one to N and D of the runs")
    found = optimum_of(law.params, float(flops), tolerance)
    if law._resamples is None:
        return found
    columns = dict(zip(law.params, law._resamples.T, strict=True))
    alpha, beta, big_a, big_b = (columns[name] for name in ("alpha", "beta", "A", "B"))
    kept = (big_a > 0) & (big_b > 0)
    product = flops / FLOPS_PER_TOKEN
    sizes = _best_size(alpha[kept], beta[kept], big_a[kept], big_b[kept], product)
    intervals = [
        tuple(np.quantile(values, [0.025, 0.975]).tolist())
        for values in (sizes, product / sizes, (beta / (alpha + beta))[kept])
    ]
    return replace(found, n_interval=intervals[0], d_interval=intervals[1], exponent_interval=intervals[2])


def epoch_advice(
    unique: float, *, law: LawFit | None = None, n: float | None = None, epochs: Sequence[int] = _EPOCHS
) -> EpochAdvice:
    """Say what passes over the same data are worth.

    Parameters
    ----------
    unique : float
        Unique tokens.
    law : LawFit, optional
        Of ``fit_law((N, D, U), loss, form="data-constrained")``, for a value from runs of one's own; without it the
        published value for English text is taken.
    n : float, optional
        Parameters, for the losses of the law.
    epochs : sequence of int
        Numbers of passes.

    Returns
    -------
    EpochAdvice

    References
    ----------
    Muennighoff et al., "Scaling data-constrained language models", NeurIPS 2023.

    Examples
    --------
    >>> advice = epoch_advice(1e9)
    >>> [round(value, 2) for value in advice.values[:4]], round(advice.effective[2] / 1e9, 2)
    ([1.0, 0.94, 0.82, 0.63], 3.73)
    """
    check_number("unique", unique, 0, above=True)
    passes = np.array([int(each) for each in epochs], float)
    if not len(passes) or passes.min() < 1:
        raise DataError(f"epochs: expected numbers of passes from 1, got {list(epochs)!r:.60}")
    if law is not None and law.form != "data-constrained":
        raise DataError(f"expected a law of the form 'data-constrained', got {law.form!r}")
    reuse = REUSE if law is None else law.params["R_D"]
    losses = None
    if law is not None and n is not None:
        losses = tuple(
            law.predict((np.full(len(passes), float(n)), unique * passes, np.full(len(passes), unique))).tolist()
        )
    return EpochAdvice(
        unique=float(unique),
        epochs=tuple(int(each) for each in passes),
        effective=tuple((unique * (1 + reuse * -np.expm1(-(passes - 1) / reuse))).tolist()),
        values=tuple(np.exp(-(passes - 1) / reuse).tolist()),
        losses=losses,
        reuse=float(reuse),
        interval=law.intervals.get("R_D") if law is not None else None,
        is_fitted=law is not None,
    )


def _best_size(
    alpha: Any,
    beta: Any,
    big_a: Any,
    big_b: Any,
    product: float,
) -> Any:
    """Return N* for N D = product; numbers or arrays."""
    scale = (alpha * big_a / (beta * big_b)) ** (1 / (alpha + beta))
    return scale * product ** (beta / (alpha + beta))
