"""``kolmo joint``: what data sets share, of any kind."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kolmo.cli.options import Size, coder_option, jobs_option, json_option
from kolmo.cli.output import OutputFile, print_json, print_tables, show_bits, write_text
from kolmo.cli.trained import check_training_options, show_trained_gain, training_options
from kolmo.coders.base import Coder
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kolmo.data.symbols import Symbols
    from kolmo.measures.joint import JointGain
    from kolmo.show.tables import Table

_METHODS = ("average", "neighbors", "quartets")


@click.command(no_args_is_help=False)
@click.argument("data", nargs=-1, required=True, metavar="DATA...")
@coder_option("mix")
@click.option("--limit", type=Size(), default="1MB", show_default=True, metavar="SIZE", help="Bytes of each DATA read.")
@click.option(
    "--resamples",
    type=click.IntRange(min=0),
    default=8,
    show_default=True,
    help="Random halves for the interval of two.",
)
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
@training_options
@jobs_option
@json_option
def command(
    data: tuple[str, ...],
    coders: tuple[Coder, ...],
    limit: int,
    resamples: int,
    seed: int,
    checkpoint: Path | None,
    csv_file: Path | None,
    heat_map: Path | None,
    tree_file: Path | None,
    newick_file: Path | None,
    map_file: Path | None,
    method: str,
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
    kolmo joint english.txt french.txt code.py photographs/ -c mix -c xz
    kolmo joint genomes/*.fa --tree tree.png --method quartets
    kolmo joint english.txt french.txt --train gru:200k --steps 500
    """
    from kolmo.data.symbols import read_symbols

    check_training_options(click.get_current_context())
    sets = [read_symbols(path, limit=limit) for path in data]
    paths = [str(Path(path).resolve()) for path in data]
    if len(sets) < 2 or len(set(paths)) < len(paths):
        raise ParameterError(f"at least two sets are expected, each once, but {' '.join(data)} came")
    names = [each.name for each in sets]
    if len(set(names)) < len(names):
        names = list(data)
    if model is not None:
        show_trained_gain(sets, _facts(sets, names), model=model, random_state=seed, as_json=as_json, **training)
        return
    drawings = {"heat_map": heat_map, "tree": tree_file, "newick": newick_file, "map": map_file}
    if len(sets) == 2 and not any([csv_file, *drawings.values()]):
        _two(sets, names, coders, resamples, seed, jobs, as_json=as_json)
        return
    if len(sets) < 3 and any(drawings.values()):
        raise ParameterError(f"trees and maps are of at least three sets, but {len(sets)} came")
    matrices = _many(sets, names, coders, jobs, checkpoint, csv_file, as_json=as_json)
    if any(drawings.values()):
        _draw(names, matrices[coders[0]], method, str(coders[0]), drawings)


def _two(
    sets: list[Symbols],
    names: list[str],
    coders: tuple[Coder, ...],
    resamples: int,
    seed: int,
    jobs: int,
    *,
    as_json: bool,
) -> None:
    from kolmo.measures.joint import joint_gain

    x, y = (each.data for each in sets)
    gains = [joint_gain(x, y, coder=coder, n_resamples=resamples, random_state=seed, n_jobs=jobs) for coder in coders]
    if as_json:
        print_json({"sets": _facts(sets, names), "gains": [gain.as_dict() for gain in gains]})
        return
    print_tables([_lengths_table(gains, names, sets), _gains_table(gains)])


def _lengths_table(gains: list[JointGain], names: list[str], sets: list[Symbols]) -> Table:
    from kolmo.show.tables import Column, Table, number_cell

    columns = ("L(X)", "L(Y)", "L(XY)", "L(YX)", "L(Y|X)", "L(X|Y)")
    described = [f"{name}, {len(each.data):,} bytes of {each.modality}" for name, each in zip(names, sets, strict=True)]
    table = Table(
        f"X: {described[0]}; Y: {described[1]}",
        [Column("bits"), *(Column(name, True) for name in columns)],
    )
    for gain in gains:
        lengths = (gain.length_x, gain.length_y, gain.length_xy, gain.length_yx)
        given = (gain.length_y_given_x, gain.length_x_given_y)
        table.add(
            gain.coder,
            *(show_bits(round(length, 1)) for length in lengths),
            *(number_cell(None if math.isnan(length) else length, ",.0f") for length in given),
        )
    return table


def _gains_table(gains: list[JointGain]) -> Table:
    from kolmo.show.tables import Column, Table

    columns = ("gain, bits", "gain, %", "95 % interval", "random", "X with itself", "K(X,Y) at most, bits")
    table = Table("What one code saves over two", [Column("coder"), *(Column(name, True) for name in columns)])
    for gain in gains:
        interval = "-" if gain.interval is None else " to ".join(f"{100 * end:.2f}" for end in gain.interval)
        table.add(
            gain.coder,
            show_bits(round(gain.bits, 1)),
            f"{100 * gain.share:.2f}",
            interval,
            f"{100 * gain.random_share:.2f}",
            f"{100 * gain.self_share:.2f}",
            show_bits(round(gain.bound, 1)),
        )
    table.footers = [
        "% of L(X) + L(Y): 0 for nothing in common, 50 for all",
        "at most: both together, or each by itself, and a bit or two that say which",
        *(doubt for gain in gains for doubt in gain.doubts),
        *(gain.fingerprint for gain in gains),
    ]
    return table


def _many(
    sets: list[Symbols],
    names: list[str],
    coders: tuple[Coder, ...],
    jobs: int,
    checkpoint: Path | None,
    csv_file: Path | None,
    *,
    as_json: bool,
) -> dict[Coder, NDArray[Any]]:
    from kolmo.measures.joint import joint_gains

    items = {name: each.data for name, each in zip(names, sets, strict=True)}
    matrices = {coder: joint_gains(items, coder=coder, n_jobs=jobs, checkpoint=checkpoint) for coder in coders}
    if csv_file is not None:
        _write_csv(csv_file, names, matrices[coders[0]])
    if as_json:
        found: list[dict[str, Any]] = [
            {"coder": str(coder), "fingerprint": coder.fingerprint, "shares": matrix.tolist()}
            for coder, matrix in matrices.items()
        ]
        print_json({"sets": _facts(sets, names), "matrices": found})
    else:
        print_tables([_matrix_table(coder, names, matrix) for coder, matrix in matrices.items()])
    return matrices


def _draw(names: list[str], shares: NDArray[Any], method: str, coder: str, files: dict[str, Path | None]) -> None:
    """Write the tree and the pictures that were asked for."""
    import numpy as np

    from kolmo.measures.cluster import embed, hierarchy, neighbor_joining
    from kolmo.measures.matrix import symmetric
    from kolmo.measures.quartets import quartet_tree

    apart = np.clip(1 - 2 * shares, 0, None)
    even = symmetric(apart)
    make = {"average": hierarchy, "neighbors": neighbor_joining, "quartets": quartet_tree}[method]
    tree = make(even, names)
    if files["newick"] is not None:
        text = tree.newick() + "\n"
        write_text(files["newick"], lambda file: file.write(text))
    if files["tree"] is not None:
        from kolmo.show.trees import dendrogram

        dendrogram(tree, files["tree"], title=f"What is not shared, by {coder}")
    if files["heat_map"] is not None or files["map"] is not None:
        from kolmo.show import maps

        title = f"1 - 2 x the share that one code by {coder} saves"
        if files["heat_map"] is not None:
            maps.heat_map(apart, names, files["heat_map"], order=tree, title=title)
        if files["map"] is not None:
            maps.scatter_map(embed(even), names, None, files["map"])


def _matrix_table(coder: Coder, names: list[str], matrix: NDArray[Any]) -> Table:
    from kolmo.show.tables import Column, Table

    table = Table(
        f"What one code by {coder} saves over two, % of both",
        [Column("set"), *(Column(name, True) for name in names)],
        footers=["on the diagonal: each set with itself", coder.fingerprint],
    )
    for name, row in zip(names, matrix, strict=True):
        table.add(name, *(f"{100 * share:.2f}" for share in row))
    return table


def _write_csv(path: Path, names: list[str], matrix: NDArray[Any]) -> None:
    import csv

    def write(file: Any) -> None:
        writer = csv.writer(file)
        writer.writerow(["set", *names])
        writer.writerows([name, *row] for name, row in zip(names, matrix.tolist(), strict=True))

    write_text(path, write)


def _facts(sets: list[Symbols], names: list[str]) -> list[dict[str, Any]]:
    return [
        {"name": name, "modality": each.modality, "size_bytes": len(each.data)}
        for name, each in zip(names, sets, strict=True)
    ]
