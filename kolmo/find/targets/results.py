"""The results of `rank_for_target` and `select_for_target`, and the tables that the command prints of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kolmo._core.results import Result
from kolmo.joint.estimates import remarks
from kolmo.joint.gain_results import percent

if TYPE_CHECKING:
    from kolmo._core.reports.charts import Chart
    from kolmo._core.tables import Table


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What a corpus saves for a target.

    Parameters
    ----------
    name : str
        The name of the corpus.
    size : int
        Bytes of the corpus as it was measured: without leaks, and within the budget.
    leaked_bytes : int
        Bytes of its documents, or pieces, that contain a passage of the target; they were left out.
    saving_bits, low_bits, high_bits : float
        L(T) - L(T given C), with its 95% confidence interval; NaN if everything leaked.
    saving : float
        The saving as a share of L(T).
    bits_per_byte : float
        The saving divided by the bytes of C.
    equal_size : int
        Bytes of C at equal bytes.
    equal_saving, equal_low, equal_high : float
        The share of L(T) that this much of C saves, with its 95% confidence interval.
    not_distinguished_from : tuple of str
        Corpora whose saving does not differ significantly.
    """

    name: str
    size: int
    leaked_bytes: int
    saving_bits: float
    low_bits: float
    high_bits: float
    saving: float
    bits_per_byte: float
    equal_size: int
    equal_saving: float
    equal_low: float
    equal_high: float
    not_distinguished_from: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GreedyStep:
    """A corpus that is read after those of the steps before.

    Parameters
    ----------
    name : str
        The corpus that saves most, given those before.
    size : int
        Bytes read of it.
    marginal_bits : float
        The bits that it saves beyond those before.
    saving_bits : float
        The bits that all of them save.
    """

    name: str
    size: int
    marginal_bits: float
    saving_bits: float


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """The split of a budget that saves most, on a grid.

    Parameters
    ----------
    shares : dict of str to float
        Share of the bytes of each corpus.
    size : int
        Bytes in all.
    saving_bits : float
        L(T) - L(T given the mixture).
    best_alone_bits : float
        The saving if all bytes come from the best single corpus.
    """

    shares: dict[str, float]
    size: int
    saving_bits: float
    best_alone_bits: float


@dataclass(frozen=True, kw_only=True)
class TargetRanking(Result):
    """Corpora by the bits that they save for a target. Made by `rank_for_target`; iterates over the candidates.

    Parameters
    ----------
    target_size : int
        Bytes of the target.
    target_bits : float
        L(T), or L(T given the data that are there).
    context_size : int
        Bytes of the data that are there.
    candidates : tuple of Candidate
        The corpora, the one that saves most bits first.
    greedy : tuple of GreedyStep
        The order in which to add them; empty if it was not asked for.
    mixture : Mixture or None
        The best split of the budget; None if it was not asked for.
    budget : int or None
        Largest number of bytes of each corpus, and of all in the greedy order and in the mixture.
    coder, fingerprint : str
        The coder, with its parameters and library versions.
    warnings : list of str
        Leaks, limits of the coder, and corpora that make T longer.
    """

    citations: ClassVar[tuple[str, ...]] = ()
    question: ClassVar[str] = "Which data would help most with the target?"

    target_size: int
    target_bits: float
    context_size: int
    candidates: tuple[Candidate, ...]
    greedy: tuple[GreedyStep, ...]
    mixture: Mixture | None
    budget: int | None
    coder: str
    fingerprint: str
    warnings: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self.candidates)

    def __len__(self) -> int:
        return len(self.candidates)

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each corpus.

        Returns
        -------
        list of dict
            NaN is None.
        """
        rows = [asdict(each) | {"not_distinguished_from": "; ".join(each.not_distinguished_from)} for each in self]
        return [
            {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in row.items()}
            for row in rows
        ]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return the tables of each ranking: the corpora, the greedy order and the mixture.

        Parameters
        ----------
        results : sequence of TargetRanking
            The rankings by several coders.
        verbose : bool
            Add fingerprints.

        Returns
        -------
        list of Table
        """
        return [table for ranking in results for table in ranking._tables(verbose)]

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        said = []
        for each in results:
            if not (known := [candidate for candidate in each if not math.isnan(candidate.saving)]):
                continue
            best = known[0]
            text = (
                f"By {each.coder}, {best.name} saves most: {best.saving_bits:,.0f} bits, {percent(best.saving)}% of "
                f"the {each.target_bits:,.0f} bits of the target"
            )
            if best.not_distinguished_from:
                text += f"; {', '.join(best.not_distinguished_from)} cannot be told apart from it"
            said.append(f"{text}.")
        return "\n".join(said)

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import BarChart

        names = list(dict.fromkeys(candidate.name for each in results for candidate in each))
        found = {each.coder: {candidate.name: candidate for candidate in each} for each in results}
        values: dict[str, list[float | None]] = {}
        ends: dict[str, list[tuple[float, float] | None]] = {}
        for each in results:
            own = [found[each.coder].get(name) for name in names]
            share = 100 / max(each.target_bits, 1e-9)
            values[each.coder] = [None if one is None else share * one.saving_bits for one in own]
            ends[each.coder] = [None if one is None else (share * one.low_bits, share * one.high_bits) for one in own]
        return [
            BarChart(
                title="Bits saved for the target T by each corpus C",
                label="L(T) - L(T|C), % of L(T), with 95% intervals",
                names=names,
                series=values,
                intervals=ends,
                form=".2f",
            )
        ]

    @classmethod
    def evidence_of(cls, results: Sequence[Self]) -> list[str]:
        return ["Passages of the target in a corpus are left out first, so a copy of the target does not count."]

    def _tables(self, verbose: bool) -> list[Table]:
        from kolmo._core.tables import Column, Table

        equal = max((each.equal_size for each in self), default=0)
        columns = ("bytes", "leaked bytes", "saving, bits", "% of L(T)", "95% interval", "bits per byte added")
        at_equal = (f"% at {equal:,} bytes", "95% interval")
        table = Table(
            f"Bits saved for the target ({self.coder}): L(T) - L(T|C)",
            [
                Column("corpus"),
                *(Column(name, True) for name in (*columns, *at_equal)),
                Column("not distinguished from"),
            ],
        )
        for each in self:
            known = not math.isnan(each.saving)
            ends = each.low_bits / max(self.target_bits, 1e-9), each.high_bits / max(self.target_bits, 1e-9)
            table.add(
                each.name,
                f"{each.size:,}",
                f"{each.leaked_bytes:,}",
                f"{each.saving_bits:,.0f}" if known else "-",
                percent(each.saving),
                _interval(*ends),
                f"{each.bits_per_byte:.3f}" if known else "-",
                percent(each.equal_saving),
                _interval(each.equal_low, each.equal_high),
                ", ".join(each.not_distinguished_from) or "-",
            )
        read = f", after {self.context_size:,} bytes that are there" if self.context_size else ""
        table.footers = [
            f"L(T) = {self.target_bits:,.0f} bits for {self.target_size:,} bytes{read}; documents and pieces that "
            "contain passages of T are left out",
            "at equal bytes: which corpus is the most useful; at full size: which one to add",
            *remarks([self], verbose=verbose),
        ]
        tables = [table]
        if self.greedy:
            steps = Table(
                "Greedy order: each corpus adds most to those before",
                [
                    Column("corpus"),
                    *(Column(name, True) for name in ("bytes", "adds, bits", "all, bits", "all, % of L(T)")),
                ],
            )
            for step in self.greedy:
                share = percent(step.saving_bits / max(self.target_bits, 1e-9))
                steps.add(step.name, f"{step.size:,}", f"{step.marginal_bits:,.0f}", f"{step.saving_bits:,.0f}", share)
            tables.append(steps)
        if self.mixture is not None:
            mixed = Table(
                f"Best mixture of {self.mixture.size:,} bytes, on a grid", [Column("corpus"), Column("share, %", True)]
            )
            for name, share_of in self.mixture.shares.items():
                mixed.add(name, f"{100 * share_of:.0f}")
            mixed.footers = [
                f"it saves {self.mixture.saving_bits:,.0f} bits; the best corpus alone "
                f"{self.mixture.best_alone_bits:,.0f}"
            ]
            tables.append(mixed)
        return tables


@dataclass(frozen=True, kw_only=True)
class SelectedShare:
    """A share of a corpus, selected for the target, and chosen at random.

    Parameters
    ----------
    share : float
        Share of the bytes of the corpus.
    size : int
        Bytes selected.
    saving_bits : float
        L(T) - L(T given the selection).
    random_bits, random_deviation : float
        Mean and standard deviation of the same for random documents of as many bytes.
    """

    share: float
    size: int
    saving_bits: float
    random_bits: float
    random_deviation: float


@dataclass(frozen=True, kw_only=True)
class TargetSelection(Result):
    """The documents of a corpus by what they have in common with a target. Made by `select_for_target`.

    Parameters
    ----------
    selected : tuple of int
        Positions of the selected documents in the corpus, the best first.
    scores : tuple of float
        L(d given others) - L(d given T) of each document of the corpus, in bits for each of its bytes; NaN for those
        that leak.
    sizes : tuple of int
        Bytes of each document.
    leaked : tuple of int
        Positions of the documents that contain a passage of the target; they are not selected.
    shares : tuple of SelectedShare
        Several shares of the corpus, selected and at random.
    target_size, target_bits : int, float
        Bytes of the target, and L(T).
    coder, fingerprint : str
        The coder, with its parameters and library versions.
    warnings : list of str
        Leaks and limits of the coder.
    """

    citations: ClassVar[tuple[str, ...]] = ()
    question: ClassVar[str] = "Which documents of the corpus help with the target?"

    selected: tuple[int, ...]
    scores: tuple[float, ...]
    sizes: tuple[int, ...]
    leaked: tuple[int, ...]
    shares: tuple[SelectedShare, ...]
    target_size: int
    target_bits: float
    coder: str
    fingerprint: str
    warnings: list[str] = field(default_factory=list)

    def records(self) -> list[dict[str, Any]]:
        """Return a row for each document: its position, size, score, and its place in the selection.

        Returns
        -------
        list of dict
        """
        places = {index: place for place, index in enumerate(self.selected)}
        return [
            {
                "index": index,
                "size": size,
                "bits_per_byte": None if math.isnan(score) else score,
                "selected": places.get(index),
            }
            for index, (size, score) in enumerate(zip(self.sizes, self.scores, strict=True))
        ]

    @classmethod
    def tables_of(cls, results: Sequence[Self], *, verbose: bool = False) -> list[Table]:
        """Return a table of the shares for each selection.

        Parameters
        ----------
        results : sequence of TargetSelection
            The selections by several coders.
        verbose : bool
            Add fingerprints.

        Returns
        -------
        list of Table
        """
        from kolmo._core.tables import Column, Table

        tables = []
        for each in results:
            names = ("share, %", "bytes", "selected, bits", "% of L(T)", "random, bits", "standard deviation")
            table = Table(
                f"Bits saved for the target by selected documents ({each.coder})",
                [Column(name, True) for name in names],
            )
            for part in each.shares:
                table.add(
                    f"{100 * part.share:g}",
                    f"{part.size:,}",
                    f"{part.saving_bits:,.0f}",
                    percent(part.saving_bits / max(each.target_bits, 1e-9)),
                    f"{part.random_bits:,.0f}",
                    f"{part.random_deviation:,.0f}",
                )
            table.footers = [
                f"{len(each.selected):,} of {len(each.sizes):,} documents selected by L(d|others) - L(d|T) for each "
                f"byte; L(T) = {each.target_bits:,.0f} bits",
                "this fits a target: documents like T, and like each other; it does not make a diverse set",
                *remarks([each], verbose=verbose),
            ]
            tables.append(table)
        return tables

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        said = []
        for each in results:
            size = sum(each.sizes[index] for index in each.selected)
            part = next((part for part in each.shares if part.size == size), None)  # the share that was asked for
            if part is not None:
                said.append(
                    f"By {each.coder}, the {len(each.selected):,} selected documents of {len(each.sizes):,} ({size:,} "
                    f"bytes) save {part.saving_bits:,.0f} of the {each.target_bits:,.0f} bits of the target; random "
                    f"documents of as many bytes save {part.random_bits:,.0f}."
                )
        return "\n".join(said)

    @classmethod
    def charts_of(cls, results: Sequence[Self]) -> list[Chart]:
        from kolmo._core.reports.charts import Curve, LineChart

        return [
            LineChart(
                title=f"Bits saved for the target by the share of the corpus ({each.coder})",
                x_label="share of the corpus, %",
                y_label="saving, % of L(T)",
                curves=[
                    Curve(
                        name=name,
                        x=[100 * part.share for part in each.shares],
                        y=[100 * getattr(part, field) / max(each.target_bits, 1e-9) for part in each.shares],
                    )
                    for name, field in (("selected", "saving_bits"), ("random", "random_bits"))
                ],
                log_x=True,
            )
            for each in results
            if len(each.shares) > 1
        ]

    @classmethod
    def report_tables_of(cls, results: Sequence[Self]) -> list[Table]:
        return [*cls.tables_of(results), *(each._selected_table() for each in results)]

    def _selected_table(self) -> Table:
        from kolmo._core.tables import Column, ItemCell, Table

        table = Table(
            f"Selected documents ({self.coder})", [Column(name, True) for name in ("document", "bytes", "bits/byte")]
        )
        for index in self.selected:
            cell = ItemCell(f"{index:,}", index)
            table.add(cell, f"{self.sizes[index]:,}", f"{self.scores[index]:.3f}")
        table.footers = ["bits/byte: L(d given others) - L(d given T), for each byte of the document d; the best first"]
        return table


def _interval(low: float, high: float) -> str:
    return "-" if math.isnan(low) else f"{percent(low)} to {percent(high)}"
