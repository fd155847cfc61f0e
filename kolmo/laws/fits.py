"""`fit_law`: one form fitted to runs, with intervals, and what the runs can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_count, check_number, check_random_state
from kolmo._core.results import Result
from kolmo.errors import DataError, ParameterError
from kolmo.laws.bands import Band, HeldOut, band_of, held_out
from kolmo.laws.designs import Design, design_of
from kolmo.laws.fitting import Fit, Loss, fit_form
from kolmo.laws.forms.base import Form
from kolmo.laws.forms.catalogue import form_of
from kolmo.laws.intervals import profile_interval, resampled
from kolmo.laws.points import Points, numbers_of, points_of
from kolmo.laws.shapes import shape_if_enough

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

SHARES = (0.5, 0.65, 0.8)
"""The law is fitted again to these shares of the smallest points, for the band of an extrapolation."""
_OUTLIER = 6.0


@dataclass(frozen=True, kw_only=True)
class LawFit(Result):
    """A fitted law. Made by `fit_law`.

    Parameters
    ----------
    form : str
        Name of the form.
    formula : str
        Its formula.
    params : dict of str to float
        The fitted parameters by name.
    intervals : dict of str to (float, float)
        Their 95% intervals from resamples; empty without resamples.
    objective : float
        The sum of the robust losses of the log residuals.
    rms_log_error : float
        Root mean square of the residuals of log y.
    n_points : int
        Number of points.
    aic, aicc, bic : float
        Information criteria of the log residuals, as of a normal distribution; only differences between forms that are
        fitted to the same points mean anything.
    n_resamples : int
        Number of resamples.
    design : Design or None
        What the points can tell; None for a form without a search.
    warnings : list of str
        What speaks against a reading of the parameters.
    """

    derived: ClassVar[tuple[str, ...]] = ()
    question: ClassVar[str] = "Which law do the runs follow?"

    form: str
    formula: str
    params: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    objective: float
    rms_log_error: float
    n_points: int
    aic: float
    aicc: float
    bic: float
    n_resamples: int
    design: Design | None
    warnings: list[str] = field(default_factory=list)
    _law: Form = field(repr=False, compare=False)
    _points: Points = field(repr=False, compare=False)
    _loss: Loss = field(repr=False, compare=False)
    _resamples: NDArray[np.float64] | None = field(repr=False, compare=False, default=None)

    def predict(self, x: Any) -> NDArray[np.float64]:
        """Return the loss at sizes: an array, or a tuple of arrays for a form of several inputs."""
        return self._law.predict(self._inputs(x), self.params)

    def interval(self, name: str, *, level: float = 0.95, method: str = "resamples") -> tuple[float, float]:
        """Return an interval of a parameter.

        Parameters
        ----------
        name : str
            The parameter.
        level : float
            Its confidence level.
        method : {"resamples", "profile"}
            Quantiles of the resamples of `fit_law`, or the range in which the loss, minimised over all other
            parameters, does not rise more than an F test allows.

        Returns
        -------
        (float, float)
        """
        if name not in self.params:
            raise ParameterError(f"expected a parameter of {', '.join(self.params)}; got {name!r:.60}")
        check_number("level", level, 0, 1, above=True)
        place = list(self.params).index(name)
        if method == "profile":
            fit = Fit(np.array(list(self.params.values())), self.objective)
            return profile_interval(self._law, self._points.inputs, self._points.y, self._loss, fit, place, level=level)
        if method != "resamples":
            raise ParameterError(f"method: expected 'resamples' or 'profile', got {method!r:.60}")
        if self._resamples is None:
            raise ParameterError("there are no resamples; call fit_law with n_resamples, or take method='profile'")
        low, high = np.quantile(self._resamples[:, place], [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    def extrapolate(self, x: Any, *, level: float = 0.8) -> Band:
        """Return the loss at larger sizes, with a band.

        The band holds the spread of the residuals, and the errors of fits to the smallest 50, 65 and 80% of the points
        as far beyond these: how far earlier extrapolations by the same factor were off, which residuals do not say.

        Parameters
        ----------
        x : ndarray, or tuple of ndarray
            The sizes.
        level : float
            The share of new points that the band is meant to hold.

        Returns
        -------
        Band
        """
        centre = np.log(np.maximum(self.predict(x), 1e-300))
        return band_of(x, centre, self.log_variance(x), level)

    def log_variance(self, x: Any) -> NDArray[np.float64]:
        """Return the variance of log y at sizes: of the residuals, and of earlier extrapolations by the same factor.

        A law that is fitted to the smallest points is compared with this one where it extrapolates as far beyond its
        points as this one does at `x`.
        """
        inputs, squares = self._inputs(x), []
        for cut, values in self._earlier:
            part = self._points.taken(self._points.order[:cut]).inputs
            factors = [whole.max() / each.max() for whole, each in zip(self._points.inputs, part, strict=True)]
            nearer = [each / factor for each, factor in zip(inputs, factors, strict=True)]
            logs = [np.log(np.maximum(self._law.predict(nearer, each), 1e-300)) for each in (values, self.params)]
            squares.append(np.square(logs[0] - logs[1]))
        spread: NDArray[np.float64] = np.mean(squares, axis=0) if squares else np.zeros_like(inputs[0])
        return self.rms_log_error**2 + spread

    @cached_property
    def _earlier(self) -> list[tuple[int, dict[str, float]]]:
        """The parameters fitted to shares of the smallest points, with the number of these."""
        order, found = self._points.order, []
        for share in SHARES:
            cut = int(np.ceil(share * len(order)))
            part = self._points.taken(order[:cut])
            if self.design is not None and len(np.unique(np.stack(part.inputs), axis=1).T) <= len(self.params):
                continue
            known = np.array(list(self.params.values()))
            fit = fit_form(self._law, part.inputs, part.y, self._loss, known=known)
            found.append((cut, dict(zip(self.params, fit.values.tolist(), strict=True))))
        return found

    @cached_property
    def held_out_error(self) -> float | None:
        """Root mean square error of log y on the larger points, after fits to the smallest 50, 65 and 80% of them.

        None if the form has too many parameters for that.
        """
        squares = []
        for cut, values in self._earlier:
            larger = self._points.taken(self._points.order[cut:])
            if len(larger.y):
                gaps = np.log(np.maximum(self._law.predict(larger.inputs, values), 1e-300)) - np.log(larger.y)
                squares.append(float(np.mean(gaps**2)))
        return float(np.sqrt(np.mean(squares))) if squares else None

    def score(self, x: Any, y: Any, *, level: float = 0.8) -> HeldOut:
        """Return the error on runs that were held out, and the share of them that the band holds.

        Parameters
        ----------
        x : array-like, or tuple of them
            The sizes.
        y : array-like
            The losses.
        level : float
            As in `extrapolate`.

        Returns
        -------
        HeldOut
        """
        band = self.extrapolate(x, level=level)
        return held_out({self.form: np.log(band.predicted)}, numbers_of("y", y), band)

    def _inputs(self, x: Any) -> list[NDArray[np.float64]]:
        given = x if isinstance(x, tuple) else (x,)
        if len(given) != len(self._law.inputs):
            raise DataError(f"expected {', '.join(self._law.inputs)}, got {len(given)} arrays")
        arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(each, float)) for each in given))
        return [np.ascontiguousarray(each) for each in arrays]

    def explain(self) -> str:
        """Return the law in sentences: each parameter with its interval and meaning, and the warnings."""
        meanings = self._law.meanings
        lines = [
            f"L = {self.formula}, fitted to {self.n_points:,} points; the root mean square error is "
            f"{self.rms_log_error:.2%}."
        ]
        for name, value in self.params.items():
            low, high = self.intervals.get(name, (np.nan, np.nan))
            within = f", 95% interval {low:.4g} to {high:.4g}" if np.isfinite(low) else ""
            lines.append(f"{name} = {value:.4g}{within}{f': {meanings[name]}' if meanings[name] else ''}.")
        return "\n".join([*lines, *self.warnings])

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        law = results[0]
        values = ", ".join(f"{name} = {value:.4g}" for name, value in law.params.items())
        return (
            f"L = {law.formula} with {values}; the root mean square error on the {law.n_points:,} runs is "
            f"{law.rms_log_error:.2%}."
        )

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        return [_points_chart(law) for law in results]

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        said = []
        for law in results:
            if law.intervals:
                said.append(f"95% intervals of the parameters: from {law.n_resamples:,} resamples of the runs.")
            else:
                said.append("The parameters have no intervals; --resamples or n_resamples= adds them.")
        return [*said, "Beyond the runs a law is an extrapolation; the band holds how far fits to fewer runs are off."]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table for each law."""
        from kolmo._core.tables import Column, Table

        tables = []
        for law in results:
            names = ["parameter", "value", *(["95% interval"] if law.intervals else []), "meaning"]
            table = Table(
                f"{law.form}: L = {law.formula}",
                [Column(name, numeric=name in ("value", "95% interval")) for name in names],
            )
            meanings = law._law.meanings
            for name, value in law.params.items():
                within = [f"{law.intervals[name][0]:.4g} to {law.intervals[name][1]:.4g}"] if law.intervals else []
                table.add(name, f"{value:.5g}", *within, meanings[name])
            table.footers.append(
                f"{law.n_points:,} points, rms error {law.rms_log_error:.3%}, objective {law.objective:.6g}, "
                f"AIC {law.aic:.2f}, BIC {law.bic:.2f}"
            )
            table.footers += [f"Warning: {line}" for line in law.warnings]
            if verbose and law._law.source:
                table.footers.append(law._law.source)
            tables.append(table)
        return tables


def _points_chart(law: LawFit) -> Chart:
    """Return the runs with the law and its band, or predicted against observed for a law of several inputs."""
    from kolmo._core.reports.charts import Curve, LineChart

    points = law._points
    title = f"{law.form}: L = {law.formula}"
    if len(points.inputs) == 1:
        (x,) = points.inputs
        grid = np.geomspace(x.min(), 3 * x.max(), 120)
        band = law.extrapolate(grid)
        line = Curve(name="law, 80% band", x=grid, y=band.predicted, low=band.low, high=band.high)
        runs = Curve(name="runs", x=x, y=points.y, kind="points")
        return LineChart(title=title, x_label="size", y_label="loss", curves=[line, runs], log_x=True, log_y=True)
    predicted = law._law.predict(points.inputs, law.params)
    ends = [float(min(predicted.min(), points.y.min())), float(max(predicted.max(), points.y.max()))]
    curves = [
        Curve(name="predicted = observed", x=ends, y=ends, kind="dashed"),
        Curve(name="runs", x=predicted, y=points.y, kind="points"),
    ]
    return LineChart(title=title, x_label="predicted loss", y_label="loss", curves=curves, log_x=True, log_y=True)


def fit_law(
    x: Any,
    y: Any,
    *,
    form: str | Form = "power+offset",
    delta: float = 1e-3,
    overestimate_penalty: float = 1.0,
    n_resamples: int = 0,
    groups: Sequence[Any] | None = None,
    random_state: int = 0,
    n_jobs: int | None = None,
) -> LawFit:
    """Fit a scaling law to runs.

    Parameters
    ----------
    x : array-like of shape (n,), or tuple of them
        The size of each run; for a form of several inputs one array for each, such as ``(N, D)``.
    y : array-like of shape (n,)
        The loss of each run.
    form : str or Form
        The form; `kolmo.laws.FORMS` lists them.
    delta : float
        Residuals of log y beyond `delta` count linearly (Huber loss).
    overestimate_penalty : float
        Factor of a residual where the law lies above the loss: above 1 for runs that may be under-trained.
    n_resamples : int
        Number of resamples for the 95% intervals; 0 for none.
    groups : sequence, optional
        Resample groups of runs, such as all runs of one size, in place of single runs.
    random_state : int
        Seed of the resamples.
    n_jobs : int, optional
        Number of threads of the resamples, as in joblib.

    Returns
    -------
    LawFit

    Raises
    ------
    DataError
        For points that are not positive numbers, too few of them, or an input that never changes.

    Notes
    -----
    Exponents are searched, coefficients solved for (variable projection), from several starting points; then all are
    refined by the robust loss. Nothing is dropped: copies and outliers are named in the warnings.

    Examples
    --------
    >>> import numpy as np
    >>> sizes = np.geomspace(1e6, 1e9, 8)
    >>> law = fit_law(sizes, 1.7 + 400 * sizes**-0.35)
    >>> {name: round(value, 3) for name, value in law.params.items()}
    {'E': 1.7, 'A': 400.0, 'a': 0.35}
    >>> law.predict([1e12]).round(4).tolist()
    [1.7252]
    """
    check_number("delta", delta, 0, above=True)
    check_number("overestimate_penalty", overestimate_penalty, 0, above=True)
    check_count("n_resamples", n_resamples, 0)
    if n_resamples == 1:
        raise ParameterError("n_resamples: expected 0, or at least 2 for an interval, got 1")
    check_random_state(random_state)
    law, loss = form_of(form), Loss(float(delta), float(overestimate_penalty))
    points = points_of(x, y, law)
    if groups is not None and len(groups) != len(points.y):
        raise DataError(f"groups: expected one for each of the {len(points.y)} runs, got {len(groups)}")
    fit = fit_form(law, points.inputs, points.y, loss)
    params = dict(zip(law.names, fit.values.tolist(), strict=True))
    gaps = np.log(np.maximum(law.predict(points.inputs, params), 1e-300)) - np.log(points.y)
    design = design_of(law, points.inputs, fit.values) if law.rule is None else None
    shape = shape_if_enough(points.inputs[0], np.log(points.y)) if len(law.inputs) == 1 else None
    warnings = [
        *points.remarks,
        *([shape.warning] if shape and shape.warning else []),
        *(design.warnings if design else ()),
        *_at_ends(law, points, fit),
        *_outliers(points, gaps),
    ]
    draws = None
    if n_resamples and law.rule is None:
        draws = resampled(
            law,
            points.inputs,
            points.y,
            loss,
            fit,
            n_resamples=n_resamples,
            random_state=random_state,
            groups=groups,
            n_jobs=n_jobs,
        )
    ends = (
        {}
        if draws is None
        else dict(zip(law.names, np.quantile(draws, [0.025, 0.975], axis=0).T.tolist(), strict=True))
    )
    squares, n, k = float((gaps**2).sum()), len(points.y), len(params) + 1
    fitted = n * np.log(max(squares / n, 1e-300))
    return LawFit(
        form=law.name,
        formula=law.formula,
        params=params,
        intervals={name: (low, high) for name, (low, high) in ends.items()},
        objective=fit.objective,
        rms_log_error=float(np.sqrt(squares / n)),
        n_points=n,
        aic=fitted + 2 * k,
        aicc=fitted + 2 * k + (2 * k * (k + 1) / (n - k - 1) if n > k + 1 else np.inf),
        bic=fitted + k * np.log(n),
        n_resamples=n_resamples if draws is not None else 0,
        design=design,
        warnings=warnings,
        _law=law,
        _points=points,
        _loss=loss,
        _resamples=draws,
    )


def _at_ends(law: Form, points: Points, fit: Fit) -> list[str]:
    """Name the parameters that the fit left at an end of their range."""
    found = [
        f"{each.name} = 0 is an end of its range: the points do not fix it"
        for each, value in zip(law.coefficients, fit.values, strict=False)
        if not each.is_signed and value <= 1e-9 * points.y.max()
    ]
    for parameter, value in zip(law.parameters, fit.values[len(law.coefficients) :], strict=True):
        low, high = parameter.range(points.inputs)
        if min(abs(value - low), abs(value - high)) <= 1e-6 * max(abs(low), abs(high)):
            found.append(f"{parameter.name} = {value:.4g} is an end of its range: the points do not fix it")
    return found


def _outliers(points: Points, gaps: NDArray[np.float64]) -> list[str]:
    """Name points whose residual is far beyond the median residual; they stay in the fit."""
    scale = 1.4826 * float(np.median(np.abs(gaps)))
    far = np.flatnonzero(np.abs(gaps) > max(_OUTLIER * scale, 1e-9))
    if not len(far) or len(gaps) < 8:
        return []
    worst = far[np.argmax(np.abs(gaps[far]))]
    at = ", ".join(f"{each[worst]:.4g}" for each in points.inputs)
    return [
        f"{len(far)} of {len(gaps)} points lie more than {_OUTLIER:g} times the median residual off, the farthest by "
        f"{-gaps[worst]:+.1%} at {at}; they stay in the fit"
    ]
