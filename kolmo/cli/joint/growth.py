"""What ``kolmo joint --growth`` does: what two sets share as they grow, in a table and a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kolmo._core.units import format_bits
from kolmo.cli.output import print_json, print_tables
from kolmo.coders.base import Coder

if TYPE_CHECKING:
    from kolmo._core.tables import Table
    from kolmo.joint.estimates import Gain
    from kolmo.joint.two_sets import Order


def show_growth(
    sets: Mapping[str, Any],
    facts: list[dict[str, Any]],
    coders: tuple[Coder, ...],
    *,
    order: Order,
    seed: int,
    jobs: int,
    checkpoint: Path | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Metric, print and draw."""
    from kolmo.evaluation.diagnostics import diagnose
    from kolmo.joint.growth_curves import gain_curve

    (x_name, x), (y_name, y) = sets.items()
    curves = {
        coder: gain_curve(x, y, coder=coder, order=order, random_state=seed, n_jobs=jobs, checkpoint=checkpoint)
        for coder in coders
    }
    samples = [data if isinstance(data, bytes) else b"".join(data) for data in (x, y)]
    seen = {coder: diagnose(coder, max(map(len, samples)), sample=samples) for coder in coders}
    if plot is not None:
        _draw(x_name, y_name, curves, plot)
    if as_json:
        found = [
            {
                "coder": str(coder),
                "fingerprint": coder.fingerprint,
                "warnings": seen[coder],
                "points": [gain.to_dict() for gain in curve],
            }
            for coder, curve in curves.items()
        ]
        print_json({"sets": facts, "order": order, "curves": found})
        return
    print_tables(_table(x_name, y_name, coder, curve, seen[coder]) for coder, curve in curves.items())


def _table(x_name: str, y_name: str, coder: Coder, curve: list[Gain], seen: list[str]) -> Table:
    from kolmo._core.tables import Column, Table

    columns = ("X, bytes", "Y, bytes", "L(X)", "L(Y)", "L(X,Y)", "gain, bits", "gain, %")
    table = Table(
        f"What one code by {coder} saves over two, as both sets grow; X: {x_name}, Y: {y_name}",
        [Column(name, True) for name in columns],
        footers=[
            "L(X,Y): the mean of both orders; %: of L(X) + L(Y)",
            f"of each gain, {format_bits(round(coder.overhead_bits, 1))} bits are those of a second header",
            *seen,
            coder.fingerprint,
        ],
    )
    for gain in curve:
        lengths = (gain.length_x, gain.length_y, (gain.length_xy + gain.length_yx) / 2, gain.bits)
        table.add(
            *(f"{size:,}" for size in gain.sizes),
            *(format_bits(round(length, 1)) for length in lengths),
            f"{100 * gain.share:.2f}",
        )
    return table


def _draw(x_name: str, y_name: str, curves: Mapping[Coder, list[Gain]], plot: Path) -> None:
    from kolmo.show.plots import line_plot

    lines = {
        str(coder): [(sum(gain.sizes) / 1000, 100 * gain.share) for gain in curve] for coder, curve in curves.items()
    }
    line_plot(
        {f"{x_name} and {y_name}": lines},
        plot,
        x="kB of both sets",
        y="gain, % of L(X) + L(Y)",
        title="What one code saves over two",
        level=0,
    )
