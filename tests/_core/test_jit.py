"""What a terminal shows while kernels are compiled."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from kolmo._core.jit import _CompileTimer


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
