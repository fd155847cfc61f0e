"""Input vectors of a model: embeddings of each byte and of hashed n-grams."""

from __future__ import annotations

import torch
from torch import Tensor, nn

START = 256
"""The token before the first byte."""
_MULTIPLIER = 0x9E3779B1


class ByteEmbedding(nn.Module):
    """The sum of the embeddings of the byte and of the hashes of the last 2, 3, ... bytes.

    The hashed n-grams let a small network recognise long strings, as an n-gram model does, at almost no cost in time:
    each byte reads and updates one row of a large table.

    Parameters
    ----------
    width : int
        Size of the vectors.
    n_grams : int
        Number of n-gram lengths: from 2 to ``n_grams + 1`` bytes.
    hash_bits : int
        Each n-gram length has a table of 2 to the power of `hash_bits` rows.

    References
    ----------
    Pagnoni et al., "Byte Latent Transformer: Patches Scale Better Than Tokens", 2024.
    """

    def __init__(self, width: int, n_grams: int, hash_bits: int) -> None:
        super().__init__()
        self.n_grams, self.hash_bits = n_grams, hash_bits
        self.bytes = nn.Embedding(START + 1, width)
        self.grams = nn.Embedding(n_grams << hash_bits, width, sparse=True) if n_grams else None

    def forward(self, tokens: Tensor, before: Tensor) -> Tensor:
        """Return vectors of shape (n, t, width) for tokens of shape (n, t) that follow the n_grams tokens `before`."""
        vectors: Tensor = self.bytes(tokens)
        if self.grams is not None:
            vectors = vectors + self.grams(self._rows(tokens, before)).sum(2)
        return vectors

    def _rows(self, tokens: Tensor, before: Tensor) -> Tensor:
        """Return the table rows of all n-grams, shape (n, t, n_grams)."""
        whole = torch.cat([before, tokens], 1)
        size, rows, code = tokens.shape[1], [], tokens.long() + 1
        for back in range(1, self.n_grams + 1):
            start = self.n_grams - back
            code = (code * _MULTIPLIER + whole[:, start : start + size] + 1) & 0xFFFFFFFF
            mixed = ((code ^ (code >> 15)) * _MULTIPLIER) & 0xFFFFFFFF
            rows.append((mixed >> (32 - self.hash_bits)) + ((back - 1) << self.hash_bits))
        return torch.stack(rows, 2)
