"""Candidates for nearest neighbours, by a cheaper likeness than compression."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.distances.nearest import Integers

CANDIDATES: tuple[str, ...] = ("char-tfidf",)

_LENGTH = 5
"""Characters of an n-gram: of 3 to 5, the fewest lost neighbours on news and newswire for the least work."""
_FEATURES = 2**20


@dataclass(frozen=True)
class CandidateReport:
    """How well candidates stand in for all training items, on a sample.

    Parameters
    ----------
    n_samples : int
        How many items were tried.
    n_candidates : int
        How many training items each was compared with.
    recall : float
        The share of the true nearest neighbours that were found, or others just as near.
    accuracy : float or None
        Top-1, of neighbours among the candidates; None where the true labels are not known.
    exact_accuracy : float or None
        The same of neighbours among all training items.
    cosine_accuracy : float or None
        The same of the neighbours by the likeness that makes the candidates, without any compression.
    """

    n_samples: int
    n_candidates: int
    recall: float
    accuracy: float | None
    exact_accuracy: float | None
    cosine_accuracy: float | None


class CharTfidf:
    """The items of largest cosine between TF-IDF vectors of hashed character 5-grams.

    Bytes count as characters. Postings are kept by feature, so that a query costs as much as its 5-grams are common.

    Parameters
    ----------
    items : sequence of bytes
        What to choose from.

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
        """Return the positions of the `count` likest items of each query, in ascending order.

        Among equally like ones at the end those that come first are taken.
        """
        return [_largest(cosines, count) for cosines in self.cosines(queries)]

    def cosines(self, queries: Sequence[bytes]) -> Iterator[NDArray[np.float32]]:
        """Yield the cosine of each query with every item. What was yielded is overwritten by what comes next."""
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


def _counted(items: Sequence[bytes]) -> Any:
    """Return how often each feature occurs in each item; an item shorter than an n-gram has none."""
    from sklearn.feature_extraction.text import HashingVectorizer

    vectorizer = HashingVectorizer(
        encoding="latin-1",  # which takes every byte for a character
        lowercase=False,
        analyzer="char",
        ngram_range=(_LENGTH, _LENGTH),
        n_features=_FEATURES,
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    )
    return vectorizer.transform(items)


def _largest(values: NDArray[np.float32], count: int) -> Integers:
    if count >= len(values):
        return np.arange(len(values))
    limit = -np.partition(-values, count - 1)[count - 1]
    above, equal = np.flatnonzero(values > limit), np.flatnonzero(values == limit)
    return np.sort(np.concatenate([above, equal[: count - len(above)]]))
