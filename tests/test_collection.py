"""Collecting the tests imports neither torch nor transformers, which take seconds in each process."""

from __future__ import annotations


def test_collection_imports_no_neural_library(imported_by_collection: list[str]) -> None:
    assert imported_by_collection == []
