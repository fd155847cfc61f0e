"""The n-grams of texts as rows of columns: the contexts that predict labels."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.parallel import map_threads
from kolmo.learn.label_code import ngram_kernels as kernels
from kolmo.learn.label_code.ngram_kernels import N_KINDS

_HASH_BITS = (16, 26)
"""The fewest and the most bits of a bucket."""
_BUCKETS_PER_BYTE = 32
_MAX_TABLES = 4
"""Most tables of frequencies at once: each has up to 64 MB, however many threads there are."""
_BLOCK = 2**20
"""Most entries that are moved at once."""
NAMES = (
    *(f"{order} byte{'s' * (order > 1)}" for order in range(1, kernels.BYTE_ORDERS + 1)),
    *(f"{order} word{'s' * (order > 1)}" for order in range(1, kernels.WORD_ORDERS + 1)),
    "2 words at a distance",
    "first word and another",
)
"""The kinds of n-grams."""
IS_BYTES = np.arange(N_KINDS) < kernels.BYTE_ORDERS


@dataclass(frozen=True)
class Rows:
    """The known n-grams of texts.

    Parameters
    ----------
    indices : ndarray of uint32
        Columns, text by text, and within a text kind by kind.
    counts : ndarray of uint8
        How often the text contains each, up to 255.
    pointers : ndarray of int64 and shape (n_texts * N_KINDS + 1,)
        Where each kind of each text starts.
    """

    indices: NDArray[np.uint32]
    counts: NDArray[np.uint8]
    pointers: NDArray[np.int64]

    def __len__(self) -> int:
        return (len(self.pointers) - 1) // N_KINDS


@dataclass(frozen=True)
class Texts:
    """Normalized texts, joined.

    Parameters
    ----------
    text : ndarray of uint8
    starts : ndarray of int64 and shape (n_texts + 1,)
    """

    text: NDArray[np.uint8]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, items: Sequence[bytes], *, normalize: bool) -> Texts:
        """Join items, in lower case and with single spaces if `normalize`."""
        text = np.frombuffer(b"".join(items), np.uint8)
        starts = np.zeros(len(items) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, items), np.int64, len(items)), out=starts[1:])
        if not normalize:
            return cls(text, starts)
        out, ends = np.empty(len(text) + 3 * len(items) + 1, np.uint8), np.zeros(len(items) + 1, np.int64)
        kernels.normalize(text, starts, out, ends)
        return cls(out[: ends[-1]].copy(), ends)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def part(self, start: int, stop: int) -> Texts:
        return Texts(self.text, self.starts[start : stop + 1])

    def bytes_of(self, number: int) -> bytes:
        return self.text[self.starts[number] : self.starts[number + 1]].tobytes()

    def divided(self, n_parts: int) -> list[Texts]:
        """Return consecutive parts of about equal size."""
        pairs = itertools.pairwise(edges_of(self.starts, n_parts))
        return [self.part(start, stop) for start, stop in pairs if start < stop]


class _Scratch:
    def __init__(self, texts: Texts) -> None:
        longest = int(np.diff(texts.starts).max(initial=0)) + 4
        room = kernels.BYTE_ORDERS * longest + (kernels.WORD_ORDERS + kernels.LARGEST_DISTANCE) * longest
        table = 16
        while table < 2 * (kernels.LARGEST_DISTANCE - 1) * longest:
            table *= 2
        self.arrays: tuple[NDArray[Any], ...] = (
            np.empty(longest, np.uint64),
            np.empty(longest, np.uint64),
            np.zeros(N_KINDS + 1, np.int64),
            np.empty(room, np.uint32),
            np.full(table, kernels.EMPTY, np.uint32),
            np.empty(table, np.int64),
            np.empty(room, np.uint32),
        )


class NGrams:
    """The n-grams of training texts, numbered by falling number of texts that contain them.

    Parameters
    ----------
    kinds : ndarray of bool and shape (N_KINDS,)
        The kinds of n-grams to use.
    """

    bitmap: NDArray[np.uint64]
    ranks: NDArray[np.uint32]
    columns: NDArray[np.uint32]
    frequencies: NDArray[np.uint32]

    def __init__(self, kinds: NDArray[np.bool_]) -> None:
        self.kinds = kinds
        self.hash_bits = _HASH_BITS[1]

    def fit(self, texts: Texts, *, min_texts: int, n_threads: int) -> Rows:
        """Number the n-grams of at least `min_texts` texts, and return those of the texts."""
        needed = (_BUCKETS_PER_BYTE * len(texts.text)).bit_length()
        self.hash_bits = min(max(needed, _HASH_BITS[0]), _HASH_BITS[1])
        parts = texts.divided(min(n_threads, _MAX_TABLES))
        tables = map_threads(self._frequencies, parts, n_threads=n_threads)
        frequencies, room = tables[0][0], [size for _, size in tables]
        for other, _ in tables[1:]:
            np.add(frequencies, np.minimum(other, 255 - frequencies), out=frequencies)
        del tables
        kept = frequencies >= min_texts
        del frequencies
        packed = np.packbits(kept, bitorder="little")
        del kept
        self.bitmap = packed.view(np.uint64)
        in_block = np.bitwise_count(self.bitmap) if hasattr(np, "bitwise_count") else _bit_counts(packed)
        self.ranks = np.zeros(len(in_block), np.uint32)
        np.cumsum(in_block[:-1], out=self.ranks[1:])
        self.columns = np.arange(int(self.ranks[-1]) + int(in_block[-1]), dtype=np.uint32)
        rows = self._parts(parts, room, n_threads)
        shares = np.array_split(rows.indices, n_threads)
        by_rank: NDArray[np.uint32] = np.sum(
            map_threads(self._count_columns, shares, n_threads=n_threads), axis=0, dtype=np.uint32
        )
        order = np.argsort(by_rank.max(initial=0) - by_rank, kind="stable")
        self.frequencies = by_rank[order]
        self.columns[order] = np.arange(len(order), dtype=np.uint32)
        map_threads(lambda share: kernels.renumber(share, self.columns), shares, n_threads=n_threads)
        return rows

    def rows(self, texts: Texts, *, n_threads: int = 1) -> Rows:
        """Return the known n-grams of texts."""
        parts = texts.divided(n_threads) or [texts]
        room = [(int(part.starts[-1] - part.starts[0]) + 4 * len(part)) * (N_KINDS + 2) for part in parts]
        return self._parts(parts, room, n_threads)

    def has(self, bucket: int) -> bool:
        """Return whether a bucket has a column."""
        return bool(int(self.bitmap[bucket >> 6]) >> (bucket & 63) & 1)

    def _parts(self, parts: list[Texts], room: list[int], n_threads: int) -> Rows:
        """Return the rows of all parts; each needs at most so much room."""
        edges = [0, *itertools.accumulate(room)]
        indices, counts = np.empty(edges[-1], np.uint32), np.empty(edges[-1], np.uint8)

        def write(part: Texts, start: int, stop: int) -> NDArray[np.int64]:
            return self._write_rows(part, indices[start:stop], counts[start:stop])

        found = map_threads(write, parts, edges[:-1], edges[1:], n_threads=n_threads)
        sizes = [int(pointers[-1]) for pointers in found]
        ends = [0, *itertools.accumulate(sizes)]
        for array in (indices, counts):
            _close_gaps(array, edges[:-1], sizes)
            array.resize(ends[-1], refcheck=False)  # gives the rest back to the system
        pointers = [pointers[:-1] + end for pointers, end in zip(found, ends, strict=False)]
        return Rows(indices, counts, np.concatenate([*pointers, ends[-1:]]))

    def _count_columns(self, indices: NDArray[np.uint32]) -> NDArray[np.uint32]:
        counts = np.zeros(len(self.columns), np.uint32)
        kernels.count_columns(indices, counts)
        return counts

    def _frequencies(self, texts: Texts) -> tuple[NDArray[np.uint8], int]:
        frequencies = np.zeros(2**self.hash_bits, np.uint8)
        size = kernels.add_frequencies(
            texts.text, texts.starts, self.kinds, np.uint64(64 - self.hash_bits), *_Scratch(texts).arrays, frequencies
        )
        return frequencies, int(size)

    def _write_rows(self, texts: Texts, indices: NDArray[np.uint32], counts: NDArray[np.uint8]) -> NDArray[np.int64]:
        pointers = np.zeros(len(texts) * N_KINDS + 1, np.int64)
        kernels.write_rows(
            texts.text,
            texts.starts,
            self.kinds,
            np.uint64(64 - self.hash_bits),
            *_Scratch(texts).arrays,
            self.bitmap,
            self.ranks,
            self.columns,
            indices,
            counts,
            pointers,
        )
        return pointers


def _close_gaps(array: NDArray[Any], starts: list[int], sizes: list[int]) -> None:
    """Move parts to the start of an array, without gaps between them and with little memory."""
    end = 0
    for start, size in zip(starts, sizes, strict=True):
        for first in range(0, size if start > end else 0, _BLOCK):
            last = min(first + _BLOCK, size)
            array[end + first : end + last] = array[start + first : start + last]
        end += size


def edges_of(ends: NDArray[np.integer[Any]], n_parts: int) -> list[int]:
    """Return the edges of consecutive ranges of texts, of about equal size by `ends`."""
    if n_parts == 1:
        return [0, len(ends) - 1]
    cuts = np.searchsorted(ends, np.linspace(ends[0], ends[-1], n_parts + 1)[1:-1])
    return [0, *np.maximum.accumulate(cuts).tolist(), len(ends) - 1]


def in_parts(function: Callable[[int, int], None], ends: NDArray[np.integer[Any]], n_threads: int) -> None:
    """Call a function on consecutive ranges of texts, of about equal size by `ends`, one for each thread."""
    edges = edges_of(ends, n_threads)
    map_threads(function, edges[:-1], edges[1:], n_threads=n_threads)


def _bit_counts(packed: NDArray[np.uint8]) -> NDArray[np.uint32]:
    table = np.array([value.bit_count() for value in range(256)], np.uint8)
    counts: NDArray[np.uint32] = table[packed].reshape(-1, 8).sum(1, dtype=np.uint32)
    return counts
