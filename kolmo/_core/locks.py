"""Advisory locks between processes, with a stated wait, and temporary files, which are locked while they are in use."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kolmo._core.terminal import is_terminal, visible
from kolmo.errors import DataError, OutputError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

WAIT_SECONDS = 60.0
"""Longest wait for another process."""

_POLL_SECONDS, _QUIET_SECONDS = 0.05, 1.0
_LONGEST_NAME = 120
"""Bytes of the target's name in the name of a temporary file; 255 is the limit of most file systems."""
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
        if waited >= _QUIET_SECONDS and not is_told and is_terminal(sys.stderr):
            sys.stderr.write(f"Waiting up to {wait:.0f} s for another process that uses {visible(purpose)}\n")
            is_told = True
        time.sleep(min(_POLL_SECONDS, wait))


def _is_still(path: Path, descriptor: int) -> bool:
    """Return whether the path still names the open file: another process may have removed it before the lock."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except OSError:
        return False


def create_temporary(target: Path, mode: int) -> tuple[Path, int]:
    """Create a temporary file beside its target, ``.NAME.kolmo-PID-RANDOM.tmp``, and lock it.

    Parameters
    ----------
    target : Path
        The file that the temporary file will become.
    mode : int
        Permissions of the file, which the umask reduces.

    Returns
    -------
    tuple of (Path, int)
        The temporary file and its descriptor, which must be open as long as the file is in use.
    """
    while True:
        path = temporary_name(target)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            descriptor = os.open(path, flags, mode)
        except FileExistsError:
            continue
        except BaseException:  # a signal that arrived when the file was there
            with suppress(OSError):
                os.unlink(path)
            raise
        if sys.platform == "win32" or try_lock(descriptor) is not False:
            with suppress(OSError):
                if os.path.samestat(os.stat(path), os.fstat(descriptor)):
                    return path, descriptor
        os.close(descriptor)  # another process took it for abandoned before it was locked, and removes it


def create_temporary_folder(target: Path) -> tuple[Path, int]:
    """Create a temporary folder beside its target, named and locked as the files of `create_temporary`.

    Parameters
    ----------
    target : Path
        The folder that the temporary folder will become.

    Returns
    -------
    tuple of (Path, int)
        The temporary folder, and its descriptor, which must be open as long as the folder is in use; -1 on Windows,
        which opens no folders.
    """
    while True:
        path = temporary_name(target)
        with suppress(FileExistsError):
            path.mkdir()
            if sys.platform == "win32":
                return path, -1
            descriptor = os.open(path, os.O_RDONLY)
            if try_lock(descriptor) is not False and _is_still(path, descriptor):
                return path, descriptor
            os.close(descriptor)


def temporary_name(target: Path) -> Path:
    """Return a new name for a temporary file or folder beside its target."""
    return target.parent / f".{_short(target.name)}.kolmo-{os.getpid()}-{secrets.token_hex(4)}.tmp"


def remove_abandoned_of(target: Path) -> None:
    """Remove the temporary files and folders of a target that ended processes left."""
    _remove_matching(target.parent, rf"\.{re.escape(_short(target.name))}\.kolmo-")


def remove_abandoned(folder: str | os.PathLike[str]) -> None:
    """Remove the temporary files that ended processes left in a folder, for any target."""
    _remove_matching(Path(folder), r"\..+\.kolmo-")


def _remove_matching(folder: Path, start: str) -> None:
    pattern = re.compile(start + r"(\d+)-[0-9a-f]{8}\.tmp")
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if found := pattern.fullmatch(entry.name):
                with suppress(OSError):
                    _remove_unlocked(entry.path, int(found.group(1)))


def _remove_unlocked(path: str, process: int) -> None:
    """Remove a temporary file or folder unless its process is alive, which holds its lock."""
    if sys.platform == "win32":
        os.unlink(path)  # Windows removes no open file
        return
    flags = os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(path, os.O_RDONLY | flags)
    except PermissionError:
        descriptor = os.open(path, os.O_WRONLY | flags)
    try:
        held, mode = try_lock(descriptor), os.fstat(descriptor).st_mode
        if held or (held is None and not _is_alive(process)):
            if stat.S_ISREG(mode):
                os.unlink(path)
            elif stat.S_ISDIR(mode):
                shutil.rmtree(path)
    finally:
        os.close(descriptor)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _short(name: str) -> str:
    """Return a name within the limit; a digest replaces what is cut off."""
    short = name
    while len(os.fsencode(short)) > _LONGEST_NAME:
        short = short[:-1]
    return name if short == name else f"{short}~{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}"
