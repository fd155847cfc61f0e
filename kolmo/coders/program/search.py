"""The search for a short program: operations that the data suggest are undone, and the rest is searched again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kolmo.coders.program.codes import literal_width
from kolmo.coders.program.machine import Machine, Node, literal, node_bits, run_node
from kolmo.coders.program.pieces import LONGEST_CUT, Cut, Cutter, Target
from kolmo.coders.program.proposals import proposals
from kolmo.coders.program.proposed import Proposal

WORK_PER_SECOND = 800_000
"""Units of work that stand for one second of one core. They are counted, so that results do not depend on the clock."""

_QUICK = ((1, 12), (2, 8), (3, 5))
_THOROUGH = ((2, 8), (3, 5), (3, 12), (4, 5), (4, 12), (5, 8), (6, 12), (8, 20))
PASSES = (*((*each, False) for each in _QUICK), *((*each, True) for each in _THOROUGH))
"""Depth and width of each pass of the search, and whether slow proposals are made for parts too."""
_LEAST = 10
"""Bits that no expression of two or more symbols falls below, except copies and runs of bits."""


@dataclass(frozen=True, slots=True)
class Found:
    """The best expression found for a target, and the search for it: its depth, width and whether it was thorough."""

    bits: int
    node: Node
    depth: int = 0
    width: int = 0
    thorough: bool = False


class Search:
    """A search over one machine.

    Parameters
    ----------
    machine : Machine
        The machine.
    work : int
        Units of work after which the search ends; see `WORK_PER_SECOND`.
    """

    def __init__(self, machine: Machine, work: int) -> None:
        self.machine, self.work = machine, work
        self.cutter = Cutter(machine)
        self.cuts: dict[bytes, Cut] = {}
        self.found: dict[bytes, Found] = {}
        self.proposed: dict[tuple[bytes, int], list[Proposal]] = {}
        self.thorough = False

    def best(self, symbols: bytes) -> Node:
        """Return the shortest expression found for these symbols."""
        target = np.frombuffer(symbols, np.uint8).astype(np.int16)
        found = self.solve(target, *_QUICK[0])  # even without any effort
        if self.work > 0:
            self._ranked(target, target.tobytes(), thorough=True)
        kept = self.work // 2  # for the thorough passes
        self.work -= kept
        for depth, width, thorough in PASSES:
            if thorough and not self.thorough:
                self.work += kept
                self.thorough = True
            if self.work > 0:
                found = self.solve(target, depth, width)
        return found.node

    def cut(self, target: Target) -> Cut:
        """Return the best cut of a target, from memory if it was seen before."""
        key = target.tobytes()
        if key not in self.cuts:
            size = len(target)
            self.work -= 30 + (size**3 // 4000 if size <= LONGEST_CUT else size // 10)
            self.cuts[key] = self.cutter.cut(target)
        return self.cuts[key]

    def solve(self, target: Target, depth: int, width: int) -> Found:
        """Return the shortest expression found within this depth; `width` proposals are followed at each level."""
        key = target.tobytes()
        found = self.found.get(key)
        if found is None:
            cut = self.cut(target)
            found = Found(cut.bits, cut.node)
        done = found.depth >= depth and found.width >= width and found.thorough >= self.thorough
        if done or len(target) < 3 or found.bits <= 2 * _LEAST:
            return found
        bits, node = found.bits, found.node
        for proposal in self._ranked(target, key, thorough=self.thorough)[:width]:
            if self.work <= 0 and depth > 1:
                break
            tried = self._follow(proposal, bits, depth, width)
            if tried is not None and self._prints(tried, target):
                length = node_bits(tried, self.machine)
                if length < bits:
                    bits, node = length, tried
        self.found[key] = Found(bits, node, depth, width, self.thorough)
        return self.found[key]

    def _ranked(self, target: Target, key: bytes, *, thorough: bool) -> list[Proposal]:
        """Return the proposals for a target, those whose parts have short cuts first."""
        level = thorough + self.thorough
        for known in range(2, level - 1, -1):
            if (key, known) in self.proposed:
                return self.proposed[key, known]
        made = list(proposals(target, self, thorough=thorough))
        self.work -= 100 + len(target) ** 2 // 100
        estimates = [each.bits + sum(self.cut(part).bits for part in each.parts) for each in made]
        order = sorted(range(len(made)), key=lambda index: (estimates[index], index))
        self.proposed[key, level] = [made[index] for index in order]
        return self.proposed[key, level]

    def _follow(self, proposal: Proposal, limit: int, depth: int, width: int) -> Node | None:
        least = [self.least(part) for part in proposal.parts]
        total = proposal.bits + sum(least)
        nodes = []
        for part, low in zip(proposal.parts, least, strict=True):
            if total >= limit:
                return None
            found = self.solve(part, depth - 1, max(width - 2, 3)) if depth > 1 else self.solve(part, 0, 0)
            total += found.bits - low
            nodes.append(found.node)
        return proposal.build(nodes) if total < limit else None

    def least(self, part: Target) -> int:
        """Return a lower bound of the bits of any expression for a part."""
        if len(part) < 2:
            return literal_width(len(part), self.machine.symbols)
        return 3 if self.machine.symbols == 2 or self.machine.context else _LEAST

    def _prints(self, node: Node, target: Target) -> bool:
        printed = run_node(node, self.machine)
        self.work -= 30
        return bool(np.all((target < 0) | (printed == target)))


def search_program(symbols: bytes, machine: Machine, *, effort: float = 0.2) -> Node:
    """Return the shortest expression found that prints `symbols`.

    Parameters
    ----------
    symbols : bytes
        Symbols of the machine's alphabet, each a byte from 0 on.
    machine : Machine
        The machine.
    effort : float
        Work in seconds of one core, roughly; it is counted in steps, so that equal calls have equal results.

    Returns
    -------
    Node
        Never longer than the literal.
    """
    if len(symbols) < 2:
        return literal(symbols)
    node = Search(machine, int(effort * WORK_PER_SECOND)).best(symbols)
    return node if run_node(node, machine).tobytes() == symbols else literal(symbols)
