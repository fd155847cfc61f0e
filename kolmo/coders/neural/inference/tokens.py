"""What a pretrained model says of tokens: of many texts at once, or step by step with what it keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

TOTAL = 2**24
"""Frequencies are whole numbers and add up to this."""
_LOGITS_AT_ONCE = 2**27
_TOKENS_AT_ONCE = 2**14


@dataclass(frozen=True)
class TokenReader:
    """A model that has read a context, in windows.

    A window of C tokens has the start token and C - 1 others, and predicts C; the next begins anew from the last
    C - S - 1 of them, and predicts S + 1 more, and so on: S is the stride.

    Parameters
    ----------
    model : Module
        A causal language model of Hugging Face's.
    device : torch.device
    n_symbols : int
        How many tokens there are; the model may have logits for more, which stand for nothing.
    start : int or None
        The token that each window begins with; without one, the first token of a window is any with equal chances.
    window, stride : int
    given : ndarray of shape (n,)
        The tokens that were read.
    """

    model: Any
    device: torch.device
    n_symbols: int
    start: int | None
    window: int
    stride: int
    given: NDArray[np.int64]

    @property
    def kept(self) -> int:
        """How many tokens a new window begins with."""
        return self.window - self.stride - 1

    def surprisals(self, pieces: Sequence[NDArray[np.int64]]) -> list[NDArray[np.float64]]:
        """Return the bits of each token of each piece, all of them read from here."""
        found = [np.empty(len(piece)) for piece in pieces]
        before = len(self.given)
        wholes = [np.concatenate([self.given, piece]) for piece in pieces]
        tasks = [(number, *window) for number, whole in enumerate(wholes) for window in self._windows(len(whole))]
        tasks.sort(key=lambda task: task[1] - task[3])
        for block in self._blocks(tasks):
            longest = max(stop - begin for _, begin, _, stop in block)
            tokens = np.zeros((len(block), longest), np.int64)  # padding comes last, where nobody looks back at it
            for row, (number, begin, _, stop) in zip(tokens, block, strict=True):
                row[: stop - begin] = wholes[number][begin:stop]
            bits = self._bits(tokens)
            for row, (number, begin, first, stop) in zip(bits, block, strict=True):
                found[number][first - before : stop - before] = row[first - begin : stop - begin]
        return found

    def logits(self, tokens: NDArray[np.int64], cache: Any = None) -> Iterator[tuple[Tensor, Any]]:
        """Yield what the model says after each token, some tokens at a time, and what it keeps."""
        inputs = torch.from_numpy(np.ascontiguousarray(tokens)).to(self.device)
        step = max(1, _LOGITS_AT_ONCE // (len(tokens) * self.n_symbols))
        with torch.inference_mode():
            for place in range(0, tokens.shape[1], step):
                said = self.model(input_ids=inputs[:, place : place + step], past_key_values=cache, use_cache=True)
                cache = said.past_key_values
                yield said.logits[..., : self.n_symbols].float(), cache

    def _bits(self, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the bits of each token of windows from their start."""
        found = np.full(tokens.shape, -np.log2(_coded_chance(1 / self.n_symbols, self.n_symbols)))
        place, inputs = 1, tokens[:, :-1]
        if self.start is not None:
            place, inputs = 0, np.pad(inputs, ((0, 0), (1, 0)), constant_values=self.start)
        for logits, _ in self.logits(inputs):
            targets = torch.from_numpy(tokens[:, place : place + logits.shape[1]]).to(self.device)
            chances = torch.log_softmax(logits, 2).gather(2, targets[..., None])[..., 0].double().exp()
            coded = _coded_chance(chances.cpu().numpy(), self.n_symbols)
            found[:, place : place + logits.shape[1]] = -np.log2(coded)
            place += logits.shape[1]
        return found

    def _windows(self, size: int) -> Iterator[tuple[int, int, int]]:
        """Yield where each window over `size` tokens starts, and the first and last token it is asked about."""
        begin, first, stop = 0, len(self.given), self.window
        while stop < size:
            yield begin, first, stop
            begin, first, stop = stop - self.kept, stop, stop + self.stride + 1
        if first < size:
            yield begin, first, size

    def _blocks(self, tasks: list[tuple[int, int, int, int]]) -> Iterator[list[tuple[int, int, int, int]]]:
        """Yield windows that go together, of which the first is the longest."""
        most = min(_TOKENS_AT_ONCE, _LOGITS_AT_ONCE // self.n_symbols)
        place = 0
        while place < len(tasks):
            _, begin, _, stop = tasks[place]
            rows = max(1, most // (stop - begin))
            yield tasks[place : place + rows]
            place += rows


class Lanes:
    """Pieces side by side, read token by token from where a reader stands."""

    def __init__(self, reader: TokenReader, n_lanes: int) -> None:
        self.reader = reader
        self.tokens = np.repeat(reader.given[None], n_lanes, 0)
        self.cache: Any = None
        self.last: Tensor | None = None

    def frequencies(self) -> NDArray[np.float32]:
        """Return how often each token comes next, once less, in whole numbers: rows add up to TOTAL - n_symbols.

        Every token is there once more than this, which the entropy coder adds: none has a frequency of 0. Sums of
        these numbers are exact in float32. As the bounds between tokens are what is rounded, no error adds up.
        """
        if self.last is None:
            self._begin()
        assert self.last is not None
        wide = self.last.cpu().numpy().astype(np.float64)
        below = np.cumsum(np.exp(wide - wide.max(1, keepdims=True)), 1)
        room = TOTAL - self.reader.n_symbols
        bounds = np.floor(below * (room / below[:, -1:]))
        bounds[:, -1] = room
        return np.diff(bounds, axis=1, prepend=0).astype(np.float32)

    def step(self, symbols: NDArray[np.int64]) -> None:
        """Read one token in each lane."""
        self.tokens = np.concatenate([self.tokens, symbols[:, None]], 1)
        if self.tokens.shape[1] >= self.reader.window:
            self.tokens = self.tokens[:, self.tokens.shape[1] - self.reader.kept :]
            self.cache = self.last = None
        else:
            self._feed(symbols[:, None])

    def _begin(self) -> None:
        start = self.reader.start
        inputs = self.tokens if start is None else np.pad(self.tokens, ((0, 0), (1, 0)), constant_values=start)
        self.last = torch.zeros((len(inputs), self.reader.n_symbols))
        self._feed(inputs)

    def _feed(self, tokens: NDArray[np.int64]) -> None:
        for logits, cache in self.reader.logits(tokens, self.cache):
            self.cache, self.last = cache, logits[:, -1]


def _coded_chance(chance: Any, n_symbols: int) -> Any:
    """Return the chance that the real code gives a token, up to rounding: none has less than 1 of TOTAL."""
    return (1 + chance * (TOTAL - n_symbols)) / TOTAL
