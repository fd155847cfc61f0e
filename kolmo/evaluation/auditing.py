"""How far a coder is from a normal compressor, by size and kind of data, and so what it may be used for."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from kolmo._core.checks import check_integer
from kolmo._core.items import as_bytes
from kolmo._core.units import format_size
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.errors import DataError, ParameterError
from kolmo.evaluation.axioms import (
    AXIOMS,
    IDEMPOTENT,
    OTHERS,
    PER_DRAW,
    PER_PROBE,
    PRIOR,
    SEEN,
    Cell,
    Excess,
    draws,
    measured,
    probed,
)
from kolmo.evaluation.samples import KINDS, specimen

SIZES = (200, 2000, 20_000, 200_000)
"""Bytes of the pieces, unless told otherwise."""

STEP = 1.25
"""How closely the size is found at which a coder breaks: between two sizes that differ by this factor."""


class Span(NamedTuple):
    """The sizes for which something holds, from the smallest one.

    Parameters
    ----------
    first, last : int
        It holds for every tested size from the first to the last.
    broken : int or None
        The next size that was tested, where it does not.
    """

    first: int
    last: int
    broken: int | None


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What a coder does with the axioms of a normal compressor. Made by `audit`.

    Parameters
    ----------
    coder : str
        As `kolmo.coder` reads it.
    fingerprint : str
        The coder with the versions that decide its lengths.
    overhead_bits : float
        C of the empty string; 0 for a normal compressor.
    window : int or None
        What the coder itself says.
    sizes : tuple of int
        All that were to be tested.
    cells : tuple of Cell
        By size; they end earlier where the time did.
    random_state : int
        Seed of the draws.
    """

    coder: str
    fingerprint: str
    overhead_bits: float
    window: int | None
    sizes: tuple[int, ...]
    cells: tuple[Cell, ...]
    random_state: int

    @property
    def tested_to(self) -> int:
        """The largest size with numbers for all axioms."""
        return max(cell.size for cell in self.cells if cell.distance is not None)

    @property
    def idempotent(self) -> Span | None:
        """Where NCD(x, x) is at most `IDEMPOTENT` for all kinds of data."""
        return _span(self.cells, IDEMPOTENT)

    @property
    def seen(self) -> Span | None:
        """Where NCD(x, x) is at most `SEEN` for all kinds of data."""
        return _span(self.cells, SEEN)

    @property
    def breaks_at(self) -> int | None:
        """The smallest size at which idempotency fails after it held, or at all; None if it holds to the largest."""
        return self.cells[0].size if self.idempotent is None else self.idempotent.broken

    @property
    def self_distances(self) -> dict[int, float]:
        """NCD(x, x) by size, for the worst kind of data."""
        found: dict[int, float] = {}
        for cell in self.cells:
            share = cell.excess["idempotent"].share
            found[cell.size] = max(share, found.get(cell.size, share))
        return found

    def worst(self, axiom: str) -> Excess | None:
        """Return the excess of the cell where an axiom is missed by the largest share; None if none tests it."""
        found = [cell.excess[axiom] for cell in self.cells if axiom in cell.excess]
        return max(found, key=lambda excess: excess.share, default=None)

    def failures(self, axiom: str) -> tuple[int, ...]:
        """Return the sizes at which an axiom fails for some kind of data."""
        share = IDEMPOTENT if axiom == "idempotent" else OTHERS
        failed = (cell for cell in self.cells if axiom in cell.excess and not cell.holds(axiom, share))
        return tuple(dict.fromkeys(cell.size for cell in failed))

    @property
    def verdicts(self) -> dict[str, bool]:
        """Whether each of `AXIOMS` holds for all sizes and kinds."""
        return {axiom: not self.failures(axiom) for axiom in AXIOMS}

    @property
    def use(self) -> str:
        """What the coder may be used for, in a sentence."""
        exact, seen = self.idempotent, self.seen
        if exact is None and seen is None:
            return f"lengths only: most of a second x is paid for again (NCD(x, x) {self._self_distance()})"
        if exact is None:
            uses = [
                f"rankings by distance of {self._pieces(seen)}, no near-duplicates (NCD(x, x) {self._self_distance()})"
            ]
        else:
            uses = [f"distances and near-duplicates of {self._pieces(exact)}"]
            if seen is not None and seen.last > exact.last:
                uses.append(f"rankings by distance to {format_size(seen.last)}")
        if seen is not None and seen.broken is not None:
            tested = [cell for cell in self.cells if cell.size == seen.broken]
            blind = [cell.kind for cell in tested if not cell.holds("idempotent", SEEN)]
            others = any(cell.size >= seen.broken and cell.kind not in blind for cell in self.cells)
            uses.append(f"lengths beyond for {' and '.join(blind)}" if others else "lengths beyond")
        return "; ".join(uses)

    @property
    def caveats(self) -> list[str]:
        """What to mind besides."""
        worst = {axiom: self.worst(axiom) for axiom in AXIOMS}
        told = {
            "symmetric": "the order matters by {share:.2f}{at}: take both",
            "monotone": "xy can be shorter than x{at}",
            "distributive": "the triangle inequality can fail{at}",
            "subadditive": "one code for both can cost more than two{at}",
            "unrelated": "random pieces are {share:.2f} off distance 1{at}",
        }
        found = []
        for axiom, words in told.items():
            failed, excess = self.failures(axiom), worst[axiom]
            if failed and excess is not None:
                found.append(words.format(share=excess.share, at=f" at {' and '.join(map(format_size, failed))}"))
        known = [(cell.prior, cell) for cell in self.cells if cell.prior is not None and cell.prior > PRIOR]
        if known:
            prior, cell = max(known, key=lambda pair: pair[0])
            found.append(
                f"{format_size(cell.size)} of {cell.kind} are {prior:.0%} too short, by what it knew beforehand"
            )
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON."""
        spans = {"idempotent": self.idempotent, "seen": self.seen}
        return {
            **asdict(self),
            "sizes": list(self.sizes),
            "cells": [asdict(cell) for cell in self.cells],
            "tested_to": self.tested_to,
            **{name: None if span is None else span._asdict() for name, span in spans.items()},
            "breaks_at": self.breaks_at,
            "self_distances": {str(size): share for size, share in self.self_distances.items()},
            "verdicts": self.verdicts,
            "failures": {axiom: list(self.failures(axiom)) for axiom in AXIOMS},
            "use": self.use,
            "caveats": self.caveats,
        }

    def _self_distance(self) -> str:
        shares = [f"{share:.2f}" for share in self.self_distances.values()]
        low, high = min(shares), max(shares)
        return low if low == high else f"{low} to {high}"

    def _pieces(self, span: Span | None) -> str:
        if span is None:
            raise ValueError("there are no such pieces")
        if span.first == self.cells[0].size:
            return f"pieces up to {format_size(span.last)}"
        return f"pieces of {span_text(span)}"


def audit(
    coder: CoderLike,
    *,
    sizes: Sequence[int] = SIZES,
    kinds: Iterable[str] | Mapping[str, Any] | None = None,
    random_state: int = 0,
    seconds: float | None = None,
) -> Audit:
    """Test a coder for the axioms of a normal compressor, which make the NCD a distance.

    For each kind of data and each size, two to five pairs x, y are drawn, and the lengths of x, y, xx, xy, yx and some
    more are put into the axioms. Between a size for which the coder is idempotent and a larger one for which it is not,
    the limit is searched for. Axioms hold up to O(log n); how this is read is said by `LOGS`, `IDEMPOTENT`, `SEEN`,
    `OTHERS` and `PRIOR` in `kolmo.evaluation.axioms`.

    Parameters
    ----------
    coder : str, mapping or Coder
        See `kolmo.coder`.
    sizes : sequence of int
        Bytes of x.
    kinds : collection of str, or mapping of str to bytes, optional
        Some of ``text`` (prose), ``source`` (of Python), ``records`` (small pictures) and ``random``, all by default;
        or data of your own by name. A kind is left out of sizes that it does not hold twice.
    random_state : int
        Seed of the draws.
    seconds : float, optional
        Stop before a size that would take the coder longer than this in all, or test it for idempotency alone; the
        smallest size is always tested.

    Returns
    -------
    Audit

    Raises
    ------
    ParameterError
        If a size or a kind is none.
    DataError
        If no kind holds two pieces of the smallest size.

    References
    ----------
    Cilibrasi and Vitanyi, "Clustering by compression", IEEE Transactions on Information Theory, 2005, Section III.
    Cebrian, Alfonseca and Ortega, "Common pitfalls using the normalized compression distance", Communications in
    Information and Systems, 2005.

    Examples
    --------
    >>> found = audit("lz4", sizes=(200, 2000), kinds=["random"])
    >>> found.verdicts["idempotent"], found.use
    (True, 'distances and near-duplicates of pieces up to 2 kB')
    >>> audit("uniform", sizes=(200,), kinds=["random"]).use
    'lengths only: most of a second x is paid for again (NCD(x, x) 1.00)'
    """
    made, data = make_coder(coder), _data(kinds)
    check_integer("random_state", random_state, 0, 2**32 - 1)
    chosen = _checked_sizes(sizes)
    budget = _Budget(seconds)
    overhead = made.overhead_bits
    made._batch([b"what is compiled or loaded once " * 8])

    def measure(size: int, names: Iterable[str], cell_of: Callable[..., Cell], reads: int) -> list[Cell]:
        held = [name for name in names if 2 * size <= len(data[name])]
        to_read = len(held) * draws(size) * reads * size
        if not held or not budget.allows(to_read):
            return []
        with budget.spending(to_read):
            return [cell_of(made, data[name], name, size, random_state) for name in held]

    cells: list[Cell] = []
    for size in chosen:  # where the time is short, the axiom that fails first
        found = measure(size, data, measured, PER_DRAW) or measure(size, data, probed, PER_PROBE)
        if not found:
            break
        cells += found
    if not cells:
        largest = max(map(len, data.values())) // 2
        raise DataError(f"no kind of data holds two pieces of {chosen[0]:,} bytes; the largest do for {largest:,}")
    for share in (IDEMPOTENT, SEEN):
        while (size_between := _between(_span(cells, share))) is not None:
            size, broken = size_between
            failed = [each.kind for each in cells if each.size == broken and not each.holds("idempotent", share)]
            found = measure(size, failed, probed, PER_PROBE)
            if not found:
                break
            cells = sorted([*cells, *found], key=lambda each: each.size)
    return Audit(
        coder=str(made),
        fingerprint=made.fingerprint,
        overhead_bits=overhead,
        window=made.tags.window,
        sizes=chosen,
        cells=tuple(cells),
        random_state=random_state,
    )


def sizes_to(largest: int) -> tuple[int, ...]:
    """Return 200, 2,000 and so on, and `largest`.

    Examples
    --------
    >>> sizes_to(5000)
    (200, 2000, 5000)
    """
    sizes, size = [], SIZES[0]
    while size < largest:
        sizes.append(size)
        size *= 10
    return (*sizes, largest)


def span_text(span: Span) -> str:
    """Return the sizes from the first to the last, or the only one.

    Examples
    --------
    >>> span_text(Span(200, 20_000, None)), span_text(Span(200, 200, 2000))
    ('200 B to 20 kB', '200 B')
    """
    return " to ".join(dict.fromkeys(map(format_size, span[:2])))


class _Budget:
    """Whether the time that is left is enough, by what the last piece of work took a byte."""

    def __init__(self, seconds: float | None) -> None:
        if seconds is not None and not seconds > 0:
            raise ParameterError(f"seconds must be a positive number or None, but {seconds!r} came")
        self._left, self._rate = math.inf if seconds is None else float(seconds), 0.0

    def allows(self, size: int) -> bool:
        return not self._rate or self._rate * size <= self._left

    @contextmanager
    def spending(self, size: int) -> Iterator[None]:
        start = time.perf_counter()
        yield
        taken = time.perf_counter() - start
        self._rate, self._left = taken / size, self._left - taken


def _data(kinds: Iterable[str] | Mapping[str, Any] | None) -> dict[str, bytes]:
    if isinstance(kinds, Mapping):
        if not kinds:
            raise ParameterError("kinds is empty; name some data, or leave it out")
        return {str(name): as_bytes(own) for name, own in kinds.items()}
    names = list(KINDS) if kinds is None else [kinds] if isinstance(kinds, str) else list(kinds)
    if not names or not set(names) <= set(KINDS):
        raise ParameterError(f"kinds are some of {', '.join(sorted(KINDS))}, or a mapping of data, but {kinds!r} came")
    return {name: specimen(name) for name in dict.fromkeys(names)}


def _checked_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    listed = list(sizes)
    if not listed:
        raise ParameterError("sizes is empty; pass at least one number of bytes")
    for size in listed:
        check_integer("each of sizes", size, 16, 2**30)
    return tuple(sorted(set(listed)))


def _span(cells: Iterable[Cell], share: float) -> Span | None:
    """Return the first run of sizes at which all kinds are idempotent up to a share."""
    held: dict[int, bool] = {}
    for cell in cells:
        held[cell.size] = held.get(cell.size, True) and cell.holds("idempotent", share)
    sizes = sorted(held)
    first = next((size for size in sizes if held[size]), None)
    if first is None:
        return None
    broken = next((size for size in sizes if size > first and not held[size]), None)
    return Span(first, max(size for size in sizes if size >= first and (broken is None or size < broken)), broken)


def _between(span: Span | None) -> tuple[int, int] | None:
    """Return the size to try next, and the one that is broken; None once they are near."""
    if span is None or span.broken is None or span.broken <= STEP * span.last:
        return None
    return round(math.sqrt(span.last * span.broken)), span.broken
