"""The profile of a data set, and the tables that the command prints of one or several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kolmo._core.results import Result
from kolmo._core.units import format_seconds
from kolmo.profile.contents import Copies, LabelCode, RankedItem
from kolmo.profile.ladder import CoderRate
from kolmo.profile.prequential import PrequentialCurve
from kolmo.profile.reference import VerdictShares
from kolmo.profile.resampling import Interval

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table

SHOWN_ITEMS = 5
_REPORTED_ITEMS = 200
"""Items of all sets in an HTML report."""
_ITEMS_TITLE = "Least and most surprising items"
_UNEQUAL = 1.5
"""Ratio of the bytes measured of two sets beyond which a comparison says so."""


@dataclass(frozen=True, kw_only=True)
class DataProfile(Result):
    """What a data set is like. Made by `profile_data`.

    Parameters
    ----------
    name : str
        Name of the set.
    n_documents, n_empty, n_binary, n_cut : int
        Documents; of these the empty ones, those that are not text, and those longer than 65,536 bytes, which were
        cut into pieces.
    size_bytes : int
        Bytes of the whole set.
    sampled : float
        Share of the bytes that are in the sample.
    is_pieces : bool
        Whether the set is one document, whose pieces are measured as documents.
    byte_entropy : float
        Entropy of single bytes of the whole set, in bits.
    rates : tuple of CoderRate
        Bits per byte, by coder.
    copies : Copies
        Exact copies and near-duplicates.
    curve : PrequentialCurve or None
        Structure and noise by the last predictive coder.
    items : tuple of RankedItem
        Documents from the least to the most surprising at their length.
    label_code : LabelCode or None
        The code of the labels given the documents.
    judged : VerdictShares or None
        Shares of documents by the reference.
    bytes_per_token : float or None
        Mean bytes of a token.
    seconds : float
        Time.
    warnings : list of str
        What limits the profile.
    """

    derived: ClassVar[tuple[str, ...]] = ("diversity",)
    question: ClassVar[str] = "How compressible, how redundant and how learnable are the data?"

    name: str
    n_documents: int
    n_empty: int
    n_binary: int
    n_cut: int
    size_bytes: int
    sampled: float
    is_pieces: bool
    byte_entropy: float
    rates: tuple[CoderRate, ...]
    copies: Copies
    curve: PrequentialCurve | None
    items: tuple[RankedItem, ...]
    label_code: LabelCode | None
    judged: VerdictShares | None
    bytes_per_token: float | None
    seconds: float
    warnings: list[str] = field(default_factory=list)

    @property
    def diversity(self) -> float:
        """Bits per byte of all documents together, by the last coder: small if they repeat each other, in any order."""
        return self.rates[-1].together

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each coder.

        Returns
        -------
        list of dict
        """
        return [{"name": self.name} | rate.to_dict() for rate in self.rates]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return the tables of one profile, or of several side by side.

        Parameters
        ----------
        results : sequence of DataProfile
            The profiles.
        verbose : bool
            Add curves, fingerprints and citations, and more items.

        Returns
        -------
        list of Table
        """
        tables = [_sets_table(results), _ladder_table(results, verbose=verbose), _redundancy_table(results)]
        curves = [each.curve for each in results if each.curve is not None]
        if curves:
            tables += PrequentialCurve.tables_of(curves, verbose=verbose)
        if any(each.label_code is not None for each in results):
            tables.append(_labels_table(results))
        if any(each.judged is not None for each in results):
            tables.append(_judged_table(results))
        tables += [_items_table(each, SHOWN_ITEMS * (4 if verbose else 1)) for each in results if each.items]
        return tables

    @classmethod
    def report_tables_of(cls, results: Sequence[Self]) -> list[Table]:
        shown = max(min(4 * SHOWN_ITEMS, _REPORTED_ITEMS // (2 * len(results))), 1)
        tables = [table for table in cls.tables_of(results) if not table.title.startswith(_ITEMS_TITLE)]
        return tables + [_items_table(each, shown) for each in results if each.items]

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        return "\n".join(_answer(each) for each in results[:4])

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        return _charts(results)

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        return [
            "Sizes and counts are of all data; the rest is measured on a sample that does not depend on the order of "
            f"the documents: {', '.join(f'{each.name} {100 * each.sampled:.3g}%' for each in results)} of the bytes.",
            "Bits/byte are upper bounds by these coders, with 95% intervals over documents; a stronger coder may find "
            "more structure.",
        ]


def _answer(profile: DataProfile) -> str:
    """Return the profile of a set in a few sentences."""
    best = min(profile.rates, key=lambda rate: rate.alone)
    near = profile.copies.near
    text = (
        f"{profile.name} has {profile.n_documents:,} documents and {profile.size_bytes:,} bytes. The best coder of a "
        f"document alone, {best.coder}, needs {with_interval(best.alone, best.alone_interval, '.3f')} bits/byte, and "
        f"{best.together:.3f} for all documents together"
    )
    if near is not None:
        text += f". {profile.copies.exact:.1%} of the documents are exact copies and {near:.1%} near-duplicates"
    if (curve := profile.curve) is not None:
        if curve.is_level_known:
            text += f". However much is read, about {curve.noise_bits_per_byte:.3f} bits/byte remain"
        else:
            text += (
                f". When they are read one after the other, the last quarter costs {curve.noise_bits_per_byte:.3f} "
                "bits/byte; how far more data would lower this, these data do not tell"
            )
    return f"{text}."


def _charts(profiles: Sequence[DataProfile]) -> list[Chart]:
    from kolmo._core.reports.charts import BarChart, Curve, LineChart

    coders = list(dict.fromkeys(rate.coder for each in profiles for rate in each.rates))
    rates = {each.name: {rate.coder: rate for rate in each.rates} for each in profiles}
    alone = BarChart(
        title="Code length of a document alone, by coder",
        label="bits/byte, with 95% intervals over documents",
        names=coders,
        series={name: [own[coder].alone if coder in own else None for coder in coders] for name, own in rates.items()},
        intervals={
            name: [own[coder].alone_interval if coder in own else None for coder in coders]
            for name, own in rates.items()
        },
        form=".2f",
    )
    known = [(each.name, each.curve) for each in profiles if each.curve is not None]
    if not known:
        return [alone]
    curves = [
        Curve(name=name, x=[size for size, _ in curve.points()], y=[rate for _, rate in curve.points()])
        for name, curve in known
    ]
    levels = (
        {
            "level of the curve" if known[0][1].is_level_known else "mean of the last quarter of the bytes": known[0][
                1
            ].noise_bits_per_byte
        }
        if len(known) == 1
        else {}
    )
    learning = LineChart(
        title="Code length by the bytes read before",
        x_label="bytes read",
        y_label="bits/byte",
        curves=curves,
        log_x=True,
        levels=levels,
    )
    return [alone, learning]


def _sets_table(profiles: Sequence[DataProfile]) -> Table:
    from kolmo._core.tables import Column, Table, number_cell

    names = ("documents", "bytes", "in the sample, %", "exact copies, %", "near-duplicates, %", "byte entropy")
    has_tokens = any(each.bytes_per_token for each in profiles)
    columns = [*names, *(["bytes/token"] if has_tokens else [])]
    table = Table("Data sets", [Column("set"), *(Column(name, True) for name in columns)])
    for each in profiles:
        near = None if each.copies.near is None else 100 * each.copies.near
        table.add(
            each.name,
            f"{each.n_documents:,}",
            f"{each.size_bytes:,}",
            f"{100 * each.sampled:.3g}",
            with_interval(100 * each.copies.exact, _times(each.copies.exact_interval, 100), ".1f"),
            ("" if each.copies.sampled > 0.999 or near is None else ">= ") + number_cell(near, ".1f"),
            f"{each.byte_entropy:.3f}",
            *([number_cell(each.bytes_per_token, ".2f")] if has_tokens else []),
        )
    table.footers = [
        "documents and bytes: of the whole set; exact copies: share of documents, from the sample; near-duplicates: "
        "share of different documents, among those compared (>=: not all were)",
        *(f"{each.name}: {warning}" for each in profiles for warning in each.warnings),
        f"measured in {format_seconds(sum(each.seconds for each in profiles))}",
    ]
    return table


def _ladder_table(profiles: Sequence[DataProfile], *, verbose: bool) -> Table:
    from kolmo._core.tables import Column, Table

    columns = [Column("coder"), Column("documents")]
    table = Table("Bits/byte, with 95% intervals over documents", [*columns, *(Column(p.name, True) for p in profiles)])
    kinds: dict[str, Callable[[CoderRate], tuple[float | None, Interval | None]]] = {
        "alone": lambda rate: (rate.alone, rate.alone_interval),
        "given others": lambda rate: (rate.given_others, rate.given_interval),
        "together": lambda rate: (rate.together, rate.together_interval),
    }
    by_coder = [{rate.coder: rate for rate in each.rates} for each in profiles]
    for coder in dict.fromkeys(name for rates in by_coder for name in rates):
        for kind, take in kinds.items():
            table.add(coder, kind, *(with_interval(*take(rates[coder]), ".3f") for rates in by_coder))
    rates = profiles[0].rates
    table.footers = [
        "alone: each document by itself; given others: after other documents, which are no copies, "
        f"of {max(rate.context_bytes for rate in rates):,} bytes; together: all as one string in the order of "
        "digests, the diversity, which is the same for any order of the set",
        *_unequal(profiles),
    ]
    if verbose:
        table.footers += [rate.fingerprint for rate in rates]
    return table


def _unequal(profiles: Sequence[DataProfile]) -> list[str]:
    """Compare sets of different sizes at the size of the smallest."""
    sizes = [each.rates[0].together_bytes for each in profiles]
    if max(sizes) <= _UNEQUAL * min(sizes) or any(each.curve is None for each in profiles):
        return []
    at = ", ".join(f"{each.name} {each.curve.at(min(sizes)):.3f}" for each in profiles if each.curve)
    return [
        f"warning: the sets differ in size, and bits/byte given others and together fall with size; together at "
        f"{min(sizes):,} bytes of each: {at}"
    ]


def _redundancy_table(profiles: Sequence[DataProfile]) -> Table:
    from kolmo._core.tables import Column, Table, number_cell

    columns = [Column("coder"), Column("redundancy, %")]
    table = Table("Redundancy within and across documents", [*columns, *(Column(p.name, True) for p in profiles)])
    by_coder = [{rate.coder: rate for rate in each.rates} for each in profiles]
    for coder in dict.fromkeys(name for rates in by_coder for name in rates):
        table.add(coder, "within", *(f"{100 * rates[coder].within:.1f}" for rates in by_coder))
        across = [rates[coder].across for rates in by_coder]
        table.add(coder, "across", *(number_cell(None if each is None else 100 * each, ".1f") for each in across))
    table.footers = [
        "within: share of 8 bits/byte that the code of a document alone saves; across: share of that code that other "
        "documents save"
    ]
    return table


def _labels_table(profiles: Sequence[DataProfile]) -> Table:
    from kolmo._core.tables import Column, Table

    names = ("labels", "classes", "entropy, bits/label", "code given documents, bits/label", "saved, %")
    table = Table("Prequential code of the labels", [Column("set"), *(Column(name, True) for name in names)])
    for each in profiles:
        if (code := each.label_code) is not None:
            numbers = (f"{code.entropy:.3f}", f"{code.code:.3f}", f"{100 * code.explained:.1f}")
            table.add(each.name, f"{code.n_items:,}", f"{code.n_classes:,}", *numbers)
    table.footers = ["by the label code in blocks that double (Blier and Ollivier 2018); copies are left out"]
    return table


def _judged_table(profiles: Sequence[DataProfile]) -> Table:
    from kolmo._core.tables import Column, Table

    names = ("documents", "low, %", "in band, %", "high, %")
    table = Table("Documents by the reference", [Column("set"), *(Column(name, True) for name in names)])
    for each in profiles:
        if (judged := each.judged) is not None:
            table.add(
                each.name,
                f"{judged.n_documents:,}",
                with_interval(100 * judged.low, _times(judged.low_interval, 100), ".1f"),
                f"{100 * judged.in_band:.1f}",
                with_interval(100 * judged.high, _times(judged.high_interval, 100), ".1f"),
            )
    table.footers = ["low, high: outside the 5 to 95% band of bits/byte of reference items of the same length"]
    return table


def _items_table(profile: DataProfile, shown: int) -> Table:
    from kolmo._core.tables import Column, ItemCell, Table

    names = ("item", "bytes", "bits/byte", "score")
    table = Table(
        f"{_ITEMS_TITLE}: {profile.name}",
        [*(Column(name, True) for name in names), Column("start of the item")],
    )
    items = profile.items
    chosen = items if len(items) <= 2 * shown else (*items[:shown], *items[-shown:])
    for item in chosen:
        table.add(
            ItemCell(f"{item.index:,}", item.index, source=profile.name, excerpt=item.excerpt),
            f"{item.size_bytes:,}",
            f"{item.bits_per_byte:.3f}",
            f"{item.score:+.2f}",
            item.excerpt[:60],
        )
    table.footers = [
        f"{len(chosen):,} of {len(items):,} that were ranked by a coder that had read the other half of the sample; "
        "score: 1 is the edge of the middle 90% of documents of this length; kolmo outliers ranks all"
    ]
    return table


def with_interval(value: float | None, interval: Interval | None, form: str) -> str:
    """Return a number with its interval.

    Examples
    --------
    >>> with_interval(2.0, (1.5, 2.5), ".1f"), with_interval(None, None, ".1f")
    ('2.0 (1.5 to 2.5)', '-')
    """
    if value is None:
        return "-"
    return format(value, form) + ("" if interval is None else f" ({interval[0]:{form}} to {interval[1]:{form}})")


def _times(interval: Interval | None, factor: float) -> Interval | None:
    return None if interval is None else (factor * interval[0], factor * interval[1])
