"""``kolmo complexity randomness``: how likely a random source made short strings."""

from __future__ import annotations

import click

from kolmo.cli.complexity.arguments import alphabet_of, alphabet_option, strings_argument
from kolmo.cli.options import Command, FiniteRange, json_option
from kolmo.cli.output import print_results


@click.command(cls=Command)
@strings_argument
@alphabet_option
@click.option(
    "--prior",
    type=FiniteRange(0, 1),
    default=0.5,
    show_default=True,
    metavar="P",
    help="Prior probability of a random source.",
)
@json_option
def command(strings: tuple[str, ...], alphabet: str | None, prior: float, as_json: bool) -> None:
    """Tell how likely a random source made each short string, by Bayes' rule.

    Strings of one length are equally probable for a random source, and a random program prints the simple ones more
    often. Up to 12 bits, fewer symbols of larger alphabets.

    \b
    kolmo complexity randomness 111111111111 100110101110
    """
    from kolmo.complexity import string_randomness

    size = alphabet_of(alphabet)
    found = [string_randomness(each, alphabet=size, prior=prior) for each in strings]
    print_results(found, as_json=as_json)
