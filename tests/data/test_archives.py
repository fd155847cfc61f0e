"""Members of untrusted archives: links to own files are read, and everything hostile is refused within its limits."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from kolmo.data import archives
from kolmo.data.archives import extract_member, read_folders
from kolmo.errors import DataError

CONTENT = b"one text\n"


def _tar(path: Path, *entries: tuple[str, bytes | tarfile.TarInfo], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as packed:  # type: ignore[call-overload]
        for name, data in entries:
            entry = tarfile.TarInfo(name) if isinstance(data, bytes) else data
            if isinstance(data, bytes):
                entry.size = len(data)
            packed.addfile(entry, io.BytesIO(data) if isinstance(data, bytes) else None)
    return path


def _link(name: str, target: str, kind: bytes = tarfile.LNKTYPE) -> tuple[str, tarfile.TarInfo]:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return name, entry


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_hard_links_to_own_files_are_read(mode: str, tmp_path: Path) -> None:
    path = _tar(
        tmp_path / "a",
        ("set/a/1", CONTENT), _link("set/a/2", "set/a/1"), _link("./set/b/1", "./set/a/2"), ("out", b"x"),
        _link("set/b/2", "out"), _link("set/b/3", "set/a/1"),
        mode=mode,
    )  # fmt: skip
    assert extract_member(path, "set/b/1") == CONTENT
    items, labels = read_folders(path, "set")
    assert items == [CONTENT, CONTENT, CONTENT, b"x", CONTENT]
    assert labels == ["a", "a", "b", "b", "b"]


@pytest.mark.parametrize(
    "entry",
    [
        _link("a", "/etc/passwd"),
        _link("a", "../../../etc/passwd"),
        _link("a", "set/a/x"),
        _link("a", "later"),
        _link("a", "/etc/passwd", tarfile.SYMTYPE),
        _link("a", "set/a/x", tarfile.SYMTYPE),
        _link("a", "", tarfile.CHRTYPE),
        _link("a", "", tarfile.BLKTYPE),
        _link("a", "", tarfile.FIFOTYPE),
        _link("a", "", tarfile.DIRTYPE),
    ],
)
def test_other_links_and_devices_are_not_read(entry: tuple[str, tarfile.TarInfo], tmp_path: Path) -> None:
    entry[1].name = "set/a/x"
    path = _tar(tmp_path / "a.tar", entry, ("later", CONTENT))
    with pytest.raises(DataError, match="holds no file"):
        extract_member(path, "set/a/x")
    with pytest.raises(DataError, match="holds no files"):
        read_folders(path, "set")


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    start=st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08\x00", b"BZh9", b"\xfd7zXZ\x00"]),
    rest=st.binary(max_size=2000),
    ending=st.sampled_from(["tar", "zip", "gz", "tgz", "xz"]),
)
def test_garbage_gives_one_line(start: bytes, rest: bytes, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{ending}"
    path.write_bytes(start + rest)
    for action in (lambda: extract_member(path, "a"), lambda: read_folders(path, "a")):
        with pytest.raises(DataError) as caught:
            action()
        assert "\n" not in str(caught.value)


def test_a_tar_that_ends_with_a_zip_is_a_tar(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as inner:
        inner.writestr("a", b"inner")
    path = _tar(tmp_path / "a.tar", ("a", CONTENT), ("b.zip", packed.getvalue()))
    assert extract_member(path, "a") == CONTENT


def test_bombs_stop_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 2**20)
    monkeypatch.setattr(archives, "MAX_EXPANDED_BYTES", 2**22)
    monkeypatch.setattr(archives, "MAX_ITEM_BYTES", 2**20)
    monkeypatch.setattr(archives, "MAX_FOLDER_BYTES", 3 * 2**20)
    monkeypatch.setattr(archives, "MAX_MEMBERS", 50)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("bomb", bytes(2**21))
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as packed:
        for number in range(60):
            packed.writestr(str(number), b"x")
    large = _tar(tmp_path / "a.tgz", ("bomb", bytes(2**21)), mode="w:gz")
    beyond = _tar(tmp_path / "b.tgz", ("bomb", bytes(2**23)), ("x", b"x"), mode="w:gz")
    many = _tar(tmp_path / "many.tar", *((f"set/a/{number}", b"x") for number in range(60)))
    whole = _tar(tmp_path / "whole.tgz", *((f"set/a/{number}", bytes(2**20 - 600)) for number in range(4)), mode="w:gz")
    for path, member, message in (
        (tmp_path / "a.zip", "bomb", "at most 1,048,576 bytes, got more"),
        (tmp_path / "many.zip", "1", "at most 50 files"),
        (large, "bomb", "at most 1,048,576 bytes, got more"),
        (beyond, "x", "at most 4,194,304 bytes in a tar archive"),
        (many, "x", "at most 50 files"),
    ):
        with pytest.raises(DataError, match=message):
            extract_member(path, member)
    for path, message in ((many, "at most 50 files"), (whole, "at most 3,145,728 bytes below")):
        with pytest.raises(DataError, match=message):
            read_folders(path, "set")


def test_a_member_is_read_up_to_its_known_size(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("a", CONTENT)
    for path in (tmp_path / "a.zip", _tar(tmp_path / "a.tar", ("a", CONTENT))):
        assert extract_member(path, "a", len(CONTENT)) == CONTENT
        with pytest.raises(DataError, match="expected at most 8 bytes, got more"):
            extract_member(path, "a", len(CONTENT) - 1)


def _header(name: bytes, size: int, kind: bytes) -> bytes:
    entry = tarfile.TarInfo(name.decode())
    entry.size, entry.type = size, kind
    return entry.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_SPARSE])
@pytest.mark.parametrize("size", [2**26, 2**40, 2**62])
def test_headers_that_claim_a_large_size_cost_nothing(kind: bytes, size: int, tmp_path: Path) -> None:
    path = tmp_path / "a.tgz"
    with gzip.open(path, "wb") as file:
        file.write(_header(b"long", size, kind) + bytes(2**20))
    start = time.monotonic()
    with pytest.raises(DataError):
        extract_member(path, "a")
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE])
def test_chains_of_headers_are_refused(kind: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(_header(b"chain", 0, kind) * 5000)
    with pytest.raises(DataError):
        extract_member(path, "a")


def test_nothing_is_written_next_to_the_archive(tmp_path: Path) -> None:
    path = _tar(tmp_path / "a.tar", ("../../set/a/escape", b"x"), ("/set/b/absolute", b"x"), ("set/a/1", CONTENT))
    assert read_folders(path, "set") == ([CONTENT], ["a"])
    assert os.listdir(tmp_path) == ["a.tar"]
