"""Checks of parameters, each with its message in one place."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral, Real
from os import PathLike
from typing import Any

from kolmo.errors import ParameterError

_MAX_JOBS = 1024


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


def check_number(name: str, value: Any, low: float = -math.inf, high: float = math.inf, *, above: bool = False) -> None:
    """Refuse a parameter that is not a finite real number from `low` to `high`; `above` excludes `low` itself.

    Examples
    --------
    >>> check_number("C", 0, 0, above=True)
    Traceback (most recent call last):
    kolmo.errors.ParameterError: C: expected a finite number above 0, got 0
    """
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not low <= value <= high or (above and value == low):
        expected = f" {'above' if above else 'of at least'} {low:g}" if math.isfinite(low) else ""
        expected += f"{' and' if expected else ' of'} at most {high:g}" if math.isfinite(high) else ""
        raise ParameterError(f"{name}: expected a finite number{expected}, got {value!r:.60}")


def check_jobs(value: Any, name: str = "n_jobs") -> None:
    """Refuse a number of workers that joblib cannot start: 0, no integer, or more than 1,024.

    Examples
    --------
    >>> check_jobs(0)
    Traceback (most recent call last):
    kolmo.errors.ParameterError: n_jobs: expected None, 1 to 1024 workers or, for all cores, -1, got 0
    """
    integer = isinstance(value, Integral) and not isinstance(value, bool)
    if value is not None and not (integer and value and abs(int(value)) <= _MAX_JOBS):
        raise ParameterError(
            f"{name}: expected None, 1 to {_MAX_JOBS} workers or, for all cores, -1, got {value!r:.60}"
        )


def check_path(name: str, value: Any) -> None:
    """Refuse a parameter that is neither None nor the path of a file."""
    if not (value is None or (isinstance(value, str | PathLike) and str(value))):
        raise ParameterError(f"{name}: expected None or the path of a file, got {value!r:.60}")


def check_random_state(value: Any, name: str = "random_state") -> None:
    """Refuse a seed that is neither None nor an integer from 0 to 2**32 - 1."""
    if value is not None:
        check_count(name, value, 0, 2**32 - 1)
