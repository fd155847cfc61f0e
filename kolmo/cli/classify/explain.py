"""``kolmo explain``: why a saved classifier gives a text its label."""

from __future__ import annotations

import sys

import click

from kolmo._core.items import as_bytes
from kolmo._core.models.saving import load_model
from kolmo._core.terminal import is_terminal, unescaped, visible
from kolmo.cli import options
from kolmo.cli.classify.stored_reading import as_fitted, folded
from kolmo.cli.inputs import max_size_option
from kolmo.cli.output import print_json, print_results
from kolmo.data.lines import STDIN, read_whole
from kolmo.learn.inspection.explanations import Explainer, ItemExplanation, bits_by_byte


@click.command(cls=options.Command, no_args_is_help=False)
@click.argument("model", metavar="MODEL")
@click.argument("text", metavar="TEXT")
@click.option(
    "--nearest",
    type=click.IntRange(min=0),
    default=3,
    show_default=True,
    metavar="N",
    help="Number of similar training texts to show; neighbours are shown in any case.",
)
@options.json_option
@options.verbose_option
@max_size_option
def command(model: str, text: str, nearest: int, as_json: bool, verbose: bool, max_size: int) -> None:
    """Show why the classifier in the folder MODEL gives TEXT its label; with - the text is read from stdin.

    Label code: the bits that each n-gram saves on the label compared with the runner-up, and on a terminal the text,
    green where it speaks for the label. Neighbours: those that voted, and the nearest one with another label. For all:
    similar training texts, with the passages that they share with TEXT in brackets. For the rows of a file: kolmo
    predict --explain

    \b
    kolmo explain model "free prize call now"
    kolmo explain model - < mail.txt
    """
    read = read_whole(STDIN, max_size, option="--max-size") if text == STDIN else as_bytes(text)
    classifier = load_model(model)
    item = folded(as_fitted(classifier, {"normalize": None, "casefold": False}), read)
    found = Explainer(classifier, n_nearest=nearest).explain(item)
    if as_json:
        print_json(found.to_dict())
        return
    if is_terminal(sys.stdout) and any(part.places for part in found.parts):
        _print_text(found, item)
    print_results([found], as_json=False, verbose=verbose)


def _print_text(found: ItemExplanation, item: bytes) -> None:
    from rich.console import Console

    from kolmo.show.evidence import evidence_legend, evidence_text

    console = Console(file=unescaped(sys.stdout))
    console.print(evidence_text(item, bits_by_byte(found, item)))
    console.print(evidence_legend(visible(str(found.label)), visible(str(found.runner_up))))
    console.print()
