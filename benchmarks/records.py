"""What every benchmark writes: a JSON line a result, with the machine and the versions; and measuring in a process."""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import kolmo


def append(path: Path | None, row: dict[str, Any]) -> None:
    """Append a result to a file, if there is one."""
    machine = {
        "kolmo": kolmo.__version__,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if path is not None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row | machine) + "\n")


def in_a_process(function: Callable[..., dict[str, Any]], *given: Any) -> dict[str, Any]:
    """Return what a function returns in a new process, whose memory no other measurement has used."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *given).result()
