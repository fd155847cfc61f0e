"""The neighbors predictor: the labels of the training texts that share most n-grams with a text."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.learn.label_code import neighbors_kernels as kernels
from kolmo.learn.label_code.counts import ClassCounts, naming_costs
from kolmo.learn.label_code.ngram_kernels import N_KINDS
from kolmo.learn.label_code.ngrams import NAMES, Rows, in_parts

_KIND = NAMES.index("4 bytes")
_MOST_PAIRS = 2**31
"""Most pairs of texts that are compared for all n-grams, the rarest first: it bounds the time for large sets."""
_POWER = 4
_PRIOR = 0.25


class NeighborsPredictor:
    """Probabilities from the labels of the 32 nearest training texts.

    The similarity of two texts is the cosine of their n-grams of 4 bytes, each with the value cost * (1 + log(count)),
    where the cost is that of naming the n-gram: 1 less log2 of the share of texts that contain it. N-grams in more than
    half of the texts are left out, and in large sets those in fewer texts, too: they tell little, and cost most of the
    time. A neighbor counts for its label by the fourth power of its similarity over the largest one. A quarter of a
    text of the largest similarity is shared by the labels, by their numbers of training texts.

    Parameters
    ----------
    rows : Rows
        The n-grams of the training texts.
    codes : ndarray of shape (n_texts,)
        Their labels.
    counts : ClassCounts
        Counted from them.
    """

    def __init__(self, rows: Rows, codes: NDArray[np.intp], counts: ClassCounts) -> None:
        self.codes, self.priors = codes, counts.priors
        n_texts = len(codes)
        sizes = np.zeros(len(counts.frequencies), np.int64)
        kernels.count_texts(rows.indices, rows.pointers, _KIND, sizes)
        sizes[sizes > _largest(sizes, n_texts)] = 0
        self._costs = np.where(sizes > 0, naming_costs(sizes, n_texts), 0.0).astype(np.float32)
        self._scales = (1 + np.log(np.maximum(np.arange(kernels.N_COUNTS), 1))).astype(np.float32)
        self._starts = np.zeros(len(sizes) + 1, np.int64)
        np.cumsum(sizes, out=self._starts[1:])
        self._texts = np.empty(self._starts[-1], np.int32)
        self._tallies = np.empty(self._starts[-1], np.uint8)
        self._inverse_norms = np.zeros(n_texts, np.float32)
        kernels.fill_texts(
            rows.indices,
            rows.counts,
            rows.pointers,
            _KIND,
            self._costs,
            self._scales,
            self._starts[:-1].copy(),
            self._texts,
            self._tallies,
            self._inverse_norms,
        )

    def log_probabilities(self, rows: Rows, *, n_threads: int) -> NDArray[np.float64]:
        """Return log p(label) of each text (row) and label (column)."""
        every = np.arange(len(self.codes))
        nearest, similarities = self.nearest(rows, every, np.full(len(rows), -1), n_threads=n_threads)
        return self._mixed(nearest, similarities, np.tile(self.priors[0], (len(rows), 1)))

    def left_out(self, rows: Rows, copies_of: NDArray[np.int64], *, n_threads: int) -> NDArray[np.float64]:
        """Return log p(label) of each training text by the others.

        Parameters
        ----------
        rows : Rows
            Of the training texts.
        copies_of : ndarray of shape (n_texts,)
            Texts with equal numbers are left out together.
        n_threads : int
        """
        nearest, similarities = self.nearest(rows, copies_of, copies_of, n_threads=n_threads)
        priors, every = np.tile(self.priors[2], (len(rows), 1)), np.arange(len(rows))
        priors[every, self.codes] = self.priors[1, self.codes]
        return self._mixed(nearest, similarities, priors)

    def nearest(
        self, rows: Rows, groups: NDArray[np.int64], own_groups: NDArray[np.int64], *, n_threads: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the nearest training texts of each text that are not of its group, and their similarities.

        Parameters
        ----------
        rows : Rows
            The texts.
        groups : ndarray of int64 and shape (n_training_texts,)
        own_groups : ndarray of int64 and shape (n_texts,)
        n_threads : int

        Returns
        -------
        nearest : ndarray of int32 and shape (n_texts, 32)
            Numbers of training texts, by falling similarity; -1 where there are no more.
        similarities : ndarray of float32 and shape (n_texts, 32)
            Up to a factor of each text; 0 where there are no more.
        """
        nearest = np.full((len(rows), kernels.N_NEIGHBORS), -1, np.int32)
        similarities = np.zeros((len(rows), kernels.N_NEIGHBORS), np.float32)

        def find(start: int, stop: int) -> None:
            kernels.find_nearest(
                rows.indices,
                rows.counts,
                rows.pointers[start * N_KINDS : stop * N_KINDS + 1],
                _KIND,
                self._costs,
                self._scales,
                self._starts,
                self._texts,
                self._tallies,
                self._inverse_norms,
                groups,
                own_groups[start:stop],
                np.zeros(len(self.codes), np.float32),
                np.empty(len(self.codes), np.int32),
                nearest[start:stop],
                similarities[start:stop],
            )

        in_parts(find, rows.pointers[::N_KINDS], n_threads)
        return nearest, similarities

    def _mixed(
        self, nearest: NDArray[np.int32], similarities: NDArray[np.float32], priors: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        largest = np.maximum(similarities[:, :1].astype(np.float64), np.finfo(np.float32).tiny)
        shares: NDArray[Any] = (similarities / largest) ** _POWER
        found = _PRIOR * priors
        labels = self.codes[nearest]  # of no neighbor: any, with the share 0
        np.add.at(found, (np.arange(len(found))[:, None], labels), shares)
        logs: NDArray[np.float64] = np.log(found / found.sum(1, keepdims=True))
        return logs


def _largest(sizes: NDArray[np.int64], n_texts: int) -> int:
    """Return the most texts that an n-gram may be in to be used, given the number of texts of each n-gram."""
    n_with = np.bincount(sizes)  # n-grams by their number of texts
    pairs = np.cumsum(n_with * np.arange(len(n_with)) ** 2)
    return min(max(1, n_texts // 2), max(1, int(np.searchsorted(pairs, _MOST_PAIRS, side="right")) - 1))
