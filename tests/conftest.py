"""Fixtures and settings that all tests share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# a machine under load is slow at any example, which says nothing about the code
_ANY_LOAD: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("kolmo", max_examples=30, derandomize=True, **_ANY_LOAD)  # the same examples each time
settings.register_profile("thorough", max_examples=400, **_ANY_LOAD)  # pytest --hypothesis-profile=thorough
settings.load_profile("kolmo")

# shells start background jobs with signals ignored, which the programs under test would inherit
for _number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)

# programs under test import the package that the tests import, not the source in the current folder, if it is another
os.environ["PYTHONSAFEPATH"] = "1"
if "PYTEST_XDIST_WORKER" in os.environ:  # one process a core: threads of its own would only wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile all kernels once before pytest-xdist starts its processes, which load them from the cache."""
    config = session.config
    if config.getoption("numprocesses", None) and not config.option.collectonly and not hasattr(config, "workerinput"):
        program = "from kolmo.coders.warmup import WARMED, warm_up\nfor _ in warm_up(WARMED{part}): pass"
        parts = [program.format(part=part) for part in ("[:-2]", "[-2:]")]  # these take about equally long
        running = [subprocess.Popen([sys.executable, "-c", each]) for each in parts]
        codes = [process.wait() for process in running]  # of both, before one ends the tests
        assert not any(codes), "a kernel cannot be compiled"


_NEURAL = ("torch", "transformers")
_imported_by_collection: list[str] = []


def pytest_collection_finish() -> None:
    """Note which neural libraries are loaded before the first test."""
    _imported_by_collection[:] = [name for name in _NEURAL if name in sys.modules]


@pytest.fixture
def imported_by_collection() -> list[str]:
    """The neural libraries that collecting the tests has imported."""
    return _imported_by_collection


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder with public data sets that KOLMO_DATA names."""
    folder = os.environ.get("KOLMO_DATA")
    if not folder:
        pytest.skip("KOLMO_DATA is not set: it names the folder with the public data sets")
    return Path(folder)
