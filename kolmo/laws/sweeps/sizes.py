"""Models of a wanted number of parameters, and the operations that they need."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kolmo.errors import ParameterError

if TYPE_CHECKING:
    from kolmo.coders.neural.architecture.config import ModelConfig

ARCHITECTURES = ("gru", "lstm", "transformer")
_LAYERS = ((10_000, 1), (100_000, 2), (600_000, 3))
_EMBEDDINGS = ((7_000, 4), (25_000, 8), (100_000, 16), (300_000, 32))
_HEAD = 16
_SYMBOLS = 256
_WIDEST = 4096
_FACTOR = 4.0
"""Largest factor between neighbouring sizes of a range."""
_TRAINING = 3.0
"""A step of training takes three times the operations of the forward pass."""


def parse_sizes(text: str, *, what: str, integer: bool = True) -> list[float]:
    """Return the numbers of a list such as ``5k,20k`` or a range such as ``5k..800k`` or ``0.05..1:4``.

    A range is spaced evenly on a logarithmic scale; without a number of points, neighbours differ at most by a factor
    of 4.

    Raises
    ------
    ParameterError
        If the text is neither.

    Examples
    --------
    >>> parse_sizes("5k..80k", what="sizes"), parse_sizes("0.25..1:3", what="fractions", integer=False)
    ([5000.0, 20000.0, 80000.0], [0.25, 0.5, 1.0])
    """
    found: list[float] = []
    for part in text.split(","):
        ends, _, count = part.partition(":")
        low, dots, high = ends.partition("..")
        if not dots:
            found.append(_number(low, what, text))
            continue
        first, last = _number(low, what, text), _number(high, what, text)
        if first >= last or (count and not (count.isdecimal() and 2 <= int(count) <= 100)):
            raise ParameterError(f"{what}: expected a rising range such as 5k..800k or 5k..800k:6, got {text!r:.60}")
        n_points = int(count) if count else 1 + int(np.ceil(np.log(last / first) / np.log(_FACTOR) - 1e-9))
        found += np.geomspace(first, last, n_points).tolist()
    return [float(round(each)) if integer else float(f"{each:.6g}") for each in dict.fromkeys(found)]


def _number(text: str, what: str, whole: str) -> float:
    match = re.fullmatch(r"\s*(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)\s*([kKmMgGbB]?)\s*", text)
    value = (
        0.0 if match is None else float(match[1]) * {"": 1, "k": 1e3, "m": 1e6, "g": 1e9, "b": 1e9}[match[2].lower()]
    )
    if not 0 < value < 1e30:
        raise ParameterError(
            f"{what}: expected numbers such as 5k, 0.25 or 2e12, or a range 5k..800k, got {whole!r:.60}"
        )
    return value


@functools.lru_cache(256)
def config_of_size(architecture: str, n_parameters: float) -> ModelConfig:
    """Return the model of an architecture whose number of parameters is nearest to the wanted one.

    Raises
    ------
    ParameterError
        For an unknown architecture, or a size that none comes near: within 25%.

    Examples
    --------
    >>> [config_of_size(name, 20_000).n_parameters for name in ARCHITECTURES]
    [20077, 20200, 19320]
    """
    if architecture not in ARCHITECTURES:
        raise ParameterError(f"models: expected {', '.join(ARCHITECTURES)}, got {architecture!r:.60}")
    low, high = 1, _WIDEST // 4
    while high - low > 1:  # the number of parameters rises with the width
        middle = (low + high) // 2
        low, high = (
            (middle, high)
            if _config(architecture, n_parameters, middle).n_parameters <= n_parameters
            else (low, middle)
        )
    near = [_config(architecture, n_parameters, each) for each in (low, high)]
    best = min(near, key=lambda config: abs(np.log(config.n_parameters / n_parameters)))
    if abs(np.log(best.n_parameters / n_parameters)) > np.log(1.25):
        raise ParameterError(
            f"sizes: there is no {architecture} of about {n_parameters:,.0f} parameters; the nearest has "
            f"{best.n_parameters:,}"
        )
    return best


def _config(architecture: str, n_parameters: float, number: int) -> ModelConfig:
    """Return a configuration of a size class; the width rises with the number."""
    from kolmo.coders.neural.architecture.config import ModelConfig

    if architecture == "transformer":
        width = 4 * number
        layers = _of_size(_LAYERS, n_parameters, 4)
        heads = max(1, width // _HEAD)
        while width % (2 * heads):
            heads -= 1
        return ModelConfig(
            architecture="transformer", width=width, n_layers=layers, n_heads=heads, context_length=256, n_grams=0
        )
    embedding = _of_size(_EMBEDDINGS, n_parameters, 64)
    return ModelConfig(architecture=architecture, width=2 + number, embedding=embedding, n_grams=0)


def _of_size(limits: Sequence[tuple[int, int]], size: float, largest: int) -> int:
    return next((value for limit, value in limits if size <= limit), largest)


def embedding_parameters(config: ModelConfig) -> int:
    """Return the number of weights of the byte vectors, which are looked up and not multiplied."""
    return (_SYMBOLS + 1) * (config.width if config.architecture == "transformer" else config.embedding)


def flops_per_byte(config: ModelConfig, sequence_length: int) -> float:
    """Return the floating-point operations of training for each byte: matrix products, forward and backward.

    Attention reads half of the sequence on average. Activations, normalisations and look-ups are not counted.

    Examples
    --------
    >>> config = config_of_size("gru", 20_000)
    >>> ratio = flops_per_byte(config, 128) / (6 * (config.n_parameters - embedding_parameters(config)))
    >>> 0.9 < ratio < 1
    True
    """
    if config.architecture == "transformer":
        shapes = config.shapes()
        matrices = sum(
            float(np.prod(shape)) for name, shape in shapes.items() if len(shape) == 2 and "embedding" not in name
        )
        window = min(sequence_length, config.context_length)
        return _TRAINING * (2 * matrices + config.n_layers * 2 * window * config.width)
    gates = {"gru": 3, "lstm": 4}[config.architecture]
    inputs = [config.embedding, *[config.width] * (config.n_layers - 1)]
    cells = sum(2 * gates * config.width * (each + config.width) for each in inputs)
    return _TRAINING * (cells + 2 * (config.width + config.embedding) * _SYMBOLS)
