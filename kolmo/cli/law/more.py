"""``kolmo law more``: how much more data would help a coder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kolmo.cli.inputs import content_options
from kolmo.cli.joint.sets import read_sets
from kolmo.cli.options import (
    Command,
    Size,
    coder_option,
    html_option,
    json_option,
    picture_option,
    seed_option,
    verbose_option,
)
from kolmo.cli.output import print_json, print_tables, write_report
from kolmo.coders.base import Coder

_MIN_FILES = 16


@click.command(cls=Command, no_args_is_help=False)
@click.argument("data", metavar="DATA")
@coder_option("ngram")
@click.option(
    "--limit", type=Size(), default="4MB", show_default=True, metavar="SIZE", help="Bytes of DATA that are read."
)
@click.option(
    "--orders",
    type=click.IntRange(0, 1000),
    default=3,
    show_default=True,
    help="Random orders of the files, or of pieces of a file; 0 keeps the order.",
)
@click.option("--points", type=click.IntRange(5, 1000), default=14, show_default=True, help="Points of the curve.")
@content_options()
@picture_option("--plot", content="the rate by the bytes read, with its law and band")
@seed_option
@html_option
@json_option
@verbose_option
def command(
    data: str,
    coders: tuple[Coder, ...],
    limit: int,
    orders: int,
    points: int,
    reading: dict[str, Any],
    plot: Path | None,
    seed: int,
    html: Path | None,
    as_json: bool,
    verbose: bool,
) -> None:
    """Say how much more data would help a coder.

    Each byte is coded before it is learned. The rate by the bytes read has a law, which says what two, ten or a hundred
    times the data would give, with a band. DATA is a file or a folder.

    \b
    kolmo law more book.txt
    kolmo law more messages/ -c ngram -c mix --plot more.png
    """
    from kolmo.laws.prequential import DataCurve, data_curve

    (found,) = read_sets([data], limit, reading)
    documents = list(found.files) if len(found.files) >= _MIN_FILES else found.data
    curves = [
        data_curve(documents, coder=coder, n_points=points, n_orders=orders, random_state=seed) for coder in coders
    ]
    if plot is not None:
        _draw(curves, plot)
    write_report(html, curves)
    if as_json:
        rows = [curve.to_dict() | {"forecast": curve.forecast().to_dict()} for curve in curves]
        print_json({"data": data, "curves": rows})
        return
    print_tables(DataCurve.tables_of(curves, verbose=verbose))


def _draw(curves: list[Any], path: Path) -> None:
    import numpy as np

    from kolmo.show.law_plots import Panel, law_plot

    panels = []
    for curve in curves:
        x, y = np.array(curve.sizes), np.array(curve.rates)
        grid = np.geomspace(x[0], 10 * curve.n_bytes, 200)
        band = curve.laws.extrapolate(grid)
        line = {"average of the forms": band.predicted}
        panels.append(Panel(curve.coder, x, y, np.ones(len(x), bool), grid, line, (band.low, band.high)))
    law_plot(panels, path, x_label="bytes read", y_label="bits/byte", level=0.8)
