"""One pass over a data set: exact counts, and a sample of documents that does not depend on their order."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo._core.items import as_bytes, as_items
from kolmo._core.kinds import is_text
from kolmo._core.progress import progress
from kolmo.data.corpus import Corpus
from kolmo.errors import DataError

LONGEST = 2**16
"""A longer document is cut into pieces of this size, which count as documents."""
_PIECES = 64
"""A set that is one string is cut into this many pieces, or more if they exceed `LONGEST`."""
_SHORTEST_PIECE = 256
_CHECKED = 2**12
"""Bytes of a document that are looked at to tell text from binary."""

Labelled = tuple[bytes, str | None]


@dataclass
class Kept:
    """A document of the sample.

    Parameters
    ----------
    data : bytes
        The document.
    index : int
        Position of the first document with these bytes in the set.
    label : str or None
        The label of that document.
    count : int
        Number of documents with these bytes.
    """

    data: bytes
    index: int
    label: str | None
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A sample of documents, and counts of the whole set. Made by `sample_of`.

    A document is in the sample if the digest of its bytes is below a limit, so all copies of a document are in it or
    none, and the sample is the same for any order of the set.

    Parameters
    ----------
    name : str
        Name of the set.
    documents : tuple of Kept
        The different documents of the sample, by digest.
    n_documents, n_empty, n_binary, n_cut : int
        Documents of the whole set; of these the empty ones, those that are not text, and those cut into pieces.
    size_bytes : int
        Bytes of the whole set.
    histogram : ndarray of shape (256,)
        Number of bytes of each value in the whole set.
    share : float
        Share of the bytes of the set that are in the sample, copies included.
    is_pieces : bool
        Whether the documents are pieces of one string or document.
    """

    name: str
    documents: tuple[Kept, ...]
    n_documents: int
    n_empty: int
    n_binary: int
    n_cut: int
    size_bytes: int
    histogram: NDArray[np.int64] = field(repr=False)
    share: float
    is_pieces: bool

    def distinct(self, max_bytes: int) -> list[Kept]:
        """Return the first different documents, by digest, up to a number of bytes, and at least one."""
        return _up_to(self.documents, max_bytes)

    def with_copies(self, max_bytes: int) -> list[bytes]:
        """Return the documents with their copies, which are neighbours, up to a number of bytes, and at least one."""
        found: list[bytes] = []
        size = 0
        for each in self.documents:
            for _ in range(each.count):
                if found and size + len(each.data) > max_bytes:
                    return found
                found.append(each.data)
                size += len(each.data)
        return found


def _up_to(documents: Sequence[Kept], max_bytes: int) -> list[Kept]:
    sizes = np.cumsum([len(each.data) for each in documents])
    return list(documents[: max(1, int(np.searchsorted(sizes, max_bytes, side="right")))])


def sample_of(data: Any, *, name: str, max_bytes: int) -> Sample:
    """Read a data set once, and return a sample of at most `max_bytes` of different documents.

    Parameters
    ----------
    data : str, bytes-like, Corpus, collection of str or bytes, or iterator of bytes or of (bytes, label)
        The set; an iterator is read once, and one document is held at a time.
    name : str
        Its name, for messages.
    max_bytes : int
        Bytes of the sample.

    Returns
    -------
    Sample

    Raises
    ------
    DataError
        If the set has no bytes.
    """
    documents, is_pieces = documents_of(data)
    reservoir = _Reservoir(max_bytes)
    histogram = np.zeros(256, np.int64)
    n_documents = n_empty = n_binary = n_cut = size = 0
    with progress(None, label=f"reading {name:.40}", unit="B") as bar:
        for whole, label in documents:
            n_documents += 1
            n_empty += not whole
            n_cut += len(whole) > LONGEST
            n_binary += not is_text(whole[:_CHECKED])
            size += len(whole)
            bar.update(len(whole))
            histogram += np.bincount(np.frombuffer(whole, np.uint8), minlength=256)
            for start in range(0, len(whole), LONGEST):
                reservoir.add(whole[start : start + LONGEST], n_documents - 1, label)
    if not size:
        raise DataError(
            f"{name} is empty: expected a document of at least one byte, got {n_documents:,} documents, all empty"
        )
    kept = reservoir.documents()
    if len(kept) == 1 and kept[0].count == 1 and len(kept[0].data) >= 2 * _SHORTEST_PIECE:  # one document
        kept, is_pieces = _pieces(kept[0]), True
    return Sample(
        name=name,
        documents=tuple(kept),
        n_documents=n_documents,
        n_empty=n_empty,
        n_binary=n_binary,
        n_cut=n_cut,
        size_bytes=size,
        histogram=histogram,
        share=sum(len(each.data) * each.count for each in kept) / size,
        is_pieces=is_pieces,
    )


def documents_of(data: Any) -> tuple[Iterator[Labelled], bool]:
    """Return the documents of a set with their labels, and whether they are pieces of one string."""
    if isinstance(data, str | bytes | bytearray | memoryview):
        return ((piece, None) for piece in pieces_of_string(as_bytes(data))), True
    if isinstance(data, Corpus):
        labels: Sequence[str | None] = data.labels or [None] * len(data)
        return iter(zip(data.items, labels, strict=True)), False
    if isinstance(data, Iterator):
        return (each if isinstance(each, tuple) else (as_bytes(each), None) for each in data), False
    return ((item, None) for item in as_items(data)), False


def pieces_of_string(string: bytes) -> list[bytes]:
    """Return a string in 64 pieces, or in more of 64 KiB; in fewer if they were shorter than 256 bytes."""
    size = min(max(-(-len(string) // _PIECES), _SHORTEST_PIECE), LONGEST)
    return [string[start : start + size] for start in range(0, len(string), size)]


def _pieces(document: Kept) -> list[Kept]:
    """Return the pieces of a single document, by digest."""
    reservoir = _Reservoir(len(document.data))
    for piece in pieces_of_string(document.data):
        reservoir.add(piece, document.index, document.label)
    return reservoir.documents()


class _Reservoir:
    """The documents with the smallest digests, up to a number of bytes."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._kept: dict[bytes, Kept] = {}
        self._largest: list[tuple[bytes, bytes]] = []
        self._size = 0
        self._limit: bytes | None = None

    def add(self, data: bytes, index: int, label: str | None) -> None:
        if not data:
            return
        digest = hashlib.blake2b(data, digest_size=16).digest()
        if self._limit is not None and digest >= self._limit:
            return
        if (known := self._kept.get(digest)) is not None:
            known.count += 1
            return
        self._kept[digest] = Kept(data, index, label)
        self._size += len(data)
        heapq.heappush(self._largest, (_inverted(digest), digest))
        while self._size > self.max_bytes and len(self._kept) > 1:
            _, last = heapq.heappop(self._largest)
            self._size -= len(self._kept.pop(last).data)
            self._limit = last

    def documents(self) -> list[Kept]:
        return [self._kept[digest] for digest in sorted(self._kept)]


def _inverted(digest: bytes) -> bytes:
    """Return a key that sorts digests from the largest."""
    return bytes(255 - byte for byte in digest)


def named_sets(data: Iterable[Any], names: Sequence[str] | None) -> list[tuple[str, Any]]:
    """Return data sets with their names: those given, those of corpora, or numbers."""
    sets = list(data)
    if names is not None and len(names) != len(sets):
        raise DataError(f"names: expected one for each of the {len(sets)} data sets, got {len(names)}")
    found = []
    for place, each in enumerate(sets):
        own = each.name if isinstance(each, Corpus) else f"set {place + 1}" if len(sets) > 1 else "data"
        found.append((own if names is None else str(names[place]), each))
    return found
