from __future__ import annotations

import itertools

import pytest

from kolmo.coders.program.codes import BitReader
from kolmo.coders.program.machine import Machine, _Decoder, run_node
from kolmo.complexity import ProgramTable
from kolmo.errors import DecodeError, ParameterError


def all_programs(size: int, limit: int) -> dict[bytes, int]:
    """Return the shortest expression for every output of some size, by decoding every string of bits."""
    shortest: dict[bytes, int] = {}
    for bits in range(1, limit + 1):
        for digits in itertools.product("01", repeat=bits):
            reader = BitReader("".join(digits))
            try:
                node = _Decoder(reader, Machine(2)).node(size, 0)
            except DecodeError:
                continue
            if reader.position == bits:
                shortest.setdefault(run_node(node, Machine(2)).tobytes(), bits)
    return shortest


@pytest.mark.parametrize(("size", "limit"), [(8, 11), (11, 13), (16, 13)])
def test_the_table_is_that_of_all_programs(size: int, limit: int) -> None:
    expected = all_programs(size, limit)
    table = ProgramTable(size, limit + len(Machine(2).length_code.write(size)), seconds=600)
    assert table.limit is None
    for symbols, bits in expected.items():
        found = table.shortest(symbols)
        assert found is not None
        assert found[0] == bits + table.size_bits
        assert run_node(found[1], Machine(2)).tobytes() == symbols
    others = itertools.islice(
        (each for each in map(bytes, itertools.product((0, 1), repeat=size)) if each not in expected), 200
    )
    assert all(table.shortest(each) is None for each in others)


def test_known_strings_are_exact() -> None:
    table = ProgramTable(45, 30)
    found = table.shortest(bytes([0, 0, 1] * 15))
    assert found is not None
    assert found[0] == 22
    assert table.shortest(bytes(map(int, "010010101011010001011010010111000101011000111"))) is None


def test_limits_are_stated() -> None:
    full = ProgramTable(45, 44, memory=2**23)
    assert (full.limit, full.complete_bits < 44) == ("memory", True)
    late = ProgramTable(45, 44, seconds=1e-6)
    assert (late.limit, late.complete_bits < 44) == ("seconds", True)
    for arguments in ({"size": 64}, {"size": 0}, {"size": 5, "bits": 0}, {"size": 5, "memory": 10}):
        with pytest.raises(ParameterError):
            ProgramTable(**arguments)
    with pytest.raises(ParameterError, match="expected 45 symbols"):
        late.shortest(b"01")
