"""Causal language models of Hugging Face from a folder or the hub: safetensors only, so that no code is executed."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from kolmo._core.extras import import_extra
from kolmo._core.memory import clearable
from kolmo.coders.neural.folder import FileState, file_digest, file_state
from kolmo.coders.neural.inference.finite import check_logits
from kolmo.coders.neural.inference.segments import Tokenizer, is_library_error
from kolmo.coders.neural.pretrained_checks import check_files, check_size
from kolmo.errors import DataError, KolmoError

_KEPT, _KEPT_DIGESTS = 4, 256
_MAX_SYMBOLS = 2**19
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_TEXTS = (".json", ".model", ".txt")
_CONTEXT_LENGTHS = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx")

_Facts = tuple[tuple[Path, FileState], ...]
"""Files and their states."""


@dataclass(frozen=True, eq=False)
class Pretrained:
    """A loaded model with its tokenizer.

    Parameters
    ----------
    model : Module
    tokenizer : Tokenizer
    start : int or None
        The token at the start of a text.
    context_length : int or None
        The context length in tokens, if the configuration states it.
    digest : str
        SHA-256 of the weights, the configuration and the tokenizer.
    model_bits : float
        Size of the weights in their file, in bits.
    """

    model: Any
    tokenizer: Tokenizer
    start: int | None
    context_length: int | None
    digest: str
    model_bits: float


@functools.lru_cache
def hub_folder(name: str, revision: str) -> Path:
    """Return the local folder of a model on the hub, downloaded at the first call."""
    hub = import_extra("huggingface_hub", extra="hf", purpose="the coder 'hf'")
    wanted = [f"*{suffix}" for suffix in (*_TEXTS, ".safetensors")]
    try:
        folder = hub.snapshot_download(name, revision=revision, allow_patterns=wanted, ignore_patterns=["*/*"])
    except Exception as error:  # hub, network and disk raise exceptions of different types
        raise DataError(
            f"the model {name!r} at revision {revision} is not in the cache and cannot be downloaded: "
            f"{_first_line(error)}; check the name, the revision and the connection"
        ) from error
    return Path(folder)


def load(folder: Path, device: torch.device, dtype: str) -> Pretrained:
    """Return the model in a folder, in evaluation mode; it is read again if a file has changed.

    Raises
    ------
    DataError
        If a file is missing or damaged, the weights are pickled, incomplete or not finite, or the model is not a
        causal language model.
    """
    return _load(folder, _facts(folder), device, dtype)


def digest_of_folder(folder: Path) -> str:
    """Return the SHA-256 of the weights, the configuration and the tokenizer in a folder, which depends on no path.

    Raises
    ------
    DataError
        If a file is missing.
    """
    return _digest(_facts(folder))


def _facts(folder: Path) -> _Facts:
    """Return the files of a model, with their states."""
    files = _weights(folder)
    files += sorted(path for path in folder.iterdir() if path.suffix in _TEXTS and path.is_file())
    return tuple((path, file_state(path)) for path in files)


@clearable
@functools.lru_cache(_KEPT_DIGESTS)
def _digest(facts: _Facts) -> str:
    return hashlib.sha256("".join(f"{path.name} {file_digest(path)}\n" for path, *_ in facts).encode()).hexdigest()


@clearable
@functools.lru_cache(_KEPT)
def _load(folder: Path, facts: _Facts, device: torch.device, dtype: str) -> Pretrained:
    transformers = import_extra("transformers", extra="hf", purpose="the coder 'hf'")
    safe: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
    weights = _weights(folder)
    check_files(folder, weights)
    try:
        with _quiet(transformers):
            config = transformers.AutoConfig.from_pretrained(folder, **safe)
            with torch.device("meta"):
                check_size(folder, transformers.AutoModelForCausalLM.from_config(config), weights)
            model, found = transformers.AutoModelForCausalLM.from_pretrained(
                folder, use_safetensors=True, torch_dtype=dtype, output_loading_info=True, **safe
            )
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **safe)
    except BaseException as error:  # the library raises exceptions of any type on damaged files
        if not is_library_error(error):
            raise
        raise DataError(
            f"{folder} holds no causal language model with its tokenizer that transformers {transformers.__version__} "
            f"can read: {_first_line(error)}"
        ) from error
    wrong = [*found["missing_keys"], *found["mismatched_keys"]]
    if wrong:
        raise DataError(
            f"the weights in {folder} are not those of a causal language model: {wrong[0]} is missing, or has another "
            "shape; use a model that was saved with its language-modelling head"
        )
    for name, weight in model.named_parameters():
        if not bool(torch.isfinite(weight).all()):
            raise DataError(f"the weight {name} in {folder} is not finite (NaN or infinity); download the model again")
    model = model.to(device).eval().requires_grad_(False)
    n_symbols = max(tokenizer.get_vocab().values(), default=-1) + 1
    n_symbols = min(n_symbols, _check_causal(folder, model, device))
    if not 2 <= n_symbols <= _MAX_SYMBOLS:
        raise DataError(f"vocabulary of {folder}: expected 2 to {_MAX_SYMBOLS:,} tokens, got {n_symbols:,}")
    config = model.config.get_text_config()
    starts = (tokenizer.bos_token_id, config.bos_token_id, tokenizer.eos_token_id, config.eos_token_id)
    lengths = (getattr(config, name, None) for name in _CONTEXT_LENGTHS)
    return Pretrained(
        model,
        Tokenizer(tokenizer, n_symbols),
        next((start for start in starts if isinstance(start, int) and 0 <= start < n_symbols), None),
        next((length for length in lengths if isinstance(length, int) and length > 1), None),
        _digest(facts),
        8.0 * sum(_tensor_bytes(path) for path in weights),
    )


def _weights(folder: Path) -> list[Path]:
    """Return the files of the weights, chosen in the same order as the library does."""
    if not folder.is_dir():
        raise DataError(
            f"there is no folder {folder}; if this is the name of a model on the Hugging Face hub, add its commit: "
            f"revision=HASH, 40 hex digits from https://huggingface.co/{folder}/commits/main"
        )
    single, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if single.is_file():
        return [single]
    if index.is_file():
        try:
            names = {str(name) for name in json.loads(index.read_bytes())["weight_map"].values()}
            outside = [name for name in names if Path(name).name != name]
            if outside:
                raise ValueError(f"expected the names of files in this folder, got {outside[0]!r:.80}")
            paths = sorted(folder / name for name in names)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise DataError(f"{index} is damaged: {error}; download the model again") from error
        missing = [path.name for path in paths if not path.is_file()]
        if missing:
            raise DataError(f"{folder} has no file {missing[0]}, which {index.name} lists; download the model again")
        return paths
    if any(path.suffix in _PICKLES for path in folder.iterdir()):
        raise DataError(
            f"the weights in {folder} are pickled, and reading a pickle can execute any code; Kolmo reads safetensors "
            "only: use a revision with model.safetensors, or convert the weights if you trust their source"
        )
    raise DataError(f"{folder} holds no model: no model.safetensors in it; save a model with save_pretrained")


def _check_causal(folder: Path, model: Any, device: torch.device) -> int:
    """Check that the model is causal and has a key-value cache; return the number of its logits."""
    try:
        with torch.inference_mode():
            output = model(input_ids=torch.tensor([[0, 1, 0, 0], [0, 1, 1, 1]], device=device), use_cache=True)
        first, second = output.logits[:, :2].float()
        cache = getattr(output, "past_key_values", None)
    except BaseException as error:  # the code of a model raises exceptions of any type
        if not is_library_error(error):
            raise
        raise DataError(f"the model in {folder} cannot be used to predict tokens: {_first_line(error)}") from error
    check_logits(output.logits)
    if not torch.allclose(first, second, rtol=0.02, atol=1e-3 * float(first.abs().max())):
        raise DataError(f"the model in {folder} is not causal: its prediction of a token depends on later tokens")
    if cache is None:
        raise DataError(f"the model in {folder} has no key-value cache; use a causal Transformer")
    return int(output.logits.shape[2])


def _tensor_bytes(path: Path) -> int:
    """Return the size of a safetensors file in bytes, without its header."""
    with path.open("rb") as file:
        return path.stat().st_size - 8 - int.from_bytes(file.read(8), "little")


@contextlib.contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """Suppress the progress bars of the library, and its warnings about models that are refused anyway."""
    logging = transformers.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _first_line(error: BaseException) -> str:
    if isinstance(error, KolmoError):
        raise error
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
