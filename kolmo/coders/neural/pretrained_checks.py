"""Checks of a model folder of Hugging Face, field by field, before the library reads it.

The files of a folder are not trusted: they may not run code, load other models or kernels, or make the library build
more than the weights in the folder fill.
"""

from __future__ import annotations

import json
import math
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kolmo.errors import DataError

MAX_JSON_BYTES = 2**26
"""Largest JSON file: 64 MiB; the vocabularies of large models take 10 to 30 MiB."""
MAX_INTEGER = 2**31
"""Largest size or number of a token in ``config.json``."""
MAX_LAYERS, MAX_COUNT = 1024, 4096
"""Largest number of layers, which is also at most the number of tensors, and of heads, experts and other parts."""
_COUNTS = ("head", "expert", "block", "stage", "group", "codebook", "stack")
MAX_BUFFER_BYTES = 2**31
_MAX_HEADER_BYTES = 2**27
_WEIGHTS_RATIO, _FEW_WEIGHTS = 2, 2**20
"""A configuration may describe this many times the weights in the files, plus a few, since weights can be shared."""

_FORBIDDEN = ("auto_map", "quantization_config", "custom_pipelines", "compression_config")
"""Keys of ``config.json`` that make the library run code of the folder or other libraries."""
_FORBIDDEN_FILES = ("adapter_config.json",)
"""Files that make the library load another model."""
_ATTENTION = (None, "eager", "sdpa")
_WORDS = ("model_type", "torch_dtype", "dtype", "hidden_act", "activation_function", "tokenizer_class")


def check_files(folder: Path, weights: Sequence[Path]) -> None:
    """Raise a DataError unless the JSON files of a folder have the types and ranges that are expected of them.

    Parameters
    ----------
    folder : Path
    weights : sequence of Path
        The safetensors files.
    """
    for name in _FORBIDDEN_FILES:
        if (folder / name).exists():
            raise DataError(f"{folder / name} names another model, which Kolmo does not load; merge the adapter first")
    n_tensors = sum(len(tensor_shapes(path)) for path in weights)
    config = _read_object(folder / "config.json")
    _check_config(folder / "config.json", config, n_tensors)
    generation = folder / "generation_config.json"
    if generation.exists():
        _check_values(generation, _read_object(generation))
    tokenizer = folder / "tokenizer_config.json"
    if tokenizer.exists():
        _check_tokenizer(tokenizer, _read_object(tokenizer))
    for name in ("tokenizer.json", "special_tokens_map.json", "added_tokens.json", "vocab.json"):
        if (folder / name).exists():
            _read_object(folder / name)


def check_size(folder: Path, model: Any, weights: Sequence[Path]) -> None:
    """Raise a DataError if a model on the device ``meta`` is larger than its files.

    Parameters
    ----------
    folder : Path
    model : Module
        The model without storage.
    weights : sequence of Path
        The safetensors files.
    """
    stored = sum(math.prod(shape) for path in weights for shape in tensor_shapes(path).values())
    described = sum(weight.numel() for weight in model.parameters())
    if described > _WEIGHTS_RATIO * stored + _FEW_WEIGHTS:
        raise DataError(
            f"{folder / 'config.json'} describes a model of {described:,} weights, and the files have {stored:,}; use "
            "the configuration that belongs to the weights"
        )
    buffers = sum(buffer.numel() * buffer.element_size() for buffer in model.buffers())
    if buffers > MAX_BUFFER_BYTES:
        raise DataError(
            f"{folder / 'config.json'} describes a model with tables of {buffers:,} bytes: expected at most "
            f"{MAX_BUFFER_BYTES:,}; use a model with a shorter context"
        )


def tensor_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the tensors in a safetensors file, from its header.

    Raises
    ------
    DataError
        If the header is damaged, or the file does not have the size that its header states.
    """
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if size > _MAX_HEADER_BYTES:
                raise ValueError("its header is too long")
            header = json.loads(file.read(size))
        shapes, end = {}, 0
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            shape = tuple(entry["shape"])
            if not all(type(length) is int and 0 <= length <= MAX_INTEGER for length in shape):
                raise ValueError(f"the shape of {name!r:.80} is {shape!r:.80}")
            shapes[name], end = shape, max(end, entry["data_offsets"][1])
        if path.stat().st_size != 8 + size + end:
            raise ValueError(f"expected {8 + size + end:,} bytes, got {path.stat().st_size:,}")
    except OSError as error:
        raise DataError(f"the weights {path} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise DataError(
            f"{path} is not a complete safetensors file ({error}): it is truncated or damaged; download it again"
        ) from error
    return shapes


def _read_object(path: Path) -> dict[str, Any]:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is not a regular file")
        if status.st_size > MAX_JSON_BYTES:
            raise ValueError(f"expected at most {MAX_JSON_BYTES:,} bytes, got {status.st_size:,}")
        found = json.loads(path.read_bytes())
        if not isinstance(found, dict):
            raise ValueError(f"expected an object, got {found!r:.60}")
    except OSError as error:
        raise DataError(
            f"{path.parent} holds no causal language model: {path.name} cannot be read: {error.strerror}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is damaged: {error}; download the model again") from error
    return found


def _check_config(path: Path, config: Mapping[str, Any], n_tensors: int) -> None:
    limits = {"layer": min(MAX_LAYERS, n_tensors)} | dict.fromkeys(_COUNTS, MAX_COUNT)
    for key, value in _entries(config):
        if key in _FORBIDDEN and value is not None:
            raise DataError(f"{path}: {key!r} needs code that Kolmo does not run; use a model without it")
        if key.endswith(("attn_implementation", "experts_implementation")) and value not in _ATTENTION:
            raise DataError(f"{path}: {key}: expected 'eager' or 'sdpa', got {value!r:.60}; remove the key")
        if "kernel" in key and isinstance(value, str):
            raise DataError(f"{path}: {key!r} names a kernel, which Kolmo does not load; remove the key")
        if key in _WORDS and value is not None and not isinstance(value, str):
            raise DataError(f"{path}: {key}: expected text, got {value!r:.60}")
        limit = next((limit for part, limit in limits.items() if part in key), MAX_INTEGER)
        if type(value) is int and value > limit:
            raise DataError(
                f"{path}: {key}: expected at most {limit:,}, got {value!r:.40}; use the configuration that belongs to "
                "the weights"
            )
    _check_values(path, config)


def _check_values(path: Path, values: Mapping[str, Any]) -> None:
    for key, value in _entries(values):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise DataError(f"{path}: {key}: expected a number of at most {MAX_INTEGER:,}, got {value!r:.40}")


def _check_tokenizer(path: Path, config: Mapping[str, Any]) -> None:
    for key, value in config.items():
        wanted = next((each for ending, each in _TOKENIZER_TYPES.items() if _matches(key, ending)), None)
        if wanted is not None and value is not None and not wanted[1](value):
            raise DataError(f"{path}: {key}: expected {wanted[0]}, got {value!r:.60}; download the model again")
        if key == "auto_map" and value:
            raise DataError(f"{path}: 'auto_map' needs code that Kolmo does not run; use a model without it")


def _matches(key: str, pattern: str) -> bool:
    return key == pattern or (pattern.startswith("*") and key.endswith(pattern[1:]))


def _is_length(value: Any) -> bool:
    # the library writes 10^30 for "no limit"
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 10**31


def _is_token(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and isinstance(value.get("content"), str))


def _is_tokens(value: Any) -> bool:
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [None]
    return all(map(_is_token, members))


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_TOKENIZER_TYPES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "model_max_length": ("a number above 0", _is_length),
    "*_special_tokens": ("a list of tokens", _is_tokens),
    "added_tokens_decoder": ("an object of tokens", lambda value: isinstance(value, dict) and _is_tokens(value)),
    "add_prefix_space": ("true or false", _is_flag),
    "add_bos_token": ("true or false", _is_flag),
    "add_eos_token": ("true or false", _is_flag),
    "clean_up_tokenization_spaces": ("true or false", _is_flag),
    "split_special_tokens": ("true or false", _is_flag),
    "legacy": ("true or false", _is_flag),
    "*_side": ("text", _is_text),
    "*_class": ("text", _is_text),
    "name_or_path": ("text", _is_text),
    "*_token": ("a token", _is_token),
}
"""Expected types of the keys of ``tokenizer_config.json``; ``*`` stands for any start of a key."""


def _entries(values: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each key with its value, in objects within objects and lists too."""
    if isinstance(values, Mapping):
        for name, value in values.items():
            yield name, value
            yield from _entries(value, name)
    elif isinstance(values, list):
        for value in values:
            if isinstance(value, Mapping | list):
                yield from _entries(value, key)
            else:
                yield key, value
