"""Outputs are complete or absent, durable, never an input, and leave nothing behind."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings, strategies as st
from power_loss import Recorder, is_killed_at

import kolmo
from kolmo._core.files import (
    check_output,
    make_folder,
    never_replacing,
    write_bytes,
    write_whole,
)
from kolmo._core.locks import remove_abandoned
from kolmo.errors import DataError, OutputError, ParameterError

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and kill -9")
OLD, NEW = b"old " * 8_000, b"new " * 20_000
CASES = pytest.mark.parametrize(("old", "replace"), [(None, True), (OLD, True), (None, False)])


def in_pieces(raw: bytes) -> Callable[[IO[bytes]], None]:
    def write(file: IO[bytes]) -> None:
        for start in range(0, len(raw), 30_000):
            file.write(raw[start : start + 30_000])

    return write


def write_new(path: Path, *, replace: bool) -> None:
    with never_replacing([] if replace else [path]):
        write_whole(path, in_pieces(NEW))


class TestPowerLoss:
    @CASES
    def test_the_file_is_the_old_one_or_the_new_one(self, old: bytes | None, replace: bool, tmp_path: Path) -> None:
        path = tmp_path / "out"
        if old is not None:
            path.write_bytes(old)
        disk = Recorder(tmp_path)
        with disk.recording():
            write_new(path, replace=replace)
        assert len(disk.events) > 6
        for n_events in range(len(disk.events) + 1):
            assert disk.contents_after_loss("out", n_events) <= {old, NEW}, disk.events[:n_events]
        assert disk.contents_after_loss("out") == {NEW}, "it is durable when the call returns"

    def test_the_simulation_finds_each_missing_fsync(self, tmp_path: Path) -> None:
        path = tmp_path / "out"
        path.write_bytes(OLD)
        disk = Recorder(tmp_path)
        with disk.recording():
            write_new(path, replace=True)
        syncs = [place for place, (kind, *_) in enumerate(disk.events) if kind == "sync"]
        assert len(syncs) == 2, "the file and its folder"
        for left_out in syncs:
            other = Recorder(tmp_path)
            other.before = disk.before
            other.events = [event for place, event in enumerate(disk.events) if place != left_out]
            assert other.contents_after_loss("out") != {NEW}
        kinds = [kind for kind, *_ in disk.events if kind in ("write", "sync", "rename")]
        assert kinds[-4:] == ["write", "sync", "rename", "sync"]

    def test_a_new_folder_is_durable(self, tmp_path: Path) -> None:
        synced: list[int] = []
        real = os.fsync
        with patch.object(os, "fsync", lambda each: (synced.append(os.fstat(each).st_ino), real(each))[1]):
            make_folder(tmp_path / "a" / "b")
        assert {tmp_path.stat().st_ino, (tmp_path / "a").stat().st_ino} <= set(synced)


@needs_fork
@CASES
def test_a_kill_at_any_call_leaves_the_old_or_the_new_file(old: bytes | None, replace: bool, tmp_path: Path) -> None:
    path, call, was_killed = tmp_path / "out", 0, True
    while was_killed:
        call += 1
        path.unlink(missing_ok=True)
        if old is not None:
            path.write_bytes(old)
        was_killed = is_killed_at(call, lambda: write_new(path, replace=replace))
        found = path.read_bytes() if path.exists() else None
        assert found in (old, NEW)
        check_output(path)  # the next run that writes there
        assert os.listdir(tmp_path) == ([] if found is None else ["out"])
        write_bytes(path, NEW)
        assert path.read_bytes() == NEW
        assert os.listdir(tmp_path) == ["out"]
    assert call > 8


class TestTemporaryFiles:
    def test_those_of_a_live_process_are_kept(self, tmp_path: Path) -> None:
        is_open, is_seen = threading.Event(), threading.Event()

        def slow(file: IO[bytes]) -> None:
            file.write(NEW)
            is_open.set()
            is_seen.wait(30)

        thread = threading.Thread(target=lambda: write_whole(tmp_path / "out", slow))
        thread.start()
        assert is_open.wait(30)
        (temporary,) = os.listdir(tmp_path)
        assert temporary.startswith(f".out.kolmo-{os.getpid()}-")
        assert temporary.endswith(".tmp")
        write_bytes(tmp_path / "out", OLD)
        remove_abandoned(tmp_path)
        assert sorted(os.listdir(tmp_path)) == [temporary, "out"]
        is_seen.set()
        thread.join()
        assert os.listdir(tmp_path) == ["out"]
        assert (tmp_path / "out").read_bytes() == NEW

    @pytest.mark.parametrize("mode", [0o600, 0o444, 0o200])
    def test_those_of_ended_processes_are_removed_and_no_others(self, mode: int, tmp_path: Path) -> None:
        abandoned = tmp_path / ".out.kolmo-1-0123abcd.tmp"
        abandoned.write_bytes(b"")
        abandoned.chmod(mode)
        others = [".out.kolmo-1-0123abcd.tmp.txt", ".out.tmp", ".other.kolmo-1-0123abcd.tmp", ".out.kolmo-x-01.tmp"]
        for name in others:
            (tmp_path / name).write_bytes(b"")
        write_bytes(tmp_path / "out", NEW)
        assert sorted(os.listdir(tmp_path)) == sorted([*others, "out"])
        remove_abandoned(tmp_path)
        assert ".other.kolmo-1-0123abcd.tmp" not in os.listdir(tmp_path)

    def test_links_and_pipes_of_that_name_are_kept(self, tmp_path: Path) -> None:
        (tmp_path / "precious").write_bytes(OLD)
        (tmp_path / ".out.kolmo-1-00000001.tmp").symlink_to("precious")
        os.mkfifo(tmp_path / ".out.kolmo-1-00000002.tmp")
        write_bytes(tmp_path / "out", NEW)
        assert len(os.listdir(tmp_path)) == 4
        assert (tmp_path / "precious").read_bytes() == OLD

    @given(
        st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=255).filter(
            lambda name: name not in (".", "..") and len(name.encode()) <= 255
        ),
        st.lists(st.binary(max_size=300), max_size=4),
    )
    @settings(max_examples=60, deadline=None)
    def test_any_name_that_a_file_can_have(self, name: str, pieces: list[bytes]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            check_output(path)
            for _ in range(2):
                write_whole(path, lambda file: file.writelines(pieces))
            assert path.read_bytes() == b"".join(pieces)
            assert os.listdir(folder) == [name]


class TestPermissions:
    @pytest.mark.parametrize(
        ("source", "old"), [(0o600, None), (0o640, 0o604), (0o444, None), (None, 0o600), (0o755, 0o600)]
    )
    def test_nobody_may_read_more_than_before(self, source: int | None, old: int | None, tmp_path: Path) -> None:
        path, read = tmp_path / "out", tmp_path / "in"
        for each, mode in ((path, old), (read, source)):
            if mode is not None:
                each.write_bytes(OLD)
                each.chmod(mode)
        expected = (0o777 if source is None else source) & (0o777 if old is None else old)
        if source is None:
            write_bytes(path, NEW)
        else:
            with read.open("rb") as file:
                write_whole(path, in_pieces(NEW), source=file)
        assert stat.S_IMODE(path.stat().st_mode) == expected

    def test_a_new_file_has_those_of_any_new_file(self, tmp_path: Path) -> None:
        for mask in (0o022, 0o077, 0o000):
            before = os.umask(mask)
            try:
                write_bytes(tmp_path / f"out{mask}", NEW)
            finally:
                os.umask(before)
            assert stat.S_IMODE((tmp_path / f"out{mask}").stat().st_mode) == 0o666 & ~mask

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs the superuser")
    def test_the_owner_is_kept(self, tmp_path: Path) -> None:
        (tmp_path / "in").write_bytes(OLD)
        os.chown(tmp_path / "in", 1234, 4321)
        with (tmp_path / "in").open("rb") as file:
            write_whole(tmp_path / "out", in_pieces(NEW), source=file)
        write_bytes(tmp_path / "in", NEW)
        for name in ("in", "out"):
            found = (tmp_path / name).stat()
            assert (found.st_uid, found.st_gid) == (1234, 4321)

    def test_the_python_interface_too(self, tmp_path: Path) -> None:
        source = tmp_path / "in"
        source.write_bytes(OLD)
        source.chmod(0o600)
        packed = kolmo.compress(source, coder="zstd", output=tmp_path / "in.kolmo")
        source.chmod(0o644)
        back = kolmo.decompress(packed, output=tmp_path / "back")
        assert stat.S_IMODE(packed.stat().st_mode) == stat.S_IMODE(back.stat().st_mode) == 0o600
        os.link(source, tmp_path / "other")
        for output in (source, str(tmp_path / "other")):
            with pytest.raises(ParameterError, match="is also an input"):
                kolmo.compress(b"x", coder="deflate", context=source, output=output)
            with pytest.raises(ParameterError, match="is also an input"):
                kolmo.compress(source, coder="zstd", output=output)
        assert source.read_bytes() == OLD


class TestFailures:
    @needs_fork
    def test_a_limit_of_the_disk_names_the_output(self, tmp_path: Path) -> None:
        path = tmp_path / "out"
        path.write_bytes(OLD)
        program = (
            "import resource, sys\n"
            "from kolmo._core.files import write_bytes\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))\n"
            "write_bytes(sys.argv[1], bytes(100_000))\n"
        )
        run = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=False)
        assert f"OutputError: cannot write {str(path)!r}: File too large; free some space" in run.stderr
        assert path.read_bytes() == OLD
        assert os.listdir(tmp_path) == ["out"]

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
    def test_a_full_device(self) -> None:
        with pytest.raises(OutputError, match="cannot write '/dev/full': No space left on device; free some space"):
            write_bytes("/dev/full", NEW)

    @pytest.mark.parametrize("call", ["write", "fsync", "replace"])
    def test_any_call_that_fails(self, call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "out"
        path.write_bytes(OLD)

        def fail(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, call, fail)
        with pytest.raises(OutputError, match=r"cannot write '.*out': No space left on device"):
            write_bytes(path, NEW)
        monkeypatch.undo()
        assert path.read_bytes() == OLD
        assert os.listdir(tmp_path) == ["out"]

    def test_errors_of_the_content_are_passed_on(self, tmp_path: Path) -> None:
        for error in (DataError("data"), OSError(5, "Input/output error", "in"), KeyboardInterrupt()):

            def fail(file: IO[bytes], error: BaseException = error) -> None:
                file.write(NEW)
                raise error

            with pytest.raises(type(error)) as found:
                write_whole(tmp_path / "out", fail)
            assert found.value is error
            assert os.listdir(tmp_path) == []

    @needs_fork
    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs the superuser")
    def test_a_folder_that_may_not_be_entered(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            os.chmod(name, 0o755)
            closed, read_only = Path(name) / "closed", Path(name) / "read-only"
            for folder, mode in ((closed, 0o600), (read_only, 0o555)):
                folder.mkdir()
                (folder / "old").write_bytes(OLD)
                folder.chmod(mode)
            program = (
                "import os, sys\n"
                "from kolmo._core.files import check_output, write_bytes\n"
                "os.setegid(65534); os.seteuid(65534)\n"
                "for path in sys.argv[1:]:\n"
                "    for call in (check_output, lambda path: write_bytes(path, b'')):\n"
                "        try: call(path)\n"
                "        except OSError as error: print(error)\n"
            )
            paths = [str(folder / each) for folder in (closed, read_only) for each in ("old", "new")]
            run = subprocess.run([sys.executable, "-c", program, *paths], capture_output=True, text=True, check=True)
            lines = run.stdout.splitlines()
            assert lines == [
                f"cannot write {path!r}: Permission denied; name another file" for path in paths for _ in "12"
            ]
            assert (closed / "old").read_bytes() == (read_only / "old").read_bytes() == OLD

    def test_names_that_no_file_can_have(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        os.symlink("one", "two")
        os.symlink("two", "one")
        os.symlink("absent/file", "dangling")
        Path("file").write_bytes(OLD)
        for name in ("one", "a\0b", "x" * 256, "file/x", "\ud800"):
            with pytest.raises(OutputError, match="cannot write "):
                check_output(name)
            with pytest.raises(OutputError, match="cannot write "):
                write_bytes(name, NEW)
        for name in ("", ".", "new/", "absent/file", "dangling"):
            with pytest.raises(ParameterError, match="directory"):
                check_output(name)
        assert sorted(os.listdir()) == ["dangling", "file", "one", "two"]

    def test_a_file_created_in_the_meantime_is_kept(self, tmp_path: Path) -> None:
        path = tmp_path / "out"

        def write(file: IO[bytes]) -> None:
            file.write(NEW)
            path.write_bytes(OLD)

        for has_links in (True, False):
            path.unlink(missing_ok=True)
            refusal: Any = os.link if has_links else lambda *_: (_ for _ in ()).throw(PermissionError(1, "no links"))
            with (
                patch.object(os, "link", refusal),
                never_replacing([path]),
                pytest.raises(OutputError, match="exists and was not changed"),
            ):
                write_whole(path, write)
            assert path.read_bytes() == OLD
            assert os.listdir(tmp_path) == ["out"]


class TestStreams:
    def test_a_pipe_is_written_directly(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        check_output(tmp_path / "pipe", force=False)
        found: list[bytes] = []
        reader = threading.Thread(target=lambda: found.append((tmp_path / "pipe").read_bytes()))
        reader.start()
        write_bytes(tmp_path / "pipe", NEW)
        reader.join()
        assert found == [NEW]
        assert os.listdir(tmp_path) == ["pipe"]

    @pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="needs /dev/fd")
    def test_a_descriptor_is_written_directly(self, tmp_path: Path) -> None:
        ours, theirs = os.pipe()
        write_bytes(f"/dev/fd/{theirs}", b"few")
        assert os.read(ours, 10) == b"few"
        os.close(ours)
        with pytest.raises(OutputError, match="Broken pipe"):
            write_bytes(f"/dev/fd/{theirs}", b"few")
        os.close(theirs)
        with (tmp_path / "gone").open("w+b") as file:
            (tmp_path / "gone").unlink()
            write_bytes(f"/dev/fd/{file.fileno()}", b"few")
            assert file.read() == b"few"
        assert os.listdir(tmp_path) == []


@needs_fork
def test_processes_that_write_one_file(tmp_path: Path) -> None:
    """Each content is whole at any time; of those that may not replace, one alone succeeds."""
    path = tmp_path / "out"
    for replace in (True, False):
        path.unlink(missing_ok=True)
        children = []
        for number in range(8):
            process = os.fork()
            if not process:
                code = 1
                try:
                    with never_replacing([] if replace else [path]):
                        write_whole(path, in_pieces(b"%d" % number * 200_000))
                    code = 0
                except OutputError:
                    code = 2
                finally:
                    os._exit(code)
            children.append(process)
        codes = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in children]
        assert sorted(codes) == ([0] * 8 if replace else [0] + [2] * 7)
        content = path.read_bytes()
        assert content == content[:1] * 200_000
        assert os.listdir(tmp_path) == ["out"]
