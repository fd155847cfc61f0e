"""The optimisers of a model: AdamW, and one that touches only the rows of large tables that were read."""

from __future__ import annotations

from torch import Tensor, nn, optim

_BETAS = (0.9, 0.95)


def optimizers(model: nn.Module, weight_decay: float) -> list[optim.Optimizer]:
    """Return the optimisers of all weights; matrices decay."""
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


def set_rate(chosen: list[optim.Optimizer], rate: float) -> None:
    """Set the learning rate."""
    for optimizer in chosen:
        for group in optimizer.param_groups:
            group["lr"] = rate


def learn(loss: Tensor, model: nn.Module, chosen: list[optim.Optimizer], clip: float) -> None:
    """Take a step down the gradient of `loss`, whose norm is cut off at `clip`, but for that of tables."""
    for optimizer in chosen:
        optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_([w for w in model.parameters() if w.grad is not None and not w.grad.is_sparse], clip)
    for optimizer in chosen:
        optimizer.step()
