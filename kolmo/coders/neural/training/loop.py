"""The training loop: steps, evaluation points, checkpoints, and the best weights in a folder."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import distributed, nn

from kolmo._core.files import make_folder, write_bytes
from kolmo._core.locks import locked, remove_abandoned
from kolmo.coders.neural.architecture.config import ModelConfig
from kolmo.coders.neural.devices import best_device, device_name, is_first_process, start_processes
from kolmo.coders.neural.folder import CONFIG, WEIGHTS, SavedNetwork, read_config, save_model
from kolmo.coders.neural.inference.byte_inference import InferenceState
from kolmo.coders.neural.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from kolmo.coders.neural.training.plan import TrainingPlan
from kolmo.coders.neural.training.state import EvalPoint, Training
from kolmo.errors import DataError

CHECKPOINT, CURVE = "checkpoint.safetensors", "curve.jsonl"
LOCK, LOCK_WAIT_SECONDS = ".kolmo.lock", 5.0
"""The lock of a folder in training; a second training waits this long for the first to end."""
MAX_HELD_OUT = 2**18
_PIECE = 2**13


def split_corpus(data: bytes, held_out: bytes | None = None) -> tuple[bytes, bytes]:
    """Return training data and held-out data: by default the last 2%, at most 256 KiB, are held out.

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
    force: bool = False,
    on_step: Callable[[Training, EvalPoint | None], object] = lambda *_: None,
) -> SavedNetwork:
    """Train a model and save the weights with the smallest held-out loss in a folder.

    The curve starts with the losses before the first step. At each evaluation point a checkpoint is written. The same
    call resumes from it after an interruption, and ends with the same weights as an uninterrupted training, unless the
    plan gives a number of seconds. Under ``torchrun`` the batch rows are divided among the processes.

    Parameters
    ----------
    config : ModelConfig
    plan : TrainingPlan
    data, held_out : bytes
        As `split_corpus` returns them.
    folder : Path
        Receives ``config.json``, ``model.safetensors`` and ``curve.jsonl``. It must be empty, or have the checkpoint
        of the same training.
    device : torch.device, optional
        By default the GPU if there is one.
    force : bool
        Write to a folder that has other files, and replace a model or the checkpoint of another training in it.
    on_step : callable, optional
        Called after each step with the training, and with an `EvalPoint` or None.

    Returns
    -------
    SavedNetwork

    Raises
    ------
    DataError
        If the folder holds other files or the checkpoint of another training, or the loss is not finite.
    """
    device = device or best_device()
    start_processes(device)
    try:
        with contextlib.ExitStack() as stack:
            if is_first_process():
                make_folder(folder)
                lock = locked(folder / LOCK, purpose=f"the model folder {folder}", wait=LOCK_WAIT_SECONDS)
                stack.enter_context(lock)
                check_folder(folder, force=force)
            return _train(config, plan, data, held_out, folder, device, force, on_step)
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
    force: bool,
    on_step: Callable[[Training, EvalPoint | None], object],
) -> SavedNetwork:
    training = Training(config, plan, [data], device)
    plan = training.plan
    facts = {
        "model": config.to_dict(),
        "plan": plan.to_dict(),
        "data_sha256": hashlib.sha256(data).hexdigest(),
        "held_out_sha256": hashlib.sha256(held_out).hexdigest(),
    }
    curve: list[EvalPoint] = []
    saved = None

    def save_best(point: EvalPoint) -> SavedNetwork:
        about = facts | {"device": device_name(device), "torch": torch.__version__, **dataclasses.asdict(point)}
        return save_model(folder, training.model, config, about)

    found = _resumed(training, folder / CHECKPOINT, facts, force=force)
    if found is not None:
        curve = found
        earlier = [point.held_out_bits for point in curve[:-1] if point.step]
        # the training may have been interrupted after the checkpoint, and before the model of this point was saved
        if training.rank == 0 and curve[-1].held_out_bits < min(earlier, default=math.inf):
            saved = save_best(curve[-1])
    else:
        curve.append(_before_training(training, data, held_out, device))
    best = min((point.held_out_bits for point in curve if point.step), default=math.inf)
    total, counted = torch.zeros((), device=device), 0
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
            training_bits=training.check(float(total) / counted),
            held_out_bits=training.check(_mean_held_out_bits(training.model, held_out, device)),
        )
        curve.append(point)
        total.zero_()
        counted = 0
        if training.rank == 0:
            rows = [dataclasses.asdict(point) for point in curve]
            checkpoint = Checkpoint(
                tensors=training.state_dict(), n_steps=training.n_steps, seconds=training.seconds, curve=rows
            )
            write_checkpoint(folder / CHECKPOINT, checkpoint, facts)
            if point.held_out_bits < best:  # after the checkpoint, by which an interrupted training is recognised
                saved = save_best(point)
            write_bytes(folder / CURVE, "".join(json.dumps(row) + "\n" for row in rows).encode())
        best = min(best, point.held_out_bits)
        on_step(training, point)
    if training.rank == 0:
        (folder / CHECKPOINT).unlink(missing_ok=True)
    return saved or read_config(folder)


def _before_training(training: Training, data: bytes, held_out: bytes, device: torch.device) -> EvalPoint:
    """Return the losses of the weights at the start; the training loss is that of as many bytes as are held out."""
    return EvalPoint(
        step=0,
        n_bytes=0,
        seconds=0.0,
        training_bits=training.check(_mean_held_out_bits(training.model, data[: len(held_out)], device)),
        held_out_bits=training.check(_mean_held_out_bits(training.model, held_out, device)),
    )


def read_curve(folder: Path) -> list[EvalPoint]:
    """Return the evaluation points of a finished training; the first is that before the first step."""
    lines = (folder / CURVE).read_text(encoding="utf-8").splitlines()
    return [EvalPoint(**json.loads(line)) for line in lines]


def check_folder(folder: Path, *, force: bool = False) -> None:
    """Raise a DataError if a folder has other files than those of an interrupted training.

    Temporary files of interrupted trainings are removed.

    Parameters
    ----------
    folder : Path
        The output of a training; it need not exist.
    force : bool
        Accept any folder.
    """
    if not folder.is_dir():
        return
    remove_abandoned(folder)
    if force or (folder / CHECKPOINT).is_file():
        return
    others = sorted(path.name for path in folder.iterdir() if path.name != LOCK)
    if others:
        kind = "a model" if CONFIG in others or WEIGHTS in others else f"files, such as {others[0]!r}"
        raise DataError(f"the folder {str(folder)!r} holds {kind}; name another folder, or replace it with --force")


def _resumed(training: Training, path: Path, facts: dict[str, Any], *, force: bool) -> list[EvalPoint] | None:
    """Load the checkpoint of a training, if there is one, and return its evaluation points."""
    try:
        found = read_checkpoint(path, facts)
        if found is None:
            return None
        try:
            training.load_state_dict(found.tensors, n_steps=found.n_steps, seconds=found.seconds)
            curve = [EvalPoint(**row) for row in found.curve]
            training.check(sum(point.held_out_bits for point in curve) / len(curve))
            return curve
        except (KeyError, ValueError, TypeError, RuntimeError, AttributeError, ZeroDivisionError) as error:
            raise DataError(f"the checkpoint {path} is of another training ({error}); delete it") from error
    except DataError:
        if not force:
            raise
        return None


def _mean_held_out_bits(model: nn.Module, held_out: bytes, device: torch.device) -> float:
    """Return the held-out loss; NaN if the model predicts numbers that are not finite."""
    try:
        return float(held_out_bits(model, held_out, device).mean())
    except DataError:
        return math.nan


def held_out_bits(model: nn.Module, data: bytes, device: torch.device) -> NDArray[np.float64]:
    """Return the surprisal of each byte of held-out data in bits, computed on one process."""
    model.eval()
    pieces = [data[start : start + _PIECE] for start in range(0, len(data), _PIECE)]
    bits = InferenceState.begin(model, device).surprisals(pieces)
    model.train()
    return np.concatenate(bits)
