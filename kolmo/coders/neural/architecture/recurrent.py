"""Recurrent neural networks over bytes: GRU and LSTM."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kolmo.coders.neural.architecture.embedding import START, ByteEmbedding

Cache = tuple[Tensor, ...]
"""The last tokens, for the n-grams; then the state: one tensor of a GRU, two of an LSTM."""


class Recurrent(nn.Module):
    """A recurrent network that predicts the next byte from its state and from the vector of the current byte.

    Parameters
    ----------
    cell : {"gru", "lstm"}
    width : int
        Size of the state.
    n_layers : int
    embedding : int
        Size of the byte vectors.
    n_grams, hash_bits : int
        See `ByteEmbedding`.

    References
    ----------
    Hochreiter and Schmidhuber, "Long short-term memory", 1997; Cho et al., "Learning phrase representations using RNN
    encoder-decoder for statistical machine translation", 2014.
    """

    context_length = None

    def __init__(self, *, cell: str, width: int, n_layers: int, embedding: int, n_grams: int, hash_bits: int) -> None:
        super().__init__()
        self.embedding = ByteEmbedding(embedding, n_grams, hash_bits)
        kind = {"gru": nn.GRU, "lstm": nn.LSTM}[cell]
        self.cell = kind(embedding, width, n_layers, batch_first=True)
        self.output = nn.Linear(width + embedding, START)
        nn.init.normal_(self.embedding.bytes.weight, std=0.1)
        if self.embedding.grams is not None:
            nn.init.normal_(self.embedding.grams.weight, std=0.02)

    def forward(self, tokens: Tensor, cache: Cache | None = None) -> tuple[Tensor, Cache]:
        """Return logits of shape (n, t, 256) for tokens of shape (n, t), and the cache after them."""
        before = cache[0] if cache else tokens.new_full((len(tokens), self.embedding.n_grams), START)
        state = None if cache is None else cache[1] if len(cache) == 2 else cache[1:]
        vectors = self.embedding(tokens, before)
        # torch puts the layers first in a state; the cache puts the batch first
        if state is not None:
            state = (
                state.transpose(0, 1).contiguous()
                if isinstance(state, Tensor)
                else tuple(part.transpose(0, 1).contiguous() for part in state)
            )
        read, state = self.cell(vectors, state)
        parts = (state,) if isinstance(state, Tensor) else state
        last = torch.cat([before, tokens], 1)[:, tokens.shape[1] :]
        logits = self.output(torch.cat([read, vectors], 2))
        return logits, (last, *(part.transpose(0, 1) for part in parts))
