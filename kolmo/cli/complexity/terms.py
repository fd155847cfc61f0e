"""``kolmo complexity terms``: normal forms and busy beavers of binary lambda calculus."""

from __future__ import annotations

import click

from kolmo.cli.options import Command, json_option
from kolmo.cli.output import print_results


@click.command(cls=Command)
@click.argument("longest", type=click.IntRange(4, 40), default=24)
@click.option("--programs", is_flag=True, help="Run self-delimiting programs, not closed terms.")
@json_option
def command(longest: int, programs: bool, as_json: bool) -> None:
    """Count the lambda terms of up to LONGEST bits that have a normal form, and find the largest one (busy beavers).

    The published values are OEIS A333958, A333479 and, for programs, A361211. Each further bit takes twice as long: 24
    bits take some seconds.

    \b
    kolmo complexity terms 24
    kolmo complexity terms 26 --programs
    """
    from kolmo.complexity import lambda_terms

    print_results(lambda_terms(longest, programs=programs), as_json=as_json)
