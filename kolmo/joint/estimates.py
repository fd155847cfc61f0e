"""What one code for two sets saves over two: six lengths, and what follows from them."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from kolmo._core.resumable import Arrays
from kolmo.coders.base import Coder, PrimedCoder
from kolmo.coders.predictive import PredictiveCoder
from kolmo.joint.documents import Documents, concatenated, interleaved


@dataclass(frozen=True, kw_only=True)
class Gain:
    """What one code for two data sets saves over two. Lengths are bits.

    Parameters
    ----------
    sizes : tuple of int
        Bytes of X and of Y.
    length_x, length_y : float
        L(X) and L(Y).
    length_xy, length_yx : float
        L(XY) and L(YX), one code for both in either order, or by turns, beginning with either.
    length_y_given_x, length_x_given_y : float
        L(Y|X) and L(X|Y), all of one set read before the other, in any order of the documents: NaN for a coder that
        cannot be primed.
    """

    sizes: tuple[int, int]
    length_x: float
    length_y: float
    length_xy: float
    length_yx: float
    length_y_given_x: float
    length_x_given_y: float

    @property
    def bits(self) -> float:
        """The gain, L(X) + L(Y) - L(X,Y), as the mean of both orders; below 0 if one code is worse than two."""
        return self.length_x + self.length_y - (self.length_xy + self.length_yx) / 2

    @property
    def share(self) -> float:
        """The gain as a share of L(X) + L(Y): 0 for nothing in common, a half at most."""
        alone = self.length_x + self.length_y
        return self.bits / alone if alone > 0 else 0.0

    @property
    def bound(self) -> float:
        """Upper bound on K(X,Y): both in the better order, or each by itself, and the bits that say which.

        A first bit says whether both are coded together, and then a second in which order: so it is never above
        L(X) + L(Y) + 1, whatever the coder.
        """
        return min(1 + self.length_x + self.length_y, 2 + min(self.length_xy, self.length_yx))

    @property
    def information_distance(self) -> float:
        """max(L(X|Y), L(Y|X)), in bits."""
        return max(self.length_x_given_y, self.length_y_given_x)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON; what is not known is None."""
        derived = {name: getattr(self, name) for name in ("bits", "share", "bound", "information_distance")}
        everything = asdict(self) | derived
        return {
            key: None if isinstance(value, float) and math.isnan(value) else value for key, value in everything.items()
        }


def six_lengths(coder: Coder, xs: Documents, ys: Documents, separator: bytes, by_turns: bool) -> Arrays:
    """Return the sizes, and L(X), L(Y), L(XY), L(YX), L(Y|X) and L(X|Y), as two arrays."""
    x, y = xs.joined(), ys.joined()
    alone = [x, y]
    given = [math.nan, math.nan]
    # what predicts byte after byte keeps the chain rule: what is read need be read only once
    by_chain_rule = isinstance(coder, PredictiveCoder) and not by_turns
    if not by_chain_rule:
        join = interleaved if by_turns else concatenated
        alone += [join(xs, ys, separator), join(ys, xs, separator)]
    if coder.tags.priming is not None:
        given = [primed(coder, x + separator).code_length(y), primed(coder, y + separator).code_length(x)]
    lengths = [float(length) for length in coder._batch(alone)]
    if by_chain_rule:
        lengths += [lengths[0] + given[0], lengths[1] + given[1]]
    return np.array([len(x), len(y)]), np.array([*lengths, *given])


def gain_of(found: Arrays) -> Gain:
    """Return these arrays as a gain."""
    names = ("length_x", "length_y", "length_xy", "length_yx", "length_y_given_x", "length_x_given_y")
    sizes, lengths = (array.tolist() for array in found)
    return Gain(sizes=(sizes[0], sizes[1]), **dict(zip(names, lengths, strict=True)))


def primed(coder: Coder, context: bytes) -> Coder:
    """Return a coder that has read a context, however long: whoever asks has warned already."""
    return PrimedCoder(coder=coder, context=context) if context else coder
