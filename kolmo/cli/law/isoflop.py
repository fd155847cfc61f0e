"""``kolmo law isoflop``: compute-optimal sizes by parabolas at equal compute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kolmo.cli.law.runs import (
    COLUMNS,
    RunTable,
    column_option,
    complete,
    distinct,
    grouped,
    guess_remark,
    note,
    optimum_options,
    read_runs,
    runs_argument,
    where_option,
)
from kolmo.cli.options import (
    Command,
    FiniteRange,
    html_option,
    jobs_option,
    json_option,
    picture_option,
    seed_option,
    verbose_option,
)
from kolmo.cli.output import print_json, print_results, write_report
from kolmo.errors import DataError


def read_joint(
    runs: str, where: tuple[str, ...], n: str | None, d: str | None, flops: str | None, y: str | None
) -> tuple[RunTable, dict[str, Any], list[str]]:
    """Return the table, its parameters, tokens and losses, and remarks; tokens may come from the compute, C / (6 N)."""
    table = read_runs(runs, where)
    at_n, at_y = table.find("n", n, "--n"), table.find("y", y, "--y")
    assert at_n is not None
    assert at_y is not None
    at_d = None if flops is not None else table.find("d", d, "--d", least=False)
    at_c = table.find("flops", flops, "--flops", least=False) if at_d is None else None
    if at_d is None and at_c is None:
        raise DataError(
            f"{runs}: which column holds the training tokens? Name it with --d, or the compute with --flops"
        )
    distinct({"--n": at_n, "--d": at_d, "--flops": at_c, "--y": at_y})
    remarks = guess_remark(table, {"N": (at_n, n), "D": (at_d, d), "C": (at_c, flops), "y": (at_y, y)})
    table = complete(table, [at_n, at_d, at_c, at_y], remarks)
    sizes, losses = table.positive(at_n), table.positive(at_y)
    tokens = table.positive(at_d) if at_d is not None else table.positive(at_c or 0) / (6 * sizes)
    return table, {"n": sizes, "d": tokens, "loss": losses, "y_name": table.names[at_y]}, remarks


@click.command(cls=Command, no_args_is_help=False)
@runs_argument
@column_option("--n", "n", "the number of parameters")
@column_option("--d", "d", "the training tokens")
@grouped(COLUMNS, "--flops", metavar="COLUMN", help="Column of the compute C, in place of --d: D = C / (6 N).")
@column_option("--y", "y", "the loss")
@grouped(
    COLUMNS,
    "--budget",
    metavar="COLUMN",
    help="Column of the compute budget that a run belongs to.  [default: the nearest peak of 6 N D]",
)
@where_option
@click.option(
    "--target",
    type=FiniteRange(0, min_open=True),
    metavar="FLOP",
    help="Budget to extrapolate to.  [default: ten times the largest]",
)
@optimum_options(
    0,
    tolerance="The optimum is flat: show the sizes whose loss is within this share of the least.",
    resamples="Resamples for the 95% intervals of the joint law and its optimum.",
)
@picture_option("--plot", content="parabolas and compute-optimal sizes")
@seed_option
@jobs_option
@html_option
@json_option
@verbose_option
def command(
    runs: str,
    n: str | None,
    d: str | None,
    flops: str | None,
    y: str | None,
    budget: str | None,
    where: tuple[str, ...],
    target: float | None,
    tolerance: float,
    resamples: int,
    plot: Path | None,
    seed: int,
    jobs: int,
    html: Path | None,
    as_json: bool,
    verbose: bool,
) -> None:
    """Find the compute-optimal size of a model by parabolas at equal compute.

    Parabolas are biased: the bias for these very runs is printed beside them, with the joint law, which has none if it
    is true.

    \b
    kolmo law isoflop runs.csv --n params --d tokens --y loss --target 1e24
    kolmo law isoflop runs.csv --flops training_flop --resamples 200 --plot isoflop.png
    """
    from kolmo.laws.isoflop import fit_isoflop

    table, values, remarks = read_joint(runs, where, n, d, flops, y)
    name = values.pop("y_name")
    budgets = None if budget is None else table.positive(table.column(budget, "--budget"))
    found = fit_isoflop(
        **values,
        budgets=budgets,
        target_flops=target,
        tolerance=tolerance,
        n_resamples=resamples,
        random_state=seed,
        n_jobs=jobs,
    )
    note(runs, remarks)
    if plot is not None:
        from kolmo.show.law_plots import isoflop_plot

        isoflop_plot(found, plot, y_label=name)
    write_report(html, found, labels={"loss": name})
    if as_json:
        print_json({"runs": runs, "remarks": remarks} | found.to_dict())
        return
    print_results([found], as_json=False, verbose=verbose)
