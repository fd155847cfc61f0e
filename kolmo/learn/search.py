"""The search of a classifier for the nearest training items of each item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from kolmo._core.checks import check_choice, check_count, check_path
from kolmo._core.items import check_unmasked, in_order, parameter_bytes
from kolmo._core.resumable import digest
from kolmo.coders.base import Coder
from kolmo.coders.registry import CoderLike
from kolmo.distances.engine import Candidates, Distances
from kolmo.distances.formulas import METRICS, Floats
from kolmo.distances.matrices import check_distances, not_negative
from kolmo.distances.nearest import Integers, Nearest
from kolmo.distances.pruning import Pruning, PruningReport, margin_of, measure_margin
from kolmo.distances.tiles import COMBINE, Search, Symmetrize
from kolmo.errors import DataError, ParameterError
from kolmo.learn.base import TextClassifier
from kolmo.learn.candidates import CANDIDATES, CandidateIndex
from kolmo.learn.voting import TIE_BREAKS, WEIGHTS, TieBreak, Weights

PRECOMPUTED = "precomputed"


class NeighborSearch(TextClassifier):
    """Base of `kolmo.NCDClassifier`: checks its parameters, and finds the nearest training items."""

    n_neighbors: int
    weights: Weights
    tie_break: TieBreak
    metric: str
    separator: str | bytes
    symmetrize: Symmetrize
    candidates: str | None
    n_candidates: int
    pruning: Pruning | Literal["calibrated"]
    checkpoint: str | Path | None
    n_jobs: int | None
    train_items_: list[bytes]
    coder_: Coder
    pruning_report_: PruningReport
    _codes: NDArray[np.intp]
    _index: CandidateIndex

    def _prepare_search(self) -> None:
        self._forget("_index", "pruning_report_")
        if self.metric == PRECOMPUTED:
            return
        self._train_lengths = self.coder_.code_lengths(self.train_items_, n_jobs=self.n_jobs)
        if self.candidates is not None:
            self._index = CandidateIndex(self.train_items_, self._canonical_order(), self.candidates)
        elif self._calibrated:
            distances, items = self._distances(self.coder_), self.train_items_
            search = Search(count=self.n_neighbors)
            self.pruning_report_ = measure_margin(distances, items, items, search, itself=True)

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_choice("metric", self.metric, (*METRICS, PRECOMPUTED))
        check_choice("symmetrize", self.symmetrize, (None, *COMBINE))
        parameter_bytes("separator", self.separator)
        check_path("checkpoint", self.checkpoint)
        check_choice("weights", self.weights, WEIGHTS)
        check_choice("tie_break", self.tie_break, TIE_BREAKS)
        check_choice("candidates", self.candidates, (None, *CANDIDATES))
        check_count("n_neighbors", self.n_neighbors)
        check_count("n_candidates", self.n_candidates)
        if self.candidates is not None and self.metric == PRECOMPUTED:
            raise ParameterError(
                "metric='precomputed' gives distances without items to select candidates; leave it out"
            )
        if self.candidates is not None and self.n_neighbors > self.n_candidates:
            raise ParameterError(f"n_neighbors is {self.n_neighbors}, but n_candidates is only {self.n_candidates}")
        if not self._calibrated:
            margin_of(self.pruning)  # type: ignore[arg-type]

    @property
    def _calibrated(self) -> bool:
        return isinstance(self.pruning, str) and self.pruning == "calibrated"

    def _check_size(self) -> None:
        size = len(self._codes)
        if self.weights != "class_mean" and self.n_neighbors > size:
            raise ParameterError(f"n_neighbors is {self.n_neighbors}, but there are only {size} training items")

    def _check_still_fitted(self) -> None:
        """Refuse parameters that were changed since `fit` and need another one."""
        self._check_parameters()
        self._check_size()
        if (self.metric == PRECOMPUTED) == hasattr(self, "train_items_"):
            raise ParameterError(f"metric={self.metric!r} was set after fit; call fit again")
        if self.metric == PRECOMPUTED:
            return
        if self.candidates is not None and not hasattr(self, "_index"):
            raise ParameterError(f"candidates={self.candidates!r} was set after fit; call fit again")
        if self._calibrated and self.candidates is None and not hasattr(self, "pruning_report_"):
            raise ParameterError("pruning='calibrated' was set after fit; call fit again")

    def _distances(self, coder: CoderLike) -> Distances:
        return Distances(
            coder, metric=self.metric, separator=self.separator, symmetrize=self.symmetrize, n_jobs=self.n_jobs
        )

    def _distance_rows(self, X: Any, *, reset: bool) -> Floats:
        check_unmasked(X)
        try:
            rows: Floats = validate_data(self, in_order(X, "rows of distances"), reset=reset, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise DataError(str(error)) from error
        try:
            return not_negative(rows)
        except DataError as error:
            raise DataError(f"Negative values in data: {error}") from None  # as scikit-learn's estimators begin

    def _square_size(self, X: Any) -> int:
        """Return the number of training items, whose distances to each other X holds."""
        rows = self._distance_rows(X, reset=True)
        size = len(rows)
        if self.n_features_in_ != size:
            raise DataError(
                f"expected a square array of precomputed distances, got shape ({size}, {self.n_features_in_}); "
                "pass the distances between all training items"
            )
        check_distances(rows)
        return size

    def _search(self, count: int, *, by_class: bool) -> Search:
        margin: float | None = 0.0
        if not self._calibrated:
            margin = margin_of(self.pruning)  # type: ignore[arg-type]
        elif self.candidates is None:
            margin = self.pruning_report_.margin_bits
        return Search(count=count, groups=self._codes if by_class else None, margin_bits=margin)

    def _nearest(
        self, X: Any, count: int | None = None, *, by_class: bool | None = None
    ) -> Iterator[tuple[int, Nearest]]:
        """Yield ``(start, nearest)`` for consecutive items: by default the neighbours that a vote needs."""
        by_class = self.weights == "class_mean" if by_class is None else by_class
        count = self.n_neighbors if count is None else count
        self._check_still_fitted()
        if self.metric == PRECOMPUTED:
            if X is None:
                raise ParameterError("metric='precomputed' leaves the training items unknown; pass the distances as X")
            rows = self._distance_rows(X, reset=False)
            yield 0, Nearest.of(rows, count, self._codes if by_class else None)
            return
        items: Sequence[bytes] = self.train_items_ if X is None else self._items(X, reset=False)
        own = np.arange(len(items)) if X is None else None
        candidates = None if self.candidates is None else self._candidates(items, own)
        search = self._search(count, by_class=by_class)
        yield from self._compared(items, search, own=own, candidates=candidates, checkpoint=self.checkpoint)

    def _compared(
        self,
        items: Sequence[bytes],
        search: Search,
        *,
        own: Integers | None,
        candidates: Candidates | None,
        checkpoint: str | Path | None = None,
    ) -> Iterator[tuple[int, Nearest]]:
        distances, train, y_lengths = self._distances(self.coder_), self.train_items_, self._train_lengths
        facts = {
            "result": f"nearest {search.count}",
            "margin": search.margin_bits,
            "itself": own is not None,
            "classes": None if search.groups is None else digest([search.groups.tobytes()]),
            "candidates": None if candidates is None else f"{self.n_candidates} by {self.candidates}",
        }
        run = distances.run(checkpoint, items, train, **facts)
        yield from distances.nearest(items, train, search, own=own, y_lengths=y_lengths, candidates=candidates, run=run)

    def _candidates(self, items: Sequence[bytes], own: Integers | None) -> Candidates:
        return self._index.of(items, self.n_candidates + (own is not None))

    def _canonical_order(self) -> NDArray[np.intp]:
        """Return the positions of the training items in the order of their bytes and labels."""
        if self.metric == PRECOMPUTED:
            return np.arange(len(self._codes))
        keys = zip(self.train_items_, self._codes.tolist(), strict=True)
        by_content = sorted(enumerate(keys), key=lambda entry: entry[1])
        return np.array([index for index, _ in by_content], dtype=np.intp)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = tags.input_tags.positive_only = self.metric == PRECOMPUTED
        return tags
