from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest

from kolmo.coders.program.machine import Machine, write_program
from kolmo.coders.program.search import search_program
from kolmo.complexity import CodingTheoremTable, coding_theorem_table, compute_table
from kolmo.errors import DataError, ParameterError


def test_every_random_program_on_bits_prints_something() -> None:
    """The sums over all strings of a length are 1: the language is complete and total."""
    for sums in coding_theorem_table(2).sums:
        assert sums.sum() == pytest.approx(1, abs=1e-10)
    assert coding_theorem_table(2).longest == 12


def test_the_stored_table_is_the_computed_one() -> None:
    computed = compute_table(2, 7)
    stored = coding_theorem_table(2)
    for own, other in zip(computed.sums, stored.sums, strict=False):
        assert np.allclose(own, other, rtol=1e-9)


@pytest.mark.parametrize("symbols", [3, 9])
def test_sums_of_other_alphabets_stay_below_one(symbols: int) -> None:
    table = compute_table(symbols, 3)
    assert all(0.3 < sums.sum() < 1 for sums in table.sums)


def test_the_sum_is_below_the_shortest_program() -> None:
    table = coding_theorem_table(2)
    for number in (0, 1, 0b010101010101, 0b011010001011):
        symbols = bytes(map(int, format(number, "012b")))
        assert table.complexity(symbols) < len(
            write_program(search_program(symbols, Machine(2), effort=0.01), Machine(2))
        )
    assert len(set(np.round(table.complexities(12), 9))) == 4096, "no ties"


def test_tables_are_stored_without_pickles(tmp_path: Path) -> None:
    table = compute_table(3, 3)
    table.save(tmp_path / "table.npz")
    again = CodingTheoremTable.load(tmp_path / "table.npz")
    assert (again.symbols, again.longest) == (3, 3)
    assert all((a == b).all() for a, b in zip(table.sums, again.sums, strict=True))
    np.savez(tmp_path / "other.npz", symbols=3, length_1=np.zeros(2))
    np.savez(tmp_path / "pickled.npz", symbols=np.array([{}], dtype=object))
    (tmp_path / "text.npz").write_text("no table")
    for name in ("other.npz", "pickled.npz", "text.npz", "missing.npz"):
        with pytest.raises(DataError, match="expected a coding theorem table"):
            CodingTheoremTable.load(tmp_path / name)


def test_limits() -> None:
    for symbols, longest in ((1, 3), (10, 3), (2, 13), (9, 7), (2, 0)):
        with pytest.raises(ParameterError):
            compute_table(symbols, longest)
    with pytest.raises(ParameterError):
        coding_theorem_table(2).complexities(13)
    with pytest.raises(ParameterError, match="symbols from 0 to 1"):
        coding_theorem_table(2).complexity(bytes([0, 2]))


def test_damaged_tables_are_refused(tmp_path: Path) -> None:
    compute_table(2, 4).save(tmp_path / "table.npz")
    whole, random = (tmp_path / "table.npz").read_bytes(), np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(whole[: int(random.integers(1, len(whole) + 1))] if random.random() < 0.2 else whole)
        damaged[int(random.integers(len(damaged)))] ^= 1 << int(random.integers(8))
        with contextlib.suppress(DataError):
            CodingTheoremTable.load(io.BytesIO(damaged))
