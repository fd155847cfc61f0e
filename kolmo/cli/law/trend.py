"""``kolmo law trend``: growth over time."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from kolmo.cli.law.runs import (
    COLUMNS,
    by_option,
    column_option,
    complete,
    distinct,
    grouped,
    guess_remark,
    note,
    read_runs,
    runs_argument,
    unit_remarks,
    where_option,
)
from kolmo.cli.options import Command, FiniteRange, html_option, json_option, picture_option, verbose_option
from kolmo.cli.output import print_results, write_report


@click.command(cls=Command, no_args_is_help=False)
@runs_argument
@column_option("--date", "date", "the date: 2017-06-12, or a year")
@column_option("--value", "value", "the value, such as the number of parameters")
@by_option("A trend")
@where_option
@click.option("--since", type=FiniteRange(0, 9999), metavar="YEAR", help="First year, such as 2000 or 2012.5.")
@click.option("--until", type=FiniteRange(0, 9999), metavar="YEAR", help="Year before which a point lies.")
@click.option("--breaks", type=click.IntRange(0, 1), default=0, show_default=True, help="Let the slope change once.")
@click.option("--records-only", is_flag=True, help="Use only values above all earlier ones.")
@grouped(COLUMNS, "--value-unit", metavar="UNIT", help="Unit of the value.  [default: by the name of the column]")
@picture_option("--plot", content="values and trends")
@html_option
@json_option
@verbose_option
def command(
    runs: str,
    date: str | None,
    value: str | None,
    by: tuple[str, ...],
    where: tuple[str, ...],
    since: float | None,
    until: float | None,
    breaks: int,
    records_only: bool,
    value_unit: str | None,
    plot: Path | None,
    html: Path | None,
    as_json: bool,
    verbose: bool,
) -> None:
    """Fit exponential growth over time, with doubling times and their intervals.

    A doubling time is stated only if the slope is above 0 with 95% confidence. -v lists the points that move it most,
    and what least squares of the values themselves would give.

    \b
    kolmo law trend systems.csv --date date --value Parameters --since 2000 --until 2017
    kolmo law trend systems.csv --by Domain --where 'type=dense' --records-only --plot trend.png
    """
    from kolmo.laws.trends import fit_trend, years_of

    table = read_runs(runs, where)
    at_date, at_value = table.find("date", date, "--date"), table.find("value", value, "--value")
    assert at_date is not None
    assert at_value is not None
    distinct({"--date": at_date, "--value": at_value})
    remarks = guess_remark(table, {"the date": (at_date, date), "the value": (at_value, value)})
    remarks += unit_remarks(table, [(at_value, value_unit, "--value-unit")])
    places = [table.column(name, "--by") for name in by]
    table = complete(table, [at_date, at_value, *places], remarks)
    at_name = table.find("name", None, "", least=False)
    names = None if at_name is None else table.texts(at_name)
    columns = [table.texts(place) for place in places]
    domains = [", ".join(cells) for cells in zip(*columns, strict=True)] if by else None
    dates, values = table.texts(at_date), table.positive(at_value)
    trends = fit_trend(
        dates,
        values,
        domains=domains,
        since=since,
        until=until,
        breaks=breaks,
        records_only=records_only,
        names=names,
    )
    note(runs, remarks)
    if plot is not None:
        from kolmo.show.law_plots import trend_plot

        years = years_of(dates)
        inside = (years >= (since or -np.inf)) & (years < (until or np.inf))
        kept = [name for name, is_in in zip(domains or [""] * len(years), inside, strict=True) if is_in]
        label = table.label(at_value, value_unit)
        trend_plot(trends, years[inside], values[inside], kept, plot, y_label=label)
    write_report(html, trends, labels={"value": table.label(at_value, value_unit)})
    print_results(trends, as_json=as_json, verbose=verbose, runs=runs, remarks=remarks)
