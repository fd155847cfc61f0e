"""Inference with pretrained token-level models: surprisals of many texts in batches, and predictions step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from kolmo.coders.neural.inference.finite import check_logits
from kolmo.coders.neural.inference.frequencies import coded_bits, frequencies
from kolmo.coders.neural.inference.segments import one_line_errors

_LOGITS_AT_ONCE = 2**27
_TOKENS_AT_ONCE = 2**14


@dataclass(frozen=True)
class TokenInference:
    """A causal language model after reading a context.

    With a context length of C, the first window holds the start token and C - 1 others, and predicts C tokens. Each
    later window starts with the last C - S - 1 tokens of the one before and predicts S + 1 more: S is the stride.

    Parameters
    ----------
    model : Module
        A causal language model of Hugging Face.
    device : torch.device
    n_symbols : int
        Size of the vocabulary; further logits of the model are ignored.
    start : int or None
        The token at the start of each window; without one, the first token of a window is predicted uniformly.
    context_length, stride : int
    context : ndarray of shape (n,)
        The tokens read first.
    """

    model: Any
    device: torch.device
    n_symbols: int
    start: int | None
    context_length: int
    stride: int
    context: NDArray[np.int64]

    @property
    def kept(self) -> int:
        """Number of tokens that a new window takes over from the one before."""
        return self.context_length - self.stride - 1

    def surprisals(self, pieces: Sequence[NDArray[np.int64]]) -> list[NDArray[np.float64]]:
        """Return the surprisal of each token of each piece in bits, each piece read after the context."""
        found = [np.empty(len(piece)) for piece in pieces]
        before = len(self.context)
        wholes = [np.concatenate([self.context, piece]) for piece in pieces]
        tasks = [(number, *window) for number, whole in enumerate(wholes) for window in self._windows(len(whole))]
        tasks.sort(key=lambda task: task[1] - task[3])
        for block in self._blocks(tasks):
            longest = max(stop - begin for _, begin, _, stop in block)
            tokens = np.zeros((len(block), longest), np.int64)  # padding at the end affects no earlier token
            for row, (number, begin, _, stop) in zip(tokens, block, strict=True):
                row[: stop - begin] = wholes[number][begin:stop]
            bits = self._bits(tokens)
            for row, (number, begin, first, stop) in zip(bits, block, strict=True):
                found[number][first - before : stop - before] = row[first - begin : stop - begin]
        return found

    def logits(self, tokens: NDArray[np.int64], cache: Any = None) -> Iterator[tuple[Tensor, Any]]:
        """Yield the logits after each token and the cache, in blocks of limited size."""
        inputs = torch.from_numpy(np.ascontiguousarray(tokens)).to(self.device)
        step = max(1, _LOGITS_AT_ONCE // (len(tokens) * self.n_symbols))
        with torch.inference_mode():
            for place in range(0, tokens.shape[1], step):
                with one_line_errors("the model cannot predict the next token"):
                    output = self.model(
                        input_ids=inputs[:, place : place + step], past_key_values=cache, use_cache=True
                    )
                cache = output.past_key_values
                yield check_logits(output.logits[..., : self.n_symbols].float()), cache

    def _bits(self, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the surprisal of each token in bits, for windows from their start."""
        found = np.full(tokens.shape, coded_bits(1 / self.n_symbols, self.n_symbols))
        place, inputs = 1, tokens[:, :-1]
        if self.start is not None:
            place, inputs = 0, np.pad(inputs, ((0, 0), (1, 0)), constant_values=self.start)
        for logits, _ in self.logits(inputs):
            targets = torch.from_numpy(tokens[:, place : place + logits.shape[1]]).to(self.device)
            probabilities = torch.log_softmax(logits, 2).gather(2, targets[..., None])[..., 0].double().exp()
            found[:, place : place + logits.shape[1]] = coded_bits(probabilities.cpu().numpy(), self.n_symbols)
            place += logits.shape[1]
        return found

    def _windows(self, size: int) -> Iterator[tuple[int, int, int]]:
        """Yield start, first predicted token and end of each window over `size` tokens."""
        begin, first, stop = 0, len(self.context), self.context_length
        while stop < size:
            yield begin, first, stop
            begin, first, stop = stop - self.kept, stop, stop + self.stride + 1
        if first < size:
            yield begin, first, size

    def _blocks(self, tasks: list[tuple[int, int, int, int]]) -> Iterator[list[tuple[int, int, int, int]]]:
        """Yield batches of windows; the first of a batch is the longest."""
        most = min(_TOKENS_AT_ONCE, _LOGITS_AT_ONCE // self.n_symbols)
        place = 0
        while place < len(tasks):
            _, begin, _, stop = tasks[place]
            rows = max(1, most // (stop - begin))
            yield tasks[place : place + rows]
            place += rows


class TokenState:
    """The state of a model that reads a batch of pieces token by token, each after the same context."""

    def __init__(self, inference: TokenInference, batch_size: int) -> None:
        self.inference = inference
        self.tokens = np.repeat(inference.context[None], batch_size, 0)
        self.cache: Any = None
        self.last: Tensor | None = None

    def frequencies(self) -> NDArray[np.float32]:
        """Return the integer frequency of each next token, minus 1."""
        if self.last is None:
            self._begin()
        assert self.last is not None
        return frequencies(self.last.cpu().numpy())

    def step(self, symbols: NDArray[np.int64]) -> None:
        """Read one token in each batch row."""
        self.tokens = np.concatenate([self.tokens, symbols[:, None]], 1)
        if self.tokens.shape[1] >= self.inference.context_length:
            self.tokens = self.tokens[:, self.tokens.shape[1] - self.inference.kept :]
            self.cache = self.last = None
        else:
            self._feed(symbols[:, None])

    def _begin(self) -> None:
        start = self.inference.start
        inputs = self.tokens if start is None else np.pad(self.tokens, ((0, 0), (1, 0)), constant_values=start)
        self.last = torch.zeros((len(inputs), self.inference.n_symbols))
        self._feed(inputs)

    def _feed(self, tokens: NDArray[np.int64]) -> None:
        for logits, cache in self.inference.logits(tokens, self.cache):
            self.cache, self.last = cache, logits[:, -1]
