"""``kolmo distance``: how far files are from each other."""

from __future__ import annotations

import csv
import sys
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import click

from kolmo._core.units import format_bits
from kolmo.cli.inputs import check_one_stdin, max_size_option, read_whole
from kolmo.cli.options import Command, coder_option, jobs_option, json_option, metric_option, output_option
from kolmo.cli.output import print_json, print_tables, write_text
from kolmo.coders.base import Coder
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kolmo.distances.tiles import Symmetrize


@click.command(cls=Command, no_args_is_help=False)
@click.argument("files", nargs=-1, required=True, metavar="FILE FILE...")
@coder_option("lzma", multiple=False)
@metric_option("-m", "--metric")
@jobs_option
@max_size_option
@json_option
@output_option("the matrix of all distances")
def command(
    files: tuple[str, ...],
    coder: Coder,
    metric: str,
    symmetrize: Symmetrize,
    jobs: int,
    max_size: int,
    as_json: bool,
    output: Path | None,
) -> None:
    """Measure how far files are from each other.

    Two files give one distance and the code lengths it is made of, more files the matrix of all distances; row i,
    column j reads file i first. Files that are longer than the coder's window need one with a longer window.

    \b
    kolmo distance cat.txt dog.txt
    kolmo distance *.txt -c zstd:level=19 --symmetrize mean -o distances.csv
    """
    if len(files) < 2:
        raise ParameterError("a distance takes two files or more, but one came; name another")
    check_one_stdin(files)
    items = [read_whole(file, max_size) for file in files]
    asked = {"coder": str(coder), "metric": metric, "symmetrize": symmetrize, "fingerprint": coder.fingerprint}
    described = {"files": list(files), "size_bytes": [len(item) for item in items], **asked}
    matrix = None
    if len(files) > 2 or output is not None:
        from kolmo.distances.api import pairwise

        found = pairwise(items, coder=coder, metric=metric, symmetrize=symmetrize, dtype="float64", n_jobs=jobs)
        matrix = cast("NDArray[np.float64]", found).tolist()
    if output is not None and matrix is not None:
        write_text(output, partial(_write_matrix, names=files, matrix=matrix))
    if matrix is not None and len(files) > 2:
        if as_json:
            print_json(described | {"matrix": matrix})
        else:
            _print_matrix(files, matrix, asked)
        return
    pair = _pair(coder, items[0], items[1], metric, symmetrize)
    if as_json:
        print_json(described | pair)
    else:
        _print_pair(described, pair)


def _pair(coder: Coder, x: bytes, y: bytes, metric: str, symmetrize: str | None) -> dict[str, Any]:
    """Return the distance of two files, and what it is made of, in bits."""
    import numpy as np

    from kolmo.distances.formulas import METRICS

    chosen = METRICS[metric]
    bits = {"L(x)": coder.code_length(x), "L(y)": coder.code_length(y)}
    if chosen.conditional:
        bits |= {"L(y|x)": coder.prime(x).code_length(y), "L(x|y)": coder.prime(y).code_length(x)}
    else:
        bits |= {"L(xy)": coder.joint_code_length(x, y), "L(yx)": coder.joint_code_length(y, x)}
    alone_x, alone_y, forth, back = (np.array([length]) for length in bits.values())
    if symmetrize is not None and not chosen.conditional:
        combine: dict[str, Any] = {"mean": np.mean, "min": np.min, "max": np.max}
        forth = combine[symmetrize]([forth, back], axis=0)
    return {"distance": float(chosen.formula(alone_x, alone_y, forth, back)[0]), "bits": bits}


def _write_matrix(file: IO[str], *, names: tuple[str, ...], matrix: list[list[float]]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["", *names])
    for name, row in zip(names, matrix, strict=True):
        writer.writerow([name, *row])


def _print_pair(described: dict[str, Any], pair: dict[str, Any]) -> None:
    from kolmo._core.tables import Column, Table

    named = zip("xy", described["files"], described["size_bytes"], strict=True)
    table = Table(
        f"{_title(described)} = {pair['distance']:.4f}",
        [Column("code length"), Column("bits", numeric=True)],
        footers=[*(f"{name} = {file}, {size:,} bytes" for name, file, size in named), described["fingerprint"]],
    )
    for name, length in pair["bits"].items():
        table.add(name, format_bits(length))
    print_tables([table])


def _print_matrix(files: tuple[str, ...], matrix: list[list[float]], asked: dict[str, Any]) -> None:
    from kolmo._core.tables import column_bands, matrix_table

    cells = [[f"{value:.3f}" for value in row] for row in matrix]
    tables = [
        matrix_table(_title(asked), files, cells, corner="file", columns=columns)
        for columns in column_bands(files, cells, sys.stdout)
    ]
    tables[-1].footers.append(asked["fingerprint"])
    print_tables(tables)


def _title(asked: dict[str, Any]) -> str:
    return f"{asked['measure']} by {asked['coder']}" + (f", {asked['symmetrize']}" if asked["symmetrize"] else "")
