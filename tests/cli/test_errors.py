from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from kolmo.cli.errors import end_with_one_line
from kolmo.errors import DataError, MissingDependencyError, ParameterError, PrimingError


def ended(run, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.raises(SystemExit) as end:
        end_with_one_line(run)
    return int(str(end.value.code)), capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (ParameterError("k is 0"), 2, "Error: k is 0\n"),
        (PrimingError("no prime"), 2, "Error: no prime\n"),
        (DataError("two\nlines"), 1, "Error: two lines\n"),
        (MissingDependencyError("pip install it"), 1, "Error: pip install it\n"),
        (OSError(errno.ENOSPC, "No space left on device", "out.csv"), 1, "Error: out.csv: No space left on device\n"),
        (KeyboardInterrupt(), 130, "Interrupted\n"),
    ],
)
def test_an_error_is_one_line_and_an_exit_code(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def run() -> None:
        raise error

    assert ended(run, capsys) == (code, line)


@pytest.mark.parametrize("error", [ZeroDivisionError("no\x1b[2Jcount"), EOFError(), RecursionError(), MemoryError()])
def test_an_error_that_nobody_expected_is_one_line(
    error: Exception, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run() -> None:
        raise error

    code, line = ended(run, capsys)
    assert code == 1
    assert line.startswith("Error: ")
    assert line.count("\n") == 1
    assert "\x1b" not in line
    monkeypatch.setenv("KOLMO_TRACEBACK", "1")
    _, shown = ended(run, capsys)
    assert ("Traceback" in shown) == ("unexpected" in line)
    assert "\x1b" not in shown


def test_each_warning_is_one_line_and_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    def run() -> None:
        for _ in range(3):
            warnings.warn("the window\nis short", stacklevel=1)
            warnings.warn("another", stacklevel=1)
        warnings.warn("for developers", DeprecationWarning, stacklevel=1)

    assert ended(run, capsys) == (0, "Warning: the window is short\nWarning: another\n")


SAYS_WHEN_IT_WORKS = r"""
import os, joblib
start = joblib.Parallel.__call__
def call(parallel, tasks):
    os.write(2, b"working\n")
    return start(parallel, tasks)
joblib.Parallel.__call__ = call
from kolmo.cli import main
main(prog_name="kolmo")
"""


@pytest.mark.parametrize(
    ("coder", "seconds", "send"),
    [
        ("deflate", 0.5, os.killpg),
        pytest.param("ppmd", 0, os.killpg, marks=pytest.mark.slow),  # while the workers start
        pytest.param("ppmd", 0.3, os.killpg, marks=pytest.mark.slow),
        pytest.param("ppmd", 2, os.killpg, marks=pytest.mark.slow),
        pytest.param("ppmd", 0.1, os.kill, marks=pytest.mark.slow),
    ],
)
def test_an_interrupted_command_says_so_and_leaves_nothing_half_written(
    coder: str, seconds: float, send: Callable[[int, int], None]
) -> None:
    """A terminal sends Ctrl-C to the whole group of processes; `kill` to one process."""
    Path("train.tsv").write_text("".join(f"{n % 2}\t{n} {'word ' * 400}\n" for n in range(3000)))
    arguments = ["classify", "train.tsv", "train.tsv", "-c", coder, "-j", "2", "-o", "out.csv"]
    process = subprocess.Popen(
        [sys.executable, "-c", SAYS_WHEN_IT_WORKS, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line == b"working\n":
            break
    time.sleep(seconds)
    assert process.poll() is None, "the command ended before it was interrupted"
    send(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stdout == b""
    lines = [line for line in stderr.decode().splitlines() if line and not line.startswith("Warning: ")]
    assert [line for line in lines if line != "working"] == ["Interrupted"]
    assert sorted(path.name for path in Path().iterdir()) == ["train.tsv"]


def test_a_reader_who_has_enough_is_no_error() -> None:
    Path("file").write_bytes(b"x" * 100)
    program = f"{sys.executable} -c \"from kolmo.cli import main; main(prog_name='kolmo')\""
    run = subprocess.run(
        ["sh", "-c", f"for i in 1 2; do {program} coders --json | head -c 1; done"],
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert run.stdout == b"{{"
    assert run.stderr == b""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_is_one_line() -> None:
    with open("/dev/full", "wb") as full:
        run = subprocess.run(
            [sys.executable, "-c", "from kolmo.cli import main; main(['coders'])"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=120,
        )
    assert run.returncode == 1
    assert b"No space left" in run.stderr
    assert b"Traceback" not in run.stderr
