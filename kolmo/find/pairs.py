"""The search for overlapping pairs among many items: candidates first, then the overlap of each pair."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kolmo._core.checks import check_boolean, check_choice, check_count, check_jobs, check_number, check_path
from kolmo._core.items import as_bytes
from kolmo._core.progress import progress
from kolmo._core.resumable import ResumableRun, digest, open_checkpoint, run_tasks
from kolmo.coders.lengths import check_predictive
from kolmo.coders.predictive import PredictiveCoder
from kolmo.coders.registry import CoderLike, coder as make_coder
from kolmo.errors import DataError
from kolmo.find.background import Background, pieces_of
from kolmo.find.overlap_kernels import BITS, COPIED_BITS, N_COLUMNS, PASSAGE_BITS
from kolmo.find.overlaps import Floats, Integers, folded, overlaps
from kolmo.learn.candidates import CANDIDATES, largest, similarity_index

MIN_BITS, MIN_COPIED = 100.0, 0.5
_BLOCK_BYTES, _BLOCK_ITEMS = 2**21, 2048
_MOST_OF_LONG = 10
"""An item of many pieces has at most this many times as many candidates as one of one piece."""
_EXACT_BYTES, _EXACT_PAIRS = 2**25, 2**18
"""All pairs are compared if there are at most this many, and this many bytes of the items y summed over them."""
_LARGEST_ITEM = 2**25
"""Largest item in bytes; a comparison needs about 60 times its size in memory."""
_CONTROL_PAIRS, _CONTROL_BYTES = 1000, 2**22


@dataclass(frozen=True, kw_only=True)
class OverlapSearch:
    """The settings of a search for overlaps; the parameters are those of `kolmo.find_leaks`."""

    min_bits: float = MIN_BITS
    min_copied: float = MIN_COPIED
    candidates: str = CANDIDATES[0]
    n_candidates: int = 10
    fold_case: bool = True
    ignore: tuple[bytes, ...] = ()
    coder: PredictiveCoder
    random_state: int = 0
    checkpoint: str | Path | None = None
    n_jobs: int | None = None

    @classmethod
    def of(cls, *, coder: CoderLike, ignore: object, **settings: object) -> OverlapSearch:
        """Return the settings, checked."""
        texts = () if ignore is None else (ignore,) if isinstance(ignore, str | bytes) else tuple(ignore)  # type: ignore[arg-type]
        made = cls(coder=check_predictive(make_coder(coder)), ignore=tuple(map(as_bytes, texts)), **settings)  # type: ignore[arg-type]
        check_number("min_bits", made.min_bits, 0)
        check_number("min_copied", made.min_copied, 0, 1)
        check_choice("candidates", made.candidates, CANDIDATES)
        check_count("n_candidates", made.n_candidates)
        check_boolean("fold_case", made.fold_case)
        check_count("random_state", made.random_state, 0, 2**32 - 1)
        check_path("checkpoint", made.checkpoint)
        check_jobs(made.n_jobs)
        return made

    def prepared(self, items: Sequence[bytes]) -> Distinct:
        """Return the different items, in lower case if case is folded; empty items are left out.

        Raises
        ------
        DataError
            If an item is too large.
        """
        for index, item in enumerate(items):
            if len(item) > _LARGEST_ITEM:
                raise DataError(
                    f"item {index} holds {len(item):,} bytes, expected at most {_LARGEST_ITEM:,}; cut it into parts, "
                    "such as paragraphs or pages"
                )
        return Distinct.of([folded(item) for item in items] if self.fold_case else items)

    def background(self, *collections: Sequence[bytes]) -> Background:
        """Return the background of collections of items."""
        ignored = [folded(text) for text in self.ignore] if self.fold_case else self.ignore
        return Background.of(self.coder, collections, ignored)

    def is_copy(self, rows: Floats) -> NDArray[np.bool_]:
        """Return which overlaps save enough bits, and consist of copied bytes to a sufficient part."""
        enough = rows[:, COPIED_BITS] >= self.min_copied * rows[:, PASSAGE_BITS]
        found: NDArray[np.bool_] = (rows[:, BITS] >= self.min_bits) & enough
        return found

    def index(self, xs: Sequence[bytes], ys: Sequence[bytes], *, itself: bool = False) -> Candidates:
        """Return the candidates among `xs` for `ys`: all of them if their comparison takes a few seconds."""
        if len(xs) * sum(map(len, ys)) <= _EXACT_BYTES and len(xs) * len(ys) <= _EXACT_PAIRS:
            return AllItems(len(xs))
        return PieceIndex(xs, self.n_candidates + itself, self.candidates)  # one of them may be the item itself

    def open_run(self, first: Sequence[bytes], second: Sequence[bytes], label: str) -> ResumableRun | None:
        """Return the run in the checkpoint file, if there is one."""
        facts = {
            "candidates": f"{self.n_candidates} by {self.candidates}",
            "fold case": self.fold_case,
            "ignored texts": digest(self.ignore),
        }
        return open_checkpoint(
            self.checkpoint, str(self.coder), self.coder.fingerprint, first, second, label=label, **facts
        )


@dataclass(frozen=True)
class Distinct:
    """The different items of a collection.

    Parameters
    ----------
    items : list of bytes
        Each once, in the order of their first occurrence.
    first : list of int
        The position of the first occurrence of each.
    numbers : list of int
        For each item of the collection its number among the different ones; -1 for an empty item.
    """

    items: list[bytes]
    first: list[int]
    numbers: list[int]

    @classmethod
    def of(cls, collection: Sequence[bytes]) -> Distinct:
        """Return the different items of a collection."""
        known: dict[bytes, int] = {}
        items: list[bytes] = []
        first: list[int] = []
        numbers: list[int] = []
        for position, item in enumerate(collection):
            if item and item not in known:
                known[item] = len(items)
                items.append(item)
                first.append(position)
            numbers.append(known[item] if item else -1)
        return cls(items, first, numbers)

    @property
    def n_empty(self) -> int:
        """The number of empty items."""
        return self.numbers.count(-1)


@dataclass
class Cost:
    """What a search took.

    Parameters
    ----------
    n_pairs : int
        Number of pairs compared.
    pair_seconds : float
        Time of their comparison, in one thread, without candidates and surprisals.
    """

    n_pairs: int = 0
    pair_seconds: float = 0.0

    def of_all(self, n_all: int) -> float:
        """Return the estimated time of a comparison of `n_all` pairs in one thread, in seconds."""
        return self.pair_seconds / max(self.n_pairs, 1) * n_all


class Candidates(Protocol):
    """Chooses the items that an item is compared with."""

    def of(self, item: bytes, allowed: NDArray[np.bool_] | None = None) -> list[int]:
        """Return the candidates of an item, ascending, of those allowed."""


@dataclass(frozen=True)
class AllItems:
    """All items as candidates.

    Parameters
    ----------
    count : int
        Their number.
    """

    count: int

    def of(self, item: bytes, allowed: NDArray[np.bool_] | None = None) -> list[int]:
        """Return all positions, of those allowed."""
        return list(range(self.count)) if allowed is None else np.flatnonzero(allowed).tolist()


class PieceIndex:
    """The candidates of an item: the items with the most similar pieces.

    Parameters
    ----------
    items : sequence of bytes
        The items of the index; long ones are cut into pieces.
    count : int
        Number of candidates for each piece.
    kind : str
        One of `CANDIDATES`.
    """

    def __init__(self, items: Sequence[bytes], count: int, kind: str) -> None:
        self.count = count
        pieces = [pieces_of(item) for item in items]
        self._owners = np.repeat(np.arange(len(pieces)), [len(each) for each in pieces])
        self._index = similarity_index(kind, [piece for each in pieces for piece in each])

    def of(self, item: bytes, allowed: NDArray[np.bool_] | None = None) -> list[int]:
        """Return the candidates of an item, ascending, of those allowed."""
        pieces = pieces_of(item)
        best: dict[int, float] = {}
        excluded = None if allowed is None else ~allowed[self._owners]
        for values in self._index.similarities(pieces):
            if excluded is not None:
                values[excluded] = 0
            for place in largest(values, self.count).tolist():
                if values[place] > 0:
                    owner = int(self._owners[place])
                    best[owner] = max(best.get(owner, 0.0), float(values[place]))
        chosen = sorted(best, key=lambda owner: (-best[owner], owner))
        return sorted(chosen[: self.count * min(len(pieces), _MOST_OF_LONG)])


def found_pairs(
    search: OverlapSearch,
    background: Background,
    ys: Sequence[bytes],
    xs: Sequence[bytes],
    pairs: Iterator[tuple[int, list[int]]],
    n_queries: int,
    cost: Cost,
    *,
    run: ResumableRun | None = None,
    label: str,
) -> tuple[Integers, Floats]:
    """Return the pairs of equal items and those whose overlap is a copy, and their overlaps.

    The pairs come as y with its candidates.
    """
    with progress(n_queries, label=f"candidates for {label}", unit="items") as bar:
        tasks = list(_blocks(ys, pairs, bar.update))
    cost.n_pairs += sum(len(local) for local, _, _ in tasks)
    arguments = [
        (background, [ys[number] for number in of_y], [xs[number] for number in of_x], local)
        for local, of_y, of_x in tasks
    ]
    kept_pairs, kept_rows = [np.empty((0, 2), np.int64)], [np.empty((0, N_COLUMNS))]
    done = run_tasks(_scored, arguments, label=label, prefer="threads", run=run, n_jobs=search.n_jobs)
    for (local, of_y, of_x), (rows, seconds) in zip(tasks, done, strict=True):
        cost.pair_seconds += float(seconds[0])
        equal = np.array([ys[of_y[y]] == xs[of_x[x]] for y, x in local.tolist()], bool)
        short = equal & ~search.is_copy(rows)
        for place in np.flatnonzero(short).tolist():
            size = len(ys[of_y[local[place, 0]]])
            rows[place] = [rows[place, BITS], 0, size, 0, size, 1, 1]  # the whole item, all of it copied
        chosen = equal | search.is_copy(rows)
        names = np.column_stack([np.array(of_y)[local[chosen, 0]], np.array(of_x)[local[chosen, 1]]])
        kept_pairs.append(names.astype(np.int64))
        kept_rows.append(rows[chosen])
    return np.concatenate(kept_pairs), np.concatenate(kept_rows)


def _blocks(
    ys: Sequence[bytes], pairs: Iterator[tuple[int, list[int]]], count: Callable[[], object]
) -> Iterator[tuple[Integers, list[int], list[int]]]:
    """Yield pairs in blocks: the pairs by local numbers, and the items y and x that these stand for."""
    local: list[tuple[int, int]] = []
    of_y: list[int] = []
    of_x: dict[int, int] = {}
    size = 0
    for y, candidates in pairs:
        count()
        if not candidates:
            continue
        of_y.append(y)
        size += len(ys[y])
        local += [(len(of_y) - 1, of_x.setdefault(x, len(of_x))) for x in candidates]
        if size >= _BLOCK_BYTES or len(of_y) >= _BLOCK_ITEMS:
            yield np.array(local, np.int64), of_y, list(of_x)
            local, of_y, of_x, size = [], [], {}, 0
    if local:
        yield np.array(local, np.int64), of_y, list(of_x)


def _scored(background: Background, ys: list[bytes], xs: list[bytes], pairs: Integers) -> tuple[Floats, Floats]:
    """Return the overlaps of pairs, and the time they took without the surprisals, in seconds."""
    surprisals = background.surprisals(ys)
    start = time.perf_counter()
    rows = overlaps(ys, surprisals, xs, pairs)
    return rows, np.array([time.perf_counter() - start])


@dataclass(frozen=True, kw_only=True)
class Control:
    """Random pairs, each item in one at most: how many of them pass for copies.

    Parameters
    ----------
    n_pairs : int
        Number of random pairs.
    n_flagged : int
        Number of those that were flagged.
    rate : float
        Their share; NaN without pairs.
    interval : tuple of float
        95% confidence interval of the rate (Clopper and Pearson).
    """

    n_pairs: int
    n_flagged: int
    rate: float
    interval: tuple[float, float]


def random_control(
    search: OverlapSearch, background: Background, ys: Sequence[bytes], xs: Sequence[bytes] | None
) -> Control:
    """Return how many random pairs pass for copies: an item of `ys` and one of `xs`, or two of `ys` if that is None."""
    from scipy.stats import beta

    random = np.random.default_rng(search.random_state)
    if xs is None:
        order = random.permutation(len(ys))
        half = len(ys) // 2
        pairs, second = np.column_stack([order[:half], order[half : 2 * half]]), ys
    else:
        count = min(len(ys), len(xs))
        pairs, second = np.column_stack([random.permutation(len(ys))[:count], random.permutation(len(xs))[:count]]), xs
    sizes = np.cumsum([len(ys[y]) + len(second[x]) for y, x in pairs[:_CONTROL_PAIRS]])
    pairs = pairs[: min(_CONTROL_PAIRS, 1 + int(np.searchsorted(sizes, _CONTROL_BYTES)))]
    count = len(pairs)
    local = np.column_stack([np.arange(count), np.arange(count)]).astype(np.int64)
    rows, _ = _scored(background, [ys[y] for y, _ in pairs], [second[x] for _, x in pairs], local)
    flagged = int(search.is_copy(rows).sum())
    if not count:
        return Control(n_pairs=0, n_flagged=0, rate=float("nan"), interval=(0.0, 1.0))
    low = float(beta.ppf(0.025, flagged, count - flagged + 1)) if flagged else 0.0
    high = float(beta.ppf(0.975, flagged + 1, count - flagged)) if flagged < count else 1.0
    return Control(n_pairs=count, n_flagged=flagged, rate=flagged / count, interval=(low, high))


def items_of(data: object, labels: object, name: str) -> tuple[list[bytes], list[str] | None]:
    """Return items and labels of a corpus, or of a collection with its labels."""
    from kolmo._core.items import as_items, in_order
    from kolmo.data.corpus import Corpus

    if isinstance(data, Corpus):
        items, own = list(data.items), data.labels
        labels = own if labels is None else labels
    else:
        items = as_items(data)
    if labels is None:
        return items, None
    named = [str(label) for label in in_order(labels, "labels")]
    if len(named) != len(items):
        raise DataError(f"{name}: expected one label for each item, got {len(named)} labels for {len(items)} items")
    return items, named
