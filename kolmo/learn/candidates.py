"""Candidates for nearest neighbours: the training items most similar by TF-IDF cosine, or by sketches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from kolmo.distances.engine import Candidates
from kolmo.distances.formulas import Floats
from kolmo.distances.nearest import Integers

CANDIDATES: tuple[str, ...] = ("char-tfidf", "sketch")

_LENGTH = 5
"""Characters of an n-gram: of 3 to 5, it loses the fewest neighbours on news and newswire and is the fastest."""
_FEATURES = 2**20
_SKETCHED = 1000
"""Largest number of candidates by sketches."""


class CharTfidf:
    """Index of items for search by cosine similarity of TF-IDF vectors of hashed character 5-grams.

    Each byte is a character. The index is inverted, so the cost of a query grows with the document frequency of its
    5-grams.

    Parameters
    ----------
    items : sequence of bytes
        The items of the index.

    Examples
    --------
    >>> texts = [b"the cat sat on the mat", b"stocks and bonds fell", b"the cat sat in the hat"]
    >>> CharTfidf(texts).nearest([b"the cat on the mat"], 2)[0].tolist()
    [0, 2]
    """

    def __init__(self, items: Sequence[bytes]) -> None:
        from sklearn.feature_extraction.text import TfidfTransformer

        counts = _counted(items)
        self._weights = TfidfTransformer(sublinear_tf=True).fit(counts)
        self._size = len(items)
        self._postings = self._weights.transform(counts).T.tocsr()

    def nearest(self, queries: Sequence[bytes], count: int) -> list[Integers]:
        """Return the positions of the `count` most similar items of each query, ascending.

        Among items of equal similarity the first ones are taken.
        """
        return [largest(cosines, count) for cosines in self.similarities(queries)]

    def similarities(self, queries: Sequence[bytes]) -> Iterator[NDArray[np.float32]]:
        """Yield the cosine similarity of each query to every item, in one array that the next query overwrites."""
        from kolmo.learn.postings import add_postings

        if not queries:
            return
        vectors, postings = self._weights.transform(_counted(queries)), self._postings
        cosines = np.empty(self._size, np.float32)
        for row in range(len(queries)):
            part = slice(vectors.indptr[row], vectors.indptr[row + 1])
            cosines[:] = 0
            query = (vectors.indices[part], vectors.data[part])
            add_postings(*query, postings.indptr, postings.indices, postings.data, cosines)
            yield cosines


class SketchIndex:
    """Index of items for search by the similarity of their sketches.

    Parameters
    ----------
    items : sequence of bytes
        The items of the index.

    Examples
    --------
    >>> texts = [b"the cat sat on the mat", b"stocks and bonds fell", b"the cat sat in the hat"]
    >>> SketchIndex(texts).nearest([b"the cat on the mat"], 2)[0].tolist()
    [0, 2]
    """

    def __init__(self, items: Sequence[bytes]) -> None:
        from kolmo.distances.sketch_store import SketchStore

        self._store = SketchStore().append(list(items))

    def nearest(self, queries: Sequence[bytes], count: int) -> list[Integers]:
        """Return the positions of the `count` most similar items of each query, ascending."""
        return [largest(values, count) for values in self.similarities(queries)]

    def similarities(self, queries: Sequence[bytes]) -> Iterator[NDArray[np.float32]]:
        """Yield the similarity of each query to every item, in one array that the next query overwrites.

        In a large index only the most similar items have theirs, and others 0.
        """
        values = np.zeros(len(self._store), np.float32)
        for places, found in self._store.nearest(queries, _SKETCHED):
            values[:] = 0
            values[places] = found
            yield values


class SimilarityIndex(Protocol):
    """Items that are searched for those most similar to a query."""

    def nearest(self, queries: Sequence[bytes], count: int) -> list[Integers]:
        """Return the positions of the `count` most similar items of each query, ascending."""

    def similarities(self, queries: Sequence[bytes]) -> Iterator[NDArray[np.float32]]:
        """Yield the similarity of each query to every item, in one array that the next query overwrites."""


def similarity_index(kind: str, items: Sequence[bytes]) -> SimilarityIndex:
    """Return an index of items of a kind in `CANDIDATES`."""
    return CharTfidf(items) if kind == CANDIDATES[0] else SketchIndex(items)


class CandidateIndex:
    """Training items as candidates for nearest neighbours, independent of the order of the training set.

    Parameters
    ----------
    items : sequence of bytes
        The training items.
    order : int ndarray of shape (n_items,)
        Their positions in an order that their content determines; among items of equal similarity the first ones of
        it are candidates.
    kind : str
        One of `CANDIDATES`.
    """

    def __init__(self, items: Sequence[bytes], order: Integers, kind: str = CANDIDATES[0]) -> None:
        self._order = order
        self._index = similarity_index(kind, [items[place] for place in order])

    def of(self, queries: Sequence[bytes], count: int) -> Candidates:
        """Return a function from rows of the queries to the positions of their candidates."""
        return lambda start, stop: [
            np.sort(self._order[chosen]) for chosen in self._index.nearest(queries[start:stop], count)
        ]

    def cosine_distances(self, queries: Sequence[bytes]) -> Floats:
        """Return 1 minus the similarity of each query (row) and each training item (column)."""
        distances = np.empty((len(queries), len(self._order)))
        for row, cosines in zip(distances, self._index.similarities(queries), strict=True):
            row[self._order] = 1 - cosines
        return distances


def _counted(items: Sequence[bytes]) -> Any:
    """Return the count of each feature in each item; an item shorter than an n-gram has none."""
    from sklearn.feature_extraction.text import HashingVectorizer

    vectorizer = HashingVectorizer(
        encoding="latin-1",  # each byte is a character
        lowercase=False,
        analyzer="char",
        ngram_range=(_LENGTH, _LENGTH),
        n_features=_FEATURES,
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    )
    return vectorizer.transform(items)


def largest(values: NDArray[np.float32], count: int) -> Integers:
    """Return the positions of the `count` largest values, ascending; of equal values the first ones are taken."""
    if count >= len(values):
        return np.arange(len(values))
    limit = -np.partition(-values, count - 1)[count - 1]
    above, equal = np.flatnonzero(values > limit), np.flatnonzero(values == limit)
    return np.sort(np.concatenate([above, equal[: count - len(above)]]))
