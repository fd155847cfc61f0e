"""Going on with a trained model: how a coder reads more than its window holds."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from kolmo.coders.neural.architecture.embedding import START
from kolmo.coders.neural.training.optimizers import learn, optimizers, set_rate

_LENGTH, _LANES = 128, 8


def tune(
    model: nn.Module, data: bytes, *, passes: int, device: torch.device, learning_rate: float = 1e-3, seed: int = 0
) -> None:
    """Train a model on some more bytes, in place.

    Pieces of the data are read in an order drawn by `seed`, each alone, with a learning rate that falls to nothing.

    Parameters
    ----------
    model : Module
    data : bytes
    passes : int
        How often each byte is read.
    device : torch.device
    learning_rate : float
        Of AdamW, at the start.
    seed : int
    """
    values = np.frombuffer(data, np.uint8).astype(np.int64)
    length = min(_LENGTH, int(model.context or _LENGTH))  # type: ignore[arg-type]
    n_pieces = -(-len(values) // length)
    rows = np.full((n_pieces, length + 1), -1)
    rows[:, 0] = START
    padded = np.full(n_pieces * length, -1)  # what is left of the last piece is not learned
    padded[: len(values)] = values
    rows[:, 1:] = padded.reshape(n_pieces, length)
    drawn = np.random.default_rng(seed)
    order = np.concatenate([drawn.permutation(n_pieces) for _ in range(passes)])
    steps = [order[start : start + _LANES] for start in range(0, len(order), _LANES)]
    model.train().requires_grad_(True)
    both = optimizers(model, weight_decay=0.0)
    with torch.inference_mode(False), torch.enable_grad():
        for number, chosen in enumerate(steps):
            set_rate(both, learning_rate * (1 - number / len(steps)))
            tokens = torch.from_numpy(rows[chosen]).to(device)
            logits, _ = model(tokens[:, :-1].clamp(min=0))
            loss = functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), ignore_index=-1)
            learn(loss, model, both, clip=1.0)
    model.eval().requires_grad_(False)
