"""``kolmo joint``: what data sets share, of any kind."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kolmo.cli.options import Size, coder_option, jobs_option, json_option
from kolmo.cli.output import OutputFile, print_json, print_tables, show_bits, write_text
from kolmo.coders.base import Coder
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kolmo.data.symbols import Symbols
    from kolmo.measures.joint import JointGain
    from kolmo.show.tables import Table


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
    jobs: int,
    as_json: bool,
) -> None:
    """Measure what data sets share: the bits that one code for both saves over two, as a share of both.

    DATA are files or folders. Pictures are read as grey pixels, sounds as samples, FASTA as bases, all else as it is.
    Two sets are measured in depth, with controls: random bytes, which share nothing, and the set itself, which
    shares half. More sets give a matrix.

    \b
    kolmo joint english.txt french.txt
    kolmo joint english.txt french.txt code.py photographs/ -c mix -c xz
    """
    from kolmo.data.symbols import read_symbols

    sets = [read_symbols(path, limit=limit) for path in data]
    paths = [str(Path(path).resolve()) for path in data]
    if len(sets) < 2 or len(set(paths)) < len(paths):
        raise ParameterError(f"at least two sets are expected, each once, but {' '.join(data)} came")
    names = [each.name for each in sets]
    if len(set(names)) < len(names):
        names = list(data)
    if len(sets) == 2 and csv_file is None:
        _two(sets, names, coders, resamples, seed, jobs, as_json=as_json)
    else:
        _many(sets, names, coders, jobs, checkpoint, csv_file, as_json=as_json)


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
) -> None:
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
        return
    print_tables([_matrix_table(coder, names, matrix) for coder, matrix in matrices.items()])


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
