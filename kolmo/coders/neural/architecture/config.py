"""Model configurations by name and size: ``transformer:800k``, ``gru:200k,n_grams=4``."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from kolmo.errors import ParameterError

_SIZES: dict[str, dict[str, dict[str, int]]] = {
    "transformer": {
        "20k": {"width": 16, "n_layers": 2, "n_heads": 2},
        "200k": {"width": 64, "n_layers": 3, "n_heads": 4},
        "800k": {"width": 128, "n_layers": 4, "n_heads": 4},
        "3.2m": {"width": 256, "n_layers": 4, "n_heads": 8},
    },
    "gru": {
        "20k": {"width": 32, "embedding": 16},
        "200k": {"width": 176, "embedding": 64},
        "800k": {"width": 448, "embedding": 64},
        "3.2m": {"width": 960, "embedding": 64},
    },
    "lstm": {
        "20k": {"width": 28, "embedding": 16},
        "200k": {"width": 152, "embedding": 64},
        "800k": {"width": 384, "embedding": 64},
        "3.2m": {"width": 832, "embedding": 64},
    },
}
_LIMITS = {
    "width": (2, 8192),
    "n_layers": (1, 128),
    "n_heads": (1, 128),
    "embedding": (1, 8192),
    "context_length": (16, 2**16),
    "n_grams": (0, 7),
    "hash_bits": (4, 22),
}
_WORDS = {"positions": ("rotary", "learned"), "mlp": ("swiglu", "gelu")}
_STORED = {"context_length": "context"}
"""Keys of the parameters in ``config.json`` and in checkpoints, where they differ from the names."""
_OF = {
    "transformer": ("width", "n_layers", "n_heads", "context_length", "positions", "mlp", "n_grams", "hash_bits"),
    "gru": ("width", "n_layers", "embedding", "n_grams", "hash_bits"),
    "lstm": ("width", "n_layers", "embedding", "n_grams", "hash_bits"),
}


MAX_PARAMETERS = 2**30
"""Largest number of weights: 4 GiB in float32."""


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The architecture and size of a model.

    Parameters
    ----------
    architecture : {"transformer", "gru", "lstm"}
    width : int
        Size of the vectors between the layers of a transformer, or of the state of a recurrent network.
    n_layers : int
    n_heads : int
        Transformer only.
    embedding : int
        Size of the byte vectors; recurrent networks only.
    context_length : int
        Number of bytes that a transformer sees; transformer only.
    positions : {"rotary", "learned"}
        Transformer only.
    mlp : {"swiglu", "gelu"}
        Transformer only.
    n_grams : int
        Number of n-gram lengths with hashed vectors, from 2 bytes up; 0 for none.
    hash_bits : int
        Each n-gram length has a table of 2 to the power of `hash_bits` vectors.
    """

    architecture: str
    width: int
    n_layers: int = 1
    n_heads: int = 4
    embedding: int = 64
    context_length: int = 512
    positions: str = "rotary"
    mlp: str = "swiglu"
    n_grams: int = 0
    hash_bits: int = 16

    def __post_init__(self) -> None:
        if self.architecture not in _OF:
            raise ParameterError(
                f"architecture of a model: expected one of {', '.join(_OF)}, got {self.architecture!r}"
            )
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise ParameterError(f"{name} of a model: expected an integer from {low} to {high}, got {value!r}")
        for name, words in _WORDS.items():
            if getattr(self, name) not in words:
                raise ParameterError(f"{name} of a model: expected {' or '.join(words)}, got {getattr(self, name)!r}")
        if self.architecture == "transformer" and self.width % (2 * self.n_heads):
            raise ParameterError(
                f"width of a model: expected a multiple of {2 * self.n_heads}, twice n_heads, got {self.width}"
            )
        if self.n_parameters > MAX_PARAMETERS:
            raise ParameterError(
                f"size of a model: expected at most {MAX_PARAMETERS:,} weights, got {self.n_parameters:,}; take a "
                "smaller width, n_layers, n_grams or hash_bits"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the configuration of a model named by architecture and size, with optional changes.

        Raises
        ------
        ParameterError
            If the name is unknown, or a value is out of range.

        Examples
        --------
        >>> ModelConfig.parse("gru:200k,n_grams=4").n_grams
        4
        """
        architecture, _, rest = text.partition(":")
        size, *options = rest.split(",") if rest else ["200k"]
        if architecture not in _SIZES or size not in _SIZES[architecture]:
            known = ", ".join(f"{name}:{size}" for name, sizes in _SIZES.items() for size in sizes)
            raise ParameterError(f"there is no model {text!r}; known: {known}; add options such as ',n_grams=4'")
        values: dict[str, Any] = dict(_SIZES[architecture][size])
        for option in options:
            key, _, value = option.partition("=")
            if key not in _OF[architecture]:
                raise ParameterError(f"{architecture} has no option {key!r}; it takes {', '.join(_OF[architecture])}")
            values[key] = int(value) if value.isdecimal() and value.isascii() and len(value) < 20 else value
        return cls(architecture=architecture, **values)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the configuration that `to_dict` was called on."""
        architecture = str(values.get("architecture"))
        names = {_STORED.get(name, name): name for name in _OF.get(architecture, ())}
        if not names or set(values) != {"architecture", *names}:
            raise ParameterError(f"not the configuration of a model: {json.dumps(dict(values))[:200]}")
        return cls(architecture=architecture, **{names[key]: values[key] for key in names})

    def to_dict(self) -> dict[str, Any]:
        """Return the parameters of this architecture, as they are stored in ``config.json`` and in checkpoints."""
        values = {_STORED.get(name, name): getattr(self, name) for name in _OF[self.architecture]}
        return {"architecture": self.architecture} | values

    def build(self, *, seed: int = 0) -> nn.Module:
        """Return the model with random initial weights; equal seeds give equal weights."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self._model()

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the names and shapes of all weights, without allocating them."""
        with torch.device("meta"), _WithoutInitialisation():
            return {name: tuple(tensor.shape) for name, tensor in self._model().state_dict().items()}

    @property
    def n_parameters(self) -> int:
        """Number of weights."""
        return sum(math.prod(shape) for shape in self.shapes().values())

    @property
    def window(self) -> int | None:
        """The context length of a transformer in bytes; None for a recurrent network, which has no limit."""
        return self.context_length if "context_length" in _OF[self.architecture] else None

    def _model(self) -> nn.Module:
        from kolmo.coders.neural.architecture.recurrent import Recurrent
        from kolmo.coders.neural.architecture.transformer import Transformer

        values = {name: getattr(self, name) for name in _OF[self.architecture]}
        if self.architecture == "transformer":
            return Transformer(**values)
        return Recurrent(cell=self.architecture, **values)

    def __str__(self) -> str:
        values = {field.name: field.default for field in dataclasses.fields(self)}
        for size, chosen in _SIZES[self.architecture].items():
            values |= {"n_layers": 1} | chosen
            if all(getattr(self, name) == values[name] for name in chosen):
                changed = [name for name in _OF[self.architecture] if getattr(self, name) != values[name]]
                return ",".join([f"{self.architecture}:{size}", *(f"{name}={getattr(self, name)}" for name in changed)])
        return f"{self.architecture} of width {self.width}"


class _WithoutInitialisation(TorchFunctionMode):
    """Leaves weights as they are: on the meta device, their initialisation would only import the compiler of torch."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__module__", None) == "torch.nn.init":
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)
