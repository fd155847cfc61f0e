"""`fit_trend`: exponential growth over time, by domain, with doubling times and their intervals."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_number
from kolmo._core.results import Result
from kolmo.errors import DataError

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

_LEAST = 4
_MONTHS = 12 * float(np.log10(2))
_SHOWN = 3
_CLEAR = 4.0
"""BIC difference from which a break counts."""


@dataclass(frozen=True, kw_only=True)
class Trend(Result):
    """Exponential growth of one domain in one period. Made by `fit_trend`.

    Parameters
    ----------
    domain : str or None
        The domain; None for all.
    start, stop : float
        First and last date, as decimal years.
    n_points : int
        Number of points.
    slope : float
        Growth of log10 of the value in a year.
    slope_interval : (float, float)
        Its 95% confidence interval by Student's t.
    doubling_months : float or None
        Months until the value doubles; None if the interval of the slope holds 0 or less.
    doubling_interval : (float, float) or None
        From the ends of the interval of the slope.
    spread : float
        Standard deviation of the residuals of log10 of the value.
    influential : tuple of (str, float)
        The points that move the slope most if they are left out, and the doubling time in months without each.
    break_year : float or None
        The year at which the slope changes, if it was searched for: this period starts or ends there, and both lines
        meet.
    bic_gain : float or None
        How much the break lowers the Bayesian information criterion; below 4 the points do not show it.
    naive_doubling_months : float or None
        The doubling time by least squares of the values themselves, for comparison: do not use it.
    naive_points : int
        The points that hold 99% of the squares of that fit.
    middle : (float, float, float)
        The trend at its mean year: the year, log10 of the value, and half the width of the 95% interval of the latter.
    """

    question: ClassVar[str] = "How fast does the quantity grow?"

    domain: str | None
    start: float
    stop: float
    n_points: int
    slope: float
    slope_interval: tuple[float, float]
    doubling_months: float | None
    doubling_interval: tuple[float, float] | None
    spread: float
    influential: tuple[tuple[str, float], ...]
    break_year: float | None = None
    bic_gain: float | None = None
    naive_doubling_months: float | None = None
    naive_points: int = 0
    middle: tuple[float, float, float] = (0.0, 0.0, 0.0)
    _points: tuple[NDArray[np.float64], NDArray[np.float64]] = field(
        repr=False, compare=False, default_factory=lambda: (np.empty(0), np.empty(0))
    )

    @property
    def _name(self) -> str:
        """The domain, with the period if the slope changes."""
        period = "" if self.break_year is None else f", {self.start:.1f} to {self.stop:.1f}"
        return f"{self.domain or 'all'}{period}"

    def at(self, years: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return log10 of the trend at these years, and half the width of its 95% confidence band."""
        year, level, error = self.middle
        away = np.asarray(years, float) - year
        half = (self.slope_interval[1] - self.slope_interval[0]) / 2
        found: NDArray[np.float64] = level + self.slope * away
        return found, np.sqrt(error**2 + (half * away) ** 2)

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        said = []
        for each in results:
            if each.doubling_months is None or each.doubling_interval is None:
                said.append(f"{each._name}: the points show no growth, so there is no doubling time.")
            else:
                low, high = each.doubling_interval
                said.append(
                    f"{each._name}: the value doubles every {each.doubling_months:.1f} months (95% interval {low:.1f} "
                    f"to {high:.1f}), from {each.n_points:,} points."
                )
        return "\n".join(said)

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import Curve, LineChart

        charts: list[Chart] = []
        for domain in dict.fromkeys(each.domain for each in results):
            curves = []
            for each in (found for found in results if found.domain == domain):
                grid = np.linspace(each.start, each.stop, 60)
                level, half = each.at(grid)
                name = f"trend, {each.start:.0f} to {each.stop:.0f}, 95% band"
                ends = (10 ** (level - half), 10 ** (level + half))
                curves.append(Curve(name=name, x=grid, y=10**level, low=ends[0], high=ends[1]))
                years, logs = each._points
                curves.append(Curve(name="points", x=years, y=10**logs, kind="points"))
            title = "Trend over time" if domain is None else f"Trend over time: {domain}"
            charts.append(LineChart(title=title, x_label="year", y_label="value", curves=curves, log_y=True))
        return charts

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        return [
            "The regression is that of log10 of the value on the year, with 95% intervals by Student's t; a doubling "
            "time is stated only where the interval of the slope is above 0.",
            *(
                f"{each._name}, without {name}: {months:.1f} months."
                for each in results[:4]
                for name, months in each.influential[:1]
            ),
        ]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table with a row for each domain and period."""
        from kolmo._core.tables import Column, Table

        names = ["points", "from", "to", "log10 a year", "95% interval", "doubling, months", "95% interval"]
        table = Table("Trends over time", [Column("domain"), *(Column(name, numeric=True) for name in names)])
        for each in results:
            table.add(
                each.domain or "all",
                f"{each.n_points:,}",
                f"{each.start:.1f}",
                f"{each.stop:.1f}",
                f"{each.slope:.3f}",
                "{:.3f} to {:.3f}".format(*each.slope_interval),
                "-" if each.doubling_months is None else f"{each.doubling_months:.1f}",
                "-" if each.doubling_interval is None else "{:.1f} to {:.1f}".format(*each.doubling_interval),
            )
        if any(each.doubling_months is None for each in results):
            table.footers.append("-: the slope may be 0 or negative (95%), so there is no doubling time")
        for each in results:
            if each.break_year is not None and each.stop <= each.break_year and each.bic_gain is not None:
                told = "" if each.bic_gain >= _CLEAR else ", which the points do not show"
                table.footers.append(
                    f"{each.domain or 'all'}: the slope changes in {each.break_year:.1f}{told} (the break changes "
                    f"BIC by {-each.bic_gain:+.1f}; rule: {-_CLEAR:+g} or less)"
                )
        for each in results if verbose else ():
            for name, months in each.influential:
                table.footers.append(f"{each.domain or 'all'} without {name}: {months:.1f} months")
            if each.naive_doubling_months is not None:
                table.footers.append(
                    f"{each.domain or 'all'}, {each.start:.0f} to {each.stop:.0f}: least squares of the values "
                    f"themselves would give {each.naive_doubling_months:.1f} months, as {each.naive_points} of "
                    f"{each.n_points} points hold 99% of the squares"
                )
        return [table]


def fit_trend(
    dates: Any,
    values: Any,
    *,
    domains: Sequence[str] | None = None,
    since: float | None = None,
    until: float | None = None,
    breaks: int = 0,
    records_only: bool = False,
    names: Sequence[str] | None = None,
) -> list[Trend]:
    """Fit exponential growth over time, and return the doubling time with its interval.

    Parameters
    ----------
    dates : sequence of date, str or float
        Dates, ISO texts such as "2017-06-12", or decimal years.
    values : array-like of positive numbers
        The quantity, such as numbers of parameters.
    domains : sequence of str, optional
        A domain for each point: each domain has a trend of its own.
    since, until : float, optional
        Points from `since` up to, and without, `until` are used, as decimal years.
    breaks : {0, 1}
        With 1, the slope may change once: two lines that meet are fitted, as in a smoothly broken power law with a
        sharp break, the year with the least squares is found, and both parts are returned.
    records_only : bool
        Use only points whose value is larger than all earlier ones of their domain.
    names : sequence of str, optional
        Names of the points, for `Trend.influential`.

    Returns
    -------
    list of Trend
        By domain and period.

    Raises
    ------
    DataError
        For dates or values that are none, values that are not positive, or if no domain has four points.

    Warns
    -----
    UserWarning
        For domains that have too few points and are left out.

    Notes
    -----
    The regression is that of log10 of the value on the year, by least squares. Least squares of the value itself fit
    the last few points and nothing else, since an exponential has its spread in proportion to its size. The doubling
    time is inverted from the slope and stated only if the interval of the slope is above 0.

    References
    ----------
    Sevilla et al., "Compute trends across three eras of machine learning", IJCNN 2022.

    Examples
    --------
    >>> years = [2012.0, 2013.0, 2014.0, 2015.0, 2016.0]
    >>> (trend,) = fit_trend(years, [1e6, 2.1e6, 3.9e6, 8.2e6, 15.8e6])
    >>> round(trend.doubling_months, 1)
    12.1
    """
    years, logs = years_of(dates), np.log10(_positive(values))
    n_points = len(years)
    labels = ["" for _ in years] if domains is None else [str(each) for each in domains]
    called = [f"{year:.2f}" for year in years] if names is None else [str(each) for each in names]
    for title, each in (("values", logs), ("domains", labels), ("names", called)):
        if len(each) != n_points:
            raise DataError(f"{title}: expected one for each of the {n_points} dates, got {len(each)}")
    if breaks not in (0, 1):
        raise DataError(f"breaks: expected 0 or 1, got {breaks!r:.60}")
    for name, end in (("since", since), ("until", until)):
        if end is not None:
            check_number(name, end)
    inside = (years >= (-np.inf if since is None else since)) & (years < (np.inf if until is None else until))
    found: list[Trend] = []
    few: list[str] = []
    least = _LEAST * (1 + breaks)
    for domain in dict.fromkeys(labels):
        places = np.array(
            [place for place in np.argsort(years, kind="stable") if inside[place] and labels[place] == domain], int
        )
        if records_only and len(places):
            before = np.concatenate([[-np.inf], np.maximum.accumulate(logs[places])[:-1]])
            places = places[logs[places] > before]
        if len(places) < least:
            few.append(f"{domain or 'the data'}: expected {least} points or more in this period, got {len(places)}")
            continue
        called_here = [called[place] for place in places]
        try:
            found += _trends(domain or None, years[places], logs[places], called_here, breaks)
        except DataError as error:
            few.append(str(error))
    if not found:
        raise DataError(few[0])
    if few:
        warnings.warn(f"left out: {'; '.join(few)}", stacklevel=2)
    return found


def _trends(
    domain: str | None, years: NDArray[np.float64], logs: NDArray[np.float64], names: list[str], breaks: int
) -> list[Trend]:
    """Return the trend of sorted points, or those before and after a break."""
    if len(np.unique(years)) < 2:
        raise DataError(f"{domain or 'the data'}: all {len(years)} points have one date; expected several")
    columns = np.stack([np.ones_like(years), years - years.mean()], axis=1)
    straight = _Regression(columns, logs)
    if not breaks:
        return [_trend(domain, years, logs, names, straight, np.array([0.0, 1.0]), slice(None), None, None)]
    found = None
    cuts = [cut for cut in range(_LEAST, len(years) - _LEAST + 1) if years[cut] > years[cut - 1]]
    for cut in cuts:
        for share in (0.0, 0.5) if cut < cuts[-1] else (0.0,):
            year = (1 - share) * years[cut] + share * (years[cut + 1] if cut + 1 < len(years) else years[cut])
            bent = _Regression(np.column_stack([columns, np.maximum(years - year, 0)]), logs)
            if found is None or bent.squares < found[1].squares:
                found = (float(year), bent)
    if found is None:
        raise DataError(f"{domain or 'the data'}: expected more different dates for a break")
    year, bent = found
    n_points = len(years)
    gain = n_points * np.log(max(straight.squares, 1e-300) / max(bent.squares, 1e-300)) - 2 * np.log(n_points)
    cut = int(np.searchsorted(years, year))
    return [
        _trend(domain, years, logs, names, bent, np.array([0.0, 1.0, side]), part, year, float(gain))
        for side, part in ((0.0, slice(0, cut)), (1.0, slice(cut, None)))
    ]


class _Regression:
    """Least squares, with the covariance of the coefficients and the coefficients without each point."""

    def __init__(self, columns: NDArray[np.float64], logs: NDArray[np.float64]) -> None:
        self.columns, self.logs = columns, logs
        self.inverse = np.linalg.pinv(columns.T @ columns)
        self.values = self.inverse @ columns.T @ logs
        self.gaps = logs - columns @ self.values
        self.squares = float(self.gaps @ self.gaps)
        self.freedom = len(logs) - columns.shape[1]
        self.variance = self.squares / self.freedom

    def error(self, direction: NDArray[np.float64]) -> float:
        """Return the standard error of a linear combination of the coefficients."""
        return float(np.sqrt(self.variance * direction @ self.inverse @ direction))

    def without(self, direction: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a linear combination of the coefficients without each point, in closed form."""
        leverage = np.einsum("ij,jk,ik->i", self.columns, self.inverse, self.columns)
        moves = self.columns @ self.inverse @ direction * self.gaps / np.maximum(1 - leverage, 1e-12)
        found: NDArray[np.float64] = self.values @ direction - moves
        return found


def _trend(
    domain: str | None,
    years: NDArray[np.float64],
    logs: NDArray[np.float64],
    names: list[str],
    fit: _Regression,
    direction: NDArray[np.float64],
    part: slice,
    break_year: float | None,
    bic_gain: float | None,
) -> Trend:
    """Return the trend of a part of the points: `direction` is the slope there as a combination of coefficients."""
    from scipy.stats import t

    slope = float(fit.values @ direction)
    quantile = float(t.ppf(0.975, fit.freedom))
    half = quantile * fit.error(direction)
    low, high = slope - half, slope + half
    without = fit.without(direction)
    here = np.arange(len(years))[part]
    moved = here[np.argsort(-np.abs(without[here] - slope), kind="stable")[:_SHOWN]]
    middle = float(years[here].mean())
    hinge = [max(middle - break_year, 0.0)] if break_year is not None else []
    at_middle = np.array([1.0, middle - years.mean(), *hinge])
    naive, n_naive = _naive(years[here], logs[here])
    return Trend(
        domain=domain,
        start=float(years[here[0]]),
        stop=float(years[here[-1]]),
        n_points=len(here),
        slope=slope,
        slope_interval=(low, high),
        doubling_months=_MONTHS / slope if low > 0 else None,
        doubling_interval=(_MONTHS / high, _MONTHS / low) if low > 0 else None,
        spread=float(np.sqrt(fit.variance)),
        influential=tuple((names[place], float(_MONTHS / without[place])) for place in moved.tolist()),
        break_year=break_year,
        bic_gain=bic_gain,
        naive_doubling_months=naive,
        naive_points=n_naive,
        middle=(middle, float(fit.values @ at_middle), quantile * fit.error(at_middle)),
        _points=(years[here], logs[here]),
    )


def _naive(years: NDArray[np.float64], logs: NDArray[np.float64]) -> tuple[float | None, int]:
    """Return the doubling time in months by least squares of the values, and how many points hold 99% of these."""
    from scipy.optimize import minimize_scalar

    values = 10 ** (logs - logs.max())
    away = years - years[-1]

    def squares(rate: float) -> float:
        curve = np.exp(rate * away)
        gaps = values - curve * (curve @ values) / (curve @ curve)
        return float(gaps @ gaps)

    rates = np.geomspace(1e-3, 100, 300)
    best = rates[np.argmin([squares(rate) for rate in rates])]
    found = minimize_scalar(squares, bounds=(best / 1.05, best * 1.05), method="bounded").x
    held = np.cumsum(np.sort(values**2)[::-1])
    count = int(np.searchsorted(held, 0.99 * held[-1])) + 1
    is_inside = 1.1 * rates[0] < found < 0.9 * rates[-1]
    return (12 * float(np.log(2)) / float(found) if is_inside else None), count


def years_of(dates: Any) -> NDArray[np.float64]:
    """Return dates as decimal years, or raise an error that names the first that is none."""
    found = []
    for place, date in enumerate(dates):
        value = date
        if isinstance(date, str):
            try:
                value = (
                    float(date)
                    if date.strip().replace(".", "", 1).isdecimal()
                    else datetime.date.fromisoformat(date.strip()[:10])
                )
            except ValueError:
                raise DataError(
                    f"dates: expected dates such as 2017-06-12, or years such as 2017.5, got {date!r:.40} at position "
                    f"{place}"
                ) from None
        if isinstance(value, np.datetime64):
            value = value.astype("datetime64[D]").item()
        if isinstance(value, datetime.date):
            first = datetime.date(value.year, 1, 1)
            length = (datetime.date(value.year, 12, 31) - first).days + 1
            day = datetime.date(value.year, value.month, value.day)
            value = value.year + (day - first).days / length
        if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not np.isfinite(value):
            raise DataError(f"dates: expected a date or a year, got {date!r:.40} at position {place}")
        found.append(float(value))
    if not found:
        raise DataError("dates: expected at least four, got none")
    return np.array(found)


def _positive(values: Any) -> NDArray[np.float64]:
    try:
        found = np.asarray(values, float)
    except (TypeError, ValueError) as error:
        raise DataError(f"values: expected numbers, got {values!r:.60}") from error
    wrong = np.flatnonzero(~np.isfinite(found) | (found <= 0))
    if len(wrong):
        raise DataError(
            f"values: expected positive, finite numbers, got {found[wrong[0]]} at position {wrong[0]}; leave it out"
        )
    return found
