"""Checkpoints of a training: weights, optimiser moments and counters in one safetensors file with a digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load, save
from torch import Tensor

from kolmo._core.files import make_folder, write_bytes
from kolmo.errors import DataError

_NO_DIGEST = "0" * 64
"""Placeholder of the SHA-256 in the metadata: the digest is that of the file with these digits in its place."""


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
    raw = save(tensors, {"kolmo": json.dumps(about), "sha256": _NO_DIGEST})
    digest = hashlib.sha256(raw).hexdigest()
    make_folder(path.parent)
    write_bytes(path, raw.replace(_NO_DIGEST.encode(), digest.encode(), 1))


def read_checkpoint(path: Path, facts: dict[str, Any]) -> Checkpoint | None:
    """Return the checkpoint of a training; None if the file does not exist.

    Raises
    ------
    DataError
        If the file is damaged, or belongs to another training.
    """
    if not path.exists():
        return None
    remedy = "delete it or use --force to train from the start"
    try:
        raw = path.read_bytes()
        about = _verified(raw)
        known = about["facts"]
        changed = sorted(key for key in facts if known.get(key) != facts[key])
        if not changed:
            return Checkpoint(tensors=load(raw), n_steps=about["step"], seconds=about["seconds"], curve=about["curve"])
    except OSError as error:
        raise DataError(f"the checkpoint {path} cannot be read: {error.strerror}; {remedy}") from error
    except MemoryError:
        raise
    except Exception as error:  # damage makes the libraries raise exceptions of any type
        raise DataError(f"the checkpoint {path} is damaged ({error}); {remedy}") from error
    raise DataError(
        f"the checkpoint {path} belongs to a training with another {' and '.join(changed)}; {remedy}, or name another "
        "folder"
    )


def _verified(raw: bytes) -> dict[str, Any]:
    """Return the facts in the metadata of a checkpoint whose digest is right."""
    size = int.from_bytes(raw[:8], "little")
    if len(raw) < 8 or size > len(raw) - 8:
        raise ValueError("it is truncated")
    metadata = json.loads(raw[8 : 8 + size])["__metadata__"]
    place = raw.index(metadata["sha256"].encode("ascii"), 8, 8 + size)
    digest = hashlib.sha256(raw[:place])
    digest.update(_NO_DIGEST.encode())
    digest.update(memoryview(raw)[place + len(_NO_DIGEST) :])
    if digest.hexdigest() != metadata["sha256"]:
        raise ValueError("its content does not match its SHA-256")
    about: dict[str, Any] = json.loads(metadata["kolmo"])
    return about
