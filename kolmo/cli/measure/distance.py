"""``kolmo distance``: the compression distances between files."""

from __future__ import annotations

import csv
import sys
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import click

from kolmo._core.units import format_bits
from kolmo.cli.inputs import Items, as_set_option, check_one_stdin, content_options, max_size_option
from kolmo.cli.options import (
    Command,
    coder_option,
    jobs_option,
    json_option,
    metric_option,
    output_option,
    verbose_option,
)
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
@as_set_option
@content_options()
@max_size_option
@output_option("the distance matrix")
@verbose_option
@json_option
def command(
    files: tuple[str, ...],
    coder: Coder,
    metric: str,
    symmetrize: Symmetrize,
    jobs: int,
    as_set: bool,
    max_size: int,
    reading: dict[str, Any],
    output: Path | None,
    verbose: bool,
    as_json: bool,
) -> None:
    """Measure the compression distances between files.

    FILE is a file, a folder (one item per file in it), or - for stdin. Two items give one distance and its code
    lengths; more give the distance matrix: row i, column j is the distance of item i, read first, and item j. Files
    longer than the coder's window need a coder with a larger window.

    \b
    kolmo distance cat.txt dog.txt
    kolmo distance *.txt -c zstd:level=19 --symmetrize mean -o distances.csv
    kolmo distance english/ french/ --as-set
    """
    check_one_stdin(files)
    found = Items(files, max_size, as_set=as_set, reading=reading)
    read = list(found.read()) if len(found.names) > 1 else []
    names, items = [name for name, _ in read], [data for _, data in read]
    if len(names) < 2:
        raise ParameterError(f"expected at least two files, got {len(names or found.names)}; name another")
    asked = {"coder": str(coder), "metric": metric, "symmetrize": symmetrize, "fingerprint": coder.fingerprint}
    described = {"files": names, "size_bytes": [len(item) for item in items], "remarks": found.remarks, **asked}
    footers = [coder.fingerprint] if verbose else []
    matrix = None
    if len(names) > 2 or output is not None:
        from kolmo.distances.api import pairwise

        distances = pairwise(items, coder=coder, metric=metric, symmetrize=symmetrize, dtype="float64", n_jobs=jobs)
        matrix = cast("NDArray[np.float64]", distances).tolist()
    if output is not None and matrix is not None:
        write_text(output, partial(_write_matrix, names=names, matrix=matrix))
    if matrix is not None and len(names) > 2:
        if as_json:
            print_json(described | {"matrix": matrix})
        else:
            _print_matrix(names, matrix, asked, footers)
        return
    pair = _pair(coder, items[0], items[1], metric, symmetrize)
    if as_json:
        print_json(described | pair)
    else:
        _print_pair(described, pair, footers)


def _pair(coder: Coder, x: bytes, y: bytes, metric: str, symmetrize: str | None) -> dict[str, Any]:
    """Return the distance of two items and the code lengths in bits that it is computed from."""
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


def _write_matrix(file: IO[str], *, names: list[str], matrix: list[list[float]]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["", *names])
    for name, row in zip(names, matrix, strict=True):
        writer.writerow([name, *row])


def _print_pair(described: dict[str, Any], pair: dict[str, Any], footers: list[str]) -> None:
    from kolmo._core.tables import Column, Table

    named = zip("xy", described["files"], described["size_bytes"], strict=True)
    table = Table(
        f"{_title(described)} = {pair['distance']:.4f}",
        [Column("code length"), Column("bits", numeric=True)],
        footers=[*(f"{name} = {file}, {size:,} bytes" for name, file, size in named), *footers],
    )
    for name, length in pair["bits"].items():
        table.add(name, format_bits(length))
    print_tables([table])


def _print_matrix(names: list[str], matrix: list[list[float]], asked: dict[str, Any], footers: list[str]) -> None:
    from kolmo._core.tables import column_bands, matrix_table

    cells = [[f"{value:.3f}" for value in row] for row in matrix]
    tables = [
        matrix_table(f"Distances: {_title(asked)}", names, cells, corner="file", columns=columns)
        for columns in column_bands(names, cells, sys.stdout)
    ]
    tables[-1].footers += footers
    print_tables(tables)


def _title(asked: dict[str, Any]) -> str:
    return f"{asked['metric']} by {asked['coder']}" + (f", {asked['symmetrize']}" if asked["symmetrize"] else "")
