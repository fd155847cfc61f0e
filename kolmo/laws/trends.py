"""`fit_trend`: exponential growth over time, by domain, with doubling times and their intervals."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_number
from kolmo._core.results import Result
from kolmo.errors import DataError

if TYPE_CHECKING:
    from kolmo._core.tables import Table

_LEAST = 4
_MONTHS = 12 * float(np.log10(2))
_SHOWN = 3


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
        Its 95 % confidence interval by Student's t.
    doubling_months : float or None
        Months until the value doubles; None if the interval of the slope holds 0 or less.
    doubling_interval : (float, float) or None
        From the ends of the interval of the slope.
    spread : float
        Standard deviation of the residuals of log10 of the value.
    influential : tuple of (str, float)
        The points that move the slope most if they are left out, and the doubling time in months without each.
    break_year : float or None
        The year at which the slope changes, if it was searched for: this period starts or ends there.
    """

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

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table with a row for each domain and period."""
        from kolmo._core.tables import Column, Table

        names = ["points", "from", "to", "log10 a year", "95 % interval", "doubling, months", "95 % interval"]
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
            table.footers.append("-: the slope may be 0 or negative (95 %), so there is no doubling time")
        for each in results if verbose else ():
            for name, months in each.influential:
                table.footers.append(f"{each.domain or 'all'} without {name}: {months:.1f} months")
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
        With 1, the slope may change once: the year with the least squares is found, and both parts are returned.
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
        For dates or values that are none, values that are not positive, or fewer than four points of a domain.

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
    years, logs = _years(dates), np.log10(_positive(values))
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
    for domain in dict.fromkeys(labels):
        places = np.array(
            [place for place in np.argsort(years, kind="stable") if inside[place] and labels[place] == domain], int
        )
        if records_only and len(places):
            before = np.concatenate([[-np.inf], np.maximum.accumulate(logs[places])[:-1]])
            places = places[logs[places] > before]
        if len(places) < _LEAST * (1 + breaks):
            least = _LEAST * (1 + breaks)
            raise DataError(
                f"{domain or 'the data'}: expected {least} points or more in this period, got {len(places)}"
            )
        for part, year in _parts(years[places], logs[places], breaks):
            found.append(
                _trend(domain or None, years[places][part], logs[places][part], [called[p] for p in places[part]], year)
            )
    return found


def _parts(years: NDArray[np.float64], logs: NDArray[np.float64], breaks: int) -> list[tuple[slice, float | None]]:
    """Return the parts of sorted points with a line of their own, and the year between them."""
    if not breaks:
        return [(slice(0, len(years)), None)]
    best, least = _LEAST, np.inf
    for cut in range(_LEAST, len(years) - _LEAST + 1):
        if years[cut] == years[cut - 1]:
            continue
        squares = sum(_squares(years[part], logs[part]) for part in (slice(0, cut), slice(cut, None)))
        if squares < least:
            best, least = cut, squares
    year = float((years[best - 1] + years[best]) / 2)
    return [(slice(0, best), year), (slice(best, len(years)), year)]


def _squares(years: NDArray[np.float64], logs: NDArray[np.float64]) -> float:
    if len(np.unique(years)) < 2:
        return float(((logs - logs.mean()) ** 2).sum())
    slope, start = np.polyfit(years - years.mean(), logs, 1)
    return float(((logs - start - slope * (years - years.mean())) ** 2).sum())


def _trend(
    domain: str | None,
    years: NDArray[np.float64],
    logs: NDArray[np.float64],
    names: list[str],
    break_year: float | None,
) -> Trend:
    from scipy.stats import t

    centred = years - years.mean()
    spread_x = float(centred @ centred)
    if spread_x == 0:
        raise DataError(f"{domain or 'the data'}: all {len(years)} points have one date; expected several")
    slope = float(centred @ logs) / spread_x
    gaps = logs - logs.mean() - slope * centred
    freedom = len(years) - 2
    spread = float(np.sqrt(gaps @ gaps / freedom))
    half = float(t.ppf(0.975, freedom)) * spread / np.sqrt(spread_x)
    low, high = slope - half, slope + half
    # the slope without each point, in closed form
    leverage = 1 / len(years) + centred**2 / spread_x
    without = slope - centred * gaps / (spread_x * np.maximum(1 - leverage, 1e-12))
    moved = np.argsort(-np.abs(without - slope), kind="stable")[:_SHOWN]
    return Trend(
        domain=domain,
        start=float(years[0]),
        stop=float(years[-1]),
        n_points=len(years),
        slope=slope,
        slope_interval=(low, high),
        doubling_months=_MONTHS / slope if low > 0 else None,
        doubling_interval=(_MONTHS / high, _MONTHS / low) if low > 0 else None,
        spread=spread,
        influential=tuple((names[place], float(_MONTHS / without[place])) for place in moved.tolist()),
        break_year=break_year,
    )


def _years(dates: Any) -> NDArray[np.float64]:
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
