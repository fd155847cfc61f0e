from __future__ import annotations

import bz2
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from kolmo import coder

TEXT = b"all happy families are alike; each unhappy family is unhappy in its own way. " * 30


def test_lengths_are_those_of_the_coders(kolmo: Any) -> None:
    Path("a.txt").write_bytes(TEXT)
    Path("b.txt").write_bytes(TEXT[:100])
    found = json.loads(kolmo("length", "a.txt", "b.txt", "-c", "gzip", "-c", "bz2", "-c", "gzip", "--json").stdout)
    rows = {(row["file"], row["coder"]): row for row in found["lengths"]}
    assert len(found["lengths"]) == 4, "a coder named twice is measured once"
    assert rows["a.txt", "gzip"]["bits"] == 8 * len(zlib.compress(TEXT, 9, 31))
    assert rows["b.txt", "bz2"]["bits"] == 8 * len(bz2.compress(TEXT[:100]))
    row = rows["a.txt", "gzip"]
    assert row["size_bytes"] == len(TEXT)
    assert row["bits_per_byte"] == pytest.approx(row["bits"] / len(TEXT))
    assert row["ratio"] == pytest.approx(8 * len(TEXT) / row["bits"])
    assert row["megabytes_per_second"] == pytest.approx(len(TEXT) / 1e6 / row["seconds"])
    assert row["fingerprint"] == coder("gzip").fingerprint
    totals = {row["coder"]: row for row in found["totals"]}
    assert totals["bz2"]["bits"] == rows["a.txt", "bz2"]["bits"] + rows["b.txt", "bz2"]["bits"]


def test_given_a_file_a_coder_needs_fewer_bits(kolmo: Any) -> None:
    Path("x.txt").write_bytes(TEXT[:500])
    Path("y.txt").write_bytes(TEXT[:300])
    found = json.loads(kolmo("length", "y.txt", "--context", "x.txt", "-c", "zstd", "-c", "bz2", "--json").stdout)
    for row in found["lengths"]:
        plain = coder(row["coder"])
        assert row["bits"] == plain.prime(TEXT[:500]).code_length(TEXT[:300])
        assert "primed with 500 bytes" in row["fingerprint"]
    assert found["context"] == {"file": "x.txt", "size_bytes": 500}
    assert "Conditional code lengths L(file | x.txt)" in kolmo("length", "y.txt", "--context", "x.txt").stdout


def test_stdin_and_the_table(kolmo: Any) -> None:
    result = kolmo("length", "-", "-c", "uniform", "-c", "order0", stdin=b"abc")
    row = next(line.split() for line in result.stdout.splitlines() if line.startswith("- "))
    assert row[:6] == ["-", "uniform", "3", "32", "10.6667", "0.750"]
    assert coder("order0").fingerprint not in result.stdout
    assert "ratio = raw size / compressed size" in result.stdout
    assert result.stderr == ""
    assert coder("order0").fingerprint in kolmo("length", "-", "-c", "order0", "-v", stdin=b"abc").stdout


def test_a_folder_is_one_row_per_file_or_one_set(kolmo: Any) -> None:
    for name in ("set/b.txt", "set/a/c.txt", "set/.hidden", "set/.folder/d.txt"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(name.encode() * 3)
    Path("single").write_bytes(b"one")
    rows = json.loads(kolmo("length", "set", "single", "-c", "uniform", "--json").stdout)
    assert [row["file"] for row in rows["lengths"]] == ["set/a/c.txt", "set/b.txt", "single"]
    assert rows["totals"][0]["bits"] == 8 * (3 * len("set/a/c.txt") + 3 * len("set/b.txt") + 3 + 3)
    (whole,) = json.loads(kolmo("length", "set", "-c", "gzip", "--as-set", "--json").stdout)["lengths"]
    joined = Path("set/a/c.txt").read_bytes() + Path("set/b.txt").read_bytes()
    assert (whole["file"], whole["bits"]) == ("set", coder("gzip").code_length(joined))


@pytest.mark.parametrize("options", [[], ["--as-set"]])
def test_a_folder_without_files_or_beyond_the_limit_is_refused(refused: Any, options: list[str]) -> None:
    Path("empty").mkdir()
    assert "the folder 'empty' holds no files" in refused("length", "empty", *options, code=1)
    Path("full").mkdir()
    for name in "abc":
        Path("full", name).write_bytes(bytes(10))
    if options:
        assert "more than the 20 bytes" in refused("length", "full", "--max-size", "20", *options, code=1)
        assert "more than the 25 bytes" in refused("length", "full", "--max-size", "25", *options, code=1)
        assert "--max-size allows 5" in refused("length", "full", "--max-size", "5", *options, code=1)


def test_an_empty_file_has_a_length_and_no_rates(kolmo: Any) -> None:
    Path("empty").write_bytes(b"")
    gzip, uniform = json.loads(kolmo("length", "empty", "-c", "gzip", "-c", "uniform", "--json").stdout)["lengths"]
    assert (gzip["bits"], gzip["bits_per_byte"], gzip["ratio"]) == (160, None, 0)
    assert (uniform["bits"], uniform["ratio"]) == (8, 0)
    assert " - " in kolmo("length", "empty").stdout


def test_a_context_beyond_the_window_is_warned_of_once(kolmo: Any) -> None:
    Path("x").write_bytes(bytes(40_000))
    Path("y").write_bytes(b"y")
    result = kolmo("length", "y", "y", "--context", "x", "-c", "deflate")
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("Warning: the coder 'deflate' sees only the last 32,768 bytes")


def test_a_name_that_is_no_text_is_shown_and_kept(start: Any) -> None:
    name = b"a\nb\xff[red].txt"
    Path(name.decode("utf-8", "surrogateescape")).write_bytes(b"x")
    run = start("length", name.decode("utf-8", "surrogateescape"), "-c", "gzip")
    assert run.returncode == 0, run.stderr
    assert b"a\\nb\\udcff[red].txt" in run.stdout
    run = start("length", name.decode("utf-8", "surrogateescape"), "-c", "gzip", "--json")
    shown = json.loads(run.stdout)["lengths"][0]["file"]
    assert shown.encode("utf-8", "surrogateescape") == name


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["absent"], 1, "there is no file 'absent'"),
        (["file", "absent"], 1, "there is no file 'absent'"),
        (["-", "-"], 2, "stdin can be read only once"),
        (["-", "--context", "-"], 2, "stdin can be read only once"),
        (["file", "-c", "zst"], 2, "did you mean 'zstd'"),
        (["file", "-c", "zstd:level=99"], 2, "level: expected an integer from 1 to 22"),
        (["file", "--max-size", "many"], 2, "expected a size in bytes, such as 1000000, 500MB or 1GiB, got 'many'"),
        (["file", "--max-size", "2"], 1, "holds 4 bytes, and --max-size allows 2"),
    ],
)
def test_bad_input_is_one_line(refused: Any, arguments: list[str], code: int, message: str) -> None:
    Path("file").write_bytes(b"data")
    assert message in refused("length", *arguments, code=code)


@pytest.mark.realdata
def test_the_canterbury_corpus(kolmo: Any, data_dir: Path) -> None:
    alice = data_dir / "corpora" / "canterbury" / "alice29.txt"
    found = json.loads(kolmo("length", alice, "-c", "gzip", "-c", "bz2", "-c", "lzma", "-c", "ppmd", "--json").stdout)
    bits = {row["coder"]: row["bits"] for row in found["lengths"]}
    assert bits["ppmd"] < bits["bz2"] < bits["lzma"] < bits["gzip"]
    assert bits["bz2"] == 8 * len(bz2.compress(alice.read_bytes()))
