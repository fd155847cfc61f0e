"""``kolmo law``: a group of commands."""

from __future__ import annotations

import click

from kolmo.cli.groups import LazyGroup

COMMANDS = {
    "fit": "Fit scaling laws to runs, compare forms, and extrapolate.",
    "isoflop": "Find the compute-optimal size by parabolas, with their bias.",
    "optimum": "Split a compute budget between parameters and data.",
    "trend": "Fit growth over time, with doubling times.",
    "emergence": "Tell whether a jump is in the data or in the metric.",
    "more": "Say how much more data would help a coder.",
    "sweep": "Train models of many sizes and make a file of runs.",
}
"""Each command with its line of help; it is the module of that name in this package, imported when it is called."""


class _LawGroup(LazyGroup):
    package = "kolmo.cli.law"
    lines = COMMANDS


@click.group(cls=_LawGroup, invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Scaling laws: formulas from a size to a loss.

    A file of runs is a table with a row for each run (CSV, TSV, JSON, Parquet).

    \b
    kolmo law fit runs.csv --x tokens --y loss --plot law.png
    kolmo law fit runs.csv --n params --x tokens --y loss --resamples 200
    kolmo law isoflop runs.csv --target 1e24
    kolmo law trend systems.csv --value Parameters --since 2012
    kolmo law sweep book.txt --sizes 5k..200k -o runs.csv
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
