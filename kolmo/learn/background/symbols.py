"""Texts as rows of symbols: normalised bytes, and the words of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

END_BYTE, START_BYTE = 256, 257
BYTE_SHIFT, WORD_SHIFT = 9, 31
"""Bits of a symbol in the key of an n-gram."""
_N_MARKS = 2


@dataclass(frozen=True)
class Symbols:
    """Texts as symbols; text i is ``symbols[starts[i]:starts[i + 1]]``, with its start mark and its end mark.

    Parameters
    ----------
    symbols : ndarray of shape (n_symbols,)
        Numbers of bytes or words.
    starts : ndarray of shape (n_texts + 1,)
        Start of each text, and the end of the last.
    base : ndarray of shape (n_symbols,)
        Probability of each symbol without any counts. Over all symbols, seen or not, it sums to 1.
    """

    symbols: NDArray[np.int32]
    starts: NDArray[np.int64]
    base: NDArray[np.float64]


@dataclass(frozen=True)
class Vocabulary:
    """The words of the training texts: a hash table of their 64-bit hashes.

    Parameters
    ----------
    slots : ndarray of shape (n_slots,)
        Number of the word in the slot, or -1.
    keys : ndarray of shape (n_words,)
        Hash of each word.
    """

    slots: NDArray[np.int32]
    keys: NDArray[np.uint64]


def normalized(item: bytes) -> bytes:
    """Return a text in lower case, with one space for each run of white space, and none around it.

    Bytes that are not UTF-8 are kept.

    Examples
    --------
    >>> normalized("À la  carte\\n".encode()).decode()
    'à la carte'
    """
    text = item.decode("utf-8", "surrogateescape").lower()
    return " ".join(text.split()).encode("utf-8", "surrogateescape")


def byte_symbols(texts: Sequence[bytes]) -> Symbols:
    """Return texts as bytes between marks."""
    sizes = np.array([len(text) + _N_MARKS for text in texts], np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    symbols = np.full(int(starts[-1]), START_BYTE, np.int32)
    coded = np.ones(len(symbols), bool)
    coded[starts[:-1]] = coded[starts[1:] - 1] = False
    symbols[coded] = np.frombuffer(b"".join(texts), np.uint8)
    symbols[starts[1:] - 1] = END_BYTE
    return Symbols(symbols, starts, np.full(len(symbols), 1.0 / (END_BYTE + 1)))


def word_symbols(texts: Sequence[bytes], vocabulary: Vocabulary | None) -> tuple[Symbols, Vocabulary]:
    """Return texts as the numbers of their words between marks, and the vocabulary of the words not in `vocabulary`.

    A word that is not in the vocabulary has a number above all of it. The base probability of a word spells it: each
    of its bytes, and its end, has one of 257 equal parts.
    """
    from kolmo.learn.background.counting_kernels import END_WORD, START_WORD, number_words, split_words

    text_starts = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=text_starts[1:])
    text = np.frombuffer(b"".join(texts), np.uint8)
    capacity = len(text) + _N_MARKS * len(texts)
    hashes, sizes, starts = np.empty(capacity, np.uint64), np.empty(capacity, np.uint8), np.zeros_like(text_starts)
    split_words(text, text_starts, hashes, sizes, starts)
    hashes, sizes = hashes[: starts[-1]], sizes[: starts[-1]]
    n_slots = 1 << max(int(2 * len(hashes)).bit_length(), 4)
    new = Vocabulary(np.full(n_slots, -1, np.int32), np.empty(len(hashes) + _N_MARKS, np.uint64))
    symbols = np.empty(len(hashes), np.int32)
    known = vocabulary or Vocabulary(np.full(1, -1, np.int32), np.empty(0, np.uint64))
    n_new = 0
    if vocabulary is None:  # the marks come first
        marks = np.array([START_WORD, END_WORD], np.uint64)
        n_new = number_words(marks, known.slots, known.keys, 0, new.slots, new.keys, np.empty(_N_MARKS, np.int32))
    n_new = number_words(hashes, known.slots, known.keys, n_new, new.slots, new.keys, symbols)
    base = (1.0 / (END_BYTE + 1)) ** (sizes.astype(np.float64) + 1)
    return Symbols(symbols, starts, base), Vocabulary(new.slots, new.keys[:n_new].copy())
