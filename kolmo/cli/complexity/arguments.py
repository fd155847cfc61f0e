"""Arguments that the commands for short strings share."""

from __future__ import annotations

import re

import click

strings_argument = click.argument("strings", nargs=-1, required=True, metavar="STRING...")

alphabet_option = click.option(
    "--alphabet",
    metavar="SIZE",
    help="Number of symbols, 2 to 9, or bits.  [default: the smallest that holds STRING]",
)


def alphabet_of(text: str | None) -> str | int | None:
    """Return the name of an alphabet, or its size as a number."""
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,9}", text) else text
