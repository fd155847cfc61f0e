"""The shortest program found for a short string, with an interval for its complexity on the reference machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kolmo._core.checks import check_count, check_number
from kolmo._core.results import Result
from kolmo.coders.program.coder import MAX_EFFORT
from kolmo.coders.program.decoder import decoder_bits
from kolmo.coders.program.machine import Machine, Node, literal, read_program, run_node, write_program
from kolmo.coders.program.text import format_program, parse_program
from kolmo.complexity.strings import ShortString, short_string
from kolmo.errors import DataError

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

LONGEST = 2**16
"""Symbols of the longest string that is searched."""
_SHOWN = 60
_FRACTION_STRINGS = 4096


@dataclass(frozen=True, kw_only=True)
class ShortestProgram(Result):
    """The shortest program found for a string.

    Parameters
    ----------
    string : str
        The string, or its first symbols.
    alphabet : str
        The alphabet, which the program does not code.
    symbols : int
        Length of the string.
    bits : int
        Length of the program on the reference machine: an upper bound on the string's complexity.
    program : str
        The program as text.
    code : str
        The program as bits.
    interval : tuple of (int or None, int)
        Bounds of the shortest program's length. All shorter programs than the first were ruled out; None if none was.
        Equal numbers are the exact complexity on this machine.
    literal_bits : int
        Length of the program that states the string as it is.
    fraction : float or None
        Fraction of all strings of this length that are at most as complex, by the sum over all programs; None beyond
        the lengths of the table.
    effort : float
        Work of the search, in seconds.
    limit : str or None
        The limit that ended the exhaustive search early: ``"memory"`` or ``"seconds"``.
    decoder_bits : int
        Size of the machine's smallest decoder, compressed: the constant by which lengths on another machine may differ.
    """

    derived = ()
    question: ClassVar[str] = "How short can a program be that prints the string?"

    string: str
    alphabet: str
    symbols: int
    bits: int
    program: str
    code: str
    interval: tuple[int | None, int]
    literal_bits: int
    fraction: float | None
    effort: float
    limit: str | None
    decoder_bits: int
    _found: tuple[ShortString, Machine] = field(repr=False, compare=False)

    def run(self) -> str | bytes:
        """Return what the program prints, decoded from its bits: str for a str, otherwise bytes.

        Returns
        -------
        str or bytes

        Examples
        --------
        >>> shortest_program("001" * 15, effort=0.01).run() == "001" * 15
        True
        """
        string, machine = self._found
        return _run(self.code, string, machine)

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON values."""
        from kolmo._core.results import _json

        names = ("string", "alphabet", "symbols", "bits", "program", "code", "interval", "literal_bits", "fraction")
        return {name: _json(getattr(self, name)) for name in (*names, "effort", "limit", "decoder_bits")}

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        said = []
        for each in results[:4]:
            low, high = each.interval
            bound = (
                "no shorter program exists"
                if low == high
                else "shorter ones were not ruled out"
                if low is None
                else f"none of fewer than {low:,} bits does"
            )
            said.append(
                f"A program of {each.bits:,} bits prints the {each.symbols:,} symbols of {each.string}, and {bound} on "
                f"this machine; the string itself takes {each.literal_bits:,}."
            )
        return "\n".join(said)

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import BarChart

        return [
            BarChart(
                title="Length of the program and of the literal string",
                label="bits",
                names=[each.string for each in results],
                series={
                    "shortest program found": [each.bits for each in results],
                    "literal": [each.literal_bits for each in results],
                },
                intervals={"shortest program found": [(each.interval[0] or 0, each.interval[1]) for each in results]},
                form=",.0f",
            )
        ]

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        return [
            "Each program was run and prints its string: its length is an upper bound. The lower bound is by an "
            "enumeration of all shorter programs.",
            "On another machine lengths may differ by a constant; the decoder of this one takes "
            f"{decoder_bits():,} bits.",
        ]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        from kolmo._core.tables import Column, Table, number_cell

        numbers = ("symbols", "bits", "shortest", "literal", "fraction")
        columns = [Column("string"), Column("alphabet"), *(Column(name, numeric=True) for name in numbers)]
        table = Table("Shortest programs found, in bits", [*columns, Column("program")])
        for each in results:
            low, high = each.interval
            exact = f"{high}" if low == high else f"<= {high}" if low is None else f"{low} to {high}"
            fraction = number_cell(each.fraction, ".3g")
            sizes = (f"{each.symbols:,}", f"{each.bits:,}", exact, f"{each.literal_bits:,}", fraction)
            table.add(each.string, each.alphabet, *sizes, each.program)
        table.footers = [
            "bits = length of the program, which was run and prints the string; shortest = bounds of the shortest",
            "program's length, by exhaustive search; fraction = strings of this length that are at most as complex;",
            f"another machine's lengths may differ by a constant; this machine's decoder takes {decoder_bits():,} bits",
        ]
        table.footers += [
            f"the exhaustive search ended early at its limit of {limit}"
            for limit in dict.fromkeys(each.limit for each in results if each.limit)
        ]
        if verbose:
            table.footers += [f"{each.string}: {each.code[:2000]}" for each in results]
        return [table]


def shortest_program(
    data: Any,
    *,
    alphabet: str | int | None = None,
    context: Any = None,
    effort: float = 0.2,
    exhaustive_bits: int = 36,
    memory: int = 2**30,
    seconds: float = 30.0,
) -> ShortestProgram:
    """Return the shortest program found for a short string, and bounds on how short a program can be.

    Kolmogorov complexity is the length of the shortest program that prints a string. On the reference machine of Kolmo
    (see `kolmo.coders.program.machine`) the search gives an upper bound with the program as its certificate, and for
    bits the enumeration of all programs up to `exhaustive_bits` a lower bound.

    Parameters
    ----------
    data : str, bytes, or sequence of int
        The string.
    alphabet : {"bits", "letters", "digits", "bytes"} or int, optional
        The alphabet or its size; by default the smallest that holds the string's characters.
    context : str, bytes, or sequence of int, optional
        A string over the same alphabet that the program may copy from: the result bounds K(data given context).
    effort : float
        Work of the search in seconds of one core, roughly; it is counted in steps, so that equal calls have equal
        results.
    exhaustive_bits : int
        Length up to which all programs are enumerated, for up to 63 bits without a context; 0 for none.
    memory : int
        Bytes that the enumeration may take.
    seconds : float
        Time that the enumeration may take.

    Returns
    -------
    ShortestProgram

    Raises
    ------
    DataError
        If the string is empty, too long, or has symbols of another alphabet.

    References
    ----------
    Li and Vitanyi, "An Introduction to Kolmogorov Complexity and Its Applications", 4th edition, 2019.

    Examples
    --------
    >>> result = shortest_program("001" * 15, effort=0.01, exhaustive_bits=26)
    >>> result.bits, result.program, result.interval
    (22, '"001"*15', (22, 22))
    """
    check_number("effort", effort, 0.0, MAX_EFFORT)
    check_count("exhaustive_bits", exhaustive_bits, 0, 120)
    string = short_string(data, alphabet)
    if len(string.symbols) > LONGEST:
        raise DataError(
            f"expected a string of at most {LONGEST:,} symbols, got {len(string.symbols):,}; for long data use a coder "
            "such as mix"
        )
    machine = Machine(string.size, _context(context, string))
    low, limit = None, None
    node = _searched(string, machine, effort)
    if string.size == 2 and not machine.context and exhaustive_bits:
        node, low, limit = _exhausted(string.symbols, node, machine, exhaustive_bits, memory, seconds)
    code = write_program(node, machine)
    return ShortestProgram(
        string=_shown(string),
        alphabet=string.alphabet,
        symbols=len(string.symbols),
        bits=len(code),
        program=format_program(node, string.size),
        code=code,
        interval=(low, len(code)),
        literal_bits=len(write_program(literal(string.symbols), machine)),
        fraction=_fraction(string) if not machine.context else None,
        effort=float(effort),
        limit=limit,
        decoder_bits=decoder_bits(),
        _found=(string, machine),
    )


def run_program(program: str, *, alphabet: str | int = "bits", context: Any = None) -> str | bytes:
    """Return what a program in textual form prints, and so check it.

    Parameters
    ----------
    program : str
        The text, such as ``'"001"*15'``. It is parsed, not executed as Python.
    alphabet : {"bits", "letters", "digits", "bytes"} or int
        The alphabet or its size.
    context : str, bytes, or sequence of int, optional
        What ``copy`` reads.

    Returns
    -------
    str or bytes
        Bytes for the alphabet of bytes and for alphabets of more than ten symbols.

    Raises
    ------
    ParameterError
        If the text is not a program.

    Examples
    --------
    >>> run_program('"001"*3'), run_program("range(3, 4, 5)", alphabet="bytes")
    ('001001001', b'\\x03\\x07\\x0b\\x0f\\x13')
    """
    sample = short_string([0], alphabet)
    named = alphabet in ("bits", "letters", "digits") or (isinstance(alphabet, int) and alphabet <= 10)
    characters = short_string(b"a" if alphabet == "letters" else b"0", alphabet).characters
    string = ShortString(b"", sample.alphabet, sample.size, characters, named)
    machine = Machine(string.size, _context(context, string))
    return string.original(run_node(parse_program(program, machine), machine).tobytes())


def _context(context: Any, string: ShortString) -> bytes:
    if context is None:
        return b""
    alphabet = string.alphabet if string.alphabet in ("bits", "letters", "digits", "bytes") else string.size
    try:
        return short_string(context, alphabet).symbols
    except DataError as error:
        raise DataError(f"context: {error}") from None


def _searched(string: ShortString, machine: Machine, effort: float) -> Node:
    from kolmo.coders.program.search import search_program

    return search_program(string.symbols, machine, effort=effort)


def _exhausted(
    symbols: bytes, node: Node, machine: Machine, bits: int, memory: int, seconds: float
) -> tuple[Node, int | None, str | None]:
    """Return the shorter of a program and the best of all short ones, the lower bound, and the limit reached."""
    from kolmo.complexity.enumeration import ProgramTable
    from kolmo.complexity.enumeration_kernels import MAX_SIZE

    if len(symbols) > MAX_SIZE:
        return node, None, None
    found_bits = len(write_program(node, machine))
    table = ProgramTable(len(symbols), min(bits, found_bits), memory=memory, seconds=seconds)
    found = table.shortest(symbols)
    if found is None:
        return node, table.complete_bits + 1, table.limit
    return found[1], found[0], None


def _fraction(string: ShortString) -> float | None:
    from kolmo.complexity.coding_theorem import MAX_SYMBOLS, coding_theorem_table

    length = len(string.symbols)
    if string.size > MAX_SYMBOLS or string.size**length > _FRACTION_STRINGS:
        return None
    return coding_theorem_table(string.size, length).fraction(string.symbols)


def _shown(string: ShortString) -> str:
    data = string.original(string.symbols)
    text = data if isinstance(data, str) else data.hex(" ")
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def _run(code: str, string: ShortString, machine: Machine) -> str | bytes:
    return string.original(run_node(read_program(code, machine)[0], machine).tobytes())
