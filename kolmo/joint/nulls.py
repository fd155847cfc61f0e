"""The matched null: the gain of X with sets whose byte values mean nothing to X."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_choice
from kolmo.errors import DataError, ParameterError
from kolmo.joint.documents import Documents

NULLS = ("bytes", "cipher")
MIN_RANKED = 19
"""From this many null sets on, the p-value is a rank, and can be .05."""
_SMALL_ALPHABET = 4
"""The permutations of an alphabet up to this size are listed; of a larger one they are drawn."""
_COUNTED_ALPHABET = 12
"""An alphabet of this size has more permutations than are ever drawn."""
_BASES, _BASES_SHARE, _MIN_BASES = b"ACGT", 0.98, 3
"""Letters of DNA, their least share of its bytes, and the least number of different ones."""
_COMPLEMENT = (3, 2, 1, 0)
_LETTERS = bytes(range(ord("a"), ord("z") + 1))


@dataclass(frozen=True, kw_only=True)
class NullTest:
    """A gain compared with those of null sets.

    Parameters
    ----------
    mean : float
        Mean of the null gains; NaN without null sets.
    deviation : float
        Their standard deviation; NaN for fewer than two.
    p_value : float
        One-sided: the probability of a null gain as large as the gain.
    p_below : float
        The probability of a null gain as small as the gain.
    """

    mean: float
    deviation: float
    p_value: float
    p_below: float


def compare_with_null(
    gain: float, nulls: Sequence[float], *, ranked: bool = False, resolution: float = 0.0
) -> NullTest:
    """Compare a gain with those of null sets.

    Up to 18 null gains are taken as a sample of a normal distribution, of which the gain would be one more value:
    Student's t, with a standard deviation of at least `resolution`. For more, or if `ranked`, the p-value is the rank
    of the gain among them.

    Examples
    --------
    >>> compare_with_null(0.05, [0.01, 0.012, 0.008, 0.01]).p_value < 0.001
    True
    >>> compare_with_null(0.05, [0.01, 0.012, 0.008], ranked=True).p_value
    0.25
    """
    values = np.array(nulls, float)
    count = len(values)
    if not count:
        return NullTest(mean=math.nan, deviation=math.nan, p_value=math.nan, p_below=math.nan)
    mean, deviation = float(values.mean()), max(float(values.std(ddof=1)), resolution) if count > 1 else math.nan
    if ranked or count >= MIN_RANKED or not deviation > 0:
        above, below = (1 + int((sign * values >= sign * gain).sum()) for sign in (1, -1))
        return NullTest(
            mean=mean, deviation=deviation, p_value=above / (count + 1), p_below=min(1.0, below / (count + 1))
        )
    from scipy.stats import t

    score = (gain - mean) / (deviation * math.sqrt(1 + 1 / count))
    return NullTest(
        mean=mean, deviation=deviation, p_value=float(t.sf(score, count - 1)), p_below=float(t.cdf(score, count - 1))
    )


def null_tables(data: bytes, null: str, count: int, random: np.random.Generator) -> list[bytes]:
    """Return different permutations of the byte values of data, as tables of 256 bytes; none is the identity.

    Parameters
    ----------
    data : bytes
        The data.
    null : {"bytes", "cipher"}
        Permute all byte values that occur, or the letters a to z that occur, capitals like small letters. Of DNA, the
        letters ACGT are permuted, and the complement is left out too, since some coders look for it.
    count : int
        Number of permutations; fewer if the alphabet does not have as many.
    random : Generator
        Draws them.

    Examples
    --------
    >>> (table,) = null_tables(b"abab", "bytes", 8, np.random.default_rng(0))
    >>> b"abab".translate(table)
    b'baba'
    >>> len(null_tables(b"ACGT" * 99, "bytes", 99, np.random.default_rng(0)))
    22
    """
    counts = np.bincount(np.frombuffer(data, np.uint8), minlength=256)
    excluded: tuple[tuple[int, ...], ...] = ()
    bases = counts[list(_BASES)] + counts[list(_BASES.lower())]
    if bases.sum() > _BASES_SHARE * len(data) and np.count_nonzero(bases) >= _MIN_BASES:
        alphabet, excluded = list(_BASES), (_COMPLEMENT,)
    elif null == "cipher":
        alphabet = [letter for letter in _LETTERS if counts[letter] or counts[_upper(letter)]]
    else:
        alphabet = np.flatnonzero(counts).tolist()
    folded = bool(excluded) or null == "cipher"
    size = len(alphabet)
    identity = tuple(range(size))
    if size <= _SMALL_ALPHABET:
        listed = [order for order in itertools.permutations(identity) if order not in (identity, *excluded)]
        orders = [listed[place] for place in random.permutation(len(listed))[:count]]
    else:
        drawn: dict[tuple[int, ...], None] = {}
        most = math.factorial(min(size, _COUNTED_ALPHABET)) - 1
        while len(drawn) < min(count, most):
            order = tuple(random.permutation(size).tolist())
            if order != identity:
                drawn[order] = None
        orders = list(drawn)
    return [_table(alphabet, order, folded=folded) for order in orders]


def null_sets(ys: Documents, null: Any, count: int, random: np.random.Generator) -> tuple[str, list[Documents]]:
    """Return the name of the null, and its sets, each about as large as Y.

    Raises
    ------
    ParameterError
        If the null is unknown.
    DataError
        If a set of the user is empty.
    """
    if isinstance(null, str):
        check_choice("null", null, NULLS)
        return null, [ys.translated(table) for table in null_tables(b"".join(ys.blocks), null, count, random)]
    if not isinstance(null, list | tuple) or not null:
        raise ParameterError(
            f"null: expected {' or '.join(map(repr, NULLS))}, or a list of data sets, got {null!r:.60}"
        )
    size, sets = sum(map(len, ys.blocks)), []
    for number, data in enumerate(null):
        each = Documents.of(data, f"null set {number}", ys.between)
        whole = sum(map(len, each.blocks))
        sets.append(each.prefix(min(1.0, size / whole), range(len(each))))
        if 2 * whole < size:
            raise DataError(
                f"null set {number} holds {whole:,} bytes; expected about as many as Y, {size:,}, and at least half"
            )
    return "sets", sets


def null_warnings(name: str, null: str, count: int, n_permutations: int) -> list[str]:
    """Return a warning if there is no null for a set, or if its p-value cannot be small.

    Parameters
    ----------
    name : str
        The set that is permuted.
    null : {"bytes", "cipher", "sets"}
        What the null sets are.
    count : int
        Number of null sets.
    n_permutations : int
        Number of permutations asked for.

    Examples
    --------
    >>> null_warnings("Y", "bytes", 0, 8)
    ['the bytes of Y cannot be permuted, since fewer than two different ones occur: there is no null gain']
    """
    if null != "sets" and n_permutations and not count:
        what = "letters" if null == "cipher" else "bytes"
        return [
            f"the {what} of {name} cannot be permuted, since fewer than two different ones occur: there is no null gain"
        ]
    is_rank = null == "sets" or count == 1
    if is_rank and 0 < count < MIN_RANKED:
        unit = "null set" if null == "sets" else "permutation"
        more = f"; give {MIN_RANKED} or more" if null == "sets" else ""
        sets = f"{count} {unit}{'s' if count > 1 else ''}"
        return [f"with {sets} the p-value is at least {1 / (count + 1):.2f}, and never significant{more}"]
    return []


def _table(alphabet: list[int], order: tuple[int, ...], *, folded: bool) -> bytes:
    values: NDArray[np.uint8] = np.arange(256, dtype=np.uint8)
    for letter, place in zip(alphabet, order, strict=True):
        values[letter] = alphabet[place]
        if folded:
            values[_other_case(letter)] = _other_case(alphabet[place])
    return values.tobytes()


def _upper(letter: int) -> int:
    return letter - 32


def _other_case(letter: int) -> int:
    return letter ^ 32
