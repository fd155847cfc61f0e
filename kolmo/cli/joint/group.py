"""``kolmo joint``: a group of commands; without the name of one, ``kolmo joint gain``."""

from __future__ import annotations

import difflib
import os

import click

from kolmo.cli.groups import LazyGroup

COMMANDS = {
    "gain": "Estimate the mutual information of two data sets, with controls.",
    "matrix": "Measure the joint gains of all pairs of several data sets.",
    "growth": "Measure the joint gain of two data sets as their size grows.",
    "target": "Rank corpora by the bits that each saves for a target.",
    "paired": "Measure the gain of true pairs of items over random pairs.",
    "transfer": "Measure the gain of training a neural model on both sets.",
}
"""Each command with its line of help; it is the module of that name in this package, imported when it is called."""


class _JointGroup(LazyGroup):
    package = "kolmo.cli.joint"
    lines = COMMANDS

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in COMMANDS and args[0] not in ctx.help_option_names:
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            if near and not os.path.lexists(args[0]) and not ctx.resilient_parsing:
                ctx.fail(f"there is no file or command {args[0]!r}; did you mean {near[0]!r}?")
            args = ["gain", *args]
        return click.Group.parse_args(self, ctx, args)


@click.group(
    cls=_JointGroup,
    invoke_without_command=True,
    options_metavar="",
    subcommand_metavar="[COMMAND] X Y",
    epilog="A file with the name of a command is written with its folder, such as ./matrix.",
)
@click.pass_context
def command(context: click.Context) -> None:
    """Estimate the mutual information of data sets of any kind by joint compression.

    `kolmo joint X Y` is `kolmo joint gain X Y`. Trees and maps of several data sets: kolmo tree.

    \b
    kolmo joint english.txt french.txt
    kolmo joint matrix english.txt french.txt code.py photographs/ --random
    kolmo joint growth english.txt french.txt --plot growth.png
    kolmo joint target mine.txt books.txt pages.txt --budget 200kB
    kolmo joint paired captions/ photographs/
    kolmo joint transfer english.txt french.txt --model gru:200k
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
