"""Operations that may have made a target, each with the targets that remain once it is undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.program.chains import chains, moduli
from kolmo.coders.program.codes import Every, Period, Uniform
from kolmo.coders.program.kernels import ANY
from kolmo.coders.program.machine import Machine, Node, node_bits, run_node
from kolmo.coders.program.pieces import LONGEST_CUT, Target
from kolmo.coders.program.places import fillings, long_period, outliers
from kolmo.coders.program.proposed import Bits, Proposal, Searching, ready

LONGEST_SEARCHED = 2048
"""Symbols up to which all operations are proposed; longer targets are only tested for a period."""


def proposals(target: Target, search: Searching, *, thorough: bool) -> Iterator[Proposal]:
    """Yield the operations that may have made a target; if `thorough`, also those that take long to find."""
    bits = Bits(search.machine)
    size = len(target)
    if size > LONGEST_SEARCHED:
        if period := long_period(target):
            yield _repeat(target, period, bits)
        return
    known = target != ANY
    complete = bool(known.all())
    if search.machine.symbols > 2:
        yield from chains(target, search, complete, thorough)
        yield from _recurrences(target, search.machine, complete)
        yield from _strides(target, bits, complete)
    else:
        yield _unary("complement", bits, np.where(known, 1 - target, ANY))
    yield from _morphisms(target, search.machine, complete)
    yield from _repeats(target, bits, known)
    yield from _scans(target, bits, known)
    yield from _substitutions(target, bits, search)
    yield Proposal(
        bits["interleave"],
        (np.ascontiguousarray(target[::2]), np.ascontiguousarray(target[1::2])),
        lambda nodes: Node("interleave", size, (), tuple(nodes)),
    )
    yield _unary("reverse", bits, np.ascontiguousarray(target[::-1]))
    yield from _patches(target, bits, complete)
    yield from _splits(target, bits, search)


def _unary(name: str, bits: Bits, part: Target, *numbers: int, fields: int = 0) -> Proposal:
    size = len(part)
    return Proposal(bits[name] + fields, (part.astype(np.int16),), lambda nodes: Node(name, size, numbers, (nodes[0],)))


def _repeats(target: Target, bits: Bits, known: NDArray[np.bool_]) -> Iterator[Proposal]:
    for period in _periods_of(target, known)[:2]:
        yield _repeat(target, period, bits)


def _repeat(target: Target, period: int, bits: Bits) -> Proposal:
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


def _scans(target: Target, bits: Bits, known: NDArray[np.bool_]) -> Iterator[Proposal]:
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


_EVIDENT = 5
"""Equal symbols at regular places that are hardly there by chance."""


def _substitutions(target: Target, bits: Bits, search: Searching) -> Iterator[Proposal]:
    for every in range(2, min(len(target) // 2, 32) + 1):
        places = target[every - 1 :: every]
        values = places[places != ANY]
        if len(values) < 2 or (values != values[0]).any():
            continue
        part = target.copy()
        part[every - 1 :: every] = ANY
        value, fields = int(values[0]), len(Every().write(every)) + bits.symbol
        for each in (part, *(fillings(part, bits.symbols) if bits.symbols > 2 and every > 2 else ())):
            yield _unary("substitute", bits, each, every, value, fields=fields)
        if len(values) >= _EVIDENT and len(set(target.tolist())) > _EVIDENT:
            for node in moduli(part, search):
                yield ready(Node("substitute", len(target), (every, value), (node,)), bits.machine)


def _patches(target: Target, bits: Bits, complete: bool) -> Iterator[Proposal]:
    """Free one place that alone breaks a period or a range."""
    if not complete or len(target) < 6:
        return
    for place in outliers(target, bits.symbols):
        size = len(target)
        part = target.copy()
        part[place] = ANY if bits.symbols > 2 else 1 - target[place]
        numbers = (place, int(target[place])) if bits.symbols > 2 else (place,)
        fields = len(Uniform(size).write(place)) + (bits.symbol if bits.symbols > 2 else 0)
        for each in (part, *(fillings(part, bits.symbols) if bits.symbols > 2 else ())):
            yield _unary("patch", bits, each, *numbers, fields=fields)


def _splits(target: Target, bits: Bits, search: Searching) -> Iterator[Proposal]:
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


def _split(target: Target, place: int, bits: Bits) -> Proposal:
    size = len(target)
    return Proposal(
        bits["concat"] + len(Uniform(size - 1, 1).write(place)),
        (target[:place], target[place:]),
        lambda nodes: Node("concat", size, (place,), tuple(nodes)),
    )


def _strides(target: Target, bits: Bits, complete: bool) -> Iterator[Proposal]:
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


def _stepped_scans(target: Target, size: int, inner: int, stride: int, period: int, bits: Bits) -> Iterator[Proposal]:
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


def _stepped(part: Target, size: int, inner: int, stride: int, scan: bool, bits: Bits) -> Proposal:
    period = len(part)

    def build(nodes: Sequence[Node]) -> Node:
        node = Node("repeat", inner, (period,), (nodes[0],))
        node = Node("scan", inner, (), (node,)) if scan else node
        return Node("step", size, (stride,), (node,))

    length = bits["step"] + 2 + bits["repeat"] + len(Period(inner).write(period)) + (bits["scan"] if scan else 0)
    return Proposal(length, (part,), build)


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
    yield ready(node, machine)


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
        yield ready(best, machine)


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
