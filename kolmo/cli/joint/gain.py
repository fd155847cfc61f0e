"""``kolmo joint``: what data sets share, of any kind."""

from __future__ import annotations

import math
import os
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kolmo._core.units import format_bits
from kolmo.cli.joint.matrix import draw, show_matrices
from kolmo.cli.joint.transfer import check_training_options, show_trained_gain, training_options
from kolmo.cli.options import Size, coder_option, jobs_option, json_option
from kolmo.cli.output import OutputFile, print_json, print_tables
from kolmo.coders.base import Coder
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    from kolmo._core.tables import Table
    from kolmo.data.symbols import Symbols
    from kolmo.joint.two_sets import JointGain, Order

_METHODS = ("average", "neighbors", "quartets")
_ORDERS = ("concatenated", "shuffled", "interleaved")
_DOCUMENTS = 16
"""From so many files on a folder is a set of documents; fewer are cut into pieces like one long string."""


@click.command(no_args_is_help=False)
@click.argument("data", nargs=-1, required=True, metavar="DATA...")
@coder_option("mix")
@click.option(
    "--limit",
    type=Size(),
    default="1MB",
    show_default=True,
    metavar="SIZE",
    help="Bytes of each DATA read, or of an item of a pair.",
)
@click.option(
    "--resamples",
    type=click.IntRange(min=0),
    default=8,
    show_default=True,
    help="Random halves for the interval of two.",
)
@click.option(
    "--order",
    type=click.Choice(_ORDERS),
    default=_ORDERS[0],
    show_default=True,
    help="Of two sets: one after the other, each shuffled, or by turns: the files of folders, or pieces of 8 KiB.",
)
@click.option("--growth", is_flag=True, help="Two sets at growing sizes: twice as much each time.")
@click.option("--plot", type=OutputFile(), metavar="PNG", help="Draw the growth.")
@click.option(
    "--paired",
    is_flag=True,
    help="Two files whose lines go together, or two folders whose files do by name, such as a.txt and a.png.",
)
@click.option(
    "--pairs",
    type=click.IntRange(min=2),
    default=100,
    show_default=True,
    help="Pairs at most, drawn at random: each is coded given each.",
)
@click.option("--random", "with_random", is_flag=True, help="Add a set of random bytes, from which nothing can gain.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--checkpoint", type=OutputFile(), metavar="FILE", help="Keep what is finished, to go on after a stop.")
@click.option(
    "--csv", "csv_file", type=OutputFile(), metavar="FILE", help="Write the matrix of the first coder as CSV."
)
@click.option("--heat-map", type=OutputFile(), metavar="PNG", help="Draw the matrix, in the order of the tree.")
@click.option("--tree", "tree_file", type=OutputFile(), metavar="PNG", help="Draw the tree.")
@click.option("--newick", "newick_file", type=OutputFile(), metavar="FILE", help="Write the tree in Newick's format.")
@click.option("--map", "map_file", type=OutputFile(), metavar="PNG", help="Draw the sets as points in the plane.")
@click.option(
    "--method",
    type=click.Choice(list(_METHODS)),
    default="average",
    show_default=True,
    help="How the tree is made: joining the nearest groups, neighbours (Saitou and Nei), or by quartets.",
)
@click.option(
    "--centered",
    is_flag=True,
    help="Draw what two sets share beyond what each shares with all: short sets are near to everything.",
)
@training_options
@jobs_option
@json_option
def command(
    data: tuple[str, ...],
    coders: tuple[Coder, ...],
    limit: int,
    resamples: int,
    order: Order,
    growth: bool,
    plot: Path | None,
    paired: bool,
    pairs: int,
    with_random: bool,
    seed: int,
    checkpoint: Path | None,
    csv_file: Path | None,
    heat_map: Path | None,
    tree_file: Path | None,
    newick_file: Path | None,
    map_file: Path | None,
    method: str,
    centered: bool,
    jobs: int,
    as_json: bool,
    model: str | None,
    **training: Any,
) -> None:
    """Measure what data sets share: the bits that one code for both saves over two, as a share of both.

    DATA are files or folders. Pictures are read as grey pixels, sounds as samples, FASTA as bases, all else as it is.
    Two sets are measured in depth, with controls: random bytes, which share nothing, and the set itself, which
    shares half. More sets give a matrix, and a tree of the distances 1 - 2 x share, by the first coder.

    \b
    kolmo joint english.txt french.txt
    kolmo joint english.txt french.txt code.py photographs/ -c mix -c xz --random
    kolmo joint english.txt french.txt --growth --plot growth.png
    kolmo joint --paired captions/ photographs/
    kolmo joint genomes/*.fa --tree tree.png --method quartets
    kolmo joint languages/*.txt --tree tree.png --centered
    kolmo joint english.txt french.txt --train gru:200k --steps 500
    """
    from kolmo.data.symbols import read_symbols
    from kolmo.joint.two_sets import random_control

    check_training_options(click.get_current_context())
    drawings = {"heat_map": heat_map, "tree": tree_file, "newick": newick_file, "map": map_file}
    as_matrix = with_random or any([csv_file, *drawings.values()])
    _check(data, growth=growth, paired=paired, plot=plot is not None, as_matrix=as_matrix, order=order)
    if paired:
        from kolmo.cli.joint.paired import show_paired

        show_paired(
            (data[0], data[1]),
            coders,
            limit=limit,
            most=pairs,
            seed=seed,
            jobs=jobs,
            checkpoint=checkpoint,
            as_json=as_json,
        )
        return
    sets = [read_symbols(path, limit=limit) for path in data]
    names = [each.name for each in sets]
    if len(set(names)) < len(names):
        names = list(data)
    facts = _facts(sets, names)
    if model is not None:
        show_trained_gain(sets, facts, model=model, random_state=seed, as_json=as_json, **training)
        return
    if len(sets) == 2 and not as_matrix:
        both = {name: _documents(each, order) for name, each in zip(names, sets, strict=True)}
        if growth:
            from kolmo.cli.joint.growth import show_growth

            show_growth(
                both,
                facts,
                coders,
                order=order,
                seed=seed,
                jobs=jobs,
                checkpoint=checkpoint,
                plot=plot,
                as_json=as_json,
            )
            return
        _two(both, facts, coders, resamples, seed, jobs, checkpoint, order=order, as_json=as_json)
        return
    items = {name: each.data for name, each in zip(names, sets, strict=True)}
    if with_random:
        if "random" in items:
            raise ParameterError("a set is named 'random' already; rename it, or leave --random out")
        items["random"] = random_control(items, random_state=seed)
        facts.append({"name": "random", "modality": "random", "size_bytes": len(items["random"])})
    if centered and not any(drawings.values()):
        raise ParameterError("--centered is of trees and maps; ask for one, such as --tree tree.png")
    if len(items) < 3 and any(drawings.values()):
        raise ParameterError(f"trees and maps are of at least three sets, but {len(items)} came")
    matrices = show_matrices(items, facts, coders, jobs, checkpoint, csv_file, as_json=as_json)
    if any(drawings.values()):
        draw(list(items), matrices[coders[0]], method, str(coders[0]), drawings, beyond_all=centered)


def _check(data: tuple[str, ...], *, growth: bool, paired: bool, plot: bool, as_matrix: bool, order: str) -> None:
    """Refuse what does not go together, and one file under two names."""
    if len(data) < 2 or len(set(data)) < len(data):
        raise ParameterError(f"at least two sets are expected, each once, but {' '.join(data)} came")
    for one, other in combinations(data, 2):
        if _is_same(one, other):
            raise ParameterError(f"{one!r} and {other!r} are one and the same; each set is expected once")
    asked = [name for name, given in (("--growth", growth), ("--paired", paired)) if given]
    if asked and (len(data) > 2 or as_matrix or len(asked) > 1):
        raise ParameterError(f"{' and '.join(asked)}: of two sets alone, and without other measures, matrix or tree")
    if plot and not growth:
        raise ParameterError("--plot draws what --growth measures; add it")
    if order != _ORDERS[0] and (len(data) > 2 or as_matrix or paired):
        raise ParameterError("--order is of two sets, measured in depth or as they grow")


def _is_same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):  # reading it will say what is wrong
        return False


def _documents(each: Symbols, order: str) -> bytes | list[bytes]:
    """Return a set as its files, if they are many enough to be drawn from, or come by turns; else as one string."""
    return list(each.documents) if len(each.documents) >= (2 if order == "interleaved" else _DOCUMENTS) else each.data


def _two(
    sets: dict[str, bytes | list[bytes]],
    facts: list[dict[str, Any]],
    coders: tuple[Coder, ...],
    resamples: int,
    seed: int,
    jobs: int,
    checkpoint: Path | None,
    *,
    order: Order,
    as_json: bool,
) -> None:
    from kolmo.joint.two_sets import joint_gain

    x, y = sets.values()
    gains = [
        joint_gain(
            x,
            y,
            coder=coder,
            order=order,
            n_resamples=resamples,
            random_state=seed,
            n_jobs=jobs,
            checkpoint=checkpoint,
        )
        for coder in coders
    ]
    if as_json:
        print_json({"sets": facts, "gains": [gain.to_dict() for gain in gains]})
        return
    print_tables([_lengths_table(gains, facts), _gains_table(gains)])


def _lengths_table(gains: list[JointGain], facts: list[dict[str, Any]]) -> Table:
    from kolmo._core.tables import Column, Table, number_cell

    columns = ("L(X)", "L(Y)", "L(XY)", "L(YX)", "L(Y|X)", "L(X|Y)")
    described = [f"{each['name']}, {each['size_bytes']:,} bytes of {each['modality']}" for each in facts]
    by_turns = ", by turns" if gains[0].order == "interleaved" else ""
    table = Table(
        f"X: {described[0]}; Y: {described[1]}{by_turns}",
        [Column("bits"), *(Column(name, True) for name in columns)],
    )
    for gain in gains:
        lengths = (gain.length_x, gain.length_y, gain.length_xy, gain.length_yx)
        given = (gain.length_y_given_x, gain.length_x_given_y)
        table.add(
            gain.coder,
            *(format_bits(round(length, 1)) for length in lengths),
            *(number_cell(None if math.isnan(length) else length, ",.0f") for length in given),
        )
    return table


def _gains_table(gains: list[JointGain]) -> Table:
    from kolmo._core.tables import Column, Table

    columns = ("gain, bits", "gain, %", "95 % interval", "random", "X with itself", "K(X,Y) at most, bits")
    table = Table("What one code saves over two", [Column("coder"), *(Column(name, True) for name in columns)])
    for gain in gains:
        interval = "-" if gain.interval is None else " to ".join(f"{100 * end:.2f}" for end in gain.interval)
        table.add(
            gain.coder,
            format_bits(round(gain.bits, 1)),
            f"{100 * gain.share:.2f}",
            interval,
            f"{100 * gain.random_gain:.2f}",
            f"{100 * gain.self_gain:.2f}",
            format_bits(round(gain.bound, 1)),
        )
    table.footers = [
        "% of L(X) + L(Y): 0 for nothing in common, 50 for all",
        "at most: both together, or each by itself, and a bit or two that say which",
        *dict.fromkeys(doubt for gain in gains for doubt in gain.warnings),
        *(gain.fingerprint for gain in gains),
    ]
    return table


def _facts(sets: list[Symbols], names: list[str]) -> list[dict[str, Any]]:
    return [
        {"name": name, "modality": each.modality, "size_bytes": len(each.data)}
        for name, each in zip(names, sets, strict=True)
    ]
