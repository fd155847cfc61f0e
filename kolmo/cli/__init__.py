"""The command ``kolmo``. Each command is a module of this package that is imported when the command is called."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click
from click.exceptions import Exit
from click.shell_completion import CompletionItem

from kolmo._version import __version__
from kolmo.cli.errors import end_with_one_line

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Classify": {
        "demo": ("classify.demo", "Classify texts of the installed libraries; needs no data."),
        "classify": ("classify.classify", "Train a classifier on labelled texts and score it on others."),
        "fit": ("classify.fit", "Fit a classifier to labelled texts and save it."),
        "predict": ("classify.predict", "Label the rows of a file with a saved classifier."),
        "evaluate": ("classify.evaluate", "Score a saved classifier: accuracy, coverage, mistakes."),
        "explain": ("classify.explain", "Show why a saved classifier gives a text its label."),
        "mislabelled": ("classify.mislabelled", "List training texts whose label is probably wrong."),
        "model": ("classify.model", "Show what a saved model holds."),
    },
    "Measure": {
        "length": ("measure.length", "Measure the code lengths of files, in bits."),
        "distance": ("measure.distance", "Measure the compression distances between files."),
        "program": ("complexity.program", "Find the shortest programs that print short strings."),
        "complexity": ("complexity.group", "Measure short strings by all programs that print them."),
        "surprisal": ("measure.surprisal", "Show the surprisal of each byte of a file as coloured text."),
        "profile": ("measure.profile", "Profile data sets: compressible, redundant, learnable, noise."),
    },
    "Find": {
        "leaks": ("find.leaks", "Find test items that contain passages of the training set."),
        "duplicates": ("find.duplicates", "Find duplicates in a data set, and write it without them."),
        "sketch": ("find.sketch", "Store sketches of items, and find the most similar ones."),
        "outliers": ("find.outliers", "Find items that are unlike normal ones."),
        "same-source": ("find.same_source", "Tell whether two texts have the same source, such as one author."),
    },
    "Compare data sets": {
        "joint": ("joint.group", "Estimate mutual information by joint compression."),
        "tree": ("trees.tree", "Draw a tree of data sets by compression distance."),
    },
    "Study scaling": {
        "law": ("law.group", "Fit scaling laws to runs, make runs, and extrapolate."),
    },
    "Study coders": {
        "rates": ("coders.rates", "Compare compression rates, raw and with model size."),
        "audit": ("coders.audit", "Check coders against the axioms of a normal compressor."),
        "coders": ("coders.coders", "List the coders and what they can do."),
        "train": ("coders.train", "Train a neural byte-level language model for use as a coder."),
    },
    "Compress files": {
        "compress": ("files.compress", "Compress a file with any decodable coder."),
        "decompress": ("files.decompress", "Decompress a .kolmo file, or print its header."),
    },
    "Data": {
        "data": ("data.data", "List, describe and fetch public data sets."),
    },
    "Shell": {
        "completion": ("completion", "Print the completion script for bash, zsh or fish."),
    },
}
"""The commands by section of ``kolmo --help``: the module of each, and its line of help."""

COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


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
        width = max(map(len, COMMANDS))
        for heading, section in SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl([(f"{name:<{width}}", line) for name, (_, line) in section.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the name of a command without importing its module."""
        names = [CompletionItem(name, help=line) for name, (_, line) in COMMANDS.items() if name.startswith(incomplete)]
        return names or super().shell_complete(ctx, incomplete)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command; in standalone mode, which is the default, exit with its code."""
        name = prog_name or "kolmo"
        arguments = sys.argv[1:] if args is None else list(args)

        def run() -> Any:
            self._main_shell_completion(extra, name, complete_var)
            try:
                with self.make_context(name, arguments, **extra) as context:
                    return self.invoke(context)
            except Exit as end:
                return end.exit_code

        return end_with_one_line(run) if standalone_mode else run()


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Every command takes -h. Start with: kolmo demo. To complete commands with TAB: kolmo completion -h",
)
@click.version_option(__version__, "-V", "--version", prog_name="kolmo")
@click.pass_context
def main(context: click.Context) -> None:
    """Measure, classify and compare data by code length."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
