"""Nearest neighbours by compression distance, as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_array
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from kolmo._items import as_items
from kolmo.errors import DataError, ParameterError
from kolmo.learn.voting import TIE_BREAKS, WEIGHTS, Ballot, Floats, TieBreak, Weights, top_k_holds_mode, vote
from kolmo.measures.blocks import CoderLike, Distances, Symmetrize

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
        See `kolmo.coder`.
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
    n_jobs : int, optional
        Workers as joblib counts them.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Columns of X, where X is 2-D.
    coder_ : Coder
        The coder in use.

    Raises
    ------
    DataError
        In `fit`: no items, items that are neither str nor bytes, labels missing, or a single class.
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
        coder: CoderLike = "deflate",
        *,
        n_neighbors: int = 1,
        weights: Weights = "uniform",
        tie_break: TieBreak = "nearest",
        metric: str = "ncd",
        separator: str | bytes = " ",
        symmetrize: Symmetrize = None,
        n_jobs: int | None = None,
    ) -> None:
        self.coder = coder
        self.n_neighbors = n_neighbors
        self.weights = weights
        self.tie_break = tie_break
        self.metric = metric
        self.separator = separator
        self.symmetrize = symmetrize
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
            distances = self._distances()
            self.coder_ = distances.coder
            self.train_items_ = self._items(X, reset=True)
            size = len(self.train_items_)
        labels = _labels(y, size)
        self.classes_, self._codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError(f"the labels hold only one class, {self.classes_.tolist()[0]!r}; at least two are needed")
        if self.weights != "class_mean" and self.n_neighbors > size:
            raise ParameterError(f"n_neighbors is {self.n_neighbors}, but there are only {size} training items")
        return self

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
        ballots = [self._vote(band).probabilities for _, band in self._bands(X)]
        return np.concatenate(ballots)

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
        _check_count(count)
        choices = len(self._codes) - (X is None)
        if count > choices:
            raise ParameterError(f"n_neighbors is {count}, but there are only {choices} training items to choose from")
        order = self._canonical_order()
        distances, indices = [], []
        for start, band in self._bands(X):
            if X is None:
                band[np.arange(len(band)), np.arange(start, start + len(band))] = np.inf
            nearest = order[np.argsort(band[:, order], axis=1, kind="stable")[:, :count]]
            indices.append(nearest)
            distances.append(np.take_along_axis(band, nearest, axis=1))
        if not return_distance:
            return np.concatenate(indices)
        return np.concatenate(distances), np.concatenate(indices)

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
            right = np.concatenate([self._holds_mode(band, truth[start:]) for start, band in self._bands(X)])
        else:
            winners = self.predict_proba(X).argmax(axis=1)
            _check_lengths(len(winners), len(truth))
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
        for start, band in self._bands(X):
            ballot = self._vote(band)
            winners.append(ballot.probabilities.argmax(axis=1))
            electable.append(ballot.electable)
            counted.append(self._holds_mode(band, truth[start:]))
        winner, could_win = np.concatenate(winners), np.concatenate(electable)
        _check_lengths(len(winner), len(truth))
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

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = True
        tags.input_tags.one_d_array = False
        tags.input_tags.pairwise = self.metric == PRECOMPUTED
        tags.classifier_tags.poor_score = True  # the bytes of floating-point numbers hardly compress
        return tags

    def _check_choices(self) -> None:
        if self.weights not in WEIGHTS:
            raise ParameterError(f"weights must be one of {', '.join(WEIGHTS)}, but {self.weights!r} came")
        if self.tie_break not in TIE_BREAKS:
            raise ParameterError(f"tie_break must be one of {', '.join(TIE_BREAKS)}, but {self.tie_break!r} came")
        _check_count(self.n_neighbors)

    def _distances(self) -> Distances:
        return Distances(
            self.coder,
            measure=self.metric,
            separator=self.separator,
            symmetrize=self.symmetrize,
            n_jobs=self.n_jobs,
        )

    def _items(self, X: Any, *, reset: bool) -> list[bytes]:
        if _is_table(X):
            array = validate_data(self, X, reset=reset, dtype="numeric")
            if reset:
                self._row_dtype = array.dtype
            items = as_items(array.astype(self._row_dtype, copy=False))
        else:
            items = as_items(X)
        if not items:
            raise DataError("there are 0 samples; pass at least one item")
        return items

    def _distance_rows(self, X: Any, *, reset: bool) -> Floats:
        rows: Floats = validate_data(self, X, reset=reset, dtype=np.float64)
        return rows

    def _bands(self, X: Any) -> Iterator[tuple[int, Floats]]:
        """Yield ``(start, band)``: the distances of consecutive items to all training items."""
        if self.metric == PRECOMPUTED:
            if X is None:
                raise ParameterError(
                    "with metric='precomputed' pass the distances, since the training items are unknown"
                )
            yield 0, self._distance_rows(X, reset=False).copy()
            return
        items: Sequence[bytes] = self.train_items_ if X is None else self._items(X, reset=False)
        yield from self._distances().bands(items, self.train_items_)

    @property
    def _members(self) -> NDArray[np.bool_]:
        members: NDArray[np.bool_] = self._codes[:, None] == np.arange(len(self.classes_))
        return members

    def _vote(self, band: Floats) -> Ballot:
        return vote(band, self._members, n_neighbors=self.n_neighbors, weights=self.weights, tie_break=self.tie_break)

    def _holds_mode(self, band: Floats, truth: NDArray[np.intp]) -> NDArray[np.bool_]:
        _check_lengths(len(band), len(truth[: len(band)]))
        count = min(self.n_neighbors, band.shape[1])
        return top_k_holds_mode(band, self._members, truth[: len(band)], n_neighbors=count)

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


def _is_table(X: Any) -> bool:
    """Tell rows of numbers from a 1-D collection of texts."""
    if isinstance(X, str | bytes):
        return False
    if hasattr(X, "toarray"):  # a sparse matrix: left to scikit-learn's own check to refuse
        return True
    shape = getattr(X, "shape", None)
    if shape is not None:
        return len(shape) != 1 or getattr(X.dtype, "kind", "O") in "biufc"
    if not hasattr(X, "__iter__"):
        return hasattr(X, "__array__")
    first = next(iter(X), None)
    return isinstance(first, list | tuple | np.ndarray)


def _labels(y: Any, size: int) -> NDArray[Any]:
    if y is None:
        raise DataError("the classifier requires y to be passed, but the target y is None")
    labels: NDArray[Any] = column_or_1d(y, warn=True)
    _check_lengths(size, len(labels))
    if labels.dtype.kind == "O":
        missing = [index for index, label in enumerate(labels) if label is None or label != label]
        if missing:
            raise DataError(f"the labels of {len(missing)} items are missing, that of item {missing[0]} first")
    else:
        check_array(labels, ensure_2d=False, dtype=None)
    check_classification_targets(labels)
    return labels


def _check_lengths(n_items: int, n_labels: int) -> None:
    if n_items != n_labels:
        raise DataError(f"there are {n_items} items but {n_labels} labels; pass one label for each item")


def _check_count(count: Any) -> None:
    if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
        raise ParameterError(f"n_neighbors must be a whole number from 1 on, but {count!r} came")
