from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from kolmo.cli.inputs import read_item
from kolmo.cli.options import Size
from kolmo.errors import DataError


def test_a_file_of_exactly_the_allowed_size_is_read() -> None:
    Path("file").write_bytes(bytes(1000))
    assert read_item("file", 1000, {}) == bytes(1000)
    with pytest.raises(DataError, match="1,000 bytes, and --max-size allows 999"):
        read_item("file", 999, {})


def test_a_file_of_two_gigabytes_is_refused_at_once() -> None:
    with open("big", "wb") as file:
        os.truncate(file.fileno(), 2**31)
    begin = time.perf_counter()
    with pytest.raises(DataError, match="holds 2,147,483,648 bytes"):
        read_item("big", 2**30, {})
    assert time.perf_counter() - begin < 1


def test_an_endless_device_is_refused() -> None:
    with pytest.raises(DataError, match="'/dev/zero' holds more"):
        read_item("/dev/zero", 3_000_000, {})


@pytest.mark.parametrize(
    ("name", "message"), [("absent", "there is no file 'absent'"), (".", "expected a file, got the directory")]
)
def test_what_is_no_file_is_refused(name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_item(name, 10, {})


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_is_refused() -> None:
    Path("secret").write_text("x")
    os.chmod("secret", 0)
    with pytest.raises(DataError, match="Permission denied"):
        read_item("secret", 10, {})


@pytest.mark.parametrize(
    ("text", "size"),
    [("12", 12), ("12B", 12), ("5kB", 5000), ("500MB", 500 * 10**6), ("1GiB", 2**30), ("2T", 2 * 10**12)],
)
def test_sizes_are_read_with_their_units(text: str, size: int) -> None:
    assert Size().convert(text, None, None) == size
