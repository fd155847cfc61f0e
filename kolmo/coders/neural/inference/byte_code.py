"""The real code: lanes of bytes side by side, an entropy coder, and whole numbers between the two.

Floating point is not the same in one large batch, step by step, and on another processor. So the encoder takes the very
steps that the decoder will take, with the same shapes, on one thread; what a step says is rounded to whole numbers in
one place, and only these reach the entropy coder.
"""

from __future__ import annotations

import contextlib
import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from kolmo._core.extras import import_extra
from kolmo.coders.neural.inference.bytes import Reader
from kolmo.errors import DecodeError

_TOTAL = 2**24
LANES = 64
"""How many pieces are coded side by side."""


def environment(device: torch.device) -> dict[str, Any]:
    """Return what must be the same where a code is read as where it was written, beside the model itself."""
    facts: dict[str, Any] = {"torch": torch.__version__, "device": device.type, "threads": 1, "lanes": LANES}
    if device.type == "cuda":
        return facts | {"device": torch.cuda.get_device_name(device), "cuda": torch.version.cuda}
    return facts | {"cpu": torch.backends.cpu.get_cpu_capability()}


def stamp(facts: dict[str, Any]) -> bytes:
    """Return four bytes that tell one environment from another."""
    return zlib.crc32(json.dumps(facts, sort_keys=True).encode()).to_bytes(4, "little")


def frequencies(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return whole numbers, none of them 0, in proportion to the chances; each row adds up to 2 to the power of 24."""
    wide = logits.astype(np.float64)
    chances = np.exp(wide - wide.max(1, keepdims=True))
    room = _TOTAL - logits.shape[1]
    counts = 1 + np.floor(chances * (room / chances.sum(1, keepdims=True)))
    counts[np.arange(len(counts)), counts.argmax(1)] += _TOTAL - counts.sum(1)
    whole: NDArray[np.float32] = counts.astype(np.float32)
    return whole


def encode(reader: Reader, pieces: Sequence[bytes]) -> bytes:
    """Return the code of pieces, each of which is read from where the reader stands."""
    encoder, model = range_coder("RangeEncoder"), categorical()
    with one_thread():
        for group in _groups(pieces):
            lanes = reader.copy(len(group))
            rows = np.zeros((len(group), len(group[0])), np.uint8)
            for row, piece in zip(rows, group, strict=True):
                row[: len(piece)] = np.frombuffer(piece, np.uint8)
            for place in range(rows.shape[1]):
                active = sum(len(piece) > place for piece in group)
                counts = frequencies(lanes.predictions())
                encoder.encode(rows[:active, place].astype(np.int32), model, counts[:active])
                if place + 1 < rows.shape[1]:
                    lanes.step(rows[:, place])
    return packed(encoder)


def decode(reader: Reader, sizes: Sequence[int], payload: bytes) -> list[bytes]:
    """Return the pieces of these sizes whose code this is.

    Raises
    ------
    DecodeError
        If it is the code of nothing that has these sizes.
    """
    decoder, encoder, model = range_coder("RangeDecoder", words(payload)), range_coder("RangeEncoder"), categorical()
    found: list[bytes] = []
    with one_thread():
        for group in _groups([range(size) for size in sizes]):
            lanes = reader.copy(len(group))
            rows = np.zeros((len(group), len(group[0])), np.uint8)
            for place in range(rows.shape[1]):
                active = sum(len(piece) > place for piece in group)
                counts = frequencies(lanes.predictions())[:active]
                symbols = decoder.decode(model, counts)
                encoder.encode(symbols, model, counts)
                rows[:active, place] = symbols
                if place + 1 < rows.shape[1]:
                    lanes.step(rows[:, place])
            found += [row[: len(piece)].tobytes() for row, piece in zip(rows, group, strict=True)]
    if packed(encoder) != payload:  # whatever decodes to these bytes, they are coded otherwise
        raise DecodeError(f"these {len(payload):,} bytes are no code of this model: they are truncated, or corrupt")
    return found


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Have torch compute on one thread, as sums over several differ with how many there are."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _groups(pieces: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Yield pieces that go side by side; a group's first is its longest, as only the last of all may be shorter."""
    for start in range(0, len(pieces), LANES):
        yield pieces[start : start + LANES]


def packed(encoder: Any) -> bytes:
    """Return the code without zeros at the end of its last word, which a decoder reads anyway."""
    code: bytes = encoder.get_compressed().astype("<u4").tobytes()
    return code[:-4] + code[-4:].rstrip(b"\0")


def words(payload: bytes) -> NDArray[np.uint32]:
    """Return a packed code as the decoder takes it."""
    return np.frombuffer(payload.ljust(-(-len(payload) // 4) * 4, b"\0"), "<u4").astype(np.uint32)


def range_coder(kind: str, *arguments: Any) -> Any:
    """Return a RangeEncoder or RangeDecoder."""
    return getattr(_constriction().queue, kind)(*arguments)


def categorical() -> Any:
    """Return the kind of model that takes frequencies with each call."""
    return _constriction().model.Categorical(perfect=False)


def _constriction() -> Any:
    return import_extra("constriction", extra="neural", purpose="the code of a neural model").stream
