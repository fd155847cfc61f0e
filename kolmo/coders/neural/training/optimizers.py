"""Optimisers: AdamW for dense weights, SparseAdam for hash tables, and fine-tuning with both."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn, optim
from torch.nn import functional

from kolmo.coders.neural.architecture.embedding import START
from kolmo.errors import DataError

MOMENTS = ("exp_avg", "exp_avg_sq")
"""State that both optimisers keep for each weight: running means of the gradient and of its square."""
_BETAS = (0.9, 0.95)
_SEQUENCE_LENGTH, _BATCH_SIZE = 128, 8


def optimizers(model: nn.Module, weight_decay: float) -> list[optim.Optimizer]:
    """Return the optimisers of all weights; weight decay applies to dense matrices only."""
    tables = [module.weight for module in model.modules() if isinstance(module, nn.Embedding) and module.sparse]
    dense = [weight for weight in model.parameters() if all(weight is not table for table in tables)]
    groups = [
        {"params": [weight for weight in dense if weight.ndim > 1], "weight_decay": weight_decay},
        {"params": [weight for weight in dense if weight.ndim <= 1], "weight_decay": 0.0},
    ]
    chosen: list[optim.Optimizer] = [optim.AdamW(groups, betas=_BETAS, fused=True)]
    if tables:
        chosen.append(optim.SparseAdam(tables, betas=_BETAS))
    return chosen


def optimizer_state(model: nn.Module, chosen: list[optim.Optimizer]) -> dict[str, Tensor]:
    """Return the moments of all weights, by the name of the moment and of the weight."""
    return {
        f"{moment}.{name}": optimizer.state[weight][moment]
        for name, weight, optimizer in _by_weight(model, chosen)
        for moment in MOMENTS
    }


def load_optimizer_state(
    model: nn.Module, chosen: list[optim.Optimizer], moments: dict[str, Tensor], n_steps: int
) -> None:
    """Set the moments of all weights and the number of steps taken."""
    for name, weight, optimizer in _by_weight(model, chosen):
        is_sparse = isinstance(optimizer, optim.SparseAdam)
        optimizer.state[weight].update(
            {moment: moments[f"{moment}.{name}"].to(weight.device) for moment in MOMENTS},
            step=n_steps if is_sparse else torch.tensor(float(n_steps), device=weight.device),
        )


def set_rate(chosen: list[optim.Optimizer], rate: float) -> None:
    """Set the learning rate."""
    for optimizer in chosen:
        for group in optimizer.param_groups:
            group["lr"] = rate


def learn(loss: Tensor, model: nn.Module, chosen: list[optim.Optimizer], clip: float) -> None:
    """Take a gradient step; the norm of the dense gradients is clipped to `clip`."""
    for optimizer in chosen:
        optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_([w for w in model.parameters() if w.grad is not None and not w.grad.is_sparse], clip)
    for optimizer in chosen:
        optimizer.step()


def fine_tune(
    model: nn.Module, data: bytes, *, passes: int, device: torch.device, learning_rate: float = 1e-3, seed: int = 0
) -> None:
    """Fine-tune a model on `data`, in place.

    The data are cut into sequences, which are read in random order and independently of each other. The learning rate
    falls linearly to 0.

    Parameters
    ----------
    model : Module
    data : bytes
    passes : int
        Number of passes over the data.
    device : torch.device
    learning_rate : float
        Initial learning rate.
    seed : int
        Seed of the order.
    """
    values = np.frombuffer(data, np.uint8).astype(np.int64)
    length = min(_SEQUENCE_LENGTH, int(model.context_length or _SEQUENCE_LENGTH))  # type: ignore[arg-type]
    n_sequences = -(-len(values) // length)
    rows = np.full((n_sequences, length + 1), -1)
    rows[:, 0] = START
    padded = np.full(n_sequences * length, -1)  # the loss ignores the padding of the last sequence
    padded[: len(values)] = values
    rows[:, 1:] = padded.reshape(n_sequences, length)
    generator = np.random.default_rng(seed)
    order = np.concatenate([generator.permutation(n_sequences) for _ in range(passes)])
    steps = [order[start : start + _BATCH_SIZE] for start in range(0, len(order), _BATCH_SIZE)]
    model.train().requires_grad_(True)
    chosen = optimizers(model, weight_decay=0.0)
    with torch.inference_mode(False), torch.enable_grad():
        for number, batch in enumerate(steps):
            set_rate(chosen, learning_rate * (1 - number / len(steps)))
            tokens = torch.from_numpy(rows[batch]).to(device)
            logits, _ = model(tokens[:, :-1].clamp(min=0))
            loss = functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), ignore_index=-1)
            if not bool(torch.isfinite(loss)):
                raise DataError(
                    "the loss of the fine-tuning is not finite (NaN or infinity); use passes=0, or another model"
                )
            learn(loss, model, chosen, clip=1.0)
    model.eval().requires_grad_(False)


def _by_weight(model: nn.Module, chosen: list[optim.Optimizer]) -> list[tuple[str, Tensor, optim.Optimizer]]:
    """Return the name of each weight, the weight, and its optimiser."""
    names = {id(weight): name for name, weight in model.named_parameters()}
    return [
        (names[id(weight)], weight, optimizer)
        for optimizer in chosen
        for group in optimizer.param_groups
        for weight in group["params"]
    ]
