"""Leaks: items of a test set that contain passages of the training set, with or without edits."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from kolmo.coders.registry import CoderLike
from kolmo.errors import DataError
from kolmo.find.overlap_kernels import BITS
from kolmo.find.pairs import (
    MIN_BITS,
    MIN_COPIED,
    Cost,
    OverlapSearch,
    found_pairs,
    items_of,
    random_control,
)
from kolmo.find.passages import Passage, Span
from kolmo.find.reports import Overlap, OverlapReport, Side, measured, spans_of


@dataclass(frozen=True, kw_only=True)
class Leak(Overlap):
    """A test item with a passage that is copied from a training item.

    Parameters
    ----------
    test_index, train_index : int
        Positions of the items, from 0. Of several equal training items it is the first.
    test_span, train_span : tuple of int
        Start and end of the passage in both, in bytes.
    test_passage, train_passage : Passage
        The passage in both as text, with the text around it.
    bits_saved : float
        The bits by which a copy from the training item shortens the code of the test item.
    copied : float
        Share of the bits of the passage that are in copied phrases; the rest is edited.
    identical : bool
        Whether the items are equal, up to case if case is folded.
    same_label : bool or None
        Whether the labels are equal; None without labels.
    """

    test_index: int
    train_index: int
    test_span: Span
    train_span: Span
    test_passage: Passage
    train_passage: Passage

    @property
    def sides(self) -> tuple[Side, Side]:
        return (
            Side(self.test_index, self.test_span, self.test_passage),
            Side(self.train_index, self.train_span, self.train_passage),
        )


@dataclass(frozen=True, kw_only=True)
class LeakReport(OverlapReport):
    """The leaks between two sets. Made by `find_leaks`.

    Parameters
    ----------
    leaks : list of Leak
        All pairs found, by test item, the most bits saved first.
    n_train, n_test : int
        Numbers of items.
    n_flagged : int
        Number of test items with a leak.
    n_label_conflicts : int or None
        Number of leaks whose labels differ; None without labels.
    min_bits, min_copied : float
        The thresholds.
    control : Control
        Random pairs that pass for copies, with their 95% confidence interval.
    n_compared : int
        Number of pairs compared.
    seconds, exact_seconds : float
        Wall time; estimated time of a comparison of all pairs in one thread.
    coder, fingerprint : str
        The coder of the background, with its parameters and versions.
    warnings : list of str
        What was left out.
    """

    derived: ClassVar[tuple[str, ...]] = ("flagged_test", "flagged_train")
    question: ClassVar[str] = "Does the test set contain passages of the training set?"
    pair_type: ClassVar[type[Overlap]] = Leak
    names: ClassVar[tuple[str, str]] = ("test", "training")
    sources: ClassVar[tuple[str, str]] = ("test", "training")
    chart_title: ClassVar[tuple[str, str]] = ("Bits saved by the copies in each test item", "test items")

    leaks: list[Leak]
    n_train: int
    n_test: int
    n_flagged: int

    @property
    def flagged_test(self) -> list[int]:
        """Positions of the test items with a leak, ascending."""
        return sorted({leak.test_index for leak in self.leaks})

    @property
    def flagged_train(self) -> list[int]:
        """Positions of the training items that leak, ascending; of equal ones the first."""
        return sorted({leak.train_index for leak in self.leaks})

    @classmethod
    def answer_of(cls, results: Sequence[Self]) -> str:
        said = []
        for each in results:
            best = each._best()
            if not best:
                said.append(
                    f"No: none of the {each.n_test:,} test items contains a passage of the {each.n_train:,} training "
                    "items."
                )
                continue
            identical = sum(leak.identical for leak in best)
            text = (
                f"Yes: {each.n_flagged:,} of {each.n_test:,} test items ({each.n_flagged / each.n_test:.1%}) contain a "
                f"passage of the training set; {identical:,} are identical to a training item"
            )
            if each.n_label_conflicts:
                text += f", and {each.n_label_conflicts:,} of {len(each.leaks):,} pairs have different labels"
            said.append(f"{text}.")
        return "\n".join(said)

    def _overlaps(self) -> list[Leak]:
        return self.leaks

    def _best(self) -> list[Leak]:
        """Return the leak of each test item that saves most bits, the largest first."""
        best: dict[int, Leak] = {}
        for leak in self.leaks:
            best.setdefault(leak.test_index, leak)
        return sorted(best.values(), key=lambda leak: -leak.bits_saved)

    def _title(self) -> str:
        return f"Leaks: {self.n_flagged:,} of {self.n_test:,} test items contain a passage of the training set"

    def _n_all(self) -> int:
        return self.n_train * self.n_test


def find_leaks(
    train: Any,
    test: Any,
    *,
    train_labels: Any = None,
    test_labels: Any = None,
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
) -> LeakReport:
    """Find the test items that contain a passage of a training item, copied with or without edits.

    Each test item is compared with the training items that are most similar by TF-IDF cosine of character 5-grams. For
    a pair, a code of the test item is computed that may copy phrases from the training item, and otherwise has the
    surprisals of a coder that has read a sample of both sets: the background. The bits it saves, over the best passage,
    are a score that boilerplate cannot reach, since the background knows it, and that edits lower gradually.

    Equal items are leaks however short they are. The labels, if there are any, are compared and reported. For old data
    in new ones, instead of new in old, exchange the sets.

    Parameters
    ----------
    train, test : collection of str or bytes, or Corpus
        See `kolmo.as_items`. Empty items are left out.
    train_labels, test_labels : sequence, optional
        A label for each item; a corpus has its own.
    min_bits : float
        Smallest number of bits saved.
    min_copied : float
        Smallest share of the passage, by its bits, that is in copied phrases.
    candidates : {"char-tfidf", "sketch"}
        Similarity by which the items to compare are chosen: TF-IDF cosine of character 5-grams, or sketches, which lose
        more copies, and are for sets beyond a million items. Small sets are compared completely.
    n_candidates : int
        Training items that are compared with a test item; for a long item, with each kilobyte of it.
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
    LeakReport

    Raises
    ------
    DataError
        If a set is empty, or both hold the same items.

    References
    ----------
    Lee et al., "Deduplicating Training Data Makes Language Models Better", ACL 2022, on runs of 50 equal tokens. Brown
    et al., "Language Models are Few-Shot Learners", NeurIPS 2020, on runs of 13 equal words.

    Examples
    --------
    >>> train = [f"report {n} of station {n % 7}: {n * n} birds were seen at the river" for n in range(60)]
    >>> train[17] = "Ships of the northern fleet left port in fog, and the harbour master counted nineteen of them."
    >>> test = ["They say ships of the northern fleet left port in fog and the harbour-master counted 19."]
    >>> report = find_leaks(train, test)
    >>> [(leak.test_index, leak.train_index) for leak in report.leaks]
    [(0, 17)]
    >>> print(report.side_by_side(width=80))
    328 bits saved, 97% copied
    <BLANKLINE>
    test item 0, bytes 9-85                   training item 17, bytes 0-77
    They say [ships of the northern fleet  |  [Ships of the northern fleet
    left port in fog and the               |  left port in fog, and the
    harbour-master counted] 19.            |  harbour master counted] nineteen of
                                           >  them.
    """
    start = time.perf_counter()
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
    train_items, train_named = items_of(train, train_labels, "train")
    test_items, test_named = items_of(test, test_labels, "test")
    xs, ys = search.prepared(train_items), search.prepared(test_items)
    for name, each, items in (("train", xs, train_items), ("test", ys, test_items)):
        if not each.items:
            found = "only empty items" if items else "no items"
            raise DataError(f"{name} holds {found}; pass at least one with text")
    if train_items == test_items:
        raise DataError(
            "train and test hold the same items, so that every item is a leak; pass two sets, or look for duplicates "
            "within one: find_duplicates, kolmo duplicates"
        )
    background, cost = search.background(xs.items, ys.items), Cost()
    index = search.index(xs.items, ys.items)
    known = {item: x for x, item in enumerate(xs.items)}

    def compared(item: bytes) -> list[int]:
        equal = known.get(item)
        return sorted({*index.of(item), *(() if equal is None else (equal,))})

    pairs, rows = found_pairs(
        search,
        background,
        ys.items,
        xs.items,
        ((y, compared(item)) for y, item in enumerate(ys.items)),
        len(ys.items),
        cost,
        run=search.open_run(ys.items, xs.items, "leaks"),
        label="leaks",
    )
    of_y: dict[int, list[int]] = {}
    for place, (y, _) in enumerate(pairs.tolist()):
        of_y.setdefault(y, []).append(place)
    leaks = []
    for test_index, y in enumerate(ys.numbers):
        places = sorted(of_y.get(y, ()), key=lambda place: (-rows[place, BITS], pairs[place, 1]))
        for place in places:
            x, row = int(pairs[place, 1]), rows[place]
            train_index = xs.first[x]
            test_span, train_span = spans_of(row)
            leaks.append(
                Leak(
                    test_index=test_index,
                    train_index=train_index,
                    test_span=test_span,
                    train_span=train_span,
                    test_passage=Passage.of(test_items[test_index], test_span),
                    train_passage=Passage.of(train_items[train_index], train_span),
                    **measured(row),
                    identical=ys.items[y] == xs.items[x],
                    same_label=_same(test_named, test_index, train_named, train_index),
                )
            )
    warnings = [
        f"{each.n_empty:,} empty {name} items were left out"
        for name, each in (("training", xs), ("test", ys))
        if each.n_empty
    ]
    labelled = train_named is not None and test_named is not None
    control = random_control(search, background, ys.items, xs.items)
    all_pairs = len(ys.items) * len(xs.items)
    return LeakReport(
        leaks=leaks,
        n_train=len(train_items),
        n_test=len(test_items),
        n_flagged=len({leak.test_index for leak in leaks}),
        n_label_conflicts=sum(leak.same_label is False for leak in leaks) if labelled else None,
        min_bits=min_bits,
        min_copied=min_copied,
        control=control,
        n_compared=cost.n_pairs,
        seconds=time.perf_counter() - start,
        exact_seconds=cost.of_all(all_pairs),
        coder=str(search.coder),
        fingerprint=search.coder.fingerprint,
        warnings=warnings,
    )


def _same(first: Sequence[str] | None, at: int, second: Sequence[str] | None, other: int) -> bool | None:
    return None if first is None or second is None else first[at] == second[other]
