"""What to doubt about gains: what a coder cannot see, and what was compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.items import as_bytes
from kolmo.coders.base import Coder
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.evaluation.axioms import SEEN
from kolmo.evaluation.diagnostics import diagnose
from kolmo.joint.estimates import Gain

_LONGER_BITS, _LONGER_SHARE = 64, 0.005
"""How much longer one code may be than two: a header, and the like."""
_UNLIKE = 20
_FEW = 8
"""Fewer blocks have halves too much alike."""


def diagnose_pair(
    coder: Coder, x: bytes, y: bytes, gain: Gain, self_gain: float, blocks: Sequence[int] | None = None
) -> list[str]:
    """Return what to doubt about the gain of two sets.

    Parameters
    ----------
    coder : Coder
        What they were coded by.
    x, y : bytes
        The sets.
    gain : Gain
        What was found.
    self_gain : float
        That of X with itself.
    blocks : sequence of int, optional
        Of how many blocks each set is, if there is an interval.
    """
    found = diagnose(coder, max(len(x), len(y)), sample=[x, y])
    if x == y:
        found.append("X and Y hold the same bytes: this is the gain of a set with itself")
    longer = min(gain.length_xy, gain.length_yx) - gain.length_x - gain.length_y
    if longer > _LONGER_BITS:
        found.append(
            f"one code by {str(coder)!r} is {longer:,.0f} bits longer than two: its tables, or its dictionary, do not "
            "suit both"
        )
    if self_gain < (1 - SEEN) / 2:
        tuned = "; a model that was trained beforehand reads more if it is tuned, such as by passes=8"
        found.append(
            f"of a second X {str(coder)!r} saves {2 * self_gain:.1%}, and all could be saved: set the share beside "
            f"that of X with itself{tuned if coder.model_bits else ''}"
        )
    found += _size_doubts(str(coder), len(x), len(y), gain, blocks is not None)
    for name, count in zip("XY", blocks or (), strict=False):
        if count < _FEW:
            found.append(
                f"{name} is only {count} blocks: halves of so few are much alike, and the interval is too short"
            )
    return found


def diagnose_matrix(sets: Mapping[str, Any], shares: NDArray[np.float64], *, coder: CoderLike = "mix") -> list[str]:
    """Return what to doubt about the gains of every two of some sets.

    Parameters
    ----------
    sets : mapping of str to str or bytes-like
        Data sets by name.
    shares : ndarray of shape (n_sets, n_sets)
        What `joint_gains` made of them.
    coder : str, mapping or Coder
        The same as there.

    Returns
    -------
    list of str
        A sentence each; nothing if nothing is known.

    Examples
    --------
    >>> from kolmo import joint_gains
    >>> sets = {"a": "the cat sat on the mat " * 9, "b": "the cat sat on the rug " * 9}
    >>> diagnose_matrix(sets, joint_gains(sets, coder="ngram"), coder="ngram")
    []
    >>> sets["c"] = sets["a"]
    >>> diagnose_matrix(sets, joint_gains(sets, coder="ngram"), coder="ngram")
    ["'a' and 'c' hold the same bytes: theirs is the gain of a set with itself"]
    """
    made, items = make_coder(coder), {name: as_bytes(data) for name, data in sets.items()}
    names = list(items)
    found = diagnose(made, max(map(len, items.values())), sample=list(items.values()))
    for one, other in combinations(names, 2):
        if items[one] == items[other]:
            found.append(f"{one!r} and {other!r} hold the same bytes: theirs is the gain of a set with itself")
    spelled = str(made)
    row, column = np.unravel_index(int(shares.argmin()), shares.shape)
    if shares[row, column] < -_LONGER_SHARE:
        found.append(
            f"one code by {spelled!r} for {names[row]!r} and {names[column]!r} is {-shares[row, column]:.1%} longer "
            "than two: its tables, or its dictionary, do not suit both"
        )
    blind = [name for name, share in zip(names, shares.diagonal(), strict=True) if share < (1 - SEEN) / 2]
    if blind:
        found.append(
            f"of a second {_some(blind)} {spelled!r} saves less than half, and all could be saved: set shares beside "
            "those on the diagonal"
        )
    by_size = sorted(names, key=lambda name: len(items[name]))
    if len(items[by_size[-1]]) > _UNLIKE * len(items[by_size[0]]):
        found.append(
            f"{by_size[-1]!r} is {len(items[by_size[-1]]) / len(items[by_size[0]]):,.0f} times as long as "
            f"{by_size[0]!r}: shares of sets so different are small whatever they have in common"
        )
    return found


def _size_doubts(coder: str, size_x: int, size_y: int, gain: Gain, interval: bool) -> list[str]:
    if max(size_x, size_y) <= _UNLIKE * min(size_x, size_y):
        return []
    large, small = ("X", "Y") if size_x > size_y else ("Y", "X")
    lengths = gain.length_x, gain.length_y
    most, part = min(lengths) / max(sum(lengths), 1), gain.bits / max(min(lengths), 1)
    both = "the share and its interval are" if interval else "the share is"
    return [
        f"{large} is {max(size_x, size_y) / min(size_x, size_y):,.0f} times as long as {small}: {both} of both "
        f"together, where {most:.2%} is all of {small}; of {small} alone {coder!r} saves {part:.1%}"
    ]


def _some(names: list[str]) -> str:
    shown = " or ".join(map(repr, names[:3]))
    return shown if len(names) <= 3 else f"{shown} or {len(names) - 3} more"
