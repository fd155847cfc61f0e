"""Bytes as tokens where a tokenizer is lossless, and as raw bytes elsewhere."""

from __future__ import annotations

import contextlib
import itertools
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.entropy.framing import join_length, split_length
from kolmo.errors import DataError, DecodeError, KolmoError

_SHORTEST = 16
"""Least number of bytes between raw bytes that become a segment of tokens."""
_TOKENS_A_BYTE = 2
_TOKENIZER = "the tokenizer of the model failed"
_NO_UTF8 = re.compile("([\udc80-\udcff]+)")

Part = tuple[bytes, list[int] | None]
"""Some bytes, and their tokens; None for raw bytes."""


def is_library_error(error: BaseException) -> bool:
    """Return whether an exception can come from a library that reads damaged files.

    The tokenizers library, which is written in Rust, raises a PanicException that is no `Exception`.
    """
    is_panic = type(error).__name__ == "PanicException"
    return is_panic or (isinstance(error, Exception) and not isinstance(error, KolmoError | MemoryError))


@contextlib.contextmanager
def one_line_errors(what: str) -> Iterator[None]:
    """Turn any exception of the libraries, which model folders can cause, into a DataError of one line."""
    try:
        yield
    except BaseException as error:
        if not is_library_error(error):
            raise
        cause = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise DataError(f"{what}: {cause}; the files of the model are damaged or do not fit together") from error


class Tokenizer:
    """A tokenizer of Hugging Face that adds no special tokens. Several threads may share it."""

    def __init__(self, tokenizer: Any, n_symbols: int) -> None:
        self.tokenizer, self.n_symbols = tokenizer, n_symbols
        self._lock = threading.Lock()  # the library refuses concurrent calls

    def exact(self, text: str) -> list[int] | None:
        """Return the tokens of a text; None if they do not decode to this text exactly, or are too many."""
        tokens: list[int]
        with self._lock, one_line_errors(_TOKENIZER):
            tokens = self.tokenizer.encode(text, add_special_tokens=False, verbose=False)
        if len(tokens) > _TOKENS_A_BYTE * len(text.encode()) or max(tokens, default=0) >= self.n_symbols:
            return None
        return tokens if self.text(tokens) == text else None

    def text(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens."""
        with self._lock, one_line_errors(_TOKENIZER):
            text: str = self.tokenizer.decode(
                list(tokens), skip_special_tokens=False, clean_up_tokenization_spaces=False
            )
        return text

    def sizes(self, text: str) -> NDArray[np.intp]:
        """Return the number of bytes of each token; a character of several tokens counts for the last of them."""
        if not self.tokenizer.is_fast:
            raise DataError(
                "the model's tokenizer states no offsets of its tokens; add a tokenizer.json to the model's folder"
            )
        with self._lock, one_line_errors(_TOKENIZER):
            found = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        offsets = np.array(found["offset_mapping"], np.intp).reshape(-1, 2)
        ends = np.minimum(offsets[:, 1], np.append(offsets[1:, 0], len(text)))
        ends[-1:] = len(text)
        points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
        bytes_before = np.append(0, np.cumsum(1 + (points > 0x7F) + (points > 0x7FF) + (points > 0xFFFF)))
        return np.diff(bytes_before[np.maximum.accumulate(ends)], prepend=0)


@dataclass(frozen=True)
class Segments:
    """Data as segments of tokens, with a segment of raw bytes between every two. Any segment may be empty.

    Parameters
    ----------
    tokens : list of list of int
    raw : list of bytes
        One segment fewer than `tokens`.
    """

    tokens: list[list[int]]
    raw: list[bytes]

    def header(self) -> bytes:
        """Return the header that precedes the code of the tokens: the lengths of all segments, and the raw bytes."""
        sizes = [len(self.raw), *(len(part) for pair in zip(self.tokens, self.raw, strict=False) for part in pair)]
        lengths = b"".join(join_length(size, b"") for size in [*sizes, len(self.tokens[-1])])
        return lengths + b"".join(self.raw)

    def symbols(self) -> NDArray[np.int64]:
        """Return the tokens of all segments as one array."""
        return np.fromiter(itertools.chain(*self.tokens), np.int64)


def cut(tokenizer: Tokenizer, data: bytes) -> Segments:
    """Return the segments of `data`; bytes that are not UTF-8, or that the tokenizer does not restore, are raw."""
    runs = [run for run in _NO_UTF8.split(data.decode("utf-8", "surrogateescape")) if run]
    parts: list[Part] = []
    for run in runs:
        raw = run.encode("utf-8", "surrogateescape")
        if _NO_UTF8.match(run) or (len(runs) > 1 and len(raw) < _SHORTEST):
            parts.append((raw, None))
        else:
            parts += _tokenized(tokenizer, run)
    if len(parts) > 1:
        parts = [(raw, tokens if len(raw) >= _SHORTEST else None) for raw, tokens in parts]
    segments = Segments([[]], [])
    for is_raw, group in itertools.groupby(parts, key=lambda part: part[1] is None):
        if is_raw:
            segments.raw.append(b"".join(raw for raw, _ in group))
            segments.tokens.append([])
            continue
        for place, (_, tokens) in enumerate(group):
            if place:
                segments.raw.append(b"")
                segments.tokens.append([])
            segments.tokens[-1] += tokens or []
    return segments


def split_header(payload: bytes, max_size: int) -> tuple[list[int], list[bytes], bytes]:
    """Return the number of tokens of each segment, the raw bytes between them, and the code of the tokens.

    Raises
    ------
    DecodeError
        If the header is incomplete, or states more than `max_size` bytes.
    """
    n_raw, rest = split_length(payload, max(len(payload), max_size))
    if 2 * n_raw >= len(rest):
        raise DecodeError(f"{len(rest):,} bytes cannot hold {n_raw:,} segments: the payload is truncated or corrupt")
    sizes, place = [], 0
    for number in range(2 * n_raw + 1):
        most = max_size if number % 2 else _TOKENS_A_BYTE * max_size
        size, behind = split_length(rest[place : place + 10], most)
        place = min(place + 10, len(rest)) - len(behind)
        sizes.append(size)
    ends = list(itertools.accumulate(sizes[1::2], initial=place))
    if ends[-1] > len(rest):
        raise DecodeError(f"the payload of {len(payload):,} bytes is truncated: raw bytes are missing")
    return sizes[::2], [rest[start:end] for start, end in itertools.pairwise(ends)], rest[ends[-1] :]


def _tokenized(tokenizer: Tokenizer, text: str) -> Iterator[Part]:
    """Yield the parts of a text: it is halved until each part is lossless or a single raw character."""
    for exact, group in itertools.groupby(_halved(tokenizer, text), key=lambda part: part[1] is not None):
        parts = list(group)
        if exact and len(parts) > 1:  # adjacent lossless parts may be lossless as a whole
            joined = b"".join(raw for raw, _ in parts)
            tokens = tokenizer.exact(joined.decode())
            if tokens is not None:
                parts = [(joined, tokens)]
        yield from parts


def _halved(tokenizer: Tokenizer, text: str) -> Iterator[Part]:
    tokens = tokenizer.exact(text)
    if tokens is not None or len(text) == 1:
        yield text.encode(), tokens
        return
    half = len(text) // 2
    # cut at a line if possible, else at a word
    place = (text.rfind("\n", 0, half) + 1) or max(text.rfind(" ", 1, half + 1), 0) or half
    yield from _halved(tokenizer, text[:place])
    yield from _halved(tokenizer, text[place:])
