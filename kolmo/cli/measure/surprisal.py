"""``kolmo surprisal``: where the bits of a file go."""

from __future__ import annotations

from pathlib import Path

import click

from kolmo._core.units import format_bits
from kolmo.cli.inputs import check_one_stdin, max_size_option, read_whole
from kolmo.cli.options import Command, coder_option, json_option
from kolmo.cli.output import OutputFile, print_json, print_tables, write_text
from kolmo.coders.base import Coder
from kolmo.coders.predictive import PredictiveCoder
from kolmo.errors import ParameterError

DEFAULT_CODER = "mix"
_ROWS = 10


@click.command(cls=Command, no_args_is_help=False)
@click.argument("file")
@coder_option(DEFAULT_CODER, multiple=False)
@click.option("--context", "context_file", metavar="FILE", help="A file that the coder has read before.")
@click.option("--html", "page_file", type=OutputFile(), metavar="OUT", help="Write a page with all of the text to OUT.")
@click.option(
    "--show",
    type=click.IntRange(min=0),
    default=2000,
    show_default=True,
    metavar="N",
    help="How many bytes to show in the terminal.",
)
@max_size_option
@json_option
def command(
    file: str, coder: Coder, context_file: str | None, page_file: Path | None, show: int, max_size: int, as_json: bool
) -> None:
    """Show where the bits of a file go: its text, coloured by how surprising each byte was.

    CODER is one that predicts: ngram, mix, gru, or a mixture of such. A FILE of - is stdin.

    \b
    kolmo surprisal book.txt
    kolmo surprisal new.txt --context old.txt -c ngram --html surprise.html
    """
    import sys

    from kolmo._core.tables import Column, Table
    from kolmo.show import surprisal as surprise

    if not isinstance(coder, PredictiveCoder):
        raise ParameterError(
            f"{str(coder)!r} states the bits of a whole, not of each byte; take a coder that predicts, such as ngram"
        )
    check_one_stdin([file, *([context_file] if context_file else [])])
    data = read_whole(file, max_size)
    context = b"" if context_file is None else read_whole(context_file, max_size)
    bits = coder.surprisals(data, context=context)
    total = float(bits.sum())
    rows = surprise.running_bits(bits, _ROWS)
    mean = f"{total / len(data):.3f} bits a byte" if data else "no bytes"
    summary = f"{format_bits(round(total, 1))} bits for {len(data):,} bytes by {coder}, {mean}"
    if context_file is not None:
        summary += f", context {context_file} ({len(context):,} bytes)"
    if page_file is not None:
        text = surprise.page(Path(file).name, summary, data, bits)
        write_text(page_file, lambda target: target.writelines([text]))
    if as_json:
        print_json(
            {
                "file": file,
                "coder": str(coder),
                "fingerprint": coder.fingerprint,
                "context": None if context_file is None else {"file": context_file, "size_bytes": len(context)},
                "size_bytes": len(data),
                "bits": total,
                "running": [
                    {"bytes": end, "bits_per_byte": so_far, "bits_per_byte_of_part": part} for end, so_far, part in rows
                ],
            }
        )
        return
    if sys.stdout.isatty() and show:
        from rich.console import Console

        console = Console()
        shown = data[:show]
        console.print(surprise.colored_text(shown, bits[: len(shown)]))
        if len(shown) < len(data):
            console.print(f"... and {len(data) - len(shown):,} bytes more; --show or --html shows them")
        console.print(surprise.colored_legend())
        console.print()
    table = Table(
        title=summary,
        columns=[Column("bytes", True), Column("bits a byte so far", True), Column("in this part", True)],
        rows=[[f"{end:,}", f"{so_far:.3f}", f"{part:.3f}"] for end, so_far, part in rows],
    )
    print_tables([table])
