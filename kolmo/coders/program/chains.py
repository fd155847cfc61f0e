"""Proposals that explain a target as a whole: scans, strides, substitutions and moduli over a range or a repeat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.program import chain_kernels as kernels
from kolmo.coders.program.codes import Period
from kolmo.coders.program.kernels import ANY
from kolmo.coders.program.machine import Node
from kolmo.coders.program.pieces import LONGEST_CUT, Target
from kolmo.coders.program.proposed import Bits, Proposal, Searching, ready


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


def chains(target: Target, search: Searching, complete: bool, thorough: bool) -> Iterator[Proposal]:
    """Explain the target by scans, steps, a modulus and a constant over a range, and by prefix sums of a repeat."""
    machine, size = search.machine, len(target)
    if machine.symbols != 256 or not 6 <= size <= 1000:
        return
    weights = _weights(64 << max(0, (5 * size // 64).bit_length()))
    found, known = np.zeros((_ROWS, 6), np.int64), np.zeros(size, np.int64)
    rows = kernels.fit_chains(target, 256, np.arange(256), weights, False, known, found)
    search.work -= 4000
    high = int(target.max())
    if thorough and search.work > 0 and not rows and high < 250:
        rows = kernels.fit_chains(target, 256, _SMALL_STEPS, weights, True, known, found)
        search.work -= 8000
    for row in found[:rows]:
        node = _chain(size, *(int(number) for number in row))
        yield ready(node, machine)
    if not rows:
        yield from _stepped_substitutions(target, search, weights)
    if thorough and not rows and complete and high < 200 and 16 <= size <= LONGEST_CUT:
        yield from _periodic_scans(target, search)
    if not rows:
        for node in moduli(target, search):
            yield ready(node, machine)


_MODULAR_BITS = 42
"""Bits that no range within two moduli falls below."""
_NESTED = ((0, 0, 10_000), (0, 1, 30_000), (1, 0, 15_000), (0, 2, 50_000), (1, 1, 30_000))
"""Scans within and around a modulus that is within another, with the work of a search for them."""
_SUBSTITUTED_WORK = 35_000


def moduli(target: Target, search: Searching) -> Iterator[Node]:
    """Yield moduli over a modulus, over its scans, and over the scan of a substitution, that print the target."""
    size, machine = len(target), search.machine
    if machine.symbols != 256 or not search.thorough or not 12 <= size <= LONGEST_CUT or target.max() >= 128:
        return
    if search.cut(target).bits <= _MODULAR_BITS:
        return
    for before, scans, work in _NESTED:
        if search.work < work:
            continue
        search.work -= work
        found = np.zeros((_ROWS, 5), np.int64)
        rows = kernels.fit_nested_moduli(target, 256, _SMALL_STEPS, before, scans, found)
        for start, step, inner, outer, constant in found[:rows].tolist():
            node = _scanned(Node("range", size, (start, step)), before)
            node = _scanned(Node("mod", size, (inner,), (node,)), scans)
            node = Node("mod", size, (outer,), (node,))
            yield Node("add", size, (constant,), (node,)) if constant else node
        if rows:
            return
    if search.work < _SUBSTITUTED_WORK:
        return
    search.work -= _SUBSTITUTED_WORK
    found = np.zeros((_ROWS, 5), np.int64)
    rows = kernels.fit_modular_substitutions(target, 256, _SMALL_STEPS, found)
    for start, step, every, symbol, modulus in found[:rows].tolist():
        node = Node("substitute", size, (every, symbol), (Node("range", size, (start, step)),))
        yield Node("mod", size, (modulus,), (Node("scan", size, (), (node,)),))


def _stepped_substitutions(target: Target, search: Searching, weights: NDArray[np.int64]) -> Iterator[Proposal]:
    """Undo a step over a substitution in a range or in its scans, whose places the step shifts."""
    size, machine = len(target), search.machine
    for stride in range(2, 6):
        places = stride * np.arange(size) + 1
        for every in range(2, 10):
            hit = places % every == 0
            values = target[hit]
            if not 3 <= len(values) <= size // 2 or values[0] == ANY or (values != values[0]).any():
                continue
            part = target.copy()
            part[hit] = ANY
            for node in _strided(part, stride, weights, search):
                inner = Node("substitute", node.size, (every, int(values[0])), (node,))
                yield ready(Node("step", size, (stride,), (inner,)), machine)


def _strided(target: Target, stride: int, weights: NDArray[np.int64], search: Searching) -> Iterator[Node]:
    """Yield ranges, and scans of ranges, of which every `stride`-th symbol is the target."""
    inner = stride * (len(target) - 1) + 1
    search.work -= 4000
    first, second, *_ = (*np.flatnonzero(target != ANY), 0, 0)
    for step in range(256 if first < second else 0):
        if (target[second] - target[first] - step * stride * (second - first)) % 256 == 0:
            start = int(target[first] - step * stride * first) % 256
            values = (start + step * stride * np.arange(len(target))) % 256
            if ((target == ANY) | (target == values)).all():
                yield Node("range", inner, (start, step))
    found, known = np.zeros((_ROWS, 6), np.int64), np.zeros(len(target), np.int64)
    rows = kernels.fit_chains(target, 256, np.arange(256), weights, False, known, found)
    for start, step, scans, found_stride, _, constant in found[:rows].tolist():
        if found_stride == stride and not constant:
            yield _scanned(Node("range", inner, (start, step)), scans)


def _periodic_scans(target: Target, search: Searching) -> Iterator[Proposal]:
    size, machine = len(target), search.machine
    for period in range(2, size // 4 + 1):
        if search.work <= 0:
            return
        sums = np.zeros(period + 1, np.int64)
        search.work -= 2000
        modulus = int(kernels.fit_periodic_scan(target, 256, period, sums))
        if not modulus:
            continue
        part = np.diff(sums[:-1], prepend=0) % 256
        if int(part.sum() - sums[-1]) % 256:
            continue

        def build(nodes: Sequence[Node], period: int = period, modulus: int = modulus) -> Node:
            repeated = Node("repeat", size, (period,), (nodes[0],))
            return Node("mod", size, (modulus,), (Node("scan", size, (), (repeated,)),))

        bits = Bits(machine)
        length = bits["mod"] + 8 + bits["scan"] + bits["repeat"] + len(Period(size).write(period))
        yield Proposal(length, (part.astype(np.int16),), build)
        return


def _scanned(node: Node, scans: int) -> Node:
    for _ in range(scans):
        node = Node("scan", node.size, (), (node,))
    return node


def _chain(size: int, start: int, step: int, scans: int, stride: int, modulus: int, constant: int) -> Node:
    inner = stride * (size - 1) + 1
    node = _scanned(Node("range", inner, (start, step)), scans)
    if stride > 1:
        node = Node("step", size, (stride,), (node,))
    if modulus:
        node = Node("mod", size, (modulus,), (node,))
    return Node("add", size, (constant,), (node,)) if constant else node
