"""Random expressions of the reference machine."""

from __future__ import annotations

import random
from typing import Any

from kolmo.coders.program.machine import OPERATORS, Machine, Node, literal

_LEAVES = ("constant", "literal", "range", "recurrence", "copy", "morphism")


def drawn_node(size: int, machine: Machine, depth: int, drawn: random.Random) -> Node:
    """Return a random expression of some size, nested at most `depth` deep."""
    symbols = machine.symbols
    if size < 2:
        return literal(bytes(drawn.randrange(symbols) for _ in range(size)))
    names = [name for name in machine.opcodes if depth or name in _LEAVES]
    name = drawn.choice(names)
    numbers = _numbers(name, size, machine, drawn)
    operator = OPERATORS[name]
    parts = tuple(drawn_node(each, machine, depth - 1, drawn) for each in operator.sizes(size, *numbers))
    return Node(name, size, numbers, parts)


def _numbers(name: str, size: int, machine: Machine, drawn: random.Random) -> tuple[Any, ...]:
    symbols = machine.symbols

    def text(length: int) -> bytes:
        return bytes(drawn.randrange(symbols) for _ in range(length))

    count = 2 if symbols == 2 else drawn.randint(2, min(symbols, 4))
    numbers: dict[str, Any] = {
        "constant": (drawn.randrange(symbols),),
        "literal": (text(size),),
        "range": (drawn.randrange(symbols), drawn.randrange(symbols)),
        "recurrence": tuple(text(3)),
        "morphism": (tuple(text(drawn.randint(1, 4)) for _ in range(count)),),
        "copy": (drawn.randrange(len(machine.context) or 1),),
        "concat": (drawn.randint(1, size - 1),),
        "repeat": (drawn.randint(1, size - 1),),
        "add": (drawn.randrange(symbols),),
        "mod": (drawn.randint(1, symbols - 1),),
        "substitute": (drawn.randint(2, 12), drawn.randrange(symbols)),
        "patch": (drawn.randrange(size), drawn.randrange(symbols))[: 2 if symbols > 2 else 1],
        "step": (drawn.randint(2, 5),),
    }
    found: tuple[Any, ...] = numbers.get(name, ())
    return found


def drawn_machine(drawn: random.Random) -> Machine:
    """Return a machine with a random alphabet, and with or without a context."""
    symbols = drawn.choice([2, 2, 3, 9, 26, 256])
    return Machine(symbols, bytes(drawn.randrange(symbols) for _ in range(drawn.choice([0, 5, 33]))))
