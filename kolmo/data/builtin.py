"""Data sets without a download, built from the libraries that Kolmo depends on."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
import inspect
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from kolmo._core.extras import import_extra
from kolmo.data.corpus import Corpus
from kolmo.errors import DataError

LIBRARIES = {"numpy": "numpy", "scipy": "scipy", "sklearn": "scikit-learn"}
"""Packages with the docstrings, and the distributions that install them."""

_SHORTEST_TEXT = 80
_SKIPPED_FOLDERS = {
    "tests",
    "testing",
    "benchmarks",
    "distutils",
    "externals",
    "f2py",
    "_build_utils",
    "_external",
    "_lib",
    "_vendored",
}
"""Folders with tests, build scripts and vendored code."""

_SECTION = re.compile(r"^[ \t]*\S[^\n]*\n[ \t]*[-=]{3,}[ \t]*$", re.MULTILINE)
_DIRECTIVE = re.compile(r"^\.\. .*(?:\n(?:[ \t]+.*)?)*", re.MULTILINE)
_TEST_SHARE = 0.25


def docstrings(split: str) -> Corpus:
    """Return the prose of API docstrings, labelled by their library.

    An item is the summary and the description of a public function, class or method, up to the first section. Sources
    are parsed and never imported. The split of a text depends on the text alone.

    Parameters
    ----------
    split : {"train", "test"}
        Three quarters of the texts, or one quarter.

    Returns
    -------
    Corpus
        Labels ``numpy``, ``scipy`` and ``sklearn``; some thousand texts, depending on the installed versions.
    """
    chosen = [(text, label) for text, label in _labelled_prose() if _is_test(text.encode()) == (split == "test")]
    return Corpus(
        items=[text.encode() for text, _ in chosen],
        labels=[label for _, label in chosen],
        name=f"docstrings:{split}",
        source=", ".join(_versions(LIBRARIES.values())),
    )


def digits(split: str) -> Corpus:
    """Return scikit-learn's handwritten digits of 8 by 8 pixels, one byte per pixel.

    Parameters
    ----------
    split : {"train", "test"}
        Three quarters of the images, or one quarter.

    Returns
    -------
    Corpus
        1,797 images in all, labelled ``0`` to ``9``.
    """
    from sklearn.datasets import load_digits

    images, targets = load_digits(return_X_y=True)
    rows = [row.tobytes() for row in images.astype("uint8")]
    chosen = [index for index, row in enumerate(rows) if _is_test(row) == (split == "test")]
    return Corpus(
        items=[rows[index] for index in chosen],
        labels=[str(targets[index]) for index in chosen],
        name=f"digits:{split}",
        modality="image",
        source=", ".join(_versions(["scikit-learn"])),
    )


def photos() -> Corpus:
    """Return scikit-learn's two photographs of 427 by 640 pixels as raw RGB bytes; needs the extra ``image``.

    Returns
    -------
    Corpus
        Labelled ``china`` and ``flower``.
    """
    import_extra("PIL", extra="image", purpose="reading photographs")
    from sklearn.datasets import load_sample_images

    sample = load_sample_images()
    return Corpus(
        items=[image.tobytes() for image in sample.images],
        labels=[Path(name).stem for name in sample.filenames],
        name="photos",
        modality="image",
        source=", ".join(_versions(["scikit-learn"])),
    )


@cache
def _labelled_prose() -> tuple[tuple[str, str], ...]:
    labelled: dict[str, str] = {}
    for library in LIBRARIES:
        for text in _prose_of(library):
            labelled.setdefault(text, library)
    return tuple(labelled.items())


def _is_test(item: bytes) -> bool:
    return hashlib.sha256(item).digest()[0] < 256 * _TEST_SHARE


def _versions(distributions: Iterable[str]) -> Iterator[str]:
    for name in distributions:
        yield f"{name} {importlib.metadata.version(name)}"


def _prose_of(library: str) -> Iterator[str]:
    spec = importlib.util.find_spec(library)
    if spec is None or not spec.submodule_search_locations:
        raise DataError(f"{library} is not installed as a package, so its docstrings cannot be read")
    root = Path(spec.submodule_search_locations[0])
    for path in sorted(root.rglob("*.py")):
        inner = path.relative_to(root).parts
        if _SKIPPED_FOLDERS & set(inner) or path.name.startswith(("test_", "conftest", "setup")):
            continue
        source = path.read_text(encoding="utf-8", errors="replace")
        if '"""' not in source:
            continue
        try:
            tree = ast.parse(source)
        except SyntaxError:
            continue
        documented = _added_docs(tree) if path.name == "_add_newdocs.py" else _public_docs(tree)
        for text in map(_prose, documented):
            if len(text.encode()) >= _SHORTEST_TEXT:
                yield text


def _public_docs(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            if doc := ast.get_docstring(node):
                yield doc
            if isinstance(node, ast.ClassDef):
                yield from _public_docs(node)


def _added_docs(tree: ast.AST) -> Iterator[str]:
    """Yield the docstrings that NumPy attaches to functions written in C: ``add_newdoc(place, name, doc)``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "add_newdoc" and node.args:
            for constant in ast.walk(node.args[-1]):
                if isinstance(constant, ast.Constant) and isinstance(constant.value, str) and "\n" in constant.value:
                    yield inspect.cleandoc(constant.value)


def _prose(doc: str) -> str:
    """Return summary and description on one line: the text before the first section, without directives."""
    section = _SECTION.search(doc)
    head = doc[: section.start()] if section else doc
    return " ".join(_DIRECTIVE.sub("", head).split())
