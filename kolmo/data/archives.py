"""Members of untrusted archives, read by name with stated limits and never extracted to their own paths."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from kolmo.data.lines import MAX_ITEM_BYTES
from kolmo.errors import DataError

MAX_MEMBER_BYTES = 2**31
"""Largest file that is read from an archive: 2 GiB."""
MAX_FOLDER_BYTES = 2**32
"""Largest size of all files that are read from the folders of an archive: 4 GiB."""
MAX_EXPANDED_BYTES = 2**35
"""Largest tar archive after decompression: 32 GiB."""
MAX_MEMBERS = 2**19
"""Largest number of files in an archive: 524,288."""

_MAX_NAME_BYTES = 2**20
"""Largest record of a tar archive that only describes a file, such as a long name."""
_MAX_REWINDS = 100
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_COMPRESSED: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
"""The first bytes of compressed tar archives, and what opens them."""


def extract_member(archive: Path, member: str, size: int | None = None) -> bytes:
    """Return the bytes of one file of a ``.zip`` or ``.tar`` archive, compressed or not.

    Parameters
    ----------
    archive : Path
        The archive.
    member : str
        The path of the file in it.
    size : int, optional
        Size of the file in bytes, if known.

    Raises
    ------
    DataError
        If the archive is damaged or exceeds a limit of this module, or the file is missing or too large.
    """
    limit = MAX_MEMBER_BYTES if size is None else min(size, MAX_MEMBER_BYTES)
    with _one_line_errors(archive):
        with archive.open("rb") as file:
            if file.read(4) in _ZIP:
                return _from_zip(archive, member, limit)
        with _opened_tar(archive) as (packed, expanded):
            wanted = PurePosixPath(member)  # ./name is name
            for entry in _files(packed, archive):
                if PurePosixPath(entry.name) == wanted:
                    return _read_entry(packed, expanded, entry, archive, limit)
    raise DataError(f"{archive} holds no file {member!r}")


def read_folders(archive: Path, prefix: str, classes: Sequence[str] | None = None) -> tuple[list[bytes], list[str]]:
    """Return the files of the folders in `prefix` of a tar archive, sorted by path, labelled by their folders.

    Parameters
    ----------
    archive : Path
        The archive.
    prefix : str
        The folder in the archive that contains the class folders.
    classes : sequence of str, optional
        The folders to read; all by default.

    Raises
    ------
    DataError
        If the archive is damaged or exceeds a limit of this module, has no files there, or a file is too large.
    """
    home, total = PurePosixPath(prefix), 0
    found: dict[str, tuple[bytes, str]] = {}
    read: dict[int, bytes] = {}
    with _one_line_errors(archive), _opened_tar(archive) as (packed, expanded):
        for entry in _files(packed, archive):
            path = PurePosixPath(entry.name)
            label = path.parent.name
            if path.parent.parent == home and (classes is None or label in classes):
                data = read.get(entry.offset_data)  # a hard link has the data of its target
                if data is None:
                    data = read[entry.offset_data] = _read_entry(packed, expanded, entry, archive, MAX_ITEM_BYTES)
                total += len(data)
                if total > MAX_FOLDER_BYTES:
                    raise DataError(
                        f"{archive}: expected at most {MAX_FOLDER_BYTES:,} bytes below {prefix!r}, got more"
                    )
                found[str(path)] = data, label
    if not found:
        raise DataError(f"{archive} holds no files below {prefix!r}")
    ordered = [found[path] for path in sorted(found)]
    return [data for data, _ in ordered], [label for _, label in ordered]


class _Expanded(io.RawIOBase):
    """A tar archive after decompression, with a limit on its size, and on a read while its headers are parsed."""

    def __init__(self, file: IO[bytes], archive: Path) -> None:
        self.file, self.archive, self.reads_headers, self.n_rewinds = file, archive, True, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.file.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        place = offset + (self.file.tell() if whence == io.SEEK_CUR else 0)
        if whence == io.SEEK_END or place > MAX_EXPANDED_BYTES:
            raise DataError(f"{self.archive}: expected at most {MAX_EXPANDED_BYTES:,} bytes in a tar archive, got more")
        self.n_rewinds += place < self.file.tell()
        if self.n_rewinds > _MAX_REWINDS:  # each decompresses the archive again
            raise DataError(f"{self.archive}: expected at most {_MAX_REWINDS} links to files in other folders")
        return self.file.seek(place)

    def read(self, size: int = -1) -> bytes:
        if self.reads_headers and not 0 <= size <= _MAX_NAME_BYTES:
            raise DataError(f"{self.archive}: expected names of at most {_MAX_NAME_BYTES:,} bytes in a tar archive")
        if self.file.tell() + max(size, 0) > MAX_EXPANDED_BYTES + MAX_MEMBER_BYTES:
            raise DataError(f"{self.archive}: expected at most {MAX_EXPANDED_BYTES:,} bytes in a tar archive, got more")
        return self.file.read(size)


@contextmanager
def _opened_tar(archive: Path) -> Iterator[tuple[tarfile.TarFile, _Expanded]]:
    with archive.open("rb") as file:
        start = file.read(6)
    opens = next((opens for magic, opens in _COMPRESSED.items() if start.startswith(magic)), Path.open)
    with opens(archive, "rb") as file:
        expanded = _Expanded(file, archive)
        with tarfile.open(fileobj=cast("IO[bytes]", expanded), mode="r:") as packed:
            yield packed, expanded


def _files(packed: tarfile.TarFile, archive: Path) -> Iterator[tarfile.TarInfo]:
    """Yield the regular files of a tar archive, and hard links to such files that precede them."""
    regular: dict[PurePosixPath, tarfile.TarInfo] = {}
    for number, entry in enumerate(packed):
        if number >= MAX_MEMBERS:
            raise DataError(f"{archive}: expected at most {MAX_MEMBERS:,} files in an archive, got more")
        found = regular.get(PurePosixPath(entry.linkname)) if entry.islnk() else entry if entry.isfile() else None
        if found is not None:
            regular[PurePosixPath(entry.name)] = found
            if found is entry:
                yield entry
            else:
                yield found.replace(name=entry.name, deep=False)


def _read_entry(
    packed: tarfile.TarFile, expanded: _Expanded, entry: tarfile.TarInfo, archive: Path, limit: int
) -> bytes:
    if entry.size > limit:
        raise _too_large(entry.name, archive, limit)
    file = packed.extractfile(entry)
    if file is None:
        raise DataError(f"{archive} holds no file {entry.name!r}")
    expanded.reads_headers = False
    try:
        data = file.read()
    finally:
        expanded.reads_headers = True
    if len(data) != entry.size:
        raise DataError(f"{archive} is not a complete archive: {entry.name!r} is truncated; fetch it again")
    return data


def _from_zip(archive: Path, member: str, limit: int) -> bytes:
    with zipfile.ZipFile(archive) as packed:
        if len(packed.filelist) > MAX_MEMBERS:
            raise DataError(f"{archive}: expected at most {MAX_MEMBERS:,} files in an archive, got more")
        if member not in packed.NameToInfo or packed.NameToInfo[member].is_dir():
            raise DataError(f"{archive} holds no file {member!r}")
        with packed.open(member) as file:
            data = file.read(limit + 1)
    if len(data) > limit:
        raise _too_large(member, archive, limit)
    return data


def _too_large(member: str, archive: Path, limit: int) -> DataError:
    return DataError(f"{member!r} in {archive}: expected at most {limit:,} bytes, got more")


@contextmanager
def _one_line_errors(archive: Path) -> Iterator[None]:
    """Turn any exception of the libraries, which damaged archives can cause, into a DataError of one line."""
    try:
        yield
    except (DataError, MemoryError):
        raise
    except FileNotFoundError:
        raise DataError(f"there is no file {str(archive)!r}; check the path") from None
    except Exception as error:
        cause = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise DataError(f"{archive} is not a complete archive: {cause}; expected a zip or tar archive") from error
