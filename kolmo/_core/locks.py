"""Advisory locks between processes, with a stated wait."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kolmo.errors import DataError, OutputError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

WAIT_SECONDS = 60.0
"""Longest wait for another process."""

_POLL_SECONDS, _QUIET_SECONDS = 0.05, 1.0
_HELD = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


def try_lock(descriptor: int) -> bool | None:
    """Lock an open file without waiting; the lock ends when the file is closed, or its process ends.

    Parameters
    ----------
    descriptor : int
        The descriptor of the file.

    Returns
    -------
    bool or None
        Whether the lock was free; None if the file system has no locks.
    """
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in _HELD else None
    return True


@contextmanager
def locked(path: Path, *, purpose: str, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold a lock file, which is removed at the end.

    Locks are advisory: they keep out other processes of Kolmo. A file system without locks is used without one.

    Parameters
    ----------
    path : Path
        The lock file; its folder must exist.
    purpose : str
        The name in messages of the file or folder that is locked.
    wait : float
        Seconds to wait for another process. After one second, a line on a terminal says so.

    Raises
    ------
    DataError
        If another process still has the lock after `wait` seconds.
    OutputError
        If the lock file cannot be created.
    """
    descriptor = _acquire(path, purpose, wait)
    try:
        yield
    finally:
        if sys.platform != "win32":  # Windows removes no open file
            with suppress(OSError):
                os.unlink(path)
        os.close(descriptor)


def _acquire(path: Path, purpose: str, wait: float) -> int:
    start, is_told = time.monotonic(), False
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise OutputError(f"cannot lock {purpose}: {path}: {error.strerror}") from error
        if try_lock(descriptor) is not False and _is_still(path, descriptor):
            return descriptor
        os.close(descriptor)
        waited = time.monotonic() - start
        if waited >= wait:
            raise DataError(f"{purpose} is in use by another process; waited {wait:.0f} s; try again when it has ended")
        if waited >= _QUIET_SECONDS and not is_told and sys.stderr.isatty():
            sys.stderr.write(f"Waiting up to {wait:.0f} s for another process that uses {purpose}\n")
            is_told = True
        time.sleep(min(_POLL_SECONDS, wait))


def _is_still(path: Path, descriptor: int) -> bool:
    """Return whether the path still names the open file: another process may have removed it before the lock."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except OSError:
        return False
