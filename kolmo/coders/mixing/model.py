"""State of a context-mixing model: arrays that are cheap to copy, and calls of the kernel on them."""

from __future__ import annotations

import copy
import functools
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kolmo.coders.entropy.bitwise import TextModel
from kolmo.coders.mixing import kernels, lookup, mixer, settings, tables as mixing_tables
from kolmo.coders.mixing.inputs import DEEP_INPUTS
from kolmo.coders.mixing.layout import SIGNAL, Layout
from kolmo.coders.mixing.presets import preset
from kolmo.coders.rnn.model import initial_network

_ENTRIES_PER_CONTEXT_AND_BYTE, _ENTRIES_PER_BYTE = 8 + 2 * 16, 8 * 3 + 2
_DEEP_ENTRIES_PER_CONTEXT_AND_BYTE, _DEEP_ENTRIES_PER_BYTE = 2 * 8 + 2 * 32 + 1, 8 * 6 + 4
_NO_COSTS = np.zeros(0)
_NO_NETWORK = np.zeros(0, np.float32)
_NO_JOURNAL = np.zeros((0, 2), np.int64)

DEEP_LEVEL = 6
"""From this level on, each context has more inputs, from buckets of twice the size."""


class Model(TextModel):
    """The learned parameters of a model, and the text that it has read.

    Parameters
    ----------
    level : int
        1 to 6.
    layout : Layout
    size : int
        Number of bytes that the tables are sized for. The model can read more, with more hash collisions.
    """

    def __init__(self, level: int, layout: Layout, size: int) -> None:
        super().__init__(size)
        self.layout = layout
        chosen = preset(level, layout.kind)
        digits = max(size, 2).bit_length()  # a bucket has two others that may take its place
        n_contexts = len(chosen.contexts)
        index_bits, refine_bits = max(8, min(22, digits)), max(6, min(16, digits - 4))
        long = chosen.long_match_length
        deep = int(level >= DEEP_LEVEL)
        self.depth = 1 if deep else None
        per_context = DEEP_INPUTS if deep else kernels.INPUTS_PER_CONTEXT
        self.settings = np.zeros(settings.N_SETTINGS, np.int64)
        for name, value in {
            settings.N_CONTEXTS: n_contexts,
            settings.TABLE_BITS: max(min(digits, 14), min(digits - (3 if level < 4 else 2), 19 if deep else 22)),
            settings.N_INPUTS: -(-(per_context * n_contexts + (7 if chosen.hidden else 5)) // 8) * 8,
            settings.N_SETS: chosen.n_sets,
            settings.MATCH_BITS: index_bits,
            settings.MATCH_LENGTH: chosen.match_length,
            settings.LONG_MATCH_LENGTH: long,
            settings.REFINE_BITS: refine_bits,
            settings.SAMPLE: layout.sample,
            settings.ROW: layout.row,
            settings.RATE: 100,
            settings.LEAST_RATE: 16 if deep else 30,
            settings.SAMPLE_BYTES: 2 if layout.kind == SIGNAL else 1,
            settings.HIDDEN: chosen.hidden,
            settings.MAX_MISMATCHES: chosen.max_mismatches,
        }.items():
            self.settings[name] = value
        self.masks = _masks(level, layout.kind)
        self.registers = np.zeros(settings.N_REGISTERS, np.uint64)
        self.table = _on_cache_lines(n_contexts * 16 << int(self.settings[settings.TABLE_BITS]) + deep)
        self.index = np.zeros(
            (1 << index_bits) * (2 if long else 1) + deep * (256 + (1 << min(index_bits, 16))), np.int32
        )
        start = _start(n_contexts, int(self.settings[settings.N_INPUTS]), chosen.n_sets, refine_bits, deep)
        self.maps, self.weights, self.final_weights, self.refine = (array.copy() for array in start)
        self.network = initial_network(chosen.hidden, 0) if chosen.hidden else _NO_NETWORK

    @property
    def position(self) -> int:
        """Number of bytes read."""
        return int(self.registers[settings.R_POSITION])

    def copy(self) -> Self:
        """Return an independent copy."""
        duplicate = copy.copy(self)
        for name in (*_NOT_IN_JOURNAL, "index", "refine", "text"):
            setattr(duplicate, name, getattr(self, name).copy())
        duplicate.table = _on_cache_lines(len(self.table))
        duplicate.table[:] = self.table
        return duplicate

    def trial(self, data: bytes, *, by_bit: bool = False) -> NDArray[np.float64]:
        """Return the code length of each byte of `data` in bits, or of each bit, and restore the model."""
        n_contexts = int(self.settings[settings.N_CONTEXTS])
        per_context, per_byte = _ENTRIES_PER_CONTEXT_AND_BYTE, _ENTRIES_PER_BYTE
        if self.depth:
            per_context, per_byte = _DEEP_ENTRIES_PER_CONTEXT_AND_BYTE, _DEEP_ENTRIES_PER_BYTE
        capacity = (per_context * n_contexts + per_byte) * len(data) + 1
        journal = np.empty((capacity, 2), np.int64)
        journal[0] = 1  # the first row holds the number of entries
        before = [getattr(self, name).copy() for name in _NOT_IN_JOURNAL]
        try:
            return self.measure(data, by_bit=by_bit, journal=journal)
        finally:  # also after a keyboard interrupt
            kernels.undo(journal, self.table, self.index, self.refine)
            for name, array in zip(_NOT_IN_JOURNAL, before, strict=True):
                getattr(self, name)[:] = array

    def _run(self, mode: int, stop: int, stream: Any, cursor: Any, costs: Any = _NO_COSTS, **more: Any) -> int:
        step, _ = mixing_tables.histories()
        reached: int = kernels.run(
            self.depth,
            mode,
            self.text,
            stop,
            stream,
            cursor,
            costs,
            self.settings,
            self.masks,
            self.registers,
            self.table,
            self.maps,
            self.weights,
            self.final_weights,
            self.refine,
            self.index,
            _constants(self.depth is not None),
            step,
            mixing_tables.costs(),
            np.zeros(kernels.N_SCRATCH, np.int64),
            more.get("journal", _NO_JOURNAL),
            self.network if len(self.network) else None,
        )
        return reached


_NOT_IN_JOURNAL = ("registers", "maps", "weights", "final_weights", "network")
"""Small arrays, which a trial copies; its journal records the changes of all others."""


def _on_cache_lines(size: int) -> NDArray[np.uint32]:
    """Return zeros, aligned so that each bucket of 64 bytes is one cache line."""
    buffer = np.zeros(size + 15, np.uint32)
    start = -buffer.ctypes.data % 64 // 4
    return buffer[start : start + size]


@functools.cache
def _constants(deep: bool) -> NDArray[np.int32]:
    sizes = np.array(mixer.DEEP_SET_SIZES if deep else mixer.SET_SIZES, np.int32)
    return np.concatenate([mixing_tables.constants(), sizes, mixing_tables.classes()])


@functools.cache
def _masks(level: int, kind: int) -> NDArray[np.uint64]:
    contexts = preset(level, kind).contexts
    masks = np.zeros(
        (len(contexts), lookup.N_DEEP_PRIMITIVES if level >= DEEP_LEVEL else lookup.N_PRIMITIVES), np.uint64
    )
    for row, context in zip(masks, contexts, strict=True):
        for primitive, mask in context.items():
            row[primitive] = mask
    return masks


@functools.lru_cache(32)
def _start(n_contexts: int, n_inputs: int, n_sets: int, refine_bits: int, deep: int) -> tuple[NDArray[Any], ...]:
    """Return the initial maps, weights, final weights and refinement maps."""
    _, probabilities = mixing_tables.histories()
    by_length = [65536 - 65536 * 2 // (2 * length + 5) for length in range(32)]
    by_long_length = [65536 - 65536 // (4 * length + 6) for length in range(32)]
    by_bit = [p for right in (*by_length, *by_long_length) for p in (65536 - right, right)]
    by_run = np.repeat([65536 - 65536 * 2 // (2 * min(length, 31) + 5) for length in range(64)], 8)
    by_run[256:] = 32768
    runs = np.tile(by_run, n_contexts * deep)
    maps = np.concatenate([np.tile(probabilities, n_contexts), by_bit, runs]).astype(np.uint32) << np.uint32(16)
    weights = np.zeros((sum((mixer.DEEP_SET_SIZES if deep else mixer.SET_SIZES)[:n_sets]), n_inputs), np.int32)
    per_context = DEEP_INPUTS if deep else kernels.INPUTS_PER_CONTEXT
    inputs = per_context * n_contexts
    weights[:, 0 : inputs + 1 : per_context] = 629146 // n_contexts if deep else 11796  # 0.18
    final_weights = np.full((256 + 328 * deep) * n_sets, 65536 // n_sets, np.int32)
    bins = mixing_tables.constants()[4096 + np.minimum(np.arange(33) * 128, 4095)].astype(np.uint16)
    return maps, weights.ravel(), final_weights, np.tile(bins, 256 + ((5 if deep else 2) << refine_bits))
