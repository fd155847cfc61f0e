"""``kolmo surprisal``: the bits of each byte of a file, as coloured text."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kolmo._core.terminal import is_terminal, unescaped, visible
from kolmo._core.units import format_bits
from kolmo.cli.inputs import check_one_stdin, content_options, max_size_option, read_item
from kolmo.cli.options import Command, coder_option, context_option, html_option, json_option, verbose_option
from kolmo.cli.output import command_line, print_json, print_tables
from kolmo.coders.base import Coder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT_CODER = "mix"
_ROWS = 10


@click.command(cls=Command, no_args_is_help=False)
@click.argument("file")
@coder_option(DEFAULT_CODER, multiple=False)
@context_option()
@html_option
@click.option(
    "--show",
    type=click.IntRange(min=0),
    default=2000,
    show_default=True,
    metavar="N",
    help="Number of bytes to show in the terminal.",
)
@content_options(without=("only", "skip_unreadable"))
@max_size_option
@verbose_option
@json_option
def command(
    file: str,
    coder: Coder,
    context_file: str | None,
    html: Path | None,
    show: int,
    max_size: int,
    reading: dict[str, Any],
    verbose: bool,
    as_json: bool,
) -> None:
    """Show the surprisal of each byte of a file, -log2 of its probability, as coloured text.

    CODER must be predictive: ngram, mix, gru, neural, hf, or a mixture of them. FILE may be - for stdin. The page of
    --html holds the whole text.

    \b
    kolmo surprisal book.txt
    kolmo surprisal new.txt --context old.txt -c ngram --html surprisal.html
    """
    from kolmo.coders.lengths import check_predictive, surprisals
    from kolmo.show.surprisal import Part, parts_of, surprisal_html

    check_predictive(coder)
    check_one_stdin([file, *([context_file] if context_file else [])])
    data = read_item(file, max_size, reading)
    context = b"" if context_file is None else read_item(context_file, max_size, reading)
    bits = surprisals(data, coder=coder, context=context)
    parts = parts_of(bits, _ROWS)
    total = float(bits.sum())
    summary = f"{format_bits(round(total, 1))} bits for {len(data):,} bytes by {coder}"
    if data:
        summary += f", {total / len(data):.3f} bits/byte"
    if context_file is not None:
        summary += f", context {context_file} ({len(context):,} bytes)"
    if html is not None:
        facts = {"summary": f"{visible(Path(file).name)}: {summary}", "fingerprint": coder.fingerprint}
        surprisal_html(data, bits, html, force=True, command=command_line(), **facts)
    if as_json:
        document = {
            "file": file,
            "coder": str(coder),
            "fingerprint": coder.fingerprint,
            "context": None if context_file is None else {"file": context_file, "size_bytes": len(context)},
            "size_bytes": len(data),
            "bits": total,
        }
        print_json(document | {"running": [part.to_dict() for part in parts]})
        return
    if is_terminal(sys.stdout) and show:
        _print_text(data, bits, show)
    sys.stdout.write(f"{visible(summary)}\n\n")
    tables = Part.tables_of(parts)
    if verbose:
        tables[-1].footers.append(coder.fingerprint)
    print_tables(tables)


def _print_text(data: bytes, bits: NDArray[np.float64], count: int) -> None:
    from rich.console import Console

    from kolmo.show.surprisal import colored_legend, colored_text

    console = Console(file=unescaped(sys.stdout))
    shown = data[:count]
    console.print(colored_text(shown, bits[: len(shown)]))
    if len(shown) < len(data):
        console.print(f"... and {len(data) - len(shown):,} more bytes; see --show and --html")
    console.print(colored_legend())
    console.print()
