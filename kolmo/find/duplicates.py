"""Duplicates: pairs of items in one set that share a passage, and the items that are left without them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np

from kolmo._core.checks import check_choice, check_number
from kolmo.coders.registry import CoderLike
from kolmo.errors import DataError
from kolmo.find.overlap_kernels import X_START, X_STOP, Y_START, Y_STOP
from kolmo.find.overlaps import Floats
from kolmo.find.pairs import (
    MIN_BITS,
    MIN_COPIED,
    Candidates,
    Cost,
    Distinct,
    OverlapSearch,
    found_pairs,
    items_of,
    random_control,
)
from kolmo.find.passages import Passage, Span
from kolmo.find.reports import Overlap, OverlapReport, Side, measured, spans_of

Keep = Literal["first", "longest"]
KEEP = ("first", "longest")
MIN_SHARE = 0.5


@dataclass(frozen=True, kw_only=True)
class Duplicate(Overlap):
    """Two items that share a passage.

    Parameters
    ----------
    index, other_index : int
        Positions of the later and of the earlier item, from 0. Of several equal items only the first is compared.
    span, other_span : tuple of int
        Start and end of the passage in both, in bytes.
    passage, other_passage : Passage
        The passage in both as text, with the text around it.
    bits_saved : float
        The bits by which a copy from the earlier item shortens the code of the later one.
    copied : float
        Share of the bits of the passage that are in copied phrases; the rest is edited.
    identical : bool
        Whether the items are equal, up to case if case is folded.
    same_label : bool or None
        Whether the labels are equal; None without labels.
    """

    index: int
    other_index: int
    span: Span
    other_span: Span
    passage: Passage
    other_passage: Passage

    @property
    def sides(self) -> tuple[Side, Side]:
        return (
            Side(self.index, self.span, self.passage),
            Side(self.other_index, self.other_span, self.other_passage),
        )


@dataclass(frozen=True, kw_only=True)
class Removed:
    """An item that duplicates one that is kept.

    Parameters
    ----------
    index, kept_index : int
        Its position, and that of the kept item that explains it.
    share : float
        Share of its bytes in the passage that both have in common.
    """

    index: int
    kept_index: int
    share: float


@dataclass(frozen=True, kw_only=True)
class DuplicateReport(OverlapReport):
    """The duplicates in a set. Made by `find_duplicates`.

    Parameters
    ----------
    pairs : list of Duplicate
        All pairs found, by position.
    removed : list of Removed
        The items that are left out of `unique`, each with the kept item that explains it.
    n_items : int
        Number of items.
    n_label_conflicts : int or None
        Number of pairs whose labels differ; None without labels.
    min_bits, min_copied, min_share : float
        The thresholds.
    control : Control
        Random pairs that pass for duplicates, with their 95% confidence interval.
    n_compared : int
        Number of pairs compared.
    seconds, exact_seconds : float
        Wall time; estimated time of a comparison of all pairs in one thread.
    coder, fingerprint : str
        The coder of the background, with its parameters and versions.
    warnings : list of str
        What was left out.
    """

    derived: ClassVar[tuple[str, ...]] = ("unique",)
    question: ClassVar[str] = "Which items share passages with each other?"
    pair_type: ClassVar[type[Overlap]] = Duplicate
    names: ClassVar[tuple[str, str]] = ("later", "earlier")
    sources: ClassVar[tuple[str, str]] = ("", "")
    chart_title: ClassVar[tuple[str, str]] = ("Bits saved by the copies in each pair", "pairs")

    pairs: list[Duplicate]
    removed: list[Removed]
    n_items: int
    min_share: float

    @property
    def unique(self) -> list[int]:
        """Positions of the items that are kept, ascending."""
        removed = {each.index for each in self.removed}
        return [index for index in range(self.n_items) if index not in removed]

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        return "\n".join(
            f"{each._n_later():,} of {each.n_items:,} items share a passage with an earlier one; {len(each.removed):,} "
            f"are duplicates that one kept item explains, so {len(each.unique):,} remain."
            for each in results
        )

    def _overlaps(self) -> list[Duplicate]:
        return self.pairs

    def _best(self) -> list[Duplicate]:
        return sorted(self.pairs, key=lambda pair: -pair.bits_saved)

    def _title(self) -> str:
        return f"Duplicates: {self._n_later():,} of {self.n_items:,} items share a passage with an earlier one"

    def _n_all(self) -> int:
        return self.n_items * (self.n_items - 1) // 2

    def _remarks(self) -> list[str]:
        return [
            f"removed from the unique items: {len(self.removed):,}, of which one kept item explains at least "
            f"{100 * self.min_share:g}% of the bytes"
        ]

    def _n_later(self) -> int:
        return len({pair.index for pair in self.pairs})


def find_duplicates(
    data: Any,
    *,
    labels: Any = None,
    keep: Keep = "first",
    min_share: float = MIN_SHARE,
    min_bits: float = MIN_BITS,
    min_copied: float = MIN_COPIED,
    candidates: str = "char-tfidf",
    n_candidates: int = 10,
    fold_case: bool = True,
    ignore: Any = None,
    coder: CoderLike = "ngram",
    random_state: int = 0,
    checkpoint: str | Path | None = None,
    n_jobs: int | None = None,
) -> DuplicateReport:
    """Find the pairs of items that share a passage, copied with or without edits, and the items to keep.

    Pairs are found as in `find_leaks`. An item is removed only if one kept item explains it, by a pair of its own;
    items that are connected by a chain of pairs are no duplicates of each other. Equal items are duplicates however
    short they are.

    Parameters
    ----------
    data : collection of str or bytes, or Corpus
        See `kolmo.as_items`. Empty items are never removed.
    labels : sequence, optional
        A label for each item; a corpus has its own.
    keep : {"first", "longest"}
        Of two items that explain each other, the one that is kept.
    min_share : float
        Smallest share of the bytes of an item that a kept item must explain to remove it.
    min_bits, min_copied : float
        The thresholds; see `find_leaks`.
    candidates : {"char-tfidf", "sketch"}
        Similarity by which the items to compare are chosen; see `find_leaks`.
    n_candidates : int
        Items that an item is compared with.
    fold_case : bool
        Ignore the case of letters.
    ignore : str, bytes or sequence of these, optional
        Texts whose copies do not count, such as a licence.
    coder : str, mapping or Coder
        The predictive coder of the background.
    random_state : int
        Seed of the random pairs of the control.
    checkpoint : path-like, optional
        File that saves progress; a later call with the same data resumes.
    n_jobs : int, optional
        Number of joblib workers.

    Returns
    -------
    DuplicateReport

    Raises
    ------
    DataError
        If there are fewer than two items.

    Examples
    --------
    >>> data = [f"report {n} of station {n % 7}: {n * n} birds were seen at the river" for n in range(60)]
    >>> data[17] = "Ships of the northern fleet left port in fog, and the harbour master counted nineteen of them."
    >>> data[41] = "Ships of the Northern Fleet left the port in fog and the harbour master counted nineteen."
    >>> report = find_duplicates(data)
    >>> [(pair.index, pair.other_index) for pair in report.pairs]
    [(41, 17)]
    >>> len(report.unique)
    59
    """
    start = time.perf_counter()
    check_choice("keep", keep, KEEP)
    check_number("min_share", min_share, 0, 1)
    search = OverlapSearch.of(
        coder=coder,
        ignore=ignore,
        min_bits=min_bits,
        min_copied=min_copied,
        candidates=candidates,
        n_candidates=n_candidates,
        fold_case=fold_case,
        random_state=random_state,
        checkpoint=checkpoint,
        n_jobs=n_jobs,
    )
    items, named = items_of(data, labels, "data")
    if len(items) < 2:
        raise DataError(f"expected at least two items, got {len(items)}; read the file as lines or as a table")
    distinct = search.prepared(items)
    background = search.background(distinct.items)
    found = _Pairs(search, background, distinct)
    found.compare()
    removed = found.removed(keep, min_share)
    pairs = found.as_duplicates(items, named)
    n_items = len(distinct.items)
    return DuplicateReport(
        pairs=pairs,
        removed=removed,
        n_items=len(items),
        n_label_conflicts=None if named is None else sum(pair.same_label is False for pair in pairs),
        min_bits=min_bits,
        min_copied=min_copied,
        min_share=min_share,
        control=random_control(search, background, distinct.items, None),
        n_compared=found.cost.n_pairs,
        seconds=time.perf_counter() - start,
        exact_seconds=found.cost.of_all(n_items * (n_items - 1) // 2),
        coder=str(search.coder),
        fingerprint=search.coder.fingerprint,
        warnings=[f"{distinct.n_empty:,} empty items were left out"] if distinct.n_empty else [],
    )


class _Pairs:
    """The overlapping pairs of different items, y later than x, found in rounds."""

    def __init__(self, search: OverlapSearch, background: Any, distinct: Distinct) -> None:
        self.search, self.background, self.distinct, self.cost = search, background, distinct, Cost()
        self.rows: dict[tuple[int, int], Floats] = {}
        self.compared: set[tuple[int, int]] = set()
        self.index: Candidates | None = None
        self.n_rounds = 0

    def compare(self) -> None:
        """Compare every item with its candidates, and equal items with each other."""
        items = self.distinct.items
        self.index = self.search.index(items, items, itself=True)
        self._add(self._undirected((y, self.index.of(item)) for y, item in enumerate(items)))
        repeated = np.bincount([number for number in self.distinct.numbers if number >= 0], minlength=1) > 1
        self._add((number, [number]) for number in np.flatnonzero(repeated).tolist())

    def _undirected(self, candidates: Iterable[tuple[int, list[int]]]) -> Iterator[tuple[int, list[int]]]:
        """Yield each pair once, as the later item with its earlier ones."""
        partners: dict[int, set[int]] = {}
        for y, found in candidates:
            for x in found:
                if x != y and (max(x, y), min(x, y)) not in self.compared:
                    partners.setdefault(max(x, y), set()).add(min(x, y))
                    self.compared.add((max(x, y), min(x, y)))
        for y in sorted(partners):
            yield y, sorted(partners[y])

    def _add(self, candidates: Iterator[tuple[int, list[int]]]) -> int:
        items = self.distinct.items
        self.n_rounds += 1
        label = "duplicates" if self.n_rounds == 1 else f"duplicates, round {self.n_rounds}"
        run = self.search.open_run(items, [], label)
        pairs, rows = found_pairs(
            self.search, self.background, items, items, candidates, len(items), self.cost, run=run, label=label
        )
        self.rows.update(zip(map(tuple, pairs.tolist()), rows, strict=True))
        return len(pairs)

    def removed(self, keep: Keep, min_share: float) -> list[Removed]:
        """Return the items that a kept one explains.

        An item whose partners are all removed may have a kept one that was not among its candidates, as in a large
        group of similar items. Such items are compared with the most similar kept ones until there are no more pairs.
        """
        assert self.index is not None
        while True:
            reasons, waiting = self._explained(keep, min_share)
            kept = np.ones(len(self.distinct.items), bool)
            kept[list(reasons)] = False
            again = ((y, self.index.of(self.distinct.items[y], kept)) for y in sorted(waiting))
            if not waiting or not self._add(self._undirected(again)):
                break
        first = self.distinct.first
        removed = [
            Removed(index=first[number], kept_index=first[other], share=share)
            for number, (other, share) in reasons.items()
        ]
        for index, number in enumerate(self.distinct.numbers):
            if number >= 0 and index != first[number]:
                other = reasons[number][0] if number in reasons else number
                share = reasons[number][1] if number in reasons else 1.0
                removed.append(Removed(index=index, kept_index=first[other], share=share))
        return sorted(removed, key=lambda each: each.index)

    def _explained(self, keep: Keep, min_share: float) -> tuple[dict[int, tuple[int, float]], set[int]]:
        """Return the removed items with the kept one that explains each, and kept ones that only removed ones would."""
        items = self.distinct.items
        partners: dict[int, list[tuple[int, float]]] = {}
        for (y, x), row in self.rows.items():
            if y != x:
                partners.setdefault(y, []).append((x, float(row[Y_STOP] - row[Y_START]) / len(items[y])))
                partners.setdefault(x, []).append((y, float(row[X_STOP] - row[X_START]) / len(items[x])))
        rank = {item: place for place, item in enumerate(self._order(keep))}
        reasons: dict[int, tuple[int, float]] = {}
        waiting: set[int] = set()
        for number in sorted(partners, key=rank.__getitem__):
            sufficient = [
                (other, share) for other, share in partners[number] if share >= min_share and rank[other] < rank[number]
            ]
            kept = [(other, share) for other, share in sufficient if other not in reasons]
            if kept:
                reasons[number] = max(kept, key=lambda each: (each[1], -each[0]))
            elif sufficient:
                waiting.add(number)
        return reasons, waiting

    def _order(self, keep: Keep) -> list[int]:
        items = self.distinct.items
        if keep == "first":
            return list(range(len(items)))
        return sorted(range(len(items)), key=lambda number: (-len(items[number]), number))

    def as_duplicates(self, items: Sequence[bytes], labels: Sequence[str] | None) -> list[Duplicate]:
        """Return all pairs by the positions of the items; each repeat of an item is paired with its first one."""
        first, numbers = self.distinct.first, self.distinct.numbers
        indices = [(first[y], first[x], (y, x)) for y, x in self.rows if y != x]
        indices += [
            (index, first[number], (number, number))
            for index, number in enumerate(numbers)
            if number >= 0 and index != first[number]
        ]
        found = []
        for index, other, key in sorted(indices):
            span, other_span = spans_of(self.rows[key])
            found.append(
                Duplicate(
                    index=index,
                    other_index=other,
                    span=span,
                    other_span=other_span,
                    passage=Passage.of(items[index], span),
                    other_passage=Passage.of(items[other], other_span),
                    **measured(self.rows[key]),
                    identical=key[0] == key[1],
                    same_label=None if labels is None else labels[index] == labels[other],
                )
            )
        return found
