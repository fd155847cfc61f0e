"""The training loop: steps, evaluation points, checkpoints, and the best weights in a folder."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import distributed, nn

from kolmo._core.files import write_bytes
from kolmo.coders.neural.architecture.config import ModelConfig
from kolmo.coders.neural.devices import best_device, device_name, start_processes
from kolmo.coders.neural.folder import SavedModel, read_config, save_model
from kolmo.coders.neural.inference.byte_inference import InferenceState
from kolmo.coders.neural.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from kolmo.coders.neural.training.plan import TrainingPlan
from kolmo.coders.neural.training.state import EvalPoint, Training
from kolmo.errors import DataError

CHECKPOINT, CURVE = "checkpoint.safetensors", "curve.jsonl"
MAX_HELD_OUT = 2**18
_PIECE = 2**13


def split_corpus(data: bytes, held_out: bytes | None = None) -> tuple[bytes, bytes]:
    """Return training data and held-out data: by default the last 2 %, at most 256 KiB, are held out.

    Raises
    ------
    DataError
        If either is too small.
    """
    if held_out is None:
        size = min(MAX_HELD_OUT, len(data) // 50)
        data, held_out = data[: len(data) - size], data[len(data) - size :]
    if len(data) < 1000 or not held_out:
        raise DataError(
            f"too few bytes: expected at least 1,000 to train on and 1 held out, got {len(data):,} and "
            f"{len(held_out):,}"
        )
    return data, held_out


def train(
    config: ModelConfig,
    plan: TrainingPlan,
    data: bytes,
    held_out: bytes,
    folder: Path,
    *,
    device: torch.device | None = None,
    on_step: Callable[[Training, EvalPoint | None], object] = lambda *_: None,
) -> SavedModel:
    """Train a model and save the weights with the smallest held-out loss in a folder.

    At each evaluation point a checkpoint is written. The same call resumes from it after an interruption, and ends with
    the same weights as an uninterrupted training, unless the plan gives a number of seconds. Under ``torchrun`` the
    batch rows are divided among the processes.

    Parameters
    ----------
    config : ModelConfig
    plan : TrainingPlan
    data, held_out : bytes
        As `split_corpus` returns them.
    folder : Path
        Receives ``config.json``, ``model.safetensors`` and ``curve.jsonl``.
    device : torch.device, optional
        By default the GPU if there is one.
    on_step : callable, optional
        Called after each step with the training, and with an `EvalPoint` or None.

    Returns
    -------
    SavedModel

    Raises
    ------
    DataError
        If the folder holds the checkpoint of another training, or the loss is not finite.
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
    on_step: Callable[[Training, EvalPoint | None], object],
) -> SavedModel:
    training = Training(config, plan, [data], device)
    plan = training.plan
    facts = {
        "model": config.to_dict(),
        "plan": plan.to_dict(),
        "data_sha256": hashlib.sha256(data).hexdigest(),
        "held_out_sha256": hashlib.sha256(held_out).hexdigest(),
    }
    curve: list[EvalPoint] = []
    found = read_checkpoint(folder / CHECKPOINT, facts)
    if found is not None:
        training.load_state_dict(found.tensors, n_steps=found.n_steps, seconds=found.seconds)
        curve = [EvalPoint(**row) for row in found.curve]
    best = min((point.held_out_bits for point in curve), default=math.inf)
    total, counted, saved = torch.zeros((), device=device), 0, None
    while training.completed < 1.0:
        reached = int(training.completed * plan.checkpoints)
        total += training.step()
        counted += 1
        if int(training.completed * plan.checkpoints) == reached and training.completed < 1.0:
            on_step(training, None)
            continue
        point = EvalPoint(
            step=training.n_steps,
            n_bytes=training.n_bytes,
            seconds=round(training.seconds, 3),
            training_bits=float(total) / counted,
            held_out_bits=float(held_out_bits(training.model, held_out, device).mean()),
        )
        training.check(point.training_bits + point.held_out_bits)
        curve.append(point)
        total.zero_()
        counted = 0
        if training.rank == 0:
            if point.held_out_bits < best:
                about = facts | {"device": device_name(device), "torch": torch.__version__, **dataclasses.asdict(point)}
                saved = save_model(folder, training.model, config, about)
            rows = [dataclasses.asdict(point) for point in curve]
            checkpoint = Checkpoint(
                tensors=training.state_dict(), n_steps=training.n_steps, seconds=training.seconds, curve=rows
            )
            write_checkpoint(folder / CHECKPOINT, checkpoint, facts)
            write_bytes(folder / CURVE, "".join(json.dumps(row) + "\n" for row in rows).encode())
        best = min(best, point.held_out_bits)
        on_step(training, point)
    if training.rank == 0:
        (folder / CHECKPOINT).unlink(missing_ok=True)
    return saved or read_config(folder)


def held_out_bits(model: nn.Module, data: bytes, device: torch.device) -> NDArray[np.float64]:
    """Return the surprisal of each byte of held-out data in bits, computed on one process."""
    model.eval()
    pieces = [data[start : start + _PIECE] for start in range(0, len(data), _PIECE)]
    bits = InferenceState.begin(model, device).surprisals(pieces)
    model.train()
    return np.concatenate(bits)
