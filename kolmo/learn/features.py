"""Code lengths given each class as features of a text, for another estimator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from kolmo._core.checks import check_choice, check_count
from kolmo._core.models.saving import ModelState
from kolmo.coders.base import Coder
from kolmo.coders.registry import CoderLike
from kolmo.errors import DataError, ParameterError
from kolmo.learn import states
from kolmo.learn.base import TextVectorizer, primed_coder
from kolmo.learn.class_models import ClassModels, folds_of, separator_bytes

SCALES = ("sqrt", "byte", "bits")


class CodeLengthVectorizer(TextVectorizer):
    """Convert texts to the bits that each class saves under each coder, relative to the mean over classes.

    A coder that has read a text assigns it a short code, so `fit_transform` measures each training text with coders
    that have read the other folds only; a pipeline trains on these features. ``fit(X, y).transform(X)`` would measure
    training texts with coders that have read them, so use `transform` for other texts only.

    The names of the features are ``"coder|class"``.

    Parameters
    ----------
    coders : sequence of str, mapping or Coder
        See `kolmo.coder`. Each must be one that can be primed.
    folds : int
        Number of parts into which the training texts are split; equal texts share a part. More take longer.
    per : {"sqrt", "byte", "bits"}
        Divisor of the bits: the square root of the text's bytes, as the random part of the saving grows with it; the
        number of bytes; or none.
    chunks : int
        Maximum number of chunks of a class for coders with a window, see `CodeLengthClassifier`.
    separator : str or bytes, optional
        Put behind each training text in a context, and so before the text that is coded; ``""`` for none. By default a
        line end behind texts, and nothing behind rows of numbers.
    n_jobs : int, optional
        Number of workers, as in joblib.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    coders_ : list of Coder
        The coders, fitted to the whole training set (`Coder.fitted`).
    n_features_in_ : int
        Number of columns of X, where X is 2-D.

    Raises
    ------
    DataError
        In `fit`: no items, items that are neither str nor bytes, missing labels, or a single class.
    ParameterError
        In `fit`: a parameter has an unknown value.
    PrimingError
        In `fit`: a coder cannot be primed.

    Examples
    --------
    >>> texts = ["the cat sat on the mat", "a cat and a kitten sat", "stocks fell and bonds rose"]
    >>> features = CodeLengthVectorizer(["zstd"], per="bits").fit(texts, ["pets", "pets", "money"])
    >>> features.get_feature_names_out().tolist()
    ['zstd|money', 'zstd|pets']
    >>> features.transform(["the kitten sat on the mat"])
    array([[-52.,  52.]])
    """

    def __init__(
        self,
        coders: Sequence[CoderLike] = ("ngram",),
        *,
        folds: int = 5,
        per: Literal["sqrt", "byte", "bits"] = "sqrt",
        chunks: int = 4,
        separator: str | bytes | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.coders = coders
        self.folds = folds
        self.per = per
        self.chunks = chunks
        self.separator = separator
        self.n_jobs = n_jobs

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> NDArray[np.float64]:
        """Prime the coders as `fit` does, and return the out-of-fold features of the training texts.

        Parameters
        ----------
        X, y : object
            As in `fit`.
        **fit_params : dict
            Must be empty.

        Returns
        -------
        ndarray of shape (n_samples, n_coders * n_classes)
            Bits, divided as `per` says.
        """
        if fit_params:
            raise ParameterError(f"fit_transform has no parameter {', '.join(fit_params)}; leave it out")
        self._check_parameters()
        items, codes = self._training_set(X, y)
        coders = self._primed_coders()
        folds, n_classes = folds_of(items, codes, self.folds), len(self.classes_)
        features = np.empty((len(items), len(coders) * n_classes))
        for fold in np.unique(folds):
            inside, outside = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
            others = [items[place] for place in outside]
            models = [self._models(coder.fitted(others), others, codes[outside], warn=False) for coder in coders]
            features[inside] = self._features(models, [items[place] for place in inside])
        self._fit(items, codes)
        return features

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Return the features of texts that are not training texts.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The texts.

        Returns
        -------
        ndarray of shape (n_samples, n_coders * n_classes)
            Bits, divided as `per` says.
        """
        check_is_fitted(self, "coders_")
        return self._features(self._all_models, self._items(X, reset=False))

    def _fit(self, items: list[bytes], codes: NDArray[np.intp]) -> Self:
        self._keep(items, codes, [coder.fitted(items) for coder in self._primed_coders()])
        return self

    def _model_state(self) -> ModelState:
        check_is_fitted(self, "coders_")
        values = states.input_values(self) | states.training_values(self.classes_, len(self._codes))
        values["fitted_coders"] = [states.coder_values(coder) for coder in self.coders_]
        return ModelState(
            values, states.training_arrays(self._training_items, self._codes), states.stored_parameters(self)
        )

    @classmethod
    def _from_model_state(cls, state: ModelState) -> Self:
        made = states.made_from(cls, state.parameters)
        states.restore_inputs(made, state)
        states.restore_classes(made, state)
        items, codes = states.training_set(state, len(made.classes_))
        coders = [states.restored_coder(stored) for stored in state.value("fitted_coders", list)]
        if len(coders) != len(made.coders):
            raise DataError(f"fitted_coders: expected {len(made.coders)}, got {len(coders)}")
        made._keep(items, codes, coders)
        return made

    def _keep(self, items: list[bytes], codes: NDArray[np.intp], coders: list[Coder]) -> None:
        self._training_items, self._codes = items, codes
        self._names = [str(coder) for coder in self._primed_coders()]
        self.coders_ = coders
        self._all_models = [self._models(coder, items, codes) for coder in coders]

    def _models(self, coder: Coder, items: list[bytes], codes: NDArray[np.intp], *, warn: bool = True) -> ClassModels:
        separator = separator_bytes(self.separator, numbers=self._row_dtype is not None)
        labels = self.classes_.tolist() if warn else None
        size = len(self.classes_)
        return ClassModels.prime(coder, items, codes, size, chunks=self.chunks, separator=separator, labels=labels)

    def _features(self, models: Sequence[ClassModels], items: list[bytes]) -> NDArray[np.float64]:
        sizes = np.array([[max(len(item), 1)] for item in items])
        scale = {"sqrt": np.sqrt(sizes), "byte": sizes, "bits": 1}[self.per]
        lengths = [model.bits(items, n_jobs=self.n_jobs) for model in models]
        return np.hstack([(bits.mean(axis=1, keepdims=True) - bits) / scale for bits in lengths])

    def _feature_names(self) -> list[str]:
        return [f"{name}|{label}" for name in self._names for label in self.classes_.tolist()]

    def _check_parameters(self) -> None:
        super()._check_parameters()
        listed = isinstance(self.coders, Sequence | np.ndarray) and not isinstance(self.coders, str | bytes)
        if not listed or not len(self.coders):
            raise ParameterError(f"coders: expected a list of at least one coder, got {self.coders!r}")
        check_choice("per", self.per, SCALES)
        check_count("folds", self.folds, 2)
        check_count("chunks", self.chunks)
        separator_bytes(self.separator)
        self._primed_coders()

    def _primed_coders(self) -> list[Coder]:
        return [primed_coder(coder) for coder in self.coders]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags
