"""The state of a training: model, optimisers, and positions in the corpora."""

from __future__ import annotations

import dataclasses
import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, distributed, nn
from torch.nn import functional

from kolmo.coders.neural.architecture.config import ModelConfig
from kolmo.coders.neural.architecture.embedding import START
from kolmo.coders.neural.training.optimizers import (
    MOMENTS,
    learn,
    load_optimizer_state,
    optimizer_state,
    optimizers,
    set_rate,
)
from kolmo.coders.neural.training.plan import TrainingPlan
from kolmo.errors import DataError, ParameterError

RESET_PROBABILITY = 1 / 16
"""Probability per batch row and step that the state of a recurrent network is reset, as at the start of a text."""

_BYTES_PER_TOKEN, _BYTES_PER_WEIGHT = 2 * 4 * 256, 4 * 4
"""Memory of a step: logits and their gradients; each weight, its gradient and two moments."""


@dataclass(frozen=True, kw_only=True)
class EvalPoint:
    """Losses at an evaluation point, in bits per byte.

    Parameters
    ----------
    step : int
        Steps taken.
    n_bytes : int
        Bytes read.
    seconds : float
        Training time, without evaluation.
    training_bits : float
        Mean training loss since the last evaluation point; before the first step, the loss of the first bytes.
    held_out_bits : float
        Held-out loss.
    """

    step: int
    n_bytes: int
    seconds: float
    training_bits: float
    held_out_bits: float


class Training:
    """A model in training, its optimisers, and the positions of all batch rows in the corpora.

    Each batch row reads a corpus from a starting position of its own, continuing at the start of the corpus after its
    end; the bytes of a step depend on the number of the step alone. With several corpora, each has the same number of
    batch rows, so that every step reads the same number of bytes of each, whatever their sizes.

    Parameters
    ----------
    config : ModelConfig
    plan : TrainingPlan
    corpora : sequence of bytes
    device : torch.device

    Raises
    ------
    ParameterError
        If the batch size is no multiple of the number of corpora, or of processes.
    """

    def __init__(self, config: ModelConfig, plan: TrainingPlan, corpora: Sequence[bytes], device: torch.device) -> None:
        self.rank, self.n_ranks = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        for count, sharers in ((self.n_ranks, "processes"), (len(corpora), "corpora")):
            if plan.batch_size % count:
                raise ParameterError(
                    f"batch_size: expected a multiple of {count}, the number of {sharers}, got {plan.batch_size}"
                )
        self.is_recurrent = config.window is None
        length = min(plan.sequence_length, config.window or plan.sequence_length)
        self.plan = plan = dataclasses.replace(plan, sequence_length=length)
        self.data, self.device = np.frombuffer(b"".join(corpora), np.uint8), device
        rows, sizes = np.arange(plan.batch_size), np.array([len(corpus) for corpus in corpora])
        chosen = rows % len(corpora)
        self.begins, self.sizes = (np.cumsum(sizes) - sizes)[chosen], sizes[chosen]
        self.places = rows // len(corpora) * (self.sizes // (plan.batch_size // len(corpora)))
        _check_memory(config, plan, self.n_ranks, device)
        self.model = config.build(seed=plan.seed).to(device).train()
        self.parallel = self.model
        if self.n_ranks > 1:
            self.parallel = nn.parallel.DistributedDataParallel(self.model)
        self.optimizers = optimizers(self.model, plan.weight_decay)
        self.n_steps, self.seconds = 0, 0.0
        self.carried: tuple[Tensor, ...] | None = None

    @property
    def completed(self) -> float:
        """Completed part of the training, from 0 to 1."""
        return self.plan.completed(self.n_steps, self.seconds)

    @property
    def n_bytes(self) -> int:
        """Bytes read by all batch rows."""
        return self.n_steps * self.plan.batch_size * self.plan.sequence_length

    def step(self) -> Tensor:
        """Take a step; return the mean loss of its batch before the step, in bits per byte."""
        start = time.perf_counter()
        set_rate(self.optimizers, self.plan.rate(self.completed))
        inputs, targets, reset = self._batch()
        cache = self.carried
        if cache is not None:
            tokens, *state = cache
            state = [part.masked_fill(reset.view(-1, *[1] * (part.ndim - 1)), 0.0) for part in state]
            cache = (tokens.masked_fill(reset.view(-1, 1), START), *state)
        kind = self.device.type
        with torch.autocast(kind, torch.bfloat16, enabled=kind == "cuda"):
            logits, cache = self.parallel(inputs, cache)
        loss = functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
        learn(loss, self.model, self.optimizers, self.plan.clip)
        self.carried = tuple(part.detach() for part in cache) if self.is_recurrent else None
        self.n_steps += 1
        self.seconds += time.perf_counter() - start
        self._share_clock()
        return loss.detach() / math.log(2)

    def check(self, bits: float) -> float:
        """Return a loss, or raise a DataError if it is not finite."""
        if not math.isfinite(bits):
            raise DataError(
                f"the loss is not finite (NaN or infinity) after {self.n_steps:,} steps; take a smaller learning rate, "
                f"such as {self.plan.learning_rate / 3:.1g}"
            )
        return bits

    def state_dict(self) -> dict[str, Tensor]:
        """Return the weights, the optimiser moments and the recurrent state as tensors by name."""
        weights = {f"weight.{name}": weight.detach() for name, weight in self.model.named_parameters()}
        carried = {f"carried.{number}": part for number, part in enumerate(self.carried or ())}
        return weights | optimizer_state(self.model, self.optimizers) | carried

    def load_state_dict(self, tensors: dict[str, Tensor], *, n_steps: int, seconds: float) -> None:
        """Continue from what `state_dict` returned after `n_steps` steps, which took `seconds`."""
        for name, weight in self.model.named_parameters():
            for part in ("weight", *MOMENTS):
                if tensors[f"{part}.{name}"].shape != weight.shape:
                    raise ValueError(f"{part}.{name} has another shape")
            weight.data.copy_(tensors[f"weight.{name}"])
        load_optimizer_state(self.model, self.optimizers, tensors, n_steps)
        carried: list[Tensor] = []
        while f"carried.{len(carried)}" in tensors:
            carried.append(tensors[f"carried.{len(carried)}"].to(self.device))
        # the tensors hold the recurrent state of one process; with several processes, all batch rows are reset
        self.carried = tuple(carried) if carried and self.n_ranks == 1 else None
        self.n_steps, self.seconds = n_steps, seconds

    def _batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return the tokens, the byte that follows each, and which batch rows are reset."""
        plan = self.plan
        rows = np.arange(self.rank, plan.batch_size, self.n_ranks)
        places = self.places[rows, None] + self.n_steps * plan.sequence_length + np.arange(-1, plan.sequence_length)
        read = self.data[self.begins[rows, None] + places % self.sizes[rows, None]].astype(np.int64)
        draws = np.random.default_rng([plan.seed, self.n_steps]).random(plan.batch_size)
        reset = draws[rows] < RESET_PROBABILITY
        if self.carried is None:
            reset[:] = True
        read[reset, 0] = START
        tokens = torch.from_numpy(read).to(self.device, non_blocking=True)
        return tokens[:, :-1], tokens[:, 1:], torch.from_numpy(reset).to(self.device)

    def _share_clock(self) -> None:
        """Set the training time of all processes to that of the first."""
        if self.n_ranks > 1 and self.plan.seconds is not None:
            clock = torch.tensor([self.seconds], device=self.device)
            distributed.broadcast(clock, 0)
            self.seconds = float(clock)


def _check_memory(config: ModelConfig, plan: TrainingPlan, n_ranks: int, device: torch.device) -> None:
    """Raise a ParameterError if the memory that a step needs at least is more than the machine has."""
    tokens = plan.batch_size * plan.sequence_length // n_ranks
    per_token = _BYTES_PER_TOKEN + 4 * config.width * config.n_layers
    needed = tokens * per_token + _BYTES_PER_WEIGHT * config.n_parameters
    is_gpu = device.type == "cuda"
    available = torch.cuda.get_device_properties(device).total_memory if is_gpu else _physical_memory()
    if needed > available:
        raise ParameterError(
            f"a step of {tokens:,} bytes with a model of {config.n_parameters:,} weights needs at least {needed:,} "
            f"bytes of memory, and {device.type} has {available:,}; take a smaller batch_size, sequence_length or model"
        )


def _physical_memory() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not known on this system
        return 2**63
