from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from kolmo import __version__
from kolmo.cli import COMMANDS

HEAVY = {"numpy", "sklearn", "scipy", "torch", "numba", "matplotlib", "pandas", "pyarrow", "joblib", "rich"}


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], [], ["--version"], ["length", "--help"], ["data", "-h"]])
def test_help_loads_no_heavy_library(arguments: list[str]) -> None:
    program = (
        "import json, sys\nfrom kolmo.cli import main\n"
        f"try: main({arguments!r})\nexcept SystemExit as end: assert not end.code\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not set(json.loads(run.stdout.splitlines()[-1])) & HEAVY


def test_help_names_every_command_and_each_helps(kolmo: Any) -> None:
    listing = kolmo("--help").stdout
    assert kolmo().stdout == listing
    for command, line in COMMANDS.items():
        assert command in listing
        assert line.split()[0] in listing
        for flag in ("-h", "--help"):
            assert kolmo(command, flag).stdout.startswith(f"Usage: kolmo {command}")


def test_version_is_that_of_the_package(kolmo: Any) -> None:
    for flag in ("-V", "--version"):
        assert kolmo(flag).stdout == f"kolmo, version {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lenght"], "did you mean 'length'?"),
        (["xyzzy"], "known: demo, length"),
        (["--nonsense"], "--nonsense"),
        (["length"], "Missing argument"),
        (["length", "--nonsense", "file"], "kolmo length --help"),
        (["data", "shw"], "show"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_two(refused: Any, arguments: list[str], message: str) -> None:
    assert message in refused(*arguments, code=2)
