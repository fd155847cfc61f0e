from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from random_programs import drawn_node

from kolmo import coder
from kolmo.coders.program.machine import Machine, literal, run_node, write_program
from kolmo.coders.program.search import search_program
from kolmo.coders.program.text import format_program, parse_program
from kolmo.errors import DecodeError, ParameterError


def bits_of(symbols: bytes, machine: Machine, effort: float = 0.02) -> int:
    node = search_program(symbols, machine, effort=effort)
    assert run_node(node, machine).tobytes() == symbols
    return len(write_program(node, machine))


FIBONACCI = "0100101001001010010100100101001001"
THUE_MORSE = "".join(str(number.bit_count() & 1) for number in range(32))
IRREGULAR = "0100101010110100010110100101110001010110001111"


@pytest.mark.parametrize(
    ("string", "bar"),
    [("001" * 15, 22), (IRREGULAR, 60), (THUE_MORSE, 24), (FIBONACCI, 22), ("001" * 7 + "011" + "001" * 7, 33)],
)
def test_known_strings_have_short_programs(string: str, bar: int) -> None:
    assert bits_of(bytes(map(int, string)), Machine(2)) <= bar


@pytest.mark.parametrize(
    "program",
    [
        "range(3, 4, 90)",
        "mod(range(130, 4, 34), 99)",
        "add(mod(range(12, 3, 36), 31), 194)",
        "scan(scan(range(27, 4, 33)))",
        "add(scan(range(81, 6, 29)), 248)",
        "mod(scan(range(17, 5, 40)), 60)",
        "mod(scan([3, 90, 7]*16), 100)",
        "step(range(20, 12, 34)*7, 3)",
        "step(scan(range(9, 4, 19)*5), 2)",
        "scan(substitute(range(226, 8, 34), 8, 14))",
        "substitute(range(16, 5, 29), 6, 108)",
        "patch(range(7, 3, 50), 20, 99)",
        "patch([3, 90, 7]*16, 20, 99)",
        "reverse(scan(mod(range(55, 5, 16), 67)))",
        "interleave(range(144, 14, 22), range(157, 15, 22))",
        "recurrence(7, 77, 35, 60)",
        "mod(mod(range(20, 7, 40), 97), 31)",
        "mod(mod(scan(range(20, 7, 40)), 97), 31)",
        "add(mod(mod(range(20, 7, 40), 97), 31), 60)",
        "step(substitute(range(26, 5, 91), 5, 99), 2)",
        "step(substitute(scan(range(26, 5, 91)), 5, 99), 2)",
    ],
)
def test_a_program_is_found_again(program: str) -> None:
    found_again(program, 0.2)


@pytest.mark.slow
@pytest.mark.parametrize(
    "program",
    [
        "mod(scan(mod(range(74, 8, 31), 97)), 90)",
        "mod(scan(scan(mod(range(4, 3, 31), 17))), 50)",
        "mod(scan(substitute(range(26, 5, 40), 5, 99)), 70)",
        "substitute(mod(scan(mod(range(74, 8, 31), 97)), 90), 4, 12)",
        "reverse(mod(mod(range(20, 7, 40), 97), 31))*2",
    ],
)
def test_a_program_is_found_again_in_two_seconds(program: str) -> None:
    found_again(program, 2.0)


def found_again(program: str, effort: float) -> None:
    machine = Machine(256)
    node = parse_program(program, machine)
    symbols = run_node(node, machine).tobytes()
    assert bits_of(symbols, machine, effort) <= len(write_program(node, machine))


def test_no_program_is_longer_than_the_literal_and_equal_calls_agree() -> None:
    drawn = random.Random(4)
    for symbols in (2, 4, 26, 256):
        machine = Machine(symbols)
        for size in (1, 2, 3, 17, 40, 300, 3000):
            data = bytes(drawn.randrange(symbols) for _ in range(size))
            assert bits_of(data, machine, 0.005) <= len(write_program(literal(data), machine))
        node = drawn_node(40, machine, 3, drawn)
        data = run_node(node, machine).tobytes()
        again = [search_program(data, machine, effort=0.02) for _ in range(2)]
        assert again[0] == again[1]


def test_random_strings_stay_above_the_counting_bound() -> None:
    drawn = random.Random(5)
    shortest = min(bits_of(bytes(drawn.randrange(2) for _ in range(45)), Machine(2), 0.002) for _ in range(60))
    assert shortest >= 45 - 6 - 10, "a string is d bits shorter with probability below 2**-d"


def test_a_program_copies_from_the_context() -> None:
    drawn = random.Random(6)
    context = drawn.randbytes(200)
    data = context[50:90] + b"!" + context[10:40]
    plain = coder("program:effort=0.005")
    primed = plain.prime(context)
    assert primed.code_length(data) < 80 < plain.code_length(data)
    assert primed.decompress(primed.compress(data)) == data


def test_the_coder_chooses_the_alphabet() -> None:
    program = coder("program")
    assert program.code_length("001" * 15) == 22 + 2
    assert program.code_length("abcabcabcabcabc") < program.code_length("aXcaXcaXcaXcaXc")
    assert program.code_length("0123456789") < 45
    best = coder("best:coders=gzip+program:effort=0.001")
    assert best.code_length("01" * 40) <= program.code_length("01" * 40) + 1


def test_damaged_streams_and_parameters_are_refused() -> None:
    with pytest.raises(DecodeError):
        coder("program").decompress(b"\xff\xff\xff\xff\xff")
    for effort in (-1, "much", float("nan")):
        with pytest.raises(ParameterError, match="effort"):
            coder("program", effort=effort)


@pytest.mark.realdata
@pytest.mark.slow
def test_generated_sequences_have_short_programs(data_dir: Path) -> None:
    path = data_dir / "programs" / "sequences.jsonl"
    if not path.exists():
        pytest.skip(f"{path} is missing: sequences made by a random generator of programs")
    rows = [json.loads(line) for line in path.read_text().splitlines()][::10]
    data = [bytes.fromhex(row["hex"]) for row in rows]
    found = [search_program(each, Machine(256), effort=0.05) for each in data]
    bits = sum(len(write_program(node, Machine(256))) for node in found)
    assert bits / sum(8 * len(each) for each in data) < 0.19
    for node, each in zip(found, data, strict=True):
        text = format_program(node, 256)
        assert run_node(parse_program(text, Machine(256)), Machine(256)).tobytes() == each
