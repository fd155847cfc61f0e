"""Outliers by code length: items that a coder which has read normal items needs many bits for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import OutlierMixin
from sklearn.utils.validation import check_is_fitted

from kolmo._core.checks import check_choice, check_count, check_number, check_path
from kolmo._core.models.saving import ModelState, pack_items, unpack_items
from kolmo._core.resumable import open_checkpoint
from kolmo.coders.registry import CoderLike
from kolmo.errors import DataError, ParameterError
from kolmo.find.length_correction import LengthCorrection
from kolmo.find.normal_model import MAX_HELD_OUT, NormalModel, held_out_bits, in_order_of_digest
from kolmo.find.outlier_report import OutlierReport, Threshold, excerpt_of
from kolmo.learn import states
from kolmo.learn.base import TextEstimator, primed_coder
from kolmo.learn.class_models import separator_bytes

SCORES = ("corrected", "per_byte", "bits")
_DESCRIPTIONS = {
    "corrected": "bits above the expected ones, over (bytes + 1) to the power of {exponent:.2f}",
    "per_byte": "bits per byte, the end of the item counted as a byte",
    "bits": "bits",
}


class CodeLengthOutlier(OutlierMixin, TextEstimator):  # type: ignore[misc]
    """Find items that are unlike normal items: those with a long code, given the normal items.

    A coder is primed with the normal items. An item y of n bytes has the code length P = L(y | normal items), and the
    score ``(P - a - b m) / m ** exponent``, with m = n + 1: its bits above those of a typical normal item of its size,
    over the size of their usual variation; see `LengthCorrection`. An item is an outlier if its score exceeds a
    threshold that new normal items exceed at a stated rate.

    The correction and the threshold come from held-out normal items: each is measured by a coder that has read four
    fifths of the others. So the false-alarm rate holds for items of the same source as the normal ones. It does not
    hold if the source changes, such as a log after an update.

    Parameters
    ----------
    coder : str, mapping or Coder
        See `kolmo.coder`. It must be one that can be primed.
    false_alarm_rate : float
        Share of normal items that may be flagged, above 0 and below 1. At least its inverse in normal items is needed,
        less one; with fewer, the largest held-out score is the threshold, and there is a warning.
    kind : {"corrected", "per_byte", "bits"}
        The score above; or P / m, which makes short items strange; or P, which makes long items strange.
    exponent : float or "fitted"
        From 0 to 1. Larger values flag fewer long items. ``"fitted"`` flags long and short normal items about equally
        often, and ranks outliers a little worse.
    separator : str or bytes, optional
        Put behind each normal item in the context, and so before the item that is coded. By default a line end behind
        texts, and nothing behind rows of numbers.
    max_bytes : int
        Largest context. Of more normal items, those with the smallest digests are read. Memory is about 70 times this
        size with the coder ``ngram``, and as much again for each worker.
    n_jobs : int, optional
        Number of workers, as in joblib.

    Attributes
    ----------
    correction_ : LengthCorrection
        The centre and the quantiles of the code lengths of normal items by size.
    threshold_ : Threshold
        The threshold, its false-alarm rate and the confidence interval of that.
    offset_ : float
        Minus the threshold: the decision function is ``score_samples(X) - offset_``.
    n_features_in_ : int
        Number of columns of X, where X is 2-D.

    Raises
    ------
    DataError
        In `fit`: fewer than two items, or items that are neither str nor bytes.
    ParameterError
        In `fit`: a parameter has an unknown value.
    PrimingError
        In `fit`: the coder cannot be primed.

    References
    ----------
    Keogh, Lonardi and Ratanamahatana, "Towards parameter-free data mining", KDD 2004, for anomalies by compression.
    Vovk, Gammerman and Shafer, "Algorithmic learning in a random world", 2005, for thresholds from held-out items.

    Examples
    --------
    >>> normal = [f"user {n} logged in from 10.0.0.{n % 7}" for n in range(40)]
    >>> outlier = CodeLengthOutlier(false_alarm_rate=0.05).fit(normal)
    >>> outlier.predict(["user 23 logged in from 10.0.0.5", "kernel panic: out of memory"]).tolist()
    [1, -1]
    """

    def __init__(
        self,
        coder: CoderLike = "ngram",
        *,
        false_alarm_rate: float = 0.01,
        kind: Literal["corrected", "per_byte", "bits"] = "corrected",
        exponent: float | Literal["fitted"] = 0.6,
        separator: str | bytes | None = None,
        max_bytes: int = 2**22,
        n_jobs: int | None = None,
    ) -> None:
        self.coder = coder
        self.false_alarm_rate = false_alarm_rate
        self.kind = kind
        self.exponent = exponent
        self.separator = separator
        self.max_bytes = max_bytes
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> Self:
        """Read normal items, and find the threshold.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            Normal items, see `kolmo.as_items`. A few outliers among them do little harm.
        y : object
            Ignored.

        Returns
        -------
        self
            The fitted estimator.

        Warns
        -----
        UserWarning
            If there are too few items for the false-alarm rate.
        WindowWarning
            If the context is longer than the coder's window.
        PrimingWarning
            If it is too short for the coder.
        """
        self._check_parameters()
        self._fit_normal(self._items(X, reset=True), most=MAX_HELD_OUT)
        return self

    def fit_predict(self, X: Any, y: Any = None, **kwargs: Any) -> NDArray[np.int64]:
        """Fit to items, and return which of them are unlike the others: each is measured by a coder without it.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The items.
        y : object
            Ignored.
        **kwargs : dict
            Ignored.

        Returns
        -------
        ndarray of shape (n_samples,)
            -1 for outliers, 1 for the others.
        """
        report = self.fit_report(X)
        return np.where(report.scores > self.threshold_.score, -1, 1)

    def fit_report(self, X: Any, *, names: Sequence[str] | None = None) -> OutlierReport:
        """Fit to items, and report which of them are unlike the others: each is measured by a coder without it.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The items.
        names : sequence of str, optional
            Their names in tables.

        Returns
        -------
        OutlierReport
            The false-alarm rate is the share of items that are flagged if none is an outlier.

        Examples
        --------
        >>> items = [*(f"user {n} logged in from 10.0.0.{n % 7}" for n in range(40)), "kernel panic: out of memory"]
        >>> CodeLengthOutlier(false_alarm_rate=0.05).fit_report(items).flagged[0]
        np.int64(40)
        """
        self._check_parameters()
        items = self._items(X, reset=True)
        start = time.perf_counter()
        places, bits = self._fit_normal(items, most=len(items))
        in_order = np.empty(len(items))
        in_order[places] = bits
        return self._report(items, in_order, names=names, seconds=time.perf_counter() - start)

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Return minus the score of each item, so that larger values are more normal, as in scikit-learn.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The items.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self, "threshold_")
        items = self._items(X, reset=False)
        return -self._scores(_sizes(items), self._bits(items))

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the threshold minus the score of each item, below 0 for outliers.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The items.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Return -1 for outliers and 1 for other items.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The items.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def report(
        self, X: Any, *, names: Sequence[str] | None = None, checkpoint: str | Path | None = None
    ) -> OutlierReport:
        """Return the scores of items, the bits behind them, and which items are outliers.

        Parameters
        ----------
        X : collection of str or bytes, or 2-D array of numbers
            The items.
        names : sequence of str, optional
            Their names in tables.
        checkpoint : path-like, optional
            Save progress to this file, and resume from it after an interruption.

        Returns
        -------
        OutlierReport

        Examples
        --------
        >>> normal = [f"user {n} logged in from 10.0.0.{n % 7}" for n in range(40)]
        >>> outlier = CodeLengthOutlier(false_alarm_rate=0.05).fit(normal)
        >>> outlier.report(["user 23 logged in from 10.0.0.5", "kernel panic: out of memory"]).flagged.tolist()
        [1]
        """
        check_is_fitted(self, "threshold_")
        check_path("checkpoint", checkpoint)
        items = self._items(X, reset=False)
        start = time.perf_counter()
        coder = self._model.coder
        run = open_checkpoint(
            checkpoint, str(coder), coder.fingerprint, self._model.contexts, items, label="given normal items"
        )
        bits = self._model.bits(items, label=f"code lengths by {coder!s:.40}", n_jobs=self.n_jobs, run=run)
        return self._report(items, bits, names=names, seconds=time.perf_counter() - start)

    def scorer(self) -> Callable[[str | bytes], float]:
        """Return a function that scores one item at a time, for streams: larger scores are stranger.

        It keeps its coders, so that an item takes the time of its own bytes.

        Returns
        -------
        callable
            Takes str or bytes and returns the score; an item is an outlier if it exceeds ``threshold_.score``. Not for
            several threads at once.

        Raises
        ------
        DataError
            If the estimator was fitted to rows of numbers.
        """
        check_is_fitted(self, "threshold_")
        if self._row_dtype is not None:
            raise DataError("expected an estimator that was fitted to texts, got one fitted to rows of numbers")
        from kolmo._core.items import as_bytes

        meter = self._model.meter()

        def score(item: str | bytes) -> float:
            data = as_bytes(item)
            return float(self._scores(np.array([len(data)]), np.array([meter(data)]))[0])

        return score

    def _report(
        self, items: list[bytes], bits: NDArray[np.float64], *, names: Sequence[str] | None, seconds: float
    ) -> OutlierReport:
        if names is not None and len(names) != len(items):
            raise DataError(f"there are {len(items)} items but {len(names)} names; pass one name for each item")
        sizes = _sizes(items)
        scores = self._scores(sizes, bits)
        return OutlierReport(
            scores=scores,
            bits=bits,
            expected_bits=self.correction_.centre(sizes),
            sizes=sizes,
            tail_shares=self._tail_shares(scores),
            excerpts=tuple(map(excerpt_of, items)),
            names=None if names is None else tuple(names),
            threshold=self.threshold_,
            score=_DESCRIPTIONS[self._kind].format(exponent=self.correction_.exponent),
            n_longer=int((sizes > self._longest).sum()),
            seconds=seconds,
            fingerprint=self._model.coder.fingerprint,
        )

    def _fit_normal(self, items: list[bytes], *, most: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Fit to items; return the positions of held-out items and their code lengths."""
        if len(items) < 2:
            raise DataError(
                f"expected at least 2 normal items, to hold one out, got {len(items)} sample; pass more, such as the "
                "lines of a file"
            )
        coder = primed_coder(self.coder)
        separator = separator_bytes(self.separator, numbers=self._row_dtype is not None)
        self._model = NormalModel.prime(coder, in_order_of_digest(items), max_bytes=self.max_bytes, separator=separator)
        self._model.warn_about_context()
        places, bits = held_out_bits(
            coder, items, most=most, max_bytes=self.max_bytes, separator=separator, n_jobs=self.n_jobs
        )
        sizes = _sizes(items)
        self._kind, self._longest, self._n_items = self.kind, int(sizes.max()), len(items)
        self.correction_ = LengthCorrection.fit(sizes[places], bits, exponent=self.exponent)
        self._held_out = np.sort(self._scores(sizes[places], bits))
        self._set_threshold(self.false_alarm_rate)
        return places, bits

    def _model_state(self) -> ModelState:
        check_is_fitted(self, "threshold_")
        correction = self.correction_
        values = states.input_values(self) | {
            "n_items": self._n_items,
            "longest": self._longest,
            "kind": self._kind,
            "fitted_coder": states.coder_values(self._model.coder),
        }
        arrays = pack_items(self._model.contexts, "contexts") | {
            "held_out": self._held_out,
            "correction": np.array([correction.fixed_bits, correction.bits_per_byte, correction.exponent]),
            "correction.held_out": correction.held_out,
        }
        return ModelState(values, arrays, states.stored_parameters(self))

    @classmethod
    def _from_model_state(cls, state: ModelState) -> Self:
        made = states.made_from(cls, state.parameters)
        states.restore_inputs(made, state)
        made._n_items, made._longest, made._kind = (
            state.value("n_items", int),
            state.value("longest", int),
            state.value("kind", str),
        )
        check_choice("kind", made._kind, SCORES)
        contexts = unpack_items(state, "contexts")
        if not contexts:
            raise DataError("'contexts': expected at least one, got none")
        made._model = NormalModel(primed_coder(states.restored_coder(state.values.get("fitted_coder"))), contexts)
        fixed_bits, bits_per_byte, exponent = state.array("correction", "float64", (3,)).tolist()
        check_number("exponent", exponent, 0, 1)
        made._held_out = state.array("held_out", "float64", (None,))
        corrected = state.array("correction.held_out", "float64", (None,))
        if len(made._held_out) < 1 or any((np.diff(each) < 0).any() for each in (made._held_out, corrected)):
            raise DataError("'held_out': expected ascending scores, at least one")
        made.correction_ = LengthCorrection(fixed_bits, bits_per_byte, exponent, corrected)
        made.threshold_ = Threshold.of(made._held_out, made.false_alarm_rate)
        made.offset_ = -made.threshold_.score
        return made

    def set_false_alarm_rate(self, rate: float) -> Self:
        """Move the threshold of the fitted estimator to another false-alarm rate.

        Parameters
        ----------
        rate : float
            As `false_alarm_rate`, which is set too.

        Returns
        -------
        self
            The estimator.
        """
        check_is_fitted(self, "threshold_")
        self.set_params(false_alarm_rate=rate)
        self._check_parameters()
        self._set_threshold(rate)
        return self

    def _set_threshold(self, rate: float) -> None:
        self.threshold_ = Threshold.of(self._held_out, rate)
        self.threshold_.warn_if_too_few()
        self.offset_ = -self.threshold_.score

    def _bits(self, items: list[bytes]) -> NDArray[np.float64]:
        return self._model.bits(items, label=f"code lengths by {self._model.coder!s:.40}", n_jobs=self.n_jobs)

    def _scores(self, sizes: NDArray[np.int64], bits: NDArray[np.float64]) -> NDArray[np.float64]:
        if self._kind == "bits":
            return bits
        return self.correction_.scores(sizes, bits) if self._kind == "corrected" else bits / (sizes + 1)

    def _tail_shares(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        count = len(self._held_out)
        shares: NDArray[np.float64] = (1 + count - np.searchsorted(self._held_out, scores, side="left")) / (1 + count)
        return shares

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_number("false_alarm_rate", self.false_alarm_rate, 0, 1, above=True)
        if self.false_alarm_rate == 1:
            raise ParameterError("false_alarm_rate: expected a number above 0 and below 1, got 1")
        check_choice("kind", self.kind, SCORES)
        if self.exponent != "fitted":
            check_number("exponent", self.exponent, 0, 1)
        check_count("max_bytes", self.max_bytes)
        separator_bytes(self.separator)
        primed_coder(self.coder)


def _sizes(items: Sequence[bytes]) -> NDArray[np.int64]:
    return np.array([len(item) for item in items], np.int64)
