"""Files that appear only when they are complete."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO


def write_whole(path: Path, write: Callable[[IO[bytes]], object], *, replace: bool = True) -> None:
    """Let `write` fill the file `path`, which changes only when everything is written.

    Parameters
    ----------
    path : Path
        The file. A device or a pipe is written directly, since it cannot be replaced.
    write : callable
        Takes a binary file open for writing.
    replace : bool
        Whether an existing file, or one created in the meantime, may be replaced.

    Raises
    ------
    FileExistsError
        If the file exists and may not be replaced.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        with target.open("wb") as file:
            write(file)
        return
    _check_absent(target, replace)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
        os.chmod(temporary, _mode(target))
        _check_absent(target, replace)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def write_bytes(path: Path, raw: bytes) -> None:
    """Write the bytes to `path`, which changes only when everything is written."""
    write_whole(path, lambda file: file.write(raw))


def _check_absent(target: Path, replace: bool) -> None:
    if not replace and target.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))


def _mode(target: Path) -> int:
    """Return the permissions of the file that is replaced, or those of a new file."""
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
