"""Quantisation of weights, and the size of the quantised model."""

from __future__ import annotations

import torch
from torch import nn

from kolmo.errors import DataError

SCALE_BITS = 16
_HALF_MAX = 65504.0
"""The largest number in 16 bits."""


def quantize(model: nn.Module, bits: int) -> float:
    """Quantise the weights of a model in place, and return the size of the model in bits.

    Each row of a matrix has a scale of 16 bits and integers of `bits` bits; all other weights stay in 32 bits. With
    ``bits=32`` nothing changes.

    Parameters
    ----------
    model : Module
    bits : int
        Bits per weight: 32, or 2 to 8.

    Returns
    -------
    float
        Size of all weights and scales, in bits.

    References
    ----------
    Delétang et al., "Language Modeling Is Compression", ICLR 2024, counts 16 bits per parameter.
    """
    total = 0.0
    with torch.no_grad():
        for weight in model.parameters():
            if bits == 32 or weight.ndim < 2:
                total += 32.0 * weight.numel()
                continue
            most = 2 ** (bits - 1) - 1
            largest = float(weight.abs().max())
            if largest > _HALF_MAX * most:
                raise DataError(
                    f"a weight of {largest:.3g} is too large for {bits} bits: expected at most "
                    f"{_HALF_MAX * most:,.0f}; use bits=32"
                )
            scale = (weight.abs().amax(1, keepdim=True) / most).half().float().clamp(min=2.0**-24)
            weight.copy_((weight / scale).round().clamp(-most, most) * scale)
            total += bits * weight.numel() + SCALE_BITS * weight.shape[0]
    return total
