"""Progress bars on stderr: only on a terminal, and only for work that takes longer than a second."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from kolmo._core.terminal import is_terminal, unescaped, visible

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress, TaskID

DELAY_SECONDS = 1.0


class Progress:
    """A progress bar, used in a ``with`` block.

    Bars that are active at the same time, such as one inside another, are shown below each other.

    Parameters
    ----------
    total : int, optional
        Number of units; None if it is unknown.
    label : str
        The work, such as ``"measuring"``.
    unit : str
        Name of one unit; ``"B"`` shows bytes.
    """

    def __init__(self, total: int | None, *, label: str, unit: str) -> None:
        self.total, self.label, self.unit = total, label, unit
        self.done: float = 0
        self._timer: threading.Timer | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if is_terminal(sys.stderr):
            self._timer = threading.Timer(DELAY_SECONDS, self._show)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
            _display.remove(self)
            self._timer = None

    def update(self, count: float = 1) -> None:
        """Count further units as done."""
        self.done += count
        _display.refresh(self)

    def describe(self, label: str) -> None:
        """Replace the label, such as by the current step and its loss."""
        self.label = label
        _display.refresh(self)

    def _show(self) -> None:
        _display.add(self)


class _Display:
    """The bars that are visible in this process, in one display of rich."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._bars: RichProgress | None = None
        self._shown: list[Progress] = []

    def add(self, progress: Progress) -> None:
        with self._lock:
            if progress._timer is None:  # the work ended while the timer fired
                return
            if self._bars is None:
                self._bars = _new_bars()
                self._bars.start()
            progress._task = self._bars.add_task(visible(progress.label), total=progress.total, amount="")
            self._shown.append(progress)
            self.refresh(progress)

    def remove(self, progress: Progress) -> None:
        with self._lock:
            progress._timer = None
            if self._bars is None or progress._task is None:
                return
            self._bars.remove_task(progress._task)
            self._shown.remove(progress)
            if not self._shown:
                self._bars.stop()
                self._bars = None

    def refresh(self, progress: Progress) -> None:
        if progress._task is None:
            return
        with self._lock:
            if self._bars is not None and progress in self._shown:
                amount = _amount(progress.done, progress.total, progress.unit)
                self._bars.update(
                    progress._task, completed=progress.done, description=visible(progress.label), amount=amount
                )


_display = _Display()


def progress(total: int | None, *, label: str, unit: str) -> Progress:
    """Return a progress bar for a ``with`` block; see `Progress`."""
    return Progress(total, label=label, unit=unit)


def _new_bars() -> RichProgress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress as RichProgress, TextColumn, TimeRemainingColumn

    return RichProgress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[amount]}", markup=False),
        TimeRemainingColumn(),
        console=Console(file=unescaped(sys.stderr)),
        transient=True,
        redirect_stdout=False,
    )


def _amount(done: float, total: int | None, unit: str) -> str:
    if unit == "B":
        from kolmo._core.units import format_size

        return format_size(done) if total is None else f"{format_size(done)} of {format_size(total)}"
    return f"{done:,.0f} {unit}" if total is None else f"{done:,.0f} of {total:,} {unit}"
