"""The README and the pages in docs: their commands run, with what the install lines above them bring."""

from __future__ import annotations

import contextlib
import csv
import functools
import importlib.metadata
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
PAGES = [
    README,
    *sorted(path for path in DOCS.rglob("*.md") if path.relative_to(DOCS).parts[0] not in ("api", "examples")),
]
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
    """Return the commands of a page, without their comments."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    return [re.sub(r"\s+# .*", "", command) for line in lines for command in line.split(" && ")]


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


def steps(page: Path) -> list[tuple[str, frozenset[str]]]:
    """Return the commands of a page, each with the extras installed by the lines above it."""
    found = []
    # a page other than the README starts where its reader has installed everything
    installed = set() if page == README else set(modules_of_extras())
    for command in commands_of(page):
        if command.startswith("pip install"):
            installed |= extras_of(command)
        elif command.startswith("kolmo "):
            found.append((command, frozenset(installed)))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the examples name."""
    for name in ("README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    topics = {"cats": "and %d other words on cats that purr", "bonds": "with %d other notes on bonds that fell"}
    rows = [f"{topic},{topic} {text % (index * index)}" for index in range(40) for topic, text in topics.items()]
    for start, name in enumerate(("train", "test", "reviews", "new", "data", "more")):
        own = "cats," + " ".join(f"{name[::-1]}{number * (start + 3) ** 3}" for number in range(12))
        (tmp_path / f"{name}.csv").write_text("\n".join(["topic,text", *rows[start:], own]) + "\n")
    (tmp_path / "new.jsonl").write_text("".join(json.dumps({"text": row.partition(",")[2]}) + "\n" for row in rows))
    logs = [f"2024-05-01 12:{n % 60:02} worker {n % 7}: job {n * n} finished in {n % 13} ms\n" for n in range(200)]
    (tmp_path / "good.log").write_text("".join(logs))
    (tmp_path / "today.log").write_text("".join([*logs[:40], "2024-05-02 kernel panic: out of memory\n"]))
    for author, page in {"ada": README, "bob": ROOT / "CHANGELOG.md", "cyd": PAGES[1], "dan": PAGES[2]}.items():
        text = page.read_bytes()
        for number in range(2):
            path = tmp_path / "authors" / author / f"{number}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text[number * len(text) // 2 : (number + 1) * len(text) // 2])
    shutil.copytree(tmp_path / "authors" / "ada", tmp_path / "src")
    shutil.copytree(tmp_path / "authors" / "bob", tmp_path / "new")
    shutil.copytree(tmp_path / "authors" / "ada", tmp_path / "corpus")
    for name in ("draft", "letter", "diary"):
        (tmp_path / f"{name}.txt").write_bytes(README.read_bytes()[:1500])
    with (tmp_path / "authors.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["author", "text"])
        writer.writerows(
            (path.parent.name, path.read_text("utf-8", "replace")) for path in sorted(tmp_path.glob("authors/*/*"))
        )
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(HIDDEN)
    return tmp_path


def environment(folder: Path, installed: frozenset[str]) -> dict[str, str]:
    extras = modules_of_extras()
    visible = set().union(*(extras[name] for name in installed))
    hidden = set().union(*extras.values()) - visible
    return os.environ | {"PYTHONPATH": str(folder / "hidden"), "HIDDEN_MODULES": ",".join(sorted(hidden))}


@pytest.mark.parametrize("page", [page for page in PAGES if steps(page)], ids=lambda page: page.stem)
def test_commands_run_after_the_install_line_above_them(page: Path, folder: Path) -> None:
    """The commands of a page run in their order, in one folder."""
    if page.stem == "leaks":
        for name in ("store", "other"):
            _run(f"kolmo sketch save data.csv {name}/", folder, frozenset(modules_of_extras()))
        shutil.rmtree(folder / "store")
    for command, installed in steps(page):
        if command == "kolmo demo":  # `.ci/distributions` runs it from the wheel, without extras
            continue
        if "train" in shlex.split(command)[:2]:
            shutil.rmtree(folder / "model", ignore_errors=True)
        elif "model=model/" in command and not (folder / "model").exists():
            _run("kolmo train README.md -o model/ --model gru:20k --bytes 20kB --steps 5", folder, installed)
        _run(command, folder, installed)


def _run(command: str, folder: Path, installed: frozenset[str]) -> None:
    """Run a command in a process of its own, which lacks what is not installed; in this one where nothing lacks."""
    for left in ("run.progress", "README.md.kolmo", "CHANGELOG.md.kolmo"):
        (folder / left).unlink(missing_ok=True)
    if installed == frozenset(modules_of_extras()) and not set(command) & set("<>|&$*"):
        from kolmo.cli import main

        with contextlib.chdir(folder):
            result = CliRunner().invoke(main, shlex.split(command)[1:], prog_name="kolmo")
        assert result.exit_code == 0, f"{command}\n{result.output}"
        return
    variables = environment(folder, installed)
    variables["PATH"] = f"{PROGRAM.parent}{os.pathsep}{variables['PATH']}"
    run = subprocess.run(
        command, shell=True, cwd=folder, env=variables, capture_output=True, text=True, timeout=300, check=False
    )
    assert run.returncode == 0, f"{command}\n{run.stderr}"


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


def test_every_page_has_its_place_in_the_navigation() -> None:
    """A page that no other lists is not found; one that two list has two places."""
    listed = [
        str((page.parent / line).relative_to(DOCS))
        for page in PAGES[1:]
        for block in re.findall(r"```{toctree}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        for line in block.split()
    ]
    names = [str(page.relative_to(DOCS).with_suffix("")) for page in PAGES[1:] if page != DOCS / "index.md"]
    assert {name: listed.count(name) for name in names} == dict.fromkeys(names, 1)


def test_every_public_name_and_command_has_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sphinx", reason="the extra docs is not installed")
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "extensions"))
    import api_pages  # type: ignore[import-not-found]

    import kolmo

    api_pages.write_pages(tmp_path)
    text = "\n".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    for name in kolmo.__all__:
        places = re.findall(rf"^ *(?:.. py:data:: )?kolmo\.(?:\w+\.)?{name}$", text, re.MULTILINE)
        assert len(places) == 1, f"{name}: {places}"
    assert "kolmo joint growth\n---" in text
    assert "A constant." not in text


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


def test_the_citation_names_the_version() -> None:
    import kolmo

    assert f"version {kolmo.__version__};" in README.read_text(encoding="utf-8")
    assert f"\nversion: {kolmo.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
