"""The label code of class models over a background: what they save on a text, pooled to the bits of its label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kolmo.learn.background.contexts import N_BYTE_ORDERS
from kolmo.learn.background.models import BackgroundModels
from kolmo.learn.background.pooling import Pooling
from kolmo.learn.class_models import by_digest


@dataclass(frozen=True)
class PooledModels:
    """Class models, and the weights of the bits that they save.

    Parameters
    ----------
    models : BackgroundModels
        Without the training texts.
    pooling : Pooling
        Fitted to the training texts, each measured without its own counts.
    """

    models: BackgroundModels
    pooling: Pooling

    @classmethod
    def fit(cls, items: Sequence[bytes], codes: NDArray[np.intp], n_classes: int, *, n_jobs: int | None) -> Self:
        """Fit models and weights to training texts; the result does not depend on their order.

        A text that is the only one of its class, copies of it apart, tells nothing of the weights: without it, there
        is no model of its class.
        """
        order = by_digest(items, codes)
        items, codes = [items[index] for index in order], codes[order]
        return cls.fit_left_out(items, codes, n_classes, n_jobs=n_jobs)[0]

    @classmethod
    def fit_left_out(
        cls, items: Sequence[bytes], codes: NDArray[np.intp], n_classes: int, *, n_jobs: int | None
    ) -> tuple[Self, NDArray[np.float64]]:
        """Fit to training texts in their order, and return log p(label) of each of them, left out, too."""
        models = BackgroundModels.fit(items, codes, n_classes, n_jobs=n_jobs)
        savings, sizes = models.own_savings(n_jobs=n_jobs), models.sizes(items)
        pooling = Pooling.fit(savings, sizes, codes, models.has_others().astype(np.float64))
        if len(set(items)) == 1:  # the classes differ in nothing but their sizes
            pooling = pooling.without_savings()
        return cls(models.without_training_texts(), pooling), pooling.log_probabilities(savings, sizes)

    @classmethod
    def counted(
        cls, items: Sequence[bytes], codes: NDArray[np.intp], n_classes: int, pooling: Pooling, *, n_jobs: int | None
    ) -> Self:
        """Return models of training texts with weights that were fitted before."""
        return cls(BackgroundModels.fit(items, codes, n_classes, n_jobs=n_jobs).without_training_texts(), pooling)

    def log_probabilities(self, items: Sequence[bytes], *, n_jobs: int | None) -> NDArray[np.float64]:
        """Return the natural logarithm of the probability of each label (column) given each text (row)."""
        return self.pooling.log_probabilities(self.models.savings(items, n_jobs=n_jobs), self.models.sizes(items))

    def text_bits(self, items: Sequence[bytes], *, n_jobs: int | None) -> NDArray[np.float64]:
        """Return the bits of each text (row) under the class models (columns) of the longest byte contexts."""
        background, savings = self.models.background_and_savings(items, n_jobs=n_jobs)
        longest = N_BYTE_ORDERS - 1
        bits: NDArray[np.float64] = background[:, longest, None] - savings[:, longest]
        return bits
