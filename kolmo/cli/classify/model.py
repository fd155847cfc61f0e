"""``kolmo model``: what a saved model holds."""

from __future__ import annotations

import click

from kolmo._core.models.contents import model_info
from kolmo.cli.options import Group, json_option
from kolmo.cli.output import print_json, print_results


@click.group(cls=Group)
def command() -> None:
    """Look into saved models, see kolmo fit."""


@command.command("info")
@click.argument("model", metavar="MODEL")
@click.option("-v", "--verbose", is_flag=True, help="Also print the type and shape of each array.")
@json_option
def info(model: str, verbose: bool, as_json: bool) -> None:
    """Print the class, version, size, labels and parameters of the model in the folder MODEL.

    \b
    kolmo model info model
    """
    found = model_info(model)
    if as_json:
        print_json(found.to_dict())
    else:
        print_results([found], as_json=False, verbose=verbose)
