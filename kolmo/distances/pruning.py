"""Margins for pruning: how far a nearest-neighbour search can raise the provable lower bounds, and at what risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from kolmo._core.checks import check_number
from kolmo._core.results import Result
from kolmo.distances.engine import Distances
from kolmo.distances.formulas import Floats
from kolmo.distances.nearest import Integers
from kolmo.distances.tiles import Columns, Search, Tile
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    from kolmo._core.tables import Table

_SAMPLED_ROWS = 16
_NEAREST = 64
"""Nearest columns of each row that decide the margin, since a margin can lose only near ones."""


@dataclass(frozen=True, kw_only=True)
class PruningReport(Result):
    """A margin for pruning that was measured on a sample of rows, and its recall on other rows.

    Parameters
    ----------
    margin_bits : float
        Margin that is added to the provable lower bound of a joint code length.
    risk : float
        Share of near pairs whose code length exceeds its lower bound by less than the margin: about this share of the
        neighbours can be lost.
    recall : float
        Share of the true nearest neighbours that a search with this margin found in the rows it was checked on.
    computed_share : float
        Share of the pairs that were computed exactly in these rows.
    certified_share : float
        The same for certified pruning, without the margin.
    rows_checked : int
        Number of rows that the margin was checked on; none of them was used to measure it.
    """

    margin_bits: float
    risk: float
    recall: float
    computed_share: float
    certified_share: float
    rows_checked: int

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        from kolmo._core.tables import Column, Table

        names = ("margin, bits", "risk", "recall", "computed pairs", "by certified pruning", "rows checked")
        table = Table("Calibrated pruning", [Column(name, numeric=True) for name in names])
        for result in results:
            shares = (result.recall, result.computed_share, result.certified_share)
            cells = (f"{share:.1%}" for share in shares)
            table.add(f"{result.margin_bits:,.0f}", f"{result.risk:g}", *cells, f"{result.rows_checked}")
        return [table]


Pruning = Literal["certified"] | PruningReport | None


def margin_of(pruning: Pruning) -> float | None:
    """Return the margin that is added to provable lower bounds, in bits; None for no pruning."""
    if pruning is None or isinstance(pruning, PruningReport):
        return None if pruning is None else pruning.margin_bits
    if not isinstance(pruning, str) or pruning != "certified":
        raise ParameterError(
            f"pruning: expected 'certified', None or a result of kolmo.calibrate_pruning, got {pruning!r:.60}"
        )
    return 0.0


def measure_margin(
    distances: Distances, xs: Sequence[bytes], ys: Sequence[bytes], search: Search, *, risk: float = 0.001, itself: bool
) -> PruningReport:
    """Measure a margin on some rows, and check it on as many others.

    Parameters
    ----------
    distances : Distances
        The distances of the search.
    xs, ys : sequence of bytes
        The items of rows and columns.
    search : Search
        The search; its margin is ignored.
    risk : float
        Share of near pairs whose code length may exceed its lower bound by less than the margin.
    itself : bool
        xs are ys, and no item is its own neighbour.

    Returns
    -------
    PruningReport

    Raises
    ------
    ParameterError
        If `risk` is not a number of at least 0 and below 1.
    """
    check_number("risk", risk, 0)
    if risk >= 1:
        raise ParameterError(f"risk: expected a number of at least 0 and below 1, got {risk!r}")
    chosen = np.random.default_rng(0).permutation(len(xs))[: 2 * _SAMPLED_ROWS]
    half = (len(chosen) + 1) // 2
    everything = Columns(ys, distances.coder.code_lengths(ys, n_jobs=distances.n_jobs))
    gaps = _gaps(distances, [xs[row] for row in chosen[:half]], everything, chosen[:half] if itself else None)
    margin = float(np.quantile(gaps, risk, method="lower")) if len(gaps) else 0.0
    checked = chosen[half:] if len(chosen) > 1 else chosen
    items = [xs[row] for row in checked]
    x_lengths = distances.coder._batch(items)
    own = checked if itself else None
    found_columns, computed = [], []
    for bits in (0.0, margin):
        with_margin = replace(search, margin_bits=bits)
        starts, columns, _, exact = Tile(distances.rule, with_margin, items, x_lengths, own).nearest(everything)
        rows = np.repeat(np.arange(len(items)), np.diff(starts))
        found_columns.append(set(zip(rows.tolist(), columns.tolist(), strict=True)))
        computed.append(float(exact[0]) / (len(items) * len(ys)))
    recall = len(found_columns[0] & found_columns[1]) / max(1, len(found_columns[0]))
    return PruningReport(
        margin_bits=margin,
        risk=risk,
        recall=recall,
        computed_share=computed[1],
        certified_share=computed[0],
        rows_checked=len(items),
    )


def _gaps(distances: Distances, xs: Sequence[bytes], columns: Columns, own: Integers | None) -> Floats:
    """Return the excess of the joint lengths of near pairs over their lower bounds; empty if there are no bounds."""
    bounded = distances.coder._lower_bounds([x + distances.rule.separator for x in xs], columns.items)
    if bounded is None:
        return np.empty(0)
    lower, exact = np.empty((2, len(xs), len(columns.items)))
    for part in bounded:
        lower[part.row, part.columns] = part.lower_bits
        exact[part.row, part.columns] = part.exact(np.arange(len(part.lower_bits)))
    x_lengths = distances.coder._batch(xs)
    full = distances.rule.distance(x_lengths[:, None], columns.lengths[None, :], exact, exact)
    if own is not None:
        full[np.arange(len(xs)), own] = np.inf
    nearest = np.argsort(full, axis=1, kind="stable")[:, : min(_NEAREST, len(columns.items) - (own is not None))]
    gaps: Floats = np.take_along_axis(exact - lower, nearest, axis=1).ravel()
    return gaps
