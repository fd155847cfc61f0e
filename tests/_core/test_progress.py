from __future__ import annotations

import io
import sys
import time

import pytest

from kolmo._core import progress as module
from kolmo._core.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def opened_terminal(monkeypatch: pytest.MonkeyPatch, delay: float = 0.05) -> Terminal:
    """Replace stderr; called by the test itself, since pytest sets stderr anew after the fixtures."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(module, "DELAY_SECONDS", delay)
    monkeypatch.setenv("TERM", "xterm")
    return stream


def wait_for(terminal: Terminal, text: str) -> bool:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if text in terminal.getvalue():
            return True
        time.sleep(0.02)
    return False


def test_long_work_shows_its_label_and_amount_even_before_the_first_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = opened_terminal(monkeypatch)
    with progress(2000, label="measuring", unit="B") as bar:
        assert wait_for(terminal, "measuring")
        bar.update(500)
        assert wait_for(terminal, "500 B of 2 kB")
        bar.describe("measuring by gzip")
        assert wait_for(terminal, "measuring by gzip")


def test_bars_inside_another_are_shown_together_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = opened_terminal(monkeypatch)
    with progress(None, label="outer", unit="coder") as outer:
        assert wait_for(terminal, "outer")
        with progress(3, label="inner", unit="item"):
            assert wait_for(terminal, "0 of 3 item")
        outer.update()
        assert wait_for(terminal, "1 coder")
    assert module._display._bars is None
    length = len(terminal.getvalue())
    time.sleep(0.3)
    assert len(terminal.getvalue()) == length


def test_short_work_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = opened_terminal(monkeypatch, delay=30.0)
    with progress(10, label="short", unit="item") as bar:
        bar.update(10)
    assert terminal.getvalue() == ""


def test_nothing_is_shown_where_stderr_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DELAY_SECONDS", 0.0)
    with progress(10, label="silent", unit="item") as bar:
        time.sleep(0.2)
        bar.update(10)
    assert capsys.readouterr() == ("", "")


def test_an_error_ends_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = opened_terminal(monkeypatch)

    def work() -> None:
        with progress(None, label="failing", unit="item"):
            assert wait_for(terminal, "failing")
            raise KeyError

    with pytest.raises(KeyError):
        work()
    assert module._display._bars is None
