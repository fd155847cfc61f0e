"""Training a model of bytes: a search for weights under which a corpus is short."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed, nn
from torch.nn import functional

from kolmo._core.files import write_bytes
from kolmo.coders.neural.architecture.config import ModelConfig
from kolmo.coders.neural.architecture.embedding import START
from kolmo.coders.neural.folder import SavedModel, read_config, save_model
from kolmo.coders.neural.inference.bytes import Reader
from kolmo.coders.neural.training.checkpoint import read_checkpoint, write_checkpoint
from kolmo.coders.neural.training.optimizers import learn, optimizers, set_rate
from kolmo.coders.neural.training.plan import TrainingPlan
from kolmo.errors import DataError, ParameterError

CHECKPOINT, CURVE = "checkpoint.safetensors", "curve.jsonl"
MOST_HELD_OUT = 2**18
_PIECE = 2**13
_ANEW = 1 / 16
"""How often a lane of a recurrent network forgets what it read, so that the model learns to begin anywhere."""


@dataclass(frozen=True, kw_only=True)
class Milestone:
    """Where a training stands at the end of an interval; bits are bits a byte."""

    step: int
    n_bytes: int
    seconds: float
    training_bits: float
    held_out_bits: float


def split_corpus(data: bytes, held_out: bytes | None = None) -> tuple[bytes, bytes]:
    """Return what to train on and what to hold out: unless given, the last fiftieth of the data, 256 KiB at most.

    Raises
    ------
    DataError
        If either is too small.
    """
    if held_out is None:
        size = min(MOST_HELD_OUT, len(data) // 50)
        data, held_out = data[: len(data) - size], data[len(data) - size :]
    if len(data) < 1000 or not held_out:
        raise DataError(
            f"{len(data):,} bytes to train on and {len(held_out):,} held out are too few; it takes 1,000 and 1"
        )
    return data, held_out


class Training:
    """A model, its optimiser, and the places in the corpora.

    Every lane reads on from its place in a corpus, around its end; what it reads at a step depends on the step alone.
    Several corpora have the same number of lanes each, so that of every step they have equal shares, whatever their
    sizes.
    """

    def __init__(self, config: ModelConfig, plan: TrainingPlan, corpora: Sequence[bytes], device: torch.device) -> None:
        self.rank, self.n_ranks = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        for count, sharers in ((self.n_ranks, "processes"), (len(corpora), "corpora")):
            if plan.lanes % count:
                raise ParameterError(f"{plan.lanes} lanes cannot be shared among {count} {sharers}; take a multiple")
        self.forgets = config.window is not None
        self.plan = plan = dataclasses.replace(plan, length=min(plan.length, config.window or plan.length))
        self.data, self.device = np.frombuffer(b"".join(corpora), np.uint8), device
        lanes, sizes = np.arange(plan.lanes), np.array([len(corpus) for corpus in corpora])
        chosen = lanes % len(corpora)
        self.begins, self.sizes = (np.cumsum(sizes) - sizes)[chosen], sizes[chosen]
        self.places = lanes // len(corpora) * (self.sizes // (plan.lanes // len(corpora)))
        self.model = config.build(seed=plan.seed).to(device).train()
        self.parallel = self.model
        if self.n_ranks > 1:
            self.parallel = nn.parallel.DistributedDataParallel(self.model)
        self.optimizers = optimizers(self.model, plan.weight_decay)
        self.step, self.seconds = 0, 0.0
        self.carried: tuple[Tensor, ...] | None = None

    @property
    def share(self) -> float:
        """How much of the training is done, 0 to 1."""
        return self.plan.share(self.step, self.seconds)

    @property
    def n_bytes(self) -> int:
        """How many bytes all lanes have read."""
        return self.step * self.plan.lanes * self.plan.length

    def advance(self) -> Tensor:
        """Take a step; return the mean of its bits a byte, as they were before it."""
        start = time.perf_counter()
        set_rate(self.optimizers, self.plan.rate(self.share))
        inputs, targets, anew = self._batch()
        cache = self.carried
        if cache is not None:
            tokens, *state = cache
            state = [part.masked_fill(anew.view(-1, *[1] * (part.ndim - 1)), 0.0) for part in state]
            cache = (tokens.masked_fill(anew.view(-1, 1), START), *state)
        kind = self.device.type
        with torch.autocast(kind, torch.bfloat16, enabled=kind == "cuda"):
            logits, cache = self.parallel(inputs, cache)
        loss = functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
        learn(loss, self.model, self.optimizers, self.plan.clip)
        self.carried = None if self.forgets else tuple(part.detach() for part in cache)
        self.step += 1
        self.seconds += time.perf_counter() - start
        self._agree()
        return loss.detach() / math.log(2)

    def check(self, bits: float) -> None:
        """Refuse to go on with a loss that is no number any more."""
        if not math.isfinite(bits):
            raise DataError(
                f"the loss is no number any more after {self.step:,} steps; take a smaller learning rate, such as "
                f"{self.plan.learning_rate / 3:.1g}"
            )

    def _batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return tokens, the bytes that follow each, and which lanes begin anew."""
        plan = self.plan
        lanes = np.arange(self.rank, plan.lanes, self.n_ranks)
        places = self.places[lanes, None] + self.step * plan.length + np.arange(-1, plan.length)
        read = self.data[self.begins[lanes, None] + places % self.sizes[lanes, None]].astype(np.int64)
        anew = np.random.default_rng([plan.seed, self.step]).random(plan.lanes)[lanes] < _ANEW
        if self.forgets or self.carried is None:
            anew[:] = True
        read[anew, 0] = START
        tokens = torch.from_numpy(read).to(self.device, non_blocking=True)
        return tokens[:, :-1], tokens[:, 1:], torch.from_numpy(anew).to(self.device)

    def _agree(self) -> None:
        """Have all processes go by the clock of the first."""
        if self.n_ranks > 1 and self.plan.seconds is not None:
            clock = torch.tensor([self.seconds], device=self.device)
            distributed.broadcast(clock, 0)
            self.seconds = float(clock)


def train(
    config: ModelConfig,
    plan: TrainingPlan,
    data: bytes,
    held_out: bytes,
    folder: Path,
    *,
    device: torch.device | None = None,
    on_step: Callable[[Training, Milestone | None], object] = lambda *_: None,
) -> SavedModel:
    """Train a model, and leave it in a folder: the weights under which the held-out bytes were shortest.

    At the end of each interval a checkpoint is written; the same call then goes on from there, and ends with the same
    weights as if it had never stopped, unless the plan goes by the clock. Under ``torchrun`` the lanes are shared among
    the processes.

    Parameters
    ----------
    config : ModelConfig
    plan : TrainingPlan
    data, held_out : bytes
        See `split_corpus`.
    folder : Path
        Comes to hold ``config.json``, ``model.safetensors`` and ``curve.jsonl``.
    device : torch.device, optional
        By default a GPU where there is one.
    on_step : callable, optional
        Is called after each step with the training, and with a `Milestone` where an interval ended.

    Returns
    -------
    SavedModel

    Raises
    ------
    DataError
        If the folder holds another model, or the checkpoint of another training; or if the loss is no number any more.
    """
    device = device or best_device()
    start_processes(device)
    try:
        return _train(config, plan, data, held_out, folder, device, on_step)
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


def _train(
    config: ModelConfig,
    plan: TrainingPlan,
    data: bytes,
    held_out: bytes,
    folder: Path,
    device: torch.device,
    on_step: Callable[[Training, Milestone | None], object],
) -> SavedModel:
    training = Training(config, plan, [data], device)
    plan = training.plan
    facts = {
        "model": config.to_dict(),
        "plan": dataclasses.asdict(plan),
        "data_sha256": hashlib.sha256(data).hexdigest(),
        "held_out_sha256": hashlib.sha256(held_out).hexdigest(),
    }
    curve = [Milestone(**row) for row in read_checkpoint(folder / CHECKPOINT, training, facts)]
    best = min((row.held_out_bits for row in curve), default=math.inf)
    total, counted, saved = torch.zeros((), device=device), 0, None
    while training.share < 1.0:
        reached = int(training.share * plan.intervals)
        total += training.advance()
        counted += 1
        if int(training.share * plan.intervals) == reached and training.share < 1.0:
            on_step(training, None)
            continue
        row = Milestone(
            step=training.step,
            n_bytes=training.n_bytes,
            seconds=round(training.seconds, 3),
            training_bits=float(total) / counted,
            held_out_bits=float(held_out_bits(training.model, held_out, device).mean()),
        )
        training.check(row.training_bits + row.held_out_bits)
        curve.append(row)
        total.zero_()
        counted = 0
        if training.rank == 0:
            if row.held_out_bits < best:
                about = facts | {"device": device_name(device), "torch": torch.__version__, **dataclasses.asdict(row)}
                saved = save_model(folder, training.model, config, about)
            rows = [dataclasses.asdict(row) for row in curve]
            write_checkpoint(folder / CHECKPOINT, training, facts, rows)
            write_bytes(folder / CURVE, "".join(json.dumps(row) + "\n" for row in rows).encode())
        best = min(best, row.held_out_bits)
        on_step(training, row)
    if training.rank == 0:
        (folder / CHECKPOINT).unlink(missing_ok=True)
    return saved or read_config(folder)


def held_out_bits(model: nn.Module, data: bytes, device: torch.device) -> NDArray[np.float64]:
    """Return the bits of each byte of `data` under the model as it is, on one process."""
    model.eval()
    bits = Reader.begin(model, device).surprisals([data[at : at + _PIECE] for at in range(0, len(data), _PIECE)])
    model.train()
    return np.concatenate(bits)


def best_device(name: str = "auto") -> torch.device:
    """Return the device of that name, or the best there is.

    Raises
    ------
    ParameterError
        If there is none of that name.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ParameterError(f"the device {name!r} cannot be used: {str(error).splitlines()[0]}") from error
    if device.type == "cuda" and device.index is None:
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return device


def start_processes(device: torch.device) -> None:
    """Join the other processes, if ``torchrun`` started several."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not distributed.is_initialized():
        if device.type == "cuda":
            torch.cuda.set_device(device)
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")


def device_name(device: torch.device) -> str:
    """Return what a person calls the device."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
