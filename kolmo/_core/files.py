"""Output files and folders: checked before the work, complete or absent, durable, and never one of the inputs."""

from __future__ import annotations

import errno
import io
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import IO, BinaryIO

from kolmo._core.locks import create_temporary, create_temporary_folder, remove_abandoned_of, temporary_name
from kolmo.errors import OutputError, ParameterError

Source = str | os.PathLike[str] | int
"""An input: a file, a folder, whose files are all inputs, or the number of a descriptor."""

_NO_SPACE = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
_KEPT: ContextVar[frozenset[str]] = ContextVar("_KEPT", default=frozenset())


def check_output(path: str | os.PathLike[str], *, inputs: Iterable[Source] = (), force: bool = True) -> None:
    """Raise an error unless the file can be written; temporary files of interrupted runs are removed.

    Parameters
    ----------
    path : path-like
        The output: a file, which is created or replaced, or a device or pipe, which is written directly.
    inputs : iterable of path-like or int
        What is read: the output may be none of these, and no file of a folder, under any name or link.
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    ParameterError
        If the output is an input, a directory, or in no directory, or exists and may not be replaced.
    OutputError
        If the operating system does not allow to write it.
    """
    name = os.fspath(path)
    status = _status(name)
    is_folder = status is not None and stat.S_ISDIR(status.st_mode)
    if is_folder or not name or name.endswith((os.sep, os.altsep or os.sep)):
        raise ParameterError(f"expected a file, got the directory {name!r}; give the name of a file in it")
    check_not_input(name, inputs)
    if status is not None and not force and (stat.S_ISREG(status.st_mode) or stat.S_ISBLK(status.st_mode)):
        remove_abandoned_of(_target_of(name))
        raise ParameterError(_exists(name))
    if _is_stream(name, status):
        if not os.access(name, os.W_OK):
            raise _output_error(name, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
        return
    target = _target_of(name)
    if not target.parent.exists():
        raise ParameterError(f"cannot write {name!r}: there is no directory {str(target.parent)!r}; create it first")
    if status is not None and not os.access(name, os.W_OK):
        raise _output_error(name, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    remove_abandoned_of(target)
    with _errors_of(name):
        temporary, descriptor = create_temporary(target, 0o600)
        try:
            os.close(descriptor)
        finally:  # also after a signal
            os.unlink(temporary)


def check_not_input(path: Source, inputs: Iterable[Source]) -> None:
    """Raise an error if writing a file would change an input.

    Parameters
    ----------
    path : path-like or int
        The output, or the descriptor of standard output.
    inputs : iterable of path-like or int
        What is read; see `check_output`.

    Raises
    ------
    ParameterError
        If the output is an input, under any name or link.
    """
    name = "of standard output" if isinstance(path, int) else repr(os.fspath(path))
    status = os.fstat(path) if isinstance(path, int) else _status(os.fspath(path))
    if status is None or stat.S_ISCHR(status.st_mode):
        return
    for source in inputs:
        if any(os.path.samestat(status, found) for found in _statuses(source)):
            raise ParameterError(f"the output {name} is also an input; name another file")


@contextmanager
def never_replacing(paths: Iterable[str | os.PathLike[str]]) -> Iterator[None]:
    """Let `write_whole` create these files and never replace one, even one created in the meantime."""
    token = _KEPT.set(_KEPT.get() | {str(_target_of(os.fspath(path))) for path in paths})
    try:
        yield
    finally:
        _KEPT.reset(token)


def write_whole(
    path: str | os.PathLike[str], write: Callable[[IO[bytes]], object], *, source: BinaryIO | None = None
) -> None:
    """Let `write` fill a file, which appears under its name when it is complete and on the disk.

    The file is written beside its target under a temporary name, ``.NAME.kolmo-PID-RANDOM.tmp``, and renamed. After a
    loss of power the target is the old file or the new one. A later call removes temporary files of ended processes.

    Parameters
    ----------
    path : path-like
        The file; of a link, the file that it names. A device or a pipe is written directly.
    write : callable
        Takes a binary file open for writing.
    source : binary file, optional
        The file that the content is derived from: its permissions are an upper limit, as are those of a replaced file.

    Raises
    ------
    OutputError
        If the file cannot be written, or exists and may not be replaced; see `never_replacing`. Errors of `write`
        other than those of its file are passed on.
    """
    name = os.fspath(path)
    status = _status(name)
    if _is_stream(name, status):
        _write_stream(name, write)
        return
    target = _target_of(name)
    replace = str(target) not in _KEPT.get()
    if status is not None and not replace:
        raise OutputError(_exists(name))
    remove_abandoned_of(target)
    kept = [each for each in (status, _status_of(source)) if each is not None]
    with _errors_of(name):
        temporary, descriptor = create_temporary(target, 0o600 if kept else 0o666)
    try:
        _fill(name, descriptor, write)
        with _errors_of(name):
            _keep_permissions(descriptor, kept)
            os.fsync(descriptor)
            if sys.platform == "win32":  # Windows renames no open file
                os.close(descriptor)
                descriptor = -1
            _publish(name, temporary, target, replace=replace)
            sync_folder(target.parent)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    finally:
        if descriptor >= 0:
            os.close(descriptor)  # until here its lock tells other processes that the temporary file is in use


def write_bytes(path: str | os.PathLike[str], raw: bytes) -> None:
    """Write bytes to a file as `write_whole` does."""
    write_whole(path, lambda file: file.write(raw))


def check_output_folder(
    path: str | os.PathLike[str],
    *,
    inputs: Iterable[Source] = (),
    force: bool = True,
    is_own: Callable[[Path], bool] = lambda _: False,
) -> None:
    """Raise an error unless `write_folder` can create the folder, or replace it.

    Parameters
    ----------
    path : path-like
        The folder. An empty folder counts as none.
    inputs : iterable of path-like or int
        What is read; see `check_output`.
    force : bool
        Whether an existing folder may be replaced.
    is_own : callable
        Tells whether a folder may be replaced with `force`; a folder with other content never is.

    Raises
    ------
    ParameterError
        If it is a file or in no directory, or exists and may not be replaced.
    OutputError
        If the operating system does not allow to write it.
    """
    name = os.fspath(path)
    status, target = _status(name), _target_of(name)
    check_not_input(name, inputs)
    if not name:
        raise ParameterError("expected a folder, got ''; name one")
    if status is not None and not stat.S_ISDIR(status.st_mode):
        raise ParameterError(f"{name!r} exists and was not changed: it is a file; name a folder")
    if not target.parent.exists():
        raise ParameterError(f"cannot write {name!r}: there is no directory {str(target.parent)!r}; create it first")
    with _errors_of(name):
        is_filled = status is not None and any(target.iterdir())
    if is_filled:
        if not force:
            raise ParameterError(
                f"{name!r} exists and was not changed; replace it with --force, or name another folder"
            )
        if not is_own(target):
            raise ParameterError(f"{name!r} holds other files, so --force does not replace it; name another folder")
    if not os.access(target.parent, os.W_OK):
        raise _output_error(name, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    remove_abandoned_of(target)


def write_folder(
    path: str | os.PathLike[str],
    contents: Mapping[str, bytes],
    *,
    force: bool = True,
    is_own: Callable[[Path], bool] = lambda _: False,
) -> None:
    """Write a folder of files, which appears under its name when all of them are complete and on the disk.

    Parameters
    ----------
    path : path-like
        The folder.
    contents : mapping of str to bytes
        The files by name.
    force, is_own : bool, callable
        As for `check_output_folder`, which is called first.

    Raises
    ------
    ParameterError, OutputError
        If it cannot be written, or exists and may not be replaced; see `never_replacing`.
    """
    name = os.fspath(path)
    target = _target_of(name)
    check_output_folder(name, force=force and str(target) not in _KEPT.get(), is_own=is_own)
    with _errors_of(name):
        temporary, descriptor = create_temporary_folder(target)
    try:
        for file, raw in contents.items():
            write_bytes(temporary / file, raw)
        sync_folder(temporary)
        with _errors_of(name):
            _publish_folder(temporary, target)
            sync_folder(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if descriptor >= 0:
            os.close(descriptor)


def _publish_folder(temporary: Path, target: Path) -> None:
    """Give a complete folder its name; an earlier folder of this name is removed."""
    if not target.exists() or not any(target.iterdir()):
        os.rename(temporary, target)
        return
    earlier = temporary_name(target)
    os.rename(target, earlier)
    try:
        os.rename(temporary, target)
    except BaseException:
        os.rename(earlier, target)
        raise
    shutil.rmtree(earlier, ignore_errors=True)


def make_folder(path: str | os.PathLike[str]) -> None:
    """Create a folder and its parents, durably; nothing if it exists.

    Raises
    ------
    OutputError
        If it cannot be created.
    """
    folder = Path(path)
    with _errors_of(str(folder)):
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for each in missing:
            sync_folder(each.parent)


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Write the names in a folder to the disk, where the operating system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders; a folder may be writable and not readable
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(descriptor)


class _Output(io.RawIOBase):
    """The descriptor of an output; its errors name the output."""

    def __init__(self, name: str, descriptor: int) -> None:
        self.output, self.descriptor, self.is_abandoned = name, descriptor, False

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        if self.is_abandoned:  # a buffer that is flushed after a failure
            return len(memoryview(data).cast("B"))  # type: ignore[arg-type]
        with _errors_of(self.output):
            return os.write(self.descriptor, data)  # type: ignore[arg-type]


def _fill(name: str, descriptor: int, write: Callable[[IO[bytes]], object]) -> None:
    raw = _Output(name, descriptor)
    file = io.BufferedWriter(raw, 2**14)
    try:
        write(file)
        file.flush()
    except BaseException:
        raw.is_abandoned = True
        raise


def _write_stream(name: str, write: Callable[[IO[bytes]], object]) -> None:
    with _errors_of(name):
        descriptor = os.open(name, os.O_WRONLY | getattr(os, "O_BINARY", 0))
    try:
        _fill(name, descriptor, write)
        with suppress(OSError):  # pipes and most devices have no disk
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _publish(name: str, temporary: Path, target: Path, *, replace: bool) -> None:
    """Give a complete file its name."""
    if not replace:
        try:
            os.link(temporary, target)  # fails if the target exists
        except FileExistsError:
            raise OutputError(_exists(name)) from None
        except OSError as error:  # a file system without hard links
            if os.path.lexists(target):
                raise OutputError(_exists(name)) from error
        else:
            os.unlink(temporary)
            return
    os.replace(temporary, target)


def _keep_permissions(descriptor: int, kept: list[os.stat_result]) -> None:
    """Set the owner of the first file, and the permissions that all files have."""
    if not kept or not hasattr(os, "fchmod"):
        return
    mode = 0o777
    for each in kept:
        mode &= each.st_mode
    owner, group = kept[0].st_uid, kept[0].st_gid
    try:
        os.fchown(descriptor, owner, group)
    except OSError:  # only the superuser gives files away
        with suppress(OSError):
            os.fchown(descriptor, -1, group)
    if os.fstat(descriptor).st_gid != group:
        mode &= ~0o070
    os.fchmod(descriptor, mode)


def _status(name: str) -> os.stat_result | None:
    """Return the status of a file, following links; None if there is none."""
    with _errors_of(name):
        try:
            return os.stat(name)
        except FileNotFoundError:
            return None


def _status_of(file: BinaryIO | None) -> os.stat_result | None:
    """Return the status of an open regular file; None for a pipe, or a file in memory."""
    try:
        status = None if file is None else os.fstat(file.fileno())
    except OSError:
        return None
    return status if status is not None and stat.S_ISREG(status.st_mode) else None


def _statuses(source: Source) -> Iterator[os.stat_result]:
    """Yield the status of an input, and of all files below a folder."""
    with suppress(OSError, ValueError):
        status = os.stat(source)
        yield status
        if stat.S_ISDIR(status.st_mode) and not isinstance(source, int):
            for folder, _, names in os.walk(source):
                for name in names:
                    with suppress(OSError):
                        yield os.stat(os.path.join(folder, name))


def _is_stream(name: str, status: os.stat_result | None) -> bool:
    """Return whether a file is written directly: a device, a pipe, or a file that has lost its name."""
    if status is None or stat.S_ISDIR(status.st_mode):
        return False
    if not stat.S_ISREG(status.st_mode):
        return True
    try:
        return not os.path.samestat(os.stat(os.path.realpath(name)), status)
    except OSError:
        return True


def _target_of(name: str) -> Path:
    return Path(os.path.realpath(name))


@contextmanager
def _errors_of(name: str) -> Iterator[None]:
    """Let errors of the operating system name the output."""
    try:
        yield
    except OutputError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL byte, or a character that names cannot have
        raise _output_error(name, error) from error


def _output_error(name: str, error: OSError | ValueError) -> OutputError:
    cause = getattr(error, "strerror", None) or str(error)
    number = getattr(error, "errno", None)
    remedy = "free some space, or name a file on another disk" if number in _NO_SPACE else "name another file"
    named = OutputError(f"cannot write {name!r}: {cause}; {remedy}")
    named.errno = number
    return named


def _exists(name: str) -> str:
    return f"{name!r} exists and was not changed; replace it with --force, or name another file"
