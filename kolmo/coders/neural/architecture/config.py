"""Models by name and size: ``transformer:800k``, ``gru:200k,n_grams=4``."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import nn

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
    "context": (16, 2**16),
    "n_grams": (0, 7),
    "hash_bits": (4, 22),
}
_WORDS = {"positions": ("rotary", "learned"), "mlp": ("swiglu", "gelu")}
_OF = {
    "transformer": ("width", "n_layers", "n_heads", "context", "positions", "mlp", "n_grams", "hash_bits"),
    "gru": ("width", "n_layers", "embedding", "n_grams", "hash_bits"),
    "lstm": ("width", "n_layers", "embedding", "n_grams", "hash_bits"),
}


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The shape of a model.

    Parameters
    ----------
    architecture : {"transformer", "gru", "lstm"}
    width : int
        Size of the vectors between layers, or of the state.
    n_layers : int
    n_heads : int
        Of a transformer.
    embedding : int
        Size of the vectors of bytes, for the others.
    context : int
        Window of a transformer, in bytes.
    positions : {"rotary", "learned"}
        Of a transformer.
    mlp : {"swiglu", "gelu"}
        Of a transformer.
    n_grams : int
        Lengths of strings that have hashed vectors, 0 for none.
    hash_bits : int
        Each length has 2 to the power of this many.
    """

    architecture: str
    width: int
    n_layers: int = 1
    n_heads: int = 4
    embedding: int = 64
    context: int = 512
    positions: str = "rotary"
    mlp: str = "swiglu"
    n_grams: int = 0
    hash_bits: int = 16

    def __post_init__(self) -> None:
        if self.architecture not in _OF:
            raise ParameterError(f"a model is one of {', '.join(_OF)}, but {self.architecture!r} came")
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise ParameterError(f"{name} of a model must be a whole number from {low} to {high}, not {value!r}")
        for name, words in _WORDS.items():
            if getattr(self, name) not in words:
                raise ParameterError(f"{name} of a model must be {' or '.join(words)}, not {getattr(self, name)!r}")
        if self.architecture == "transformer" and self.width % (2 * self.n_heads):
            raise ParameterError(f"width {self.width} is no multiple of twice the {self.n_heads} heads")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the model that `text` names: an architecture, a size, and what else is changed.

        Raises
        ------
        ParameterError
            If there is no such model.

        Examples
        --------
        >>> ModelConfig.parse("gru:200k,n_grams=4").n_grams
        4
        """
        architecture, _, rest = text.partition(":")
        size, *options = rest.split(",") if rest else ["200k"]
        if architecture not in _SIZES or size not in _SIZES[architecture]:
            known = ", ".join(f"{name}:{size}" for name, sizes in _SIZES.items() for size in sizes)
            raise ParameterError(f"there is no model {text!r}; known: {known}; options follow, such as ',context=2048'")
        values: dict[str, Any] = dict(_SIZES[architecture][size])
        for option in options:
            key, _, value = option.partition("=")
            if key not in _OF[architecture]:
                raise ParameterError(f"{architecture} has no option {key!r}; it takes {', '.join(_OF[architecture])}")
            values[key] = int(value) if value.isdigit() else value
        return cls(architecture=architecture, **values)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` was called on."""
        architecture = values.get("architecture")
        if architecture not in _OF or set(values) - {"architecture"} != set(_OF[architecture]):
            raise ParameterError(f"this is no configuration of a model: {json.dumps(dict(values))[:200]}")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Return the parameters that this architecture has."""
        return {"architecture": self.architecture} | {name: getattr(self, name) for name in _OF[self.architecture]}

    def build(self, *, seed: int = 0) -> nn.Module:
        """Return the model with its first weights; equal seeds give equal weights."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self._model()

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the names and shapes of all weights, without making any."""
        with torch.device("meta"):
            return {name: tuple(tensor.shape) for name, tensor in self._model().state_dict().items()}

    @property
    def n_parameters(self) -> int:
        """How many weights it has."""
        return sum(math.prod(shape) for shape in self.shapes().values())

    @property
    def window(self) -> int | None:
        """How many bytes back it sees; None if that has no end."""
        return self.context if "context" in _OF[self.architecture] else None

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
