"""What psychologists of randomness measure: how likely a random source made a string, and where it looks simple."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_count, check_number
from kolmo._core.results import Result
from kolmo.complexity.coding_theorem import MAX_SYMBOLS, CodingTheoremTable, coding_theorem_table, index_of
from kolmo.complexity.strings import short_string
from kolmo.errors import DataError

if TYPE_CHECKING:
    from kolmo._core.tables import Table


@dataclass(frozen=True, kw_only=True)
class Randomness(Result):
    """How random a short string looks.

    Parameters
    ----------
    string : str
        The string.
    probability_if_random : float
        Probability that a random source with equal chances prints it: the same for every string of its length.
    probability_if_programmed : float
        Probability that a random program that prints this many symbols prints it.
    probability_random : float
        Posterior probability that its source was random.
    prior : float
        Prior probability of a random source.
    complexity_bits : float
        -log2 of the probability that a random program prints it, with the bits of the length.
    rank : int
        Rank of its complexity among all strings of its length, the simplest being 1; ties share the lowest rank.
    of : int
        Number of strings of its length.
    """

    string: str
    probability_if_random: float
    probability_if_programmed: float
    probability_random: float
    prior: float
    complexity_bits: float
    rank: int
    of: int

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        from kolmo._core.tables import Column, Table

        names = ("P(string | random)", "P(string | program)", "P(random | string)", "complexity (bits)", "rank")
        table = Table("Randomness of strings", [Column("string"), *(Column(name, numeric=True) for name in names)])
        for each in results:
            table.add(
                each.string,
                f"{each.probability_if_random:.3g}",
                f"{each.probability_if_programmed:.3g}",
                f"{each.probability_random:.3f}",
                f"{each.complexity_bits:.2f}",
                f"{each.rank:,} of {each.of:,}",
            )
        table.footers = [f"prior probability of a random source: {results[0].prior:g}"]
        return [table]


def string_randomness(data: Any, *, alphabet: str | int | None = None, prior: float = 0.5) -> Randomness:
    """Return how likely a short string came from a random source, by Bayes' rule.

    Two sequences of coin tosses are equally probable and not equally complex: a program prints the simple one far more
    often than chance, so that seeing it is evidence for a program.

    Parameters
    ----------
    data : str, bytes, or sequence of int
        The string: up to 12 bits, fewer symbols of larger alphabets.
    alphabet : {"bits"} or int, optional
        Size of the alphabet, 2 to 9; by default the smallest that holds the string.
    prior : float
        Prior probability of a random source, between 0 and 1.

    Returns
    -------
    Randomness

    References
    ----------
    Gauvrit, Singmann, Soler-Toscano and Zenil, "Algorithmic complexity for psychology: a user-friendly implementation
    of the coding theorem method", Behavior Research Methods, 2016.

    Examples
    --------
    >>> heads, mixed = string_randomness("111111111111"), string_randomness("011010001011")
    >>> heads.probability_if_random == mixed.probability_if_random
    True
    >>> heads.probability_random < 0.1 < mixed.probability_random
    True
    """
    check_number("prior", prior, 0, 1)
    symbols, table = _in_table(data, alphabet)
    if len(symbols) > table.longest:
        raise DataError(
            f"expected at most {table.longest} symbols of this alphabet, got {len(symbols)}; use local_complexity or "
            "block_complexity for a longer string"
        )
    sums = table.sums[len(symbols) - 1]
    programmed = float(sums[index_of(symbols, table.symbols)] / sums.sum())
    random = float(table.symbols) ** -len(symbols)
    both = prior * random + (1 - prior) * programmed
    complexities = table.complexities(len(symbols))
    own = float(complexities[index_of(symbols, table.symbols)])
    return Randomness(
        string="".join(map(str, symbols)),
        probability_if_random=random,
        probability_if_programmed=programmed,
        probability_random=prior * random / both,
        prior=float(prior),
        complexity_bits=own,
        rank=1 + int(np.sum(complexities < own - 1e-9)),
        of=len(sums),
    )


def prob_random(data: Any, *, alphabet: str | int | None = None, prior: float = 0.5) -> float:
    """Return the posterior probability that a random source made a short string; see `string_randomness`.

    Parameters
    ----------
    data : str, bytes, or sequence of int
        The string.
    alphabet : {"bits"} or int, optional
        Size of the alphabet.
    prior : float
        Prior probability of a random source.

    Examples
    --------
    >>> prob_random("000000000000") < prob_random("010110001110")
    True
    """
    return string_randomness(data, alphabet=alphabet, prior=prior).probability_random


def local_complexity(data: Any, *, window: int = 6, alphabet: str | int | None = None) -> NDArray[np.float64]:
    """Return the complexity of a string in a sliding window.

    Parameters
    ----------
    data : str, bytes, or sequence of int
        The string, of any length.
    window : int
        Number of symbols of the window.
    alphabet : {"bits"} or int, optional
        Size of the alphabet; by default the smallest that holds the string.

    Returns
    -------
    ndarray of shape (length - window + 1,)
        Bits, by the first symbol of the window.

    Examples
    --------
    >>> low, high = local_complexity("000000" + "010011", window=6)[[0, -1]]
    >>> bool(low < high)
    True
    """
    symbols, table = _in_table(data, alphabet)
    check_count("window", window, 1, table.longest)
    if window > len(symbols):
        raise DataError(f"window: expected at most the string's {len(symbols)} symbols, got {window}")
    complexities = table.complexities(window)
    ranks = [index_of(symbols[at : at + window], table.symbols) for at in range(len(symbols) - window + 1)]
    found: NDArray[np.float64] = complexities[ranks]
    return found


def _in_table(data: Any, alphabet: str | int | None) -> tuple[bytes, CodingTheoremTable]:
    string = short_string(data, alphabet)
    size = string.size
    if alphabet is None and size in (10, 256) and max(string.symbols) < MAX_SYMBOLS:
        size = max(2, max(string.symbols) + 1)
    if size > MAX_SYMBOLS:
        raise DataError(f"expected a string of at most {MAX_SYMBOLS} symbols, numbered from 0, got {string.alphabet}")
    return string.symbols, coding_theorem_table(size)
