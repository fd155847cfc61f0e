"""``kolmo complexity blocks``: the block decomposition method."""

from __future__ import annotations

import click

from kolmo.cli.complexity.arguments import alphabet_of, alphabet_option, strings_argument
from kolmo.cli.options import Command, json_option
from kolmo.cli.output import print_results


@click.command(cls=Command)
@strings_argument
@alphabet_option
@click.option(
    "--block",
    type=click.IntRange(1, 12),
    metavar="N",
    help="Symbols of a block.  [default: as many as the table holds]",
)
@json_option
def command(strings: tuple[str, ...], alphabet: str | None, block: int | None, as_json: bool) -> None:
    """Measure strings of any length by the block decomposition method (BDM), in bits.

    Each distinct block of a string counts once, with log2 of how often it occurs.

    \b
    kolmo complexity blocks 001001001001001001001001001001 001101011100010110101000111011
    """
    from kolmo.complexity import block_complexity

    size = alphabet_of(alphabet)
    found = [block_complexity(each, alphabet=size, block=block) for each in strings]
    print_results(found, as_json=as_json, strings=list(strings))
