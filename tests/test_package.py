"""The package as a whole: what importing it loads, which way its imports run, that every example runs."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import kolmo

HEAVY = {"sklearn", "torch", "numba", "matplotlib", "scipy", "pandas", "pyarrow", "polars", "joblib"}
FLOORS = [
    {"errors", "_version"},
    {"_core"},
    {"coders", "data"},
    {"complexity", "container", "distances", "evaluation"},
    {"joint", "laws", "learn", "trees"},
    {"find"},
    {"profile"},
    {"show", "testing"},
    {"cli"},
]
"""From the ground up. A package imports those on floors below its own, and none beside it."""
LARGEST_FOLDER = 16
PACKAGE = Path(kolmo.__file__).parent
MODULES = sorted(
    module.name for module in pkgutil.walk_packages(kolmo.__path__, "kolmo.") if not module.name.endswith("__main__")
)


SHORT = [
    *("coders", "complexity", "container", "data", "distances", "evaluation", "find"),
    *("joint", "laws", "learn", "profile", "show", "testing", "trees"),
]
PACKAGES = ["kolmo", *(f"kolmo.{name}" for name in SHORT)]


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
    for package in PACKAGES:
        module = importlib.import_module(package)
        assert module.__all__
        for name in module.__all__:
            assert getattr(module, name) is not None
        assert set(module.__all__) <= set(dir(module))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        kolmo.nothing  # noqa: B018


def imports(path: Path) -> set[str]:
    """Return the dotted names that a file imports, inside functions and for type checkers too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def floor_of(name: str) -> int:
    return next(height for height, floor in enumerate(FLOORS) if name in floor)


def test_every_package_has_a_floor() -> None:
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert there - {"__init__", "__main__"} == set().union(*FLOORS)


def test_imports_run_down_the_floors() -> None:
    for path in PACKAGE.rglob("*.py"):
        package = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if package in ("__init__", "__main__"):
            continue
        used = {name.split(".")[1] for name in imports(path) if name.startswith("kolmo.")} - {package}
        wrong = {name for name in used if floor_of(name) >= floor_of(package)}
        assert not wrong, f"{path} imports {', '.join(sorted(wrong))}"


def module_of(dotted: str) -> str | None:
    """Return the module of the package that an imported name is, or stands in."""
    while dotted.startswith("kolmo."):
        if dotted in MODULES:
            return dotted
        dotted = dotted.rpartition(".")[0]
    return None


def test_no_import_is_circular() -> None:
    """Modules form no circle, imports inside functions and for type checkers included."""
    uses = {}
    for path in PACKAGE.rglob("*.py"):
        name = ".".join(("kolmo", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
        uses[name] = {module for each in imports(path) if (module := module_of(each)) and module != name}
    free: set[str] = set()
    while ready := {name for name in uses if name not in free and uses[name] <= free}:
        free |= ready
    assert not {name: uses[name] - free for name in uses if name not in free}


def test_no_folder_is_crowded() -> None:
    for folder in {path.parent for path in PACKAGE.rglob("*.py")}:
        modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(modules) <= LARGEST_FOLDER, f"{folder} holds {len(modules)} modules"


def test_no_module_hides_a_public_name() -> None:
    """Importing a module binds its name in its package, so a public function of that name would be lost."""
    for name in MODULES:
        importlib.import_module(name)
    for name in PACKAGES:
        package = importlib.import_module(name)
        for public in package.__all__:
            assert not inspect.ismodule(getattr(package, public)), f"{name}.{public} is a module"


def test_packages_are_reached_from_the_top() -> None:
    program = f"import kolmo\nfor name in {SHORT!r}: assert getattr(kolmo, name).__all__"
    subprocess.run([sys.executable, "-c", program], check=True)


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
