"""All programs on bits in order of length: an exact answer to how short a program for a string can be."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from kolmo._core.checks import check_count, check_number
from kolmo._core.progress import progress
from kolmo.coders.program import kernels
from kolmo.coders.program.codes import Every
from kolmo.coders.program.machine import OPERATORS, Machine, Node, literal, node_bits
from kolmo.complexity import enumeration_kernels as compiled
from kolmo.errors import ParameterError

_FIRST_SLOTS, _GROWTH = 2**18, 2
_SLOT_BYTES = 22
"""Bytes per slot: key, cost, a string for the part of the slots that is used, and the table that it grew from."""
_FILLED = 0.7
_LEAST_OPERATION = 4
"""Bits that an operation on a stored string costs at least."""


class ProgramTable:
    """What all short programs on bits print, for outputs of one size.

    Every program without a context is covered: no part of a program on bits is longer than what it prints. Strings
    that cost no less than their literal are not stored, and the last operation of a program is undone on the string
    that is asked for, so that only its parts are stored.

    Parameters
    ----------
    size : int
        Number of symbols of the outputs, 1 to 63.
    bits : int
        Length of the longest programs, with the code of the size.
    memory : int
        Bytes that the table may take.
    seconds : float
        Time that filling it may take.

    Attributes
    ----------
    complete_bits : int
        Length up to which all programs are covered: `bits`, or less if a limit was reached.
    limit : str or None
        The limit that was reached: ``"memory"``, ``"seconds"`` or None.
    stored : int
        Number of strings stored.
    seconds : float
        Time taken.

    Examples
    --------
    >>> table = ProgramTable(12, 20)
    >>> table.complete_bits, table.shortest(bytes([0, 1, 1] * 4))[0]
    (20, 20)
    """

    def __init__(self, size: int, bits: int = 40, *, memory: int = 2**30, seconds: float = 60.0) -> None:
        check_count("size", size, 1, compiled.MAX_SIZE)
        check_count("bits", bits, 1, 120)
        check_count("memory", memory, 2**23)
        check_number("seconds", seconds, 0, above=True)
        self.size, self.machine = size, Machine(2)
        self.size_bits = len(self.machine.length_code.write(size))
        self.limit: str | None = None
        self._periods = np.zeros((size + 1, size + 1), np.int32)
        kernels.fill_periods(self._periods)
        start = time.perf_counter()
        self._fill(max(0, bits - self.size_bits), memory, start + seconds)
        self.seconds = time.perf_counter() - start

    def _fill(self, limit: int, memory: int, end: float) -> None:
        highest = min(max(limit - _LEAST_OPERATION, 0), self._literal_bits(self.size) - 1)
        self._first = np.zeros((limit + 2, self.size + 1), np.int64)
        self._last = np.zeros_like(self._first)
        self._state = np.zeros(2, np.int64)
        self._allocate(_FIRST_SLOTS)
        done = 0
        with progress(highest, label="enumerating programs", unit="bits") as bar:
            for cost in range(1, highest + 1):
                if not self._level(cost, memory, end):
                    break
                done = cost
                bar.update(1)
        self.stored = int(self._state[0])
        self._limit = limit if done == highest else done + _LEAST_OPERATION
        self.complete_bits = self._limit + self.size_bits

    def _level(self, cost: int, memory: int, end: float) -> bool:
        for size in range(1, self.size + 1):
            self._first[cost, size] = self._state[0]
            while True:
                compiled.grow(
                    cost,
                    size,
                    self._first,
                    self._last,
                    self._periods,
                    self._words,
                    self._keys,
                    self._costs,
                    self._state,
                )
                if not self._state[1]:
                    break
                if not self._enlarge(memory):
                    return False
            self._last[cost, size] = self._state[0]
            if time.perf_counter() > end:
                self.limit = "seconds"
                return False
        return True

    def _allocate(self, slots: int) -> None:
        self._keys, self._costs = np.zeros(slots, np.uint64), np.full(slots, compiled.NONE, np.uint8)
        self._words = np.zeros(int(_FILLED * slots), np.uint64)

    def _enlarge(self, memory: int) -> bool:
        """Move to a larger table; False if that exceeds the memory."""
        slots = _GROWTH * self._keys.size
        if slots * _SLOT_BYTES > memory:
            self.limit = "memory"
            return False
        keys, costs, words = self._keys, self._costs, self._words
        self._allocate(slots)
        compiled.move(keys, costs, self._keys, self._costs)
        self._words[: words.size] = words
        self._state[1] = 0
        return True

    def shortest(self, symbols: bytes) -> tuple[int, Node] | None:
        """Return the length of the shortest program for a string and its expression; None if all are longer.

        Parameters
        ----------
        symbols : bytes
            The string, a byte 0 or 1 for each symbol.

        Returns
        -------
        tuple of int and Node, or None
            None if no program of at most `complete_bits` bits prints it.
        """
        if len(symbols) != self.size or set(symbols) - {0, 1}:
            raise ParameterError(f"expected {self.size} symbols 0 or 1, got {len(symbols)}: {symbols!r:.60}")
        word = int("".join(map(str, symbols)), 2)
        found = self._expression(word, self.size, self._limit)
        return None if found is None else (node_bits(found, self.machine) + self.size_bits, found)

    def _literal_bits(self, size: int) -> int:
        return node_bits(literal(bytes(size)), self.machine)

    def _cost(self, word: int, size: int) -> int:
        return int(compiled.cost_of(self._keys, self._costs, np.uint64(word), size))

    def _part(self, word: int, size: int) -> Node:
        cost = self._cost(word, size)
        node = self._expression(word, size, cost)
        assert node is not None
        return node

    def _expression(self, word: int, size: int, limit: int) -> Node | None:
        """Return the shortest expression of at most `limit` bits for a string, or None."""
        made = literal(_symbols(word, size))
        build: Callable[[], Node] | None
        best, build = self._literal_bits(size), lambda: made
        if best > limit:
            best = limit + 1
            build = None
        if size > 1:
            for cost, make in self._operations(word, size, best):
                if cost < best:
                    best, build = cost, make
        return None if build is None else build()

    def _operations(self, word: int, size: int, limit: int) -> Any:
        """Yield the cost of every last operation that prints a string from parts, and a function that builds it."""
        whole, code = (1 << size) - 1, {name: len(opcode) for name, opcode in self.machine.opcodes.items()}
        if word in (0, whole):
            yield 3, lambda: Node("constant", size, (word & 1,))
        for name, part in (
            ("reverse", int(_symbols(word, size)[::-1].translate(_DIGITS), 2)),
            ("complement", word ^ whole),
            ("scan", word ^ word >> 1),
        ):
            yield code[name] + self._cost(part, size), self._unary(name, size, part)
        for place in range(size):
            part = word ^ 1 << size - 1 - place
            fields = len(OPERATORS["patch"].fields(size, self.machine)[0].write(place))
            yield code["patch"] + fields + self._cost(part, size), self._unary("patch", size, part, place)
        symbols = _symbols(word, size)
        for period in range(1, size):
            if symbols[period:] == symbols[:-period]:
                cost = code["repeat"] + int(self._periods[size, period]) + self._cost(word >> size - period, period)
                yield cost, self._parts("repeat", size, (period,), [(word >> size - period, period)])
        for split in range(1, size):
            parts = [(word >> size - split, split), (word & (1 << size - split) - 1, size - split)]
            fields = len(OPERATORS["concat"].fields(size, self.machine)[0].write(split))
            cost = code["concat"] + fields + sum(self._cost(*part) for part in parts)
            yield cost, self._parts("concat", size, (split,), parts)
        halves = [(int(half.translate(_DIGITS), 2), len(half)) for half in (symbols[::2], symbols[1::2])]
        cost = code["interleave"] + sum(self._cost(*half) for half in halves)
        yield cost, self._parts("interleave", size, (), halves)
        yield from self._substitutions(word, size, limit)
        images = np.zeros(4, np.int64)
        for cost in range(code["morphism"] + 4, limit):
            if compiled.find_morphism(cost, np.uint64(word), size, images):
                zero, zero_size, one, one_size = (int(number) for number in images)
                both = (_symbols(zero, zero_size), _symbols(one, one_size))
                yield cost, partial(Node, "morphism", size, (both,))
                break

    def _substitutions(self, word: int, size: int, limit: int) -> Any:
        for every in range(2, size + 1):
            mask = sum(1 << size - 1 - place for place in range(every - 1, size, every))
            if word & mask not in (0, mask):
                continue
            fields = compiled.SUBSTITUTE_BITS + len(Every().write(every)) + 1
            for inner in range(1, min(limit - fields, len(self._first))):
                start, end = int(self._first[inner, size]), int(self._last[inner, size])
                at = int(compiled.find_masked(np.uint64(word), np.uint64(mask), self._words, start, end))
                if at >= 0:
                    part = int(self._words[at])
                    yield fields + inner, self._unary("substitute", size, part, every, int(word & mask == mask))
                    break

    def _unary(self, name: str, size: int, part: int, *numbers: int) -> Any:
        return self._parts(name, size, numbers, [(part, size)])

    def _parts(self, name: str, size: int, numbers: tuple[int, ...], parts: list[tuple[int, int]]) -> Any:
        return lambda: Node(name, size, numbers, tuple(self._part(*part) for part in parts))


_DIGITS = bytes([48, 49]) + bytes(254)


def _symbols(word: int, size: int) -> bytes:
    return bytes(map(int, format(word, f"0{size}b")))
