"""The result of `joint_gain`, and the tables that the command prints of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from kolmo._core.units import format_bits
from kolmo.joint.estimates import SCALE, Gain, remarks

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

Order = Literal["concatenated", "shuffled", "interleaved"]
ORDERS: tuple[Order, ...] = ("concatenated", "shuffled", "interleaved")
NULL_NAMES = {
    "bytes": "Y under permutations of its byte values",
    "cipher": "Y under permutations of its letters",
    "sets": "the sets given for it",
    "none": "none",
}
"""The nulls, as footers name them."""
_SIGNIFICANT = 0.05
CITATIONS = (
    'Li, Chen, Li, Ma and Vitanyi, "The similarity metric", IEEE Transactions on Information Theory, 2004',
    'Politis and Romano, "Large sample confidence regions based on subsamples under minimal assumptions", Annals of '
    "Statistics, 1994",
    'Kunsch, "The jackknife and the bootstrap for general stationary observations", Annals of Statistics, 1989',
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
        95% confidence interval of the relative gain over new samples of the same size; None without resampling.
    null : {"bytes", "cipher", "sets", "none"}
        What the null sets are; see `joint_gain`.
    null_gain : float
        Mean relative gain of X with the null sets; NaN without them.
    null_gains : tuple of float
        The gain with each null set.
    p_value : float
        One-sided: the probability of a null gain as large as the gain, by Student's t or, from 19 null sets on, by
        rank; NaN without a null.
    low, high : float
        95% confidence interval of the excess gain; NaN without resampling or without a null.
    n_units : tuple of int
        Units of each set that are resampled: clusters of documents, or parts of a string.
    order : {"concatenated", "shuffled", "interleaved"}
        The order of the documents in the joint code.
    warnings : list of str
        Limits of the coder, and properties of the sets that make them hard to compare.
    """

    citations: ClassVar[tuple[str, ...]] = CITATIONS
    derived: ClassVar[tuple[str, ...]] = (*Gain.derived, "excess_gain")
    question: ClassVar[str] = "How much information do the two data sets have in common?"

    coder: str
    fingerprint: str
    random_gain: float
    self_gain: float
    interval: tuple[float, float] | None
    null: str = "none"
    null_gain: float = math.nan
    null_gains: tuple[float, ...] = ()
    p_value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n_units: tuple[int, int] = (0, 0)
    order: Order = "concatenated"
    warnings: list[str] = field(default_factory=list)

    @property
    def excess_gain(self) -> float:
        """Relative gain minus null gain: what the values of the bytes of Y, beyond their order, share with X."""
        return self.relative_gain - self.null_gain

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

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        first = results[0]
        text = (
            f"One code for both by {first.coder} saves {first.gain_bits:,.0f} bits, {percent(first.relative_gain)}% "
            f"of the two separate codes; X with itself saves {percent(first.self_gain)}%, X with random bytes "
            f"{percent(first.random_gain)}%."
        )
        if math.isnan(first.p_value):
            return text
        is_beyond = first.p_value < _SIGNIFICANT
        return (
            f"{text}\nThe gain is {percent(abs(first.excess_gain))} points "
            f"{'above' if first.excess_gain >= 0 else 'below'} the null gain (p-value {p_cell(first.p_value)}), so "
            f"this coder {'finds' if is_beyond else 'does not find'} structure that both have in common beyond chance."
        )

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import BarChart

        names = ("X with Y", "X with the null sets", "X with random bytes", "X with itself")
        rows = {each.coder: (each.relative_gain, each.null_gain, each.random_gain, each.self_gain) for each in results}
        ends = {each.coder: each.interval and (100 * each.interval[0], 100 * each.interval[1]) for each in results}
        return [
            BarChart(
                title="Joint gain and its controls",
                label="gain, % of L(X) + L(Y)",
                names=names,
                series={coder: [100 * gain for gain in gains] for coder, gains in rows.items()},
                intervals={coder: [interval] for coder, interval in ends.items()},
                form=".2f",
            )
        ]

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        first = results[0]
        said = [
            f"{each.coder}: the gain is {percent(each.relative_gain)}%, 95% confidence interval "
            f"{percent(each.interval[0])} to {percent(each.interval[1])}%, from resampling {each.n_units[0]:,} and "
            f"{each.n_units[1]:,} units: clusters of documents, or parts of a string."
            for each in results
            if each.interval is not None
        ]
        said += [
            f"{each.coder}: the excess gain over the null is {percent(each.excess_gain)}%, 95% confidence interval "
            f"{percent(each.low)} to {percent(each.high)}%."
            for each in results
            if not math.isnan(each.low)
        ]
        if first.null_gains:
            said.append(f"Null: the mean gain of X with {NULL_NAMES[first.null]} ({len(first.null_gains)}).")
        return [
            *said,
            "A gain near 0 does not show that sets are independent: the coder may not see what they have in common.",
        ]


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

    names = ("gain, bits", "gain, %", "95% interval", "null, %", "excess, %", "95% interval", "p-value")
    controls = ("random, %", "self, %", "K(X,Y) <= bits")
    table = Table("Joint coding gain", [Column("coder"), *(Column(name, True) for name in (*names, *controls))])
    for gain in gains:
        table.add(
            gain.coder,
            format_bits(round(gain.gain_bits, 1)),
            percent(gain.relative_gain),
            "-" if gain.interval is None else " to ".join(map(percent, gain.interval)),
            percent(gain.null_gain),
            percent(gain.excess_gain),
            "-" if math.isnan(gain.low) else f"{percent(gain.low)} to {percent(gain.high)}",
            p_cell(gain.p_value),
            percent(gain.random_gain),
            percent(gain.self_gain),
            format_bits(round(gain.joint_upper_bound, 1)),
        )
    nulls = {gain.null: len(gain.null_gains) for gain in gains if gain.null_gains}
    table.footers = [
        SCALE,
        *(
            f"null = mean gain of X with {NULL_NAMES[null]} ({count}); excess = gain - null"
            for null, count in nulls.items()
        ),
        "controls: random = X with random bytes, self = X with itself",
        "upper bound = min(L(X)+L(Y)+1, min(L(XY), L(YX))+2)",
        *remarks(gains, verbose=verbose),
    ]
    return table


def percent(share: float) -> str:
    """Return a share in % with two decimals; a dash for NaN.

    Examples
    --------
    >>> percent(0.12345), percent(math.nan)
    ('12.35', '-')
    """
    return "-" if math.isnan(share) else f"{100 * share:.2f}"


def p_cell(p_value: float) -> str:
    """Return a p-value with three decimals; a dash for NaN.

    Examples
    --------
    >>> p_cell(0.0123), p_cell(1e-9)
    ('0.012', '<0.001')
    """
    return "-" if math.isnan(p_value) else "<0.001" if p_value < 0.0005 else f"{p_value:.3f}"
