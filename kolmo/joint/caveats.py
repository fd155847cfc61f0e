"""Warnings about joint gains: limits of the coder, and data sets that are hard to compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.items import as_bytes
from kolmo.coders.base import Coder
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.evaluation.axioms import COPY_THRESHOLD
from kolmo.evaluation.diagnostics import diagnose
from kolmo.joint.estimates import Gain

_EXCESS_BITS, _EXCESS = 64, 0.005
"""The excess of the joint code over separate codes that needs no warning, such as a header: in bits, and relative."""
_SIZE_RATIO = 20
_FEW_BLOCKS = 8
"""With fewer blocks, half-samples overlap strongly."""


def diagnose_pair(
    coder: Coder, x: bytes, y: bytes, gain: Gain, self_gain: float, blocks: Sequence[int] | None = None
) -> list[str]:
    """Return warnings about the joint gain of two data sets.

    Parameters
    ----------
    coder : Coder
        The coder.
    x, y : bytes
        The data sets.
    gain : Gain
        Their joint gain.
    self_gain : float
        The relative gain of X with itself.
    blocks : sequence of int, optional
        The number of blocks of each set, if there is a confidence interval.

    Returns
    -------
    list of str
        One sentence for each warning.
    """
    name = str(coder)
    found = diagnose(coder, max(len(x), len(y)), sample=[x, y])
    if x == y:
        found.append("X and Y are identical: the gain is the self gain")
    excess = min(gain.length_xy, gain.length_yx) - gain.length_x - gain.length_y
    if excess > _EXCESS_BITS:
        found.append(
            f"{name} needs {excess:,.0f} bits more for both sets jointly than separately: its statistics or its "
            "dictionary do not suit both"
        )
    if self_gain < (1 - COPY_THRESHOLD) / 2:
        tuned = "; a pretrained model learns more from the context if it is tuned, such as by passes=8"
        found.append(
            f"{name} saves only {200 * self_gain:.1f} % of a repeated X (ideal 100 %); compare the gain with the "
            f"'self' column{tuned if coder.model_bits else ''}"
        )
    found += _size_warnings(name, len(x), len(y), gain, blocks is not None)
    for side, count in zip("XY", blocks or (), strict=False):
        if count < _FEW_BLOCKS:
            found.append(
                f"{side} has only {count} {'block' if count == 1 else 'blocks'}: half-samples overlap strongly, and "
                "the confidence interval is too short"
            )
    return found


def diagnose_matrix(
    sets: Mapping[str, Any], relative_gain: NDArray[np.float64], *, coder: CoderLike = "mix"
) -> list[str]:
    """Return warnings about the joint gains of several data sets.

    Parameters
    ----------
    sets : mapping of str to str or bytes-like
        Data sets by name.
    relative_gain : ndarray of shape (n_sets, n_sets)
        The matrix of `gain_matrix`, which calls this function for its field `warnings`.
    coder : str, mapping or Coder
        The coder of the matrix.

    Returns
    -------
    list of str
        One sentence for each warning; empty if there is none.

    Examples
    --------
    >>> import numpy as np
    >>> sets = {"a": "the cat sat on the mat " * 9, "b": "the cat sat on the mat " * 9}
    >>> diagnose_matrix(sets, np.full((2, 2), 0.49), coder="ngram")
    ["'a' and 'b' are identical: their gain is the self gain"]
    """
    made, items = make_coder(coder), {name: as_bytes(data) for name, data in sets.items()}
    names = list(items)
    found = diagnose(made, max(map(len, items.values())), sample=list(items.values()))
    for one, other in combinations(names, 2):
        if items[one] == items[other]:
            found.append(f"{one!r} and {other!r} are identical: their gain is the self gain")
    row, column = np.unravel_index(int(relative_gain.argmin()), relative_gain.shape)
    if relative_gain[row, column] < -_EXCESS:
        found.append(
            f"{made!s} needs {-100 * relative_gain[row, column]:.1f} % more bits for {names[row]!r} and "
            f"{names[column]!r} jointly than separately: its statistics or its dictionary do not suit both"
        )
    blind = [
        name for name, gain in zip(names, relative_gain.diagonal(), strict=True) if gain < (1 - COPY_THRESHOLD) / 2
    ]
    if blind:
        found.append(
            f"{made!s} saves less than half of a repeated {_listed(blind)} (ideal 100 %); compare gains with the "
            "diagonal, the self gain"
        )
    by_size = sorted(names, key=lambda name: len(items[name]))
    smallest, largest = by_size[0], by_size[-1]
    if len(items[largest]) > _SIZE_RATIO * len(items[smallest]):
        found.append(
            f"{largest!r} is {len(items[largest]) / len(items[smallest]):,.0f} times as long as {smallest!r}: the "
            "relative gain of sets of so different sizes is always small"
        )
    return found


def _size_warnings(coder: str, size_x: int, size_y: int, gain: Gain, interval: bool) -> list[str]:
    if max(size_x, size_y) <= _SIZE_RATIO * min(size_x, size_y):
        return []
    large, small = ("X", "Y") if size_x > size_y else ("Y", "X")
    lengths = gain.length_x, gain.length_y
    most, part = min(lengths) / max(sum(lengths), 1), gain.gain_bits / max(min(lengths), 1)
    limited = "the gain in % and its interval cannot" if interval else "the gain in % cannot"
    return [
        f"{large} is {max(size_x, size_y) / min(size_x, size_y):,.0f} times as long as {small}: {limited} exceed "
        f"{100 * most:.2f} %; by {coder}, the gain is {100 * part:.1f} % of L({small})"
    ]


def _listed(names: list[str]) -> str:
    shown = " or ".join(map(repr, names[:3]))
    return shown if len(names) <= 3 else f"{shown} or {len(names) - 3} more"
