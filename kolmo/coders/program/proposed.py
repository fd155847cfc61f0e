"""A proposal: an operation that may have made a target, with the targets that remain once it is undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from kolmo.coders.program.codes import literal_width
from kolmo.coders.program.machine import Machine, Node, node_bits
from kolmo.coders.program.pieces import Cut, Target

Build = Callable[[Sequence[Node]], Node | None]


@dataclass(frozen=True, slots=True)
class Proposal:
    """An operation that may have made a target.

    Parameters
    ----------
    bits : int
        Bits of the operation without its parts.
    parts : tuple of Target
        The targets that remain.
    build : callable
        Returns the expression for the target from expressions for the parts, or None if they do not fit.
    """

    bits: int
    parts: tuple[Target, ...]
    build: Build


class Searching(Protocol):
    """What proposals need of the search."""

    machine: Machine
    work: int
    thorough: bool

    def cut(self, target: Target) -> Cut:
        """Return the best cut of a target."""


class Bits:
    """Bits of the opcodes and fields of a machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.symbols = machine, machine.symbols
        self.symbol = literal_width(1, machine.symbols)
        self.codes = machine.opcodes

    def __getitem__(self, name: str) -> int:
        return len(self.codes[name])


def ready(node: Node, machine: Machine) -> Proposal:
    """Return a proposal that leaves nothing to search."""
    return Proposal(node_bits(node, machine), (), lambda _: node)
