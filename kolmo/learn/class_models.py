"""What a coder knows of each class: coders that have read its training texts, and their lengths of any text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.base import Coder
from kolmo.errors import ParameterError, PrimingError
from kolmo.learn.validation import check_count

SEPARATOR = b"\n"
"""Stands behind each text that is read, and so before the one that is scored."""
_REREAD_BYTES = 2**16
"""The most that is read by a coder which reads it again for every length."""


_INDEXED_BYTES = 2**20
"""The most that is read by a coder with a window: Zstandard finds no more of a dictionary."""


@dataclass(frozen=True)
class ClassModels:
    """Primed coders, some for each class.

    Parameters
    ----------
    coders : list of Coder
        Each has read texts of one class.
    classes : ndarray of shape (n_coders,)
        Which class, ascending.
    """

    coders: list[Coder]
    classes: NDArray[np.intp]

    @classmethod
    def read(
        cls, coder: Coder, items: Sequence[bytes], codes: NDArray[np.intp], n_classes: int, *, chunks: int
    ) -> Self:
        """Return coders that have read the items of each class, of which a class may have none.

        What is read, and in which order, does not depend on the order of the items.
        """
        by_class: list[list[bytes]] = [[] for _ in range(n_classes)]
        for index in by_digest(items, codes):
            by_class[codes[index]].append(items[index])
        primed, classes = [], []
        for code, members in enumerate(by_class):
            for context in contexts(members, readable_bytes(coder), chunks):
                primed.append(coder.prime(context))
                classes.append(code)
        return cls(primed, np.array(classes, dtype=np.intp))

    def bits(self, items: Sequence[bytes], *, n_jobs: int | None) -> NDArray[np.float64]:
        """Return the code length of each item (row) given each class (column), in bits.

        Where several coders know one class, it is their mean.
        """
        from kolmo._core.parallel import map_blocks
        from kolmo._core.progress import progress

        counts = np.bincount(self.classes)
        bits = np.zeros((len(items), len(counts)))
        calls = ((coder, items) for coder in self.coders)
        prefer = self.coders[0].tags.parallel
        with progress(len(self.coders) * len(items), label="lengths by class", unit="length") as bar:
            lengths = map_blocks(_lengths, calls, n_jobs=n_jobs, prefer=prefer)
            for code, column in zip(self.classes, lengths, strict=True):
                bits[:, code] += column / counts[code]
                bar.update(len(items))
        return bits


def check_coder(coder: Coder, chunks: int) -> None:
    """Refuse a coder that cannot be primed, and no chunks."""
    if coder.tags.priming is None:
        raise PrimingError(
            f"the coder {coder.name!r} cannot be primed, so it cannot read the texts of a class; "
            "pick one whose tags.priming is not None, such as 'deflate'"
        )
    check_count("chunks", chunks)


def readable_bytes(coder: Coder) -> int | None:
    """Return how many bytes a coder is to read of a class at most, or None for any number."""
    window, most = coder.tags.window, _REREAD_BYTES if coder.tags.priming == "difference" else _INDEXED_BYTES
    if window is None:
        return None if coder.tags.priming == "native" else most
    return min(window, most)


def contexts(members: Sequence[bytes], limit: int | None, chunks: int) -> list[bytes]:
    """Return what is read of a class: as few chunks as hold it all, or as many as allowed, dealt like cards.

    Examples
    --------
    >>> contexts([b"one", b"two", b"three"], None, 4)
    [b'one\\ntwo\\nthree\\n']
    >>> contexts([b"one", b"two", b"three"], 8, 4)
    [b'one\\n', b'two\\n', b'three\\n']
    >>> contexts([b"one", b"two", b"three"], 8, 2)
    [b'one\\n', b'two\\n']
    """
    if limit is None:
        return [b"".join(member + SEPARATOR for member in members)]
    most = max(min(chunks, len(members)), 1)
    for count in range(1, most + 1):
        parts = [b"".join(member + SEPARATOR for member in members[start::count]) for start in range(count)]
        if all(len(part) <= limit for part in parts):
            return parts
    return [_filled(members[start::most], limit) for start in range(most)]


def _filled(members: Sequence[bytes], limit: int) -> bytes:
    """Return the members that fit, first come first served; the start of the first one if none does."""
    filled = bytearray()
    for member in members:
        if len(filled) + len(member) + len(SEPARATOR) <= limit:
            filled += member + SEPARATOR
    return bytes(filled) or members[0][: limit - len(SEPARATOR)] + SEPARATOR


def by_digest(items: Sequence[bytes], codes: NDArray[np.intp]) -> list[int]:
    """Return the positions of items in an order of their own, which looks random; equal items go by class."""
    return sorted(range(len(items)), key=lambda index: (hashlib.sha256(items[index]).digest(), codes[index]))


def folds_of(items: Sequence[bytes], codes: NDArray[np.intp], n_folds: int) -> NDArray[np.intp]:
    """Return a fold for each item: each class spread over all, equal items in the same one, whatever their order.

    Examples
    --------
    >>> folds_of([b"a", b"b", b"a", b"c"], np.array([0, 0, 1, 1]), 2).tolist()
    [1, 0, 1, 0]
    """
    dealt: dict[int, int] = {}
    fold: dict[bytes, int] = {}
    for index in sorted(by_digest(items, codes), key=lambda index: codes[index]):
        code = int(codes[index])
        if items[index] not in fold:
            fold[items[index]] = dealt.get(code, 0) % n_folds
            dealt[code] = dealt.get(code, 0) + 1
    return np.array([fold[item] for item in items], dtype=np.intp)


def check_folds(name: str, count: int) -> None:
    """Refuse fewer than two folds."""
    check_count(name, count)
    if count < 2:
        raise ParameterError(f"{name} must be 2 or more, but {count!r} came")


def _lengths(coder: Coder, items: Sequence[bytes]) -> NDArray[np.float64]:
    return coder._batch(items)
