"""``kolmo law emergence``: whether a jump is in the data or in the metric."""

from __future__ import annotations

from pathlib import Path

import click

from kolmo.cli.law.runs import (
    COLUMNS,
    column_option,
    complete,
    distinct,
    grouped,
    guess_remark,
    note,
    read_runs,
    runs_argument,
    where_option,
)
from kolmo.cli.options import Command, html_option, json_option, verbose_option
from kolmo.cli.output import print_results, write_report


@click.command(cls=Command, no_args_is_help=False)
@runs_argument
@grouped(
    COLUMNS, "--metric", required=True, metavar="COLUMN", help="Column of the metric with the jump, such as accuracy."
)
@column_option("--x", "x", "the size")
@column_option("--y", "y", "the loss, a smooth metric of the same runs")
@where_option
@html_option
@json_option
@verbose_option
def command(
    runs: str,
    metric: str,
    x: str | None,
    y: str | None,
    where: tuple[str, ...],
    html: Path | None,
    as_json: bool,
    verbose: bool,
) -> None:
    """Tell whether a sudden rise of a metric is in the data or in the scale of the metric.

    A metric such as exact match is a steep function of the loss. If the loss falls smoothly, the jump is in the scale.

    \b
    kolmo law emergence runs.csv --metric exact_match --x tokens --y loss
    """
    from kolmo.laws.emergence import explain_emergence

    table = read_runs(runs, where)
    at_x, at_y, at_metric = table.find("x", x, "--x"), table.find("y", y, "--y"), table.column(metric, "--metric")
    assert at_x is not None
    assert at_y is not None
    distinct({"--x": at_x, "--y": at_y, "--metric": at_metric})
    remarks = guess_remark(table, {"x": (at_x, x), "y": (at_y, y)})
    table = complete(table, [at_x, at_y, at_metric], remarks)
    found = explain_emergence(table.positive(at_x), table.positive(at_y), table.values(at_metric))
    note(runs, remarks)
    write_report(html, found, labels={"size": table.label(at_x, None), "loss": table.label(at_y, None)})
    print_results([found], as_json=as_json, verbose=verbose, runs=runs, remarks=remarks)
