"""The coder program: the shortest program found that prints the data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from kolmo._core.checks import check_number
from kolmo.coders.base import Coder, Decode, Encode, Meter
from kolmo.coders.limits import too_large
from kolmo.coders.program.codes import BitReader
from kolmo.coders.program.machine import MAX_SIZE, Machine, Node, read_program, run_node, write_program
from kolmo.coders.tags import CoderTags
from kolmo.errors import DataError, DecodeError

ALPHABETS = {"0": bytes(range(256)), "10": b"01", "110": b"abcdefghijklmnopqrstuvwxyz", "111": b"0123456789"}
"""The alphabets of data, by their prefix code: bytes, and texts of bits, letters and digits."""
MAX_EFFORT = 3600.0
_REMEMBERED = 2**13
"""Bytes of the largest data whose program is remembered."""


@dataclass(frozen=True, kw_only=True)
class Program(Coder):
    """The shortest program found on the reference machine of Kolmo, for short data.

    The code length is an upper bound on the Kolmogorov complexity for that machine, with 1 to 3 bits for the alphabet.
    Primed, a program may copy from the context, so the code length is an upper bound of K(y given x).

    Parameters
    ----------
    effort : float
        Work of the search for each item, in seconds of one core, roughly; it is counted in steps, so that equal data
        have equal code lengths.

    Examples
    --------
    >>> Program().code_length("001" * 15)
    24.0
    """

    effort: float = 0.02

    name: ClassVar[str] = "program"

    def __post_init__(self) -> None:
        check_number("effort", self.effort, 0.0, MAX_EFFORT)

    @property
    def tags(self) -> CoderTags:
        return CoderTags(parallel="processes", priming="native", slack_bits=7.0)

    def versions(self) -> dict[str, str]:
        return {}

    def _meter(self, context: bytes) -> Meter:
        return lambda data: float(len(self._bits(data, context)))

    def _encoder(self, context: bytes) -> Encode:
        def encode(data: bytes) -> bytes:
            bits = self._bits(data, context)
            size = -(-len(bits) // 8)
            return int(bits.ljust(8 * size, "0"), 2).to_bytes(size, "big")

        return encode

    def _decoder(self, context: bytes) -> Decode:
        def decode(payload: bytes, max_size: int) -> bytes:
            text = format(int.from_bytes(payload, "big"), f"0{8 * len(payload)}b") if payload else ""
            alphabet, rest = _read_alphabet(text)
            machine = machine_of(alphabet, context)
            node, used = read_program(rest, machine, max_size=MAX_SIZE)
            if node.size > max_size:
                raise too_large(max_size)
            if len(rest) - used > 7 or "1" in rest[used:]:
                raise DecodeError(f"{len(rest) - used:,} bits follow the end of the program; pass one complete stream")
            return run_node(node, machine).tobytes().translate(alphabet.ljust(256, b"\0"))

        return decode

    def _bits(self, data: bytes, context: bytes) -> str:
        if len(data) > MAX_SIZE:
            raise DataError(f"the coder program: expected at most {MAX_SIZE:,} bytes, got {len(data):,}")
        find = _remembered if len(data) <= _REMEMBERED else shortest_bits
        return find(data, context, self.effort)


def shortest_bits(data: bytes, context: bytes, effort: float) -> str:
    """Return the alphabet and the shortest program found, as bits."""
    found = []
    for code, alphabet in ALPHABETS.items():
        symbols = symbols_of(data, alphabet)
        if symbols is not None and (data or code == "0"):
            machine = machine_of(alphabet, context)
            found.append(code + write_program(_search(symbols, machine, effort), machine))
    return min(found, key=len)


_remembered = lru_cache(256)(shortest_bits)


def _search(symbols: bytes, machine: Machine, effort: float) -> Node:
    from kolmo.coders.program.search import search_program  # compiles kernels

    return search_program(symbols, machine, effort=effort)


def machine_of(alphabet: bytes, context: bytes) -> Machine:
    """Return the machine for an alphabet; a context with other symbols is not read."""
    return Machine(len(alphabet), symbols_of(context, alphabet) or b"")


def symbols_of(data: bytes, alphabet: bytes) -> bytes | None:
    """Return the places of the data's bytes in the alphabet, or None if one is not there."""
    if data.translate(None, alphabet):
        return None
    table = bytearray(256)
    for place, symbol in enumerate(alphabet):
        table[symbol] = place
    return data.translate(bytes(table))


def _read_alphabet(text: str) -> tuple[bytes, str]:
    reader, code = BitReader(text), ""
    while code not in ALPHABETS:
        code += reader.read(1)
    return ALPHABETS[code], text[reader.position :]
