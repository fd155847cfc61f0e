"""The command ``kolmo``; each of its commands is a module here, imported when it is called."""

from __future__ import annotations

import difflib
import importlib
from functools import partial
from typing import Any

import click

from kolmo._version import __version__
from kolmo.cli.errors import end_with_one_line

COMMANDS = {
    "demo": ("classify.demo", "Classify texts that come with the installed libraries; needs no data."),
    "length": ("measure.length", "Measure how many bits files take, by one or several coders."),
    "distance": ("measure.distance", "Measure how far files are from each other."),
    "classify": ("classify.classify", "Label texts by their nearest neighbours, and score it."),
    "compress": ("files.compress", "Compress a file with any coder that writes a stream."),
    "decompress": ("files.decompress", "Read back what compress wrote, or show what it says about itself."),
    "surprise": ("measure.surprisal", "Show where the bits of a file go: text coloured by surprisal."),
    "joint": ("joint.gain", "Measure what data sets of any kind share, in bits."),
    "compare": (
        "coders.rates",
        "Compare coders on text, pictures, sound and noise: raw rates, and with their models' size.",
    ),
    "audit": ("coders.audit", "Test coders for what a distance takes for granted, and up to which size it holds."),
    "train": ("coders.train", "Train a language model on a corpus: it becomes a coder."),
    "coders": ("coders.coders", "List the coders and what they can do."),
    "data": ("data.data", "List, describe and fetch the public data sets that are known by name."),
}
"""Every command with its module in this package and its line of help, so that listing them imports none."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"kolmo.cli.{COMMANDS[cmd_name][0]}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(COMMANDS)}"
            ctx.fail(f"there is no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        run = partial(super().main, *args, **extra, standalone_mode=False)
        return end_with_one_line(run) if standalone_mode else run()


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Every command takes -h. Start with: kolmo demo",
)
@click.version_option(__version__, "-V", "--version", prog_name="kolmo")
@click.pass_context
def main(context: click.Context) -> None:
    """Learn by compression: to learn from x is to make the code for y shorter."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
