"""Classification by code length: the label is the class under which the conditional code length is smallest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from kolmo._core.checks import check_boolean, check_choice, check_count
from kolmo._core.models.saving import ModelState
from kolmo.coders.base import Coder
from kolmo.coders.registry import CoderLike
from kolmo.errors import DataError, ParameterError
from kolmo.learn import states
from kolmo.learn.background.pooled import PooledModels
from kolmo.learn.background.pooling import Pooling
from kolmo.learn.base import RefittedClassifier, check_lengths, primed_coder
from kolmo.learn.class_models import ClassModels, by_digest, folds_of, separator_bytes
from kolmo.learn.results import TieReport

PRIORS = ("training", "uniform")

_HELD_OUT_FOLDS = 5
"""One of this many folds is held out to fit the temperature."""
_MAX_HELD_OUT = 1000
_MAX_TEMPERATURE = 2.0**20
_UNUSED_WITH_BACKGROUND = {
    "coder": "ngram",
    "prior": "training",
    "chunks": 4,
    "separator": None,
    "temperature_scaling": True,
}
"""Parameters of primed coders, with their defaults."""
_EQUAL = 1e-9
"""Code lengths that differ by less, relative to the shorter, are equal: means of chunks have rounding errors."""


class CodeLengthClassifier(RefittedClassifier):
    """Classify texts by their code length given the training texts of each class.

    For each class a coder is primed with the training texts of the class, a separator after each. A text y is assigned
    to the class c with the smallest ``L(y | texts of c) - log2 P(c)``, in bits: the length of a code that names the
    class and then codes the text. The unconditional length of y is the same for all classes, so it changes neither
    labels nor probabilities; `CodeLengthVectorizer` subtracts the mean over classes.

    A coder with a window is primed with chunks of that size, one coder for each, and a class has the mean of their
    lengths. A coder that is primed by difference (``tags.priming``) reads its context again for every text and class,
    so its chunks are limited to 64 KiB, and it is slow.

    Coders of whole bytes, such as zstd and lz4, give several classes the same code length for many short texts. Ties
    are broken by the prior, then by the order of `classes_`, and `tie_report` returns how many labels depend on that.
    The code lengths of ``ngram``, ``mix``, ``lz77`` and the other predictive coders are real numbers, which seldom tie.

    With ``background=True`` no coder is primed. Adaptive context models (of bytes, orders 0 to 5, and of words) have
    read all training texts, and those of a class its texts in addition. What each of them saves on a text against the
    background, over the size of the text and over its square root, is mixed with non-negative weights and a bias for
    each class into p(label | text). The weights minimise the log loss on the training texts, each measured by models
    without its own counts and those of its copies. So a score is a code length of the label. The models are of the
    normalised text: in lower case, with one space for each run of white space.

    Parameters
    ----------
    coder : str, mapping or Coder
        See `kolmo.coder`. It must be one that can be primed.
    prior : {"training", "uniform"}
        P(c): proportional to the number of training texts of the class plus one, or uniform.
    chunks : int
        Maximum number of chunks of a class, for coders with a window or primed by difference. Training texts that do
        not fit into them are not used.
    separator : str or bytes, optional
        Put behind each training text in a context, and so before the text that is coded; ``""`` for none. By default a
        line end behind texts, and nothing behind rows of numbers.
    temperature_scaling : bool
        Fit the temperature of `predict_proba` on a fifth of the training texts, at most 1,000, with coders that have
        not read them. The cost is that of another `fit` and a `predict` of these texts. Without it the temperature
        is 1.
    background : bool
        Use class models over a common background in place of primed coders. `coder`, `prior`, `chunks` and
        `temperature_scaling` are not used, and must have their default values.
    n_jobs : int, optional
        Number of workers, as in joblib.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    class_counts_ : ndarray of shape (n_classes,)
        Number of training texts of each class.
    temperature_ : float
        Probabilities are proportional to ``2 ** (-bits / temperature_)``. It is at least 1; at 1 the code lengths are
        used as they are, which as a rule gives overconfident probabilities. Not with a background.
    coder_ : Coder
        The coder, fitted to the whole training set (`Coder.fitted`). Not with a background.
    n_features_in_ : int
        Number of columns of X, where X is 2-D.

    Raises
    ------
    DataError
        In `fit`: no items, items that are neither str nor bytes, missing labels, or a single class.
    ParameterError
        In `fit`: a parameter has an unknown value, or is not used with a background.
    PrimingError
        In `fit`: the coder cannot be primed.

    Warns
    -----
    WindowWarning
        In `fit`: the context of a class is longer than the coder's window.
    PrimingWarning
        In `fit`: the texts of a class are too short for the coder to use them, see ``tags.min_context``.

    References
    ----------
    Frank, Chui and Witten, "Text categorization using compression models", Data Compression Conference 2000.
    Teahan and Harper, "Using compression-based language models for text categorization", 2003.
    Guo et al., "On calibration of modern neural networks", ICML 2017, for temperature scaling.

    Examples
    --------
    >>> texts = ["the cat sat on the mat", "a cat and a kitten sat", "stocks fell and bonds rose"]
    >>> classifier = CodeLengthClassifier("zstd").fit(texts, ["pets", "pets", "money"])
    >>> classifier.predict(["the kitten sat on the mat", "stocks and bonds rose"]).tolist()
    ['pets', 'money']
    >>> classifier = CodeLengthClassifier(background=True).fit(texts, ["pets", "pets", "money"])
    >>> classifier.predict(["the kitten sat on the mat", "stocks and bonds rose"]).tolist()
    ['pets', 'money']
    """

    def __init__(
        self,
        coder: CoderLike = "ngram",
        *,
        prior: Literal["training", "uniform"] = "training",
        chunks: int = 4,
        separator: str | bytes | None = None,
        temperature_scaling: bool = True,
        background: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.coder = coder
        self.prior = prior
        self.chunks = chunks
        self.separator = separator
        self.temperature_scaling = temperature_scaling
        self.background = background
        self.n_jobs = n_jobs

    def _fit(self, items: list[bytes], codes: NDArray[np.intp]) -> Self:
        coder = primed_coder(self.coder)
        self._training_items, self._codes = items, codes
        self.class_counts_ = np.bincount(codes, minlength=len(self.classes_))
        self._forget("_models", "_pooled", "coder_", "temperature_")
        if self.background:
            self._pooled = PooledModels.fit(items, codes, len(self.classes_), n_jobs=self.n_jobs)
            return self
        self.temperature_ = self._temperature(coder, items, codes) if self.temperature_scaling else 1.0
        self.coder_ = coder.fitted(items)
        self._models = self._primed(self.coder_, items, codes, labels=self.classes_.tolist())
        return self

    def _model_state(self) -> ModelState:
        check_is_fitted(self, "classes_")
        if self.background != self._has_background():
            raise ParameterError(f"background={self.background} was set after fit; call fit again")
        values = states.input_values(self) | states.training_values(self.classes_, len(self._codes))
        arrays = states.training_arrays(self._training_items, self._codes)
        if self._has_background():
            arrays |= self._pooled.pooling.arrays()
        else:
            values |= {"temperature": self.temperature_, "fitted_coder": states.coder_values(self.coder_)}
        return ModelState(values, arrays, states.stored_parameters(self))

    @classmethod
    def _from_model_state(cls, state: ModelState) -> Self:
        made = states.made_from(cls, state.parameters)
        states.restore_inputs(made, state)
        states.restore_classes(made, state)
        n_classes = len(made.classes_)
        items, codes = made._training_items, made._codes = states.training_set(state, n_classes)
        made.class_counts_ = np.bincount(codes, minlength=n_classes)
        if made.background:
            pooling = Pooling.from_arrays(state, n_classes)
            made._pooled = PooledModels.counted(items, codes, n_classes, pooling, n_jobs=made.n_jobs)
            return made
        made.temperature_ = state.value("temperature", float)
        if not 1 <= made.temperature_ <= _MAX_TEMPERATURE:
            raise DataError(f"temperature: expected a number from 1 to {_MAX_TEMPERATURE:g}, got {made.temperature_}")
        made.coder_ = states.restored_coder(state.values.get("fitted_coder"))
        made._models = made._primed(made.coder_, items, codes)
        return made

    def _primed(
        self, coder: Coder, items: list[bytes], codes: NDArray[np.intp], *, labels: list[Any] | None = None
    ) -> ClassModels:
        separator, size = separator_bytes(self.separator, numbers=self._row_dtype is not None), len(self.classes_)
        return ClassModels.prime(coder, items, codes, size, chunks=self.chunks, separator=separator, labels=labels)

    def _temperature(self, coder: Coder, items: list[bytes], codes: NDArray[np.intp]) -> float:
        held_out, rest = _held_out(items, codes)
        if not held_out:
            return 1.0
        others = [items[place] for place in rest]
        models = self._primed(coder.fitted(others), others, codes[rest])
        bits = models.bits([items[place] for place in held_out], n_jobs=self.n_jobs)
        return _best_temperature(bits + self._prior_bits(), codes[held_out])

    def code_lengths(self, X: Any) -> NDArray[np.float64]:
        """Return the conditional code length of each text given the training texts of each class, in bits.

        With a background, it is that of the normalised text and its end under the class models of byte order 5. The
        label is found from those of all orders, so it need not be that of the smallest length.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The texts.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Bits, in the order of `classes_`, without those that name the class.
        """
        check_is_fitted(self, "classes_")
        items = self._items(X, reset=False)
        if self._has_background():
            return self._pooled.text_bits(items, n_jobs=self.n_jobs)
        return self._models.bits(items, n_jobs=self.n_jobs)

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return minus the bits that name each class and code the text; with two classes, the difference in bits.

        With a background: minus the bits of the label of each class, for a decoder that has the text.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The texts.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) with two classes
            Bits, in the order of `classes_`; with two, positive for the second.
        """
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

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
        scores = self._scores(X)
        temperature = 1.0 if self._has_background() else self.temperature_
        probabilities: NDArray[np.float64] = np.exp(_log_probabilities(scores, temperature))
        return probabilities

    def tie_report(self, X: Any, y: Any) -> TieReport:
        """Return the predictions, their accuracy, and how much of it depends on ties, from one computation.

        A text is tied if another class has the code length of the predicted class, so that the prior or the order of
        `classes_` decides between them.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The texts.
        y : array-like of shape (n_samples,)
            Their true labels.

        Returns
        -------
        TieReport

        Examples
        --------
        >>> texts = ["the cat sat on the mat", "a cat and a kitten sat", "stocks fell and bonds rose"]
        >>> classifier = CodeLengthClassifier("zstd").fit(texts, ["pets", "pets", "money"])
        >>> report = classifier.tie_report(["the kitten sat on the mat", "gold"], ["pets", "money"])
        >>> report.accuracy, report.worst, report.best, report.tied_share
        (0.5, 0.5, 1.0, 0.5)
        """
        check_is_fitted(self, "classes_")
        truth = self._truth(y)
        scores = self._scores(X)
        check_lengths(len(scores), len(truth))
        winners = scores.argmax(axis=1)
        bits = -scores if self._has_background() else -scores - self._prior_bits()
        of_winner = bits[np.arange(len(bits)), winners, None]
        tied = np.abs(bits - of_winner) <= _EQUAL * np.maximum(np.abs(of_winner), 1)
        return TieReport.of(self.classes_, winners=winners, possible_winners=tied, truth=truth)

    def _predicted(self, X: Any) -> NDArray[np.intp]:
        codes: NDArray[np.intp] = self._scores(X).argmax(axis=1)
        return codes

    def _has_background(self) -> bool:
        return hasattr(self, "_pooled")

    def _scores(self, X: Any) -> NDArray[np.float64]:
        check_is_fitted(self, "classes_")
        if self._has_background():
            items = self._items(X, reset=False)
            bits: NDArray[np.float64] = self._pooled.log_probabilities(items, n_jobs=self.n_jobs) / np.log(2)
            return bits
        return -(self.code_lengths(X) + self._prior_bits())

    def _prior_bits(self) -> NDArray[np.float64]:
        if self.prior == "uniform":
            return np.zeros(len(self.classes_))
        counts = self.class_counts_ + 1
        bits: NDArray[np.float64] = np.log2(counts.sum() / counts)
        return bits

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_boolean("temperature_scaling", self.temperature_scaling)
        check_choice("prior", self.prior, PRIORS)
        check_count("chunks", self.chunks)
        separator_bytes(self.separator)
        check_boolean("background", self.background)
        if self.background:
            for name, default in _UNUSED_WITH_BACKGROUND.items():
                value = getattr(self, name)
                if not (type(value) is type(default) and value == default):
                    raise ParameterError(
                        f"{name}: expected {default!r}, the default, with background=True, which does not use it, got "
                        f"{value!r:.60}; leave it out, or set background=False"
                    )
        primed_coder(self.coder)


def _held_out(items: Sequence[bytes], codes: NDArray[np.intp]) -> tuple[list[int], list[int]]:
    """Return the positions of the held-out texts, of classes that keep other texts, and of the remaining texts."""
    folds = folds_of(items, codes, _HELD_OUT_FOLDS)
    others = np.bincount(codes[folds != 0], minlength=int(codes.max()) + 1)
    order = by_digest(items, codes)
    held_out = [place for place in order if folds[place] == 0 and others[codes[place]] > 0][:_MAX_HELD_OUT]
    texts = {items[place] for place in held_out}
    return held_out, [place for place in order if items[place] not in texts]


def _best_temperature(bits: NDArray[np.float64], codes: NDArray[np.intp]) -> float:
    """Return the temperature with the smallest log loss of the true classes."""
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        logs = _log_probabilities(-bits, float(2**log_temperature))
        return -float(logs[np.arange(len(codes)), codes].mean())

    found = minimize_scalar(loss, bounds=(0.0, np.log2(_MAX_TEMPERATURE)), method="bounded", options={"xatol": 1e-3})
    return float(2**found.x)


def _log_probabilities(scores: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return natural logarithms of probabilities proportional to 2 ** (score / temperature)."""
    from scipy.special import log_softmax

    logs: NDArray[np.float64] = log_softmax(scores * (np.log(2) / temperature), axis=1)
    return logs
