"""``kolmo complexity``: a group of commands."""

from __future__ import annotations

import click

from kolmo.cli.groups import LazyGroup

COMMANDS = {
    "randomness": "Tell how likely a random source made each short string.",
    "blocks": "Measure longer strings by the block decomposition method.",
    "local": "Measure the complexity in a window that slides over a string.",
    "counting": "Show the code lengths of all strings of a number of bits.",
    "terms": "Count normal forms and busy beavers of binary lambda calculus.",
}
"""Each command with its line of help; it is the module of that name in this package, imported when it is called."""


class _ComplexityGroup(LazyGroup):
    package = "kolmo.cli.complexity"
    lines = COMMANDS


@click.group(cls=_ComplexityGroup, invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Complexity of short strings, from all programs of a small machine.

    The shortest program of a string: kolmo program.

    \b
    kolmo complexity randomness 111111111111 100110101110
    kolmo complexity blocks 001001001001001001001001001001
    kolmo complexity local 00000000000001101000101110100111
    kolmo complexity counting 10 -c gzip -c mix
    kolmo complexity terms 24
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
