"""``kolmo joint --train``: what two sets gain from a training on both."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from kolmo.cli.output import print_json, print_tables
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    from kolmo._core.tables import Table
    from kolmo.data.symbols import Symbols
    from kolmo.joint.transfer import Saving, TransferGain

_OWN = ("steps", "held_out", "controls", "device")
_SHARED = {"data", "limit", "seed", "as_json", "model"}
_ROWS = {
    "x": "X",
    "y": "Y",
    "both": "X and Y",
    "twice": "X and Y, twice the steps",
    "x_disguised": "X and Y in disguise",
    "y_disguised": "Y and X in disguise",
    "x_random": "X and random bytes",
    "y_random": "Y and random bytes",
}
_SAVINGS = {
    "both": "both, over the set alone",
    "twice": "both for twice the steps, over the set alone",
    "shared": "both, over the set and the other in disguise",
    "random": "the set and random bytes, over the set alone",
}


def training_options(function: Any) -> Any:
    """``--train`` and what belongs to it."""
    options = (
        click.option(
            "--train",
            "model",
            metavar="MODEL",
            help="Train models of one size on X, on Y and on both instead, for the same number of steps, and measure "
            "the bits of what is held out. MODEL as kolmo train takes it: gru:200k, transformer:800k, ...",
        ),
        click.option(
            "--steps", type=click.IntRange(min=1), default=500, show_default=True, help="Steps of 4,096 bytes."
        ),
        click.option(
            "--held-out",
            type=click.FloatRange(0, 1, min_open=True, max_open=True),
            default=0.1,
            show_default=True,
            metavar="SHARE",
            help="Share at the end of each set that is held out.",
        ),
        click.option(
            "--controls/--no-controls",
            default=True,
            show_default=True,
            help="Train for twice the steps, with the other set under other byte values, and with random bytes, too.",
        ),
        click.option("--device", default="auto", show_default=True, help="Where to train: cpu, cuda, ..."),
    )
    return reduce(lambda decorated, option: option(decorated), reversed(options), function)


def check_training_options(context: click.Context) -> None:
    """Refuse options of a training without one, and with one those that say nothing of it."""
    given = {name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    named = {parameter.name: parameter.opts[-1] for parameter in context.command.params}
    if context.params["model"] is None:
        for name in sorted(given.intersection(_OWN)):
            raise ParameterError(f"{named[name]} is of a training; name a model too, such as --train gru:200k")
    else:
        for name in sorted(given.difference(_OWN, _SHARED)):
            raise ParameterError(f"{named[name]} says nothing of a training; leave it out, or --train")


def show_trained_gain(sets: list[Symbols], facts: list[dict[str, Any]], *, as_json: bool, **training: Any) -> None:
    """Train, and print what came out."""
    from kolmo.joint.transfer import transfer_gain

    if len(sets) != 2:
        raise ParameterError(f"a training is on two sets, X and Y, but {len(sets)} came")
    gain = transfer_gain(*(each.data for each in sets), **training)
    if as_json:
        print_json({"sets": facts, "gain": gain.to_dict()})
        return
    print_tables([_rows_table(gain, facts), _savings_table(gain)])


def _rows_table(gain: TransferGain, facts: list[dict[str, Any]]) -> Table:
    from kolmo._core.tables import Column, Table

    x, y = (f"{fact['name']}, {fact['size_bytes']:,} bytes of {fact['modality']}" for fact in facts)
    table = Table(
        f"X: {x}; Y: {y}",
        [Column("trained on"), *(Column(name, True) for name in ("steps", "X, bits/byte", "Y, bits/byte"))],
    )
    for name, row in gain.rows.items():
        table.add(_ROWS[name], f"{row.steps:,}", f"{row.bits_x:.4f}", f"{row.bits_y:.4f}")
    return table


def _savings_table(gain: TransferGain) -> Table:
    from kolmo._core.tables import Column, Table

    table = Table(
        "What is saved on held-out bytes, bits a byte",
        [Column("by"), *(Column(name, True) for name in ("on X", "95 % interval", "on Y", "95 % interval"))],
    )
    for name, (on_x, on_y) in gain.savings.items():
        table.add(_SAVINGS[name], *_cells(on_x), *_cells(on_y))
    passes = " and ".join(f"{count:.2g}" for count in gain.passes)
    table.footers = [
        f"{gain.model}, {gain.n_parameters:,} weights, from the same first weights; a step reads {gain.step_bytes:,} "
        "bytes, of two sets half each",
        f"held out: the last {gain.held_out_sizes[0]:,} and {gain.held_out_sizes[1]:,} bytes; alone, X and Y are read "
        f"{passes} times",
        *gain.warnings,
        gain.fingerprint,
    ]
    if "shared" in gain.savings:
        table.footers.insert(1, "in disguise: as hard to learn, but under byte values that the other set has least")
    return table


def _cells(saving: Saving) -> tuple[str, str]:
    return f"{saving.bits:+.4f}", f"{saving.low:+.4f} to {saving.high:+.4f}"
