"""Curves that a falling law does not describe are recognised."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from kolmo.errors import DataError
from kolmo.laws import fit_law, shape_of

X = np.geomspace(1e3, 1e6, 24)


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (2 + 50 * X**-0.5, "falling"),
        ((2 + 50 * X**-0.5) * np.exp(0.05 * np.random.default_rng(0).normal(size=24)), "falling"),
        (1 + 0.1 * np.log(X), "rising"),
        (1 + 0.3 * (np.log10(X) - 4.5) ** 2, "inverse scaling"),
        (3 - 0.3 * np.log10(X) + 0.6 * np.exp(-((np.log10(X) - 4.5) ** 2) / 0.1), "double descent"),
    ],
)
def test_shapes_are_told_apart(y: np.ndarray, kind: str) -> None:
    shape = shape_of(X, y)
    assert shape.kind == kind
    warned = any("no monotone law" in line for line in fit_law(X, y, form="power").warnings)
    assert warned == (kind != "falling") == (shape.warning is not None)


@pytest.mark.realdata
def test_published_double_descent_is_recognised(data_dir: Path) -> None:
    path = data_dir / "scaling" / "nsl_benchmark" / "nlp-model-dd.csv"
    if not path.exists():
        pytest.skip(f"{path} does not exist: losses of translation models by their size")
    with path.open() as file:
        rows = list(csv.DictReader(file))
    for name in ("test_loss", "test_error"):
        assert shape_of([float(row["n"]) for row in rows], [float(row[name]) for row in rows]).kind == "double descent"


def test_too_few_sizes_are_refused() -> None:
    with pytest.raises(DataError, match="at least 5 different sizes, got 2"):
        shape_of([1.0, 2.0, 2.0], [3.0, 2.0, 2.1])
