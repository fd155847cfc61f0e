"""The audit of a coder: how far it is from a normal compressor, by size and kind of data."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from kolmo._core.checks import check_integer
from kolmo._core.items import as_bytes
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.errors import DataError, ParameterError
from kolmo.evaluation.audit_results import Audit, SizeRange, size_range
from kolmo.evaluation.axioms import (
    COPY_THRESHOLD,
    IDEMPOTENCE_THRESHOLD,
    PER_DRAW,
    PER_PROBE,
    AuditResult,
    measure_axioms,
    measure_idempotence,
    n_draws,
)
from kolmo.evaluation.samples import KINDS, sample_of

SIZES = (200, 2000, 20_000, 200_000)
"""Bytes of the pieces, by default."""

STEP = 1.25
"""The search for the size at which a coder breaks ends between two sizes that differ by this factor."""


def audit(
    coder: CoderLike,
    *,
    sizes: Sequence[int] = SIZES,
    kinds: Iterable[str] | Mapping[str, Any] | None = None,
    random_state: int = 0,
    seconds: float | None = None,
) -> Audit:
    """Test whether a coder satisfies the axioms of a normal compressor, which make the NCD a distance.

    For each kind of data and each size, two to five pairs x, y are drawn, and the axioms are evaluated on the code
    lengths of x, y, xx, xy, yx and some more strings. Between a size at which the coder is idempotent and a larger one
    at which it is not, the limit is found by bisection. Axioms hold up to O(log n); the tolerances are the constants
    `LOG_FACTOR`, `IDEMPOTENCE_THRESHOLD`, `COPY_THRESHOLD`, `AXIOM_TOLERANCE` and `PRIOR_THRESHOLD` of
    `kolmo.evaluation.axioms`.

    Parameters
    ----------
    coder : str, mapping or Coder
        See `kolmo.coder`.
    sizes : sequence of int
        Bytes of x.
    kinds : collection of str, or mapping of str to bytes, optional
        Some of ``text`` (prose), ``source`` (of Python), ``records`` (small pictures), ``dna`` (simulated genomes of
        one ancestor), ``sound`` (simulated notes) and ``random``, all by default; or other data by name. A kind is
        skipped at sizes of which it does not hold two pieces.
    random_state : int
        Seed of the draws.
    seconds : float, optional
        Time limit. A size that would exceed it is tested for idempotence alone, or not at all; the smallest size is
        always tested.

    Returns
    -------
    Audit

    Raises
    ------
    ParameterError
        If a size or a kind is not valid.
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
    'code lengths only: a repeated x costs most of its bits again (NCD(x, x) 0.99)'
    """
    made, data = make_coder(coder), _data(kinds)
    check_integer("random_state", random_state, 0, 2**32 - 1)
    chosen = _checked_sizes(sizes)
    budget = _Budget(seconds)
    overhead = made.overhead_bits
    made._batch([b"compiles and loads the coder before the timer " * 8])

    def measure(size: int, names: Iterable[str], measured: Callable[..., AuditResult], reads: int) -> list[AuditResult]:
        large_enough = [name for name in names if 2 * size <= len(data[name])]
        n_bytes = len(large_enough) * n_draws(size) * reads * size
        if not large_enough or not budget.allows(n_bytes):
            return []
        with budget.spending(n_bytes):
            return [measured(made, data[name], name, size, random_state) for name in large_enough]

    results: list[AuditResult] = []
    for size in chosen:  # if the time is short, only idempotence, which fails first
        found = measure(size, data, measure_axioms, PER_DRAW) or measure(size, data, measure_idempotence, PER_PROBE)
        if not found:
            break
        results += found
    if not results:
        largest = max(map(len, data.values())) // 2
        raise DataError(
            f"expected data that hold two pieces of {chosen[0]:,} bytes, got pieces of at most {largest:,} bytes; "
            "pass more data or smaller sizes"
        )
    for tolerance in (IDEMPOTENCE_THRESHOLD, COPY_THRESHOLD):
        while (bracket := _next_size(size_range(results, tolerance))) is not None:
            size, fails_at = bracket
            failed = [
                each.kind for each in results if each.size == fails_at and not each.holds("idempotent", tolerance)
            ]
            found = measure(size, failed, measure_idempotence, PER_PROBE)
            if not found:
                break
            results = sorted([*results, *found], key=lambda each: each.size)
    return Audit(
        coder=str(made),
        fingerprint=made.fingerprint,
        overhead_bits=overhead,
        window=made.tags.window,
        sizes=chosen,
        results=tuple(results),
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


class _Budget:
    """The time that is left, compared with the time that the next measurement will take at the speed of the last."""

    def __init__(self, seconds: float | None) -> None:
        if seconds is not None and not seconds > 0:
            raise ParameterError(f"expected a positive number of seconds or None, got {seconds!r}")
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
            raise ParameterError("kinds is empty; expected at least one data set, or None for all kinds")
        return {str(name): as_bytes(own) for name, own in kinds.items()}
    names = list(KINDS) if kinds is None else [kinds] if isinstance(kinds, str) else list(kinds)
    if not names or not set(names) <= set(KINDS):
        raise ParameterError(f"expected kinds among {', '.join(sorted(KINDS))}, or a mapping of data, got {kinds!r}")
    return {name: sample_of(name) for name in dict.fromkeys(names)}


def _checked_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    listed = list(sizes)
    if not listed:
        raise ParameterError("sizes is empty; expected at least one number of bytes")
    for size in listed:
        check_integer("each of sizes", size, 16, 2**30)
    return tuple(sorted(set(listed)))


def _next_size(sizes: SizeRange | None) -> tuple[int, int] | None:
    """Return the next size of the bisection and the size that fails; None once they are near."""
    if sizes is None or sizes.fails_at is None or sizes.fails_at <= STEP * sizes.largest:
        return None
    return round(math.sqrt(sizes.largest * sizes.fails_at)), sizes.fails_at
