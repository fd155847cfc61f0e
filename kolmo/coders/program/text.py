"""The textual form of programs, such as ``"001"*15``: every size is written out, so that anyone can evaluate it."""

# ruff: noqa: ARG005 -- the entries of the table of operators share one signature
from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable
from typing import Any

from kolmo.coders.program.machine import MAX_DEPTH, MAX_SIZE, MAX_WORK, OPERATORS, Machine, Node, literal, steps_of
from kolmo.errors import ParameterError

MAX_TEXT = 100_000
"""Characters of the longest program that is parsed."""

_UNARY = ("reverse", "complement", "scan", "add", "mod", "substitute", "patch", "step")
_LEAVES = ("range", "recurrence", "morphism", "copy")


def format_program(node: Node, symbols: int) -> str:
    """Return an expression as text.

    Literals of bits are written ``"001"``, those of other alphabets ``[31, 35]``; ``X*15`` repeats and ``X + Y``
    concatenates; the last argument of ``range(start, step, count)``, ``recurrence(first, factor, add, count)``,
    ``morphism(images, count)`` and ``copy(start, count)`` is the size; ``take(X, n)`` is the first n symbols of X.

    Examples
    --------
    >>> format_program(Node("repeat", 45, (3,), (literal(bytes([0, 0, 1])),)), 2)
    '"001"*15'
    """
    name, parts = node.operator, [format_program(part, symbols) for part in node.parts]
    if name == "literal":
        return _literal(node.numbers[0], symbols)
    if name == "constant":
        return f"{_literal(bytes(node.numbers), symbols)}*{node.size}"
    if name == "concat":
        return " + ".join(parts)
    if name == "repeat":
        inner = f"({parts[0]})" if node.parts[0].operator == "concat" else parts[0]
        times, rest = divmod(node.size, node.numbers[0])
        return f"take({inner}*{times + 1}, {node.size})" if rest else f"{inner}*{times}"
    numbers = [each for number in node.numbers for each in _arguments(number, symbols)]
    return f"{name}({', '.join([*parts, *numbers, *([str(node.size)] if name in _LEAVES else [])])})"


def _arguments(number: Any, symbols: int) -> list[str]:
    return [_literal(each, symbols) for each in number] if isinstance(number, tuple) else [str(number)]


def _literal(value: bytes, symbols: int) -> str:
    return '"' + "".join(map(str, value)) + '"' if symbols == 2 else str(list(value))


def parse_program(text: str, machine: Machine) -> Node:
    """Return the expression that a text states.

    Parameters
    ----------
    text : str
        As `format_program` writes it. It is parsed, not executed.
    machine : Machine
        The machine, for the alphabet.

    Raises
    ------
    ParameterError
        If it is not a program of this alphabet, or one that is too large; the message states where.

    Examples
    --------
    >>> parse_program('"001"*15', Machine(2)).size
    45
    """
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        raise ParameterError(f"expected a program as text of at most {MAX_TEXT:,} characters, got {text!r:.60}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ParameterError(f'expected a program such as "001"*15, its strings in quotes, got {text!r:.60}') from None
    return _Parser(machine).node(tree, 0)


class _Parser:
    def __init__(self, machine: Machine) -> None:
        self.machine, self.symbols, self.work = machine, machine.symbols, 0

    def node(self, tree: ast.expr, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise ParameterError(f"expected a program of at most {MAX_DEPTH} nested expressions, got a deeper one")
        node = self._node(tree, depth)
        self.work += steps_of(node.operator, node.size)
        if node.size > MAX_SIZE or self.work > MAX_WORK:
            raise ParameterError(f"expected a program of at most {MAX_WORK:,} steps, got a larger one")
        return node

    def _node(self, tree: ast.expr, depth: int) -> Node:
        if isinstance(tree, ast.Constant | ast.List):
            return literal(self._symbols(tree))
        if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add):
            first, second = self.node(tree.left, depth + 1), self.node(tree.right, depth + 1)
            if not first.size or not second.size:
                raise self._wrong(tree)
            return Node("concat", first.size + second.size, (first.size,), (first, second))
        if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Mult):
            return self._repeat(self.node(tree.left, depth + 1), self._integer(tree.right, 1, MAX_SIZE))
        if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and not tree.keywords:
            return self._call(tree.func.id, tree, depth)
        raise self._wrong(tree)

    def _symbols(self, tree: ast.expr) -> bytes:
        if isinstance(tree, ast.List):
            return bytes(self._integer(each, 0, self.symbols - 1) for each in tree.elts)
        value = tree.value if isinstance(tree, ast.Constant) else None
        if not isinstance(value, str) or self.symbols > 10 or set(value) - set("0123456789"[: self.symbols]):
            raise self._wrong(tree)
        return bytes(map(int, value))

    def _repeat(self, part: Node, times: int) -> Node:
        if not part.size:
            return part
        if times == 1:
            return part
        size = part.size * times
        if self.symbols == 2 and part.size == 1:
            return Node("constant", size, (part.numbers[0][0],))
        return Node("repeat", size, (part.size,), (part,))

    def _call(self, name: str, tree: ast.Call, depth: int) -> Node:
        arguments = tree.args
        if name == "take" and len(arguments) == 2:
            part = self.node(arguments[0], depth + 1)
            return cut(part, self._integer(arguments[1], 1, part.size))
        if name in _LEAVES and len(arguments) > 1:
            size = self._integer(arguments[-1], 1, MAX_SIZE)
            return self._leaf(name, size, arguments[:-1], tree)
        if name == "interleave" and len(arguments) == 2:
            parts = tuple(self.node(each, depth + 1) for each in arguments)
            size = parts[0].size + parts[1].size
            if size > 1 and OPERATORS[name].sizes(size) == tuple(part.size for part in parts):
                return Node(name, size, (), parts)
        elif name in _UNARY and arguments:
            part = self.node(arguments[0], depth + 1)
            if not part.size:
                raise self._wrong(tree)
            return self._unary(name, part, arguments[1:], tree)
        raise self._wrong(tree)

    def _leaf(self, name: str, size: int, arguments: list[ast.expr], tree: ast.expr) -> Node:
        last = self.symbols - 1
        if name == "morphism":
            images = tuple(self._symbols(each) for each in arguments)
            if not all(images) or not (len(images) == 2 or 2 <= len(images) <= self.symbols > 2):
                raise self._wrong(tree)
            return self._made(name, size, (images,), (), tree)
        if name == "copy" and len(arguments) == 1 and self.machine.context:
            return self._made(name, size, (self._integer(arguments[0], 0, len(self.machine.context) - 1),), (), tree)
        if len(arguments) == {"range": 2, "recurrence": 3}.get(name):
            return self._made(name, size, tuple(self._integer(each, 0, last) for each in arguments), (), tree)
        raise self._wrong(tree)

    def _unary(self, name: str, part: Node, arguments: list[ast.expr], tree: ast.expr) -> Node:
        last, size = self.symbols - 1, part.size
        limits = {
            "add": [(0, last)],
            "mod": [(1, last)],
            "substitute": [(2, MAX_SIZE), (0, last)],
            "patch": [(0, size - 1), (0, last)][: 2 if self.symbols > 2 else 1],
            "step": [(2, 5)],
        }.get(name, [])
        if len(arguments) != len(limits):
            raise self._wrong(tree)
        numbers = tuple(self._integer(each, *limit) for each, limit in zip(arguments, limits, strict=True))
        if name == "step":
            size = -(-size // numbers[0])
            part = cut(part, numbers[0] * (size - 1) + 1)
        return self._made(name, size, numbers, (part,), tree)

    def _made(self, name: str, size: int, numbers: tuple[Any, ...], parts: tuple[Node, ...], tree: ast.expr) -> Node:
        if name not in self.machine.opcodes:
            raise ParameterError(f"{name}: expected an operator of this alphabet: {', '.join(self.machine.opcodes)}")
        return Node(name, size, numbers, parts)

    def _integer(self, tree: ast.expr, low: int, high: int) -> int:
        value = tree.value if isinstance(tree, ast.Constant) else None
        if type(value) is not int or not low <= value <= high:
            raise ParameterError(f"expected an integer from {low:,} to {high:,}, got {ast.unparse(tree)[:60]!r}")
        return value

    def _wrong(self, tree: ast.expr) -> ParameterError:
        what = "bits" if self.symbols == 2 else f"{self.symbols} symbols"
        return ParameterError(
            f"expected a program over {what}, such as {'001' if self.symbols == 2 else [0, 1]!r}*15, "
            f"got {ast.unparse(tree)[:60]!r}"
        )


_CUT_WITH_PARTS: dict[str, Callable[[Node, int], tuple[int, ...]]] = {
    "scan": lambda node, size: (size,),
    "add": lambda node, size: (size,),
    "mod": lambda node, size: (size,),
    "complement": lambda node, size: (size,),
    "substitute": lambda node, size: (size,),
    "interleave": lambda node, size: OPERATORS["interleave"].sizes(size),
    "step": lambda node, size: OPERATORS["step"].sizes(size, *node.numbers),
}


def cut(node: Node, size: int) -> Node:
    """Return an expression for the first `size` symbols of what a node prints.

    Examples
    --------
    >>> cut(Node("range", 90, (3, 4)), 20)
    Node(operator='range', size=20, numbers=(3, 4), parts=())
    """
    if size == node.size:
        return node
    if node.operator == "literal":
        return literal(node.numbers[0][:size])
    if node.operator == "concat":
        first, second = node.parts
        if size <= first.size:
            return cut(first, size)
        return dataclasses.replace(node, size=size, parts=(first, cut(second, size - first.size)))
    if (node.operator == "repeat" and size <= node.numbers[0]) or (node.operator == "interleave" and size == 1):
        return cut(node.parts[0], size)
    if node.operator == "patch" and node.numbers[0] >= size:
        return cut(node.parts[0], size)
    if node.operator in ("repeat", "constant", *_LEAVES):
        return dataclasses.replace(node, size=size)
    if node.operator == "patch":
        return dataclasses.replace(node, size=size, parts=(cut(node.parts[0], size),))
    if node.operator in _CUT_WITH_PARTS:
        sizes = _CUT_WITH_PARTS[node.operator](node, size)
        parts = tuple(cut(part, each) for part, each in zip(node.parts, sizes, strict=False) if each)
        return dataclasses.replace(node, size=size, parts=parts)
    raise ParameterError(f"take of {node.operator} is not a program: take the last symbols within it")
