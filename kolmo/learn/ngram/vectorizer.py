"""Texts as the bits of their n-grams, for a linear classifier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from kolmo.errors import ParameterError
from kolmo.learn.validation import check_count, check_lengths, items_of, reads_texts_and_tables

_FEW = 100
"""Below so many texts a class, rare n-grams are kept, and pairs of words are not."""
_BLOCK_BYTES = 2**20
_MOST_ORDERS = 32
_MOST_BUCKETS = 2**30


class NGramBits(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turn texts into sparse vectors of the bits of their n-grams, of bytes and of words.

    What is counted: let df(g) of D training texts hold the n-gram g. "g occurs in this text" then takes
    ``-log2(df(g) / (D + 1))`` bits under the training set, and one more for how often, so that
    ``bits(g) = 1 - log2(df(g) / (D + 1))``. A text in which g occurs n times has the feature ``sqrt(n) * bits(g)``:
    a text is described by naming the n-grams it holds, rare ones at more bits than common ones. The n-grams of bytes
    are scaled to a Euclidean length of 1, and so are those of words. No label counts in any of this, but that the
    number of classes decides on what is `"auto"`.

    A text is read in lower case, with one space for each run of white space, one behind the end, and a mark and a space
    before it. A word is a run of ASCII letters, digits, underscores and of whatever is not ASCII; each other byte is a
    word of its own, and there is one more at the end.

    Parameters
    ----------
    byte_orders : int
        The longest n-grams of bytes, in bytes; all shorter ones count too. 0 for none.
    word_orders : int or "auto"
        The longest n-grams of words, in words. 0 for none; ``"auto"`` takes 2, or 1 with few texts (see `min_texts`).
    min_texts : int or "auto"
        In how many training texts an n-gram must occur to be a feature. ``"auto"`` takes 2, or 1 with few texts: with
        labels in `fit` that are fewer than 100 texts a class.
    n_buckets : int
        How many n-grams of each kind can be told apart, a power of 2: they are known by a hash, and those with the same
        one count as the same. Memory in `fit` is 24 bytes a bucket, whatever the size of the training set.
    dtype : {"float32", "float64"}
        Of the features.
    n_jobs : int, optional
        Threads of `transform`, as joblib counts workers.

    Attributes
    ----------
    bits_ : ndarray of shape (n_features,)
        Bits of each n-gram.
    n_texts_ : int
        Training texts.
    n_features_in_ : int
        Columns of X, where X is 2-D.

    Raises
    ------
    DataError
        In `fit`: no items, or items that are neither str nor bytes.
    ParameterError
        In `fit`: a parameter has no such value.

    Examples
    --------
    >>> texts = ["the cat sat on the mat", "a cat and a kitten sat", "stocks fell and bonds rose"]
    >>> grams = NGramBits(byte_orders=0, word_orders=1).fit(texts)
    >>> sorted(grams.bits_.round(3).tolist())  # the end is in 3 of 3 texts; cat, sat, and "and" in 2
    [1.415, 2.0, 2.0, 2.0]
    >>> grams.transform(["and a cat"]).toarray().round(2)
    array([[0.63, 0.  , 0.63, 0.45]], dtype=float32)
    """

    def __init__(
        self,
        *,
        byte_orders: int = 6,
        word_orders: int | Literal["auto"] = "auto",
        min_texts: int | Literal["auto"] = "auto",
        n_buckets: int = 2**22,
        dtype: Literal["float32", "float64"] = "float32",
        n_jobs: int | None = None,
    ) -> None:
        self.byte_orders = byte_orders
        self.word_orders = word_orders
        self.min_texts = min_texts
        self.n_buckets = n_buckets
        self.dtype = dtype
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn in how many texts each n-gram occurs.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            Training texts, see `kolmo.as_items`.
        y : array-like of shape (n_samples,), optional
            Their labels, of which only the number of classes counts.

        Returns
        -------
        NGramBits
        """
        self._check_choices()
        self._fit(items_of(self, X, reset=True), y)
        return self

    def _fit(self, items: Sequence[bytes], y: Any) -> None:
        from kolmo.learn.ngram.kernels import add_frequencies

        few = False
        if y is not None:
            labels = np.asarray(y)
            check_lengths(len(items), len(labels))
            few = len(items) < _FEW * len(np.unique(labels))
        min_texts = (1 if few else 2) if self.min_texts == "auto" else self.min_texts
        words = (1 if few else 2) if self.word_orders == "auto" else self.word_orders
        self._orders = np.array([self.byte_orders, words])
        self._n_buckets = self.n_buckets
        self.n_texts_ = len(items)
        frequencies = np.zeros((2, self.n_buckets), np.int32)
        latest = np.zeros((2, self.n_buckets), np.int32)
        for block in _blocks(items):
            latest[:] = 0
            text, starts = _joined(block)
            add_frequencies(text, starts, self._orders, self._mask, *self._scratch(starts), latest, frequencies)
        kept = frequencies >= min_texts
        if not kept.any():
            raise ParameterError(f"no n-gram occurs in {min_texts} of {len(items)} texts; lower min_texts")
        self._columns = np.full(kept.shape, -1, np.int32)
        self._columns[kept] = np.arange(np.count_nonzero(kept))
        self._buckets = np.argwhere(kept).astype(np.int32)
        self.bits_ = 1 - np.log2(frequencies[kept] / (len(items) + 1))

    def transform(self, X: Any) -> Any:
        """Return the features of texts.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The texts.

        Returns
        -------
        scipy.sparse.csr_matrix of shape (n_samples, n_features)
            Dimensionless: bits over the Euclidean length of the bits of all n-grams of the kind.
        """
        check_is_fitted(self, "bits_")
        return self._transform(items_of(self, X, reset=False))

    def _transform(self, items: Sequence[bytes]) -> Any:
        from scipy.sparse import vstack

        from kolmo._core.parallel import map_blocks

        blocks = ((block,) for block in _blocks(items))
        return vstack(list(map_blocks(self._weighed, blocks, n_jobs=self.n_jobs, prefer="threads")), format="csr")

    def _weighed(self, block: Sequence[bytes]) -> Any:
        from scipy.sparse import csr_matrix

        from kolmo.learn.ngram.kernels import weigh_grams

        text, starts = _joined(block)
        n_features = len(self.bits_)
        most = min(_most_grams(len(text) + len(block), self._orders), len(block) * n_features)
        indices, values, ends = np.empty(most, np.int32), np.empty(most, self.dtype), np.zeros(len(starts), np.int64)
        tallies = np.zeros(n_features, np.int32)
        scratch = self._scratch(starts)
        weigh_grams(
            text, starts, self._orders, self._mask, *scratch, self._columns, self.bits_, tallies, ends, indices, values
        )
        rows = csr_matrix((values[: ends[-1]].copy(), indices[: ends[-1]].copy(), ends), shape=(len(block), n_features))
        rows.sort_indices()
        return rows

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Return the names of the features: the kind of n-gram, and its bucket.

        Parameters
        ----------
        input_features : object
            Ignored.

        Returns
        -------
        ndarray of shape (n_features,)
            Such as ``"bytes|17"`` and ``"words|4194303"``; the n-grams themselves are not kept.
        """
        check_is_fitted(self, "bits_")
        kinds = ("bytes", "words")
        return np.array([f"{kinds[kind]}|{bucket}" for kind, bucket in self._buckets.tolist()], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = reads_texts_and_tables(super().__sklearn_tags__())
        tags.transformer_tags.preserves_dtype = []
        return tags

    @property
    def _mask(self) -> np.uint64:
        return np.uint64(self._n_buckets - 1)

    def _scratch(self, starts: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
        longest = int(np.diff(starts).max())
        return np.empty(_MOST_ORDERS, np.uint64), np.empty(_most_grams(longest + 1, self._orders), np.uint32)

    def _check_choices(self) -> None:
        for name, automatic in (("byte_orders", False), ("word_orders", True)):
            orders = getattr(self, name)
            if not (automatic and orders == "auto") and not _is_order(orders):
                what = f"a whole number from 0 to {_MOST_ORDERS}" + (" or 'auto'" if automatic else "")
                raise ParameterError(f"{name} must be {what}, but {orders!r} came")
        if self.byte_orders == 0 and self.word_orders == 0:
            raise ParameterError("byte_orders and word_orders are both 0, which leaves no n-gram; raise one of them")
        if self.min_texts != "auto":
            check_count("min_texts", self.min_texts)
        check_count("n_buckets", self.n_buckets)
        if self.n_buckets & (self.n_buckets - 1) or self.n_buckets > _MOST_BUCKETS:
            raise ParameterError(f"n_buckets must be a power of 2 up to 2**30, but {self.n_buckets!r} came")
        if self.dtype not in ("float32", "float64"):
            raise ParameterError(f"dtype must be 'float32' or 'float64', but {self.dtype!r} came")


def _is_order(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and 0 <= int(value) <= _MOST_ORDERS


def _most_grams(n_bytes: int, orders: NDArray[np.intp]) -> int:
    return n_bytes * int(orders.sum())


def _blocks(items: Sequence[bytes]) -> Iterator[list[bytes]]:
    block: list[bytes] = []
    size = 0
    for item in items:
        block.append(_normalized(item))
        size += len(block[-1])
        if size >= _BLOCK_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block


def _normalized(item: bytes) -> bytes:
    text = item.decode("utf-8", "surrogateescape").lower()
    return b"\x02 " + " ".join(text.split()).encode("utf-8", "surrogateescape") + b" "


def _joined(block: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    starts = np.zeros(len(block) + 1, np.int64)
    np.cumsum([len(item) for item in block], out=starts[1:])
    return np.frombuffer(b"".join(block), np.uint8), starts
