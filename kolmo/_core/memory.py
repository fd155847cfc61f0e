"""Measurement of peak memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Peak:
    """Peak memory in bytes beyond that at the start; None if the system does not report it."""

    def __init__(self) -> None:
        self.size: int | None = None


@contextmanager
def peak_memory() -> Iterator[Peak]:
    """Measure the peak memory of the process in a ``with`` block."""
    peak = Peak()
    try:
        _RESET.write_text("5")
        before = _kilobytes("VmRSS")
    except OSError:
        yield peak
        return
    yield peak
    peak.size = max(0, _kilobytes("VmHWM") - before) * 1024


def _kilobytes(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    if found is None:
        raise OSError(f"{_STATUS} does not state {name}")
    return int(found[1])
