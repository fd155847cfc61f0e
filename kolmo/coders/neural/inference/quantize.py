"""Weights in fewer bits: what a model costs if it must be sent along."""

from __future__ import annotations

import torch
from torch import nn

SCALE_BITS = 16


def quantize(model: nn.Module, bits: int) -> float:
    """Round the weights of a model in place, and return how many bits it takes to write them down.

    Each row of a matrix has a scale of 16 bits, and whole numbers of `bits` bits from there; what is no matrix stays in
    32 bits. With 32, nothing changes.

    Parameters
    ----------
    model : Module
    bits : int
        32, or 2 to 8.

    Returns
    -------
    float
        Bits.

    References
    ----------
    Delétang et al., "Language Modeling Is Compression", ICLR 2024, charge for parameters so (there: 16 bits each).
    """
    total = 0.0
    with torch.no_grad():
        for weight in model.parameters():
            if bits == 32 or weight.ndim < 2:
                total += 32.0 * weight.numel()
                continue
            most = 2 ** (bits - 1) - 1
            scale = (weight.abs().amax(1, keepdim=True) / most).half().float().clamp(min=2.0**-24)
            weight.copy_((weight / scale).round().clamp(-most, most) * scale)
            total += bits * weight.numel() + SCALE_BITS * weight.shape[0]
    return total
