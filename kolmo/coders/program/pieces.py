"""The quick part of the search: the best cut of a sequence into literals, repeats, arithmetic pieces and copies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.program import kernels
from kolmo.coders.program.codes import Step, Uniform, literal_width
from kolmo.coders.program.machine import Machine, Node, literal

Target = NDArray[np.int16]
"""Symbols, or `kernels.ANY` where any symbol will do."""

LONGEST_CUT = 256
"""Symbols up to which all intervals are compared; longer targets are only explained as a whole."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The best cut of a target.

    Parameters
    ----------
    bits : int
        Bits of the expression.
    node : Node
        The expression.
    before, after : ndarray of shape (n + 1,)
        Bits of the best cut of the symbols before and from each place on; empty for long targets.
    """

    bits: int
    node: Node
    before: NDArray[np.int32]
    after: NDArray[np.int32]


@lru_cache(4)
def _periods(size: int) -> NDArray[np.int32]:
    table = np.zeros((size + 1, size + 1), np.int32)
    kernels.fill_periods(table)
    return table


class Cutter:
    """Cuts targets of one machine; its work arrays are reused.

    Parameters
    ----------
    machine : Machine
        The machine.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine, self.symbols = machine, machine.symbols
        codes = {name: len(code) for name, code in machine.opcodes.items()}
        self.op = np.zeros(kernels.KINDS + 3, np.int64)
        self.op[kernels.LITERAL], self.op[kernels.REPEAT] = codes["literal"], codes["repeat"]
        self.op[kernels.CONCAT] = codes["concat"]
        if machine.symbols > 2:
            self.op[kernels.RANGE], self.op[kernels.SCAN], self.op[kernels.MOD] = (
                codes[name] for name in ("range", "scan", "mod")
            )
            self.op[kernels.KINDS], self.op[kernels.KINDS + 1] = codes["add"], codes["interleave"]
            self.op[kernels.KINDS + 2] = literal_width(1, machine.symbols)
        step = Step(machine.symbols)
        self.step_bits = np.array([len(step.write(value)) for value in range(machine.symbols)], np.int64)
        self.widths = np.zeros(LONGEST_CUT + 1, np.int64)
        for size in range(1, LONGEST_CUT + 1):
            self.widths[size] = literal_width(size, machine.symbols)
        self.size = 0
        self.pair = np.zeros((2, 2), np.int64)

    def _prepare(self, size: int) -> None:
        """Make the work arrays large enough."""
        if size > self.size:
            self.size = min(LONGEST_CUT, max(64, 2 * size))
            square = (self.size + 1, self.size + 1)
            self.tables = [np.zeros(square, np.int32) for _ in range(3)]
            self.choices = [np.zeros(square, np.int16) for _ in range(2)]

    def cut(self, target: Target) -> Cut:
        """Return the best cut of a target."""
        size = len(target)
        if size < 2:
            node = literal(np.maximum(target, 0).astype(np.uint8).tobytes())
            return Cut(literal_width(size, self.symbols), node, np.zeros(0, np.int32), np.zeros(0, np.int32))
        extents = np.zeros((kernels.KINDS, size), np.int64)
        costs = np.zeros((kernels.KINDS, size), np.int64)
        numbers = np.zeros((kernels.KINDS, size, 4), np.int64)
        if self.symbols > 2:
            starts = size if size <= LONGEST_CUT else 1
            kernels.explain(target, starts, self.symbols, self.step_bits, self.op, extents, costs, numbers, *self.pair)
        if self.machine.context:
            self._copies(target, extents, costs, numbers)
        pieces = _Pieces(target, self.machine, numbers)
        if size > LONGEST_CUT:
            return self._whole(pieces, extents, costs)
        self._prepare(size)
        runs, bits, flipped = self.tables
        kinds, splits = self.choices
        periods = _periods(LONGEST_CUT)
        kernels.cut_best(
            target, self.symbols, self.op, self.widths, periods, extents, costs, runs, bits, flipped, kinds, splits
        )
        node = pieces.node(0, size, kinds, splits)
        return Cut(int(bits[0, size]), node, bits[0, : size + 1].copy(), flipped[size, : size + 1].copy())

    def _whole(self, pieces: _Pieces, extents: Any, costs: Any) -> Cut:
        size = len(pieces.target)
        node = pieces.literal(0, size)
        bits = int(self.op[kernels.LITERAL]) + literal_width(size, self.symbols)
        for kind in range(kernels.RANGE, kernels.KINDS):
            if extents[kind, 0] >= size and costs[kind, 0] < bits:
                bits, node = int(costs[kind, 0]), pieces.piece(kind, 0, size)
        return Cut(bits, node, np.zeros(0, np.int32), np.zeros(0, np.int32))

    def _copies(self, target: Target, extents: Any, costs: Any, numbers: Any) -> None:
        """Find the longest copy of the context from each place on; none ends before that of the place before."""
        context = self.machine.context
        searched = context + context[: min(len(context), len(target))]
        code = Uniform(len(context))
        bits = len(self.machine.opcodes["copy"])
        data = np.maximum(target, 0).astype(np.uint8).tobytes()
        length, found = 0, -1
        for start in range(len(target) if len(target) <= LONGEST_CUT else 1):
            length = max(length - 1, 0)
            at = searched.find(data[start : start + length]) if length else -1
            found = at if length else -1
            while start + length < len(target):
                at = searched.find(data[start : start + length + 1], max(found, 0))
                if at < 0:
                    break
                found, length = at, length + 1
                while start + length < len(target) and found + length < len(searched):
                    if searched[found + length] != data[start + length]:
                        break
                    length += 1
            if length and found < len(context):
                extents[kernels.COPY, start] = start + length
                costs[kernels.COPY, start] = bits + len(code.write(found))
                numbers[kernels.COPY, start, 0] = found


class _Pieces:
    """Builds the expressions of a cut."""

    def __init__(self, target: Target, machine: Machine, numbers: Any) -> None:
        self.target, self.machine, self.numbers = target, machine, numbers

    def node(self, start: int, end: int, kinds: Any, splits: Any) -> Node:
        kind, split = int(kinds[start, end]), int(splits[start, end])
        size = end - start
        if kind == kernels.CONCAT:
            parts = (self.node(start, start + split, kinds, splits), self.node(start + split, end, kinds, splits))
            return Node("concat", size, (split,), parts)
        if kind == kernels.REPEAT:
            return Node("repeat", size, (split,), (self.node(start, start + split, kinds, splits),))
        if kind == kernels.LITERAL:
            return self.literal(start, end)
        return self.piece(kind, start, end)

    def literal(self, start: int, end: int) -> Node:
        return literal(np.maximum(self.target[start:end], 0).astype(np.uint8).tobytes())

    def piece(self, kind: int, start: int, end: int) -> Node:
        size = end - start
        if kind == kernels.CONSTANT:
            return Node("constant", size, (int(self.target[start]),))
        numbers = [int(number) for number in self.numbers[kind, start]]
        if kind == kernels.COPY:
            return Node("copy", size, (numbers[0],))
        made = Node("range", size, (numbers[0], numbers[1]))
        if kind == kernels.RANGE:
            return made
        if kind == kernels.PAIR:
            second = size // 2
            odd = range_node(second, numbers[2], numbers[3])
            even = range_node(size - second, numbers[0], numbers[1])
            return Node("interleave", size, (), (even, odd))
        if kind == kernels.MOD:
            return Node("mod", size, (numbers[2],), (made,))
        if kind == kernels.ADD_MOD:
            return Node("add", size, (numbers[3],), (Node("mod", size, (numbers[2],), (made,)),))
        scanned = Node("scan", size, (), (made,))
        if kind == kernels.SCAN:
            return scanned
        if kind == kernels.SCAN_SCAN:
            return Node("scan", size, (), (scanned,))
        return Node("add", size, (numbers[2],), (scanned,))


def range_node(size: int, start: int, step: int) -> Node:
    """Return a range, or a literal if it has one symbol."""
    return Node("range", size, (start, step)) if size > 1 else literal(bytes([start]))
