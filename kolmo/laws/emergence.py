"""Whether a sudden rise of a metric is in the data, or in the scale of the metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.results import Result
from kolmo.errors import DataError
from kolmo.laws.comparisons import LawComparison, compare_laws
from kolmo.laws.points import numbers_of

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

Answer = Literal["data", "scale", "neither"]
_SMOOTH = ("power", "power+offset", "shifted power+offset", "M3")
_BROKEN = ("BNSL", "logistic")
_CLEAR = 4.0
_MISFIT = 0.02
_WINDOW, _SUDDEN = 0.25, 0.4
"""A jump: this share of the sizes, on a logarithmic scale, holds that share of the change."""
_LEAST = 8


@dataclass(frozen=True, kw_only=True)
class Emergence(Result):
    """Where a jump of a metric comes from. Made by `explain_emergence`.

    Parameters
    ----------
    answer : {"data", "scale", "neither"}
        "data": the loss breaks too. "scale": the loss falls smoothly, and the metric is a steep function of it.
        "neither": the metric does not jump.
    metric_share, loss_share : float
        The largest share of the change of the metric within a quarter of the sizes, on a logarithmic scale; and the
        share of the change of the loss there.
    jump : (float, float)
        The sizes between which the metric changes so.
    bic_gain : float
        How much a break lowers the Bayesian information criterion of the loss.
    misfit : float
        The error (rms of log) of the best law of the loss without a break.
    link_error : float
        Root mean square error of the metric as a logistic function of the loss, as a share of its range.
    laws : LawComparison
        The laws of the loss.
    """

    question: ClassVar[str] = "Is the jump in the data, or in the scale of the metric?"

    answer: Answer
    metric_share: float
    loss_share: float
    jump: tuple[float, float]
    bic_gain: float
    misfit: float
    link_error: float
    laws: LawComparison = field(repr=False)

    def explain(self) -> str:
        """Return the answer in sentences, with its rule."""
        sudden = (
            f"{self.metric_share:.0%} of the change of the metric, and {self.loss_share:.0%} of that of the loss, lie "
            f"within a quarter of the sizes (on a logarithmic scale), from {self.jump[0]:.4g} to {self.jump[1]:.4g}."
        )
        rule = (
            f"(rule: a law with a break lowers BIC by {_CLEAR:g} or more, here {self.bic_gain:.1f}, and the best law "
            f"without one is off by {_MISFIT:.0%} or more, here {self.misfit:.1%})"
        )
        if self.answer == "neither":
            return f"{sudden} The metric does not jump (rule: {_SUDDEN:.0%})."
        if self.answer == "data":
            return f"{sudden} The jump is in the data: the loss breaks too {rule}."
        return (
            f"{sudden} The jump is in the scale of the metric: the loss has no break {rule}, and the metric follows "
            f"from the loss by a smooth curve with an error of {self.link_error:.1%} of its range."
        )

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        return " ".join(each.explain() for each in results)

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        return [chart for each in results for chart in LawComparison.charts_of([each.laws])]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table for each result; with `verbose` also the laws of the loss."""
        from kolmo._core.tables import Column, Table

        tables = []
        for each in results:
            columns = ["largest share of the change in a quarter", "from", "to"]
            table = Table("Where the jump is", [Column("curve"), *(Column(name, numeric=True) for name in columns)])
            ends = [f"{end:.4g}" for end in each.jump]
            table.add("metric", f"{each.metric_share:.0%}", *ends)
            table.add("loss", f"{each.loss_share:.0%}", *ends)
            table.footers.append(each.explain())
            tables.append(table)
            if verbose:
                tables += LawComparison.tables_of([each.laws])
        return tables


def explain_emergence(x: Any, loss: Any, metric: Any) -> Emergence:
    """Tell whether a sudden change of a metric is in the data, or in the scale of the metric.

    Parameters
    ----------
    x : array-like of shape (n,)
        Sizes.
    loss : array-like of shape (n,)
        A smooth metric of the same runs: cross-entropy, bits per byte.
    metric : array-like of shape (n,)
        The metric with the jump, such as the share of exact matches.

    Returns
    -------
    Emergence

    Raises
    ------
    DataError
        For fewer than eight sizes, or a metric that never changes.

    Notes
    -----
    A metric such as "all four digits are right" is a steep function of the loss of one digit, so a loss that falls
    smoothly looks like a jump. If the loss itself breaks, the jump is real.

    References
    ----------
    Schaeffer, Miranda and Koyejo, "Are emergent abilities of large language models a mirage?", NeurIPS 2023.

    Examples
    --------
    >>> x = np.geomspace(1e3, 1e7, 17)
    >>> loss = 40 * x**-0.5
    >>> explain_emergence(x, loss, np.exp(-10 * loss)).answer
    'scale'
    """
    sizes, losses = numbers_of("x", x), numbers_of("loss", loss)
    values = np.asarray(metric, float)
    if not len(sizes) == len(losses) == len(values):
        raise DataError(
            f"expected one loss and one value of the metric for each size, got {len(sizes)} sizes, {len(losses)} "
            f"losses, {len(values)} values"
        )
    if not np.isfinite(values).all():
        raise DataError("metric: expected finite numbers; leave out runs without one")
    order = np.argsort(sizes, kind="stable")
    sizes, losses, values = sizes[order], losses[order], values[order]
    if len(np.unique(sizes)) < _LEAST:
        raise DataError(f"expected at least {_LEAST} different sizes, got {len(np.unique(sizes))}")
    if np.ptp(values) == 0:
        raise DataError(f"the metric is {values[0]:g} for all runs; expected one that changes")
    laws = compare_laws(sizes, losses, forms=(*_SMOOTH, *_BROKEN))
    smooth = [fit for fit in laws.fits if fit.form in _SMOOTH]
    broken = [fit.bic for fit in laws.fits if fit.form in _BROKEN]
    gain = min((fit.bic for fit in smooth), default=np.inf) - min(broken, default=np.inf)
    misfit = min((fit.rms_log_error for fit in smooth), default=np.inf)
    share, jump = _sudden(sizes, values)
    loss_share = _changed(sizes, losses, jump)
    answer: Answer = "data" if gain >= _CLEAR and misfit >= _MISFIT else "scale"
    return Emergence(
        answer="neither" if share < _SUDDEN else answer,
        metric_share=share,
        loss_share=loss_share,
        jump=jump,
        bic_gain=float(gain),
        misfit=float(misfit),
        link_error=_link_error(losses, values),
        laws=laws,
    )


def _sudden(sizes: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[float, tuple[float, float]]:
    """Return the largest share of the change within a quarter of the sizes, and the ends of these."""
    factor = float((sizes[-1] / sizes[0]) ** _WINDOW)
    starts = np.exp(np.linspace(np.log(sizes[0]), np.log(sizes[-1] / factor), 101))
    ends = [(float(start), float(start * factor)) for start in starts]
    shares = [_changed(sizes, values, each) for each in ends]
    place = int(np.argmax(shares))
    return shares[place], ends[place]


def _changed(sizes: NDArray[np.float64], values: NDArray[np.float64], ends: tuple[float, float]) -> float:
    """Return the share of the whole range by which a curve changes between two sizes."""
    first, last = np.interp(np.log(ends), np.log(sizes), values)
    return float(abs(last - first) / np.ptp(values))


def _link_error(losses: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Return the error of the metric as a logistic function of log loss, as a share of its range."""
    from scipy.optimize import least_squares

    low, high = values.min(), values.max()
    places = (np.log(losses) - np.log(losses).mean()) / max(float(np.log(losses).std()), 1e-12)

    def gaps(point: NDArray[np.float64]) -> NDArray[np.float64]:
        centre, slope, bottom, top = point
        found: NDArray[np.float64] = bottom + (top - bottom) / (
            1 + np.exp(-np.clip(slope * (places - centre), -60, 60))
        )
        return np.asarray((found - values) / (high - low))

    starts = [(centre, slope, low, high) for centre in (-1.0, 0.0, 1.0) for slope in (-4.0, 4.0)]
    return float(np.sqrt(min(2 * least_squares(gaps, start, max_nfev=200).cost for start in starts) / len(values)))
