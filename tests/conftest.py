"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder with public data sets that KOLMO_DATA names."""
    folder = os.environ.get("KOLMO_DATA")
    if not folder:
        pytest.skip("KOLMO_DATA is not set: it names the folder with the public data sets")
    return Path(folder)
