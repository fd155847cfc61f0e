"""What it takes to go on with a training: weights, moments and state, in one file without anything that could run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from kolmo._core.files import write_bytes
from kolmo.errors import DataError

if TYPE_CHECKING:
    from kolmo.coders.neural.training.loop import Training

_MOMENTS = ("exp_avg", "exp_avg_sq")


def write_checkpoint(path: Path, training: Training, facts: dict[str, Any], curve: list[dict[str, Any]]) -> None:
    """Write down where a training stands, and of which training it is."""
    tensors = {f"weight.{name}": weight.detach() for name, weight in training.model.named_parameters()}
    for name, weight in training.model.named_parameters():
        for moment in _MOMENTS:
            tensors[f"{moment}.{name}"] = _state(training, weight)[moment]
    tensors |= {f"carried.{number}": part for number, part in enumerate(training.carried or ())}
    about = {"facts": facts, "step": training.step, "seconds": training.seconds, "curve": curve}
    raw = save({name: part.cpu().contiguous() for name, part in tensors.items()}, {"kolmo": json.dumps(about)})
    write_bytes(path, raw)


def read_checkpoint(path: Path, training: Training, facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Put a training to where the checkpoint stands, and return its curve; do nothing if there is none.

    Raises
    ------
    DataError
        If the file is damaged, or of another training.
    """
    if not path.exists():
        return []
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})["kolmo"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError, KeyError, RecursionError) as error:
        raise DataError(f"the checkpoint {path} is damaged ({error}); delete it to train from the start") from error
    changed = sorted(key for key in facts if about["facts"].get(key) != facts[key])
    if changed:
        raise DataError(
            f"the checkpoint {path} is of a training with another {' and '.join(changed)}; delete it to train from the "
            "start, or name another folder"
        )
    for name, weight in training.model.named_parameters():
        weight.data.copy_(tensors[f"weight.{name}"])
        state = {moment: tensors[f"{moment}.{name}"].to(weight.device) for moment in _MOMENTS}
        _state(training, weight).update(state, step=_count(training, weight, about["step"]))
    carried: list[Tensor] = []
    while f"carried.{len(carried)}" in tensors:
        carried.append(tensors[f"carried.{len(carried)}"].to(training.device))
    # the states of other processes are not in the file: with several, all lanes begin anew
    training.carried = tuple(carried) if carried and training.n_ranks == 1 else None
    training.step, training.seconds = about["step"], about["seconds"]
    curve: list[dict[str, Any]] = about["curve"]
    return curve


def _state(training: Training, weight: Tensor) -> dict[str, Any]:
    """Return what the optimiser of a weight keeps of it, to read or to fill."""
    for optimizer in training.optimizers:
        if any(weight is other for group in optimizer.param_groups for other in group["params"]):
            state: dict[str, Any] = optimizer.state[weight]
            return state
    raise AssertionError("every weight has an optimiser")


def _count(training: Training, weight: Tensor, step: int) -> Any:
    """Return the number of steps as the optimiser of a weight counts them."""
    sparse = any(weight is other for group in training.optimizers[-1].param_groups for other in group["params"])
    return step if sparse and len(training.optimizers) > 1 else torch.tensor(float(step), device=weight.device)
