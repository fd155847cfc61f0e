"""Files of public data sets, from a local folder or downloaded once, always verified."""

from __future__ import annotations

import hashlib
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kolmo._core.extras import import_extra
from kolmo._core.files import make_folder, write_whole
from kolmo._core.locks import locked
from kolmo.data.archives import extract_member
from kolmo.data.downloads import MAX_DOWNLOAD_BYTES, UnwantedFileError, check_address, download
from kolmo.errors import DataError, OutputError

_DEPTH = 2
_LONGEST_NAME = 200
_SHA256 = re.compile("[0-9a-f]{64}")
_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(10))}
"""Names that Windows gives to devices."""
_LOCK = ".kolmo.lock"
_SHIPPED = Path(__file__).with_name("shipped")
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
        Address of the file, or of the archive that contains it; empty for a file that ships with Kolmo.
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
    url: str = ""
    split: str | None = None
    sha256: str | None = None
    size: int | None = None
    member: str | None = None
    archive_sha256: str | None = None

    def __post_init__(self) -> None:
        check_name("name", self.name)
        if not isinstance(self.url, str):
            raise DataError(f"url: expected text, got {self.url!r:.60}")
        if self.url:
            check_address(self.url)
        elif self.sha256 is None:
            raise DataError(f"{self.name}: expected a url, or the sha256 of a file that ships with Kolmo, got neither")
        for field in ("sha256", "archive_sha256"):
            value = getattr(self, field)
            if value is not None and not (isinstance(value, str) and _SHA256.fullmatch(value)):
                raise DataError(f"{field}: expected 64 hexadecimal digits, got {value!r:.80}")
        if self.size is not None and not (type(self.size) is int and 0 <= self.size <= MAX_DOWNLOAD_BYTES):
            raise DataError(f"size: expected a number of bytes up to {MAX_DOWNLOAD_BYTES:,}, got {self.size!r:.60}")
        for field in ("split", "member"):
            if not isinstance(getattr(self, field), str | None):
                raise DataError(f"{field}: expected text, got {getattr(self, field)!r:.60}")
        if self.member is not None:
            check_name("the last part of url", self.address_name)

    @property
    def address_name(self) -> str:
        """Last part of the path of the address: the file name of an archive in the cache."""
        return urlsplit(self.url).path.rpartition("/")[2] or self.name


def check_name(what: str, name: Any) -> None:
    """Raise a DataError unless a name is that of a file in a folder, on every operating system.

    Examples
    --------
    >>> check_name("name", "../a.csv")
    Traceback (most recent call last):
    kolmo.errors.DataError: name: expected a file name without folders, got '../a.csv'
    """
    if not isinstance(name, str) or not name or len(name.encode("utf-8", "replace")) > _LONGEST_NAME:
        raise DataError(f"{what}: expected a file name of 1 to {_LONGEST_NAME} bytes, got {name!r:.60}")
    if "/" in name or "\\" in name or name in (".", ".."):
        raise DataError(f"{what}: expected a file name without folders, got {name!r}")
    if not name.isprintable() or any(character in '<>:"|?*' for character in name):
        raise DataError(f'{what}: expected a file name of printable characters without <>:"|?*, got {name!r}')
    if name.startswith(".") or name.endswith((".", " ")) or name.partition(".")[0].strip().upper() in _RESERVED:
        raise DataError(
            f"{what}: expected a file name that is not hidden, reserved or ended by a dot or a space, got {name!r}"
        )


def shipped(file: DataFile) -> Path:
    """Return a file that ships with Kolmo, verified by its hash.

    Raises
    ------
    DataError
        If it is missing or was changed.
    """
    path = _SHIPPED / file.name
    if not path.is_file():
        raise DataError(f"{path} is missing, though it ships with Kolmo; install Kolmo again")
    verify(path, file.sha256, file.size, remedy="install Kolmo again")
    return path


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
            f"{path} is {kind}: expected {size:,} bytes, got {found_size:,}; SHA-256 "
            f"{f'expected {sha256}' if sha256 else 'not in the catalogue'}, got {hash_of(path)}; {remedy}"
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
        return _retrieve(folder, file, looked_in)


def _retrieve(folder: Path, file: DataFile, looked_in: str | Path | None) -> Path:
    target = folder / file.name
    in_archive = file.member is not None
    is_folder = in_archive and str(file.member).endswith("/")
    if not is_folder and target.is_file():
        verify(target, file.sha256, file.size)
        return target
    fetched = folder / (file.address_name if in_archive else file.name)
    known, size = (file.archive_sha256, None) if in_archive else (file.sha256, file.size)
    is_new = not fetched.is_file() or (known is not None and hash_of(fetched) != known)
    if is_new:
        _download(file, fetched, known, size, looked_in)
    if is_new and known is None and (is_folder or file.sha256 is None):
        warnings.warn(
            f'the SHA-256 of {fetched.name} is not in the catalogue; got: sha256 = "{hash_of(fetched)}"',
            stacklevel=2,
        )
    if is_folder:
        return fetched
    try:
        if in_archive:
            data = extract_member(fetched, str(file.member), file.size)
            write_whole(target, lambda opened: opened.writelines([data]))
        verify(target, file.sha256, file.size, remedy="it was deleted")
    except DataError:
        target.unlink(missing_ok=True)
        if known is None:  # a damaged archive must not be used the next time
            fetched.unlink(missing_ok=True)
        raise
    return target


def _download(file: DataFile, target: Path, sha256: str | None, size: int | None, looked_in: str | Path | None) -> None:
    try:
        download(file.url, target, size=size, sha256=sha256)
    except UnwantedFileError as error:
        unknown = "" if sha256 else "; the catalogue has no SHA-256 of it"
        raise DataError(
            f"{file.url} returned another file than expected, which was deleted: {error}{unknown}"
        ) from error
    except OutputError:
        raise
    except Exception as error:  # the libraries raise exceptions of many types
        missing = f"; {file.name} was not found under {looked_in} either"
        place = missing if looked_in else "; name a folder that contains it with --data-dir"
        raise DataError(f"{file.url} cannot be fetched: {_one_line(error)}{place}") from error


def _purpose(data_set: str, name: str, looked_in: str | Path | None) -> str:
    missing = f", which is not under {looked_in}," if looked_in else ""
    return f"fetching {name} of {data_set}{missing}"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
