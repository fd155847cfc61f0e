"""``kolmo completion``: TAB completes commands, options and the names of coders."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command(no_args_is_help=False)
@click.argument("shell", type=click.Choice(SHELLS), metavar="SHELL")
def command(shell: str) -> None:
    """Print the script that completes kolmo commands, options and coder names in SHELL: bash, zsh or fish.

    Add the matching line to the shell's start-up file:

    \b
    eval "$(kolmo completion bash)"       in ~/.bashrc
    eval "$(kolmo completion zsh)"        in ~/.zshrc
    kolmo completion fish | source        in ~/.config/fish/config.fish
    """
    from kolmo.cli import main

    found = get_completion_class(shell)
    if found is None:
        raise click.ClickException(f"this version of click has no completion for {shell}")
    click.echo(found(main, {}, "kolmo", "_KOLMO_COMPLETE").source())
