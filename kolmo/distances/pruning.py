"""How much tighter than provable a bound may be taken in a search for nearest neighbours, and what that risks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from kolmo.distances.engine import Distances
from kolmo.distances.formulas import Floats
from kolmo.distances.nearest import Integers
from kolmo.distances.tiles import Columns, Search, Tile
from kolmo.errors import ParameterError

_SAMPLED_ROWS = 16
_NEAREST = 64
"""Columns of each row whose gaps decide the margin: the near ones are those that it could lose."""


@dataclass(frozen=True)
class Calibration:
    """A margin that was measured on a sample, and checked on another.

    Parameters
    ----------
    margin_bits : float
        What is added to the provable lower bound of a joint length.
    risk : float
        The share of near pairs whose length was closer to the bound than the margin: about so many neighbours can be
        passed over.
    recall : float
        The share of true nearest neighbours that a search with this margin found in the rows that it was checked on.
    computed_share : float
        The share of pairs computed exactly there; certified pruning computes `certified_share`.
    certified_share : float
        The same without the margin.
    rows_checked : int
        How many rows it was checked on; none of them served to find the margin.
    """

    margin_bits: float
    risk: float
    recall: float
    computed_share: float
    certified_share: float
    rows_checked: int


Pruning = Literal["certified"] | Calibration | None


def margin_of(pruning: Pruning) -> float | None:
    """Return what is added to provable bounds, in bits; None for no pruning."""
    if pruning is None or isinstance(pruning, Calibration):
        return None if pruning is None else pruning.margin_bits
    if pruning != "certified":
        raise ParameterError(
            f"pruning must be 'certified', None, or what kolmo.calibrate_pruning returns, but {pruning!r:.60} came"
        )
    return 0.0


def calibrate_pruning(
    distances: Distances, xs: Sequence[bytes], ys: Sequence[bytes], search: Search, *, risk: float = 0.001, itself: bool
) -> Calibration:
    """Find a margin on some rows, and check it on as many others.

    Parameters
    ----------
    distances : Distances
        What is computed.
    xs, ys : sequence of bytes
        The items of rows and columns.
    search : Search
        What will be looked for; its margin is not used.
    risk : float
        The share of near pairs that may fall between bound and margin.
    itself : bool
        xs are ys, and none is a neighbour of its own.

    Returns
    -------
    Calibration

    Raises
    ------
    ParameterError
        If `risk` is no number from 0 to below 1.
    """
    if not 0 <= risk < 1:
        raise ParameterError(f"risk must be a number from 0 to below 1, but {risk!r} came")
    chosen = np.random.default_rng(0).permutation(len(xs))[: 2 * _SAMPLED_ROWS]
    half = (len(chosen) + 1) // 2
    everything = Columns(ys, distances.coder.code_lengths(ys, n_jobs=distances.n_jobs))
    found = _gaps(distances, [xs[row] for row in chosen[:half]], everything, chosen[:half] if itself else None)
    margin = float(np.quantile(found, risk, method="lower")) if len(found) else 0.0
    checked = chosen[half:] if len(chosen) > 1 else chosen
    items = [xs[row] for row in checked]
    x_lengths = distances.coder._batch(items)
    own = checked if itself else None
    found_columns, computed = [], []
    for bits in (0.0, margin):
        looked_for = replace(search, margin_bits=bits)
        starts, columns, _, exact = Tile(distances.rule, looked_for, items, x_lengths, own).nearest(everything)
        rows = np.repeat(np.arange(len(items)), np.diff(starts))
        found_columns.append(set(zip(rows.tolist(), columns.tolist(), strict=True)))
        computed.append(float(exact[0]) / (len(items) * len(ys)))
    recall = len(found_columns[0] & found_columns[1]) / max(1, len(found_columns[0]))
    return Calibration(margin, risk, recall, computed[1], computed[0], len(items))


def _gaps(distances: Distances, xs: Sequence[bytes], columns: Columns, own: Integers | None) -> Floats:
    """Return by how much the joint lengths of near pairs exceed their bounds; nothing if there are no bounds."""
    bounded = distances.coder._lower_bounds([x + distances.rule.separator for x in xs], columns.items)
    if bounded is None:
        return np.empty(0)
    lower, exact = np.empty((2, len(xs), len(columns.items)))
    for part in bounded:
        lower[part.row, part.columns] = part.lower_bits
        exact[part.row, part.columns] = part.exact(np.arange(len(part.lower_bits)))
    x_lengths = distances.coder._batch(xs)
    far = distances.rule.distance(x_lengths[:, None], columns.lengths[None, :], exact, exact)
    if own is not None:
        far[np.arange(len(xs)), own] = np.inf
    nearest = np.argsort(far, axis=1, kind="stable")[:, : min(_NEAREST, len(columns.items) - (own is not None))]
    gaps: Floats = np.take_along_axis(exact - lower, nearest, axis=1).ravel()
    return gaps
