"""Fuzz the readers and the command line: ``python benchmarks/fuzz.py --seconds 600 --output failures``.

Each case runs in a forked process with limits on memory and time. A command must end with exit code 0, 1 or 2, print at
most one line of error, no traceback, no control character, and nothing that a library writes on its own. The smallest
input found for each kind of failure is kept in a folder with its command line. A run that is started again with the
same folder continues where it stopped.
"""

from __future__ import annotations

import argparse
import dataclasses
import faulthandler
import io
import json
import os
import re
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn

from fuzz_cases import MAKERS, Case, make_case
from fuzz_inputs import decode_archives

MAX_SECONDS = 60.0
MAX_BYTES = 2**30
"""Most memory that the process of a case adds to that of its parent, which has loaded the libraries."""
_ADDRESS_SPACE = 16 * 2**30
_STYLE = re.compile(r"\x1b\[(?:[0-9;]*m|\?25[lh]|2K|1A)")
"""Styles, and the movements of progress bars."""
_HIDDEN = re.compile(
    "[\0-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufe0f\U000e0000-\U000e0fff]"
)
_CONCEALED = "\x1b[8m"
_TRIES, _SHRINK_SECONDS = 150, 20.0
"""Limits for finding a smaller input."""


@dataclass(frozen=True)
class Outcome:
    """The end of a case.

    Parameters
    ----------
    code : int
        Exit code; minus the number of the signal that ended the process.
    stdout, stderr : str
        What was printed; bytes that are not UTF-8 are surrogates.
    seconds : float
        Time.
    peak_bytes : int
        Most memory that the process added to that of its parent.
    """

    code: int
    stdout: str
    stderr: str
    seconds: float
    peak_bytes: int


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def run_case(case: Case) -> Outcome:
    """Run a case in a forked process and a new folder."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        place = Path(name)
        (place / "here").mkdir()
        for file, data in case.files.items():
            target = os.path.join(name, "here", file)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as opened:
                opened.write(data)
        (place / "stdin").write_bytes(case.stdin)
        for stream in ("stdout", "stderr"):
            (place / stream).touch()
        sys.stdout.flush()
        sys.stderr.flush()
        start = time.perf_counter()
        child = os.fork()
        if child == 0:
            _child(case, place)
        status, usage = _wait(child)
        seconds = time.perf_counter() - start
        printed = [(place / each).read_bytes().decode("utf-8", "surrogateescape") for each in ("stdout", "stderr")]
        return Outcome(
            os.waitstatus_to_exitcode(status), *printed, seconds, usage.ru_maxrss * 1024 - _bytes_at_start(place)
        )


def _note_bytes_at_start(place: Path) -> None:
    """Reset the peak memory of this process, and write down its memory, much of which it shares with its parent."""
    Path("/proc/self/clear_refs").write_text("5")
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    (place / "memory").write_text(str(pages * resource.getpagesize()))


def _bytes_at_start(place: Path) -> int:
    noted = place / "memory"
    return int(noted.read_text()) if noted.exists() else 0


def _wait(child: int) -> tuple[int, Any]:
    """Wait for a child, and kill it after the time limit."""
    descriptor = os.pidfd_open(child)
    try:
        if not select.select([descriptor], [], [], MAX_SECONDS)[0]:
            os.kill(child, signal.SIGKILL)
    finally:
        os.close(descriptor)
    _, status, usage = os.wait4(child, 0)
    return status, usage


def _child(case: Case, place: Path) -> NoReturn:
    """Run the command with the files of the case as real streams; never return."""
    code = 70
    faulthandler.disable()  # the test runner enables it
    try:
        _note_bytes_at_start(place)
        for number, name, flags in ((0, "stdin", os.O_RDONLY), (1, "stdout", os.O_WRONLY), (2, "stderr", os.O_WRONLY)):
            descriptor = os.open(place / name, flags | (os.O_APPEND if number else 0))
            os.dup2(descriptor, number)
            os.close(descriptor)
        kind = _Terminal if case.terminal else io.TextIOWrapper
        inputs, outputs, errors = (
            io.FileIO(number, mode, closefd=False) for number, mode in ((0, "r"), (1, "w"), (2, "w"))
        )
        sys.stdin = io.TextIOWrapper(io.BufferedReader(inputs), encoding="utf-8")
        sys.stdout = kind(io.BufferedWriter(outputs), encoding="utf-8")
        sys.stderr = kind(io.BufferedWriter(errors), "utf-8", "backslashreplace", line_buffering=True)
        os.environ |= {"HF_HUB_OFFLINE": "1", "TERM": "xterm", "COLUMNS": "100"}
        os.environ.pop("KOLMO_TRACEBACK", None)
        os.chdir(place / "here")
        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            _command(case)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        os.write(2, traceback.format_exc().encode("utf-8", "backslashreplace"))
    os._exit(code)


def _command(case: Case) -> None:
    """Run the command line of a case, or the function of the package that it names."""
    name, *rest = case.arguments or ("",)
    functions: dict[str, Callable[..., Any]] = {"extract": _extract, "newick": _newick}
    if case.what == "models" and name in functions:
        from kolmo.cli.errors import end_with_one_line

        end_with_one_line(lambda: functions[name](*rest))
    from kolmo.cli import main

    main(list(case.arguments), prog_name="kolmo")


def _extract(archive: str, member: str) -> None:
    from kolmo.data.archives import extract_member

    extract_member(Path(archive), member)


def _newick(text: str) -> None:
    from kolmo import Tree

    str(Tree.from_newick(text))


def failure(case: Case, outcome: Outcome) -> str | None:
    """Return the kind of failure of a case; None if it ended as it should."""
    both = outcome.stderr if case.prints_data else outcome.stdout + outcome.stderr
    lines = [line for line in _STYLE.sub("", outcome.stderr).split("\n") if line.strip()]
    errors = [line for line in lines if line.startswith("Error: ")]
    if outcome.code == -signal.SIGKILL:
        return f"ran longer than {MAX_SECONDS:g} s, or was killed"
    if outcome.code < 0:
        return f"ended by signal {-outcome.code}"
    unexpected = re.search(r"unexpected (\w+): ([^;\n]*)", "\n".join(errors))
    if unexpected:
        return f"unexpected {unexpected[1]}: {re.sub(r'[0-9]+', 'N', unexpected[2])[:60]}"
    if "Traceback" in both:
        last = [line for line in both.split("\n") if line.strip()][-1]
        return f"traceback: {re.sub(r'[0-9]+', 'N', last)[:60]}"
    if outcome.code not in (0, 1, 2):
        return f"exit code {outcome.code}"
    if (outcome.code != 0) != (len(errors) == 1):
        return f"exit code {outcome.code} with {len(errors)} lines of error"
    strange = [line for line in lines if not line.startswith(("Error: ", "Warning: ", "Note: "))]
    if outcome.code != 0 and strange:
        return f"stray line on stderr: {re.sub(r'[0-9]+', 'N', strange[0])[:40]!r}"
    text = both.replace("\r", "") if case.terminal else both
    hidden = _HIDDEN.search(_STYLE.sub("", text) if case.terminal else text)
    if hidden or _CONCEALED in text:
        return f"control character {hidden[0] if hidden else _CONCEALED!r}" if not hidden else f"printed {hidden[0]!r}"
    if outcome.peak_bytes > MAX_BYTES:
        return f"more than {MAX_BYTES:,} bytes of memory"
    return None


def smallest(case: Case, kind: str) -> Case:
    """Return a smaller case with the same kind of failure."""
    tries, end = 0, time.monotonic() + _SHRINK_SECONDS

    def fails(smaller: Case) -> bool:
        nonlocal tries
        tries = _TRIES + 1 if time.monotonic() > end else tries + 1
        return tries <= _TRIES and failure(smaller, run_case(smaller)) == kind

    for smaller in _with_less(case):
        if fails(smaller(case)):
            case = smaller(case)
    for name in sorted(case.files):
        part = max(len(case.files[name]) // 2, 1)
        while part and tries <= _TRIES:
            at = 0
            while at < len(case.files[name]) and tries <= _TRIES:
                data = case.files[name]
                shorter = dataclasses.replace(case, files=case.files | {name: data[:at] + data[at + part :]})
                if fails(shorter):
                    case = shorter
                else:
                    at += part
            part //= 2
    return case


def _with_less(case: Case) -> Iterator[Callable[[Case], Case]]:
    """Yield functions that remove one thing from a case."""
    yield lambda each: dataclasses.replace(each, stdin=b"")
    yield lambda each: dataclasses.replace(each, terminal=False)
    for name in case.files:
        yield lambda each, name=name: dataclasses.replace(
            each, files={other: data for other, data in each.files.items() if other != name}
        )
    for argument in reversed(case.arguments):
        yield lambda each, argument=argument: dataclasses.replace(
            each, arguments=tuple(other for other in each.arguments if other is not argument)
        )


def write_failure(folder: Path, case: Case, outcome: Outcome, kind: str) -> Path:
    """Write the files, the command line and the output of a failure to a folder of its own."""
    place = folder / re.sub(r"\W+", "-", f"{case.what} {kind}")[:80].strip("-")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    files = {f"file-{number}": name for number, name in enumerate(case.files)}
    for file, name in files.items():
        (place / file).write_bytes(case.files[name])
    (place / "stdin").write_bytes(case.stdin)
    facts = {"failure": kind, "arguments": case.arguments, "files": files, "terminal": case.terminal}
    printed = {"code": outcome.code, "stdout": outcome.stdout[:5000], "stderr": outcome.stderr[:5000]}
    (place / "case.json").write_text(json.dumps(facts | printed, indent=2) + "\n")
    return place


def fuzz(
    whats: list[str], seed: int, seconds: float, folder: Path | None = None, report: IO[str] = sys.stdout
) -> dict[str, Counter[str]]:
    """Run cases by turns for some seconds and return how many ended in which way, by fuzzer.

    Parameters
    ----------
    whats : list of str
        The fuzzers.
    seed : int
        Seed of the cases.
    seconds : float
        Time for all of them.
    folder : Path, optional
        Where failures and the state of the run are kept.
    report : text stream
        Where each new kind of failure is reported.
    """
    counts: dict[str, Counter[str]] = {what: Counter() for what in whats}
    state_file = folder / f"state-{seed}.json" if folder is not None else None
    if state_file is not None and state_file.exists():
        state = json.loads(state_file.read_text())
        counts |= {what: Counter(state[what]) for what in whats if what in state}
    else:
        state = {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for what in whats:
            case = make_case(what, seed, counts[what].total())
            outcome = run_case(case)
            kind = failure(case, outcome)
            counts[what][f"failed: {kind}" if kind else f"exit code {outcome.code}"] += 1
            if kind and folder is not None and counts[what][f"failed: {kind}"] == 1:
                small = smallest(case, kind)
                report.write(f"{what}: {kind}: {write_failure(folder, small, run_case(small), kind)}\n")
                report.flush()
        if state_file is not None:
            state_file.parent.mkdir(parents=True, exist_ok=True)
            state_file.write_text(json.dumps(state | {what: dict(counts[what]) for what in counts}))
    return counts


def preload(whats: list[str]) -> None:
    """Import the libraries and make the valid inputs before the first fork, so that a case takes milliseconds."""
    import kolmo.cli.classify.classify
    import kolmo.cli.joint.matrix  # noqa: F401

    for what in whats:
        for number in range(20):
            make_case(what, -1, number)
    if "streams" in whats:
        decode_archives()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--what", choices=list(MAKERS), action="append", help="repeat it for several; default: all")
    parser.add_argument("--output", type=Path, default=Path("fuzz-failures"))
    arguments = parser.parse_args()
    whats = arguments.what or list(MAKERS)
    preload(whats)
    counts = fuzz(whats, arguments.seed, arguments.seconds, arguments.output)
    for what, ends in counts.items():
        print(f"{what}: {ends.total():,} cases")
        for end, count in ends.most_common():
            print(f"  {count:>7,}  {end}")
    sys.exit(any(end.startswith("failed") for ends in counts.values() for end in ends))


if __name__ == "__main__":
    main()
