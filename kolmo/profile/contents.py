"""What a sample holds: copies, near-duplicates, surprising items, and the code of its labels given the items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.kinds import is_text
from kolmo._core.resumable import Arrays
from kolmo._core.terminal import one_line
from kolmo.coders.base import Coder
from kolmo.errors import DataError
from kolmo.find.duplicates import find_duplicates
from kolmo.find.outlier_report import excerpt_of
from kolmo.learn.label_code.classifier import LabelCodeClassifier
from kolmo.profile.reference import ReferenceBand
from kolmo.profile.resampling import Interval, ratio_interval
from kolmo.profile.sampling import Kept, Sample

COMPARED_BYTES, COMPARED_DOCUMENTS = 2**19, 2000
"""Bytes and number of the different documents that are searched for near-duplicates."""
RANKED_BYTES = 2**20
LABELLED = 2000
"""Documents whose labels are coded."""
LEAST_LABELLED = 32


@dataclass(frozen=True, kw_only=True)
class Copies:
    """Exact copies and near-duplicates of a set.

    Parameters
    ----------
    exact : float
        Share of the documents that are exact copies of another one, from the sample.
    exact_interval : (float, float) or None
        Its 95% interval over different documents.
    near : float
        Share of the different documents compared that one other explains by half or more; None for pieces of one
        string.
    n_compared : int
        Number of different documents compared.
    sampled : float
        Share of the documents of the set that were compared: one whose only partner was not compared is missed, so
        `near` is a lower bound if this is below 1.
    """

    exact: float
    exact_interval: Interval | None
    near: float | None
    n_compared: int
    sampled: float

    @classmethod
    def of(cls, sample: Sample, near: NDArray[np.float64]) -> Self:
        """Return the copies of a sample, given what `near_copies` returns."""
        counts = np.array([each.count for each in sample.documents], float)
        compared = compared_of(sample)
        return cls(
            exact=float((counts - 1).sum() / counts.sum()),
            exact_interval=ratio_interval(counts - 1, counts),
            near=float(near[0]) if len(near) else None,
            n_compared=len(compared),
            sampled=min(1.0, sum(each.count for each in compared) / max(sample.n_documents - sample.n_empty, 1)),
        )


def compared_of(sample: Sample) -> list[Kept]:
    """Return the different documents that are searched for near-duplicates."""
    return sample.distinct(COMPARED_BYTES)[:COMPARED_DOCUMENTS]


def near_copies(sample: Sample) -> Arrays:
    """Return the share of near-duplicates among different documents; nothing for pieces of one string."""
    compared = compared_of(sample)
    if len(compared) < 2 or sample.is_pieces:
        return (np.empty(0),)
    report = find_duplicates([each.data for each in compared], candidates="sketch")
    return (np.array([len(report.removed) / len(compared)]),)


@dataclass(frozen=True)
class RankedItem:
    """A document by its surprise.

    Parameters
    ----------
    index : int
        Position in the set, from 0.
    size_bytes : int
        Its bytes.
    bits_per_byte : float
        Given other documents of the set.
    score : float
        Distance from the median at this length, over half of the 5-95% band.
    excerpt : str
        Its start.
    """

    index: int
    size_bytes: int
    bits_per_byte: float
    score: float
    excerpt: str


def surprise(sample: Sample, coder: Coder) -> Arrays:
    """Return positions in the sample from the least to the most surprising, their bits, and their scores.

    The coder has read half of the sample, so documents of the other half are ranked. A sample that is too small for a
    band has no ranks.
    """
    try:
        band = ReferenceBand.fit(sample, coder=coder)
    except DataError:
        return np.empty(0, np.int64), np.empty(0), np.empty(0)
    places = np.arange(1, len(sample.documents), 2)
    total = np.cumsum([len(sample.documents[place].data) for place in places])
    places = places[: max(1, int(np.searchsorted(total, RANKED_BYTES)))]
    documents = [sample.documents[place].data for place in places]
    sizes = [len(each) for each in documents]
    bits = band.bits(documents, label="surprise")
    scores = band.scores(sizes, bits)
    order = np.argsort(scores, kind="stable")
    return places[order], bits[order], scores[order]


def ranked_items(sample: Sample, found: Arrays) -> list[RankedItem]:
    """Return the documents that `surprise` ranks."""
    items = []
    for place, bits, score in zip(*(each.tolist() for each in found), strict=True):
        each = sample.documents[place]
        rate = bits / len(each.data)
        items.append(RankedItem(each.index, len(each.data), rate, score, excerpt_of(each.data)))
    return items


@dataclass(frozen=True, kw_only=True)
class LabelCode:
    """The prequential code of labels given the items, beside their entropy.

    Parameters
    ----------
    n_items, n_classes : int
        Labelled documents that were coded, and their classes.
    entropy : float
        Entropy of the labels alone, in bits per label.
    code : float
        Prequential code of the labels given the documents, in bits per label.
    order : str
        The order of the documents.
    fingerprint : str
        The classifier.
    """

    n_items: int
    n_classes: int
    entropy: float
    code: float
    order: str
    fingerprint: str

    @property
    def explained(self) -> float:
        """Share of the entropy that the documents save."""
        return 1 - self.code / self.entropy if self.entropy else 0.0

    @classmethod
    def of(cls, sample: Sample, bits: NDArray[np.float64]) -> Self | None:
        """Return the label code of a sample, given what `label_bits` returns; None if that is nothing."""
        if not len(bits):
            return None
        chosen = labelled_of(sample)
        _, counts = np.unique([str(each.label) for each in chosen], return_counts=True)
        shares = counts / counts.sum()
        return cls(
            n_items=len(chosen),
            n_classes=len(counts),
            entropy=float(-(shares * np.log2(shares)).sum()),
            code=float(bits[0]) / len(chosen),
            order="different documents in the order of the digests of their bytes",
            fingerprint=one_line(repr(LabelCodeClassifier()), 200),
        )


def labelled_of(sample: Sample) -> list[Kept]:
    """Return the different documents whose labels are coded."""
    return [each for each in sample.documents if each.label is not None and each.label.strip()][:LABELLED]


def label_bits(sample: Sample) -> Arrays:
    """Return the prequential code of labels given the documents, in bits; nothing without two labelled classes."""
    chosen = labelled_of(sample)
    labels = [str(each.label) for each in chosen]
    if len(set(labels)) < 2 or len(chosen) < LEAST_LABELLED:
        return (np.empty(0),)
    return (np.array([LabelCodeClassifier().label_code_length([each.data for each in chosen], labels)]),)


def label_remarks(sample: Sample) -> list[str]:
    """Say which documents have no label, and why labels are not coded."""
    if all(each.label is None for each in sample.documents):
        return []
    chosen = labelled_of(sample)
    missing = sum(each.label is None or not each.label.strip() for each in sample.documents)
    said = [f"{missing:,} of {len(sample.documents):,} documents of the sample have no label"] if missing else []
    n_classes = len({each.label for each in chosen})
    if n_classes < 2 or len(chosen) < LEAST_LABELLED:
        said.append(
            f"the labels are not coded: expected at least {LEAST_LABELLED} labelled documents of two classes, got "
            f"{len(chosen):,} of {n_classes}"
        )
    return said


def token_cost(sample: Sample, tokenizer: Callable[[str], Sequence[Any]], max_bytes: int) -> float | None:
    """Return the mean number of bytes of a token, from the documents that are text; None if there are no tokens."""
    n_bytes = n_tokens = 0
    for each in sample.distinct(max_bytes):
        if is_text(each.data, control_share=1.0):
            n_bytes += len(each.data)
            n_tokens += len(tokenizer(each.data.decode("utf-8", "replace")))
    return n_bytes / n_tokens if n_tokens else None
