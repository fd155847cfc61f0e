"""Entropy coding of bytes by a model's predictions: pieces in batches, a range coder, integer frequencies.

Floating-point results differ between one large batch and single steps, and between processors. The encoder therefore
takes exactly the steps of the decoder, with the same batch shapes, on one thread; probabilities are rounded to integer
frequencies in one place, and the range coder sees only these.
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
from kolmo.coders.entropy.framing import pad_code
from kolmo.coders.neural.inference.byte_inference import InferenceState
from kolmo.coders.neural.inference.frequencies import frequencies
from kolmo.errors import DecodeError

BATCH_SIZE = 64
"""Number of pieces that are coded in parallel."""


def environment(device: torch.device) -> dict[str, Any]:
    """Return the facts that must be equal for encoding and decoding, apart from the model.

    They are part of the stamp at the start of each stream, so their keys and values stay as they are.
    """
    facts: dict[str, Any] = {"torch": torch.__version__, "device": device.type, "threads": 1, "lanes": BATCH_SIZE}
    if device.type == "cuda":
        return facts | {"device": torch.cuda.get_device_name(device), "cuda": torch.version.cuda}
    return facts | {"cpu": torch.backends.cpu.get_cpu_capability()}


def stamp(facts: dict[str, Any]) -> bytes:
    """Return four bytes that identify an environment: its CRC-32."""
    return zlib.crc32(json.dumps(facts, sort_keys=True).encode()).to_bytes(4, "little")


def check_stamp(found: bytes, facts: dict[str, Any]) -> None:
    """Raise a DecodeError unless a stream has the stamp of this environment."""
    if found != stamp(facts):
        expected = ", ".join(f"{key} {value}" for key, value in facts.items())
        raise DecodeError(
            "the payload was written by another model or setting, or on another kind of machine, or it is damaged; "
            f"expected {expected}; decode it with the same model and setting, on the same kind of machine"
        )


def encode(state: InferenceState, pieces: Sequence[bytes]) -> bytes:
    """Return the code of pieces, each of which is coded from the given state."""
    encoder, model = range_coder("RangeEncoder"), categorical()
    with one_thread():
        for group in _groups(pieces):
            batch = state.copy(len(group))
            rows = np.zeros((len(group), len(group[0])), np.uint8)
            for row, piece in zip(rows, group, strict=True):
                row[: len(piece)] = np.frombuffer(piece, np.uint8)
            for place in range(rows.shape[1]):
                active = sum(len(piece) > place for piece in group)
                counts = frequencies(batch.predictions())
                encoder.encode(rows[:active, place].astype(np.int32), model, counts[:active])
                if place + 1 < rows.shape[1]:
                    batch.step(rows[:, place])
    return packed(encoder, sum(map(len, pieces)))


def decode(state: InferenceState, sizes: Sequence[int], payload: bytes) -> list[bytes]:
    """Return the decoded pieces, which have these sizes.

    Raises
    ------
    DecodeError
        If the payload is truncated or corrupt.
    """
    decoder, encoder, model = range_coder("RangeDecoder", words(payload)), range_coder("RangeEncoder"), categorical()
    found: list[bytes] = []
    with one_thread():
        for group in _groups([range(size) for size in sizes]):
            batch = state.copy(len(group))
            rows = np.zeros((len(group), len(group[0])), np.uint8)
            for place in range(rows.shape[1]):
                active = sum(len(piece) > place for piece in group)
                counts = frequencies(batch.predictions())[:active]
                symbols = decoder.decode(model, counts)
                encoder.encode(symbols, model, counts)
                rows[:active, place] = symbols
                if place + 1 < rows.shape[1]:
                    batch.step(rows[:, place])
            found += [row[: len(piece)].tobytes() for row, piece in zip(rows, group, strict=True)]
    if packed(encoder, sum(sizes)) != payload:  # the payload decodes to these bytes, but is not their code
        raise DecodeError(f"these {len(payload):,} bytes are not a code of this model: they are truncated or corrupt")
    return found


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute on one thread, because sums depend on the number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _groups(pieces: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Yield batches of pieces; the first piece of a batch is the longest, since only the last piece may be shorter."""
    for start in range(0, len(pieces), BATCH_SIZE):
        yield pieces[start : start + BATCH_SIZE]


def packed(encoder: Any, size: int) -> bytes:
    """Return the code of `size` symbols; all continuations of its 32-bit words lie in the final interval."""
    return pad_code(encoder.get_compressed().astype("<u4").tobytes(), size)


def words(payload: bytes) -> NDArray[np.uint32]:
    """Return a packed code as 32-bit words for the range decoder."""
    return np.frombuffer(payload.ljust(-(-len(payload) // 4) * 4, b"\0"), "<u4").astype(np.uint32)


def range_coder(kind: str, *arguments: Any) -> Any:
    """Return a RangeEncoder or RangeDecoder."""
    return getattr(_constriction().queue, kind)(*arguments)


def categorical() -> Any:
    """Return the entropy model that takes its frequencies with each call."""
    return _constriction().model.Categorical(perfect=False)


def _constriction() -> Any:
    return import_extra("constriction", extra="neural", purpose="the code of a neural model").stream
