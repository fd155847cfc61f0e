"""A coder that has read normal items, and the code lengths of items by coders that have not read them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.items import blocks_of_items
from kolmo._core.resumable import Arrays, ResumableRun, run_tasks
from kolmo.coders.base import Coder, Meter, PrimedCoder
from kolmo.coders.hooks import BLOCK_BYTES
from kolmo.errors import PrimingWarning
from kolmo.learn.class_models import by_digest, contexts, readable_bytes

CHUNKS = 4
"""Contexts of a coder that reads no more than a window."""
FOLDS = 5
MAX_HELD_OUT = 20_000
"""Largest number of held-out items; they determine the threshold within 0.2% at a false-alarm rate of 1%."""


@dataclass(frozen=True)
class NormalModel:
    """A coder that has read normal items: primed with one context, or with several, over which lengths are averaged.

    Parameters
    ----------
    coder : Coder
        The coder without a context.
    contexts : list of bytes
        At least one.
    """

    coder: Coder
    contexts: list[bytes]

    def __sizeof__(self) -> int:
        """Tell Dask the size, so that it sends a large model to each worker once."""
        return object.__sizeof__(self) + sum(map(len, self.contexts))

    @classmethod
    def prime(cls, coder: Coder, items: Sequence[bytes], *, max_bytes: int, separator: bytes) -> Self:
        """Return a model that has read the items, in the order given, up to `max_bytes` of them."""
        window = readable_bytes(coder)
        chosen = items if window is not None else _first(items, max_bytes, separator)
        return cls(coder, contexts(chosen, window, CHUNKS, separator))

    def warn_about_context(self) -> None:
        """Warn once if the coder cannot use the contexts, or not all of their bytes."""
        with warnings.catch_warnings():
            warnings.simplefilter("once", PrimingWarning)
            sizes = [len(context) for context in self.contexts]
            self.coder.warn_about_context(min(sizes), max(sizes))

    def bits(
        self, items: Sequence[bytes], *, label: str, n_jobs: int | None, run: ResumableRun | None = None
    ) -> NDArray[np.float64]:
        """Return the conditional code length of each item in bits, in parallel, with progress and saved parts."""
        tasks = [(self, block) for block in blocks_of_items(items, BLOCK_BYTES)]
        prefer = self.coder.tags.parallel
        found = run_tasks(_block_bits, tasks, label=label, prefer=prefer, run=run, n_jobs=n_jobs)
        bits = np.concatenate([np.empty(0), *(part for (part,) in found)])
        return self.coder.check_finite(bits)

    def meter(self) -> Meter:
        """Return a function that measures one item at a time, without reading the contexts again."""
        meters = [coder._meter(b"") for coder in self._primed()]
        return lambda item: float(np.mean([meter(item) for meter in meters]))

    def _primed(self) -> Iterator[Coder]:
        for context in self.contexts:
            yield PrimedCoder(coder=self.coder, context=context) if context else self.coder


def held_out_bits(
    coder: Coder, items: Sequence[bytes], *, most: int, max_bytes: int, separator: bytes, n_jobs: int | None
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the positions of at most `most` held-out items, and their code lengths by models of the other folds.

    Copies of an item are spread over the folds, so an item that occurs twice is measured by a model that has read it,
    as a new item of the same source would be. The result does not depend on the order of the items, except for the
    positions of copies.
    """
    order = np.array(by_digest(items, np.zeros(len(items), np.intp)), np.intp)
    folds = np.arange(len(order)) % min(FOLDS, len(order))
    held_out = order[:most]
    folds_of_held_out = folds[: len(held_out)]
    bits = np.empty(len(held_out))
    for fold in np.unique(folds):
        asked = folds_of_held_out == fold
        others = [items[place] for place in order[folds != fold]]
        model = NormalModel.prime(coder, others, max_bytes=max_bytes, separator=separator)
        label = f"held-out normal items, part {fold + 1} of {folds.max() + 1}"
        bits[asked] = model.bits([items[place] for place in held_out[asked]], label=label, n_jobs=n_jobs)
    return held_out, bits


def in_order_of_digest(items: Sequence[bytes]) -> list[bytes]:
    """Return the items ordered by the digest of their bytes, so that a model does not depend on their order."""
    return [items[place] for place in by_digest(items, np.zeros(len(items), np.intp))]


def _first(items: Sequence[bytes], max_bytes: int, separator: bytes) -> list[bytes]:
    """Return the items up to a number of bytes with their separators; of the first item at least its start."""
    sizes = np.cumsum([len(item) + len(separator) for item in items])
    count = int(np.searchsorted(sizes, max_bytes, side="right"))
    return list(items[:count]) if count else [items[0][:max_bytes]]


def _block_bits(model: NormalModel, items: Sequence[bytes]) -> Arrays:
    return (np.mean([coder._batch(items) for coder in model._primed()], axis=0),)
