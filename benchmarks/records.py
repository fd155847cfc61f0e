"""What every benchmark writes: a JSON line a result, with the machine and the versions."""

from __future__ import annotations

import json
import os
import platform
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
