"""``kolmo complexity local``: complexity in a sliding window."""

from __future__ import annotations

import click

from kolmo.cli.complexity.arguments import alphabet_of, alphabet_option
from kolmo.cli.options import Command, json_option
from kolmo.cli.output import print_json, print_tables


@click.command(cls=Command)
@click.argument("string")
@alphabet_option
@click.option("--window", type=click.IntRange(1, 12), default=6, show_default=True, help="Symbols of the window.")
@json_option
def command(string: str, alphabet: str | None, window: int, as_json: bool) -> None:
    """Measure the complexity of each window of a string, in bits.

    \b
    kolmo complexity local 00000000000001101000101110100111 --window 8
    """
    from kolmo._core.tables import Column, Table
    from kolmo.complexity import local_complexity

    bits = local_complexity(string, window=window, alphabet=alphabet_of(alphabet)).tolist()
    if as_json:
        print_json({"string": string, "window": window, "complexity_bits": bits})
        return
    columns = [Column("first symbol", numeric=True), Column("window"), Column("complexity (bits)", numeric=True)]
    table = Table(f"Complexity in a window of {window} symbols", columns)
    for at, each in enumerate(bits):
        table.add(f"{at + 1:,}", string[at : at + window], f"{each:.2f}")
    print_tables([table])
