"""The reference machine: a small language of total programs, each of which prints a stated number of symbols.

A program is a length and an expression. The expression is told how many symbols to print and tells its parts how many
they print, so only a repetition and a concatenation hold a further length, nothing runs forever, and everything is cut
to size. The alphabet (the symbols 0 to `symbols` - 1) is given and not coded, as is the context that `copy` reads.
All arithmetic is modulo the number of symbols.
"""

# ruff: noqa: ARG001, ARG005 -- the entries of the table of operators share one signature
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.program.codes import BitReader, Code, Count, Every, Images, Literal, Period, Shifted, Step, Uniform
from kolmo.errors import DecodeError, ParameterError

Symbols = NDArray[np.uint8]

MAX_SIZE, MAX_WORK, MAX_DEPTH = 2**24, 2**26, 100
"""Bounds of every program: symbols that an expression prints, their sum over all expressions, and nesting."""


MAX_GROWTHS = 128
"""How often a morphism is applied at most; words that grow more slowly than that are printed over and over."""
_MORPHISM_WORK = 16
"""Steps that a symbol of a morphism counts for: words that stopped growing may still change."""


@dataclass(frozen=True, slots=True)
class Node:
    """An expression that prints `size` symbols.

    Parameters
    ----------
    operator : str
        A key of `OPERATORS`.
    size : int
        Number of symbols that it prints.
    numbers : tuple
        Its parameters: integers, the symbols of a literal (bytes), or the images of a morphism (tuple of bytes).
    parts : tuple of Node
        The expressions that it is applied to.
    """

    operator: str
    size: int
    numbers: tuple[Any, ...] = ()
    parts: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Machine:
    """The machine for one alphabet and one context.

    Parameters
    ----------
    symbols : int
        Size of the alphabet, 2 to 256.
    context : bytes
        Symbols that a program may copy from.
    """

    symbols: int = 2
    context: bytes = b""

    @property
    def length_code(self) -> Code:
        """The code of the length of the output: Elias delta for bits, a class code for other alphabets."""
        return Shifted() if self.symbols == 2 else Count()

    @property
    def opcodes(self) -> dict[str, str]:
        """The prefix code of the operators; `copy` has a codeword only if there is a context."""
        codes = BIT_OPCODES if self.symbols == 2 else OPCODES
        return codes if self.context else _WITHOUT_COPY[self.symbols == 2]


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator of the language.

    Parameters
    ----------
    fields : callable
        Returns the codes of its parameters for a size and a machine.
    sizes : callable
        Returns the sizes of its parts for its size and its parameters.
    run : callable
        Returns what it prints for its node, the outputs of its parts and the machine.
    """

    fields: Callable[[int, Machine], Sequence[Any]]
    sizes: Callable[..., tuple[int, ...]]
    run: Callable[[Node, list[Symbols], Machine], Symbols]


def _no_fields(size: int, machine: Machine) -> Sequence[Any]:
    return ()


def _no_parts(size: int, *numbers: Any) -> tuple[int, ...]:
    return ()


def _same_size(size: int, *numbers: Any) -> tuple[int, ...]:
    return (size,)


def _symbol(size: int, machine: Machine) -> Sequence[Any]:
    return (Uniform(machine.symbols),)


def _range(node: Node, parts: list[Symbols], machine: Machine) -> Symbols:
    start, step = node.numbers
    values = (start + step * np.arange(node.size, dtype=np.int64)) % machine.symbols
    printed: Symbols = values.astype(np.uint8)
    return printed


def _recurrence(node: Node, parts: list[Symbols], machine: Machine) -> Symbols:
    value, factor, add = node.numbers
    values: list[int] = []
    while value not in values and len(values) < node.size:
        values.append(value)
        value = (factor * value + add) % machine.symbols
    start = values.index(value) if value in values else 0  # of the cycle
    printed = np.empty(node.size, np.uint8)
    printed[:start] = values[:start]
    printed[start:] = np.resize(np.array(values[start:], np.uint8), node.size - start)
    return printed


def _morphism(node: Node, parts: list[Symbols], machine: Machine) -> Symbols:
    images = [np.frombuffer(each, np.uint8) for each in node.numbers[0]]
    images += [np.array([symbol], np.uint8) for symbol in range(len(images), machine.symbols)]
    sizes, every = np.array([len(each) for each in images]), np.concatenate(images)
    starts = np.cumsum(sizes) - sizes
    word = np.zeros(1, np.uint8)
    for _ in range(MAX_GROWTHS):
        if len(word) >= node.size:
            break
        ends = np.cumsum(sizes[word])
        word_used = word[: np.searchsorted(ends, node.size) + 1]  # the images of the rest are cut off
        used = sizes[word_used]
        first = np.repeat(starts[word_used] - np.cumsum(used) + used, used)
        longer = every[first + np.arange(len(first))]
        if np.array_equal(longer, word):
            break
        word = longer
    return np.resize(word, node.size)  # a word that does not grow is printed over and over


def _interleave(node: Node, parts: list[Symbols], machine: Machine) -> Symbols:
    printed = np.empty(node.size, np.uint8)
    printed[::2], printed[1::2] = parts
    return printed


def _substitute(node: Node, parts: list[Symbols], machine: Machine) -> Symbols:
    every, symbol = node.numbers
    printed = parts[0].copy()
    printed[every - 1 :: every] = symbol
    return printed


def _patch(node: Node, parts: list[Symbols], machine: Machine) -> Symbols:
    printed = parts[0].copy()
    place, symbol = node.numbers if machine.symbols > 2 else (node.numbers[0], 1 - printed[node.numbers[0]])
    printed[place] = symbol
    return printed


def _shift(node: Node, parts: list[Symbols], machine: Machine) -> Symbols:
    printed: Symbols = ((parts[0].astype(np.int64) + node.numbers[0]) % machine.symbols).astype(np.uint8)
    return printed


def _scan(node: Node, parts: list[Symbols], machine: Machine) -> Symbols:
    return (np.cumsum(parts[0], dtype=np.int64) % machine.symbols).astype(np.uint8)


def _copy(node: Node, parts: list[Symbols], machine: Machine) -> Symbols:
    context = np.frombuffer(machine.context, np.uint8)
    return np.resize(np.roll(context, -node.numbers[0]), node.size)


OPERATORS = {
    "constant": Operator(
        _symbol, _no_parts, lambda node, parts, machine: np.full(node.size, node.numbers[0], np.uint8)
    ),
    "literal": Operator(
        lambda size, machine: (Literal(size, machine.symbols),),
        _no_parts,
        lambda node, parts, machine: np.frombuffer(node.numbers[0], np.uint8),
    ),
    "range": Operator(lambda size, machine: (Uniform(machine.symbols), Step(machine.symbols)), _no_parts, _range),
    "recurrence": Operator(lambda size, machine: (Uniform(machine.symbols),) * 3, _no_parts, _recurrence),
    "morphism": Operator(lambda size, machine: (Images(machine.symbols),), _no_parts, _morphism),
    "copy": Operator(lambda size, machine: (Uniform(len(machine.context)),), _no_parts, _copy),
    "concat": Operator(
        lambda size, machine: (Uniform(size - 1, 1),),
        lambda size, first: (first, size - first),
        lambda node, parts, machine: np.concatenate(parts),
    ),
    "repeat": Operator(
        lambda size, machine: (Period(size),),
        lambda size, period: (period,),
        lambda node, parts, machine: np.resize(parts[0], node.size),
    ),
    "interleave": Operator(_no_fields, lambda size: (-(-size // 2), size // 2), _interleave),
    "reverse": Operator(_no_fields, _same_size, lambda node, parts, machine: parts[0][::-1]),
    "complement": Operator(_no_fields, _same_size, lambda node, parts, machine: machine.symbols - 1 - parts[0]),
    "scan": Operator(_no_fields, _same_size, _scan),
    "add": Operator(_symbol, _same_size, _shift),
    "mod": Operator(
        lambda size, machine: (Uniform(machine.symbols - 1, 1),),
        _same_size,
        lambda node, parts, machine: parts[0] % node.numbers[0],
    ),
    "substitute": Operator(lambda size, machine: (Every(), Uniform(machine.symbols)), _same_size, _substitute),
    "patch": Operator(
        lambda size, machine: (Uniform(size), Uniform(machine.symbols))[: 2 if machine.symbols > 2 else 1],
        _same_size,
        _patch,
    ),
    "step": Operator(
        lambda size, machine: (Uniform(4, 2),),
        lambda size, step: (step * (size - 1) + 1,),
        lambda node, parts, machine: parts[0][:: node.numbers[0]],
    ),
}
"""The language. An expression of one symbol is a literal, without an opcode."""


def _canonical(*groups: str) -> dict[str, str]:
    """Return the canonical prefix code of operators, those of the n-th group with codewords of n + 1 bits."""
    codes, number = {}, 0
    for width, names in enumerate(groups, 2):
        number <<= 1
        for name in names.split():
            codes[name] = format(number, f"0{width}b")
            number += 1
    return codes


BIT_OPCODES = _canonical(
    "constant",  # and the symbol: runs of 0 and of 1 have codes of 3 bits
    "literal concat repeat morphism",
    "patch",
    "reverse complement interleave scan substitute copy",
)
"""Opcodes on bits. Without `step` no part is longer than the output, so that an exhaustive search is exact."""

OPCODES = _canonical(
    "range",
    "literal concat repeat",
    "scan substitute interleave mod",
    "reverse step",
    "add patch",
    "recurrence morphism complement copy",
)
"""Opcodes on all other alphabets."""

_WITHOUT_COPY = (
    _canonical(
        "range",
        "literal concat repeat",
        "scan substitute interleave mod",
        "reverse step",
        "add patch complement",
        "recurrence morphism",
    ),
    _canonical("constant", "literal concat repeat morphism", "patch substitute", "reverse complement interleave scan"),
)
"""Opcodes without a context: the codeword of `copy` shortens that of another operator."""


def steps_of(operator: str, size: int) -> int:
    """Return the steps that an expression takes without its parts, as `MAX_WORK` counts them."""
    return _MORPHISM_WORK * size if operator == "morphism" else size


def literal(symbols: bytes) -> Node:
    """Return the literal of some symbols."""
    return Node("literal", len(symbols), (symbols,))


def write_program(node: Node, machine: Machine) -> str:
    """Return the program as bits: its length, its expression."""
    return machine.length_code.write(node.size) + write_node(node, machine)


def write_node(node: Node, machine: Machine) -> str:
    """Return the bits of an expression whose size is known."""
    if node.size < 2:
        return Literal(node.size, machine.symbols).write(run_node(node, machine).tobytes())
    if node.operator not in machine.opcodes:
        raise ParameterError(f"{node.operator}: expected an operator of this alphabet: {', '.join(machine.opcodes)}")
    codes = OPERATORS[node.operator].fields(node.size, machine)
    fields = "".join(code.write(value) for code, value in zip(codes, node.numbers, strict=False))
    return machine.opcodes[node.operator] + fields + "".join(write_node(part, machine) for part in node.parts)


def node_bits(node: Node, machine: Machine) -> int:
    """Return the bits of an expression whose size is known."""
    return len(write_node(node, machine))


def read_program(bits: str, machine: Machine, *, max_size: int = MAX_SIZE) -> tuple[Node, int]:
    """Return the program at the front of `bits` and the number of bits that it takes.

    Raises
    ------
    DecodeError
        If the bits end within the program, or it would print more than `max_size` symbols or take too much work.
    """
    reader = BitReader(bits)
    size = machine.length_code.read(reader)
    if size > max_size:
        raise DecodeError(f"expected a program that prints at most {max_size:,} symbols, got one of {size:,}")
    node = _Decoder(reader, machine).node(size, 0)
    return node, reader.position


class _Decoder:
    def __init__(self, bits: BitReader, machine: Machine) -> None:
        self.bits, self.machine, self.work = bits, machine, 0
        self.operators = {code: name for name, code in machine.opcodes.items()}

    def node(self, size: int, depth: int) -> Node:
        self._count(size, size, depth)
        if size < 2:
            return literal(Literal(size, self.machine.symbols).read(self.bits))
        code = self.bits.read(2)
        while code not in self.operators:
            code += self.bits.read(1)
        name = self.operators[code]
        operator = OPERATORS[name]
        self._count(size, steps_of(name, size) - size, depth)
        numbers = tuple(field.read(self.bits) for field in operator.fields(size, self.machine))
        parts = tuple(self.node(each, depth + 1) for each in operator.sizes(size, *numbers))
        return Node(name, size, numbers, parts)

    def _count(self, size: int, steps: int, depth: int) -> None:
        self.work += steps
        if size > MAX_SIZE or self.work > MAX_WORK or depth > MAX_DEPTH:
            raise DecodeError(
                f"expected a program of at most {MAX_DEPTH} nested expressions and {MAX_WORK:,} steps, got a larger one"
            )


def run_node(node: Node, machine: Machine) -> Symbols:
    """Return what an expression prints."""
    parts = [run_node(part, machine) for part in node.parts]
    printed = OPERATORS[node.operator].run(node, parts, machine)
    if len(printed) != node.size:
        raise ParameterError(f"{node.operator}: expected {node.size} symbols, got {len(printed)}")
    return printed
