"""Counts of the n-grams of training texts, and the code lengths of texts under models with these counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.learn.background.symbols import Symbols

N_BYTE_ORDERS = 6
N_WORD_ORDERS = 2
WORD_DISTANCES = (2,)
"""A word is also coded after the one that stands so many places before it."""
CLASS_WEIGHT = 20.0
"""Symbols that the lower order and the background are worth in the model of a class."""


@dataclass(frozen=True)
class Contexts:
    """The counts of one kind of symbol.

    Parameters
    ----------
    shift : int
        Bits of a symbol in a key.
    tables : ndarray of shape (n_tables, 6)
        The kinds of n-gram that are counted, see `counting_kernels.Table`.
    grams : Grams
        The counts.
    """

    shift: np.uint64
    tables: NDArray[np.int64]
    grams: Any

    @property
    def n_models(self) -> int:
        return int(self.tables[:, -1].max()) + 1


def bits_and_savings(
    contexts: Contexts, texts: Symbols, removed: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from kolmo.learn.background.kernels import Scratch, add_savings

    n_tables, n_models, n_classes = len(contexts.tables), contexts.n_models, len(contexts.grams.class_totals)
    longest = int(np.diff(texts.starts).max())
    scratch = Scratch(
        slots=np.empty(max(1 << (2 * longest).bit_length(), 4), np.int32),
        keys=np.empty(longest, np.uint64),
        local=np.empty((n_tables, longest), np.int32),
        grams=np.empty((n_tables, longest), np.int32),
        totals=np.empty((n_tables, longest), np.int32),
        past=np.empty((n_tables, longest), np.int32),
        rows=np.zeros((2, n_tables, n_classes)),
        totals_row=np.empty(n_classes),
        p=np.empty((n_tables + 1, n_classes)),
        background=np.empty(n_tables + 1),
        products=np.empty((n_models, n_classes)),
    )
    n_texts = len(texts.starts) - 1
    bits, savings = np.zeros((n_texts, n_models)), np.zeros((n_texts, n_models, n_classes))
    add_savings(
        texts.symbols,
        texts.starts,
        texts.base,
        contexts.shift,
        contexts.tables,
        CLASS_WEIGHT,
        contexts.grams,
        removed,
        scratch,
        bits,
        savings,
    )
    return bits, savings


def tables() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the tables of the bytes and those of the words."""
    from kolmo.learn.background.counting_kernels import EARLIER, NOWHERE, PAIR, RUN, Table

    def runs(n_orders: int) -> list[Table]:
        # in both columns, order k - 1 of order 0 is -1, which is NOWHERE
        return [Table(RUN, order, order - 1, 1, order - 1, order) for order in range(n_orders)]

    words = runs(N_WORD_ORDERS)
    for number, distance in enumerate(WORD_DISTANCES):
        words.append(Table(EARLIER, distance, NOWHERE, 0, NOWHERE, NOWHERE))
        words.append(Table(PAIR, distance, len(words) - 1, 0, 0, N_WORD_ORDERS + number))
    return np.array(runs(N_BYTE_ORDERS), np.int64), np.array(words, np.int64)


def counted(texts: Symbols, shift: int, table: NDArray[np.int64], codes: NDArray[np.intp]) -> tuple[Any, ...]:
    """Return the hash table of the n-grams of one kind, their counts, and those by class."""
    from kolmo.learn.background.counting_kernels import count_grams, fill_entries, insert_keys, number_grams

    capacity, n, first = 2**12, 0, 0
    slots, keys = np.full(capacity, -1, np.int32), np.empty(capacity // 2, np.uint64)
    numbers = np.empty(len(texts.symbols), np.int32)
    kind, distance = table[:2]
    while True:
        first, n = number_grams(
            texts.symbols, texts.starts, first, kind, distance, np.uint64(shift), slots, keys, n, numbers
        )
        if first == len(texts.starts) - 1:
            break
        capacity *= 4
        slots, keys = np.full(capacity, -1, np.int32), np.concatenate([keys, np.empty(capacity // 2 - n, np.uint64)])
        insert_keys(keys, n, slots)
    by_class = np.argsort(codes, kind="stable")
    counts, sizes = np.zeros(n, np.int32), np.zeros(n, np.int32)
    count_grams(numbers, texts.starts, by_class, codes, np.full(n, -1, np.int32), counts, sizes)
    ends = np.cumsum(sizes, dtype=np.int64)
    entry_classes, entry_counts = (np.zeros(int(ends[-1]) if n else 0, np.int32) for _ in range(2))
    fill_entries(numbers, texts.starts, by_class, codes, ends - sizes, entry_classes, entry_counts)
    return slots, keys[:n].copy(), counts, ends, entry_classes, entry_counts


def joined(counted: list[tuple[Any, ...]], class_totals: NDArray[np.int64]) -> Any:
    """Return the counts of all tables in common arrays."""
    from kolmo.learn.background.counting_kernels import Grams

    slots, keys, counts, ends, classes, by_class = zip(*counted, strict=True)
    first_grams = np.cumsum([0, *map(len, keys)])[:-1]
    first_entries = np.cumsum([0, *map(len, classes)])[:-1]
    numbered = [
        np.where(each < 0, -1, each + np.int32(first)) for each, first in zip(slots, first_grams.tolist(), strict=True)
    ]
    moved = [each + first for each, first in zip(ends, first_entries, strict=True)]
    return Grams(
        slot_starts=np.cumsum([0, *map(len, slots)]).astype(np.int64),
        slots=np.concatenate(numbered).astype(np.int32),
        keys=np.concatenate(keys),
        counts=np.concatenate(counts),
        entry_starts=np.concatenate([np.zeros(1, np.int64), *moved]),
        entry_classes=np.concatenate(classes),
        entry_counts=np.concatenate(by_class),
        class_totals=class_totals,
    )
