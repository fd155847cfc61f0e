"""Classification by code length: the label is the class whose texts, once read, make the text cheapest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from kolmo.coders.base import Coder
from kolmo.coders.registry import CoderLike, coder as coder_of
from kolmo.errors import DataError, ParameterError
from kolmo.learn.class_models import ClassModels, by_digest, check_coder, folds_of
from kolmo.learn.validation import classes_of, items_of, labels_of, reads_texts_and_tables

PRIORS = ("training", "uniform")

_HOLD_OUT = 5
"""One text in so many is held out to find the temperature."""
_MOST_HELD_OUT = 1000
_HOTTEST = 2.0**20


class CodeLengthClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Label texts by the class whose training texts make them cheapest to write down.

    For each class a coder reads the training texts, each with a line end behind it. A text y goes to the class c of
    least ``L(y | texts of c) - log2 P(c)``, in bits: the length of a code that names the class, then the text. What a
    coder that knows no class needs for y is the same for all of them, and changes neither labels nor probabilities;
    `CodeLengthVectorizer` measures from the mean over classes.

    A coder with a window reads chunks of it, each by a coder of its own, and the class has the mean of their lengths.
    A coder that is primed by difference (``tags.priming``) reads its context again for every text and every class, so
    it is given at most 64 KiB a chunk, and still takes long. Equal lengths go by the prior, then to the first label.

    Parameters
    ----------
    coder : str, mapping or Coder
        See `kolmo.coder`. It must be one that primes.
    prior : {"training", "uniform"}
        P(c): by how many training texts a class has, plus one; or all the same.
    chunks : int
        How many chunks a class may have, if the coder has a window or is primed by difference. Training texts beyond
        are not read.
    calibrate : bool
        Find the temperature of `predict_proba` on a fifth of the training texts, at most 1,000, by coders that have not
        read them. That costs as much as another `fit` and a `predict` of these. Otherwise the temperature is 1.
    n_jobs : int, optional
        Workers as joblib counts them.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    class_counts_ : ndarray of shape (n_classes,)
        Training texts of each class.
    temperature_ : float
        Probabilities are ``2 ** (-bits / temperature_)``, scaled to a sum of 1. From 1, where code lengths are taken at
        their word, which as a rule is far too sure of itself.
    coder_ : Coder
        The coder, with what it learned from the training set as a whole (`Coder.learned`).
    n_features_in_ : int
        Columns of X, where X is 2-D.

    Raises
    ------
    DataError
        In `fit`: no items, items that are neither str nor bytes, labels missing, or a single class.
    ParameterError
        In `fit`: a parameter has no such value.
    PrimingError
        In `fit`: the coder cannot be primed.

    References
    ----------
    Frank, Chui and Witten, "Text categorization using compression models", Data Compression Conference 2000.
    Teahan and Harper, "Using compression-based language models for text categorization", 2003.

    Examples
    --------
    >>> texts = ["the cat sat on the mat", "a cat and a kitten sat", "stocks fell and bonds rose"]
    >>> classifier = CodeLengthClassifier("zstd").fit(texts, ["pets", "pets", "money"])
    >>> classifier.predict(["the kitten sat on the mat", "stocks and bonds rose"]).tolist()
    ['pets', 'money']
    """

    def __init__(
        self,
        coder: CoderLike = "ngram",
        *,
        prior: Literal["training", "uniform"] = "training",
        chunks: int = 4,
        calibrate: bool = True,
        n_jobs: int | None = None,
    ) -> None:
        self.coder = coder
        self.prior = prior
        self.chunks = chunks
        self.calibrate = calibrate
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any) -> Self:
        """Have a coder read each class.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            Training texts, see `kolmo.as_items`.
        y : array-like of shape (n_samples,)
            Their labels.

        Returns
        -------
        CodeLengthClassifier
        """
        coder = self._checked_coder()
        items = items_of(self, X, reset=True)
        self.classes_, codes = classes_of(labels_of(y, len(items)))
        return self._read(coder, items, codes)

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Have the coders read more texts: afterwards all is as if `fit` had got all texts so far.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            More training texts.
        y : array-like of shape (n_samples,)
            Their labels.
        classes : array-like of shape (n_classes,), optional
            All labels that will ever come; the first call needs them.

        Returns
        -------
        CodeLengthClassifier
        """
        coder, first = self._checked_coder(), not hasattr(self, "classes_")
        items = items_of(self, X, reset=first)
        labels = labels_of(y, len(items))
        if first:
            if classes is None:
                raise ParameterError("the first call of partial_fit needs all labels that will ever come, as classes")
            self.classes_, _ = classes_of(np.asarray(classes))
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ParameterError(
                f"classes is {np.unique(classes).tolist()}, but it was {self.classes_.tolist()} in the first call; "
                "leave it out, or call fit"
            )
        codes = np.searchsorted(self.classes_, labels).clip(max=len(self.classes_) - 1)
        unknown = np.flatnonzero(self.classes_[codes] != labels)
        if len(unknown):
            raise DataError(
                f"item {unknown[0]} has the label {labels.tolist()[unknown[0]]!r}, which is none of "
                f"{self.classes_.tolist()}; name all labels in the first call of partial_fit"
            )
        before = ([], np.empty(0, np.intp)) if first else (self._items, self._codes)
        return self._read(coder, [*before[0], *items], np.concatenate([before[1], codes]))

    def _read(self, coder: Coder, items: list[bytes], codes: NDArray[np.intp]) -> Self:
        size = len(self.classes_)
        self._items, self._codes = items, codes
        self.class_counts_ = np.bincount(codes, minlength=size)
        self.temperature_ = self._temperature(coder, items, codes) if self.calibrate else 1.0
        self.coder_ = coder.fitted(items)
        self._models = ClassModels.read(self.coder_, items, codes, size, chunks=self.chunks)
        return self

    def _temperature(self, coder: Coder, items: list[bytes], codes: NDArray[np.intp]) -> float:
        held_out, rest = _held_out(items, codes)
        if not held_out:
            return 1.0
        size, kept = len(self.classes_), [items[place] for place in rest]
        models = ClassModels.read(coder.fitted(kept), kept, codes[rest], size, chunks=self.chunks)
        bits = models.bits([items[place] for place in held_out], n_jobs=self.n_jobs)
        return _best_temperature(bits + self._prior_bits(), codes[held_out])

    def code_lengths(self, X: Any) -> NDArray[np.float64]:
        """Return the code length of each text given the training texts of each class, without that of the class.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The texts.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Bits, in the order of `classes_`.
        """
        check_is_fitted(self, "classes_")
        return self._models.bits(items_of(self, X, reset=False), n_jobs=self.n_jobs)

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return minus the bits that name the class and then the text; with two classes, how many the second saves.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The texts.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) with two classes
            Bits, in the order of `classes_`.
        """
        check_is_fitted(self, "classes_")
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the predicted label of each text.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The texts.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self, "classes_")
        labels: NDArray[Any] = self.classes_[self._scores(X).argmax(axis=1)]
        return labels

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The texts.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`; rows sum to 1.
        """
        check_is_fitted(self, "classes_")
        shares: NDArray[np.float64] = np.exp(_log_shares(self._scores(X), self.temperature_))
        return shares

    def _scores(self, X: Any) -> NDArray[np.float64]:
        return -(self.code_lengths(X) + self._prior_bits())

    def _prior_bits(self) -> NDArray[np.float64]:
        if self.prior == "uniform":
            return np.zeros(len(self.classes_))
        counts = self.class_counts_ + 1
        bits: NDArray[np.float64] = np.log2(counts.sum() / counts)
        return bits

    def _checked_coder(self) -> Coder:
        if self.prior not in PRIORS:
            raise ParameterError(f"prior must be one of {', '.join(PRIORS)}, but {self.prior!r} came")
        coder = coder_of(self.coder)
        check_coder(coder, self.chunks)
        return coder

    def __sklearn_tags__(self) -> Any:
        return reads_texts_and_tables(super().__sklearn_tags__())


def _held_out(items: Sequence[bytes], codes: NDArray[np.intp]) -> tuple[list[int], list[int]]:
    """Return the positions of what is held out, from classes with something else to read, and those of the rest."""
    folds = folds_of(items, codes, _HOLD_OUT)
    others = np.bincount(codes[folds != 0], minlength=int(codes.max()) + 1)
    order = by_digest(items, codes)
    held_out = [place for place in order if folds[place] == 0 and others[codes[place]] > 0][:_MOST_HELD_OUT]
    texts = {items[place] for place in held_out}
    return held_out, [place for place in order if items[place] not in texts]


def _best_temperature(bits: NDArray[np.float64], codes: NDArray[np.intp]) -> float:
    """Return the temperature that makes the true classes most probable."""
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        shares = _log_shares(-bits, float(2**log_temperature))
        return -float(shares[np.arange(len(codes)), codes].mean())

    found = minimize_scalar(loss, bounds=(0.0, np.log2(_HOTTEST)), method="bounded", options={"xatol": 1e-3})
    return float(2**found.x)


def _log_shares(scores: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return natural logarithms of probabilities that grow as 2 ** (score / temperature)."""
    from scipy.special import log_softmax

    shares: NDArray[np.float64] = log_softmax(scores * (np.log(2) / temperature), axis=1)
    return shares
