"""A decoder-only Transformer over bytes."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from kolmo.coders.neural.architecture.embedding import START, ByteEmbedding

Cache = tuple[Tensor, ...]
"""The last tokens, for the n-grams; then keys and values of every layer."""


class Transformer(nn.Module):
    """A decoder-only Transformer that predicts the next byte from those in its context.

    It has pre-normalisation and no biases.

    Parameters
    ----------
    width : int
        Size of the vectors between the layers: a multiple of twice `n_heads`.
    n_layers, n_heads : int
    context_length : int
        Largest number of bytes in the context.
    positions : {"rotary", "learned"}
    mlp : {"swiglu", "gelu"}
    n_grams, hash_bits : int
        See `ByteEmbedding`.

    References
    ----------
    Vaswani et al., "Attention is all you need", 2017; Su et al., "RoFormer", 2021; Shazeer, "GLU variants improve
    Transformer", 2020; Zhang and Sennrich, "Root mean square layer normalization", 2019.
    """

    def __init__(
        self,
        *,
        width: int,
        n_layers: int,
        n_heads: int,
        context_length: int,
        positions: str,
        mlp: str,
        n_grams: int,
        hash_bits: int,
    ) -> None:
        super().__init__()
        self.context_length = context_length
        self.embedding = ByteEmbedding(width, n_grams, hash_bits)
        self.positions = nn.Embedding(context_length, width) if positions == "learned" else None
        rotary = _rotations(context_length, width // n_heads) if positions == "rotary" else None
        self.layers = nn.ModuleList(_Layer(width, n_heads, mlp, rotary) for _ in range(n_layers))
        self.norm = nn.RMSNorm(width)
        self.output = nn.Linear(width, START, bias=False)
        self.apply(_initialise)
        for (
            layer
        ) in self.layers:  # keep the initial variance of the residual stream independent of the number of layers
            for part in ("joined", "down"):
                nn.init.normal_(layer.get_parameter(f"{part}.weight"), std=0.02 / (2 * n_layers) ** 0.5)

    def forward(self, tokens: Tensor, cache: Cache | None = None) -> tuple[Tensor, Cache]:
        """Return logits of shape (n, t, 256) for tokens of shape (n, t), and the cache after them."""
        n_grams = self.embedding.n_grams
        before = cache[0] if cache else tokens.new_full((len(tokens), n_grams), START)
        start = cache[1].shape[2] if cache else 0
        vectors = self.embedding(tokens, before)
        if self.positions is not None:
            vectors = vectors + self.positions.weight[start : start + tokens.shape[1]]
        kept: list[Tensor] = [torch.cat([before, tokens], 1)[:, tokens.shape[1] :]]
        for number, layer in enumerate(self.layers):
            past = cache[2 * number + 1 : 2 * number + 3] if cache else ()
            vectors, keys, values = layer(vectors, past)
            kept += [keys, values]
        return self.output(self.norm(vectors)), tuple(kept)


class _Layer(nn.Module):
    def __init__(self, width: int, n_heads: int, mlp: str, rotary: Tensor | None) -> None:
        super().__init__()
        self.n_heads, self.gated = n_heads, mlp == "swiglu"
        inner = round(width * 8 / 3 / 16) * 16 if self.gated else 4 * width
        self.norm1, self.norm2 = nn.RMSNorm(width), nn.RMSNorm(width)
        self.heads = nn.Linear(width, 3 * width, bias=False)
        self.joined = nn.Linear(width, width, bias=False)
        self.up = nn.Linear(width, 2 * inner if self.gated else inner, bias=False)
        self.down = nn.Linear(inner, width, bias=False)
        self.register_buffer("rotary", rotary, persistent=False)

    def forward(self, vectors: Tensor, past: Cache) -> tuple[Tensor, Tensor, Tensor]:
        n, size, width = vectors.shape
        split = self.heads(self.norm1(vectors)).view(n, size, 3, self.n_heads, width // self.n_heads)
        queries, keys, values = split.permute(2, 0, 3, 1, 4)
        start = past[0].shape[2] if past else 0
        if self.rotary is not None:
            turn = cast(Tensor, self.rotary)[start : start + size]
            queries, keys = _rotated(queries, turn), _rotated(keys, turn)
        if past:
            keys, values = torch.cat([past[0], keys], 2), torch.cat([past[1], values], 2)
        if start == 0 or size == 1:
            mixed = functional.scaled_dot_product_attention(queries, keys, values, is_causal=size > 1)
        else:
            seen = torch.ones(size, start + size, dtype=torch.bool, device=vectors.device).tril(start)
            mixed = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=seen)
        vectors = vectors + self.joined(mixed.transpose(1, 2).reshape(n, size, width))
        inner = self.up(self.norm2(vectors))
        if self.gated:
            gate, inner = inner.chunk(2, -1)
            inner = functional.silu(gate) * inner
        else:
            inner = functional.gelu(inner)
        return vectors + self.down(inner), keys, values


def _rotations(context_length: int, size: int) -> Tensor:
    """Return cosines and sines of the angles of every position, shape (context_length, 2, size / 2)."""
    if torch.get_default_device().type == "meta":  # only shapes are asked for
        return torch.empty(context_length, 2, size // 2)
    angles = torch.outer(torch.arange(context_length), 10000.0 ** (-torch.arange(0, size, 2) / size))
    return torch.stack([angles.cos(), angles.sin()], 1)


def _rotated(heads: Tensor, turn: Tensor) -> Tensor:
    """Rotate each pair of numbers by the angle of its position."""
    first, second = heads.chunk(2, -1)
    cosine, sine = turn[:, 0].to(heads.dtype), turn[:, 1].to(heads.dtype)
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], -1)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
