"""What ``kolmo joint --paired`` does: things beside their partners, and beside all others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kolmo.cli.output import print_json, print_tables
from kolmo.coders.base import Coder

if TYPE_CHECKING:
    from kolmo._core.tables import Table
    from kolmo.data.pairs import Pairs
    from kolmo.joint.paired_sets import PairedGain


def show_paired(
    data: tuple[str, str],
    coders: tuple[Coder, ...],
    *,
    limit: int,
    most: int,
    seed: int,
    jobs: int,
    checkpoint: Path | None,
    as_json: bool,
) -> None:
    """Metric and print."""
    from kolmo.data.pairs import read_pairs
    from kolmo.joint.paired_sets import paired_gain

    pairs = read_pairs(*data, limit=limit, most=most, random_state=seed)
    found = [
        paired_gain(pairs.first, pairs.second, coder=coder, random_state=seed, n_jobs=jobs, checkpoint=checkpoint)
        for coder in coders
    ]
    if as_json:
        sets = [
            {"name": name, "modality": modality, "size_bytes": sum(map(len, items))}
            for name, modality, items in zip(data, pairs.modalities, (pairs.first, pairs.second), strict=True)
        ]
        counts = {"n_pairs": len(pairs), "n_all": pairs.n_all, "left_out": pairs.left_out}
        print_json({"sets": sets, **counts, "paired": [gain.to_dict() for gain in found]})
        return
    print_tables([_table(data, pairs, found)])


def _table(data: tuple[str, str], pairs: Pairs, found: list[PairedGain]) -> Table:
    from kolmo._core.tables import Column, Table

    of_all = "" if len(pairs) == pairs.n_all else f" of {pairs.n_all:,}"
    columns = ("bits saved by a pair", "of L(y), %", "p-value", "nearest to its own, %")
    table = Table(
        f"{len(pairs):,}{of_all} pairs, x {pairs.modalities[0]} of {data[0]}, y {pairs.modalities[1]} of {data[1]}: "
        "what y saves given its own x, beyond any other",
        [Column("coder"), *(Column(name, True) for name in columns)],
    )
    for gain in found:
        table.add(
            gain.coder, f"{gain.bits:,.1f}", f"{100 * gain.share:.2f}", f"{gain.p_value:.3f}", f"{100 * gain.found:.0f}"
        )
    table.footers = [
        f"p-value: the share of random pairings that save as much; nearest to its own: {100 / len(pairs):.0f} by chance"
    ]
    if pairs.left_out:
        table.footers.append(f"lines left out, empty in one or both: {pairs.left_out:,}")
    table.footers += dict.fromkeys(doubt for gain in found for doubt in gain.warnings)
    table.footers += [gain.fingerprint for gain in found]
    return table
