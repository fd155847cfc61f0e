"""Devices that a model runs on, and the processes of a distributed training."""

from __future__ import annotations

import os

import torch
from torch import distributed

from kolmo.errors import ParameterError


def best_device(name: str = "auto") -> torch.device:
    """Return the device of a name; for ``"auto"`` the GPU if there is one, else the CPU.

    Raises
    ------
    ParameterError
        If the device does not exist or cannot be used.
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


def device_name(device: torch.device) -> str:
    """Return the product name of a GPU, or the type of any other device, such as ``"cpu"``."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def is_first_process() -> bool:
    """Return whether this process writes the files of a distributed training; True without ``torchrun``."""
    return int(os.environ.get("RANK", "0")) == 0


def start_processes(device: torch.device) -> None:
    """Join the process group if ``torchrun`` started several processes."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not distributed.is_initialized():
        if device.type == "cuda":
            torch.cuda.set_device(device)
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
