"""Checks of parameters, each with its message in one place."""

from __future__ import annotations

from typing import Any

from kolmo.errors import ParameterError


def check_integer(name: str, value: Any, low: int, high: int) -> None:
    """Refuse a parameter that is no whole number from `low` to `high`."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ParameterError(f"{name} must be a whole number from {low} to {high}, but {value!r} came")


def check_boolean(name: str, value: Any) -> None:
    """Refuse a parameter that is neither True nor False."""
    if not isinstance(value, bool):
        raise ParameterError(f"{name} must be true or false, but {value!r} came")
