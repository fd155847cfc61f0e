"""Some hundred cases of each fuzzer of ``benchmarks/fuzz.py``, which runs as many as its time allows."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import fuzz
import fuzz_cases
import pytest

COUNTS = {"streams": 25, "tables": 50, "pictures": 50, "commands": 40, "models": 40}
MARKS = {"models": pytest.mark.slow}
SEED = 15

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="cases run in forked processes with limits of Linux")


@pytest.mark.parametrize("what", [pytest.param(what, marks=MARKS.get(what, ())) for what in COUNTS])
def test_damaged_and_hostile_input_ends_in_one_line(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    fuzz.preload([what])
    failures = {}
    for number in range(COUNTS[what]):
        case = fuzz_cases.make_case(what, SEED, number)
        outcome = fuzz.run_case(case)
        if (kind := fuzz.failure(case, outcome)) is not None:
            failures[number] = (kind, case.arguments, outcome.stderr[-500:])
    assert not failures


def test_a_failure_is_found_and_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(case: fuzz_cases.Case) -> None:
        if b"!" in case.files.get("x", b""):
            raise ZeroDivisionError
        raise SystemExit(0)

    monkeypatch.setattr(fuzz, "_command", broken)
    case = fuzz_cases.Case("commands", ("a", "b"), {"x": b"some bytes ! and more", "y": b"z"}, b"text")
    kind = fuzz.failure(case, fuzz.run_case(case))
    assert kind == "traceback: ZeroDivisionError"
    small = fuzz.smallest(case, kind)
    assert small == fuzz_cases.Case("commands", (), {"x": b"!"})


@pytest.mark.parametrize(
    ("program", "kind"),
    [
        ("os.kill(os.getpid(), 11)", "ended by signal 11"),
        ("sys.stdout.write('\\x1b]0;x\\x07'); sys.exit()", "printed '\\x1b'"),
        ("sys.stderr.write('Error: a\\nError: b\\n'); sys.exit(1)", "exit code 1 with 2 lines of error"),
        ("sys.stderr.write('Error: a\\n'); sys.exit()", "exit code 0 with 1 lines of error"),
        ("os.write(2, b'Error: a\\nnoise\\n'); sys.exit(1)", "stray line on stderr: 'noise'"),
        ("sys.exit(3)", "exit code 3"),
    ],
)
def test_every_kind_of_failure_is_seen(program: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "_command", lambda _: exec(program, {"os": os, "sys": sys}))
    case = fuzz_cases.Case("commands", ())
    assert fuzz.failure(case, fuzz.run_case(case)) == kind


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    case = fuzz_cases.Case("commands", ())
    monkeypatch.setattr(fuzz, "MAX_BYTES", 50_000_000)
    for size, kind in ((1000, None), (200_000_000, "more than 50,000,000 bytes of memory")):
        monkeypatch.setattr(fuzz, "_command", lambda _, size=size: sys.exit(len(b"x" * size) == 0))
        assert fuzz.failure(case, fuzz.run_case(case)) == kind


def test_a_run_continues_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = []
    made = fuzz.make_case
    monkeypatch.setattr(fuzz, "make_case", lambda *given: numbers.append(given[2]) or made(*given))
    monkeypatch.setattr(fuzz, "run_case", lambda _: fuzz.Outcome(0, "", "", 0.0, 0))
    for _ in range(2):
        fuzz.fuzz(["commands"], 0, 0.05, tmp_path)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 2
