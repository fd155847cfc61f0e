"""Nearest neighbours by compression distance, as a scikit-learn classifier."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from kolmo._core.checks import check_count
from kolmo._core.models.saving import ModelState, pack_items, unpack_items
from kolmo.coders.registry import CoderLike
from kolmo.distances.formulas import Floats
from kolmo.distances.nearest import Integers, Nearest
from kolmo.distances.pruning import Pruning
from kolmo.distances.tiles import Symmetrize
from kolmo.errors import ParameterError
from kolmo.learn import states
from kolmo.learn.base import check_lengths
from kolmo.learn.candidates import CandidateIndex
from kolmo.learn.labels import check_weights, classes_of, labels_of
from kolmo.learn.results import CandidateReport, TieReport
from kolmo.learn.search import PRECOMPUTED, NeighborSearch
from kolmo.learn.voting import Ballot, TieBreak, Weights, top_k_holds_mode, vote


class NCDClassifier(NeighborSearch):
    """Classify items by a vote of their nearest neighbours under a compression distance.

    Most coders count whole bytes, so equal distances are common. Ties are broken by distances and labels alone and
    never by the order of the training set: neighbours at exactly the k-th distance share the remaining votes equally,
    and `tie_break` decides between classes with equal votes. `tie_report` returns how much depends on ties.

    Parameters
    ----------
    coder : str, mapping or Coder
        See `kolmo.coder`. The default, lz77, is faster than gzip and was more accurate on three public data sets.
    n_neighbors : int
        Number of neighbours that vote; with ``weights="class_mean"``, number of neighbours in each class.
    weights : {"uniform", "distance", "class_mean"}
        One vote each; the inverse distance each; or no votes, but the class with the smallest mean distance of its
        `n_neighbors` nearest members, which is more accurate than votes on short texts.
    tie_break : {"nearest", "prior", "label"}
        Rule for classes with equal votes: the one with the nearest member, then the one with more training items, then
        the first in `classes_`; "prior" starts at the second of these steps, and "label" at the third.
    metric : {"ncd", "cdm", "conditional_ncd", "conditional_cdm", "precomputed"}
        The distance. With ``"precomputed"`` X holds distances: of shape (n_train, n_train) in `fit`, and
        (n_samples, n_train) in `predict`.
    separator : str or bytes
        Inserted between the two items of a pair; the item to classify comes first.
    symmetrize : {None, "mean", "min", "max"}
        Combination of L(xy) and L(yx); None uses L(xy) alone.
    candidates : {None, "char-tfidf", "sketch"}
        Compare each item with all training items, or only with the most similar ones: by cosine similarity of TF-IDF
        vectors of hashed character 5-grams, or by sketches, see `kolmo.sketch`, which suit long items and huge sets.
        This can lose nearest neighbours; `candidate_report` returns how many.
    n_candidates : int
        Number of training items that each item is compared with, if there are candidates.
    pruning : {"certified", "calibrated", None} or PruningReport
        How pairs that cannot be near are skipped, for coders with lower bounds: by a provable bound; with a margin
        that `kolmo.calibrate_pruning` measures on the training set; or not at all. Only ``"calibrated"`` can change
        the result.
    checkpoint : path-like, optional
        Save the progress of one call, such as `predict`, to this file, and resume from it after an interruption. The
        file is refused by any other call.
    n_jobs : int, optional
        Number of workers, as in joblib.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Number of columns of X, where X is 2-D.
    coder_ : Coder
        The coder, fitted to the whole training set (`Coder.fitted`).
    pruning_report_ : PruningReport
        The margin and its recall, with ``pruning="calibrated"`` and without candidates, which leave nothing to prune.

    Raises
    ------
    DataError
        In `fit`: no items, items that are neither str nor bytes, missing labels, or a single class. Later: the
        checkpoint is that of another run.
    ParameterError
        In `fit`: a parameter has an unknown value, or there are more neighbours than training items.

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
        """Store the training items, and prepare the search among them.

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
        self._check_parameters()
        self._forget("train_items_", "coder_", "_train_lengths")
        if self.metric == PRECOMPUTED:
            size = self._square_size(X)
        else:
            coder = self._distances(self.coder).coder
            self.train_items_ = self._items(X, reset=True)
            size = len(self.train_items_)
            self.coder_ = coder.fitted(self.train_items_)
        labels = labels_of(y)
        check_lengths(size, len(labels))
        self.classes_, self._codes = classes_of(labels)
        self._check_size()
        self._prepare_search()
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Return the share of the vote of each class.

        The winner of a tie is ahead by one unit in the last place. With ``weights="class_mean"`` the shares are
        proportional to the inverse mean distance.

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

    def _predicted(self, X: Any) -> NDArray[np.intp]:
        codes: NDArray[np.intp] = self.predict_proba(X).argmax(axis=1)
        return codes

    def kneighbors(
        self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True
    ) -> NDArray[np.intp] | tuple[Floats, NDArray[np.intp]]:
        """Return the nearest training items of each item, nearest first.

        Equal distances are ordered by the training items' bytes and then their labels, so a permuted training set
        gives the same neighbours; precomputed distances are ordered by position.

        Parameters
        ----------
        X : collection of str or bytes, 2-D array of numbers, or distances of shape (n_samples, n_train), optional
            The items; by default the training items, none of which is then its own neighbour.
        n_neighbors : int, optional
            Number of neighbours; by default that of the classifier.
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
        self._check_choices(count, itself=X is None)
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
            Score as the 2023 gzip-kNN paper did: an item is counted as correct if its true label is among those with
            the most votes. With two neighbours of different classes either label is counted as correct, so this is
            not an accuracy; use it only for comparison with the published figures (``n_neighbors=2``). Ties of
            distance are broken by position in the training set.

        Returns
        -------
        float
            From 0 to 1.
        """
        check_is_fitted(self, "classes_")
        if not count_vote_ties_as_correct:
            return super().score(X, y, sample_weight)
        truth = self._truth(y)
        weights = check_weights(sample_weight, len(truth))
        parts = list(self._nearest(X, self.n_neighbors, by_class=False))
        check_lengths(sum(len(nearest) for _, nearest in parts), len(truth))
        correct = np.concatenate([self._holds_mode(nearest, truth[start:]) for start, nearest in parts])
        return float(np.average(correct, weights=weights))

    def tie_report(self, X: Any, y: Any) -> TieReport:
        """Return the predictions, their accuracy, and how much of it depends on ties, from one computation.

        Parameters
        ----------
        X, y : object
            As in `score`.

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
        winners, possible_winners, counted = [], [], []
        for start, nearest in self._nearest(X):
            ballot = self._vote(nearest)
            winners.append(ballot.probabilities.argmax(axis=1))
            possible_winners.append(ballot.possible_winners)
            counted.append(self._holds_mode(nearest, truth[start:]))
        winner, could_win = np.concatenate(winners), np.concatenate(possible_winners)
        check_lengths(len(winner), len(truth))
        return TieReport.of(
            self.classes_,
            winners=winner,
            possible_winners=could_win,
            truth=truth,
            ties_counted_as_correct=float(np.mean(np.concatenate(counted))),
        )

    def candidate_report(self, X: Any = None, y: Any = None, *, n_samples: int = 200) -> CandidateReport:
        """Return the recall and accuracy of neighbours among the candidates, on a sample.

        Comparing with few candidates is fast, but it loses neighbours, and it can be less accurate than the cosine
        similarity that selects the candidates.

        Parameters
        ----------
        X : collection of str or bytes, optional
            The items to sample from; by default the training items, none of which is then its own neighbour.
        y : array-like of shape (n_samples,), optional
            Their true labels; those of the training items are known.
        n_samples : int
            Size of the sample, drawn with a fixed seed.

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
        check_count("n_samples", n_samples)
        self._check_choices(self.n_neighbors, itself=X is None)
        population = self.train_items_ if X is None else self._items(X, reset=False)
        truth = self._codes if X is None else None
        if X is not None and y is not None:
            truth = self._truth(y)
            check_lengths(len(population), len(truth))
        sample = np.random.default_rng(0).permutation(len(population))[:n_samples]
        items, own = [population[place] for place in sample], sample if X is None else None
        search = self._search(self.n_neighbors, by_class=self.weights == "class_mean")
        exact, found = (
            Nearest.concatenated([part for _, part in self._compared(items, search, own=own, candidates=candidates)])
            for candidates in (None, self._candidates(items, own))
        )
        cosine = self._index.cosine_distances(items)
        if own is not None:
            cosine[np.arange(len(own)), own] = np.inf
        scores: list[float | None] = [None] * 3
        if truth is not None:
            neighbours = (found, exact, Nearest.of(cosine, search.count, search.groups))
            winners = (self._vote(nearest).probabilities.argmax(axis=1) for nearest in neighbours)
            scores = [float(np.mean(winner == truth[sample])) for winner in winners]
        count = self.n_neighbors
        as_near = found.first(count)[0] <= exact.first(count)[0][:, -1:]
        return CandidateReport(
            n_samples=len(items),
            n_candidates=self.n_candidates,
            recall=float(as_near.mean()),
            accuracy=scores[0],
            exact_accuracy=scores[1],
            cosine_accuracy=scores[2],
        )

    def _model_state(self) -> ModelState:
        check_is_fitted(self, "classes_")
        self._check_still_fitted()
        values = states.input_values(self) if self.metric != PRECOMPUTED else {"n_features_in": self.n_features_in_}
        values |= states.training_values(self.classes_, len(self._codes))
        arrays = states.codes_array(self._codes)
        if self.metric != PRECOMPUTED:
            values["fitted_coder"] = states.coder_values(self.coder_)
            arrays |= pack_items(self.train_items_) | {"train_lengths": self._train_lengths}
        if hasattr(self, "pruning_report_"):
            values["pruning_report"] = asdict(self.pruning_report_)
        return ModelState(values, arrays, states.stored_parameters(self))

    @classmethod
    def _from_model_state(cls, state: ModelState) -> Self:
        made = states.made_from(cls, state.parameters)
        states.restore_classes(made, state)
        made._codes = states.restored_codes(state, len(made.classes_), None)
        if made.metric == PRECOMPUTED:
            made.n_features_in_ = len(made._codes)
        else:
            states.restore_inputs(made, state)
            made.train_items_ = unpack_items(state)
            check_lengths(len(made.train_items_), len(made._codes))
            made.coder_ = states.restored_coder(state.values.get("fitted_coder"))
            made._train_lengths = state.array("train_lengths", "float64", (len(made._codes),), low=0)
            if made.candidates is not None:
                made._index = CandidateIndex(made.train_items_, made._canonical_order(), made.candidates)
        if "pruning_report" in state.values:
            made.pruning_report_ = states.restored_report(state.values["pruning_report"])
        made._check_still_fitted()
        return made

    def _check_choices(self, count: int, *, itself: bool) -> None:
        """Refuse more neighbours than an item is compared with; `itself` leaves out its own training item."""
        choices = len(self._codes) if self.candidates is None else min(self.n_candidates, len(self._codes))
        choices -= itself and choices == len(self._codes)
        if count > choices:
            raise ParameterError(f"n_neighbors is {count}, but there are only {choices} training items to choose from")

    def _vote(self, nearest: Nearest) -> Ballot:
        return vote(nearest, self._codes, n_neighbors=self.n_neighbors, weights=self.weights, tie_break=self.tie_break)

    def _holds_mode(self, nearest: Nearest, truth: Integers) -> NDArray[np.bool_]:
        check_lengths(len(nearest), len(truth[: len(nearest)]))
        count = min(self.n_neighbors, len(self._codes))
        return top_k_holds_mode(nearest, self._codes, truth[: len(nearest)], n_neighbors=count)
