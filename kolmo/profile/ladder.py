"""A ladder of coders on a sample: each document alone, given others, and all documents together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from kolmo._core.results import Result
from kolmo._core.resumable import Arrays
from kolmo.coders.base import Coder, PrimedCoder
from kolmo.coders.predictive import PredictiveCoder, stream_bits
from kolmo.learn.class_models import SEPARATOR
from kolmo.profile.prequential import curve_of
from kolmo.profile.resampling import Interval, ratio_interval
from kolmo.profile.sampling import Sample

ALONE_BYTES, CONTEXT_BYTES, GIVEN_BYTES, GIVEN_DOCUMENTS = 2**19, 2**17, 2**17, 64
"""Bytes of the documents measured alone, of the context of others, and of those measured given it, and their number."""


@dataclass(frozen=True, kw_only=True)
class CoderRate(Result):
    """The bits per byte of a data set by one coder.

    Parameters
    ----------
    coder : str
        The coder.
    alone : float
        Mean code length of a document alone, in bits per byte.
    given_others : float or None
        The same for documents given other documents of the set; copies are not among these. None for a coder that
        cannot be primed, or a single document.
    together : float
        All documents as one string, in the order of digests, so that copies are neighbours.
    alone_interval, given_interval, together_interval : (float, float) or None
        95% intervals over documents; for `together` only of a coder that tells the bits of each byte.
    alone_bytes, given_bytes, context_bytes, together_bytes : int
        Bytes that were measured, and bytes of the other documents.
    given_alone : float or None
        The documents of `given_others` alone, in bits per byte.
    fingerprint : str
        The coder with its parameters and library versions.
    """

    derived: ClassVar[tuple[str, ...]] = ("within", "across")

    coder: str
    alone: float
    given_others: float | None
    together: float
    alone_interval: Interval | None
    given_interval: Interval | None
    together_interval: Interval | None
    alone_bytes: int
    given_bytes: int
    context_bytes: int
    together_bytes: int
    given_alone: float | None
    fingerprint: str

    @property
    def within(self) -> float:
        """Redundancy within documents: the share of 8 bits per byte that the code of a document alone saves."""
        return 1 - self.alone / 8

    @property
    def across(self) -> float | None:
        """Redundancy across documents: the share of the code of a document alone that other documents save."""
        if self.given_others is None or not self.given_alone:
            return None
        return 1 - self.given_others / self.given_alone


@dataclass(frozen=True)
class Parts:
    """What a coder measures of a sample.

    Parameters
    ----------
    alone : list of bytes
        Different documents, each alone.
    context : bytes
        Other documents that are read first.
    given : list of bytes
        Documents measured given the context, and alone.
    together : list of bytes
        All documents with their copies.
    """

    alone: list[bytes]
    context: bytes
    given: list[bytes]
    together: list[bytes]

    @classmethod
    def of(cls, sample: Sample, together_bytes: int) -> Parts:
        """Return the parts of a sample; a set of few bytes lends half of them as context."""
        documents = [each.data for each in sample.documents]
        size = sum(map(len, documents))
        given: list[bytes] = []
        left = min(GIVEN_BYTES, size // 2)
        for each in documents[:GIVEN_DOCUMENTS]:
            if given and len(each) > left:
                break
            given.append(each)
            left -= len(each)
        others: list[bytes] = []
        left = CONTEXT_BYTES
        for each in documents[len(given) :]:
            others.append(each[: max(left, 0)])
            left -= len(each) + len(SEPARATOR)
            if left <= 0:
                break
        context = SEPARATOR.join(others)
        alone = [each.data for each in sample.distinct(ALONE_BYTES)]
        return cls(alone, context, given if context else [], sample.with_copies(together_bytes))

    @property
    def joined(self) -> bytes:
        """The documents of `together` as one string."""
        return SEPARATOR.join(self.together)


def measured_alone(coder: Coder, parts: Parts) -> Arrays:
    """Return the code length of each document alone."""
    return (coder._batch(parts.alone),)


def measured_given(coder: Coder, parts: Parts) -> Arrays:
    """Return the code lengths of documents given others, and alone."""
    if not parts.given or coder.tags.priming is None:
        return np.empty(0), np.empty(0)
    primed = PrimedCoder(coder=coder, context=parts.context)
    return primed._batch(parts.given), coder._batch(parts.given)


def measured_together(coder: Coder, parts: Parts) -> Arrays:
    """Return the code length of all documents together; of a predictive coder also the bits of each, and the curve."""
    joined = parts.joined
    if not isinstance(coder, PredictiveCoder):
        return np.array([coder.code_length(joined)]), *(np.empty(0) for _ in range(4))
    bits = coder.cursor().surprisals(joined)
    sizes = np.array([len(each) + len(SEPARATOR) for each in parts.together])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return np.array([stream_bits(joined, float(bits.sum()))]), np.add.reduceat(bits, starts), *curve_of(bits)


def rate_of(
    coder: Coder,
    parts: Parts,
    alone: NDArray[np.float64],
    given: Sequence[NDArray[np.float64]],
    together: Sequence[NDArray[np.float64]],
) -> CoderRate:
    """Return the bits per byte of a coder from its code lengths."""
    coder.check_finite(alone)
    sizes, given_sizes = (np.array([len(each) for each in some]) for some in (parts.alone, parts.given))
    together_sizes = np.array([len(each) for each in parts.together])
    has_given = len(given[0]) > 0
    return CoderRate(
        coder=str(coder),
        alone=float(alone.sum() / sizes.sum()),
        given_others=float(given[0].sum() / given_sizes.sum()) if has_given else None,
        together=float(together[0][0] / together_sizes.sum()),
        alone_interval=ratio_interval(alone, sizes),
        given_interval=ratio_interval(given[0], given_sizes) if has_given else None,
        together_interval=ratio_interval(together[1], together_sizes) if len(together[1]) else None,
        alone_bytes=int(sizes.sum()),
        given_bytes=int(given_sizes.sum()),
        context_bytes=len(parts.context),
        together_bytes=int(together_sizes.sum()),
        given_alone=float(given[1].sum() / given_sizes.sum()) if has_given else None,
        fingerprint=coder.fingerprint,
    )
