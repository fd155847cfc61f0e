"""Operations that may have made a target, each with the targets that remain once it is undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.program import kernels
from kolmo.coders.program.codes import Every, Period, Uniform, literal_width
from kolmo.coders.program.kernels import ANY
from kolmo.coders.program.machine import Machine, Node, node_bits, run_node
from kolmo.coders.program.pieces import LONGEST_CUT, Cut, Target
from kolmo.coders.program.places import fillings, long_period, outliers

LONGEST_SEARCHED = 2048
"""Symbols up to which all operations are proposed; longer targets are only tested for a period."""

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

    def cut(self, target: Target) -> Cut:
        """Return the best cut of a target."""


def proposals(target: Target, search: Searching, *, thorough: bool) -> Iterator[Proposal]:
    """Yield the operations that may have made a target; if `thorough`, also those that take long to find."""
    bits = _Bits(search.machine)
    size = len(target)
    if size > LONGEST_SEARCHED:
        if period := long_period(target):
            yield _repeat(target, period, bits)
        return
    known = target != ANY
    complete = bool(known.all())
    if search.machine.symbols > 2:
        yield from _chains(target, search, complete, thorough)
        yield from _recurrences(target, search.machine, complete)
        yield from _strides(target, bits, complete)
    else:
        yield _unary("complement", bits, np.where(known, 1 - target, ANY))
    yield from _morphisms(target, search.machine, complete)
    yield from _repeats(target, bits, known)
    yield from _scans(target, bits, known)
    yield from _substitutions(target, bits)
    yield Proposal(
        bits["interleave"],
        (np.ascontiguousarray(target[::2]), np.ascontiguousarray(target[1::2])),
        lambda nodes: Node("interleave", size, (), tuple(nodes)),
    )
    yield _unary("reverse", bits, np.ascontiguousarray(target[::-1]))
    yield from _patches(target, bits, complete)
    yield from _splits(target, bits, search)


class _Bits:
    """Bits of the opcodes and fields of a machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.symbols = machine, machine.symbols
        self.symbol = literal_width(1, machine.symbols)
        self.codes = machine.opcodes

    def __getitem__(self, name: str) -> int:
        return len(self.codes[name])


def _unary(name: str, bits: _Bits, part: Target, *numbers: int, fields: int = 0) -> Proposal:
    size = len(part)
    return Proposal(bits[name] + fields, (part.astype(np.int16),), lambda nodes: Node(name, size, numbers, (nodes[0],)))


def _repeats(target: Target, bits: _Bits, known: NDArray[np.bool_]) -> Iterator[Proposal]:
    for period in _periods_of(target, known)[:2]:
        yield _repeat(target, period, bits)


def _repeat(target: Target, period: int, bits: _Bits) -> Proposal:
    size = len(target)
    part = merge(target, period)
    return Proposal(
        bits["repeat"] + len(Period(size).write(period)),
        (part,),
        lambda nodes: Node("repeat", size, (period,), (nodes[0],)),
    )


def merge(target: Target, period: int) -> Target:
    """Return one period of a target; a place is known if it is known in any copy."""
    copies = np.full((-(-len(target) // period), period), ANY, np.int16)
    copies.reshape(-1)[: len(target)] = target
    merged: Target = copies.max(axis=0)
    return merged


def _periods_of(target: Target, known: NDArray[np.bool_]) -> list[int]:
    """Return the periods of a target that are no multiples of smaller ones."""
    size = len(target)
    found: list[int] = []
    for period in range(1, size // 2 + 1):
        differ = target[period:] != target[:-period]
        if (differ & known[period:] & known[:-period]).any() or any(period % each == 0 for each in found):
            continue
        if known.all() or _consistent(target, period):
            found.append(period)
    return found


def _consistent(target: Target, period: int) -> bool:
    whole = np.resize(merge(target, period), len(target))
    return bool(((target == ANY) | (target == whole)).all())


def _scans(target: Target, bits: _Bits, known: NDArray[np.bool_]) -> Iterator[Proposal]:
    """Undo a prefix sum; and one that a constant was added to, whose first item is then free."""
    size = len(target)
    part = np.full(size, ANY, np.int16)
    part[1:] = np.where(known[1:] & known[:-1], (target[1:] - target[:-1]) % bits.symbols, ANY)
    part[0] = target[0]
    yield _unary("scan", bits, part)
    if bits.symbols == 2 or not known[0]:
        return
    free = part.copy()
    free[0] = ANY

    def build(nodes: Sequence[Node]) -> Node:
        first = int(run_node(nodes[0], bits.machine)[0])
        scanned = Node("scan", size, (), (nodes[0],))
        constant = (int(target[0]) - first) % bits.symbols
        return Node("add", size, (constant,), (scanned,)) if constant else scanned

    yield Proposal(bits["scan"] + bits["add"] + bits.symbol, (free,), build)


def _substitutions(target: Target, bits: _Bits) -> Iterator[Proposal]:
    for every in range(2, min(len(target) // 2, 32) + 1):
        places = target[every - 1 :: every]
        values = places[places != ANY]
        if len(values) < 2 or (values != values[0]).any():
            continue
        part = target.copy()
        part[every - 1 :: every] = ANY
        fields = len(Every().write(every)) + bits.symbol
        for each in (part, *(fillings(part, bits.symbols) if bits.symbols > 2 and every > 2 else ())):
            yield _unary("substitute", bits, each, every, int(values[0]), fields=fields)


def _patches(target: Target, bits: _Bits, complete: bool) -> Iterator[Proposal]:
    """Free one place that alone breaks a period or a range."""
    if not complete or len(target) < 6:
        return
    for place in outliers(target, bits.symbols):
        size = len(target)
        part = target.copy()
        part[place] = ANY if bits.symbols > 2 else 1 - target[place]
        numbers = (place, int(target[place])) if bits.symbols > 2 else (place,)
        fields = len(Uniform(size).write(place)) + (bits.symbol if bits.symbols > 2 else 0)
        yield _unary("patch", bits, part, *numbers, fields=fields)


def _splits(target: Target, bits: _Bits, search: Searching) -> Iterator[Proposal]:
    """Split where the cuts of both parts, of the symbols or of their differences, are shortest."""
    size = len(target)
    if not 4 <= size <= LONGEST_CUT:
        return
    cut = search.cut(target)
    places = np.arange(1, size)
    before, after = cut.before[1:size], cut.after[1:size]
    totals = [before + after]
    if bits.symbols > 2 and (target != ANY).all():
        differences = np.concatenate([target[:1], np.diff(target) % bits.symbols]).astype(np.int16)
        scanned = search.cut(differences)
        front = scanned.before[1:size] + bits["scan"]
        back = np.append(scanned.after[2:size], 0) + bits["scan"] + bits.symbol
        totals += [np.minimum(before, front) + np.minimum(after, back)]
    chosen: list[int] = []
    for total in totals:
        order = np.lexsort((places, total))
        chosen += [int(places[index]) for index in order[:4]]
    for place in dict.fromkeys(chosen):
        yield _split(target, place, bits)


def _split(target: Target, place: int, bits: _Bits) -> Proposal:
    size = len(target)
    return Proposal(
        bits["concat"] + len(Uniform(size - 1, 1).write(place)),
        (target[:place], target[place:]),
        lambda nodes: Node("concat", size, (place,), tuple(nodes)),
    )


def _strides(target: Target, bits: _Bits, complete: bool) -> Iterator[Proposal]:
    """Undo a step over a repeat and over the prefix sum of a repeat, whose period the step does not divide."""
    if not complete:
        return
    size = len(target)
    differences = np.diff(target) % bits.symbols
    for stride in range(2, 6):
        inner = stride * (size - 1) + 1
        for period in range(2, size // 2 + 1):
            if np.gcd(period, stride) > 1:
                continue
            places = stride * np.arange(period) % period
            if (target[period:] == target[:-period]).all():
                part = np.empty(period, np.int16)
                part[places] = target[:period]
                yield _stepped(part, size, inner, stride, False, bits)
                break
            if (differences[period:] == differences[:-period]).all() and period + 1 < size:
                yield from _stepped_scans(target, size, inner, stride, period, bits)
                break


def _stepped_scans(target: Target, size: int, inner: int, stride: int, period: int, bits: _Bits) -> Iterator[Proposal]:
    index = np.arange(period)
    laps, places = stride * index // period, stride * index % period
    rise = int(target[period] - target[0]) % bits.symbols
    for total in range(bits.symbols):
        if stride * total % bits.symbols == rise:
            sums = np.empty(period, np.int16)
            sums[places] = (target[:period] - laps * total) % bits.symbols
            part = np.diff(sums, prepend=0) % bits.symbols
            part[0] = sums[0]
            if int(part.sum()) % bits.symbols == total:
                yield _stepped(part.astype(np.int16), size, inner, stride, True, bits)
            else:  # the first prefix sum fixes the first item, and the total the last
                continue


def _stepped(part: Target, size: int, inner: int, stride: int, scan: bool, bits: _Bits) -> Proposal:
    period = len(part)

    def build(nodes: Sequence[Node]) -> Node:
        node = Node("repeat", inner, (period,), (nodes[0],))
        node = Node("scan", inner, (), (node,)) if scan else node
        return Node("step", size, (stride,), (node,))

    length = bits["step"] + 2 + bits["repeat"] + len(Period(inner).write(period)) + (bits["scan"] if scan else 0)
    return Proposal(length, (part,), build)


@lru_cache(8)
def _weights(size: int) -> NDArray[np.int64]:
    """Return how often start and step of a range are added up in each symbol of its scans; see `fit_chains`."""
    weights = np.ones((4, size, 2), np.int64)
    weights[0, :, 1] = np.arange(size)
    for scans in range(1, 4):
        weights[scans] = np.cumsum(weights[scans - 1], axis=0) & 0xFFFFFF
    return weights


_SMALL_STEPS = np.array([*range(1, 17), *range(240, 256)], np.int64)
_ROWS = 16


def _chains(target: Target, search: Searching, complete: bool, thorough: bool) -> Iterator[Proposal]:
    """Explain the target by scans, steps, a modulus and a constant over a range, and by prefix sums of a repeat."""
    machine, size = search.machine, len(target)
    if machine.symbols != 256 or not 6 <= size <= 1000:
        return
    weights = _weights(64 << max(0, (5 * size // 64).bit_length()))
    found, known = np.zeros((_ROWS, 6), np.int64), np.zeros(size, np.int64)
    rows = kernels.fit_chains(target, 256, np.arange(256), weights, False, known, found)
    search.work -= 2000
    high = int(target.max())
    if thorough and search.work > 0 and not rows and high < 250:
        rows = kernels.fit_chains(target, 256, _SMALL_STEPS, weights, True, known, found)
        search.work -= 15_000
    for row in found[:rows]:
        node = _chain(size, *(int(number) for number in row))
        yield _ready(node, machine)
    if thorough and not rows and complete and high < 200 and 16 <= size <= LONGEST_CUT:
        yield from _periodic_scans(target, search)


def _periodic_scans(target: Target, search: Searching) -> Iterator[Proposal]:
    size, machine = len(target), search.machine
    for period in range(2, size // 4 + 1):
        if search.work <= 0:
            return
        sums = np.zeros(period + 1, np.int64)
        search.work -= 2000 + 500 * period
        modulus = int(kernels.fit_periodic_scan(target, 256, period, sums))
        if not modulus:
            continue
        part = np.diff(sums[:-1], prepend=0) % 256
        if int(part.sum() - sums[-1]) % 256:
            continue

        def build(nodes: Sequence[Node], period: int = period, modulus: int = modulus) -> Node:
            repeated = Node("repeat", size, (period,), (nodes[0],))
            return Node("mod", size, (modulus,), (Node("scan", size, (), (repeated,)),))

        bits = _Bits(machine)
        length = bits["mod"] + 8 + bits["scan"] + bits["repeat"] + len(Period(size).write(period))
        yield Proposal(length, (part.astype(np.int16),), build)
        return


def _chain(size: int, start: int, step: int, scans: int, stride: int, modulus: int, constant: int) -> Node:
    inner = stride * (size - 1) + 1
    node = Node("range", inner, (start, step))
    for _ in range(scans):
        node = Node("scan", inner, (), (node,))
    if stride > 1:
        node = Node("step", size, (stride,), (node,))
    if modulus:
        node = Node("mod", size, (modulus,), (node,))
    return Node("add", size, (constant,), (node,)) if constant else node


def _ready(node: Node, machine: Machine) -> Proposal:
    """Return a proposal that leaves nothing to search."""
    return Proposal(node_bits(node, machine), (), lambda _: node)


def _recurrences(target: Target, machine: Machine, complete: bool) -> Iterator[Proposal]:
    """Explain the target by x -> factor * x + add."""
    if not complete or len(target) < 5:
        return
    values = target.astype(np.int64)
    factors = np.arange(machine.symbols)
    adds = (values[1] - factors * values[0]) % machine.symbols
    for place in range(1, len(values) - 1):
        fits = (factors * values[place] + adds) % machine.symbols == values[place + 1]
        factors, adds = factors[fits], adds[fits]
        if not len(factors):
            return
    node = Node("recurrence", len(target), (int(values[0]), int(factors[0]), int(adds[0])))
    yield _ready(node, machine)


_LONGEST_IMAGE = 12


def _morphisms(target: Target, machine: Machine, complete: bool) -> Iterator[Proposal]:
    """Explain the target as the prefix of a fixed point of a morphism that starts with 0."""
    if not complete or len(target) < 6 or target[0] != 0 or (machine.symbols > 2 and target.max() > 3):
        return
    word = target.astype(np.uint8).tobytes()
    best: Node | None = None
    for images in _images(word, {}, 0, 0, 2 if machine.symbols == 2 else int(target.max()) + 1):
        node = Node("morphism", len(word), (images,))
        shorter = best is None or node_bits(node, machine) < node_bits(best, machine)
        if shorter and run_node(node, machine).tobytes() == word:
            best = node
    if best is not None:
        yield _ready(best, machine)


def _images(word: bytes, images: dict[int, bytes], place: int, end: int, count: int) -> Iterator[tuple[bytes, ...]]:
    """Yield the images under which `word` is the prefix of its own image."""
    while end < len(word):
        symbol = word[place]
        if symbol in images:
            image = images[symbol]
            if not word[end:].startswith(image[: len(word) - end]):
                return
            place, end = place + 1, end + len(image)
            continue
        for length in range(2 if place == 0 else 1, min(_LONGEST_IMAGE, len(word) - end) + 1):
            yield from _images(word, {**images, symbol: word[end : end + length]}, place + 1, end + length, count)
        return
    yield tuple(images.get(symbol, bytes([symbol])) for symbol in range(max(count, 2)))
