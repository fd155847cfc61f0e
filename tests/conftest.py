"""Fixtures and settings that all tests share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# a machine under load is slow at any example, which says nothing about the code
settings.register_profile("kolmo", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kolmo")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a shell starts background jobs this way, and the programs under test would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

if "PYTEST_XDIST_WORKER" in os.environ:  # one process a core: threads of its own would only wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile all kernels once before pytest-xdist starts its processes, which load them from the cache."""
    config = session.config
    if config.getoption("numprocesses", None) and not config.option.collectonly and not hasattr(config, "workerinput"):
        program = "from kolmo.coders.warmup import warm_up\nfor _ in warm_up(): pass"
        subprocess.run([sys.executable, "-c", program], check=True)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder with public data sets that KOLMO_DATA names."""
    folder = os.environ.get("KOLMO_DATA")
    if not folder:
        pytest.skip("KOLMO_DATA is not set: it names the folder with the public data sets")
    return Path(folder)
