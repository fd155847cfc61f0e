"""Inference with byte-level models: surprisals of many sequences in batches, and predictions step by step."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from kolmo.coders.neural.architecture.embedding import START
from kolmo.coders.neural.inference.finite import check_logits
from kolmo.coders.neural.inference.frequencies import coded_bits

_TOKENS_AT_ONCE = 2**14
_LONGEST_BLOCK = 2**9
_STEPWISE = 4
"""Up to this many bytes are faster one by one, from the cached state, than in a new window."""


@dataclass
class InferenceState:
    """The state of a model after reading a batch of byte sequences of equal length.

    A model with a context length of C predicts C bytes in its first window. Each later window starts with the last
    C - S - 1 bytes of the one before and predicts S + 1 more: S is the stride, and time is linear in the number of
    bytes.

    Parameters
    ----------
    model : Module
    device : torch.device
    stride : int
        Stride of the windows; unused by recurrent networks.
    window : ndarray of shape (batch_size, n) and type uint8
        The bytes in the current window; without columns for a recurrent network.
    cache : tuple of Tensor or None
        The cache that the model returned for the window; None before the first prediction in it.
    logits : Tensor of shape (batch_size, 256) or None
        The prediction of the next byte.
    """

    model: nn.Module
    device: torch.device
    stride: int
    window: NDArray[np.uint8]
    cache: tuple[Tensor, ...] | None = None
    logits: Tensor | None = None

    @classmethod
    def begin(cls, model: nn.Module, device: torch.device, stride: int | None = None) -> Self:
        """Return the state before the first byte, with a batch size of 1."""
        length = _context_length(model) or 2
        return cls(model, device, min(stride or length // 2, length - 1), np.empty((1, 0), np.uint8))

    def copy(self, batch_size: int = 1) -> Self:
        """Return an independent copy, repeated `batch_size` times along the batch."""
        copied = copy.copy(self)
        if batch_size > 1:
            self._next_logits()
            copied.window = np.repeat(self.window, batch_size, 0)
            copied.cache = tuple(part.repeat_interleave(batch_size, 0) for part in self.cache or ())
            copied.logits = self.logits.repeat_interleave(batch_size, 0) if self.logits is not None else None
        return copied

    def predictions(self) -> NDArray[np.float32]:
        """Return the logits of the next byte of each batch row, shape (batch_size, 256)."""
        return self._next_logits().float().cpu().numpy()

    def read_context(self, context: bytes) -> None:
        """Read a context into a batch of size 1; of a long context, a Transformer reads the end only."""
        if _context_length(self.model) is None:
            self._read_rows(np.frombuffer(context, np.uint8)[None])
        else:
            self.window = np.frombuffer(context, np.uint8)[None, max(0, len(context) - self._kept) :]

    def step(self, symbols: NDArray[np.uint8]) -> None:
        """Read one byte in each batch row."""
        self._next_logits()
        length = _context_length(self.model)
        if length is None:
            self._feed(symbols[:, None])
            return
        full = 1 + self.window.shape[1] == length
        self.window = np.concatenate([self.window, symbols[:, None]], 1)
        if full:
            self.window = self.window[:, self.window.shape[1] - self._kept :]
            self.cache = self.logits = None
        else:
            self._feed(symbols[:, None])

    def read(self, data: bytes) -> NDArray[np.float64]:
        """Read bytes into a batch of size 1, and return the surprisal of each in bits."""
        values = np.frombuffer(data, np.uint8)
        if len(values) <= _STEPWISE:
            bits = np.empty(len(values))
            for place, value in enumerate(values):
                bits[place] = _bits(self._next_logits()[:, None], torch.tensor([[int(value)]]))[0, 0]
                self.step(values[place : place + 1])
            return bits
        if _context_length(self.model) is None:
            through: NDArray[np.float64] = self._read_rows(values[None])[0]
            return through
        (bits,) = self.surprisals([data])
        whole = np.concatenate([self.window[0], values])
        beyond = len(whole) - (_context_length(self.model) or 0)
        # start of the current window; a window that is full is followed by the next one at once
        start = 0 if beyond < 0 else len(whole) - beyond % (self.stride + 1) - self._kept
        self.window, self.cache, self.logits = whole[None, start:], None, None
        return bits

    def surprisals(self, pieces: Sequence[bytes]) -> list[NDArray[np.float64]]:
        """Return the surprisal of each byte of each piece in bits; each piece starts from this state, which is kept."""
        values = [np.frombuffer(piece, np.uint8) for piece in pieces]
        return self._in_batches(values) if _context_length(self.model) is None else self._in_windows(values)

    def _in_batches(self, pieces: list[NDArray[np.uint8]]) -> list[NDArray[np.float64]]:
        found = [np.empty(len(piece)) for piece in pieces]
        for block in _blocks([len(piece) for piece in pieces]):
            rows = np.zeros((len(block), max(len(pieces[number]) for number in block)), np.uint8)
            for row, number in zip(rows, block, strict=True):
                row[: len(pieces[number])] = pieces[number]
            for bits, number in zip(self.copy(len(block))._read_rows(rows), block, strict=True):
                found[number][:] = bits[: len(pieces[number])]
        return found

    def _in_windows(self, pieces: list[NDArray[np.uint8]]) -> list[NDArray[np.float64]]:
        found, before = [np.empty(len(piece)) for piece in pieces], self.window.shape[1]
        wholes = [np.concatenate([self.window[0], piece]) for piece in pieces]
        tasks = [(number, *part) for number, whole in enumerate(wholes) for part in self._windows(len(whole), before)]
        sizes = [stop - start for _, start, _, stop in tasks]
        for block in _blocks(sizes):
            tokens = np.full((len(block), max(sizes[task] for task in block)), START)
            targets = np.zeros_like(tokens)
            for place, task in enumerate(block):
                number, start, _, stop = tasks[task]
                tokens[place, 1 : stop - start] = wholes[number][start : stop - 1]
                targets[place, : stop - start] = wholes[number][start:stop]
            logits, _ = self._forward(tokens, None)
            bits = _bits(logits, torch.from_numpy(targets))
            for place, task in enumerate(block):
                number, start, first, stop = tasks[task]
                found[number][first - before : stop - before] = bits[place, first - start : stop - start]
        return found

    @property
    def _kept(self) -> int:
        return (_context_length(self.model) or 0) - self.stride - 1

    def _windows(self, size: int, first: int) -> Iterator[tuple[int, int, int]]:
        """Yield start, first predicted byte and end of each window over `size` bytes; predictions start at `first`."""
        start, stop = 0, _context_length(self.model) or 0
        while stop < size:
            if first < stop:
                yield start, first, stop
                first = stop
            start, stop = stop - self._kept, stop + self.stride + 1
        yield start, first, size

    def _next_logits(self) -> Tensor:
        """Return the logits of the next byte."""
        if self.logits is None:
            start = np.full((len(self.window), 1), START)
            self.cache = None
            self._feed(np.concatenate([start, self.window], 1))
        assert self.logits is not None
        return self.logits

    def _feed(self, tokens: NDArray[Any]) -> None:
        logits, self.cache = self._forward(tokens, self.cache)
        self.logits = logits[:, -1]

    def _read_rows(self, rows: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Read rows of bytes with a recurrent network, and return their surprisals in bits, shape (batch_size, n)."""
        found = np.empty(rows.shape)
        last = self._next_logits()
        for start in range(0, rows.shape[1], _LONGEST_BLOCK):
            part = rows[:, start : start + _LONGEST_BLOCK]
            logits, self.cache = self._forward(part, self.cache)
            predicted = torch.cat([last[:, None], logits[:, :-1]], 1)
            found[:, start : start + _LONGEST_BLOCK] = _bits(predicted, torch.from_numpy(part.astype(np.int64)))
            last = self.logits = logits[:, -1]
        return found

    @torch.inference_mode()
    def _forward(self, tokens: NDArray[Any], cache: tuple[Tensor, ...] | None) -> tuple[Tensor, tuple[Tensor, ...]]:
        logits, kept = self.model(torch.from_numpy(tokens.astype(np.int64)).to(self.device), cache)
        return check_logits(logits), kept


def _context_length(model: nn.Module) -> int | None:
    """Return the context length of a Transformer in bytes; None for a recurrent network."""
    length: Any = model.context_length
    return None if length is None else int(length)


@torch.inference_mode()
def _bits(logits: Tensor, symbols: Tensor) -> NDArray[np.float64]:
    log_probabilities = functional.log_softmax(logits.float(), 2)
    chosen = log_probabilities.gather(2, symbols.long().to(logits.device)[..., None])[..., 0]
    bits: NDArray[np.float64] = coded_bits(chosen.double().exp().cpu().numpy(), logits.shape[2])
    return bits


def _blocks(sizes: list[int]) -> Iterator[list[int]]:
    """Yield batches of piece numbers: pieces of similar sizes, limited in their total size."""
    block: list[int] = []
    longest = 0
    for size, number in sorted(((size, number) for number, size in enumerate(sizes)), reverse=True):
        if size == 0:
            break
        if block and (len(block) + 1) * longest > _TOKENS_AT_ONCE:
            yield block
            block = []
        longest = longest if block else min(size, _LONGEST_BLOCK)
        block.append(number)
    if block:
        yield block
