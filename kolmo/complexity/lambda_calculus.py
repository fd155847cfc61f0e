"""Binary lambda calculus: a second machine, whose shortest programs and busy beavers others have published.

A term is coded in bits (Tromp): ``00`` and the body for an abstraction, ``01`` and both terms for an application, i
ones and a zero for the i-th enclosing variable. Here a term is an int (the variable, the innermost being 0), a tuple of
the
body, or a tuple of two terms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

from kolmo._core.checks import check_count
from kolmo._core.progress import progress
from kolmo._core.results import Result
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    from kolmo._core.tables import Table

Term = Any
"""An int, a tuple of one term, or a tuple of two terms; `INPUT` stands for bits that are not read yet."""

INPUT = -1
MAX_BITS = 40
_BITS = (((1,),), ((0,),))
"""The bits 0 and 1 as terms: the first and the second of two arguments."""
_LISTED = 14
"""Size up to which terms are listed and remembered."""


@dataclass(frozen=True, kw_only=True)
class LambdaLevel(Result):
    """What the closed terms, or the programs, of one size come to.

    Parameters
    ----------
    bits : int
        Size of the terms, or of the programs with what they read.
    tried : int
        Number of terms of this size, or of pairs of a term and the bits that it asked for.
    normal : int
        Number of those with a normal form; for programs, one that holds no unread input.
    largest : int
        Size of the largest normal form in bits, the value of the busy beaver function; 0 if there is none.
    undecided : int
        Number of those that reached the limit of steps or size, most likely because they have no normal form.
    """

    bits: int
    tried: int
    normal: int
    largest: int
    undecided: int

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        from kolmo._core.tables import Column, Table

        names = ("bits", "tried", "normal forms", "largest (bits)", "undecided")
        table = Table("Lambda terms by size", [Column(name, numeric=True) for name in names])
        for each in results:
            numbers = (each.bits, each.tried, each.normal, each.largest, each.undecided)
            table.add(*(f"{number:,}" for number in numbers))
        return [table]


def term_bits(term: Term) -> int:
    """Return the size of a term in bits.

    Examples
    --------
    >>> term_bits((0,)), term_bits(((((1, 0),),), (0,)))
    (4, 17)
    """
    if isinstance(term, int):
        return term + 2
    if len(term) == 1:
        return 2 + term_bits(term[0])
    return 2 + term_bits(term[0]) + term_bits(term[1])


def parse_term(code: str) -> Term:
    """Return the closed term that a string of bits codes.

    Raises
    ------
    ParameterError
        If it is not one closed term.

    Examples
    --------
    >>> parse_term("0010"), parse_term("0000110")
    ((0,), ((1,),))
    """
    try:
        term, end = _parse(code, 0, 0)
    except (IndexError, RecursionError):
        term, end = None, -1
    if end != len(code) or set(code) - {"0", "1"}:
        raise ParameterError(f"expected the bits of one closed lambda term, such as 0010, got {code!r:.60}")
    return term


def _parse(code: str, at: int, depth: int) -> tuple[Term, int]:
    if code[at] == "0":
        first, end = _parse(code, at + 2, depth + (code[at + 1] == "0"))
        if code[at + 1] == "0":
            return (first,), end
        second, end = _parse(code, end, depth)
        return (first, second), end
    ones = 0
    while code[at + ones] == "1":
        ones += 1
    if ones > depth:
        raise IndexError
    return ones - 1, at + ones + 1


def closed_terms(bits: int) -> Iterator[Term]:
    """Yield the closed terms of a size.

    Examples
    --------
    >>> list(closed_terms(7)), len(list(closed_terms(20)))
    ([((1,),)], 883)
    """
    return _terms(bits, 0)


def _terms(bits: int, depth: int) -> Iterator[Term]:
    if bits <= _LISTED:
        yield from _listed(bits, depth)
    else:
        yield from _made(bits, depth)


@lru_cache(None)
def _listed(bits: int, depth: int) -> tuple[Term, ...]:
    return tuple(_made(bits, depth))


def _made(bits: int, depth: int) -> Iterator[Term]:
    if 0 <= bits - 2 < depth:
        yield bits - 2
    if bits < 4:
        return
    for body in _terms(bits - 2, depth + 1):
        yield (body,)
    for left in range(2, bits - 3):
        for function in _terms(left, depth):
            for argument in _terms(bits - 2 - left, depth):
                yield (function, argument)


def _substitute(term: Term, value: Term, depth: int) -> Term:
    """Return the term with the variable at `depth` replaced."""
    if isinstance(term, int):
        if term < depth:
            return term
        return _shift(value, depth, 0) if term == depth else term - 1
    if len(term) == 1:
        return (_substitute(term[0], value, depth + 1),)
    return (_substitute(term[0], value, depth), _substitute(term[1], value, depth))


def _shift(term: Term, by: int, depth: int) -> Term:
    if by == 0:
        return term
    if isinstance(term, int):
        return term + by if term >= depth else term
    if len(term) == 1:
        return (_shift(term[0], by, depth + 1),)
    return (_shift(term[0], by, depth), _shift(term[1], by, depth))


def _step(term: Term) -> Term | None:
    """Reduce the leftmost outermost redex; None for a normal form. Raises `_InputAskedError` where input is applied."""
    if isinstance(term, int):
        return None
    if len(term) == 1:
        body = _step(term[0])
        return None if body is None else (body,)
    function, argument = term
    if isinstance(function, tuple):
        if len(function) == 1:
            return _substitute(function[0], argument, 0)
        reduced = _step(function)
        if reduced is not None:
            return (reduced, argument)
    elif function == INPUT:
        raise _InputAskedError
    reduced = _step(argument)
    return None if reduced is None else (function, reduced)


class _InputAskedError(Exception):
    """The term applies its input, so that the next bit must be read."""

    def __init__(self, term: Term = None, steps: int = 0) -> None:
        super().__init__()
        self.term, self.steps = term, steps


def normal_form(term: Term, *, steps: int = 300, size: int = 20_000) -> Term | None:
    """Return the normal form of a term by leftmost outermost reduction, or None if a limit is reached.

    Parameters
    ----------
    term : Term
        A term without unread input.
    steps : int
        Largest number of reductions.
    size : int
        Largest size of a term on the way, in bits.

    Examples
    --------
    >>> normal_form(((0,), (0,)))
    (0,)
    """
    return _reduced(term, steps, size)[0]


def _reduced(term: Term, steps: int, size: int) -> tuple[Term | None, int]:
    """Return the normal form, or None at a limit, and the steps that are left. `_InputAskedError` has both too."""
    while steps:
        try:
            reduced = _step(term)
        except _InputAskedError:
            raise _InputAskedError(term, steps) from None
        except RecursionError:
            return None, 0
        if reduced is None:
            return term, steps
        term, steps = reduced, steps - 1
        if not steps % 4 and _exceeds(term, size):
            return None, 0
    return None, 0


def _exceeds(term: Term, size: int) -> bool:
    """Return whether a term is larger than a size; it may be nested too deeply to recurse."""
    waiting, total = [term], 0
    while waiting and total <= size:
        each = waiting.pop()
        if isinstance(each, tuple):
            waiting += each
        total += 2 + (each if isinstance(each, int) else 0)
    return total > size


def lambda_terms(longest: int = 24, *, programs: bool = False) -> list[LambdaLevel]:
    """Return what the lambda terms of every size come to: the number of normal forms, and the busy beavers.

    Parameters
    ----------
    longest : int
        Size of the largest terms in bits, up to 40: each further bit takes about twice as long; 30 bits take about
        half a minute for terms and two minutes for programs.
    programs : bool
        Whether to run self-delimiting programs, not closed terms: a closed term is applied to the list of the bits that
        follow it, which are read only when it asks for them, and the bits that it has read belong to its size.

    Returns
    -------
    list of LambdaLevel
        For each size from 4 on.

    References
    ----------
    Tromp, "Functional bits: lambda calculus based algorithmic information theory", 2023; OEIS A333479 (closed terms),
    A333958 (number of normal forms), A361211 (programs).

    Examples
    --------
    >>> [level.largest for level in lambda_terms(22)][-2:]
    [22, 24]
    """
    check_count("longest", longest, 4, MAX_BITS)
    counts = [_Counts() for _ in range(longest + 1)]
    with progress(longest, label="reducing lambda terms", unit="bits") as bar:
        for bits in range(4, longest + 1):
            for term in closed_terms(bits):
                if programs:
                    _run((term, INPUT), bits, counts)
                else:
                    counts[bits].add(normal_form(term))
            bar.update(1)
    return [counts[bits].level(bits) for bits in range(4, longest + 1)]


class _Counts:
    def __init__(self) -> None:
        self.tried = self.normal = self.largest = self.undecided = 0

    def add(self, found: Term | None) -> None:
        self.tried += 1
        if found is None:
            self.undecided += 1
        elif not _holds_input(found):
            self.normal += 1
            self.largest = max(self.largest, term_bits(found))

    def level(self, bits: int) -> LambdaLevel:
        return LambdaLevel(
            bits=bits, tried=self.tried, normal=self.normal, largest=self.largest, undecided=self.undecided
        )


def _run(term: Term, bits: int, counts: list[_Counts], steps: int = 300) -> None:
    """Count what a term comes to, with both next bits where it asks for one."""
    try:
        found = _reduced(term, steps, 20_000)[0]
    except _InputAskedError as asked:
        if bits + 1 < len(counts):
            for bit in _BITS:
                _run(_with_input(asked.term, (((0, bit), INPUT),)), bits + 1, counts, asked.steps)
        return
    counts[bits].add(found)


def _with_input(term: Term, value: Term) -> Term:
    """Return the term with the unread input replaced by a closed term."""
    if isinstance(term, int):
        return value if term == INPUT else term
    return tuple(_with_input(part, value) for part in term)


def _holds_input(term: Term) -> bool:
    if isinstance(term, int):
        return term == INPUT
    return any(_holds_input(part) for part in term)
