"""Bands around extrapolated losses, and how a law did on runs that were held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_number
from kolmo._core.results import Result

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table


@dataclass(frozen=True, kw_only=True)
class Band(Result):
    """Predictions with a band. Made by `LawFit.extrapolate`.

    Parameters
    ----------
    x : ndarray, or tuple of ndarray
        The sizes.
    low, predicted, high : ndarray
        The loss, and the ends of its band.
    level : float
        The share of new points that the band is meant to hold.
    """

    x: Any
    low: NDArray[np.float64]
    predicted: NDArray[np.float64]
    high: NDArray[np.float64]
    level: float

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table for each band."""
        from kolmo._core.tables import Column, Table

        tables = []
        for band in results:
            inputs = band.x if isinstance(band.x, tuple) else (band.x,)
            names = ["size"] if len(inputs) == 1 else [f"size {number + 1}" for number in range(len(inputs))]
            columns = [*names, "low", "predicted", "high"]
            table = Table(f"Extrapolation, {band.level:.0%} band", [Column(name, numeric=True) for name in columns])
            for row in zip(*inputs, band.low, band.predicted, band.high, strict=True):
                table.add(*(f"{value:.5g}" for value in row))
            tables.append(table)
        return tables


def band_of(x: Any, centre: NDArray[np.float64], variance: NDArray[np.float64], level: float) -> Band:
    """Return the band of a normal distribution of log y."""
    from scipy.stats import norm

    check_number("level", level, 0, 1, above=True)
    half = float(norm.ppf((1 + level) / 2)) * np.sqrt(variance)
    return Band(x=x, low=np.exp(centre - half), predicted=np.exp(centre), high=np.exp(centre + half), level=level)


@dataclass(frozen=True, kw_only=True)
class HeldOut(Result):
    """How laws did on runs that they were not fitted to. Made by `LawFit.score` and `LawComparison.score`.

    Parameters
    ----------
    errors : dict of str to float
        Root mean square error of log y by form; for a comparison also of the average.
    coverage : float
        Share of the runs that are within the band.
    level : float
        The share that the band was meant to hold.
    n_points : int
        Number of runs; an error of one run alone says little.
    """

    errors: dict[str, float]
    coverage: float
    level: float
    n_points: int
    _runs: tuple[Band, NDArray[np.float64]] = field(repr=False, compare=False)

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        said = []
        for each in results:
            form = "average" if "average" in each.errors else next(iter(each.errors))
            law = "average of the forms" if form == "average" else "law"
            runs = "run" if each.n_points == 1 else "runs"
            said.append(
                f"On {each.n_points:,} held-out {runs} the {law} is {each.errors[form]:.2%} off (root mean square); "
                f"{each.coverage:.0%} are within the {each.level:.0%} band."
            )
        return "\n".join(said)

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import Curve, LineChart

        charts: list[Chart] = []
        for each in results:
            band, y = each._runs
            sizes = band.x[0] if isinstance(band.x, tuple) and len(band.x) == 1 else band.x
            if isinstance(sizes, tuple):
                ends = [float(min(band.predicted.min(), y.min())), float(max(band.predicted.max(), y.max()))]
                line = Curve(name="predicted = observed", x=ends, y=ends, kind="dashed")
                at, label = band.predicted, "predicted loss"
            else:
                at, label = np.asarray(sizes, float).ravel(), "size"
                order = np.argsort(at, kind="stable")
                line = Curve(
                    name=f"predicted, {each.level:.0%} band",
                    x=at[order],
                    y=band.predicted[order],
                    low=band.low[order],
                    high=band.high[order],
                )
            curves = [line, Curve(name="held-out runs", x=at, y=y, kind="points")]
            charts.append(
                LineChart(title="Held-out runs", x_label=label, y_label="loss", curves=curves, log_x=True, log_y=True)
            )
        return charts

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table for each result."""
        from kolmo._core.tables import Column, Table

        tables = []
        for each in results:
            table = Table(
                f"Error on {each.n_points:,} held-out points",
                [Column("form"), Column("rms error of log y", numeric=True)],
            )
            for form, error in sorted(each.errors.items(), key=lambda item: item[1]):
                table.add(form, f"{error:.3%}")
            table.footers.append(f"{each.coverage:.0%} of them are within the {each.level:.0%} band")
            tables.append(table)
        return tables


def held_out(log_predictions: dict[str, NDArray[np.float64]], y: NDArray[np.float64], band: Band) -> HeldOut:
    """Return the score of predictions of log y by form, and of a band."""
    logs = np.log(y)
    return HeldOut(
        errors={form: float(np.sqrt(np.mean((found - logs) ** 2))) for form, found in log_predictions.items()},
        coverage=float(np.mean((band.low <= y) & (y <= band.high))),
        level=band.level,
        n_points=len(y),
        _runs=(band, y),
    )
