"""The check that a model predicts finite numbers: at the logits, before anything is computed from them."""

from __future__ import annotations

import torch
from torch import Tensor

from kolmo.errors import DataError


def check_logits(logits: Tensor) -> Tensor:
    """Return logits, or raise a DataError if one of them is NaN or infinite."""
    # a float64 sum of finite float32 numbers is finite, and faster than a test of each
    if not bool(logits.sum(dtype=torch.float64).isfinite()):
        raise DataError(
            "the model predicts logits that are not finite (NaN or infinity): its weights are damaged or too large; "
            "use another copy of the model, or train it again"
        )
    return logits
