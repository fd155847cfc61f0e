"""The background of an item: the surprisal of its bytes under a coder that has read other data of the kind."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kolmo._core.memory import cached
from kolmo.coders.predictive import Cursor, PredictiveCoder, model_digests, new_cursor
from kolmo.find.overlap_kernels import mask_copies

Floats = NDArray[np.float64]

PIECE_BYTES = 1024
"""Long items are sampled, and compared with the backgrounds, in pieces of this size."""
_N_CONTEXTS = 3
_CONTEXT_BYTES = 3 * 2**17
_SHINGLE = 8
_COMMON_SHARE, _COMMON_LEAST = 0.01, 30
"""A run of bytes is common if it is in this share of the sampled pieces, and in this number of them."""
_COPIED = 0.5
"""Share of the runs of a piece that were seen before, and are not common, for the piece to count as a copy."""


@dataclass(frozen=True, eq=False)
class Background:
    """The code lengths of single bytes by a coder that has read a sample of the data.

    The sample is cut into several contexts, and a byte costs what the context that predicts its item worst makes it
    cost. Thus an item costs the same whether it, or a copy of it, is in one of the contexts. Near-copies of a piece
    that was sampled before are left out; what many items share, such as a template, stays.

    Parameters
    ----------
    coder : PredictiveCoder
        The coder.
    contexts : tuple of bytes
        What it has read.
    ignored : tuple of bytes
        Texts whose copies cost nothing.
    """

    coder: PredictiveCoder
    contexts: tuple[bytes, ...]
    ignored: tuple[bytes, ...] = field(default=())

    @classmethod
    def of(
        cls, coder: PredictiveCoder, collections: Sequence[Sequence[bytes]], ignored: Iterable[bytes] = ()
    ) -> Background:
        """Return the background of collections of items, which contribute equally and in an order by content."""
        pieces = _sampled([_by_digest(items) for items in collections])
        parts: list[list[bytes]] = [[] for _ in range(_N_CONTEXTS)]
        for number, piece in enumerate(_without_copies(pieces)):
            parts[number % _N_CONTEXTS].append(piece)
        contexts = tuple(b"\n".join(part) for part in parts if part)
        return cls(coder, contexts or (b"",), tuple(text for text in ignored if text))

    def surprisals(self, items: Sequence[bytes]) -> list[Floats]:
        """Return the surprisal of each byte of each item, in bits."""
        found = [np.zeros(len(item)) for item in items]
        for context in self.contexts:
            cursor = _trial_cursor(threading.get_ident(), model_digests(self.coder), self.coder, context)
            for item, most in zip(items, found, strict=True):
                if item:
                    _keep_larger(most, cursor.trial_surprisals(item))
        for text in self.ignored:
            x = np.frombuffer(text, np.uint8)
            heads, following = np.empty(bucket_count(len(text)), np.int32), np.empty(len(text), np.int32)
            for item, bits in zip(items, found, strict=True):
                mask_copies(np.frombuffer(item, np.uint8), bits, x, heads, following)
        return found


@cached()
def _trial_cursor(_thread: int, _digests: tuple[str, ...], coder: PredictiveCoder, context: bytes) -> Cursor:
    """Return a primed cursor of one thread for trials, which restore it."""
    return new_cursor(coder, context)


def bucket_count(size: int) -> int:
    """Return the number of buckets that the kernels use for an item of this size, at most."""
    return int(max(16, min(2**22, 1 << max(2 * size - 1, 1).bit_length())))


def pieces_of(item: bytes) -> list[bytes]:
    """Return an item in pieces of `PIECE_BYTES`."""
    return [item[start : start + PIECE_BYTES] for start in range(0, len(item), PIECE_BYTES)]


def _keep_larger(most: Floats, bits: Floats) -> None:
    """Replace the bits of each piece by others with a larger sum."""
    for start in range(0, len(most), PIECE_BYTES):
        part = slice(start, start + PIECE_BYTES)
        if bits[part].sum() > most[part].sum():
            most[part] = bits[part]


def _by_digest(items: Sequence[bytes]) -> list[bytes]:
    """Return the pieces of all different items in an order that depends on their bytes alone."""
    pieces = {piece for item in items for piece in pieces_of(item)}
    return sorted(pieces, key=lambda piece: (hashlib.blake2b(piece, digest_size=16).digest(), piece))


def _sampled(collections: Sequence[Sequence[bytes]]) -> list[bytes]:
    """Return the first pieces of all collections in turn, up to the bytes of all contexts."""
    chosen: dict[bytes, None] = {}
    size = 0
    for place in range(max(map(len, collections), default=0)):
        for pieces in collections:
            if place < len(pieces) and pieces[place] not in chosen:
                chosen[pieces[place]] = None
                size += len(pieces[place])
        if size >= _N_CONTEXTS * _CONTEXT_BYTES:
            break
    return list(chosen)


def _without_copies(pieces: Sequence[bytes]) -> list[bytes]:
    """Return the pieces without those that mostly repeat earlier ones, unless many pieces share the repeats."""
    shingles = [_shingles(piece) for piece in pieces]
    if not shingles:
        return []
    everything, counts = np.unique(np.concatenate(shingles), return_counts=True)
    common = everything[counts >= max(_COMMON_LEAST, _COMMON_SHARE * len(pieces))]
    kept, seen = [], set[int]()
    for piece, found in zip(pieces, shingles, strict=True):
        rare = np.setdiff1d(found, common, assume_unique=True).tolist()
        if not rare or sum(each in seen for each in rare) <= _COPIED * len(found):
            kept.append(piece)
        seen.update(rare)
    return kept


def _shingles(piece: bytes) -> NDArray[np.uint64]:
    """Return the different runs of eight bytes in a piece, as numbers."""
    if len(piece) < _SHINGLE:
        return np.empty(0, np.uint64)
    text = np.frombuffer(piece, np.uint8)
    return np.unique(np.lib.stride_tricks.sliding_window_view(text, _SHINGLE).copy().view("<u8").ravel())
