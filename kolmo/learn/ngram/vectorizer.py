"""TF-IDF features of the byte and word n-grams of texts, for a linear classifier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from kolmo._core.checks import check_choice, check_count
from kolmo._core.models.saving import ModelState
from kolmo.errors import DataError, ParameterError
from kolmo.learn import states
from kolmo.learn.base import TextVectorizer, check_lengths
from kolmo.learn.labels import labels_of

_FEW_TEXTS = 100
"""With fewer training texts a class, rare n-grams are kept and pairs of words are left out."""
_BLOCK_BYTES = 2**20
_MAX_ORDERS = 32
_MAX_BUCKETS = 2**30


class NGramVectorizer(TextVectorizer):
    """Convert texts to TF-IDF vectors of byte and word n-grams, with marks for text start, punctuation and word ends.

    Let df(g) of D training texts contain the n-gram g. Its inverse document frequency is
    ``idf(g) = 1 - log2(df(g) / (D + 1))``, and a text in which g occurs n times has the feature ``sqrt(n) * idf(g)``.
    The features of byte n-grams are scaled to Euclidean norm 1, and so are those of word n-grams. Labels are not used,
    except that the number of classes decides the parameters that are ``"auto"``.

    This is TF-IDF and not a code: the logarithms of idf are to base 2, which says nothing about the bits of a decoder.
    The same counts weighted by `sklearn.feature_extraction.text.TfidfTransformer` give a linear SVM nearly the same
    labels. The difference from other TF-IDF features of n-grams is in the marks:

    - Text start: texts are lowercased, runs of white space become one space, one space is appended, and a start mark
      and a space are prepended, so n-grams of bytes can begin at the start of the text.
    - Punctuation: a word is a run of ASCII letters, digits, underscores and non-ASCII characters; each other byte is a
      word by itself.
    - Ends: n-grams of bytes contain the spaces that end words, and one more word marks the end of the text.

    The names of the features are the kind of n-gram and its hash bucket, such as ``"bytes|17"`` and
    ``"words|4194303"``; the n-grams themselves are not stored.

    Parameters
    ----------
    byte_orders : int
        Largest n of the byte n-grams; all smaller n are included. 0 for no byte n-grams.
    word_orders : int or "auto"
        Largest n of the word n-grams, 0 for none. ``"auto"`` is 2, or 1 with few texts (see `min_texts`).
    min_texts : int or "auto"
        Number of training texts in which an n-gram must occur to be a feature. ``"auto"`` is 2, or 1 with few texts:
        fewer than 100 a class, where `fit` is given labels.
    n_buckets : int
        Number of hash buckets of each kind of n-gram, a power of 2; n-grams in one bucket are one feature. `fit` needs
        24 bytes of memory a bucket, whatever the size of the training set.
    dtype : {"float32", "float64"}
        Type of the features.
    n_jobs : int, optional
        Number of threads of `transform`, as in joblib.

    Attributes
    ----------
    idf_ : ndarray of shape (n_features,)
        Inverse document frequency of each n-gram.
    n_texts_ : int
        Number of training texts.
    n_features_in_ : int
        Number of columns of X, where X is 2-D.

    Raises
    ------
    DataError
        In `fit`: no items, or items that are neither str nor bytes.
    ParameterError
        In `fit`: a parameter has an unknown value.

    Examples
    --------
    >>> texts = ["the cat sat on the mat", "a cat and a kitten sat", "stocks fell and bonds rose"]
    >>> grams = NGramVectorizer(byte_orders=0, word_orders=1).fit(texts)
    >>> sorted(grams.idf_.round(3).tolist())  # the end mark is in 3 of 3 texts; cat, sat and "and" in 2
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
        """Count the training texts in which each n-gram occurs.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            Training texts, see `kolmo.as_items`.
        y : array-like of shape (n_samples,), optional
            Their labels; only the number of classes is used.

        Returns
        -------
        NGramVectorizer
        """
        self._check_parameters()
        items = self._items(X, reset=True)
        self._count(items, y)
        return self

    def _count(self, items: Sequence[bytes], y: Any) -> None:
        from kolmo.learn.ngram.kernels import add_frequencies

        few = False
        if y is not None:
            labels = labels_of(y, classes=False)
            check_lengths(len(items), len(labels))
            few = len(items) < _FEW_TEXTS * len(np.unique(labels))
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
        self._number(np.argwhere(kept).astype(np.int32))
        self.idf_ = 1 - np.log2(frequencies[kept] / (len(items) + 1))

    def _number(self, buckets: NDArray[np.int32]) -> None:
        """Give each kept n-gram, by its kind and its bucket, a column."""
        self._buckets = buckets
        self._columns = np.full((2, self._n_buckets), -1, np.int32)
        self._columns[tuple(buckets.T)] = np.arange(len(buckets))

    def _model_state(self) -> ModelState:
        check_is_fitted(self, "idf_")
        values = states.input_values(self) | {
            "n_items": self.n_texts_,
            "orders": self._orders.tolist(),
            "n_buckets": self._n_buckets,
        }
        return ModelState(values, {"idf": self.idf_, "buckets": self._buckets}, states.stored_parameters(self))

    @classmethod
    def _from_model_state(cls, state: ModelState) -> Self:
        made = states.made_from(cls, state.parameters)
        states.restore_inputs(made, state)
        made.n_texts_, made._n_buckets = state.value("n_items", int), state.value("n_buckets", int)
        _check_buckets(made._n_buckets)
        orders = state.value("orders", list)
        if len(orders) != 2 or not all(type(order) is int and 0 <= order <= _MAX_ORDERS for order in orders):
            raise DataError(f"orders: expected two numbers from 0 to {_MAX_ORDERS}, got {orders!r:.60}")
        made._orders = np.array(orders)
        buckets = state.array("buckets", "int32", (None, 2), low=0, high=made._n_buckets - 1)
        places = buckets[:, 0].astype(np.int64) * made._n_buckets + buckets[:, 1]
        if not len(buckets) or buckets[:, 0].max() > 1 or (np.diff(places) <= 0).any():
            raise DataError("'buckets': expected ascending pairs of a kind, 0 or 1, and a bucket")
        made.idf_ = state.array("idf", "float64", (len(buckets),), low=0)
        made._number(buckets)
        return made

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for pickle; the table of all buckets is made again from those that are used."""
        return {name: value for name, value in super().__getstate__().items() if name != "_columns"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if hasattr(self, "_buckets"):
            self._number(self._buckets)

    def transform(self, X: Any) -> Any:
        """Return the features of texts.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The texts.

        Returns
        -------
        scipy.sparse.csr_matrix of shape (n_samples, n_features)
            Dimensionless; the n-grams of each kind have Euclidean norm 1.
        """
        from scipy.sparse import vstack

        from kolmo._core.parallel import map_blocks

        check_is_fitted(self, "idf_")
        blocks = ((block,) for block in _blocks(self._items(X, reset=False)))
        return vstack(list(map_blocks(self._features, blocks, n_jobs=self.n_jobs, prefer="threads")), format="csr")

    def _features(self, block: Sequence[bytes]) -> Any:
        from scipy.sparse import csr_matrix

        from kolmo.learn.ngram.kernels import weigh_grams

        text, starts = _joined(block)
        n_features = len(self.idf_)
        size = min(_max_grams(len(text) + len(block), self._orders), len(block) * n_features)
        indices, values, ends = np.empty(size, np.int32), np.empty(size, self.dtype), np.zeros(len(starts), np.int64)
        tallies = np.zeros(n_features, np.int32)
        scratch = self._scratch(starts)
        weigh_grams(
            text, starts, self._orders, self._mask, *scratch, self._columns, self.idf_, tallies, ends, indices, values
        )
        rows = csr_matrix((values[: ends[-1]].copy(), indices[: ends[-1]].copy(), ends), shape=(len(block), n_features))
        rows.sort_indices()
        return rows

    def _feature_names(self) -> list[str]:
        kinds = ("bytes", "words")
        return [f"{kinds[kind]}|{bucket}" for kind, bucket in self._buckets.tolist()]

    @property
    def _mask(self) -> np.uint64:
        return np.uint64(self._n_buckets - 1)

    def _scratch(self, starts: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
        longest = int(np.diff(starts).max())
        return np.empty(_MAX_ORDERS, np.uint64), np.empty(_max_grams(longest + 1, self._orders), np.uint32)

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_count("byte_orders", self.byte_orders, 0, _MAX_ORDERS)
        if not _is_auto(self.word_orders):
            check_count("word_orders", self.word_orders, 0, _MAX_ORDERS)
        if self.byte_orders == 0 and not _is_auto(self.word_orders) and self.word_orders == 0:
            raise ParameterError("byte_orders and word_orders are both 0, which leaves no n-grams; raise one of them")
        if not _is_auto(self.min_texts):
            check_count("min_texts", self.min_texts)
        _check_buckets(self.n_buckets)
        check_choice("dtype", self.dtype, ("float32", "float64"))


def _check_buckets(n_buckets: Any) -> None:
    check_count("n_buckets", n_buckets, 1, _MAX_BUCKETS)
    if n_buckets & (n_buckets - 1):
        raise ParameterError(f"n_buckets: expected a power of 2, got {n_buckets!r}")


def _is_auto(value: Any) -> bool:
    return isinstance(value, str) and value == "auto"


def _max_grams(n_bytes: int, orders: NDArray[np.intp]) -> int:
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
