"""The result of `joint_gain`, and the tables that the command prints of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from kolmo._core.units import format_bits
from kolmo.joint.estimates import SCALE, Gain, remarks

if TYPE_CHECKING:
    from kolmo._core.tables import Table

Order = Literal["concatenated", "shuffled", "interleaved"]
ORDERS: tuple[Order, ...] = ("concatenated", "shuffled", "interleaved")
CITATIONS = (
    'Li, Chen, Li, Ma and Vitanyi, "The similarity metric", IEEE Transactions on Information Theory, 2004',
    'Politis and Romano, "Large sample confidence regions based on subsamples under minimal assumptions", Annals of '
    "Statistics, 1994",
)


@dataclass(frozen=True, kw_only=True)
class JointGain(Gain):
    """The joint gain of two data sets, with controls, confidence interval and warnings. Made by `joint_gain`.

    Parameters
    ----------
    sizes : tuple of int
        Bytes of X and of Y.
    length_x, length_y, length_xy, length_yx, length_y_given_x, length_x_given_y : float
        Code lengths in bits; see `Gain`.
    coder : str
        The coder.
    fingerprint : str
        The coder with its parameters and library versions.
    random_gain : float
        Lower control: the relative gain of X with random bytes of the size of Y.
    self_gain : float
        Upper control: the relative gain of X with itself.
    interval : tuple of float or None
        95 % confidence interval of the relative gain, by half-sample resampling of the blocks; None without resampling.
    order : {"concatenated", "shuffled", "interleaved"}
        The order of the documents in the joint code.
    warnings : list of str
        Limits of the coder, and properties of the sets that make them hard to compare.
    """

    citations: ClassVar[tuple[str, ...]] = CITATIONS

    coder: str
    fingerprint: str
    random_gain: float
    self_gain: float
    interval: tuple[float, float] | None
    order: Order = "concatenated"
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table of code lengths and a table of gains, with a row for each coder.

        Parameters
        ----------
        results : sequence of JointGain
            The gains of the same two sets by several coders.
        verbose : bool
            Add fingerprints and citations.

        Returns
        -------
        list of Table
        """
        return [_lengths_table(results), _gains_table(results, verbose=verbose)]


def _lengths_table(gains: Sequence[JointGain]) -> Table:
    from kolmo._core.tables import Column, Table, number_cell

    order = gains[0].order
    names = ("L(X)", "L(Y)", "L(XY)", "L(YX)", "L(Y|X)", "L(X|Y)")
    table = Table(
        f"Code lengths in bits{'' if order == 'concatenated' else f', documents {order}'}",
        [Column("coder"), *(Column(name, True) for name in names)],
    )
    for gain in gains:
        lengths = (gain.length_x, gain.length_y, gain.length_xy, gain.length_yx)
        conditional = (gain.length_y_given_x, gain.length_x_given_y)
        table.add(
            gain.coder,
            *(format_bits(round(length, 1)) for length in lengths),
            *(number_cell(None if math.isnan(length) else length, ",.0f") for length in conditional),
        )
    return table


def _gains_table(gains: Sequence[JointGain], *, verbose: bool) -> Table:
    from kolmo._core.tables import Column, Table

    names = ("gain, bits", "gain, %", "95 % interval", "random, %", "self, %", "K(X,Y) <= bits")
    table = Table("Joint coding gain", [Column("coder"), *(Column(name, True) for name in names)])
    for gain in gains:
        interval = "-" if gain.interval is None else " to ".join(f"{100 * end:.2f}" for end in gain.interval)
        table.add(
            gain.coder,
            format_bits(round(gain.gain_bits, 1)),
            f"{100 * gain.relative_gain:.2f}",
            interval,
            f"{100 * gain.random_gain:.2f}",
            f"{100 * gain.self_gain:.2f}",
            format_bits(round(gain.joint_upper_bound, 1)),
        )
    table.footers = [
        SCALE,
        "controls: random = X with random bytes, self = X with itself",
        "upper bound = min(L(X)+L(Y)+1, min(L(XY), L(YX))+2)",
        *remarks(gains, verbose=verbose),
    ]
    return table
