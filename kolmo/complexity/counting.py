"""The counting argument: how many strings can be shortened, and what coders need on the mean over all strings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from kolmo._core.checks import check_count
from kolmo._core.results import Result
from kolmo.coders.registry import coder as coder_of

if TYPE_CHECKING:
    from kolmo._core.tables import Table

_LONGEST = 14


@dataclass(frozen=True, kw_only=True)
class StringLengths(Result):
    """The code lengths of all strings of a number of bits by one coder.

    Parameters
    ----------
    coder : str
        The coder.
    length : int
        Number of bits of the strings.
    mean_bits : float
        Mean code length over all strings. No decodable coder has a mean below `length` by more than the bits that the
        length itself carries.
    shortest_bits, longest_bits : float
        Code lengths of the strings that suit the coder best and worst.
    shortened : int
        Number of strings whose code is shorter than `length`.
    shortened_by : dict of int to int
        For k = 1, 2, 4 and 8: number of strings shortened by at least k bits.
    limit : dict of int to int
        The same for any decodable coder: fewer than 2 ** (length - k + 1) strings have shorter codes.
    """

    coder: str
    length: int
    mean_bits: float
    shortest_bits: float
    longest_bits: float
    shortened: int
    shortened_by: dict[int, int]
    limit: dict[int, int]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        from kolmo._core.tables import Column, Table

        ks = list(results[0].limit)
        names = ["mean", "shortest", "longest", *(f"shortened by {k}" for k in ks)]
        title = f"Code lengths of all {2 ** results[0].length:,} strings of {results[0].length} bits"
        table = Table(title, [Column("coder"), *(Column(name, numeric=True) for name in names)])
        for each in results:
            bits = (f"{each.mean_bits:.2f}", f"{each.shortest_bits:.2f}", f"{each.longest_bits:.2f}")
            table.add(each.coder, *bits, *(f"{each.shortened_by[k]:,}" for k in ks))
        table.add("any coder", "", "", "", *(f"< {results[0].limit[k]:,}" for k in ks))
        return [table]


def all_string_lengths(length: int = 10, *, coders: Any = ("gzip", "mix", "program:effort=0")) -> list[StringLengths]:
    """Return the code lengths of all strings of a number of bits, for each coder: the No Free Lunch theorem as a table.

    Fewer than 2 ** (length - k + 1) codes are at most length - k bits long, so that few strings can be shortened, and
    what a coder gains on its own kind of string it pays on all others.

    Parameters
    ----------
    length : int
        Number of bits, 1 to 14.
    coders : sequence of str or Coder
        The coders; they are given the strings as texts of ``0`` and ``1``.

    Returns
    -------
    list of StringLengths

    References
    ----------
    Wolpert and Macready, "No free lunch theorems for optimization", IEEE Transactions on Evolutionary
    Computation, 1997.

    Examples
    --------
    >>> (program,) = all_string_lengths(4, coders=["program:effort=0"])
    >>> program.mean_bits > 4, program.shortened_by[1] < program.limit[1]
    (True, True)
    """
    check_count("length", length, 1, _LONGEST)
    strings = [format(number, f"0{length}b") for number in range(2**length)]
    steps = [k for k in (1, 2, 4, 8) if k <= length]
    found = []
    for spec in [coders] if isinstance(coders, str) else coders:
        coder = coder_of(spec)
        bits = coder.code_lengths(strings)
        found.append(
            StringLengths(
                coder=str(coder),
                length=length,
                mean_bits=float(bits.mean()),
                shortest_bits=float(bits.min()),
                longest_bits=float(bits.max()),
                shortened=int(np.sum(bits < length)),
                shortened_by={k: int(np.sum(bits <= length - k)) for k in steps},
                limit={k: 2 ** (length - k + 1) for k in steps},
            )
        )
    return found
