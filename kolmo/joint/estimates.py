"""The joint gain of two data sets: six code lengths, and the estimates that follow from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from kolmo._core.results import Result
from kolmo._core.resumable import Arrays
from kolmo._core.units import format_bits
from kolmo.coders.base import Coder, PrimedCoder
from kolmo.coders.predictive import PredictiveCoder
from kolmo.joint.documents import Documents, concatenated, interleaved

if TYPE_CHECKING:
    from kolmo._core.tables import Table

SCALE = "gain in % of L(X)+L(Y): 50 = identical; near 0 = nothing in common that this coder finds"


@dataclass(frozen=True, kw_only=True)
class Gain(Result):
    """Six code lengths of two data sets in bits, and the joint gain that follows from them.

    Parameters
    ----------
    sizes : tuple of int
        Bytes of X and of Y.
    length_x, length_y : float
        L(X) and L(Y).
    length_xy, length_yx : float
        L(XY) and L(YX): the joint code length, starting with X and with Y.
    length_y_given_x, length_x_given_y : float
        L(Y|X) and L(X|Y): conditional code lengths, with the other set as the context; NaN for a coder that cannot be
        primed.
    """

    derived: ClassVar[tuple[str, ...]] = ("gain_bits", "relative_gain", "joint_upper_bound", "information_distance")

    sizes: tuple[int, int]
    length_x: float
    length_y: float
    length_xy: float
    length_yx: float
    length_y_given_x: float
    length_x_given_y: float

    @property
    def gain_bits(self) -> float:
        """Joint gain L(X) + L(Y) - (L(XY) + L(YX)) / 2, an estimate of K(X) + K(Y) - K(X,Y); can be negative."""
        return self.length_x + self.length_y - self.joint_length

    @property
    def joint_length(self) -> float:
        """Mean of L(XY) and L(YX), in bits."""
        return (self.length_xy + self.length_yx) / 2

    @property
    def relative_gain(self) -> float:
        """Joint gain divided by L(X) + L(Y): near 0 for independent sets, 0.5 for identical ones.

        A gain near 0 does not show that sets are independent: the coder may not see what they share.
        """
        separate = self.length_x + self.length_y
        return self.gain_bits / separate if separate > 0 else 0.0

    @property
    def joint_upper_bound(self) -> float:
        """Upper bound on K(X,Y) in bits: min(L(X) + L(Y) + 1, min(L(XY), L(YX)) + 2).

        One bit says whether the sets are coded jointly, and a second bit in which order. So the bound never exceeds
        L(X) + L(Y) + 1, for any coder.
        """
        return min(1 + self.length_x + self.length_y, 2 + min(self.length_xy, self.length_yx))

    @property
    def information_distance(self) -> float:
        """max(L(X|Y), L(Y|X)), in bits."""
        return max(self.length_x_given_y, self.length_y_given_x)

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return one table with a row for each gain.

        Parameters
        ----------
        results : sequence of Gain
            The gains.
        verbose : bool
            Has no effect.

        Returns
        -------
        list of Table
        """
        from kolmo._core.tables import Column, Table

        names = ("X, bytes", "Y, bytes", "L(X), bits", "L(Y), bits", "L(X,Y), bits", "gain, bits", "gain, %")
        table = Table("Joint coding gain", [Column(name, True) for name in names])
        for gain in results:
            lengths = (gain.length_x, gain.length_y, gain.joint_length, gain.gain_bits)
            table.add(
                *(f"{size:,}" for size in gain.sizes),
                *(format_bits(round(length, 1)) for length in lengths),
                f"{100 * gain.relative_gain:.2f}",
            )
        table.footers = [f"L(X,Y) = (L(XY) + L(YX)) / 2; {SCALE}"]
        return [table]


def six_lengths(coder: Coder, xs: Documents, ys: Documents, separator: bytes, interleave: bool) -> Arrays:
    """Return the sizes, and L(X), L(Y), L(XY), L(YX), L(Y|X) and L(X|Y), as two arrays."""
    x, y = xs.joined(), ys.joined()
    strings = [x, y]
    conditional = [math.nan, math.nan]
    # a predictive coder satisfies the chain rule L(XY) = L(X) + L(Y|X), so the joint strings need not be coded
    by_chain_rule = isinstance(coder, PredictiveCoder) and not interleave
    if not by_chain_rule:
        join = interleaved if interleave else concatenated
        strings += [join(xs, ys, separator), join(ys, xs, separator)]
    if coder.tags.priming is not None:
        conditional = [primed(coder, x + separator).code_length(y), primed(coder, y + separator).code_length(x)]
    lengths = [float(length) for length in coder._batch(strings)]
    if by_chain_rule:
        lengths += [lengths[0] + conditional[0], lengths[1] + conditional[1]]
    return np.array([len(x), len(y)]), np.array([*lengths, *conditional])


def gain_of(arrays: Arrays) -> Gain:
    """Return the arrays of `six_lengths` as a gain."""
    names = ("length_x", "length_y", "length_xy", "length_yx", "length_y_given_x", "length_x_given_y")
    sizes, lengths = (array.tolist() for array in arrays)
    return Gain(sizes=(sizes[0], sizes[1]), **dict(zip(names, lengths, strict=True)))


def primed(coder: Coder, context: bytes) -> Coder:
    """Return a coder that has read a context of any length; the caller has warned about the window."""
    return PrimedCoder(coder=coder, context=context) if context else coder


def remarks(results: Sequence[Any], *, verbose: bool) -> list[str]:
    """Return the warnings of results, and with `verbose` their fingerprints and citations, as footers of a table."""
    found = [f"warning: {warning}" for warning in dict.fromkeys(each for result in results for each in result.warnings)]
    if verbose:
        found += [*dict.fromkeys(result.fingerprint for result in results), *results[0].citations]
    return found
