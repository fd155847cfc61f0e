"""How to train a model."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kolmo.errors import ParameterError


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """How to train.

    Parameters
    ----------
    n_bytes : int or None
        How many bytes to read in all, the corpus over and over.
    seconds : float or None
        How long to train instead; what comes out then depends on the machine.
    lanes : int
        How many places of the corpus are read side by side.
    length : int
        Bytes that a lane reads in one step; at most the window of a transformer.
    learning_rate, weight_decay, clip : float
        Of AdamW, and the largest norm of the gradient.
    warm_up : float
        Share of the whole in which the rate rises; it falls along a cosine to a twentieth from there.
    intervals : int
        How many times the held-out bytes are measured and a checkpoint is written.
    seed : int

    Examples
    --------
    >>> TrainingPlan(n_bytes=2**20, lanes=32, length=256).n_steps
    128
    """

    n_bytes: int | None = None
    seconds: float | None = None
    lanes: int = 32
    length: int = 256
    learning_rate: float = 3e-3
    weight_decay: float = 0.1
    clip: float = 1.0
    warm_up: float = 0.03
    intervals: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        if (self.n_bytes is None) == (self.seconds is None):
            raise ParameterError("a training has either a number of bytes to read, or of seconds to take")
        for name in ("n_bytes", "seconds", "lanes", "length", "learning_rate", "clip", "intervals"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ParameterError(f"{name} of a training must be above 0, but {value!r} came")

    @property
    def n_steps(self) -> int | None:
        """How many steps the bytes take; None for a number of seconds."""
        return None if self.n_bytes is None else -(-self.n_bytes // (self.lanes * self.length))

    def share(self, step: int, seconds: float) -> float:
        """Return how much of the training is done, 0 to 1."""
        if self.n_steps is not None:
            return min(1.0, step / self.n_steps)
        return min(1.0, seconds / (self.seconds or 1.0))

    def rate(self, share: float) -> float:
        """Return the learning rate."""
        if share < self.warm_up:
            return self.learning_rate * max(share, self.warm_up / 100) / self.warm_up
        return self.learning_rate * (
            0.05 + 0.475 * (1 + math.cos(math.pi * (share - self.warm_up) / (1 - self.warm_up)))
        )
