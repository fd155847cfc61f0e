from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from kolmo.coders.program.codes import BitReader, Count, Delta, Every, Gamma, Period, Shifted, Step, Uniform
from kolmo.coders.program.machine import BIT_OPCODES, OPCODES, Machine
from kolmo.errors import DecodeError

FINITE = [
    *((Uniform(count), range(count)) for count in (1, 2, 3, 7, 8, 255, 256)),
    *((Period(size), range(1, size)) for size in (2, 3, 4, 7, 12, 45, 180)),
    *((Step(symbols), range(symbols)) for symbols in (3, 26, 33, 256)),
]


@pytest.mark.parametrize(("code", "values"), FINITE)
def test_finite_codes_are_complete(code: Any, values: range) -> None:
    words = [code.write(value) for value in values]
    assert sum(Fraction(1, 2 ** len(word)) for word in words) == 1
    for value, word in zip(values, words, strict=True):
        reader = BitReader(word + "1")
        assert (code.read(reader), reader.position) == (value, len(word))


@pytest.mark.parametrize(
    ("code", "first"),
    [(Gamma(), 1), (Delta(), 1), (Count(), 0), (Shifted(), 0), (Every(), 2)],
    ids=lambda value: type(value).__name__,
)
def test_codes_of_all_integers_are_decoded(code: Any, first: int) -> None:
    values = [*range(first, 700), 2**16, 2**20 + 1]
    words = [code.write(value) for value in values]
    assert sum(Fraction(1, 2 ** len(word)) for word in words) <= 1
    for value, word in zip(values, words, strict=True):
        assert code.read(BitReader(word)) == value
        with pytest.raises(DecodeError, match="truncated"):
            code.read(BitReader(word[:-1]))


@pytest.mark.parametrize("machine", [Machine(2), Machine(2, b"\1"), Machine(9), Machine(256), Machine(256, b"a")])
def test_opcodes_are_complete(machine: Machine) -> None:
    codes = machine.opcodes.values()
    assert sum(Fraction(1, 2 ** len(code)) for code in codes) == 1
    assert not any(a != b and b.startswith(a) for a in codes for b in codes)
    assert ("copy" in machine.opcodes) == bool(machine.context)
    assert set(machine.opcodes) <= set(BIT_OPCODES) | set(OPCODES)
