"""Members of untrusted archives, read by name with a size limit and never extracted to their own paths."""

from __future__ import annotations

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from kolmo.data.lines import MAX_ITEM_BYTES
from kolmo.errors import DataError

MAX_MEMBER_BYTES = 2**31
"""Largest file that is read from an archive: 2 GiB."""

_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,  # a zip with an unknown compression method
    RuntimeError,  # a zip with a password
)
"""Errors of the libraries for archives that are truncated, damaged or of an unsupported kind."""


def extract_member(archive: Path, member: str) -> bytes:
    """Return the bytes of one file of a ``.zip`` or ``.tar`` archive, compressed or not.

    Raises
    ------
    DataError
        If the archive is damaged, or the file is missing or too large.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as packed, packed.open(member) as file:
                return _bounded(file, archive, member, MAX_MEMBER_BYTES)
        with tarfile.open(archive) as packed_tar:
            for entry in packed_tar:
                if entry.isfile() and PurePosixPath(entry.name) == PurePosixPath(member):  # ./name is name
                    file_or_none = packed_tar.extractfile(entry)
                    if file_or_none is not None:
                        return _bounded(file_or_none, archive, member, MAX_MEMBER_BYTES)
            raise KeyError(member)
    except KeyError:
        raise DataError(f"{archive} holds no file {member!r}") from None
    except _BROKEN as error:
        raise DataError(f"{archive} is not a complete archive: {error}") from error


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
        If the archive is damaged, has no files there, or a file is too large.
    """
    home = PurePosixPath(prefix)
    found: dict[str, tuple[bytes, str]] = {}
    try:
        with tarfile.open(archive) as packed:
            for member in packed:
                path = PurePosixPath(member.name)
                label = path.parent.name
                if member.isfile() and path.parent.parent == home and (classes is None or label in classes):
                    file = packed.extractfile(member)
                    if file is not None:
                        found[str(path)] = _bounded(file, archive, member.name, MAX_ITEM_BYTES), label
    except _BROKEN as error:
        raise DataError(f"{archive} is not a complete archive: {error}") from error
    if not found:
        raise DataError(f"{archive} holds no files below {prefix!r}")
    ordered = [found[path] for path in sorted(found)]
    return [data for data, _ in ordered], [label for _, label in ordered]


def _bounded(file: IO[bytes], archive: Path, member: str, limit: int) -> bytes:
    data = file.read(limit + 1)
    if len(data) > limit:
        raise DataError(f"{member!r} in {archive}: expected at most {limit:,} bytes, got more")
    return data
