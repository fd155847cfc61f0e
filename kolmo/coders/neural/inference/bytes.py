"""What a model has read, and what it says of the bytes that follow: many at once, or step by step."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from kolmo.coders.neural.architecture.embedding import START

_TOKENS_AT_ONCE = 2**14
_LONGEST_BLOCK = 2**9
_STEPWISE = 4
"""Up to so many bytes are cheaper one by one, with what the model keeps, than in a window of their own."""


@dataclass
class Reader:
    """Lanes of bytes, all of one length, and what a model knows of them.

    A model with a window of C tokens reads C bytes, then begins anew from the last C - S - 1, and reads S + 1 more, and
    so on: S is the stride, and time is linear in the number of bytes.

    Parameters
    ----------
    model : Module
    device : torch.device
    stride : int
        Of a model with a window.
    window : ndarray of shape (n_lanes, n) and type uint8
        The bytes since the window began; without columns if the model has none.
    cache : tuple of Tensor or None
        What the model keeps of the window; None if it was not asked yet.
    logits : Tensor of shape (n_lanes, 256) or None
        What it says of the next byte.
    """

    model: nn.Module
    device: torch.device
    stride: int
    window: NDArray[np.uint8]
    cache: tuple[Tensor, ...] | None = None
    logits: Tensor | None = None

    @classmethod
    def begin(cls, model: nn.Module, device: torch.device, stride: int | None = None) -> Self:
        """Return a reader of one lane that has read nothing."""
        window = _context(model) or 2
        return cls(model, device, min(stride or window // 2, window - 1), np.empty((1, 0), np.uint8))

    def copy(self, n_lanes: int = 1) -> Self:
        """Return a reader that goes its own way, or several lanes that do."""
        twin = copy.copy(self)
        if n_lanes > 1:
            self._catch_up()
            twin.window = np.repeat(self.window, n_lanes, 0)
            twin.cache = tuple(part.repeat_interleave(n_lanes, 0) for part in self.cache or ())
            twin.logits = self.logits.repeat_interleave(n_lanes, 0) if self.logits is not None else None
        return twin

    def predictions(self) -> NDArray[np.float32]:
        """Return what the model says of the next byte of each lane, as logits, shape (n_lanes, 256)."""
        return self._catch_up().float().cpu().numpy()

    def see(self, context: bytes) -> None:
        """Read a context in the only lane, of which a model with a window needs the end."""
        if _context(self.model) is None:
            self._through(np.frombuffer(context, np.uint8)[None])
        else:
            self.window = np.frombuffer(context, np.uint8)[None, max(0, len(context) - self._kept) :]

    def step(self, symbols: NDArray[np.uint8]) -> None:
        """Read one byte in each lane."""
        self._catch_up()
        context = _context(self.model)
        if context is None:
            self._feed(symbols[:, None])
            return
        full = 1 + self.window.shape[1] == context
        self.window = np.concatenate([self.window, symbols[:, None]], 1)
        if full:
            self.window = self.window[:, self.window.shape[1] - self._kept :]
            self.cache = self.logits = None
        else:
            self._feed(symbols[:, None])

    def read(self, data: bytes) -> NDArray[np.float64]:
        """Read on in the only lane, and return the bits of each byte."""
        values = np.frombuffer(data, np.uint8)
        if len(values) <= _STEPWISE:
            bits = np.empty(len(values))
            for place, value in enumerate(values):
                bits[place] = _bits(self._catch_up()[:, None], torch.tensor([[int(value)]]))[0, 0]
                self.step(values[place : place + 1])
            return bits
        if _context(self.model) is None:
            through: NDArray[np.float64] = self._through(values[None])[0]
            return through
        (bits,) = self.surprisals([data])
        whole = np.concatenate([self.window[0], values])
        beyond = len(whole) - (_context(self.model) or 0)
        # where the window began last: it does as soon as it is full
        start = 0 if beyond < 0 else len(whole) - beyond % (self.stride + 1) - self._kept
        self.window, self.cache, self.logits = whole[None, start:], None, None
        return bits

    def surprisals(self, pieces: Sequence[bytes]) -> list[NDArray[np.float64]]:
        """Return the bits of each byte of each piece, all of them read from here; stay."""
        values = [np.frombuffer(piece, np.uint8) for piece in pieces]
        return self._in_lanes(values) if _context(self.model) is None else self._in_windows(values)

    def _in_lanes(self, pieces: list[NDArray[np.uint8]]) -> list[NDArray[np.float64]]:
        found = [np.empty(len(piece)) for piece in pieces]
        for block in _blocks([len(piece) for piece in pieces]):
            rows = np.zeros((len(block), max(len(pieces[number]) for number in block)), np.uint8)
            for row, number in zip(rows, block, strict=True):
                row[: len(pieces[number])] = pieces[number]
            for bits, number in zip(self.copy(len(block))._through(rows), block, strict=True):
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
        return (_context(self.model) or 0) - self.stride - 1

    def _windows(self, size: int, first: int) -> Iterator[tuple[int, int, int]]:
        """Yield where each window over `size` bytes starts, and the first and last byte it predicts from `first` on."""
        start, stop = 0, _context(self.model) or 0
        while stop < size:
            if first < stop:
                yield start, first, stop
                first = stop
            start, stop = stop - self._kept, stop + self.stride + 1
        yield start, first, size

    def _catch_up(self) -> Tensor:
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

    def _through(self, rows: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Read on in every lane of a model without a window, and return the bits, shape (n_lanes, n)."""
        found = np.empty(rows.shape)
        last = self._catch_up()
        for start in range(0, rows.shape[1], _LONGEST_BLOCK):
            part = rows[:, start : start + _LONGEST_BLOCK]
            logits, self.cache = self._forward(part, self.cache)
            everything = torch.cat([last[:, None], logits[:, :-1]], 1)
            found[:, start : start + _LONGEST_BLOCK] = _bits(everything, torch.from_numpy(part.astype(np.int64)))
            last = self.logits = logits[:, -1]
        return found

    @torch.inference_mode()
    def _forward(self, tokens: NDArray[Any], cache: tuple[Tensor, ...] | None) -> tuple[Tensor, tuple[Tensor, ...]]:
        logits, kept = self.model(torch.from_numpy(tokens.astype(np.int64)).to(self.device), cache)
        return logits, kept


def _context(model: nn.Module) -> int | None:
    """Return the window of a model, in bytes."""
    context: Any = model.context
    return None if context is None else int(context)


@torch.inference_mode()
def _bits(logits: Tensor, symbols: Tensor) -> NDArray[np.float64]:
    chances = functional.log_softmax(logits.float(), 2)
    chosen = chances.gather(2, symbols.long().to(logits.device)[..., None])[..., 0]
    return -chosen.double().cpu().numpy() / math.log(2)


def _blocks(sizes: list[int]) -> Iterator[list[int]]:
    """Yield the numbers of pieces that go together: of like sizes, and not too many bytes in all."""
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
