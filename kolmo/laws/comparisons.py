"""`compare_laws`: several forms fitted to the same runs, what each predicts, and whether the runs tell them apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_choice
from kolmo._core.results import Result
from kolmo.errors import DataError, ParameterError
from kolmo.laws.bands import Band, HeldOut, band_of, held_out
from kolmo.laws.fits import LawFit, fit_law
from kolmo.laws.forms.base import Form
from kolmo.laws.forms.catalogue import form_of
from kolmo.laws.points import numbers_of

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

Criterion = Literal["aic", "aicc", "bic"]
DEFAULT = ("constant", "power", "power+offset", "shifted power+offset", "M3", "M4", "BNSL")
"""The forms that are compared unless others are named."""
_CLEAR = 4.0


@dataclass(frozen=True, kw_only=True)
class LawComparison(Result):
    """Laws of several forms, best first. Made by `compare_laws`.

    Parameters
    ----------
    fits : tuple of LawFit
        By rising criterion; forms that follow a rule, such as the last value, come last.
    weights : dict of str to float
        Weight of each form in the averaged prediction, from the criterion.
    held_out_errors : dict of str to float or None
        Root mean square error of log y on the larger points of fits to the smallest 50, 65 and 80% of them; None if a
        form has too many parameters for that.
    criterion : {"aic", "aicc", "bic"}
        The criterion of the order and of the weights.
    verdict : str
        What the points tell about the forms, with the rule.
    skipped : dict of str to str
        Forms that could not be fitted, and why.
    """

    question: ClassVar[str] = "Which law do the runs follow?"

    fits: tuple[LawFit, ...]
    weights: dict[str, float]
    held_out_errors: dict[str, float | None]
    criterion: Criterion
    verdict: str
    skipped: dict[str, str]

    @property
    def best(self) -> LawFit:
        """The law with the least criterion."""
        return self.fits[0]

    def __getitem__(self, form: str) -> LawFit:
        for fit in self.fits:
            if fit.form == form:
                return fit
        raise KeyError(form)

    def predict(self, x: Any) -> NDArray[np.float64]:
        """Return the loss at sizes: the geometric mean of all laws, by their weights."""
        return np.exp(self._log_mean(x))

    def extrapolate(self, x: Any, *, level: float = 0.8) -> Band:
        """Return the averaged loss at larger sizes, with a band.

        The band holds the spread of the forms by their weights, the residuals, and how far the averages fitted to the
        smallest 50, 65 and 80% of the points are off.

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
        centre = self._log_mean(x)
        used = [fit for fit in self.fits if self.weights[fit.form] > 0.01]
        logs = np.stack([np.log(np.maximum(fit.predict(x), 1e-300)) for fit in used])
        shares = np.array([self.weights[fit.form] for fit in used])
        variances = np.square(logs - centre) + np.stack([fit.log_variance(x) for fit in used])
        return band_of(x, centre, np.einsum("f,fn->n", shares / shares.sum(), variances), level)

    def score(self, x: Any, y: Any, *, level: float = 0.8) -> HeldOut:
        """Return the error of each form and of the average on runs that were held out, and what the band holds.

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
        logs = {fit.form: np.log(np.maximum(fit.predict(x), 1e-300)) for fit in self.fits}
        band = self.extrapolate(x, level=level)
        return held_out({"average": np.log(band.predicted)} | logs, numbers_of("y", y), band)

    def _log_mean(self, x: Any) -> NDArray[np.float64]:
        used = [fit for fit in self.fits if self.weights[fit.form]]
        logs = np.stack([np.log(np.maximum(fit.predict(x), 1e-300)) for fit in used])
        total: NDArray[np.float64] = np.einsum("f,fn->n", np.array([self.weights[fit.form] for fit in used]), logs)
        return total

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each form."""
        return [
            {
                "form": fit.form,
                "formula": fit.formula,
                self.criterion: getattr(fit, self.criterion),
                "weight": self.weights[fit.form],
                "rms_log_error": fit.rms_log_error,
                "held_out_error": self.held_out_errors[fit.form],
                **fit.params,
            }
            for fit in self.fits
        ]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table for each comparison."""
        from kolmo._core.tables import Column, Table

        tables = []
        for comparison in results:
            names = ["form", "parameters", comparison.criterion.upper(), "weight", "rms error", "held-out error"]
            table = Table(
                f"Forms fitted to {comparison.best.n_points:,} points",
                [Column(name, numeric=name != "form") for name in names],
            )
            for fit in comparison.fits:
                error = comparison.held_out_errors[fit.form]
                table.add(
                    fit.form,
                    str(len(fit.params)),
                    f"{getattr(fit, comparison.criterion):.2f}" if comparison.weights[fit.form] else "-",
                    f"{comparison.weights[fit.form]:.3f}",
                    f"{fit.rms_log_error:.3%}",
                    "-" if error is None else f"{error:.3%}",
                )
            table.footers += [f"{name}: {reason}" for name, reason in comparison.skipped.items()]
            table.footers.append(comparison.verdict)
            tables.append(table)
        return tables

    @classmethod
    def report_tables_of(cls, results: Sequence[Self]) -> list[Table]:
        return [*cls.tables_of(results), *(table for each in results for table in LawFit.tables_of([each.best]))]

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        best = results[0].best
        return (
            f"The form {best.form}, L = {best.formula}, fits the {best.n_points:,} runs best "
            f"(by {results[0].criterion.upper()}); the root mean square error is {best.rms_log_error:.2%}. "
            f"{_sentence(results[0].verdict)}"
        )

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import Curve, LineChart

        charts: list[Chart] = []
        for each in results:
            points = each.best._points
            if len(points.inputs) > 1:
                charts += LawFit.charts_of([each.best])
                continue
            (x,) = points.inputs
            grid = np.geomspace(x.min(), 3 * x.max(), 120)
            band = each.extrapolate(grid)
            curves = [
                Curve(name="average of the forms, 80% band", x=grid, y=band.predicted, low=band.low, high=band.high),
                Curve(name="runs", x=x, y=points.y, kind="points"),
            ]
            curves += [
                Curve(
                    name=f"{fit.form}, weight {each.weights[fit.form]:.2f}", x=grid, y=fit.predict(grid), kind="dashed"
                )
                for fit in each.fits
                if each.weights[fit.form] > 0.01
            ]
            charts.append(
                LineChart(title="Runs and laws", x_label="size", y_label="loss", curves=curves, log_x=True, log_y=True)
            )
        return charts

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        best = results[0].best
        return [
            *([*best.warnings]),
            "Held-out error: fits to the smallest 50, 65 and 80% of the runs, on the larger ones.",
            "No single form extrapolates best; the average of the forms by their weights is what extrapolates here.",
        ]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def compare_laws(
    x: Any,
    y: Any,
    *,
    forms: Sequence[str | Form] = DEFAULT,
    criterion: Criterion = "bic",
    delta: float = 1.0,
    overestimate_penalty: float = 1.0,
) -> LawComparison:
    """Fit several forms to the same runs, weigh them, and say whether the runs tell them apart.

    Parameters
    ----------
    x : array-like of shape (n,), or tuple of them
        The size of each run.
    y : array-like of shape (n,)
        The loss of each run.
    forms : sequence of str or Form
        The forms.
    criterion : {"aic", "aicc", "bic"}
        Information criterion of the order and the weights. AICc punishes curves of few points so much that a form
        with an offset never wins.
    delta : float
        Residuals of log y beyond `delta` count linearly. The default is least squares, for which the criteria hold.
    overestimate_penalty : float
        As in `fit_law`.

    Returns
    -------
    LawComparison

    Raises
    ------
    DataError
        As in `fit_law`, and if no form could be fitted.

    Notes
    -----
    Held-out errors are those of the larger points after a fit to the smaller ones, never of random points: a random
    split asks for interpolation, which every flexible form does well.

    References
    ----------
    Burnham and Anderson, "Model selection and multimodel inference", 2002. Alabdulmohsin, Neyshabur and Zhai,
    "Revisiting neural scaling laws in language and vision", NeurIPS 2022, for extrapolation as the test.

    Examples
    --------
    >>> import numpy as np
    >>> sizes = np.geomspace(1e3, 1e6, 12)
    >>> noise = 1 + 0.001 * np.cos(7 * np.arange(12))
    >>> comparison = compare_laws(sizes, (2 + 50 * sizes**-0.5) * noise, forms=("constant", "power", "power+offset"))
    >>> comparison.best.form
    'power+offset'
    """
    check_choice("criterion", criterion, ("aic", "aicc", "bic"))
    laws = [form_of(form) for form in forms]
    if not laws or len({law.name for law in laws}) != len(laws):
        raise ParameterError(f"forms: expected different forms, got {[law.name for law in laws]}")
    options: dict[str, Any] = {"delta": delta, "overestimate_penalty": overestimate_penalty}
    fits, skipped = [], {}
    for law in laws:
        try:
            fits.append(fit_law(x, y, form=law, **options))
        except DataError as error:
            if len(laws) == 1 or "parameters" not in str(error):
                raise
            skipped[law.name] = str(error)
    searched = [fit for fit in fits if fit.design is not None]
    if not searched:
        raise DataError(f"no form could be fitted: {'; '.join(skipped.values()) or 'expected a form with parameters'}")
    searched.sort(key=lambda fit: (getattr(fit, criterion), len(fit.params)))
    scores = np.array([getattr(fit, criterion) for fit in searched])
    shares = np.exp(-(scores - scores[0]) / 2) if np.isfinite(scores[0]) else np.ones(len(scores))
    weights = dict(zip([fit.form for fit in searched], (shares / shares.sum()).tolist(), strict=True))
    rules = [fit for fit in fits if fit.design is None]
    held = {fit.form: fit.held_out_error for fit in fits}
    return LawComparison(
        fits=(*searched, *rules),
        weights=weights | {fit.form: 0.0 for fit in rules},
        held_out_errors=held,
        criterion=criterion,
        verdict=_verdict(searched, rules, scores, criterion, held),
        skipped=skipped,
    )


def _verdict(
    searched: list[LawFit],
    rules: list[LawFit],
    scores: NDArray[np.float64],
    criterion: str,
    held: dict[str, float | None],
) -> str:
    best = searched[0]
    close = [fit.form for fit, score in zip(searched[1:], scores[1:], strict=True) if score - scores[0] < _CLEAR]
    rule = f"(rule: {criterion.upper()} within {_CLEAR:g} of the least)"
    parts = []
    if close:
        parts.append(f"The points cannot tell {best.form} from {', '.join(close)} {rule}.")
    elif len(searched) > 1:
        parts.append(f"The points prefer {best.form} to all other forms {rule}.")
    baseline = min((error for fit in rules if (error := held[fit.form]) is not None), default=None)
    error = held[best.form]
    if baseline is not None and error is not None and error >= baseline:
        parts.append(
            f"Its extrapolations were no better than the last value: held-out error {error:.2%} against {baseline:.2%}."
        )
    return " ".join(parts)
