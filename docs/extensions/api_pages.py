"""A Sphinx extension that writes the pages of the reference: the public names of each package, and the commands.

Nothing is listed by hand: names come from the packages' stubs, commands from the command line itself. Each name is
documented once, in `kolmo` if it can be imported from there.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click
from docutils.nodes import Element
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.pycode import ModuleAnalyzer

import kolmo
from kolmo.cli import main

FOLDER = "api"
WIDTH = 100


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", lambda app, _: write_pages(Path(app.srcdir) / FOLDER))
    app.connect("autodoc-skip-member", _skip_member)
    app.connect("missing-reference", _find_public_name)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_pages(folder: Path) -> None:
    """Write a page for each package, one for the names of no package, and one for the commands."""
    folder.mkdir(exist_ok=True)
    packages = sorted(path.parent.name for path in Path(kolmo.__file__).parent.glob("*/__init__.pyi"))
    pages = {"commands": _page_of_commands()}
    shown: set[str] = set()
    for name in packages:
        module = importlib.import_module(f"kolmo.{name}")
        at_top = {each for each in module.__all__ if getattr(kolmo, each, None) is getattr(module, each)}
        shown |= at_top
        places = {each: "kolmo" if each in at_top else module.__name__ for each in module.__all__}
        pages[module.__name__] = _page(module, places)
    pages["kolmo"] = _page(kolmo, {each: "kolmo" for each in kolmo.__all__ if each not in shown})
    for name, text in pages.items():
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _page(module: ModuleType, places: dict[str, str]) -> str:
    """Return the page of a package, given the package from which each of its names is imported."""
    summary = (module.__doc__ or "").partition("\n")[0]
    lines = [
        *_heading(module.__name__, "="),
        f".. py:module:: {module.__name__}",
        "",
        ".. py:currentmodule:: None",
        "",
        summary,
        "",
    ]
    kinds: dict[str, list[str]] = {"Functions": [], "Classes": []}
    values = []
    for name, place in sorted(places.items()):
        value = getattr(module, name)
        if inspect.isfunction(inspect.unwrap(value)):
            kinds["Functions"].append(f"{place}.{name}")
        elif inspect.isclass(value):
            kinds["Classes"].append(f"{place}.{name}")
        else:
            values += [f".. py:data:: {place}.{name}", "", f"   {_comment(module, name)}", ""]
    for kind, names in kinds.items():
        if names:
            lines += [
                *_heading(kind, "-"),
                ".. autosummary::",
                "   :toctree: names",
                "",
                *(f"   {name}" for name in names),
                "",
            ]
    return "\n".join([*lines, *(_heading("Constants", "-") if values else []), *values])


def _comment(module: ModuleType, name: str) -> str:
    """Return the documentation of a constant: the string below it, in the module that the stub names."""
    stub = ast.parse(Path(str(module.__file__)).with_suffix(".pyi").read_text(encoding="utf-8"))
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    home = next(str(node.module) for node in imports if name in {alias.name for alias in node.names})
    docs = ModuleAnalyzer.for_module(home).find_attr_docs()
    return " ".join(docs.get(("", name), ["A constant."])).strip()


def _page_of_commands() -> str:
    lines = [*_heading("Commands", "="), "The help texts of ``kolmo`` and of its commands.", ""]
    for path, command in _commands("kolmo", main):
        text = command.get_help(click.Context(command, info_name=path, max_content_width=WIDTH, terminal_width=WIDTH))
        lines += [
            *_heading(path, "-"),
            ".. code-block:: text",
            "",
            *(f"   {line}".rstrip() for line in text.splitlines()),
            "",
        ]
    return "\n".join(lines)


def _commands(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in sorted(command.list_commands(context)):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _commands(f"{path} {name}", inner)


def _heading(text: str, mark: str) -> list[str]:
    return [text, mark * len(text), ""]


def _skip_member(app: Sphinx, what: str, name: str, value: Any, skip: bool, options: Any) -> bool | None:
    """Leave out what other libraries define, such as scikit-learn's ``set_fit_request``."""
    home = getattr(inspect.unwrap(value) if callable(value) else value, "__module__", None)
    return True if home is not None and not str(home).startswith("kolmo") else None


def _find_public_name(app: Sphinx, env: BuildEnvironment, node: pending_xref, text: Element) -> Element | None:
    """Link a name in single backquotes to its page, without the package before it; a name without a page stays text."""
    if node.get("refdomain") != "py" or node.get("reftype") != "obj":
        return None
    domain = env.domains.python_domain
    parts = node["reftarget"].split(".")
    tails = [".".join(parts[start:]) for start in range(len(parts)) if parts[start] != "kolmo"]
    found = (name for tail in tails for name in sorted(domain.objects, key=len) if name.endswith(f".{tail}"))
    name = next(found, None)
    if name is None:
        return text
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", name, node, text)
