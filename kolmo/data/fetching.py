"""Files of public data sets: found in a local folder or fetched once, and always checked."""

from __future__ import annotations

import hashlib
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

from kolmo._core.extras import import_extra
from kolmo._core.files import write_whole
from kolmo.data.archives import extract_member
from kolmo.errors import DataError

_DEPTH = 2


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """One file of a data set.

    Parameters
    ----------
    name : str
        Its name, also in the cache.
    url : str
        Where to fetch it, or the archive that holds it.
    split : str, optional
        The split that it belongs to.
    sha256 : str, optional
        Of the file, where known.
    size : int, optional
        Its bytes, where known.
    member : str, optional
        Its path within the archive at `url`; for a folder of folders, the path of that folder.
    archive_sha256 : str, optional
        Of the archive, where known.
    """

    name: str
    url: str
    split: str | None = None
    sha256: str | None = None
    size: int | None = None
    member: str | None = None
    archive_sha256: str | None = None


def find_locally(folder: Path, known_as: tuple[str, ...], name: str) -> Path | None:
    """Return ``folder/SET/name``, up to two levels deeper, or ``folder/name``; None if it is not there.

    Parameters
    ----------
    folder : Path
        The folder to look in.
    known_as : tuple of str
        Names of the set's own folder; case does not matter.
    name : str
        The file.
    """
    lowered = {alias.lower() for alias in known_as}
    for depth in range(_DEPTH + 1):
        for home in sorted(folder.glob("/".join(["*"] * (depth + 1)))):
            if home.name.lower() in lowered and (home / name).is_file():
                return home / name
    return folder / name if (folder / name).is_file() else None


def verify(path: Path, sha256: str | None, size: int | None, *, remedy: str = "delete it and fetch it anew") -> None:
    """Refuse a file that is not the one the catalogue means.

    Parameters
    ----------
    path : Path
        The file.
    sha256, size : optional
        What it should have, where known.
    remedy : str
        What to do about it, for the error.

    Raises
    ------
    DataError
        If its size or its SHA-256 differs; both are printed.
    """
    found_size = path.stat().st_size
    if size is not None and found_size != size:
        kind = "truncated" if found_size < size else "too long"
        raise DataError(
            f"{path} is {kind}: {found_size:,} bytes, but {size:,} were expected; SHA-256 expected {sha256}, "
            f"found {hash_of(path)}; {remedy}"
        )
    if sha256 is not None and (found := hash_of(path)) != sha256:
        raise DataError(f"{path} is another file: SHA-256 expected {sha256}, found {found}; {remedy}")


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def retrieve(data_set: str, file: DataFile, *, looked_in: str | Path | None = None) -> Path:
    """Return a file from the user's cache, fetching it first if it is not there.

    Parameters
    ----------
    data_set : str
        The set that it belongs to, and so its folder in the cache.
    file : DataFile
        The file. If its `member` ends in ``/``, that is a folder, and the archive itself is returned.
    looked_in : str or Path, optional
        The local folder where it was not found, for the error.

    Raises
    ------
    DataError
        If it cannot be fetched or is not what it should be; nothing half-fetched is left.
    """
    pooch = import_extra("pooch", extra="data", purpose=_purpose(data_set, file.name, looked_in))
    folder = Path(pooch.os_cache("kolmo")) / data_set
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
            f"{file.url} gave another file than expected, and it was not kept: SHA-256 expected {known}; "
            f"{_one_line(error)}"
        ) from error
    except Exception as error:  # pooch passes on what its HTTP library raises
        missing = f"; {file.name} was not found under {looked_in} either"
        place = missing if looked_in else "; give a folder with it by --data-dir"
        raise DataError(f"{file.url} cannot be fetched: {_one_line(error)}{place}") from error
    if is_new and known is None and (is_folder or file.sha256 is None):
        warnings.warn(
            f'the SHA-256 of {downloaded.name} is not in the catalogue; found: sha256 = "{hash_of(downloaded)}"',
            stacklevel=2,
        )
    if is_folder:
        return downloaded
    try:
        if in_archive:
            data = extract_member(downloaded, str(file.member))
            write_whole(target, lambda opened: opened.writelines([data]))
        verify(target, file.sha256, file.size, remedy="it was not kept")
    except DataError:
        target.unlink(missing_ok=True)
        if known is None:  # or a broken archive would be taken for the right one the next time
            downloaded.unlink(missing_ok=True)
        raise
    return target


def _purpose(data_set: str, name: str, looked_in: str | Path | None) -> str:
    missing = f", which is not under {looked_in}," if looked_in else ""
    return f"fetching {name} of {data_set}{missing}"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
