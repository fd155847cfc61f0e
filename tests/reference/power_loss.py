"""A disk that loses power: which contents a file may have afterwards, by a record of the calls that wrote it.

The record is that of calls to `os`. A loss of power may undo every change of a folder since its last ``fsync``, in any
combination, and every write to a file since the last ``fsync`` of that file, wholly or in part.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

CALLS = ("open", "write", "fsync", "link", "replace", "unlink")
Event = tuple[str, Any, Any]


class Recorder:
    """The calls to `os` that change a folder, in order, made while `recording` is active."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.events = folder, list[Event]()
        self.before = {path.name: path.read_bytes() for path in folder.iterdir()}

    @contextmanager
    def recording(self) -> Iterator[None]:
        real = {name: getattr(os, name) for name in CALLS}

        def file_of(descriptor: int) -> Any:
            return os.fstat(descriptor).st_ino

        def open_(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
            is_new = bool(flags & os.O_CREAT) and not os.path.lexists(path)
            descriptor: int = real["open"](path, flags, *arguments, **options)
            if is_new:
                self.events.append(("create", self.name(path), file_of(descriptor)))
            return descriptor

        def write(descriptor: int, data: Any) -> int:
            count: int = real["write"](descriptor, data)
            self.events.append(("write", file_of(descriptor), bytes(data)[:count]))
            return count

        def fsync(descriptor: int) -> None:
            real["fsync"](descriptor)
            self.events.append(("sync", file_of(descriptor), None))

        def link(first: Any, second: Any) -> None:
            real["link"](first, second)
            self.events.append(("link", self.name(first), self.name(second)))

        def replace(first: Any, second: Any) -> None:
            real["replace"](first, second)
            self.events.append(("rename", self.name(first), self.name(second)))

        def unlink(path: Any, **options: Any) -> None:
            real["unlink"](path, **options)
            self.events.append(("unlink", self.name(path), None))

        functions = {"open": open_, "write": write, "fsync": fsync, "link": link, "replace": replace, "unlink": unlink}
        with patch.multiple(os, **functions):
            yield

    def name(self, path: Any) -> str:
        assert Path(path).resolve().parent == self.folder.resolve()
        return Path(path).name

    def contents_after_loss(self, name: str, n_events: int | None = None) -> set[bytes | None]:
        """Return every content that a file may have if the power fails after so many events; None if it is absent."""
        found: set[bytes | None] = set()
        folder_file = self.folder.stat().st_ino
        files: dict[Any, bytes] = {("before", each): data for each, data in self.before.items()}
        synced = dict(files)
        names = {each: ("before", each) for each in self.before}
        pending: list[Event] = []
        for kind, first, second in self.events[:n_events]:
            if kind == "write":
                files[first] = files.get(first, b"") + second
            elif kind == "sync" and first == folder_file:
                for event in pending:
                    _apply(names, event)
                pending = []
            elif kind == "sync":
                synced[first] = files.get(first, b"")
            else:
                pending.append((kind, first, second))
        for chosen in product((False, True), repeat=len(pending)):
            state: dict[str, Any] = dict(names)
            for event, is_kept in zip(pending, chosen, strict=True):
                if is_kept:
                    _apply(state, event)
            if name not in state:
                found.add(None)
                continue
            safe, whole = synced.get(state[name], b""), files.get(state[name], b"")
            found |= {safe, whole, whole[: (len(safe) + len(whole)) // 2]}
        return found


def _apply(names: dict[str, Any], event: Event) -> None:
    kind, first, second = event
    if kind == "create":
        names[first] = second
    elif kind in ("link", "rename") and first in names:
        names[second] = names[first]
    if kind == "rename":
        names.pop(first, None)
    if kind == "unlink":
        names.pop(first, None)


def is_killed_at(call: int, run: Callable[[], object], names: tuple[str, ...] = CALLS) -> bool:
    """Run a function in a forked process that is killed before its call number `call` of `os`; whether it was."""
    process = os.fork()
    if process:
        _, status = os.waitpid(process, 0)
        if os.WIFSIGNALED(status):
            return True
        assert os.WEXITSTATUS(status) == 0, "the process failed"
        return False
    code = 1
    try:
        made = [0]

        def counted(real: Callable[..., Any]) -> Callable[..., Any]:
            def function(*arguments: Any, **options: Any) -> Any:
                made[0] += 1
                if made[0] == call:
                    os.kill(os.getpid(), 9)
                return real(*arguments, **options)

            return function

        with patch.multiple(os, **{name: counted(getattr(os, name)) for name in names}):
            run()
        code = 0
    finally:
        os._exit(code)
