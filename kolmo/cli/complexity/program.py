"""``kolmo program``: the shortest programs found for short strings."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kolmo._core.terminal import visible, write_lines
from kolmo.cli.complexity.arguments import alphabet_of
from kolmo.cli.options import Command, FiniteRange, Size, html_option, json_option, verbose_option
from kolmo.cli.output import print_json, print_results, write_report


@click.command(cls=Command)
@click.argument("strings", nargs=-1, required=True, metavar="STRING...")
@click.option(
    "--alphabet",
    metavar="NAME",
    help="bits, letters, digits, bytes, or a number of symbols up to 10.  [default: the smallest that holds STRING]",
)
@click.option("--run", "as_program", is_flag=True, help="STRING is a program as text: print what it prints.")
@click.option("--hex", "as_hex", is_flag=True, help="STRING is bytes in hexadecimal digits.")
@click.option("--context", metavar="STRING", help="A string that programs may copy from: bound K(STRING given it).")
@click.option(
    "--effort",
    type=FiniteRange(0, 3600),
    default=0.2,
    show_default=True,
    metavar="SECONDS",
    help="Work of the search for each string, in seconds of one core, roughly.",
)
@click.option(
    "--exhaustive-bits",
    type=click.IntRange(0, 120),
    default=36,
    show_default=True,
    metavar="N",
    help="For up to 63 bits: rule out all programs up to this length.",
)
@click.option("--memory", type=Size(), default="1GiB", show_default=True, help="Memory of the exhaustive search.")
@click.option(
    "--seconds",
    type=FiniteRange(0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="Time of the exhaustive search for each string.",
)
@verbose_option
@html_option
@json_option
def command(
    strings: tuple[str, ...],
    alphabet: str | None,
    as_program: bool,
    as_hex: bool,
    context: str | None,
    effort: float,
    exhaustive_bits: int,
    memory: int,
    seconds: float,
    verbose: bool,
    html: Path | None,
    as_json: bool,
) -> None:
    """Find the shortest programs that print short strings, with bounds on their complexity.

    The length is that on Kolmo's reference machine, in bits; the program was run and prints the string. For bits, all
    programs up to a length are enumerated, which bounds the complexity from below.

    \b
    kolmo program 0100110
    kolmo program 001001001001001001001001001001001001001001001 --exhaustive-bits 40
    kolmo program --hex 03070b0f13171b1f
    kolmo program --run '"001"*15'
    """
    from kolmo.complexity.shortest import shortest_program

    named = alphabet_of(alphabet)
    if as_program:
        _run(strings, named, context, as_hex, as_json)
        return
    results = [
        shortest_program(
            _bytes(string) if as_hex else string,
            alphabet=named,
            context=None if context is None else _bytes(context) if as_hex else context,
            effort=effort,
            exhaustive_bits=exhaustive_bits,
            memory=memory,
            seconds=seconds,
        )
        for string in strings
    ]
    write_report(html, results)
    print_results(results, as_json=as_json, verbose=verbose)


def _run(
    programs: tuple[str, ...], alphabet: str | int | None, context: str | None, as_hex: bool, as_json: bool
) -> None:
    """Print what programs in textual form print: text, or bytes in hexadecimal digits."""
    from kolmo.complexity.shortest import run_program

    read = None if context is None else _bytes(context) if as_hex else context
    named = alphabet if alphabet is not None else "bytes" if as_hex else "bits"
    printed = [run_program(each, alphabet=named, context=read) for each in programs]
    shown = [each.hex() if isinstance(each, bytes) else each for each in printed]
    if as_json:
        print_json(
            {"results": [{"program": each, "printed": text} for each, text in zip(programs, shown, strict=True)]}
        )
        return
    write_lines([visible(each) for each in shown], sys.stdout)


def _bytes(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError:
        raise click.BadParameter(f"expected hexadecimal digits, two a byte, got {digits[:60]!r}") from None
