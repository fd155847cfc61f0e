"""``kolmo joint growth``: the joint gain of two data sets by their size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kolmo.cli.inputs import content_options
from kolmo.cli.joint.sets import (
    NamedSet,
    limit_option,
    order_option,
    pair_name,
    read_sets,
    sets_document,
    sets_table,
    two_of,
)
from kolmo.cli.options import (
    Command,
    checkpoint_option,
    coder_option,
    html_option,
    jobs_option,
    json_option,
    picture_option,
    seed_option,
    verbose_option,
)
from kolmo.cli.output import print_json, print_tables, write_report
from kolmo.coders.base import Coder

if TYPE_CHECKING:
    from kolmo.joint.gain_results import Order
    from kolmo.joint.growth_curves import GainCurve


@click.command(cls=Command, no_args_is_help=False)
@click.argument("data", nargs=-1, required=True, metavar="X Y")
@coder_option("mix")
@limit_option
@content_options()
@order_option
@picture_option("--plot", content="the gain in % by size")
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
    order: Order,
    plot: Path | None,
    seed: int,
    checkpoint: Path | None,
    jobs: int,
    verbose: bool,
    html: Path | None,
    as_json: bool,
) -> None:
    """Measure the joint gain of two data sets as their size grows, doubling each time.

    A gain in % that still rises at the end would rise further with more data.

    \b
    kolmo joint growth english.txt french.txt --plot growth.png
    kolmo joint growth english.txt french.txt -c mix -c xz --limit 4MB
    """
    from kolmo.joint.growth_curves import GainCurve, gain_curve

    two_of(data)
    sets = read_sets(data, limit, reading)
    x, y = (each.documents(order) for each in sets)
    curves = [
        gain_curve(x, y, coder=coder, order=order, random_state=seed, n_jobs=jobs, checkpoint=checkpoint)
        for coder in coders
    ]
    if plot is not None:
        _draw(sets, curves, plot)
    rates = {
        curve.coder: (curve[-1].length_x / curve[-1].sizes[0], curve[-1].length_y / curve[-1].sizes[1])
        for curve in curves
    }
    write_report(html, {pair_name(sets): curves}, tables=[sets_table(sets, rates, symbols="XY")])
    if as_json:
        documents = [curve.to_dict() for curve in curves]
        print_json({"sets": sets_document(sets, rates), "curves": documents, "citations": list(GainCurve.citations)})
        return
    print_tables([sets_table(sets, rates, symbols="XY"), *GainCurve.tables_of(curves, verbose=verbose)])


def _draw(sets: list[NamedSet], curves: list[GainCurve], path: Path) -> None:
    from kolmo.show.plots import line_plot

    lines = {curve.coder: [(sum(point.sizes) / 1000, 100 * point.relative_gain) for point in curve] for curve in curves}
    line_plot(
        {" and ".join(each.name for each in sets): lines},
        path,
        x="size of both sets, kB",
        y="gain, % of L(X)+L(Y)",
        title="Joint coding gain by size",
        level=0,
    )
