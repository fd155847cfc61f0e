"""The command, in this process and in its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

PROGRAM = [sys.executable, "-c", "from kolmo.cli import main; main(prog_name='kolmo')"]

Run = Callable[..., Result]
Refused = Callable[..., str]
Start = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)


@pytest.fixture
def kolmo() -> Run:
    """Call the command in this process; it must succeed unless told otherwise."""

    def run(*arguments: object, code: int = 0, stdin: bytes | None = None) -> Result:
        from kolmo.cli import main

        result = CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin, prog_name="kolmo")
        assert result.exit_code == code, result.output
        return result

    return run


@pytest.fixture
def refused(kolmo: Run) -> Refused:
    """Call the command with something it cannot use; return the one line that says so."""

    def run(*arguments: object, code: int, stdin: bytes | None = None) -> str:
        result = kolmo(*arguments, code=code, stdin=stdin)
        assert result.stdout == ""
        errors = [line for line in result.stderr.splitlines() if not line.startswith(("Warning: ", "Note: "))]
        assert len(errors) == 1, result.stderr
        assert errors[0].startswith("Error: ")
        return errors[0]

    return run


@pytest.fixture
def start() -> Start:
    """Run the command in a process of its own."""

    def run(*arguments: object, path: Path | None = None, **options: Any) -> subprocess.CompletedProcess[bytes]:
        environment = os.environ | ({} if path is None else {"PYTHONPATH": str(path)})
        return subprocess.run(
            [*PROGRAM, *map(str, arguments)], env=environment, capture_output=True, timeout=120, check=False, **options
        )

    return run


@pytest.fixture
def topics() -> tuple[Path, Path]:
    """A training and a test file with columns `label` and `text`: three topics, told apart by their words."""
    words = {
        "pets": "cat dog kitten puppy purrs barks fur leash bowl whiskers paws tail",
        "money": "stocks bonds yield market shares profit bank interest dividend broker fund index",
        "food": "bread butter oven flour sugar recipe dough bake cinnamon pastry cream salt",
    }
    import random

    shuffled = random.Random(5)
    paths = Path("train.csv"), Path("test.csv")
    for path, count in zip(paths, (20, 6), strict=True):
        rows = ["label,text"]
        for _ in range(count):
            rows += [f"{label},{' '.join(shuffled.choices(text.split(), k=15))}" for label, text in words.items()]
        path.write_text("\n".join(rows) + "\n")
    return paths
