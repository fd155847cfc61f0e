"""The package as a whole: what importing it loads, which way its imports run, that every example runs."""

from __future__ import annotations

import ast
import doctest
import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import kolmo

HEAVY = {"sklearn", "torch", "numba", "matplotlib", "scipy", "pandas", "pyarrow", "polars", "joblib"}
FLOORS = ["coders", "data", "measures", "learn", "laws", "show", "cli"]
"""From the ground up: a floor imports those below it."""
PACKAGE = Path(kolmo.__file__).parent
MODULES = sorted(
    module.name for module in pkgutil.walk_packages(kolmo.__path__, "kolmo.") if not module.name.endswith("__main__")
)


def loaded_by(program: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has loaded after a program."""
    tell = "import json, sys; print('\\n' + json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    run = subprocess.run([sys.executable, "-c", f"{program}\n{tell}"], capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "program",
    [
        "import kolmo",
        "import kolmo; kolmo.coder('zstd').code_length('x')",
        "from kolmo.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass",
    ],
    ids=["import", "one code length", "help"],
)
def test_starting_loads_nothing_heavy(program: str) -> None:
    assert not loaded_by(program) & HEAVY


def test_every_public_name_can_be_imported() -> None:
    for package in (
        "kolmo",
        "kolmo.coders",
        "kolmo.data",
        "kolmo.distances",
        "kolmo.evaluation",
        "kolmo.joint",
        "kolmo.trees",
        "kolmo.learn",
        "kolmo.testing",
    ):
        module = importlib.import_module(package)
        assert module.__all__
        for name in module.__all__:
            assert getattr(module, name) is not None
        assert set(module.__all__) <= set(dir(module))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        kolmo.nothing  # noqa: B018


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_imports_run_down_the_floors() -> None:
    for path in PACKAGE.rglob("*.py"):
        floor = path.relative_to(PACKAGE).parts[0]
        if floor not in FLOORS:
            continue
        above = FLOORS[FLOORS.index(floor) + 1 :]
        # coders and data stand side by side
        forbidden = {*above, "coders"} if floor == "data" else set(above)
        used = {name.split(".")[1] for name in imports(path) if name.startswith("kolmo.")}
        assert not used & forbidden, f"{path} imports {used & forbidden}"


def test_no_module_reads_pickles() -> None:
    for path in PACKAGE.rglob("*.py"):
        if "testing" not in path.parts:
            assert not {name.partition(".")[0] for name in imports(path)} & {"pickle", "shelve", "marshal", "dill"}, (
                path
            )


@pytest.mark.parametrize("name", MODULES)
def test_every_example_runs(name: str) -> None:
    module = importlib.import_module(name)
    finder = doctest.DocTestFinder(exclude_empty=True)
    failures = []
    for example in finder.find(module, name):
        if not example.examples:
            continue
        report: list[str] = []
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=report.append)
        failures += report
    assert not failures, "".join(failures)
