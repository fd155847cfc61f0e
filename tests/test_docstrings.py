"""Public docstrings say what goes in, what comes out, and show it."""

from __future__ import annotations

import importlib
import inspect

import pytest

import kolmo

validate = pytest.importorskip("numpydoc.validate", reason="numpydoc is not installed").validate

PACKAGES = [
    "kolmo",
    "kolmo.coders",
    "kolmo.container",
    "kolmo.data",
    "kolmo.distances",
    "kolmo.evaluation",
    "kolmo.find",
    "kolmo.joint",
    "kolmo.learn",
    "kolmo.profile",
    "kolmo.testing",
    "kolmo.trees",
]
REQUIRED = {
    "GL08",  # no docstring
    "SS03",  # the summary does not end with a full stop
    "PR01",  # a parameter is not documented
    "PR02",  # a documented parameter does not exist
    "PR04",  # a parameter has no type
    "PR07",  # a parameter has no description
    "RT01",  # no Returns section
}
NEEDS_EXAMPLE = REQUIRED | {"EX01"}


def public_functions_and_classes() -> dict[str, object]:
    found = {}
    for package in PACKAGES:
        module = importlib.import_module(package)
        for name in module.__all__:
            value = getattr(module, name)
            is_error = inspect.isclass(value) and issubclass(value, Exception)
            if (inspect.isclass(value) or inspect.isfunction(value)) and not is_error:
                found[f"{value.__module__}.{value.__qualname__}"] = value
    return found


PUBLIC = public_functions_and_classes()


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_docstring_is_complete(name: str) -> None:
    value = PUBLIC[name]
    required = NEEDS_EXAMPLE if inspect.isfunction(value) else REQUIRED
    errors = [f"{code} {message}" for code, message in validate(name)["errors"] if code in required]
    assert not errors


@pytest.mark.parametrize("method", ["code_length", "code_lengths", "prime", "joint_code_length", "decompress"])
def test_the_main_methods_of_a_coder_show_an_example(method: str) -> None:
    errors = [code for code, _ in validate(f"kolmo.coders.base.Coder.{method}")["errors"]]
    assert not set(errors) & NEEDS_EXAMPLE


def test_the_package_says_its_version() -> None:
    assert kolmo.__version__.count(".") == 2
