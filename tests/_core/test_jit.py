"""What a terminal shows while kernels are compiled, and hints to load memory."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numba
import numpy as np
import pytest

from kolmo._core.jit import _CompileTimer, prefetch, u64


def event(module: str, name: str) -> SimpleNamespace:
    function = SimpleNamespace(__module__=module, __name__=name)
    return SimpleNamespace(data={"dispatcher": SimpleNamespace(py_func=function)})


@pytest.mark.parametrize("terminal", [True, False])
def test_the_kernel_that_is_compiled_is_named_on_a_terminal(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    timer, ours = _CompileTimer(), event("kolmo.coders.ngram.kernels", "code_lengths")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    timer.on_start(ours)
    timer.on_start(event("kolmo.coders.ngram.kernels", "of_a_kernel"))
    shown = capsys.readouterr().err
    text = "compiling kernels, once on this machine: coders.ngram.kernels.code_lengths ..."
    assert shown == (f"\r{text}" if terminal else "")
    timer.on_end(event("kolmo.coders.ngram.kernels", "of_a_kernel"))
    assert timer.seconds == 0
    timer.on_end(ours)
    assert capsys.readouterr().err == (f"\r{' ' * len(text)}\r" if terminal else "")
    assert timer.seconds > 0


def test_kernels_of_other_packages_do_not_count(capsys: pytest.CaptureFixture[str]) -> None:
    timer, other = _CompileTimer(), event("somebody.else", "kernel")
    timer.on_start(other)
    timer.on_end(other)
    assert timer.seconds == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
def test_prefetch_changes_nothing_even_outside_of_the_array(dtype: type) -> None:
    @numba.njit
    def total(array: np.ndarray) -> float:
        found = 0.0
        for place in range(3 * array.size):
            prefetch(array, u64(place - array.size))
            if place < array.size:
                found += array.flat[place]
        return found

    array = np.arange(12, dtype=dtype).reshape(3, 4)
    before = array.copy()
    assert total(array) == 66
    assert (array == before).all()
