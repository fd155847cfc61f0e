"""Training plans: how long to train, in which batches, at which learning rate."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

from kolmo._core.checks import check_count
from kolmo.errors import ParameterError

_STORED = {"batch_size": "lanes", "sequence_length": "length", "warmup": "warm_up", "checkpoints": "intervals"}
"""Keys of the fields in checkpoints and in ``config.json``, where they differ from the names."""

MAX_BATCH_BYTES = 2**22
"""Largest number of bytes in a batch; the predictions of this many take 4 GiB."""
LIMITS = {
    "n_bytes": 2**50,
    "batch_size": 2**16,
    "sequence_length": 2**20,
    "checkpoints": 10**6,
    "seed": 2**63 - 1,
}
"""Largest values of the integers of a plan."""
MAX_NUMBER = 1e9
"""Largest learning rate, gradient norm, and number of seconds."""


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """How to train a model.

    Parameters
    ----------
    n_bytes : int or None
        Number of bytes to read, in as many passes over the corpus as that takes.
    seconds : float or None
        Training time, instead of `n_bytes`; the result then depends on the machine.
    batch_size : int
        Number of sequences in a batch.
    sequence_length : int
        Bytes of a sequence in one step; at most the context length of a transformer.
    learning_rate, weight_decay : float
        Parameters of AdamW; the learning rate is that after the warm-up.
    clip : float
        Largest norm of the gradient.
    warmup : float
        Part of the training during which the learning rate rises, from 0 to 1. After that it falls along a cosine to a
        twentieth.
    checkpoints : int
        Number of evaluation points, at each of which the held-out loss is measured and a checkpoint is written.
    seed : int
        Seed of the weights and of the state resets.

    Examples
    --------
    >>> TrainingPlan(n_bytes=2**20, batch_size=32, sequence_length=256).n_steps
    128
    """

    n_bytes: int | None = None
    seconds: float | None = None
    batch_size: int = 32
    sequence_length: int = 256
    learning_rate: float = 3e-3
    weight_decay: float = 0.1
    clip: float = 1.0
    warmup: float = 0.03
    checkpoints: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        if (self.n_bytes is None) == (self.seconds is None):
            raise ParameterError("expected either n_bytes or seconds, the length of the training, not both or neither")
        for name, high in LIMITS.items():
            if name != "n_bytes":
                check_count(name, getattr(self, name), 0 if name == "seed" else 1, high)
        for name in ("seconds", "learning_rate", "clip"):
            value = getattr(self, name)
            if (name != "seconds" or value is not None) and not (_is_number(value) and 0 < value <= MAX_NUMBER):
                raise ParameterError(f"{name}: expected a number above 0, at most {MAX_NUMBER:.0g}, got {value!r}")
        for name in ("weight_decay", "warmup"):
            value = getattr(self, name)
            if not (_is_number(value) and 0 <= value < 1):
                raise ParameterError(f"{name}: expected a number of at least 0 and below 1, got {value!r}")
        if self.batch_size * self.sequence_length > MAX_BATCH_BYTES:
            raise ParameterError(
                f"batch_size times sequence_length: expected at most {MAX_BATCH_BYTES:,} bytes in a batch, got "
                f"{self.batch_size * self.sequence_length:,}; take a smaller batch_size or sequence_length"
            )
        if self.n_bytes is not None:
            check_count("n_bytes", self.n_bytes, 1, LIMITS["n_bytes"])

    @property
    def n_steps(self) -> int | None:
        """Number of steps; None for a training of a number of seconds."""
        return None if self.n_bytes is None else -(-self.n_bytes // (self.batch_size * self.sequence_length))

    def completed(self, n_steps: int, seconds: float) -> float:
        """Return the completed part of the training, from 0 to 1."""
        if self.n_steps is not None:
            return min(1.0, n_steps / self.n_steps)
        return min(1.0, seconds / (self.seconds or 1.0))

    def rate(self, completed: float) -> float:
        """Return the learning rate once this part of the training is completed."""
        if completed < self.warmup:
            return self.learning_rate * max(completed, self.warmup / 100) / self.warmup
        return self.learning_rate * (
            0.05 + 0.475 * (1 + math.cos(math.pi * (completed - self.warmup) / (1 - self.warmup)))
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as it is stored in checkpoints and in ``config.json``."""
        return {_STORED.get(name, name): value for name, value in dataclasses.asdict(self).items()}


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
