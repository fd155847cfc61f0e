from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from power_loss import is_killed_at

from kolmo import coder
from kolmo.cli.files.compress import DEFAULT_CODER
from kolmo.coders.library.zlib import Deflate
from kolmo.coders.library.zstd import Zstd

TEXT = b"all happy families are alike; each unhappy family is unhappy in its own way. " * 30


@pytest.mark.parametrize("name", ["zstd", "xz", "ppmd:order=3", "uniform", None])
def test_a_file_comes_back(kolmo: Any, name: str | None) -> None:
    Path("a.txt").write_bytes(TEXT)
    options = [] if name is None else ["-c", name]
    found = json.loads(kolmo("compress", "a.txt", *options, "--json").stdout)
    archive = Path("a.txt.kolmo")
    assert (found["file"], found["output"]) == ("a.txt", "a.txt.kolmo")
    assert (found["size_bytes"], found["compressed_bytes"]) == (len(TEXT), archive.stat().st_size)
    assert found["bits_per_byte"] == pytest.approx(8 * archive.stat().st_size / len(TEXT))
    assert found["header"]["config"] == coder(name or DEFAULT_CODER).config
    assert found["header"]["size"] == len(TEXT)
    assert found["verified"] == (name == "ppmd:order=3"), "a coder that is not portable is verified"
    assert Path("a.txt").read_bytes() == TEXT, "the source stays"
    Path("a.txt").unlink()
    back = json.loads(kolmo("decompress", "a.txt.kolmo", "--json").stdout)
    assert Path("a.txt").read_bytes() == TEXT
    assert back["output"] == "a.txt"
    assert back["header"] == found["header"]
    assert archive.exists()
    assert sorted(os.listdir()) == ["a.txt", "a.txt.kolmo"]


def test_the_table_and_the_permissions(kolmo: Any) -> None:
    Path("a.txt").write_bytes(TEXT)
    result = kolmo("compress", "a.txt", "-c", "bz2", "--verify")
    row = next(line.split() for line in result.stdout.splitlines() if line.startswith("a.txt"))
    size = Path("a.txt.kolmo").stat().st_size
    assert row[:5] == ["a.txt", "a.txt.kolmo", f"{len(TEXT):,}", f"{size:,}", f"{8 * size / len(TEXT):.4f}"]
    assert coder("bz2").fingerprint not in result.stdout
    assert "Verified: each block decompresses to the original" in result.stdout
    assert coder("bz2").fingerprint in kolmo("compress", "a.txt", "-c", "bz2", "-f", "-v").stdout
    assert result.stderr == ""
    assert stat.S_IMODE(os.stat("a.txt.kolmo").st_mode) == stat.S_IMODE(os.stat("a.txt").st_mode)


@pytest.mark.parametrize("size", [0, 1])
def test_a_file_of_nothing(kolmo: Any, size: int) -> None:
    Path("a").write_bytes(bytes(size))
    kolmo("compress", "a")
    kolmo("decompress", "a.kolmo", "-o", "b")
    assert Path("b").read_bytes() == bytes(size)
    assert json.loads(kolmo("decompress", "a.kolmo", "--info", "--json").stdout)["header"]["size"] == size


def test_data_on_stdout_and_all_else_on_stderr(kolmo: Any) -> None:
    for as_json in ([], ["--json"]):
        packed = kolmo("compress", "-", "-c", "lz4", "--block-size", "100", *as_json, stdin=TEXT)
        assert packed.stdout_bytes.startswith(b"\x89KLM\x02")
        assert f"{len(TEXT):,}" in packed.stderr or f": {len(TEXT)}," in packed.stderr
        unpacked = kolmo("decompress", "-", *as_json, stdin=packed.stdout_bytes)
        assert unpacked.stdout_bytes == TEXT
        assert os.listdir() == []


def test_a_pipeline_of_processes() -> None:
    Path("a").write_bytes(TEXT * 100)
    program = f"{sys.executable} -m kolmo"
    line = f"cat a | {program} compress - --block-size 50kB | {program} decompress - | cmp - a"
    subprocess.run(["bash", "-o", "pipefail", "-c", line], check=True, capture_output=True, timeout=120)


def test_primed_by_a_file_that_decompress_asks_for(kolmo: Any, refused: Any) -> None:
    Path("folder").mkdir()
    old = os.urandom(3000)
    new = old[5:] + b"new"
    Path("folder/old.log").write_bytes(old)
    Path("new.log").write_bytes(new)
    kolmo("compress", "new.log", "-c", "deflate", "-o", "unprimed.kolmo")
    kolmo("compress", "new.log", "-c", "deflate", "--context", "folder/old.log")
    assert Path("new.log.kolmo").stat().st_size < 600 < 3000 < Path("unprimed.kolmo").stat().st_size
    digest = hashlib.sha256(old).hexdigest()
    info = kolmo("decompress", "new.log.kolmo", "--info").stdout
    assert f"old.log, 3,000 bytes, sha256 {digest}" in info
    message = refused("decompress", "new.log.kolmo", "-o", "out", code=1)
    assert f"expected the context 'old.log' of 3,000 bytes with sha256 {digest}, got none" in message
    message = refused("decompress", "new.log.kolmo", "-o", "out", "--context", "new.log", code=1)
    assert hashlib.sha256(new).hexdigest() in message
    assert "there is no file" in refused("decompress", "new.log.kolmo", "-o", "out", "--context", "gone", code=1)
    assert not Path("out").exists()
    kolmo("decompress", "new.log.kolmo", "-o", "out", "--context", "folder/old.log")
    assert Path("out").read_bytes() == new


def test_info_decodes_nothing(kolmo: Any) -> None:
    Path("a").write_bytes(TEXT)
    kolmo("compress", "a", "--block-size", "1kB")
    archive = Path("a.kolmo").read_bytes()
    Path("front.kolmo").write_bytes(archive[:100])
    found = json.loads(kolmo("decompress", "front.kolmo", "--info", "--json").stdout)
    assert found["compressed_bytes"] == 100
    assert found["header"]["block_size"] == 1000
    table = kolmo("decompress", "-", "--info", stdin=archive).stdout
    assert coder(DEFAULT_CODER).fingerprint in table
    assert f"{len(TEXT):,}" in table
    assert sorted(os.listdir()) == ["a", "a.kolmo", "front.kolmo"]


def test_nothing_is_overwritten_unless_forced(kolmo: Any, refused: Any) -> None:
    Path("a").write_bytes(TEXT)
    Path("a.kolmo").write_bytes(b"precious")
    assert "'a.kolmo' exists and was not changed" in refused("compress", "a", code=2)
    assert Path("a.kolmo").read_bytes() == b"precious"
    kolmo("compress", "a", "--force")
    Path("a").write_bytes(b"changed")
    assert "'a' exists and was not changed" in refused("decompress", "a.kolmo", code=2)
    assert Path("a").read_bytes() == b"changed"
    kolmo("decompress", "a.kolmo", "-f")
    assert Path("a").read_bytes() == TEXT
    kolmo("compress", "a", "-o", os.devnull)


def test_a_file_that_comes_to_be_meanwhile_is_not_overwritten(refused: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a").write_bytes(TEXT)
    compress = Deflate.compress

    def slow(self: Deflate, data: bytes) -> bytes:
        Path("a.kolmo").write_bytes(b"from elsewhere")
        return compress(self, data)

    monkeypatch.setattr(Deflate, "compress", slow)
    assert "'a.kolmo' exists and was not changed" in refused("compress", "a", "-c", "deflate", code=1)
    assert Path("a.kolmo").read_bytes() == b"from elsewhere"
    assert sorted(os.listdir()) == ["a", "a.kolmo"]


@pytest.mark.parametrize("options", [["-o", "a"], ["-o", "./a"], ["-o", "link"], ["-o", "x", "--context", "x"]])
def test_what_is_read_is_never_written(refused: Any, options: list[str]) -> None:
    for name in ("a", "x"):
        Path(name).write_bytes(TEXT)
    os.symlink("a", "link")
    for command in ("compress", "decompress"):
        assert "is also an input" in refused(command, "a", *options, "--force", code=2)
    assert Path("a").read_bytes() == Path("x").read_bytes() == TEXT


def test_a_failed_verification_leaves_nothing(refused: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a").write_bytes(TEXT)
    monkeypatch.setattr(Zstd, "decompress", lambda self, payload, max_size: bytes(max_size))
    message = refused("compress", "a", "-c", "zstd", "--verify", code=1)
    assert "does not decompress a block" in message
    assert "libzstd" in message
    assert os.listdir() == ["a"]


def test_an_error_in_a_late_block_leaves_nothing_and_keeps_what_was_there(kolmo: Any, refused: Any) -> None:
    Path("a").write_bytes(TEXT)
    kolmo("compress", "a", "--block-size", "500", "-c", "uniform")
    archive = bytearray(Path("a.kolmo").read_bytes())
    archive[-100] ^= 1
    Path("a.kolmo").write_bytes(archive)
    Path("out").write_bytes(b"old")
    message = refused("decompress", "a.kolmo", "-o", "out", "-f", code=1)
    assert "the checksum of block 5 is wrong" in message
    assert Path("out").read_bytes() == b"old"
    assert sorted(os.listdir()) == ["a", "a.kolmo", "out"]


@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_an_interruption_leaves_nothing(kolmo: Any, command: str) -> None:
    Path("a").write_bytes(os.urandom(100_000))
    kolmo("compress", "a", "-c", "uniform", "--block-size", "1kB")
    data = Path("a" if command == "compress" else "a.kolmo").read_bytes()
    program = [sys.executable, "-m", "kolmo", command, "-", "-o", "out"]
    options = ["--block-size", "1kB"] if command == "compress" else []
    with subprocess.Popen([*program, *options], stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(data[:50_000])
        process.stdin.flush()
        deadline = time.monotonic() + 60
        while not any(name.startswith(".out.") and os.path.getsize(name) for name in os.listdir()):
            assert process.poll() is None, "the work ended early"
            assert time.monotonic() < deadline, "the work did not begin"
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr.read().decode().strip() == "Interrupted"
    assert sorted(os.listdir()) == ["a", "a.kolmo"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and kill -9")
@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_a_kill_at_any_call_leaves_nothing_after_the_next_run(kolmo: Any, command: str) -> None:
    Path("a").write_bytes(TEXT)
    os.chmod("a", 0o600)
    kolmo("compress", "a", "-c", "zstd", "--block-size", "500")
    source, target = ("a", "a.kolmo") if command == "compress" else ("a.kolmo", "a")
    expected = Path(target).read_bytes()
    options = ["-c", "zstd", "--block-size", "500"] if command == "compress" else []
    call = 0
    was_killed = True
    while was_killed:
        call += 1
        Path(target).unlink()
        was_killed = is_killed_at(call, lambda: kolmo(command, source, *options))
        assert not Path(target).exists() or Path(target).read_bytes() == expected
        kolmo(command, source, *options, "--force")
        assert Path(target).read_bytes() == expected
        assert sorted(os.listdir()) == ["a", "a.kolmo"]
        assert stat.S_IMODE(os.stat(target).st_mode) == 0o600
    assert call > 8


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_the_permissions_of_the_source_are_kept(kolmo: Any, mode: int) -> None:
    Path("a").write_bytes(TEXT)
    os.chmod("a", mode)
    kolmo("compress", "a", "-c", "zstd")
    os.chmod("a", 0o666)
    kolmo("decompress", "a.kolmo", "-o", "b")
    with Path("a.kolmo").open("rb") as archive:
        program = [sys.executable, "-m", "kolmo", "decompress", "-", "-o", "c"]
        subprocess.run(program, stdin=archive, check=True, capture_output=True)
    assert {stat.S_IMODE(os.stat(name).st_mode) for name in ("a.kolmo", "b", "c")} == {mode}


def test_an_error_of_the_output_names_the_output(refused: Any, kolmo: Any) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    Path("a").write_bytes(TEXT)
    kolmo("compress", "a", "-c", "zstd")
    for command in (["compress", "a", "-c", "zstd"], ["decompress", "a.kolmo"]):
        message = refused(*command, "-o", "/dev/full", code=1)
        assert "cannot write '/dev/full': No space left on device" in message


def test_compressed_bytes_are_kept_off_a_terminal() -> None:
    import pty

    Path("a").write_bytes(TEXT)
    ours, theirs = pty.openpty()
    run = subprocess.run(
        [sys.executable, "-m", "kolmo", "compress", "a", "-o", "-"],
        stdout=theirs,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(theirs)
    os.close(ours)
    assert run.returncode == 2
    assert run.stderr.startswith(b"Error: compressed data are not written to a terminal")


def test_a_file_of_the_kernel_that_states_no_size(kolmo: Any) -> None:
    source = Path("/proc/version")
    if not source.exists():
        pytest.skip("there is no /proc here")
    kolmo("compress", source, "-o", "version.kolmo")
    kolmo("decompress", "version.kolmo")
    assert Path("version").read_bytes() == source.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["compress", "absent"], 1, "there is no file 'absent'"),
        (["compress", "."], 1, "expected a file, got the directory '.'"),
        (["compress", "file", "-c", "order0"], 2, "computes code lengths only"),
        (["compress", "file", "-c", "bz2", "--context", "other"], 2, "cannot write a stream that depends on a context"),
        (["compress", "file", "-c", "zst"], 2, "did you mean 'zstd'"),
        (["compress", "file", "--context", "absent"], 1, "there is no file 'absent'"),
        (["compress", "file", "--block-size", "2GiB"], 2, "block_size: expected an integer from 1 to 1073741824"),
        (["compress", "file", "--block-size", "0"], 2, "block_size: expected an integer"),
        (["compress", "file", "-o", "nowhere/out"], 2, "there is no directory"),
        (["compress", "-", "--context", "-"], 2, "stdin can be read only once"),
        (["decompress", "absent.kolmo"], 1, "there is no file 'absent.kolmo'"),
        (["decompress", "file"], 2, "expected a file name ending in '.kolmo', got 'file'"),
        (["decompress", "file", "-o", "out"], 1, "expected a .kolmo file, got 4 bytes"),
        (["decompress", "file", "--info"], 1, "expected a .kolmo file"),
        (["decompress", "good.kolmo", "--max-size", "3"], 1, "expected at most 3 bytes, got 4 or more"),
        (
            ["decompress", "good.kolmo", "--context", "other"],
            1,
            "compressed without a context, got a context of 5 bytes",
        ),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    kolmo: Any, refused: Any, arguments: list[str], code: int, message: str
) -> None:
    Path("file").write_bytes(b"data")
    Path("other").write_bytes(b"other")
    kolmo("compress", "file", "-o", "good.kolmo")
    assert message in refused(*arguments, code=code)
    assert sorted(os.listdir()) == ["file", "good.kolmo", "other"]


@pytest.mark.realdata
def test_a_megabyte_of_wikipedia(kolmo: Any, data_dir: Path) -> None:
    source = data_dir / "corpora" / "enwik" / "enwik6"
    found = json.loads(kolmo("compress", source, "-o", "whole.kolmo", "-c", "xz", "--json").stdout)
    payload = len(coder("xz").compress(source.read_bytes()))
    assert payload < found["compressed_bytes"] < payload + 300
    kolmo("decompress", "whole.kolmo")
    assert Path("whole").read_bytes() == source.read_bytes()
    kolmo("compress", source, "-o", "blocks.kolmo", "-c", "xz", "--block-size", "100kB")
    assert Path("blocks.kolmo").stat().st_size > Path("whole.kolmo").stat().st_size
