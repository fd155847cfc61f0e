"""Files of public data sets, from a local folder or downloaded once, always verified."""

from __future__ import annotations

import hashlib
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kolmo._core.extras import import_extra
from kolmo._core.files import make_folder, write_whole
from kolmo._core.locks import locked
from kolmo.data.archives import extract_member
from kolmo.errors import DataError

_DEPTH = 2
_LOCK = ".kolmo.lock"
_WAIT_SECONDS = 600.0
"""Longest wait for another process that fetches the same data set."""


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """One file of a data set.

    Parameters
    ----------
    name : str
        File name, also in the cache.
    url : str
        Address of the file, or of the archive that contains it.
    split : str, optional
        Split of the data set.
    sha256 : str, optional
        SHA-256 of the file if known.
    size : int, optional
        Size in bytes if known.
    member : str, optional
        Path in the archive at `url`; for a folder of class folders, the path of that folder.
    archive_sha256 : str, optional
        SHA-256 of the archive if known.
    """

    name: str
    url: str
    split: str | None = None
    sha256: str | None = None
    size: int | None = None
    member: str | None = None
    archive_sha256: str | None = None


def find_locally(folder: Path, known_as: tuple[str, ...], name: str) -> Path | None:
    """Return ``folder/SET/name``, up to two levels deeper, or ``folder/name``; None if absent.

    Parameters
    ----------
    folder : Path
        The folder to search.
    known_as : tuple of str
        Names of the folder of the data set; case is ignored.
    name : str
        The file name.
    """
    lowered = {alias.lower() for alias in known_as}
    for depth in range(_DEPTH + 1):
        for home in sorted(folder.glob("/".join(["*"] * (depth + 1)))):
            if home.name.lower() in lowered and (home / name).is_file():
                return home / name
    return folder / name if (folder / name).is_file() else None


def verify(path: Path, sha256: str | None, size: int | None, *, remedy: str = "delete it and fetch it again") -> None:
    """Raise an error unless a file has the size and hash of the catalogue.

    Parameters
    ----------
    path : Path
        The file.
    sha256, size : optional
        Expected values; None if unknown.
    remedy : str
        Advice for the error message.

    Raises
    ------
    DataError
        If size or SHA-256 differ; the message contains both values.
    """
    found_size = path.stat().st_size
    if size is not None and found_size != size:
        kind = "truncated" if found_size < size else "too long"
        raise DataError(
            f"{path} is {kind}: expected {size:,} bytes, got {found_size:,}; SHA-256 expected {sha256}, "
            f"got {hash_of(path)}; {remedy}"
        )
    if sha256 is not None and (found := hash_of(path)) != sha256:
        raise DataError(f"{path} is another file: SHA-256 expected {sha256}, got {found}; {remedy}")


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def retrieve(data_set: str, file: DataFile, *, looked_in: str | Path | None = None) -> Path:
    """Return a file from the user's cache, after downloading it if necessary.

    Parameters
    ----------
    data_set : str
        Name of the data set and of its folder in the cache.
    file : DataFile
        The file. If its `member` is a folder, ending in ``/``, the archive is returned.
    looked_in : str or Path, optional
        Local folder that was searched, for the error message.

    Raises
    ------
    DataError
        If the download fails or the file is wrong, or another process has fetched the data set for ten minutes; no
        incomplete file is left.
    """
    pooch = import_extra("pooch", extra="data", purpose=_purpose(data_set, file.name, looked_in))
    folder = Path(pooch.os_cache("kolmo")) / data_set
    if (folder / file.name).is_file() and not str(file.member).endswith("/"):  # the folder may be read-only
        verify(folder / file.name, file.sha256, file.size)
        return folder / file.name
    make_folder(folder)
    with locked(folder / _LOCK, purpose=f"the cache folder {folder}", wait=_WAIT_SECONDS):
        return _retrieve(pooch, folder, file, looked_in)


def _retrieve(pooch: Any, folder: Path, file: DataFile, looked_in: str | Path | None) -> Path:
    target = folder / file.name
    in_archive = file.member is not None
    is_folder = in_archive and str(file.member).endswith("/")
    if not is_folder and target.is_file():
        verify(target, file.sha256, file.size)
        return target
    fetched_name = file.url.rpartition("/")[2] or file.name if in_archive else file.name
    known = file.archive_sha256 if in_archive else file.sha256
    is_new = not (folder / fetched_name).is_file()
    try:
        pooch.get_logger().setLevel("WARNING")
        downloaded = Path(
            pooch.retrieve(
                file.url,
                known_hash=f"sha256:{known}" if known else None,
                fname=fetched_name,
                path=folder,
                progressbar=sys.stderr.isatty(),
            )
        )
    except ValueError as error:
        raise DataError(
            f"{file.url} returned another file than expected, which was deleted: SHA-256 expected {known}; "
            f"{_one_line(error)}"
        ) from error
    except Exception as error:  # pooch passes on the errors of its HTTP library
        missing = f"; {file.name} was not found under {looked_in} either"
        place = missing if looked_in else "; name a folder that contains it with --data-dir"
        raise DataError(f"{file.url} cannot be fetched: {_one_line(error)}{place}") from error
    if is_new and known is None and (is_folder or file.sha256 is None):
        warnings.warn(
            f'the SHA-256 of {downloaded.name} is not in the catalogue; got: sha256 = "{hash_of(downloaded)}"',
            stacklevel=2,
        )
    if is_folder:
        return downloaded
    try:
        if in_archive:
            data = extract_member(downloaded, str(file.member))
            write_whole(target, lambda opened: opened.writelines([data]))
        verify(target, file.sha256, file.size, remedy="it was deleted")
    except DataError:
        target.unlink(missing_ok=True)
        if known is None:  # a damaged archive must not be used the next time
            downloaded.unlink(missing_ok=True)
        raise
    return target


def _purpose(data_set: str, name: str, looked_in: str | Path | None) -> str:
    missing = f", which is not under {looked_in}," if looked_in else ""
    return f"fetching {name} of {data_set}{missing}"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
