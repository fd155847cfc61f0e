"""Warnings about joint gains: limits of the coder, and data sets that are hard to compare."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.items import as_bytes
from kolmo.coders.base import Coder
from kolmo.coders.library.zlib import Deflate
from kolmo.coders.mixing.layout import Layout
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.evaluation.axioms import COPY_THRESHOLD
from kolmo.evaluation.diagnostics import diagnose
from kolmo.joint.documents import Documents
from kolmo.joint.estimates import Gain
from kolmo.joint.gain_results import JointGain
from kolmo.joint.layouts import is_blind, kind_of, layouts_of
from kolmo.joint.resampling import Resampling

_EXCESS_BITS, _EXCESS = 64, 0.005
"""The excess of the joint code over separate codes that needs no warning, such as a header: in bits, and relative."""
_CONTROL = 0.02
"""Relative gain of a control from which it is called away from 0."""
_BELOW = 0.025
"""Probability below which a gain is called smaller than its null."""
_DISAGREEMENT, _DISAGREEMENT_OF_ALL = 0.25, 0.01
"""The difference of two estimates of a saving that needs no warning: as a share of the larger, and of L(X) + L(Y)."""
_FAR, _LEAST_SPREAD, _ODD_SHARE = 8.0, 0.1, 0.1
"""Documents lie far from the rest beyond this many deviations of at least this many bits per byte; if more than this
share does, the set has several kinds of documents, and none of them is rare."""
_FAST, _OF_LIKE_SIZE = Deflate(), 15
"""The coder of this comparison, and the number of documents of about the same size that one is compared with."""
_SIZE_RATIO = 20
_FEW_BLOCKS, _FEW_BYTES = 8, 512
"""With fewer clusters of documents, or with a shorter string, an interval may be too short."""


def diagnose_pair(
    coder: Coder,
    xs: Documents,
    ys: Documents,
    gain: JointGain,
    resampling: Resampling | None = None,
    *,
    layouts: Sequence[Layout] | None = None,
    p_below: float = math.nan,
) -> list[str]:
    """Return warnings about the joint gain of two data sets.

    Parameters
    ----------
    coder : Coder
        The coder.
    xs, ys : Documents
        The data sets.
    gain : JointGain
        Their joint gain.
    resampling : Resampling, optional
        How the sets were resampled, if there is a confidence interval.
    layouts : sequence of Layout, optional
        The layouts that the coder chooses for the sets, if it does.
    p_below : float
        The probability of a null gain as small as the gain.

    Returns
    -------
    list of str
        One sentence for each warning.
    """
    name, x, y = str(coder), xs.joined(), ys.joined()
    found = diagnose(coder, max(len(x), len(y)), sample=[x, y])
    if x == y:
        found.append("X and Y are identical: the gain is the self gain")
    if layouts is not None and is_blind(layouts, (len(x), len(y))):
        found.append(
            f"{name} codes X as {kind_of(layouts[0])} and Y as {kind_of(layouts[1])}, each without the other: the gain "
            "is 0 by construction; one layout for both: --layout shared, layout='shared'"
        )
    excess = min(gain.length_xy, gain.length_yx) - gain.length_x - gain.length_y
    if excess > _EXCESS_BITS:
        found.append(
            f"{name} needs {excess:,.0f} bits more for both sets jointly than separately: its statistics or its "
            "dictionary do not suit both"
        )
    if gain.self_gain < (1 - COPY_THRESHOLD) / 2:
        tuned = "; a pretrained model learns more from the context if it is tuned, such as by passes=8"
        found.append(
            f"{name} saves only {200 * gain.self_gain:.1f}% of a repeated X (ideal 100%); compare the gain with the "
            f"'self' column{tuned if coder.model_bits else ''}"
        )
    header = coder.overhead_bits
    if math.isnan(gain.null_gain) and gain.gain_bits > 0 and header > _DISAGREEMENT * gain.gain_bits:
        found.append(f"one header instead of two is {header:,.0f} of the {gain.gain_bits:,.0f} bits of the gain")
    found += _control_warnings(name, gain, p_below) + _direction_warnings(name, gain)
    found += size_warnings(name, len(x), len(y), gain, interval=resampling is not None)
    for number, (side, each) in enumerate(zip("XY", (xs, ys), strict=True)):
        if resampling is not None:
            found += _unit_warnings(side, each, resampling.n_units[number], in_parts=resampling.in_parts[number])
        found += _odd_documents(side, each)
    return found


def _unit_warnings(side: str, each: Documents, count: int, *, in_parts: bool) -> list[str]:
    """Return a warning if there are few units to resample."""
    short = "the confidence interval may be too short"
    if not each.whole and in_parts:
        return [f"the documents of {side} are near-duplicates of each other, and resampled as {count} parts: {short}"]
    if not each.whole and count < _FEW_BLOCKS:
        return [f"{side} has only {count} clusters of documents: {short}"]
    if each.whole and sum(map(len, each.blocks)) < _FEW_BYTES:
        return [f"{side} has only {sum(map(len, each.blocks))} bytes: its parts say little, and {short}"]
    return []


def _control_warnings(coder: str, gain: JointGain, p_below: float) -> list[str]:
    """Return warnings about controls away from 0, and a gain below its null."""
    found = []
    if abs(gain.random_gain) > _CONTROL:
        found.append(
            f"the gain of X with random bytes is {100 * gain.random_gain:.1f}%, not 0: {coder} codes strings of "
            "different lengths or mixtures with different efficiency"
        )
    if abs(gain.null_gain) > _CONTROL:
        found.append(
            f"the null gain is {100 * gain.null_gain:.1f}%, not 0, as large as that of sets that share nothing; read "
            "the excess gain"
        )
    if p_below < _BELOW and gain.excess_gain < 0:
        found.append(
            f"the excess gain is significantly below 0 (p {p_below:.3f}): {coder} codes Y after X worse than it codes "
            "a permuted Y, since the same bytes have other statistics in both"
        )
    return found


def _direction_warnings(coder: str, gain: JointGain) -> list[str]:
    """Return a warning if the joint code and the conditional code disagree about the saving."""
    saved = (gain.length_x - gain.length_x_given_y + gain.length_y - gain.length_y_given_x) / 2
    apart = abs(saved - gain.gain_bits)
    if not apart > max(
        _EXCESS_BITS,
        _DISAGREEMENT_OF_ALL * (gain.length_x + gain.length_y),
        _DISAGREEMENT * max(abs(saved), abs(gain.gain_bits)),
    ):
        return []
    return [
        f"{coder} saves {gain.gain_bits:,.0f} bits in the joint code, but {saved:,.0f} bits with the other set as the "
        "context (mean of L(Y)-L(Y|X) and L(X)-L(X|Y)); they should be equal, and its gain is not reliable"
    ]


def _odd_documents(side: str, each: Documents) -> list[str]:
    """Return a warning if the bits per byte of some documents lie far from those of the others."""
    if each.whole or len(each) < _FEW_BLOCKS:
        return []
    from scipy.ndimage import median_filter

    sizes = np.array([max(len(block), 1) for block in each.blocks], float)
    rates = _FAST._batch(each.blocks) / sizes
    by_size = np.argsort(sizes, kind="stable")  # short documents need more bits per byte
    rest = rates.copy()
    rest[by_size] -= median_filter(rates[by_size], size=_OF_LIKE_SIZE, mode="mirror")
    spread = max(1.4826 * float(np.median(np.abs(rest))), _LEAST_SPREAD)
    odd = np.flatnonzero(np.abs(rest) > _FAR * spread)
    if not len(odd) or len(odd) > _ODD_SHARE * len(each):
        return []
    worst = int(odd[np.argmax(np.abs(rest[odd]))])
    count = f"1 document of {side} needs" if len(odd) == 1 else f"{len(odd)} documents of {side} need"
    return [
        f"{count} far more or fewer bits per byte than the rest, such as number {each.places[worst]} "
        f"({rates[worst]:.2f} by {_FAST}, median {np.median(rates):.2f}): resampling says little of rare documents"
    ]


def diagnose_matrix(
    sets: Mapping[str, Any],
    relative_gain: NDArray[np.float64],
    *,
    coder: CoderLike = "mix",
    null_gain: NDArray[np.float64] | None = None,
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
    null_gain : ndarray of shape (n_sets, n_sets), optional
        The null gains of the matrix; NaN on the diagonal.

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
            f"{made!s} needs {-100 * relative_gain[row, column]:.1f}% more bits for {names[row]!r} and "
            f"{names[column]!r} jointly than separately: its statistics or its dictionary do not suit both"
        )
    layouts = layouts_of(made, list(items.values()))
    kinds: dict[str, list[str]] = {}
    for name, layout in zip(names, layouts or (), strict=False):
        kinds.setdefault(kind_of(layout), []).append(name)
    if len(kinds) > 1:
        listed = "; ".join(f"{kind}: {_listed(each)}" for kind, each in kinds.items())
        found.append(
            f"{made!s} gives the sets different layouts ({listed}), and codes sets of different layouts without each "
            "other: their gain is 0 by construction; one layout for all: --layout shared, layout='shared'"
        )
    if null_gain is not None and not np.isnan(null_gain).all():
        row, column = np.unravel_index(int(np.nanargmax(np.abs(null_gain))), null_gain.shape)
        if abs(null_gain[row, column]) > _CONTROL:
            found.append(
                f"null gains are up to {100 * null_gain[row, column]:.1f}% ({names[row]!r} and {names[column]!r}), "
                "not 0; read the excess gains"
            )
    blind = [
        name for name, gain in zip(names, relative_gain.diagonal(), strict=True) if gain < (1 - COPY_THRESHOLD) / 2
    ]
    if blind:
        found.append(
            f"{made!s} saves less than half of a repeated {_listed(blind)} (ideal 100%); compare gains with the "
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


def size_warnings(coder: str, size_x: int, size_y: int, gain: Gain, *, interval: bool = False) -> list[str]:
    """Return a warning if one set is so much longer than the other that their relative gain must be small."""
    if max(size_x, size_y) <= _SIZE_RATIO * min(size_x, size_y):
        return []
    large, small = ("X", "Y") if size_x > size_y else ("Y", "X")
    lengths = gain.length_x, gain.length_y
    most, part = min(lengths) / max(sum(lengths), 1), gain.gain_bits / max(min(lengths), 1)
    limited = "the gain in % and its interval cannot" if interval else "the gain in % cannot"
    return [
        f"{large} is {max(size_x, size_y) / min(size_x, size_y):,.0f} times as long as {small}: {limited} exceed "
        f"{100 * most:.2f}%; by {coder}, the gain is {100 * part:.1f}% of L({small})"
    ]


def _listed(names: list[str]) -> str:
    shown = " or ".join(map(repr, names[:3]))
    return shown if len(names) <= 3 else f"{shown} or {len(names) - 3} more"
