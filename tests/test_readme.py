"""Every command of the README runs; its Python examples run as doctests."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    command
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("$ ")
    for command in line.removeprefix("$ ").split(" && ")
]
PROGRAM = Path(sys.executable).with_name("kolmo")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the examples name."""
    for name in ("README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    rows = [
        f"{topic},{topic} and {index % 7} other words on {topic}" for index in range(40) for topic in ("cats", "bonds")
    ]
    for name in ("train.csv", "test.csv"):
        (tmp_path / name).write_text("\n".join(["topic,text", *rows]) + "\n")
    return tmp_path


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("kolmo ")])
def test_command_runs(command: str, folder: Path) -> None:
    arguments = [str(PROGRAM), *shlex.split(command)[1:]]
    run = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()


def test_the_two_commands_of_a_newcomer_stand_there() -> None:
    assert "pip install ." in COMMANDS
    assert "kolmo demo" in COMMANDS
    assert "pytest" in COMMANDS


def test_ci_installs_and_tests_as_the_readme_says() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (installation,) = (command for command in COMMANDS if "[dev]" in command)
    assert installation.removeprefix("pip install ") in script
    assert script.rstrip().endswith("pytest")


@pytest.mark.parametrize(
    ("command", "results", "n_tables"),
    [
        (["readme_table.py"], "text_classification.jsonl", 3),
        (["readme_neighbours.py"], "neighbours.jsonl", 3),
        (["readme_classify.py"], "classify.jsonl", 3),
        (["coders.py", "--table"], "coders.jsonl", 1),
        (["neural.py", "table"], "neural.jsonl", 2),
        (["known_answers.py", "table"], "known_answers.jsonl", 2),
        (["audit.py", "table"], "audit.jsonl", 1),
    ],
)
def test_the_tables_of_results_are_those_of_the_recorded_runs(command: list[str], results: str, n_tables: int) -> None:
    folder = ROOT / "benchmarks"
    run = subprocess.run(
        [sys.executable, str(folder / command[0]), *command[1:], str(folder / "results" / results)],
        capture_output=True,
        text=True,
        check=True,
    )
    tables = run.stdout.strip().split("\n\n")
    assert len(tables) == n_tables
    for table in tables:
        assert len(table.splitlines()) > 5
        assert table in README
