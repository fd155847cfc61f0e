"""``kolmo law optimum``: how to split a compute budget, by a joint law of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kolmo.cli.law.isoflop import read_joint
from kolmo.cli.law.numbers import Amount
from kolmo.cli.law.runs import (
    COLUMNS,
    column_option,
    grouped,
    note,
    optimum_options,
    runs_argument,
    where_option,
)
from kolmo.cli.options import Command, html_option, jobs_option, json_option, seed_option, verbose_option
from kolmo.cli.output import print_json, print_tables, write_report


@click.command(cls=Command, no_args_is_help=False)
@runs_argument
@click.option(
    "--budget",
    "budgets",
    type=Amount(),
    multiple=True,
    required=True,
    metavar="FLOP",
    help="Compute budget C = 6 N D; repeat it for several.",
)
@column_option("--n", "n", "the number of parameters")
@column_option("--d", "d", "the training tokens")
@grouped(COLUMNS, "--flops", metavar="COLUMN", help="Column of the compute C, in place of --d: D = C / (6 N).")
@column_option("--y", "y", "the loss")
@grouped(
    COLUMNS,
    "--unique",
    metavar="COLUMN",
    help="Column of the unique tokens of runs that repeat their data: then --unique-tokens is answered by these runs.",
)
@click.option(
    "--unique-tokens",
    type=Amount(),
    metavar="SIZE",
    help="Also say how many passes over this many unique tokens pay.",
)
@where_option
@optimum_options(
    200,
    tolerance="Show the sizes whose loss is within this share of the least.",
    resamples="Resamples for the 95% intervals.",
)
@seed_option
@jobs_option
@html_option
@json_option
@verbose_option
def command(
    runs: str,
    budgets: tuple[float, ...],
    n: str | None,
    d: str | None,
    flops: str | None,
    y: str | None,
    unique: str | None,
    unique_tokens: float | None,
    where: tuple[str, ...],
    tolerance: float,
    resamples: int,
    seed: int,
    jobs: int,
    html: Path | None,
    as_json: bool,
    verbose: bool,
) -> None:
    """Split a compute budget between parameters and tokens.

    The split is that of the law E + A N^-alpha + B D^-beta, fitted to the runs, with 95% intervals, the sizes that are
    as good within a tolerance, and how much longer a smaller model has to train.

    \b
    kolmo law optimum runs.csv --budget 1e21 --budget 1e23
    kolmo law optimum runs.csv --budget 1e21 --unique-tokens 1e10
    """
    from kolmo.laws.fits import LawFit, fit_law
    from kolmo.laws.optima import EpochAdvice, Optimum, compute_optimum, epoch_advice

    table, values, remarks = read_joint(runs, where, n, d, flops, y)
    intervals: dict[str, Any] = {"n_resamples": resamples, "random_state": seed, "n_jobs": jobs}
    sizes = (values["n"], values["d"])
    law = fit_law(sizes, values["loss"], form="chinchilla", **intervals)
    optima = [compute_optimum(law, each, tolerance=tolerance) for each in budgets]
    advice = None
    if unique_tokens is not None:
        repeated = None
        if unique is not None:
            passes = table.positive(table.column(unique, "--unique"))
            repeated = fit_law((*sizes, passes), values["loss"], form="data-constrained", **intervals)
        advice = epoch_advice(unique_tokens, law=repeated, n=optima[0].n)
    note(runs, remarks)
    write_report(html, [*optima, law, *([] if advice is None else [advice])])
    if as_json:
        document: dict[str, Any] = {"runs": runs, "remarks": remarks, "law": law.to_dict()}
        document |= {"optima": [each.to_dict() for each in optima]}
        print_json(document | {"epochs": None if advice is None else advice.to_dict()})
        return
    tables = [*Optimum.tables_of(optima), *LawFit.tables_of([law], verbose=verbose)]
    print_tables(tables + ([] if advice is None else EpochAdvice.tables_of([advice])))
