"""One run of a sweep: a model trained on a part of a data set, or a coder primed with it."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass

import numpy as np

from kolmo.coders.registry import coder as made_coder
from kolmo.errors import DataError

_BLOCK = 4096
_EVERY = 16
_MAX_HELD_OUT = 2**16
_LEAST_TRAINING = 2000
_BATCH_OF_ONE = 2**14
"""Bytes of a run whose batch is one sequence."""
_LARGEST_BATCH = 32


@dataclass(frozen=True)
class Parts:
    """A data set cut into training, tuning and held-out data.

    Parameters
    ----------
    training, tuning, held_out : bytes
        Every sixteenth block of 4,096 bytes or less is held out, alternately for tuning and for the loss, so that all
        parts are alike.
    """

    training: bytes
    tuning: bytes
    held_out: bytes

    @classmethod
    def of(cls, data: bytes, name: str) -> Parts:
        """Cut a data set; the blocks are smaller if it is short.

        Raises
        ------
        DataError
            If there are too few bytes.
        """
        block = max(64, min(_BLOCK, len(data) // (4 * _EVERY)))
        blocks = [data[start : start + block] for start in range(0, len(data), block)]
        most = max(1, _MAX_HELD_OUT // block)
        chosen = list(range(_EVERY // 2, len(blocks), _EVERY))
        if len(chosen) > 2 * most:
            chosen = [chosen[place] for place in np.linspace(0, len(chosen) - 1, 2 * most).round().astype(int)]
        kept = [blocks[place] for place in range(len(blocks)) if place not in set(chosen)]
        training = b"".join(kept)
        if len(training) < _LEAST_TRAINING or len(chosen) < 2:
            raise DataError(f"{name}: expected at least {2 * _LEAST_TRAINING:,} bytes for a sweep, got {len(data):,}")
        return cls(training, *(b"".join(blocks[place] for place in chosen[side::2]) for side in (1, 0)))

    def part(self, fraction: float, seed: int) -> bytes:
        """Return a part of the training data; its place is drawn by the seed."""
        size = max(1, round(fraction * len(self.training)))
        start = int(np.random.default_rng(seed).integers(len(self.training) - size + 1))
        return self.training[start : start + size]

    @property
    def order0_bits(self) -> float:
        """Bits per held-out byte by the frequencies of the training bytes: what a model without context needs."""
        counts = np.bincount(np.frombuffer(self.training, np.uint8), minlength=256) + 0.5
        bits = -np.log2(counts / counts.sum())
        return float(bits[np.frombuffer(self.held_out, np.uint8)].mean())


def batch_of(n_bytes: float) -> int:
    """Return the batch size: a power of two from 1 to 32 that grows as the root of the bytes read.

    Few bytes need small batches, or there are too few steps; a batch that grew as fast as the bytes would leave the
    number of steps as it is.

    Examples
    --------
    >>> batch_of(50_000), batch_of(1e6), batch_of(1e8)
    (2, 8, 32)
    """
    return int(2 ** np.clip(np.round(np.log2(n_bytes / _BATCH_OF_ONE) / 2), 0, np.log2(_LARGEST_BATCH)))


def train_once(
    architecture: str,
    n_parameters: float,
    data: bytes,
    held_out: bytes,
    n_bytes: int,
    batch_size: int,
    sequence_length: int,
    learning_rate: float,
    seed: int,
    device: str,
    threads: int | None,
) -> tuple[float, float, float]:
    """Train a model from random weights; return held-out bits per byte, steps and seconds.

    The weights after the last step count. A loss that is not finite is returned as infinity.
    """
    import torch

    from kolmo.coders.neural.devices import best_device
    from kolmo.coders.neural.training.loop import held_out_bits
    from kolmo.coders.neural.training.plan import TrainingPlan
    from kolmo.coders.neural.training.state import Training
    from kolmo.laws.sweeps.sizes import config_of_size

    if threads is not None:
        torch.set_num_threads(threads)
    start = time.perf_counter()
    plan = TrainingPlan(
        n_bytes=n_bytes,
        batch_size=batch_size,
        sequence_length=sequence_length,
        learning_rate=learning_rate,
        checkpoints=1,
        seed=seed,
    )
    chosen = best_device(device)
    training = Training(config_of_size(architecture, n_parameters), plan, [data], chosen)
    while training.completed < 1.0:
        training.step()
    try:
        bits = float(held_out_bits(training.model, held_out, chosen).mean())
    except DataError:
        bits = np.inf
    return bits if np.isfinite(bits) else np.inf, float(training.n_steps), time.perf_counter() - start


def prime_once(coder: str, data: bytes, held_out: bytes) -> tuple[float, float, float]:
    """Return the conditional code length of held-out data in bits per byte, 0 steps, and seconds."""
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bits = made_coder(coder).prime(data).code_length(held_out)
    return bits / len(held_out), 0.0, time.perf_counter() - start
