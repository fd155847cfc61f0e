"""Checkpoints of a training: weights, optimiser moments and counters in one safetensors file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from kolmo._core.files import write_bytes
from kolmo.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The state of a training at an evaluation point.

    Parameters
    ----------
    tensors : dict of str to Tensor
        Weights, optimiser moments and the model's state after the last step, by name.
    n_steps : int
        Steps taken.
    seconds : float
        Time spent on them.
    curve : list of dict
        The evaluation points so far.
    """

    tensors: dict[str, Tensor]
    n_steps: int
    seconds: float
    curve: list[dict[str, Any]]


def write_checkpoint(path: Path, checkpoint: Checkpoint, facts: dict[str, Any]) -> None:
    """Write a checkpoint together with the facts that identify its training: model, plan, digests of the data."""
    about = {
        "facts": facts,
        "step": checkpoint.n_steps,
        "seconds": checkpoint.seconds,
        "curve": checkpoint.curve,
    }
    tensors = {name: part.cpu().contiguous() for name, part in checkpoint.tensors.items()}
    write_bytes(path, save(tensors, {"kolmo": json.dumps(about)}))


def read_checkpoint(path: Path, facts: dict[str, Any]) -> Checkpoint | None:
    """Return the checkpoint of a training; None if the file does not exist.

    Raises
    ------
    DataError
        If the file is damaged, or belongs to another training.
    """
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})["kolmo"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError, KeyError, RecursionError) as error:
        raise DataError(f"the checkpoint {path} is damaged ({error}); delete it to train from the start") from error
    changed = sorted(key for key in facts if about["facts"].get(key) != facts[key])
    if changed:
        raise DataError(
            f"the checkpoint {path} belongs to a training with another {' and '.join(changed)}; delete it to train "
            "from the start, or name another folder"
        )
    return Checkpoint(tensors=tensors, n_steps=about["step"], seconds=about["seconds"], curve=about["curve"])
