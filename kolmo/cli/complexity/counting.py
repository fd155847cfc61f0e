"""``kolmo complexity counting``: the code lengths of all strings of a number of bits."""

from __future__ import annotations

import click

from kolmo.cli.options import Command, coder_option, json_option
from kolmo.cli.output import print_results


@click.command(cls=Command)
@click.argument("length", type=click.IntRange(1, 14))
@coder_option("gzip", "mix", "program:effort=0")
@json_option
def command(length: int, coders: tuple[str, ...], as_json: bool) -> None:
    """Show the code lengths of all strings of LENGTH bits: no coder shortens more than a few of them.

    \b
    kolmo complexity counting 10
    kolmo complexity counting 8 -c gzip -c zstd
    """
    from kolmo.complexity import all_string_lengths

    print_results(all_string_lengths(length, coders=coders), as_json=as_json)
