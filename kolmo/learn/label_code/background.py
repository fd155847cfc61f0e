"""Adaptive context models of texts given a class, over a background that all classes share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kolmo.learn.label_code.symbols import (
    BYTE_SHIFT,
    START_BYTE,
    WORD_SHIFT,
    Symbols,
    Vocabulary,
    byte_symbols,
    normalized,
    word_symbols,
)

N_BYTE_ORDERS = 6
N_WORD_ORDERS = 2
CLASS_WEIGHT = 20.0
"""Symbols that the lower order and the background are worth in the model of a class."""
_BLOCK_BYTES = 2**18
_MAX_SYMBOLS = 2**31 - 2**16


@dataclass(frozen=True)
class _Contexts:
    """The counts of one kind of symbol.

    Parameters
    ----------
    shift : int
        Bits of a symbol in a key.
    masks : ndarray of shape (n_orders,)
        Bits of the key of each order.
    weights : ndarray of shape (n_orders,)
        Weight of the lower order in the model of a class.
    grams : Grams
        The counts.
    """

    shift: np.uint64
    masks: NDArray[np.uint64]
    weights: NDArray[np.float64]
    grams: Any


class BackgroundModels:
    """Models of the text given each class: byte contexts of orders 0 to 5, and word contexts of orders 0 and 1.

    With n the counts in all training texts, n_c those in the texts of class c, o those in the text so far, h the
    context of order k and s the next symbol, the background and the model of a class are

    ``bg_k = (n(hs) + o(hs) + 3 bg_{k-1}) / (n(h) + o(h) + 3)`` and
    ``p_{c,k} = (n_c(hs) + o(hs) + B q) / (n_c(h) + o(h) + B)`` with ``q = (p_{c,k-1} + bg_k) / 2``.

    Both are probabilities of the next symbol, so the sum of -log2 p over a text, its end mark included, is a code
    length. The class saves ``sum log2(p_{c,k} / bg_k)`` bits on the text. The code is that of the normalised text: in
    lower case, and with one space for each run of white space. The words code the sequence of words without the spaces
    between them; words are compared by 64-bit hashes.

    The results do not depend on the order of the training texts, on blocks or on the number of threads. Counts are
    stored for the classes in which an n-gram occurs. A text of n bytes takes some 60 n bytes of memory while it is
    measured.

    Parameters
    ----------
    byte_contexts, word_contexts : _Contexts
        The counts.
    vocabulary : Vocabulary
        The words of the training texts.
    n_classes : int
        Number of classes.
    training : tuple of list of bytes and ndarray of shape (n_items,), optional
        The normalised training texts and their classes, for `own_savings`.

    Examples
    --------
    >>> items = [b"the cat sat on the mat", b"a cat and a kitten sat", b"stocks fell and bonds rose"]
    >>> models = BackgroundModels.fit(items, np.array([0, 0, 1]), 2)
    >>> savings = models.savings([b"the kitten sat on the mat"])
    >>> savings.shape
    (1, 8, 2)
    >>> dict(zip(models.names, (savings[0, :, 0] - savings[0, :, 1]).round(1).tolist()))["words order 0"] > 0
    True
    """

    def __init__(
        self,
        byte_contexts: _Contexts,
        word_contexts: _Contexts,
        vocabulary: Vocabulary,
        n_classes: int,
        training: tuple[list[bytes], NDArray[np.intp]] | None,
    ) -> None:
        self._byte_contexts = byte_contexts
        self._word_contexts = word_contexts
        self._vocabulary = vocabulary
        self.n_classes = n_classes
        self._training = training
        self.names = [f"bytes order {order}" for order in range(len(byte_contexts.masks))]
        self.names += [f"words order {order}" for order in range(len(word_contexts.masks))]
        self.n_predictors = len(self.names)

    @classmethod
    def fit(
        cls, items: Sequence[bytes], codes: NDArray[np.intp], n_classes: int, *, n_jobs: int | None = None
    ) -> Self:
        """Count the contexts of training texts.

        Parameters
        ----------
        items : sequence of bytes
            Training texts.
        codes : ndarray of shape (n_items,)
            The class of each, from 0 to n_classes - 1.
        n_classes : int
            Number of classes; some may have no texts.
        n_jobs : int, optional
            Number of threads, as in joblib.

        Returns
        -------
        BackgroundModels
        """
        from kolmo._core.parallel import map_blocks
        from kolmo.learn.label_code.background_kernels import START_WORD

        texts, codes = [normalized(item) for item in items], np.asarray(codes, np.intp)
        as_bytes = byte_symbols(texts)
        as_words, vocabulary = word_symbols(texts, None)
        kinds = [
            (as_bytes, START_BYTE, BYTE_SHIFT, order) for order in range(N_BYTE_ORDERS)
        ] + [(as_words, START_WORD, WORD_SHIFT, order) for order in range(N_WORD_ORDERS)]
        tables = list(
            map_blocks(_counted, ((*kind, codes) for kind in kinds), n_jobs=n_jobs, prefer="threads")
        )
        contexts = [
            _joined(part, as_symbols, shift, codes, n_classes)
            for part, as_symbols, shift in (
                (tables[:N_BYTE_ORDERS], as_bytes, BYTE_SHIFT),
                (tables[N_BYTE_ORDERS:], as_words, WORD_SHIFT),
            )
        ]
        return cls(contexts[0], contexts[1], vocabulary, n_classes, (texts, codes))

    def without_training_texts(self) -> Self:
        """Return the same models without the texts that `own_savings` needs."""
        return type(self)(self._byte_contexts, self._word_contexts, self._vocabulary, self.n_classes, None)

    def savings(self, items: Sequence[bytes], *, n_jobs: int | None = None) -> NDArray[np.float32]:
        """Return the bits that each class saves on each text against the background.

        Parameters
        ----------
        items : sequence of bytes
            The texts.
        n_jobs : int, optional
            Number of threads, as in joblib.

        Returns
        -------
        ndarray of shape (n_items, n_predictors, n_classes)
            Bits; negative where the background has the shorter code.
        """
        return self._measured([normalized(item) for item in items], None, n_jobs)[1]

    def background_bits(self, items: Sequence[bytes], *, n_jobs: int | None = None) -> NDArray[np.float64]:
        """Return the code length of each text under the background; less the savings, it is that under a class.

        Parameters
        ----------
        items : sequence of bytes
            The texts.
        n_jobs : int, optional
            Number of threads, as in joblib.

        Returns
        -------
        ndarray of shape (n_items, n_predictors)
            Bits.
        """
        return self._measured([normalized(item) for item in items], None, n_jobs)[0]

    def own_savings(self, *, n_jobs: int | None = None) -> NDArray[np.float32]:
        """Return the savings on the training texts, of models without the counts of the text and of its copies.

        A copy is a training text that is equal after normalisation, of any class: without its counts too, they cannot
        reveal the label.

        Parameters
        ----------
        n_jobs : int, optional
            Number of threads, as in joblib.

        Returns
        -------
        ndarray of shape (n_items, n_predictors, n_classes)
            Bits.
        """
        if self._training is None:
            raise ValueError("expected models with their training texts, got models without them; fit them again")
        texts, codes = self._training
        return self._measured(texts, _copies(texts, codes, self.n_classes), n_jobs)[1]

    def sizes(self, items: Sequence[bytes]) -> NDArray[np.float64]:
        """Return the number of symbols of each text for each predictor: bytes or words, and the end mark.

        Parameters
        ----------
        items : sequence of bytes
            The texts.

        Returns
        -------
        ndarray of shape (n_items, n_predictors)
            At least 1.
        """
        texts = [normalized(item) for item in items]
        parts = []
        for block in _blocks(texts):
            of_bytes, of_words = byte_symbols(texts[block]), word_symbols(texts[block], self._vocabulary)[0]
            parts.append(np.stack([np.diff(of_bytes.starts), np.diff(of_words.starts)], axis=1) - 1.0)
        counts = [len(self._byte_contexts.masks), len(self._word_contexts.masks)]
        sizes: NDArray[np.float64] = np.concatenate(parts or [np.empty((0, 2))]).repeat(counts, axis=1)
        return sizes

    def _measured(
        self, texts: list[bytes], copies: list[dict[int, int]] | None, n_jobs: int | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        from kolmo._core.parallel import map_blocks

        bits = np.zeros((len(texts), self.n_predictors))
        savings = np.zeros((len(texts), self.n_predictors, self.n_classes), np.float32)
        blocks = list(_blocks(texts))
        calls = ((texts[block], None if copies is None else copies[block]) for block in blocks)
        for block, found in zip(
            blocks, map_blocks(self._measured_block, calls, n_jobs=n_jobs, prefer="threads"), strict=True
        ):
            bits[block], savings[block] = found
        return bits, savings

    def _measured_block(
        self, texts: list[bytes], copies: list[dict[int, int]] | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        from kolmo.learn.label_code.background_kernels import Removed

        each = copies or [{}] * len(texts)
        starts = np.concatenate([[0], np.cumsum([len(found) for found in each])]).astype(np.int64)
        removed = Removed(
            starts,
            np.array([code for found in each for code in found], np.int64),
            np.array([count for found in each for count in found.values()], np.int64),
        )
        parts = [
            _bits_and_savings(self._byte_contexts, byte_symbols(texts), removed),
            _bits_and_savings(self._word_contexts, word_symbols(texts, self._vocabulary)[0], removed),
        ]
        return np.concatenate([part[0] for part in parts], axis=1), np.concatenate([part[1] for part in parts], axis=1)


def _bits_and_savings(
    contexts: _Contexts, texts: Symbols, removed: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from kolmo.learn.label_code.background_kernels import Scratch, add_savings

    n_orders, n_classes, longest = len(contexts.masks), len(contexts.grams.class_totals), int(np.diff(texts.starts).max())
    scratch = Scratch(
        slots=np.empty(max(1 << (2 * longest).bit_length(), 4), np.int32),
        keys=np.empty(longest, np.uint64),
        local=np.empty((n_orders, longest), np.int32),
        grams=np.empty((n_orders, longest), np.int32),
        totals=np.empty((n_orders, longest), np.int32),
        past=np.empty((n_orders, longest), np.int32),
        rows=np.zeros((3, n_orders, n_classes)),
        p=np.empty(n_classes),
        products=np.empty((n_orders, n_classes)),
    )
    n_texts = len(texts.starts) - 1
    bits, savings = np.zeros((n_texts, n_orders)), np.zeros((n_texts, n_orders, n_classes))
    add_savings(
        texts.symbols,
        texts.starts,
        texts.base,
        contexts.shift,
        contexts.masks,
        contexts.weights,
        contexts.grams,
        removed,
        scratch,
        bits,
        savings,
    )
    return bits, savings


def _mask(shift: int, order: int) -> np.uint64:
    return np.uint64(2 ** (shift * (order + 1)) - 1)


def _counted(texts: Symbols, start_symbol: int, shift: int, order: int, codes: NDArray[np.intp]) -> tuple[Any, ...]:
    """Return the hash table of the n-grams of one order, their counts, and those by class."""
    from kolmo.learn.label_code.background_kernels import count_grams, fill_entries, insert_keys, number_grams

    capacity, n, place = 2**12, 0, 0
    slots, keys = np.full(capacity, -1, np.int32), np.empty(capacity // 2, np.uint64)
    numbers = np.empty(len(texts.symbols), np.int32)
    mask, size = _mask(shift, order), np.uint64(shift)
    while True:
        place, n = number_grams(
            texts.symbols, np.uint64(start_symbol), size, mask, slots, keys, place, n, numbers
        )
        if place == len(numbers):
            break
        place = int(texts.starts[np.searchsorted(texts.starts, place, side="right") - 1])  # keys begin at a text
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


def _joined(
    tables: list[tuple[Any, ...]], texts: Symbols, shift: int, codes: NDArray[np.intp], n_classes: int
) -> _Contexts:
    """Return the counts of all orders in common arrays."""
    from kolmo.learn.label_code.background_kernels import Grams

    first_grams = np.cumsum([0, *(len(table[1]) for table in tables)])
    first_entries = np.cumsum([0, *(len(table[4]) for table in tables)])
    grams = Grams(
        slot_starts=np.cumsum([0, *(len(table[0]) for table in tables)]).astype(np.int64),
        slots=np.concatenate([np.where(table[0] < 0, -1, table[0] + np.int32(first)) for table, first in zip(tables, first_grams, strict=False)]).astype(np.int32),
        keys=np.concatenate([table[1] for table in tables]),
        counts=np.concatenate([table[2] for table in tables]),
        entry_starts=np.concatenate([np.zeros(1, np.int64), *(table[3] + first for table, first in zip(tables, first_entries, strict=False))]),
        entry_classes=np.concatenate([table[4] for table in tables]),
        entry_counts=np.concatenate([table[5] for table in tables]),
        class_totals=np.bincount(codes, np.diff(texts.starts) - 1, minlength=n_classes).astype(np.int64),
    )
    masks = np.array([_mask(shift, order) for order in range(len(tables))], np.uint64)
    return _Contexts(np.uint64(shift), masks, np.full(len(tables), CLASS_WEIGHT), grams)


def _copies(texts: Sequence[bytes], codes: NDArray[np.intp], n_classes: int) -> list[dict[int, int]]:
    """Return, for each text, the number of texts in each class that are equal to it, itself included."""
    groups: dict[bytes, dict[int, int]] = {}
    for text, code in zip(texts, codes.tolist(), strict=True):
        found = groups.setdefault(text, {})
        found[code] = found.get(code, 0) + 1
    return [groups[text] for text in texts]


def _blocks(texts: Sequence[bytes]) -> Iterator[slice]:
    """Yield slices of texts of some 2**18 bytes."""
    start, size = 0, 0
    for index, text in enumerate(texts):
        size += len(text) + 1
        if size >= _BLOCK_BYTES:
            yield slice(start, index + 1)
            start, size = index + 1, 0
    if start < len(texts):
        yield slice(start, len(texts))
