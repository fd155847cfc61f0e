"""The result of an audit: the sizes at which each axiom holds, and the uses that the coder is suitable for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kolmo._core.results import Result
from kolmo._core.units import format_size
from kolmo.evaluation.axioms import (
    AXIOM_TOLERANCE,
    AXIOMS,
    COPY_THRESHOLD,
    IDEMPOTENCE_THRESHOLD,
    LOG_FACTOR,
    PRIOR_THRESHOLD,
    AuditResult,
    AxiomViolation,
)

if TYPE_CHECKING:
    from kolmo._core.tables import Table


@dataclass(frozen=True, kw_only=True)
class SizeRange:
    """The input sizes for which a property holds, from the smallest one.

    Parameters
    ----------
    smallest, largest : int
        The property holds for all tested sizes in this range, in bytes.
    fails_at : int or None
        The next tested size, at which it fails; None if no larger size was tested.

    Examples
    --------
    >>> print(SizeRange(smallest=200, largest=20_000, fails_at=None))
    200 B to 20 kB
    """

    smallest: int
    largest: int
    fails_at: int | None

    def __str__(self) -> str:
        return " to ".join(dict.fromkeys(map(format_size, (self.smallest, self.largest))))

    def short(self, least: int) -> str:
        """Return the range as a cell: its end alone if it starts at `least`, with a plus sign if it is open."""
        start = "" if self.smallest == least else f"{format_size(self.smallest)} to "
        return start + format_size(self.largest) + ("+" if self.fails_at is None else "")


@dataclass(frozen=True, kw_only=True)
class Audit(Result):
    """The violations of the axioms of a normal compressor by one coder. Made by `audit`.

    Parameters
    ----------
    coder : str
        The coder, as `kolmo.coder` reads it.
    fingerprint : str
        The coder with its parameters and library versions.
    overhead_bits : float
        C of the empty string; 0 for a normal compressor.
    window : int or None
        The window that the coder states, in bytes.
    sizes : tuple of int
        The sizes that were asked for.
    results : tuple of AuditResult
        The measurements, by size; they end earlier if the time was up.
    random_state : int
        Seed of the draws.
    """

    derived: ClassVar[tuple[str, ...]] = (
        "tested_to",
        "idempotent",
        "detects_copies",
        "breaks_at",
        "self_distances",
        "verdicts",
        "failed_sizes",
        "use",
        "caveats",
    )
    citations: ClassVar[tuple[str, ...]] = (
        'Cilibrasi and Vitanyi, "Clustering by compression", IEEE Transactions on Information Theory, 2005',
        'Cebrian, Alfonseca and Ortega, "Common pitfalls using the normalized compression distance", Communications in '
        "Information and Systems, 2005",
    )

    coder: str
    fingerprint: str
    overhead_bits: float
    window: int | None
    sizes: tuple[int, ...]
    results: tuple[AuditResult, ...]
    random_state: int

    @property
    def tested_to(self) -> int:
        """The largest size at which all axioms were measured."""
        return max(result.size for result in self.results if result.distance is not None)

    @property
    def idempotent(self) -> SizeRange | None:
        """The sizes with NCD(x, x) up to `IDEMPOTENCE_THRESHOLD` for all kinds of data."""
        return size_range(self.results, IDEMPOTENCE_THRESHOLD)

    @property
    def detects_copies(self) -> SizeRange | None:
        """The sizes with NCD(x, x) up to `COPY_THRESHOLD` for all kinds of data."""
        return size_range(self.results, COPY_THRESHOLD)

    @property
    def breaks_at(self) -> int | None:
        """The smallest size at which idempotence fails after it held, or at all; None if it holds to the largest."""
        return self.results[0].size if self.idempotent is None else self.idempotent.fails_at

    @property
    def self_distances(self) -> dict[int, float]:
        """NCD(x, x) by size, for the worst kind of data."""
        found: dict[int, float] = {}
        for result in self.results:
            distance = result.violations["idempotent"].relative
            found[result.size] = max(distance, found.get(result.size, distance))
        return found

    def worst(self, axiom: str) -> AxiomViolation | None:
        """Return the largest relative violation of an axiom; None if it was not measured."""
        found = [result.violations[axiom] for result in self.results if axiom in result.violations]
        return max(found, key=lambda violation: violation.relative, default=None)

    @cached_property
    def failed_sizes(self) -> dict[str, tuple[int, ...]]:
        """The sizes at which each of `AXIOMS` fails for some kind of data."""
        found = {}
        for axiom in AXIOMS:
            tolerance = IDEMPOTENCE_THRESHOLD if axiom == "idempotent" else AXIOM_TOLERANCE
            measured = (result for result in self.results if axiom in result.violations)
            found[axiom] = tuple(
                dict.fromkeys(result.size for result in measured if not result.holds(axiom, tolerance))
            )
        return found

    @property
    def verdicts(self) -> dict[str, bool]:
        """Whether each of `AXIOMS` holds for all sizes and kinds."""
        return {axiom: not sizes for axiom, sizes in self.failed_sizes.items()}

    @property
    def use(self) -> str:
        """The uses that the coder is suitable for, in a sentence."""
        exact, copies = self.idempotent, self.detects_copies
        if exact is None and copies is None:
            return f"code lengths only: a repeated x costs most of its bits again (NCD(x, x) {self._self_distance()})"
        if exact is None:
            uses = [
                f"rankings by distance of {self._pieces(copies)}, not near-duplicates "
                f"(NCD(x, x) {self._self_distance()})"
            ]
        else:
            uses = [f"distances and near-duplicates of {self._pieces(exact)}"]
            if copies is not None and copies.largest > exact.largest:
                uses.append(f"rankings by distance to {format_size(copies.largest)}")
        if copies is not None and copies.fails_at is not None:
            tested = [result for result in self.results if result.size == copies.fails_at]
            failing = [result.kind for result in tested if not result.holds("idempotent", COPY_THRESHOLD)]
            others = any(result.size >= copies.fails_at and result.kind not in failing for result in self.results)
            uses.append(f"code lengths beyond for {' and '.join(failing)}" if others else "code lengths beyond")
        return "; ".join(uses)

    @property
    def caveats(self) -> list[str]:
        """Other axioms that fail, and prior knowledge of the coder."""
        sentences = {
            "symmetric": "NCD(x, y) and NCD(y, x) differ by {relative:.2f}{at}: symmetrize the distance",
            "monotone": "C(xy) can be below C(x){at}",
            "distributive": "the triangle inequality can fail{at}",
            "subadditive": "C(xy) can exceed C(x) + C(y){at}",
            "unrelated": "the NCD of random pieces differs from 1 by {relative:.2f}{at}",
        }
        found = []
        for axiom, sentence in sentences.items():
            sizes, violation = self.failed_sizes[axiom], self.worst(axiom)
            if sizes and violation is not None:
                at = f" at {' and '.join(map(format_size, sizes))}"
                found.append(sentence.format(relative=violation.relative, at=at))
        known = [(each.prior, each) for each in self.results if each.prior is not None and each.prior > PRIOR_THRESHOLD]
        if known:
            prior, result = max(known, key=lambda pair: pair[0])
            found.append(f"prior knowledge saves {100 * prior:.0f}% of {format_size(result.size)} of {result.kind}")
        return found

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each size, kind of data and axiom.

        Returns
        -------
        list of dict
        """
        return [
            {"coder": self.coder, "kind": result.kind, "size": result.size, "axiom": axiom} | asdict(violation)
            for result in self.results
            for axiom, violation in result.violations.items()
        ]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return one table with a row for each coder.

        Parameters
        ----------
        results : sequence of Audit
            The audits.
        verbose : bool
            Add fingerprints and citations.

        Returns
        -------
        list of Table
        """
        from kolmo._core.tables import Column, Table

        kinds = dict.fromkeys(result.kind for audit in results for result in audit.results)
        coders = f"{len(results)} coders" if len(results) > 1 else results[0].coder
        numbers = ("tested to", "idempotent to", "detects copies to", "NCD(x,x)", "asymmetry")
        words = ("monotone", "distributive", "subadditive", "suitable for")
        table = Table(
            f"Axioms of a normal compressor, by input size: {coders} on {', '.join(kinds)}",
            [Column("coder"), *(Column(name, True) for name in numbers), *map(Column, words)],
        )
        for audit in results:
            least, distances = audit.results[0].size, audit.self_distances.values()
            ranges, asymmetry = (audit.idempotent, audit.detects_copies), audit.worst("symmetric")
            table.add(
                audit.coder,
                format_size(audit.tested_to),
                *("no" if sizes is None else sizes.short(least) for sizes in ranges),
                f"{min(distances):.2f} to {max(distances):.2f}",
                "-" if asymmetry is None else f"{asymmetry.relative:.3f}",
                *(_verdict(audit.failed_sizes[axiom]) for axiom in ("monotone", "distributive", "subadditive")),
                "; ".join([audit.use, *audit.caveats]),
            )
        table.footers += [
            f"idempotent: NCD(x,x) <= {IDEMPOTENCE_THRESHOLD:g}; detects copies: NCD(x,x) <= {COPY_THRESHOLD:g}; other "
            f"axioms: violated by <= {AXIOM_TOLERANCE:g} of the larger code; each beyond {LOG_FACTOR} log2(n) bits, "
            "for all kinds of data, mean of 2 to 5 draws",
            "NCD(x,x): minimum and maximum over the sizes, for the worst kind of data; asymmetry: maximum over all",
            f"+: no larger size was tested; {_largest_pieces(results)}",
        ]
        if verbose:
            table.footers += [*dict.fromkeys(audit.fingerprint for audit in results), *cls.citations]
        return [table]

    def _self_distance(self) -> str:
        distances = [f"{distance:.2f}" for distance in self.self_distances.values()]
        low, high = min(distances), max(distances)
        return low if low == high else f"{low} to {high}"

    def _pieces(self, sizes: SizeRange | None) -> str:
        if sizes is None:
            raise ValueError("expected a range of sizes, got None")
        if sizes.smallest == self.results[0].size:
            return f"pieces up to {format_size(sizes.largest)}"
        return f"pieces of {sizes}"


def size_range(results: Iterable[AuditResult], tolerance: float) -> SizeRange | None:
    """Return the first range of sizes at which all kinds of data are idempotent within a tolerance."""
    held: dict[int, bool] = {}
    for result in results:
        held[result.size] = held.get(result.size, True) and result.holds("idempotent", tolerance)
    sizes = sorted(held)
    first = next((size for size in sizes if held[size]), None)
    if first is None:
        return None
    fails_at = next((size for size in sizes if size > first and not held[size]), None)
    last = max(size for size in sizes if size >= first and (fails_at is None or size < fails_at))
    return SizeRange(smallest=first, largest=last, fails_at=fails_at)


def _largest_pieces(audits: Sequence[Audit]) -> str:
    """Return the largest size of the pieces of each kind of data."""
    largest: dict[str, int] = {}
    for result in (result for audit in audits for result in audit.results):
        largest[result.kind] = max(result.size, largest.get(result.kind, 0))
    kinds = {size: [kind for kind in largest if largest[kind] == size] for size in largest.values()}
    return "largest pieces: " + "; ".join(f"{', '.join(names)} {format_size(size)}" for size, names in kinds.items())


def _verdict(failed: tuple[int, ...]) -> str:
    return "no, at " + ", ".join(map(format_size, failed)) if failed else "yes"
