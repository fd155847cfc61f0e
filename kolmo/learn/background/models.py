"""Adaptive context models of texts given a class, over a background that all classes share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kolmo.learn.background.contexts import (
    N_BYTE_ORDERS,
    N_WORD_ORDERS,
    WORD_DISTANCES,
    Contexts,
    bits_and_savings,
    counted,
    joined,
    tables,
)
from kolmo.learn.background.symbols import (
    BYTE_SHIFT,
    WORD_SHIFT,
    Vocabulary,
    byte_symbols,
    normalized,
    word_symbols,
)

_BLOCK_BYTES = 2**18


class BackgroundModels:
    """Models of the text given each class, over a background: the model of the text in all classes.

    There are byte contexts of orders 0 to 5, word contexts of orders 0 and 1, and the word before the last as context.

    With n the counts in all training texts, n_c those in the texts of class c, o those in the text so far, h the
    context of order k and s the next symbol, the background and the model of a class are

    ``bg_k = (n(hs) + o(hs) + 3 bg_{k-1}) / (n(h) + o(h) + 3)`` and
    ``p_{c,k} = (n_c(hs) + o(hs) + B q) / (n_c(h) + o(h) + B)`` with ``q = (p_{c,k-1} + bg_k) / 2`` and B = 20.

    Both are probabilities of the next symbol, so the sum of -log2 p over a text, its end mark included, is a code
    length. The class saves ``sum log2(p_{c,k} / bg_k)`` bits on the text. The code is that of the normalised text: in
    lower case, and with one space for each run of white space. The words code the sequence of words without the spaces
    between them; words are compared by 64-bit hashes.

    The results do not depend on the order of the training texts, on blocks or on the number of threads. Counts are
    stored for the classes in which an n-gram occurs. A text of n bytes takes some 60 n bytes of memory while it is
    measured.

    Parameters
    ----------
    byte_contexts, word_contexts : Contexts
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
    (1, 9, 2)
    >>> dict(zip(models.names, (savings[0, :, 0] - savings[0, :, 1]).round(1).tolist()))["word alone"] > 0
    True
    """

    def __init__(
        self,
        byte_contexts: Contexts,
        word_contexts: Contexts,
        vocabulary: Vocabulary,
        n_classes: int,
        training: tuple[list[bytes], NDArray[np.intp]] | None,
    ) -> None:
        self._byte_contexts = byte_contexts
        self._word_contexts = word_contexts
        self._vocabulary = vocabulary
        self.n_classes = n_classes
        self._training = training
        self.names = [_name("byte", order) for order in range(N_BYTE_ORDERS)]
        self.names += [_name("word", order) for order in range(N_WORD_ORDERS)]
        self.names += [f"word after the word {distance} before" for distance in WORD_DISTANCES]
        self.n_predictors = len(self.names)

    @classmethod
    def fit(cls, items: Sequence[bytes], codes: NDArray[np.intp], n_classes: int, *, n_jobs: int | None = None) -> Self:
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

        texts, codes = [normalized(item) for item in items], np.asarray(codes, np.intp)
        as_bytes = byte_symbols(texts)
        as_words, vocabulary = word_symbols(texts, None)
        byte_tables, word_tables = tables()
        calls = [(as_bytes, BYTE_SHIFT, table, codes) for table in byte_tables]
        calls += [(as_words, WORD_SHIFT, table, codes) for table in word_tables]
        found = list(map_blocks(counted, calls, n_jobs=n_jobs, prefer="threads"))
        totals = [
            np.bincount(codes, np.diff(each.starts) - 1, minlength=n_classes).astype(np.int64)
            for each in (as_bytes, as_words)
        ]
        split = len(byte_tables)
        contexts = [
            Contexts(np.uint64(BYTE_SHIFT), byte_tables, joined(found[:split], totals[0])),
            Contexts(np.uint64(WORD_SHIFT), word_tables, joined(found[split:], totals[1])),
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

    def background_and_savings(
        self, items: Sequence[bytes], *, n_jobs: int | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Return the code length of each text under the background, and the bits that each class saves.

        The code length under a class is the difference.

        Parameters
        ----------
        items : sequence of bytes
            The texts.
        n_jobs : int, optional
            Number of threads, as in joblib.

        Returns
        -------
        background : ndarray of shape (n_items, n_predictors)
            Bits.
        savings : ndarray of shape (n_items, n_predictors, n_classes)
            Bits.
        """
        return self._measured([normalized(item) for item in items], None, n_jobs)

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
        texts, codes = self._training_texts()
        return self._measured(texts, _copies(texts, codes), n_jobs)[1]

    def has_others(self) -> NDArray[np.bool_]:
        """Tell the training texts that are not alone in their class, where copies of a text count as one.

        Returns
        -------
        ndarray of shape (n_items,)
            Of the others `own_savings` says nothing: without the text, its class is empty.
        """
        texts, codes = self._training_texts()
        copies = _copies(texts, codes)
        counts = np.bincount(codes, minlength=self.n_classes)
        return np.array([counts[code] > each[code] for code, each in zip(codes.tolist(), copies, strict=True)], bool)

    def _training_texts(self) -> tuple[list[bytes], NDArray[np.intp]]:
        if self._training is None:
            raise ValueError("expected models with their training texts, got models without them; fit them again")
        return self._training

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
        counts = [self._byte_contexts.n_models, self._word_contexts.n_models]
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
        from kolmo.learn.background.kernels import Removed

        each = copies or [{}] * len(texts)
        starts = np.concatenate([[0], np.cumsum([len(found) for found in each])]).astype(np.int64)
        removed = Removed(
            starts,
            np.array([code for found in each for code in found], np.int64),
            np.array([count for found in each for count in found.values()], np.int64),
        )
        parts = [
            bits_and_savings(self._byte_contexts, byte_symbols(texts), removed),
            bits_and_savings(self._word_contexts, word_symbols(texts, self._vocabulary)[0], removed),
        ]
        return np.concatenate([part[0] for part in parts], axis=1), np.concatenate([part[1] for part in parts], axis=1)


def _copies(texts: Sequence[bytes], codes: NDArray[np.intp]) -> list[dict[int, int]]:
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


def _name(symbol: str, order: int) -> str:
    """Return the name of a model that predicts a byte or a word from those before it.

    Examples
    --------
    >>> _name("byte", 0), _name("word", 1), _name("byte", 2)
    ('byte alone', 'word after 1 word', 'byte after 2 bytes')
    """
    return f"{symbol} after {order} {symbol}{'s' * (order > 1)}" if order else f"{symbol} alone"
