"""Same source or not: what two texts save on each other, compared with what they save on texts of other sources."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from kolmo._core.checks import check_count, check_jobs, check_number
from kolmo._core.items import as_bytes, as_items, in_order
from kolmo._core.models.saving import ModelState, SavedModel, pack_items, unpack_items
from kolmo.coders.registry import CoderLike
from kolmo.errors import DataError, ParameterError
from kolmo.find.drawn_pairs import LEAST_BYTES
from kolmo.find.same_source_report import SameSourceReport, answer_rate
from kolmo.find.savings import Comparison, Savings
from kolmo.learn import states
from kolmo.learn.base import check_lengths, primed_coder
from kolmo.learn.class_models import SEPARATOR

LEAST_IMPOSTORS = 8
_MARGINS = np.linspace(0, 0.45, 46)


class SameSourceVerifier(SavedModel, BaseEstimator):  # type: ignore[misc]
    """Tell whether two texts have the same source, such as one author, as a calibrated probability or "cannot tell".

    Two texts x and y save ``s(x, y) = (L(x) - L(x|y) + L(y) - L(y|x)) / (2 sqrt(L(x) L(y)))`` on each other. Impostors
    are texts of other sources. A pair has two z-scores: of s(x, y) among the savings of x with each impostor, and among
    those of y. So texts that save much on anything do not look alike. The same is done with a coder that has read a
    background of other texts, so that what all texts have in common saves nothing, and the score is the mean of the
    four. All texts of a comparison are cut to the size of the shorter of the two, as savings grow with the size.

    A logistic regression on labelled pairs converts the score to a probability. "Cannot tell" is the answer for
    probabilities near 1/2, within a margin that maximises c@1 on the labelled pairs.

    The sources of the pairs to verify need not be known in `fit`. The texts of a pair should be of one genre, or texts
    that share a topic or a form look as if they shared an author.

    Parameters
    ----------
    coder : str, mapping or Coder
        See `kolmo.coder`. It must be one that can be primed.
    n_impostors : int
        Largest number of impostors.
    n_background : int
        Largest number of texts in the background; 0 for none.
    margin : "auto" or float
        Answers are withheld for probabilities from 1/2 - margin to 1/2 + margin; below 1/2.
    n_jobs : int, optional
        Number of workers, as in joblib.

    Attributes
    ----------
    impostors_, background_ : list of bytes
        The impostors, and the texts of the background.
    weight_, bias_ : float
        The logistic regression: log odds are ``weight_ * score + bias_``.
    margin_ : float
        The margin.
    sizes_ : tuple of int
        Smallest and largest number of bytes that were compared in `fit`.

    Raises
    ------
    DataError
        In `fit`: pairs of one kind only, texts under 100 bytes, or fewer than 8 impostors.
    ParameterError
        In `fit`: a parameter has an unknown value.

    References
    ----------
    Koppel and Winter, "Determining if two documents are written by the same author", JASIST 2014, for impostors.
    Halvani, Winter and Graner, "On the usefulness of compression models for authorship verification", ARES 2017.
    Peñas and Rodrigo, "A simple measure to assess non-response", ACL 2011, for c@1.

    Examples
    --------
    >>> from kolmo.find import source_pairs
    >>> words = ["cat mat sat hat rat bat", "bond stock rate fund gold", "oak elm ash fir yew fig", "sun sky sea air"]
    >>> random = np.random.default_rng(0)
    >>> texts = [" ".join(random.choice(each.split(), 60)) for each in words for _ in range(4)]
    >>> pairs, same = source_pairs(texts, np.repeat(range(4), 4))
    >>> verifier = SameSourceVerifier("deflate").fit(pairs, same)
    >>> verifier.predict([(texts[0], texts[1]), (texts[0], texts[5])]).tolist()
    [True, False]
    """

    def __init__(
        self,
        coder: CoderLike = "ngram",
        *,
        n_impostors: int = 40,
        n_background: int = 10,
        margin: float | Literal["auto"] = "auto",
        n_jobs: int | None = None,
    ) -> None:
        self.coder = coder
        self.n_impostors = n_impostors
        self.n_background = n_background
        self.margin = margin
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, *, impostors: Any = None) -> Self:
        """Choose impostors, and fit probabilities and margin to labelled pairs.

        Parameters
        ----------
        X : sequence of (str or bytes, str or bytes)
            Pairs of texts.
        y : array-like of shape (n_pairs,)
            Whether both texts have the same source: true or false, or 1 or 0.
        impostors : collection of str or bytes, optional
            Texts of other sources; by default texts of the pairs, without those asked about.

        Returns
        -------
        self
            The fitted verifier.
        """
        self._check_parameters()
        pairs, same = _pairs(X), _same(y)
        check_lengths(len(pairs), len(same))
        if same.all() or not same.any():
            raise DataError(
                f"expected pairs of the same source and pairs of different sources, got {len(same)} of one kind; add "
                "pairs of the other kind"
            )
        self.coder_ = primed_coder(self.coder)
        given = as_items(impostors) if impostors is not None else [text for pair in pairs for text in pair]
        self.background_, self.impostors_ = self._chosen(given)
        scores, _, sizes, _ = self._measured(pairs)
        self.sizes_ = int(sizes.min()), int(sizes.max())
        self.weight_, self.bias_ = _logistic(scores, same)
        self.margin_ = _best_margin(self._probabilities(scores), same) if self.margin == "auto" else float(self.margin)
        self.n_pairs_ = len(pairs)
        return self

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the log odds that the texts of each pair have the same source.

        Parameters
        ----------
        X : sequence of (str or bytes, str or bytes)
            Pairs of texts.

        Returns
        -------
        ndarray of shape (n_pairs,)
        """
        scores, *_ = self._measured(self._asked(X))
        return self.weight_ * scores + self.bias_

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probabilities of different sources and of the same source.

        They hold for a set with as large a share of pairs of the same source as in `fit`.

        Parameters
        ----------
        X : sequence of (str or bytes, str or bytes)
            Pairs of texts.

        Returns
        -------
        ndarray of shape (n_pairs, 2)
        """
        scores, *_ = self._measured(self._asked(X))
        chances = self._probabilities(scores)
        return np.stack([1 - chances, chances], axis=1)

    def predict(self, X: Any) -> NDArray[np.bool_]:
        """Return whether the same source is more probable, for each pair; `report` also says "cannot tell".

        Parameters
        ----------
        X : sequence of (str or bytes, str or bytes)
            Pairs of texts.

        Returns
        -------
        ndarray of shape (n_pairs,)
        """
        same: NDArray[np.bool_] = self.decision_function(X) > 0
        return same

    def report(self, X: Any, y: Any = None) -> SameSourceReport:
        """Return the probability and the answer for each pair, and how good they are where the truth is known.

        Parameters
        ----------
        X : sequence of (str or bytes, str or bytes)
            Pairs of texts.
        y : array-like of shape (n_pairs,), optional
            Whether both texts have the same source.

        Returns
        -------
        SameSourceReport
        """
        pairs = self._asked(X)
        same = None if y is None else _same(y)
        if same is not None:
            check_lengths(len(pairs), len(same))
        start = time.perf_counter()
        scores, saved, sizes, n_lengths = self._measured(pairs)
        return SameSourceReport(
            probabilities=self._probabilities(scores),
            scores=scores,
            saved_bits=saved,
            compared_bytes=sizes,
            margin=self.margin_,
            labels=same,
            n_impostors=len(self.impostors_),
            fitted_sizes=self.sizes_,
            n_fitted=self.n_pairs_,
            n_lengths=n_lengths,
            seconds=time.perf_counter() - start,
            fingerprint=self.coder_.fingerprint,
        )

    def _asked(self, X: Any) -> list[tuple[bytes, bytes]]:
        check_is_fitted(self, "impostors_")
        self._check_parameters()
        return _pairs(X)

    def _probabilities(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        from scipy.special import expit

        chances: NDArray[np.float64] = expit(self.weight_ * scores + self.bias_)
        return chances

    def _chosen(self, texts: list[bytes]) -> tuple[list[bytes], list[bytes]]:
        """Return distinct texts for the background and as impostors, by the digest of their bytes."""
        distinct = sorted({text for text in texts if len(text) >= LEAST_BYTES}, key=_digest)
        if distinct:  # long texts, so that few texts to verify have to be cut
            middle = sorted(map(len, distinct))[len(distinct) // 2]
            distinct = sorted(distinct, key=lambda text: len(text) < middle)
        if len(distinct) < LEAST_IMPOSTORS + 2:
            raise DataError(
                f"expected at least {LEAST_IMPOSTORS + 2} different texts of {LEAST_BYTES} bytes or more as impostors, "
                f"got {len(distinct)}; pass more pairs, or texts of other sources as impostors"
            )
        n_background = min(self.n_background, (len(distinct) - LEAST_IMPOSTORS - 2) // 2)
        return distinct[:n_background], distinct[n_background : n_background + self.n_impostors]

    def _comparison(self, first: bytes, second: bytes) -> Comparison:
        """Return the two texts and their impostors, all of the same size."""
        background, others = (
            [each for each in texts if not any(each in text or text in each for text in (first, second))]
            for texts in (self.background_, self.impostors_)
        )
        if len(others) < LEAST_IMPOSTORS:
            raise DataError(
                f"expected at least {LEAST_IMPOSTORS} impostors other than the two texts, got {len(others)}; pass more "
                "texts of other sources to fit"
            )
        longest = sorted(map(len, others), reverse=True)[max(LEAST_IMPOSTORS, len(others) // 2) - 1]
        size = min(len(first), len(second), longest)
        read = b"".join(each[:size] + SEPARATOR for each in background)
        return Comparison(
            backgrounds=(b"", read) if read else (b"",),
            first=first[:size],
            second=second[:size],
            impostors=tuple(each[:size] for each in others if len(each) >= size),
        )

    def _measured(
        self, pairs: Sequence[tuple[bytes, bytes]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], int]:
        """Return the score, the saved bits and the compared bytes of each pair, and the number of code lengths."""
        asked = [self._comparison(*pair) for pair in pairs]
        savings = Savings.of(self.coder_, asked, n_jobs=self.n_jobs)
        scores, saved = np.empty(len(asked)), np.empty(len(asked))
        for place, each in enumerate(asked):
            scores[place] = np.mean([savings.score(each, background) for background in each.backgrounds])
            saved[place] = savings.bits(b"", each.first, each.second)
        return scores, saved, np.array([len(each.first) for each in asked], np.int64), len(savings.bits_given)

    def _check_parameters(self) -> None:
        check_jobs(self.n_jobs)
        check_count("n_impostors", self.n_impostors, LEAST_IMPOSTORS + 2)
        check_count("n_background", self.n_background, 0)
        if self.margin != "auto":
            check_number("margin", self.margin, 0, 0.5)
            if self.margin == 0.5:
                raise ParameterError("margin: expected a number below 0.5, got 0.5, which gives no answers")
        primed_coder(self.coder)

    def _model_state(self) -> ModelState:
        check_is_fitted(self, "impostors_")
        values = {
            "n_items": self.n_pairs_,
            "sizes": list(self.sizes_),
            "weight": self.weight_,
            "bias": self.bias_,
            "margin": self.margin_,
            "fitted_coder": states.coder_values(self.coder_),
        }
        arrays = pack_items(self.impostors_, "impostors") | pack_items(self.background_, "background")
        return ModelState(values, arrays, states.stored_parameters(self))

    @classmethod
    def _from_model_state(cls, state: ModelState) -> Self:
        made = states.made_from(cls, state.parameters)
        made.coder_ = primed_coder(states.restored_coder(state.values.get("fitted_coder")))
        made.impostors_, made.background_ = unpack_items(state, "impostors"), unpack_items(state, "background")
        made.weight_, made.bias_, made.margin_ = (state.value(name, float) for name in ("weight", "bias", "margin"))
        made.n_pairs_, sizes = state.value("n_items", int), state.value("sizes", list)
        check_number("weight", made.weight_, 0)
        check_number("bias", made.bias_)
        check_number("margin", made.margin_, 0, 0.5)
        if len(made.impostors_) < LEAST_IMPOSTORS or any(len(each) < LEAST_BYTES for each in made.impostors_):
            raise DataError(f"impostors: expected at least {LEAST_IMPOSTORS} texts of {LEAST_BYTES} bytes or more")
        if len(sizes) != 2 or any(type(size) is not int for size in sizes):
            raise DataError(f"sizes: expected two integers, got {sizes!r:.60}")
        made.sizes_ = sizes[0], sizes[1]
        return made


def _pairs(X: Any) -> list[tuple[bytes, bytes]]:
    """Return pairs of texts as bytes."""
    pairs = []
    for place, pair in enumerate(in_order(X, "pairs of texts")):
        if isinstance(pair, str | bytes) or not hasattr(pair, "__len__") or len(pair) != 2:
            raise DataError(f"pair {place}: expected two texts, got {pair!r:.60}")
        try:
            first, second = (as_bytes(text) for text in pair)
        except DataError as error:
            raise DataError(f"pair {place}: {error}") from None
        if min(len(first), len(second)) < LEAST_BYTES:
            raise DataError(
                f"pair {place}: expected texts of at least {LEAST_BYTES} bytes, got {min(len(first), len(second))}; "
                "nothing can be told from so little"
            )
        pairs.append((first, second))
    if not pairs:
        raise DataError("there are 0 pairs; pass at least one")
    return pairs


def _same(y: Any) -> NDArray[np.bool_]:
    """Return labels of pairs as booleans."""
    values = list(in_order(y, "labels"))
    if wrong := [value for value in values if value not in (0, 1)]:
        raise DataError(f"expected labels true and false, or 1 and 0, got {wrong[0]!r:.60}")
    return np.array(values, bool)


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()


def _logistic(scores: NDArray[np.float64], same: NDArray[np.bool_]) -> tuple[float, float]:
    """Return weight and bias of the log odds; the weight is not negative."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=10.0).fit(scores[:, None], same)
    weight, bias = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    return (weight, bias) if weight >= 0 else (0.0, float(np.log(same.mean() / (1 - same.mean()))))


def _best_margin(chances: NDArray[np.float64], same: NDArray[np.bool_]) -> float:
    """Return the smallest margin with the best c@1."""
    return float(max(_MARGINS, key=lambda margin: (round(answer_rate(chances, same, float(margin)), 12), -margin)))
