"""The README and the pages in docs: their commands run, with what the install lines above them bring; tables match."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
PROGRAM = Path(sys.executable).with_name("kolmo")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LONGEST_README = 180
HIDDEN = """
import os, sys
from importlib.machinery import PathFinder
HIDDEN = os.environ.get("HIDDEN_MODULES", "").split(",")
class Visible(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in HIDDEN else super().find_spec(name, path, target)
sys.meta_path[:] = [Visible if finder is PathFinder else finder for finder in sys.meta_path]
"""
"""A sitecustomize that hides the modules of extras that a reader has not installed."""


def commands_of(page: Path) -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    return [command for line in lines for command in line.split(" && ")]


def extras_of(command: str) -> set[str]:
    """Return the extras that a `pip install` line names, and those that these extras name."""
    extras = set(filter(None, ",".join(re.findall(r"\.\[([a-z0-9,]+)\]", command)).split(",")))
    for requirement in [line for extra in extras for line in PROJECT["optional-dependencies"][extra]]:
        own = re.fullmatch(rf"{PROJECT['name']}\[(.*)\]", requirement)
        extras |= set(own.group(1).split(",")) if own else set()
    return extras


@functools.cache
def modules_of_extras() -> dict[str, set[str]]:
    """Return the modules that each extra brings and the core does not."""

    def name_of(requirement: str) -> str:
        return re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-")

    modules: dict[str, set[str]] = {}
    for module, distributions in importlib.metadata.packages_distributions().items():
        for distribution in distributions:
            modules.setdefault(name_of(distribution), set()).add(module)
    return {
        extra: set().union(*(modules.get(name_of(line), set()) for line in lines)) - {"kolmo"}
        for extra, lines in PROJECT["optional-dependencies"].items()
        if extra not in ("dev", "all")
    }


def steps() -> list[object]:
    """Return every command of every page, with the extras installed by the lines above it."""
    found: list[object] = []
    for page in PAGES:
        # a page other than the README starts where its reader has installed everything
        installed = set() if page == README else set(modules_of_extras())
        for command in commands_of(page):
            if command.startswith("pip install"):
                installed |= extras_of(command)
            elif command.startswith("kolmo "):
                found.append(pytest.param(command, frozenset(installed), id=f"{page.stem}: {command}"))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the examples name; a model that one command trains is there for the next."""
    folder = tmp_path_factory.mktemp("reader")
    for name in ("README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    rows = [
        f"{topic},{topic} and {index % 7} other words on {topic}" for index in range(40) for topic in ("cats", "bonds")
    ]
    for name in ("train.csv", "test.csv"):
        (folder / name).write_text("\n".join(["topic,text", *rows]) + "\n")
    write_logs_and_authors(folder)
    hidden = folder / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(HIDDEN)
    return folder


def write_logs_and_authors(folder: Path) -> None:
    """Write the logs, sources and texts that the pages on finding name."""
    lines = [f"user {index * index % 97} logged in from 10.0.0.{index % 7}" for index in range(120)]
    (folder / "good.log").write_text("\n".join(lines) + "\n")
    (folder / "today.log").write_text("\n".join([*lines[:9], "kernel panic: out of memory"]) + "\n")
    sentences = [
        f"{subject} {verb} {place}. "
        for subject in ("I", "we", "they")
        for verb in ("saw", "left", "knew")
        for place in ("London", "Paris", "the sea", "a farm")
    ]
    by_author = {name: "".join(sentences[start :: 2 + start] * 9) for start, name in enumerate(("ann", "bob", "cid"))}
    (folder / "authors.csv").write_text("author,text\n" + "".join(f"{name},{by_author[name]}\n" for name in by_author))
    texts = {f"authors/{name}/1.txt": text for name, text in by_author.items()}
    texts |= {f"{part}/{number}.txt": line for part in ("src", "corpus") for number, line in enumerate(lines[:30])}
    texts |= {"new/1.txt": lines[40], "draft.txt": lines[50]}
    texts |= {"letter.txt": by_author["ann"][:300], "diary.txt": by_author["bob"][:300]}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def environment(folder: Path, installed: frozenset[str]) -> dict[str, str]:
    extras = modules_of_extras()
    visible = set().union(*(extras[name] for name in installed))
    hidden = set().union(*extras.values()) - visible
    return os.environ | {"PYTHONPATH": str(folder / "hidden"), "HIDDEN_MODULES": ",".join(sorted(hidden))}


@pytest.mark.xdist_group("readme")
@pytest.mark.parametrize(("command", "installed"), steps())
def test_command_runs_after_the_install_line_above_it(command: str, installed: frozenset[str], folder: Path) -> None:
    for left in ("run.kept", "README.md.kolmo", "CHANGELOG.md.kolmo"):
        (folder / left).unlink(missing_ok=True)
    if "train" in shlex.split(command)[:2]:
        shutil.rmtree(folder / "model", ignore_errors=True)
    elif "model=model/" in command and not (folder / "model").exists():
        training = "train README.md -o model/ --model gru:20k --bytes 20kB --steps 5"
        subprocess.run([str(PROGRAM), *shlex.split(training)], cwd=folder, capture_output=True, check=True)
    run = subprocess.run(
        [str(PROGRAM), *shlex.split(command)[1:]],
        cwd=folder,
        env=environment(folder, installed),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()


def test_python_examples_of_the_readme_need_no_extra(folder: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "doctest", str(README)],
        cwd=folder,
        env=environment(folder, frozenset()),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]


def test_the_readme_fits_and_states_the_two_commands() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= LONGEST_README
    commands = commands_of(README)
    assert commands[:2] == ["pip install .", "kolmo demo"]
    assert commands[-1].startswith("pytest")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_ci_installs_and_tests_as_the_readme_says() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    installation, tests = commands_of(README)[-2:]
    assert installation.removeprefix("pip install ") in script
    assert tests in script


def test_no_text_installs_the_unrelated_project_of_the_same_name() -> None:
    """On PyPI, `kolmo` is another project."""
    assert importlib.metadata.version(PROJECT["name"])
    tree = [path for name in ("kolmo", "tests", "benchmarks", "docs") for path in (ROOT / name).rglob("*.*")]
    texts = [path for path in (*tree, *ROOT.glob("*.*")) if path.suffix in (".py", ".pyi", ".md", ".toml", ".txt")]
    wrong = re.compile(r"pip install [^\n`&]*(?<![\w/.])kolmo(?!-toolkit)\b|(?<![\w./-])kolmo\[[a-z]")
    found = [str(path) for path in texts if path != Path(__file__) and wrong.search(path.read_text(encoding="utf-8"))]
    assert not found


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
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
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
        assert table in page
