"""Streams that are closed, full or of another encoding; signals; and that no command prints around the escape."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import kolmo

PROGRAM = f"{sys.executable} -m kolmo"
COMMANDS = ["--help", "data list", "data list --json", "length f -c zstd", "compress f -c zstd -f", "completion bash"]
PRINTS = {"cli/completion.py", "cli/errors.py", "coders/library/ppmd_process.py"}
"""Modules that may write to a stream in other ways than by a table, JSON or `write_lines`."""


def shell(command: str) -> tuple[int, str, str]:
    Path("f").write_bytes(b"some bytes, " * 9)
    run = subprocess.run(["bash", "-c", command], capture_output=True, check=False, timeout=120)
    return run.returncode, run.stdout.decode(), run.stderr.decode()


@pytest.mark.parametrize("command", COMMANDS)
def test_stdout_that_is_closed_is_one_line(command: str) -> None:
    code, _, stderr = shell(f"{PROGRAM} {command} >&-")
    assert (code, stderr) == (1, "Error: standard output: Bad file descriptor\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
@pytest.mark.parametrize("command", [*COMMANDS[:2], "compress f -c zstd -o -"])
def test_stdout_that_is_full_is_one_line(command: str) -> None:
    code, _, stderr = shell(f"{PROGRAM} {command} >/dev/full")
    assert (code, stderr) == (1, "Error: standard output: No space left on device\n")


def test_stdin_that_is_closed_is_one_line() -> None:
    code, stdout, stderr = shell(f"{PROGRAM} length - -c zstd <&-")
    assert (code, stdout) == (1, "")
    assert stderr.startswith("Error: standard input cannot be read")
    assert stderr.count("\n") == 1


@pytest.mark.parametrize("closing", ["2>&-", "2>/dev/full", ">&- 2>&- <&-"])
def test_without_stderr_the_exit_code_tells(closing: str) -> None:
    assert shell(f"{PROGRAM} length absent -c zstd {closing}") == (1, "", "")


def test_a_file_never_takes_the_number_of_a_closed_stream() -> None:
    """With stdout closed, the next file that is opened would be number 1, and get what is printed."""
    code, _, _ = shell(f"{PROGRAM} compress f -c zstd -o out.kolmo >&- 2>&-; {PROGRAM} decompress out.kolmo -o back")
    assert code == 0
    assert Path("back").read_bytes() == Path("f").read_bytes()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-16", "utf-8"])
def test_names_are_printed_in_any_encoding(encoding: str) -> None:
    name = b"n\xc3\xa9\xe2\x80\xae\x1b[2J\xff"
    Path(os.fsdecode(name)).write_bytes(b"x")
    run = subprocess.run(
        [*PROGRAM.split(), "length", name, os.fsdecode(name) + "absent"],
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 1
    assert b"Traceback" not in run.stderr
    assert b"\x1b" not in run.stdout + run.stderr
    run = subprocess.run(
        [*PROGRAM.split(), "length", name, "-c", "zstd"],
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert b"\x1b[" not in run.stdout


@pytest.mark.parametrize(
    ("number", "code", "line"), [(signal.SIGTERM, 143, "Terminated"), (signal.SIGHUP, 129, "Terminated")]
)
def test_other_signals_end_a_command_in_one_line_without_remains(number: int, code: int, line: str) -> None:
    Path("big").write_bytes(bytes(range(256)) * 200_000)
    process = subprocess.Popen(
        [*PROGRAM.split(), "compress", "big", "-c", "lzma"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while len(list(Path().iterdir())) < 2:  # the output is being written
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout, stderr.decode()) == (code, b"", "Terminated\n")
    assert [path.name for path in Path().iterdir()] == ["big"]


def test_ctrl_c_while_modules_are_imported_shows_no_traceback() -> None:
    program = "import os, signal, sys\nfrom kolmo.__main__ import main\nsys.argv = ['kolmo', '--help']\n"
    program += "class Finder:\n    def find_spec(self, name, *_):\n"
    program += "        if name == 'kolmo.cli': os.kill(os.getpid(), signal.SIGINT)\n"
    program += "sys.meta_path.insert(0, Finder())\nmain()"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, timeout=120)
    assert (run.returncode, run.stdout, run.stderr) == (-signal.SIGINT, b"", b"")


PRINTING = {"print", "click.echo", "click.secho", "sys.stdout.write", "sys.stderr.write", "sys.stdout.writelines"}


def prints(path: Path) -> set[str]:
    """Return the calls in a module that write text to a standard stream in their own way."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    return {
        ast.unparse(call)
        for call in calls
        if ast.unparse(call.func) in PRINTING
        for content in call.args
        if not isinstance(content, ast.Constant)
        and not {"visible", "get_help"} & set(re.findall(r"\w+", ast.unparse(content)))
    }


def test_no_command_prints_around_the_escape() -> None:
    package = Path(kolmo.__file__).parent
    found = {str(path.relative_to(package)): calls for path in package.rglob("*.py") if (calls := prints(path))}
    assert not {module: calls for module, calls in found.items() if module not in PRINTS}
