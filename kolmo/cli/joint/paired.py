"""``kolmo joint paired``: the gain of true pairs of items over random pairs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kolmo.cli.inputs import content_options
from kolmo.cli.joint.sets import NamedSet, check_different, pair_name, sets_document, sets_table, two_of
from kolmo.cli.options import (
    Command,
    Size,
    checkpoint_option,
    coder_option,
    html_option,
    jobs_option,
    json_option,
    seed_option,
    verbose_option,
)
from kolmo.cli.output import print_json, print_tables, say, write_report
from kolmo.coders.base import Coder

if TYPE_CHECKING:
    from kolmo._core.tables import Table
    from kolmo.data.pairs import Pairs
    from kolmo.joint.paired_sets import PairedGain


@click.command(cls=Command, no_args_is_help=False)
@click.argument("data", nargs=-1, required=True, metavar="X Y")
@coder_option("mix")
@click.option("--limit", type=Size(), default="1MB", show_default=True, metavar="SIZE", help="Bytes of each item read.")
@content_options(without=("only",))
@click.option(
    "--pairs",
    "n_pairs",
    type=click.IntRange(min=2),
    default=100,
    show_default=True,
    metavar="N",
    help="Sample at most N pairs (cost: N^2).",
)
@seed_option
@checkpoint_option
@jobs_option
@verbose_option
@html_option
@json_option
def command(
    data: tuple[str, ...],
    coders: tuple[Coder, ...],
    limit: int,
    reading: dict[str, Any],
    n_pairs: int,
    seed: int,
    checkpoint: Path | None,
    jobs: int,
    verbose: bool,
    html: Path | None,
    as_json: bool,
) -> None:
    """Measure the gain of true pairs of items over random pairs, with a permutation test.

    X and Y are two files, whose lines correspond, or two folders, whose files correspond by name, such as a.txt and
    a.png. The gain is L(y | x of another pair) - L(y | x): the information that each x gives about its own y.

    \b
    kolmo joint paired questions.txt answers.txt -c ngram
    kolmo joint paired captions/ photographs/
    """
    from kolmo.data.decoding import Reading
    from kolmo.data.pairs import read_pairs
    from kolmo.data.symbols import MAX_DECODED_BYTES
    from kolmo.joint.paired_sets import PairedGain, paired_gain

    first, second = two_of(data)
    check_different(data)
    pairs = read_pairs(
        first,
        second,
        limit=limit,
        most=n_pairs,
        random_state=seed,
        reading=Reading(**reading, max_item_bytes=MAX_DECODED_BYTES),
    )
    say(f"{first}, {second}", pairs.remarks)
    gains = [
        paired_gain(pairs.first, pairs.second, coder=coder, random_state=seed, n_jobs=jobs, checkpoint=checkpoint)
        for coder in coders
    ]
    sets = [
        NamedSet(name=name, modality=modality, data=b"".join(items), files=tuple(items))
        for name, modality, items in zip(data, pairs.modalities, (pairs.first, pairs.second), strict=True)
    ]
    rates = {gain.coder: _rates(gain, sets) for gain in gains}
    write_report(html, {pair_name(sets): gains}, tables=[_sets_table(sets, rates, pairs)])
    if as_json:
        counts = {
            "n_pairs": len(pairs),
            "n_all": pairs.n_all,
            "left_out": pairs.left_out,
            "remarks": list(pairs.remarks),
        }
        print_json({"sets": sets_document(sets, rates), **counts, "gains": [gain.to_dict() for gain in gains]})
        return
    tables = PairedGain.tables_of(gains, verbose=verbose)
    print_tables([_sets_table(sets, rates, pairs), *tables])


def _rates(gain: PairedGain, sets: list[NamedSet]) -> list[float]:
    lengths = (gain.length_x, gain.length_y)
    return [gain.n_pairs * bits / max(len(each.data), 1) for bits, each in zip(lengths, sets, strict=True)]


def _sets_table(sets: list[NamedSet], rates: dict[str, list[float]], pairs: Pairs) -> Table:
    table = sets_table(sets, rates, symbols="xy")
    if len(pairs) < pairs.n_all:
        table.footers.append(f"{len(pairs):,} of {pairs.n_all:,} pairs, a random sample; more with --pairs")
    if pairs.left_out:
        table.footers.append(f"{pairs.left_out:,} lines that are empty in x or in y were skipped")
    return table
