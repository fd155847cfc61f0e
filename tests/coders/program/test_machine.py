from __future__ import annotations

import random
import zlib
from typing import Any

import pytest
from random_programs import drawn_machine, drawn_node

from kolmo.coders.program.decoder import DECODER, decoder_bits
from kolmo.coders.program.machine import Machine, Node, literal, read_program, run_node, write_program
from kolmo.coders.program.text import format_program, parse_program
from kolmo.errors import DecodeError, ParameterError

DRAWN = random.Random(3)
PROGRAMS = [
    (machine, drawn_node(size, machine, DRAWN.randint(0, 3), DRAWN))
    for machine in (drawn_machine(DRAWN) for _ in range(20))
    for size in (0, 1, 2, 3, 7, 20, 45, 300)
    for _ in range(3)
]


def decode_minimal(bits: str, symbols: int, context: bytes = b"") -> bytes:
    """Return what a program prints, by the text of `DECODER` alone."""
    scope: dict[str, Any] = {"b": bits, "A": symbols, "c": list(context)}
    exec(DECODER, scope)
    return bytes(scope["r"])


def test_the_minimal_decoder_by_hand() -> None:
    assert decode_minimal("01101" + "010" + "0011", 2) == bytes([0, 0, 1, 1])


def test_bits_and_text_return_the_program() -> None:
    for machine, node in PROGRAMS:
        bits, printed = write_program(node, machine), run_node(node, machine).tobytes()
        assert len(printed) == node.size
        assert read_program(bits + "01", machine) == (node, len(bits))
        assert decode_minimal(bits, machine.symbols, machine.context) == printed
        if node.size:
            again = parse_program(format_program(node, machine.symbols), machine)
            assert run_node(again, machine).tobytes() == printed
        for cut in (0, len(bits) // 2, len(bits) - 1):
            with pytest.raises(DecodeError, match="truncated"):
                read_program(bits[:cut], machine)


def test_every_bit_string_is_a_program_or_truncated() -> None:
    for _ in range(2000):
        machine = drawn_machine(DRAWN)
        bits = format(DRAWN.getrandbits(80), "080b")
        try:
            node, used = read_program(bits, machine, max_size=1000)
        except DecodeError:
            continue
        assert used <= len(bits)
        assert len(run_node(node, machine)) == node.size
        assert write_program(node, machine) == bits[:used]


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ('"001"*15', "001" * 15),
        ('take(("0" + "1")*3, 5)', "01010"),
        ('morphism("01", "10", 8)', "01101001"),
        ('morphism("01", "0", 8)', "01001010"),
        ('patch("0"*5, 2)', "00100"),
        ('scan("1"*4)', "1010"),
        ('reverse(complement("0010"))', "1011"),
        ('interleave("000", "11")', "01010"),
        ('substitute("0"*7, 3, 1)', "0010010"),
    ],
)
def test_programs_on_bits_print_what_they_say(text: str, printed: str) -> None:
    node = parse_program(text, Machine(2))
    assert "".join(map(str, run_node(node, Machine(2)))) == printed


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("range(3, 4, 5)", [3, 7, 11, 15, 19]),
        ("mod(range(250, 3, 4), 7)", [5, 1, 0, 3]),
        ("step(scan(range(1, 1, 5)), 2)", [1, 6, 15]),
        ("add([1, 2] + [250], 10)", [11, 12, 4]),
        ("recurrence(1, 5, 3, 4)", [1, 8, 43, 218]),
    ],
)
def test_programs_on_bytes_print_what_they_say(text: str, printed: list[int]) -> None:
    assert run_node(parse_program(text, Machine(256)), Machine(256)).tolist() == printed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "001",
        '"001"*',
        '"002"*3',
        '"001"*0',
        "__import__('os').system('ls')",
        "range(0, 1, 5)",
        'step("0101", 2)',
        'take("01", 3)',
        'take(reverse("01"), 1)',
        "copy(0, 3)",
        'interleave("0", "111")',
        '"0"*99999999999',
        '("01"*9999999)*9999999',
        "(" * 300 + '"0"' + ")" * 300,
        "scan(" * 150 + '"01"' + ")" * 150,
        '"0"' + " + '1'" * 40_000,
        'morphism("01", "10", 9999999)',
        '"\x00"',
    ],
)
def test_texts_that_are_no_programs_are_refused(text: str) -> None:
    with pytest.raises(ParameterError, match=r"expected|is not a program"):
        run_node(parse_program(text, Machine(2)), Machine(2))


def test_a_program_cannot_take_too_much() -> None:
    deep = Node("literal", 4, (bytes(4),))
    for _ in range(12):  # each step reads five times as much as it prints
        deep = Node("step", 4, (5,), (deep,))
    machine = Machine(256)
    bits = machine.length_code.write(2**20) + machine.opcodes["step"] + "11"
    with pytest.raises(DecodeError, match="larger one"):
        read_program(bits + (machine.opcodes["step"] + "11") * 12 + "0" * 100, machine)
    with pytest.raises(DecodeError, match="at most 10 symbols"):
        read_program(write_program(literal(bytes(11)), machine), machine, max_size=10)


def test_the_constant_is_the_size_of_the_decoder() -> None:
    assert decoder_bits() == 8 * len(zlib.compress(DECODER.encode(), 9)) < 8 * 800
