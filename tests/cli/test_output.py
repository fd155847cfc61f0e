from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO, Any

import pytest

from kolmo._core.units import format_bits
from kolmo.cli.output import write_text


def writing(text: str):
    def write(file: IO[str]) -> None:
        file.write(text)

    return write


def test_a_file_appears_whole_with_the_permissions_of_any_new_file() -> None:
    write_text(Path("out.csv"), writing("a\udcff\n"))
    Path("other").write_text("")
    assert Path("out.csv").read_bytes() == b"a\xff\n"
    assert stat.S_IMODE(os.stat("out.csv").st_mode) == stat.S_IMODE(os.stat("other").st_mode)


def test_a_replaced_file_keeps_its_permissions_and_its_link() -> None:
    Path("real.csv").write_text("old")
    os.chmod("real.csv", 0o600)
    os.symlink("real.csv", "link.csv")
    write_text(Path("link.csv"), writing("new"))
    assert Path("real.csv").read_text() == "new"
    assert Path("link.csv").is_symlink()
    assert stat.S_IMODE(os.stat("real.csv").st_mode) == 0o600


def test_a_failure_leaves_the_old_file_and_nothing_else() -> None:
    Path("out.csv").write_text("old")

    def fail(file: IO[str]) -> None:
        file.write("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_text(Path("out.csv"), fail)
    assert Path("out.csv").read_text() == "old"
    assert os.listdir() == ["out.csv"]


def test_a_device_is_written_to_and_not_replaced() -> None:
    before = os.stat(os.devnull).st_mode
    write_text(Path(os.devnull), writing("gone"))
    assert os.stat(os.devnull).st_mode == before
    assert stat.S_ISCHR(before)


@pytest.mark.parametrize("output", ["-", ".", "nowhere/out.csv"])
def test_an_output_that_cannot_be_written_is_refused_before_any_work(refused: Any, topics: Any, output: str) -> None:
    assert "--output" in refused("classify", *topics, "-o", output, code=2)


def test_bits_are_whole_unless_the_coder_says_otherwise() -> None:
    assert (format_bits(1234567.0), format_bits(12.34)) == ("1,234,567", "12.3")
