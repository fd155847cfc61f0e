"""Class models: coders primed with the training texts of each class, and the code lengths of texts under them."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kolmo._core.items import parameter_bytes
from kolmo.coders.base import Coder, PrimedCoder
from kolmo.errors import PrimingWarning

SEPARATOR = b"\n"
"""Follows each training text in a context by default, and so precedes the text that is coded."""
_REREAD_BYTES = 2**16
"""Longest context of a coder that reads it again for every code length."""
_INDEXED_BYTES = 2**20
"""Longest context of a coder with a window: Zstandard finds matches in no more of a dictionary."""


@dataclass(frozen=True)
class ClassModels:
    """Primed coders, one or several for each class.

    Parameters
    ----------
    coders : list of Coder
        Each is primed with training texts of one class.
    classes : ndarray of shape (n_coders,)
        The class of each coder, ascending.
    """

    coders: list[Coder]
    classes: NDArray[np.intp]

    @classmethod
    def prime(
        cls,
        coder: Coder,
        items: Sequence[bytes],
        codes: NDArray[np.intp],
        n_classes: int,
        *,
        chunks: int,
        separator: bytes = SEPARATOR,
        labels: Sequence[Any] | None = None,
    ) -> Self:
        """Return coders primed with the items of each class; a class without items has an unprimed coder.

        The contexts do not depend on the order of the items. With `labels`, the name of each class, there is one
        warning in all if contexts are longer than the coder's window, and one if they are too short to have an effect.
        """
        by_class: list[list[bytes]] = [[] for _ in range(n_classes)]
        for index in by_digest(items, codes):
            by_class[codes[index]].append(items[index])
        parts = [contexts(members, readable_bytes(coder), chunks, separator) for members in by_class]
        if labels is not None:
            _warn(coder, [[len(context) for context in each if context] for each in parts], labels)
        primed = [PrimedCoder(coder=coder, context=context) if context else coder for each in parts for context in each]
        return cls(primed, np.repeat(np.arange(n_classes), [len(each) for each in parts]).astype(np.intp))

    def bits(self, items: Sequence[bytes], *, n_jobs: int | None) -> NDArray[np.float64]:
        """Return the conditional code length of each item (row) given each class (column), in bits.

        Where a class has several coders, it is the mean of their lengths.
        """
        from kolmo._core.parallel import map_blocks
        from kolmo._core.progress import progress

        counts = np.bincount(self.classes)
        bits = np.zeros((len(items), len(counts)))
        calls = ((coder, items) for coder in self.coders)
        prefer = self.coders[0].tags.parallel
        with progress(len(self.coders) * len(items), label="code lengths by class", unit="length") as bar:
            lengths = map_blocks(_lengths, calls, n_jobs=n_jobs, prefer=prefer)
            for code, column in zip(self.classes, lengths, strict=True):
                bits[:, code] += column / counts[code]
                bar.update(len(items))
        return bits


def separator_bytes(separator: str | bytes | None, *, numbers: bool = False) -> bytes:
    """Return the separator behind each training item; None stands for a line end behind texts, and none for numbers.

    Examples
    --------
    >>> separator_bytes(None), separator_bytes(None, numbers=True), separator_bytes(" ")
    (b'\\n', b'', b' ')
    """
    if separator is None:
        return b"" if numbers else SEPARATOR
    return parameter_bytes("separator", separator)


def readable_bytes(coder: Coder) -> int | None:
    """Return the longest context of a class in bytes, or None if the coder has no limit."""
    window, longest = coder.tags.window, _REREAD_BYTES if coder.tags.priming == "difference" else _INDEXED_BYTES
    if window is None:
        return None if coder.tags.priming == "native" else longest
    return min(window, longest)


def contexts(members: Sequence[bytes], limit: int | None, chunks: int, separator: bytes = SEPARATOR) -> list[bytes]:
    """Return the contexts of a class: as few chunks as hold all members, or `chunks` of them, dealt in turn.

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
        return [b"".join(member + separator for member in members)]
    most_chunks = max(min(chunks, len(members)), 1)
    for count in range(1, most_chunks + 1):
        parts = [b"".join(member + separator for member in members[start::count]) for start in range(count)]
        if all(len(part) <= limit for part in parts):
            return parts
    return [_filled(members[start::most_chunks], limit, separator) for start in range(most_chunks)]


def _filled(members: Sequence[bytes], limit: int, separator: bytes) -> bytes:
    """Return the members that fit, in order; the start of the first one if none fits."""
    filled = bytearray()
    for member in members:
        if len(filled) + len(member) + len(separator) <= limit:
            filled += member + separator
    if filled:
        return bytes(filled)
    behind = separator[: limit // 2]
    return members[0][: limit - len(behind)] + behind


def _warn(coder: Coder, sizes: Sequence[Sequence[int]], labels: Sequence[Any]) -> None:
    """Warn once of contexts beyond the coder's window, and once of classes whose context has no effect."""
    coder.warn_beyond_window(
        max((size for each in sizes for size in each), default=0), window=coder._priming_window, stacklevel=6
    )
    least = coder.tags.min_context
    short = [(min(each), label) for each, label in zip(sizes, labels, strict=True) if each and min(each) < least]
    if short:
        size, label = min(short, key=lambda pair: pair[0])
        unit = "byte" if size == 1 else "bytes"
        warnings.warn(
            f"the coder {str(coder)!r} finds no match in a context under {least} bytes, so priming has little or no "
            f"effect in {len(short):,} of {len(labels):,} classes, such as {label!r} with {size} {unit}; pass more or "
            "longer texts, or choose another coder, such as 'ngram'",
            PrimingWarning,
            stacklevel=6,
        )


def by_digest(items: Sequence[bytes], codes: NDArray[np.intp], seed: bytes = b"") -> list[int]:
    """Return the positions of the items ordered by the digest of the seed and their bytes, and equal items by class."""
    return sorted(range(len(items)), key=lambda index: (hashlib.sha256(seed + items[index]).digest(), codes[index]))


def folds_of(items: Sequence[bytes], codes: NDArray[np.intp], n_folds: int, seed: bytes = b"") -> NDArray[np.intp]:
    """Return the fold of each item: classes are spread over all folds, and equal items share one, in any order.

    Examples
    --------
    >>> folds_of([b"a", b"b", b"a", b"c"], np.array([0, 0, 1, 1]), 2).tolist()
    [1, 0, 1, 0]
    """
    counts: dict[int, int] = {}
    fold: dict[bytes, int] = {}
    for index in sorted(by_digest(items, codes, seed), key=lambda index: codes[index]):
        code = int(codes[index])
        if items[index] not in fold:
            fold[items[index]] = counts.get(code, 0) % n_folds
            counts[code] = counts.get(code, 0) + 1
    return np.array([fold[item] for item in items], dtype=np.intp)


def _lengths(coder: Coder, items: Sequence[bytes]) -> NDArray[np.float64]:
    return coder._batch(items)
