"""Compilation of the Numba kernels of all coders ahead of their first use."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from kolmo.coders.registry import coder

_TEXT = b"the cat sat on the mat"

WARMED = ("deflate", "lz77", "ngram", "gru", "program", "mix:level=3", "mix:level=5", "mix:level=6")
"""Coders with kernels. Of mix, one level for each specialisation: without a network, with one, with deep contexts."""


def warm_up(names: Sequence[str] | None = None) -> Iterator[tuple[str, float]]:
    """Use every kernel of the coders once, so that Numba compiles it or loads it from its cache.

    Parameters
    ----------
    names : sequence of str, optional
        Those of `WARMED` whose kernels are compiled, in place of all.

    Yields
    ------
    name : str
        The coder whose kernels have been compiled.
    seconds : float
        Wall time, close to zero for kernels that were already loaded.
    """
    special: dict[str, Callable[[], object]] = {
        "deflate": _use_deflate,
        "lz77": _use_lz77,
        "ngram": _use_ngram,
        "program": _use_program,
    }
    for name in WARMED if names is None else names:
        start = time.perf_counter()
        special.get(name, partial(_use_predictive, name))()
        yield name, time.perf_counter() - start


def _use_deflate() -> None:
    from kolmo.coders.deflate import lengths

    lengths.is_available()  # compares all kernels with zlib


def _use_lz77() -> None:
    lz77 = coder("lz77")
    lz77.fitted([_TEXT]).joint_code_lengths([_TEXT, b""], [_TEXT])


def _use_ngram() -> None:
    _use_predictive("ngram")
    coder("ngram").code_length(_TEXT * 8)  # outgrows the first table


def _use_program() -> None:
    sums = [sum((3, 90, 7)[place % 3] for place in range(end + 1)) for end in range(40)]
    coder("program").prime(_TEXT).code_length(bytes(each % 256 % 100 for each in sums))
    coder("program:effort=1").code_length(
        bytes(each * each * 37 % 101 for each in range(3, 43))
    )  # nothing is found early


def _use_predictive(spec: str) -> None:
    used = coder(spec)
    used.decompress(used.compress(_TEXT))
    used.prime(_TEXT).code_length(_TEXT)
    used.cursor(_TEXT).distribution()  # type: ignore[attr-defined]
