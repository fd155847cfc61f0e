"""Models on disk: a folder with ``config.json`` and ``model.safetensors``, which execute no code."""

from __future__ import annotations

import hashlib
import json
import math
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from kolmo._core.files import make_folder, write_bytes
from kolmo._version import __version__
from kolmo.coders.neural.architecture.config import ModelConfig
from kolmo.errors import DataError, KolmoError

FORMAT = 1
CONFIG, WEIGHTS = "config.json", "model.safetensors"
_MAX_CONFIG_BYTES = 2**20
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class SavedNetwork:
    """The description of a model in a folder.

    Parameters
    ----------
    config : ModelConfig
    training : dict
        Plan, data digests and losses of the training, as JSON.
    weights_sha256 : str
        SHA-256 of the file of weights.
    """

    config: ModelConfig
    weights_sha256: str
    training: dict[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 of the architecture and the weights, which identifies the model wherever its folder lies."""
        identity = json.dumps([self.config.to_dict(), self.weights_sha256], sort_keys=True)
        return hashlib.sha256(identity.encode()).hexdigest()


def save_model(folder: Path, model: nn.Module, config: ModelConfig, training: dict[str, Any]) -> SavedNetwork:
    """Write a model to a folder; ``config.json`` is written last, so that it marks a complete model."""
    make_folder(folder)
    raw = save({name: tensor.detach().float().cpu().contiguous() for name, tensor in model.state_dict().items()})
    saved = SavedNetwork(config=config, training=training, weights_sha256=hashlib.sha256(raw).hexdigest())
    write_bytes(folder / WEIGHTS, raw)
    fields = {
        "format": FORMAT,
        "kolmo": __version__,
        "model": config.to_dict(),
        "training": training,
        "weights_sha256": saved.weights_sha256,
    }
    write_bytes(folder / CONFIG, json.dumps(fields, indent=1).encode())
    return saved


def read_config(folder: Path) -> SavedNetwork:
    """Return the description of the model in a folder.

    Raises
    ------
    DataError
        If the folder holds no model, or one of another format version.
    """
    path = folder / CONFIG
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError("it is not a regular file")
        if path.stat().st_size > _MAX_CONFIG_BYTES:
            raise ValueError(f"expected at most {_MAX_CONFIG_BYTES:,} bytes, got {path.stat().st_size:,}")
        fields = json.loads(path.read_bytes())
        if not isinstance(fields, dict) or "format" not in fields:
            raise ValueError("the key 'format' is missing")
    except OSError as error:
        raise DataError(
            f"{folder} holds no model: {CONFIG} cannot be read ({error.strerror}); make a model with: kolmo train"
        ) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not the configuration of a model: {error}; train the model again") from error
    if type(fields["format"]) is not int or fields["format"] != FORMAT:
        raise DataError(
            f"{path}: expected format {FORMAT} of kolmo {__version__}, got format {fields['format']!r:.40} of kolmo "
            f"{fields.get('kolmo')!r:.40}; read it with that version, or train the model again"
        )
    try:
        config = ModelConfig.from_dict(fields["model"])
        digest, training = fields["weights_sha256"], fields["training"]
        if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
            raise ValueError(f"weights_sha256: expected 64 hexadecimal digits, got {digest!r:.100}")
        if not isinstance(training, dict):
            raise ValueError(f"training: expected an object, got {training!r:.100}")
    except (KolmoError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise DataError(f"{path} is damaged: {error}; train the model again") from error
    return SavedNetwork(config=config, training=training, weights_sha256=digest)


def load_language_model(folder: Path) -> tuple[nn.Module, SavedNetwork]:
    """Return the model in a folder, on the CPU, in float32, in evaluation mode.

    Raises
    ------
    DataError
        If a file is missing, truncated, changed, of another version, or a weight is not finite.
    """
    saved = read_config(folder)
    tensors = read_tensors(folder / WEIGHTS, saved.config.shapes(), saved.weights_sha256)
    model = saved.config.build()
    model.load_state_dict(tensors)
    return model.eval().requires_grad_(False), saved


FileState = tuple[int, int, int, int]
"""Inode, size, and times of modification and of change of a file."""


def file_state(path: Path) -> FileState:
    """Return what differs once a file has been written again, even at its old size and with its old time.

    Programs can set the time of modification back, but not the time of change.
    """
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def weights_state(folder: Path) -> FileState:
    """Return the state of the file of weights; the model is read again when it differs."""
    try:
        return file_state(folder / WEIGHTS)
    except OSError as error:
        raise DataError(f"the weights {folder / WEIGHTS} cannot be read: {error.strerror}") from error


def read_tensors(path: Path, shapes: dict[str, tuple[int, ...]], sha256: str) -> dict[str, Tensor]:
    """Return the float32 tensors of a safetensors file; size, names, shapes, digest and finite values are checked."""
    try:
        size = path.stat().st_size
        least = 4 * sum(math.prod(shape) for shape in shapes.values())
        if not least <= size <= least + 2**20:
            raise DataError(
                f"{path}: expected about {least:,} bytes, got {size:,}: the file is truncated, or of another model"
            )
        raw = path.read_bytes()  # read once, so that the digest is that of the tensors
        tensors = load(raw)
    except OSError as error:
        raise DataError(f"the weights {path} cannot be read: {error.strerror or error}") from error
    except SafetensorError as error:
        raise DataError(f"{path} is not a complete safetensors file ({error}): it is truncated or damaged") from error
    except DataError:
        raise
    except (ValueError, TypeError, KeyError, RuntimeError) as error:  # of a type of numbers that torch does not have
        raise DataError(f"{path} is not a complete safetensors file ({error}): it is damaged") from error
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if found != shapes:
        wrong = sorted(set(found.items()) ^ set(shapes.items()))[0][0]
        raise DataError(f"{path} does not match its model: {wrong!r} is missing, unexpected, or of another shape")
    for name, tensor in tensors.items():
        if tensor.dtype != torch.float32:
            raise DataError(f"{path}: expected {name!r} in float32, got {tensor.dtype}")
        if not bool(torch.isfinite(tensor).all()):
            raise DataError(f"{path}: a weight in {name!r} is not finite (NaN or infinity); train the model again")
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise DataError(f"{path} is not the file that {CONFIG} describes; copy both, or train the model again")
    return tensors


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
