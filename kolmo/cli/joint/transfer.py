"""``kolmo joint transfer``: transfer gain of neural models between two data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kolmo._core.extras import check_extra
from kolmo.cli.inputs import content_options
from kolmo.cli.joint.sets import limit_option, pair_name, read_sets, sets_document, sets_table, two_of
from kolmo.cli.options import Command, html_option, json_option, seed_option, verbose_option
from kolmo.cli.output import print_json, print_tables, write_report


@click.command(cls=Command, no_args_is_help=False)
@click.argument("data", nargs=-1, required=True, metavar="X Y")
@click.option(
    "--model",
    default="gru:200k",
    show_default=True,
    metavar="MODEL",
    help="Architecture and size, as kolmo train takes them: gru:200k, transformer:800k, ...",
)
@click.option(
    "--steps",
    type=click.IntRange(min=1),
    default=500,
    show_default=True,
    help="Steps of each training, of 4,096 bytes each.",
)
@click.option(
    "--held-out",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.1,
    show_default=True,
    metavar="FRACTION",
    help="Fraction of each set that is held out, from its end.",
)
@click.option(
    "--controls/--no-controls",
    default=True,
    show_default=True,
    help="Add control trainings: double steps, the other set with permuted bytes, random bytes.",
)
@click.option(
    "--seeds",
    "n_seeds",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    metavar="N",
    help="Number of seeds of all trainings; the 95% intervals are over them.",
)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1, ...; auto uses a GPU if any.")
@limit_option
@content_options()
@seed_option
@verbose_option
@html_option
@json_option
def command(
    data: tuple[str, ...],
    limit: int,
    seed: int,
    *,
    reading: dict[str, Any],
    verbose: bool,
    html: Path | None,
    as_json: bool,
    **training: Any,
) -> None:
    """Estimate how training on X and Y together changes the loss of a neural model on each.

    Models of one size are trained on X, on Y and on both, for equal numbers of steps and so at equal compute, with
    several seeds; the table shows their held-out losses in bits/byte. Works under torchrun. X and Y are files or
    folders. Pictures are read as pixels, sounds as samples, FASTA as bases, all other files as bytes.

    \b
    kolmo joint transfer english.txt french.txt --steps 500
    kolmo joint transfer english.txt program.py --model transformer:800k --no-controls
    """
    two_of(data)
    check_extra("torch", extra="neural", purpose="the command 'joint transfer'")
    from kolmo.coders.neural.architecture.config import ModelConfig
    from kolmo.coders.neural.devices import best_device, is_first_process
    from kolmo.joint.transfer import transfer_gain
    from kolmo.joint.transfer_results import TransferGain

    ModelConfig.parse(training["model"])
    best_device(training["device"])
    sets = read_sets(data, limit, reading)
    x, y = (each.data for each in sets)
    gain = transfer_gain(x, y, random_state=seed, **training)
    if not is_first_process():
        return
    write_report(html, {pair_name(sets): gain}, tables=[sets_table(sets, symbols="XY")])
    if as_json:
        print_json({"sets": sets_document(sets), "gain": gain.to_dict()})
        return
    print_tables([sets_table(sets, symbols="XY"), *TransferGain.tables_of([gain], verbose=verbose)])
