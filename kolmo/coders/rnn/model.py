"""State of a recurrent model: arrays that are cheap to copy, and calls of the kernels on them."""

from __future__ import annotations

import copy
import functools
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.entropy.bitwise import TextModel
from kolmo.coders.mixing import tables as mixing_tables
from kolmo.coders.rnn import kernels
from kolmo.coders.rnn.network import POWER, places

_NO_COSTS = np.zeros(0)
_WHOLE = 2**64 - 1
_CONTEXTS = ([2**8 - 1, 0], [2**16 - 1, 0], [2**24 - 1, 0], [2**32 - 1, 0], [2**40 - 1, 0], [2**48 - 1, 0])
_MASKS = np.array([*_CONTEXTS, [0, _WHOLE], [0xDFDFDFE0E0, 0]], np.uint64)
"""Masks of the last 8 bytes and of the word, by context. The last context takes some bits of five bytes."""
_INITIAL_WEIGHT = 0.17


class Model(TextModel):
    """The learned parameters of a model, and the text that it has read.

    Parameters
    ----------
    hidden : int
        Units of the network.
    seed : int
        Seed of the initial weights.
    size : int
        Number of bytes that the tables are sized for. The model can read more, with more hash collisions.
    """

    def __init__(self, hidden: int, seed: int, size: int) -> None:
        super().__init__(size)
        digits = max(size, 1).bit_length()
        table_bits, match_bits = max(4, min(digits, 14), min(digits - 3, 20)), max(8, min(22, digits))
        self.settings = np.zeros(kernels.N_SETTINGS, np.int64)
        for name, value in {
            kernels.HIDDEN: hidden,
            kernels.N_CONTEXTS: len(_MASKS),
            kernels.TABLE_BITS: table_bits,
            kernels.MATCH_BITS: match_bits,
        }.items():
            self.settings[name] = value
        self.registers = np.zeros(kernels.N_REGISTERS, np.uint64)
        self.memory = initial_network(hidden, seed)
        self.table = np.zeros(((len(_MASKS) << table_bits) + 1) * kernels.CHECKED, np.uint32)
        self.weights = np.full(kernels.n_mixing_weights(len(_MASKS)), _INITIAL_WEIGHT, np.float32)
        self.weights[kernels.first_added(len(_MASKS)) : -8 * kernels.MATCH_LENGTHS] = 0
        self.matches = _matches().copy()
        self.index = np.zeros(1 << match_bits, np.int32)

    @property
    def position(self) -> int:
        """Number of bytes read."""
        return int(self.registers[kernels.R_POSITION])

    def copy(self) -> Self:
        """Return an independent copy."""
        duplicate = copy.copy(self)
        for name in ("registers", "memory", "table", "weights", "matches", "index", "text"):
            setattr(duplicate, name, getattr(self, name).copy())
        return duplicate

    def distribution(self) -> NDArray[np.float64]:
        """Return the probability of each value of the next byte."""
        probabilities = np.empty(256)
        kernels.predict(
            self.text,
            self.settings,
            _MASKS,
            self.registers,
            self.memory,
            self.table,
            self.weights,
            self.matches,
            mixing_tables.constants(),
            *_scratch(),
            probabilities,
        )
        return probabilities

    def _run(self, mode: int, stop: int, stream: Any, cursor: Any, costs: Any = _NO_COSTS, **more: Any) -> int:
        reached: int = kernels.run(
            mode,
            self.text,
            stop,
            stream,
            cursor,
            costs,
            self.settings,
            _MASKS,
            self.registers,
            self.memory,
            self.table,
            self.weights,
            self.matches,
            self.index,
            mixing_tables.constants(),
            mixing_tables.costs(),
            *_scratch(),
        )
        return reached


def initial_network(hidden: int, seed: int) -> NDArray[np.float32]:
    """Return the initial state of a network."""
    return _network(hidden, seed).copy()


@functools.lru_cache(8)
def _network(hidden: int, seed: int) -> NDArray[np.float32]:
    starts = places(hidden)
    memory = np.zeros(starts[-1], np.float32)
    memory[POWER] = 1
    weights, transposed = memory[starts[0] : starts[1]], memory[starts[3] : starts[4]]
    gates = 3 * hidden
    units = np.float32(1) / np.sqrt(np.float32(hidden))
    weights[:] = _uniform(len(weights), seed)
    weights[: 256 * gates] *= np.float32(0.25)
    weights[256 * gates : 257 * gates] = 0
    weights[257 * gates :] *= units
    transposed[:] = weights[257 * gates :].reshape(hidden, gates).T.ravel()
    return memory


def _uniform(size: int, seed: int) -> NDArray[np.float32]:
    """Return pseudo-random numbers from -1 to 1, the same on all machines (splitmix64: Steele, Lea and Flood, 2014)."""
    state = np.uint64(seed) + np.arange(1, size + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    return (state >> np.uint64(40)).astype(np.float32) * np.float32(2**-23) - np.float32(1)


@functools.cache
def _matches() -> NDArray[np.uint32]:
    """Return the initial probabilities of matches, which increase with their length."""
    right = [65536 - 65536 * 2 // (2 * length + 5) for length in range(kernels.MATCH_LENGTHS)]
    likely = np.array([(65536 - one, one) for one in right], np.uint32)
    return np.repeat((likely << np.uint32(16)) ^ np.uint32(1 << 31), 8, 0).ravel()


def _scratch() -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    return np.zeros(kernels.N_SCRATCH, np.int64), np.zeros(kernels.N_INPUTS, np.float32)
