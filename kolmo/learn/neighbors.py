"""Nearest neighbours by compression distance, as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from kolmo._core.resumable import digest
from kolmo.coders.registry import CoderLike
from kolmo.distances import pruning as calibration
from kolmo.distances.engine import Candidates, Distances
from kolmo.distances.formulas import Floats
from kolmo.distances.nearest import Integers, Nearest
from kolmo.distances.pruning import Pruning, margin_of
from kolmo.distances.tiles import Search, Symmetrize
from kolmo.errors import ParameterError
from kolmo.learn.candidates import CANDIDATES, CandidateReport, CharTfidf
from kolmo.learn.validation import check_count, check_lengths, classes_of, items_of, labels_of, reads_texts_and_tables
from kolmo.learn.voting import TIE_BREAKS, WEIGHTS, Ballot, TieBreak, Weights, top_k_holds_mode, vote

PRECOMPUTED = "precomputed"


@dataclass(frozen=True)
class TieReport:
    """How often ties decide, and what they could have decided.

    Parameters
    ----------
    predictions : ndarray of shape (n_samples,)
        The predicted labels.
    accuracy : float
        Share of right predictions (top-1).
    worst, best : float
        Accuracy if every tie, among distances and among votes, went against or in favour of the true label.
    tied_share : float
        Share of texts whose label depends on how ties are broken.
    ties_counted_as_correct : float
        Share of texts whose true label is among those with the most votes: the scoring of the 2023 gzip-kNN paper,
        for comparison with it only.
    """

    predictions: NDArray[Any]
    accuracy: float
    worst: float
    best: float
    tied_share: float
    ties_counted_as_correct: float


class NCDClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Label items by their nearest neighbours under a compression distance.

    Most coders count whole bytes, so equal distances are common. Ties are broken by distances and labels alone and
    never by the order of the training set: neighbours at exactly the k-th distance share the seats that are left, and
    `tie_break` decides between classes with equal votes. `tie_report` tells how much hangs on it.

    Parameters
    ----------
    coder : str, mapping or Coder
        See `kolmo.coder`. The default took the place of gzip because it is faster and did better on three public sets.
    n_neighbors : int
        How many neighbours vote; with ``weights="class_mean"`` how many of each class count.
    weights : {"uniform", "distance", "class_mean"}
        One vote each; the inverse of the distance each; or no votes, but the class whose `n_neighbors` nearest members
        have the smallest mean distance, which does better than votes on short texts.
    tie_break : {"nearest", "prior", "label"}
        Between classes with equal votes: the one with the nearest member, then the one with more training items, then
        the first in `classes_`; or from the second, or from the third step on.
    metric : {"ncd", "cdm", "conditional_ncd", "conditional_cdm", "precomputed"}
        The distance. With ``"precomputed"`` X holds distances: of shape (n_train, n_train) in `fit`, and
        (n_samples, n_train) in `predict`.
    separator : str or bytes
        Written between the two items of a pair; the item to classify comes first.
    symmetrize : {None, "mean", "min", "max"}
        What is taken of L(xy) and L(yx).
    candidates : {None, "char-tfidf"}
        Compare each item with all training items, or with those only that are likest to it by the cosine of TF-IDF
        vectors of hashed character 5-grams. That loses some of the nearest; `candidate_report` tells how many.
    n_candidates : int
        How many training items to compare with, if there are candidates.
    pruning : {"certified", "calibrated", None} or Calibration
        How pairs that cannot be near are passed over, where the coder knows lower bounds: provably, or by a margin that
        `kolmo.calibrate_pruning` measures on the training set, or not at all. It changes no result but with ``"calibrated"``.
    checkpoint : path-like, optional
        A file that keeps what is finished of one call, such as `predict`: after an interruption, or a kill, the same
        call goes on where it was, and any other call is refused.
    n_jobs : int, optional
        Workers as joblib counts them.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Columns of X, where X is 2-D.
    coder_ : Coder
        The coder in use, with what it learned from the training set as a whole (`Coder.learned`).
    calibration_ : Calibration
        What was measured, with ``pruning="calibrated"`` and without candidates, which leave nothing to prune.

    Raises
    ------
    DataError
        In `fit`: no items, items that are neither str nor bytes, labels missing, or a single class. Later: the
        checkpoint holds another run.
    ParameterError
        In `fit`: a parameter has no such value, or there are more neighbours than training items.

    References
    ----------
    Jiang et al., "Low-Resource" Text Classification: A Parameter-Free Classification Method with Compressors,
    Findings of ACL 2023.

    Examples
    --------
    >>> texts = ["the cat sat on the mat", "a cat and a kitten sat", "stocks fell and bonds rose"]
    >>> classifier = NCDClassifier(n_neighbors=1).fit(texts, ["pets", "pets", "money"])
    >>> classifier.predict(["the kitten sat on the cat", "stocks rose"]).tolist()
    ['pets', 'money']
    """

    def __init__(
        self,
        coder: CoderLike = "lz77",
        *,
        n_neighbors: int = 1,
        weights: Weights = "uniform",
        tie_break: TieBreak = "nearest",
        metric: str = "ncd",
        separator: str | bytes = " ",
        symmetrize: Symmetrize = None,
        candidates: str | None = None,
        n_candidates: int = 200,
        pruning: Pruning | Literal["calibrated"] = "certified",
        checkpoint: str | Path | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.coder = coder
        self.n_neighbors = n_neighbors
        self.weights = weights
        self.tie_break = tie_break
        self.metric = metric
        self.separator = separator
        self.symmetrize = symmetrize
        self.candidates = candidates
        self.n_candidates = n_candidates
        self.pruning = pruning
        self.checkpoint = checkpoint
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any) -> Self:
        """Remember the training items.

        Parameters
        ----------
        X : collection of str or bytes, 2-D array of numbers, or square array of distances
            Training items, see `kolmo.as_items`. The rows of a 2-D array are compared as the bytes of their numbers.
        y : array-like of shape (n_samples,)
            Their labels.

        Returns
        -------
        NCDClassifier
        """
        self._check_choices()
        precomputed = self.metric == PRECOMPUTED
        if precomputed:
            size = len(self._distance_rows(X, reset=True))
            if self.n_features_in_ != size:
                raise ParameterError(
                    f"precomputed distances to fit on are square, but X has shape ({size}, {self.n_features_in_}); "
                    "pass the distances between all training items"
                )
        else:
            coder = self._distances(self.coder).coder
            self.train_items_ = items_of(self, X, reset=True)
            size = len(self.train_items_)
            self.coder_ = coder.fitted(self.train_items_)
        labels = labels_of(y, size)
        self.classes_, self._codes = classes_of(labels)
        self._check_size()
        for earlier in ("_generator", "calibration_"):
            if hasattr(self, earlier):
                delattr(self, earlier)
        if not precomputed:
            self._prepare_search()
        return self

    def _prepare_search(self) -> None:
        self._train_lengths = self.coder_.code_lengths(self.train_items_, n_jobs=self.n_jobs)
        if self.candidates is not None:
            # in an order of their own, since it decides between candidates that are equally like
            self._by_content = self._canonical_order()
            self._generator = CharTfidf([self.train_items_[place] for place in self._by_content])
        elif self.pruning == "calibrated":
            distances, items = self._distances(self.coder_), self.train_items_
            search = Search(count=self.n_neighbors)
            self.calibration_ = calibration.calibrate_pruning(distances, items, items, search, itself=True)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the predicted label of each item, ``classes_[argmax(predict_proba(X))]``.

        Parameters
        ----------
        X : collection of str or bytes, 2-D array of numbers, or distances of shape (n_samples, n_train)
            The items.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        shares = self.predict_proba(X)
        winners: NDArray[Any] = self.classes_[shares.argmax(axis=1)]
        return winners

    def predict_proba(self, X: Any) -> Floats:
        """Return each class's share of the vote.

        The winner of a tie is ahead by one unit in the last place. With ``weights="class_mean"`` shares go by the
        inverse of the mean distance.

        Parameters
        ----------
        X : collection of str or bytes, 2-D array of numbers, or distances of shape (n_samples, n_train)
            The items.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`; rows sum to 1.
        """
        check_is_fitted(self, "classes_")
        return np.concatenate([self._vote(nearest).probabilities for _, nearest in self._nearest(X)])

    def kneighbors(
        self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True
    ) -> NDArray[np.intp] | tuple[Floats, NDArray[np.intp]]:
        """Return the nearest training items of each item, nearest first.

        Equal distances are ordered by the training items' bytes and then their labels, so a permuted training set
        gives the same neighbours; precomputed distances are ordered by position.

        Parameters
        ----------
        X : collection of str or bytes, 2-D array of numbers, or distances of shape (n_samples, n_train), optional
            The items; by default the training items, none of which is then a neighbour of its own.
        n_neighbors : int, optional
            How many; by default as the classifier was made.
        return_distance : bool
            Also return the distances.

        Returns
        -------
        distances : ndarray of shape (n_samples, n_neighbors)
            Only if `return_distance`.
        indices : ndarray of shape (n_samples, n_neighbors)
            Positions in the training set.
        """
        check_is_fitted(self, "classes_")
        count = self.n_neighbors if n_neighbors is None else n_neighbors
        check_count("n_neighbors", count)
        choices = len(self._codes) if self.candidates is None else min(self.n_candidates, len(self._codes))
        choices -= X is None and choices == len(self._codes)
        if count > choices:
            raise ParameterError(f"n_neighbors is {count}, but there are only {choices} training items to choose from")
        order = np.argsort(self._canonical_order())
        found = [nearest.first(count, order) for _, nearest in self._nearest(X, count, by_class=False)]
        distances, indices = (np.concatenate(part) for part in zip(*found, strict=True))
        return (distances, indices) if return_distance else indices

    def score(self, X: Any, y: Any, sample_weight: Any = None, *, count_vote_ties_as_correct: bool = False) -> float:
        """Return the accuracy (top-1).

        Parameters
        ----------
        X : collection of str or bytes, 2-D array of numbers, or distances of shape (n_samples, n_train)
            The items.
        y : array-like of shape (n_samples,)
            Their true labels.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the items.
        count_vote_ties_as_correct : bool
            Score as the 2023 gzip-kNN paper did: an item counts as right if its true label is among those with the most
            votes. Two neighbours of different classes are then right if either is, which is no accuracy; for comparison
            with the published figures only (``n_neighbors=2``). Ties of distance go by position in the training set.

        Returns
        -------
        float
            From 0 to 1.
        """
        check_is_fitted(self, "classes_")
        truth = self._truth(y)
        if count_vote_ties_as_correct:
            parts = self._nearest(X, self.n_neighbors, by_class=False)
            right = np.concatenate([self._holds_mode(nearest, truth[start:]) for start, nearest in parts])
        else:
            winners = self.predict_proba(X).argmax(axis=1)
            check_lengths(len(winners), len(truth))
            right = winners == truth
        return float(np.average(right, weights=sample_weight))

    def tie_report(self, X: Any, y: Any) -> TieReport:
        """Return the predictions, their accuracy, and how much of it hangs on ties, from one pass over the distances.

        Parameters
        ----------
        X : collection of str or bytes, 2-D array of numbers, or distances of shape (n_samples, n_train)
            The items.
        y : array-like of shape (n_samples,)
            Their true labels.

        Returns
        -------
        TieReport

        Examples
        --------
        >>> distances = [[0, 1, 1], [1, 0, 1], [1, 1, 0]]
        >>> classifier = NCDClassifier(metric="precomputed").fit(distances, ["a", "b", "b"])
        >>> report = classifier.tie_report([[0.5, 0.5, 0.9], [0.9, 0.1, 0.9]], ["a", "b"])
        >>> report.accuracy, report.worst, report.best, report.tied_share
        (0.5, 0.5, 1.0, 0.5)
        """
        check_is_fitted(self, "classes_")
        truth = self._truth(y)
        winners, electable, counted = [], [], []
        for start, nearest in self._nearest(X):
            ballot = self._vote(nearest)
            winners.append(ballot.probabilities.argmax(axis=1))
            electable.append(ballot.electable)
            counted.append(self._holds_mode(nearest, truth[start:]))
        winner, could_win = np.concatenate(winners), np.concatenate(electable)
        check_lengths(len(winner), len(truth))
        true_could_win = could_win[np.arange(len(truth)), truth] & (truth >= 0)
        tied = could_win.sum(axis=1) > 1
        return TieReport(
            predictions=self.classes_[winner],
            accuracy=float(np.mean(winner == truth)),
            worst=float(np.mean(true_could_win & ~tied)),
            best=float(np.mean(true_could_win)),
            tied_share=float(np.mean(tied)),
            ties_counted_as_correct=float(np.mean(np.concatenate(counted))),
        )

    def candidate_report(self, X: Any = None, y: Any = None, *, n_samples: int = 200) -> CandidateReport:
        """Return how well the candidates stand in for all training items, on a sample.

        Comparing a few candidates only is fast, but it loses neighbours, and it can do worse than the likeness that
        found them does alone.

        Parameters
        ----------
        X : collection of str or bytes, optional
            Items to try; by default training items, none of which is then a neighbour of its own.
        y : array-like of shape (n_samples,), optional
            Their true labels; those of the training items are known.
        n_samples : int
            How many to draw, with a fixed seed.

        Returns
        -------
        CandidateReport

        Raises
        ------
        ParameterError
            If the classifier has no candidates.

        Examples
        --------
        >>> texts = ["the cat sat on the mat", "a cat and a kitten sat", "stocks fell and bonds rose", "bonds fell"]
        >>> classifier = NCDClassifier(candidates="char-tfidf", n_candidates=2)
        >>> report = classifier.fit(texts, ["pets", "pets", "money", "money"]).candidate_report()
        >>> report.n_samples, report.recall
        (4, 1.0)
        """
        check_is_fitted(self, "classes_")
        if self.candidates is None:
            raise ParameterError("candidates is None, so all training items are compared; there is nothing to report")
        self._check_still_fitted()
        everything = self.train_items_ if X is None else items_of(self, X, reset=False)
        truth = self._codes if X is None else None if y is None else self._truth(y)
        if truth is not None:
            check_lengths(len(everything), len(truth))
        chosen = np.random.default_rng(0).permutation(len(everything))[:n_samples]
        items, own = [everything[place] for place in chosen], chosen if X is None else None
        search = self._search(self.n_neighbors, by_class=self.weights == "class_mean")
        exact, found = (
            Nearest.concatenated([part for _, part in self._compared(items, search, own=own, candidates=candidates)])
            for candidates in (None, self._candidates(items, own))
        )
        unlike = np.empty((len(items), len(self.train_items_)))
        for row, cosines in zip(unlike, self._generator.cosines(items), strict=True):
            row[self._by_content] = 1 - cosines
        if own is not None:
            unlike[np.arange(len(own)), own] = np.inf
        ways = (found, exact, Nearest.of(unlike, search.count, search.groups))
        scores = [
            None if truth is None else float(np.mean(self._vote(way).probabilities.argmax(axis=1) == truth[chosen]))
            for way in ways
        ]
        count = min(self.n_neighbors, self.n_candidates)
        as_near = found.first(count)[0] <= exact.first(count)[0][:, -1:]
        return CandidateReport(len(items), self.n_candidates, float(as_near.mean()), *scores)

    def __sklearn_tags__(self) -> Any:
        tags = reads_texts_and_tables(super().__sklearn_tags__())
        tags.input_tags.pairwise = self.metric == PRECOMPUTED
        return tags

    def _check_choices(self) -> None:
        if self.weights not in WEIGHTS:
            raise ParameterError(f"weights must be one of {', '.join(WEIGHTS)}, but {self.weights!r} came")
        if self.tie_break not in TIE_BREAKS:
            raise ParameterError(f"tie_break must be one of {', '.join(TIE_BREAKS)}, but {self.tie_break!r} came")
        check_count("n_neighbors", self.n_neighbors)
        check_count("n_candidates", self.n_candidates)
        if self.candidates is not None and self.candidates not in CANDIDATES:
            raise ParameterError(f"candidates must be None or {', '.join(CANDIDATES)}, but {self.candidates!r} came")
        if self.candidates is not None and self.metric == PRECOMPUTED:
            raise ParameterError(
                "candidates are found by the items, which metric='precomputed' does not know; take None"
            )
        if self.candidates is not None and self.n_neighbors > self.n_candidates:
            raise ParameterError(f"n_neighbors is {self.n_neighbors}, but n_candidates is only {self.n_candidates}")
        if self.pruning != "calibrated":
            margin_of(self.pruning)

    def _check_size(self) -> None:
        size = len(self._codes)
        if self.weights != "class_mean" and self.n_neighbors > size:
            raise ParameterError(f"n_neighbors is {self.n_neighbors}, but there are only {size} training items")

    def _check_still_fitted(self) -> None:
        """Refuse what was changed since `fit` and needs another one."""
        self._check_choices()
        self._check_size()
        if self.candidates is not None and not hasattr(self, "_generator"):
            raise ParameterError(f"candidates={self.candidates!r} was set after fit; call fit again")
        if self.pruning == "calibrated" and self.candidates is None and not hasattr(self, "calibration_"):
            raise ParameterError("pruning='calibrated' was set after fit; call fit again")

    def _distances(self, coder: CoderLike) -> Distances:
        return Distances(
            coder, metric=self.metric, separator=self.separator, symmetrize=self.symmetrize, n_jobs=self.n_jobs
        )

    def _distance_rows(self, X: Any, *, reset: bool) -> Floats:
        rows: Floats = validate_data(self, X, reset=reset, dtype=np.float64)
        return rows

    def _search(self, count: int, *, by_class: bool) -> Search:
        margin: float | None = 0.0
        if self.pruning != "calibrated":
            margin = margin_of(self.pruning)
        elif self.candidates is None:
            margin = self.calibration_.margin_bits
        return Search(count=count, groups=self._codes if by_class else None, margin_bits=margin)

    def _nearest(
        self, X: Any, count: int | None = None, *, by_class: bool | None = None
    ) -> Iterator[tuple[int, Nearest]]:
        """Yield ``(start, nearest)`` of consecutive items: what a vote needs, unless told otherwise."""
        by_class = self.weights == "class_mean" if by_class is None else by_class
        count = self.n_neighbors if count is None else count
        if self.metric == PRECOMPUTED:
            if X is None:
                raise ParameterError(
                    "with metric='precomputed' pass the distances, since the training items are unknown"
                )
            rows = self._distance_rows(X, reset=False)
            yield 0, Nearest.of(rows, count, self._codes if by_class else None)
            return
        self._check_still_fitted()
        items: Sequence[bytes] = self.train_items_ if X is None else items_of(self, X, reset=False)
        own = np.arange(len(items)) if X is None else None
        candidates = None if self.candidates is None else self._candidates(items, own)
        yield from self._compared(
            items, self._search(count, by_class=by_class), own=own, candidates=candidates, checkpoint=self.checkpoint
        )

    def _compared(
        self,
        items: Sequence[bytes],
        search: Search,
        *,
        own: Integers | None,
        candidates: Candidates | None,
        checkpoint: str | Path | None = None,
    ) -> Iterator[tuple[int, Nearest]]:
        distances = self._distances(self.coder_)
        facts = {
            "result": f"nearest {search.count}",
            "margin": search.margin_bits,
            "itself": own is not None,
            "classes": None if search.groups is None else digest([search.groups.tobytes()]),
            "candidates": None if candidates is None else f"{self.n_candidates} by {self.candidates}",
        }
        run = distances.run(checkpoint, items, self.train_items_, **facts)
        yield from distances.nearest(
            items,
            self.train_items_,
            search,
            own=own,
            y_lengths=self._train_lengths,
            candidates=candidates,
            run=run,
        )

    def _candidates(self, items: Sequence[bytes], own: Integers | None) -> Candidates:
        count = self.n_candidates + (own is not None)
        return lambda start, stop: [
            np.sort(self._by_content[chosen]) for chosen in self._generator.nearest(items[start:stop], count)
        ]

    def _vote(self, nearest: Nearest) -> Ballot:
        return vote(nearest, self._codes, n_neighbors=self.n_neighbors, weights=self.weights, tie_break=self.tie_break)

    def _holds_mode(self, nearest: Nearest, truth: Integers) -> NDArray[np.bool_]:
        check_lengths(len(nearest), len(truth[: len(nearest)]))
        count = min(self.n_neighbors, len(self._codes))
        return top_k_holds_mode(nearest, self._codes, truth[: len(nearest)], n_neighbors=count)

    def _truth(self, y: Any) -> NDArray[np.intp]:
        """Return the positions of labels in `classes_`, -1 for a label that the training set lacks."""
        labels = column_or_1d(y)
        position = {label: code for code, label in enumerate(self.classes_.tolist())}
        return np.array([position.get(label, -1) for label in labels.tolist()], dtype=np.intp)

    def _canonical_order(self) -> NDArray[np.intp]:
        if self.metric == PRECOMPUTED:
            return np.arange(len(self._codes))
        keys = zip(self.train_items_, self._codes.tolist(), strict=True)
        by_content = sorted(enumerate(keys), key=lambda entry: entry[1])
        return np.array([index for index, _ in by_content], dtype=np.intp)
