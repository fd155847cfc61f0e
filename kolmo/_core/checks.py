"""Checks of parameters, each with its message in one place."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any

from kolmo.errors import ParameterError


def check_integer(name: str, value: Any, low: int, high: int) -> None:
    """Refuse a parameter that is not an int from `low` to `high`."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ParameterError(f"{name}: expected an integer from {low} to {high}, got {value!r}")


def check_boolean(name: str, value: Any) -> None:
    """Refuse a parameter that is neither True nor False."""
    if not isinstance(value, bool):
        raise ParameterError(f"{name}: expected true or false, got {value!r}")


def check_count(name: str, value: Any, low: int = 1, high: int | None = None) -> None:
    """Refuse a parameter that is not an integer of at least `low`; NumPy integers are accepted.

    Examples
    --------
    >>> check_count("n_neighbors", 0)
    Traceback (most recent call last):
    kolmo.errors.ParameterError: n_neighbors: expected an integer of at least 1, got 0
    """
    if (
        isinstance(value, bool)
        or not isinstance(value, Integral)
        or value < low
        or (high is not None and int(value) > high)
    ):
        expected = f"of at least {low}" if high is None else f"from {low} to {high}"
        raise ParameterError(f"{name}: expected an integer {expected}, got {value!r}")


def check_choice(name: str, value: Any, choices: Iterable[Any]) -> None:
    """Refuse a parameter that is not one of `choices`.

    Examples
    --------
    >>> check_choice("weights", "votes", ("uniform", "distance"))
    Traceback (most recent call last):
    kolmo.errors.ParameterError: weights: expected 'uniform' or 'distance', got 'votes'
    """
    known = list(choices)
    if not any(value is choice or (isinstance(value, str) and value == choice) for choice in known):
        listed = " or ".join(filter(None, [", ".join(map(repr, known[:-1])), repr(known[-1])]))
        raise ParameterError(f"{name}: expected {listed}, got {value!r:.60}")
