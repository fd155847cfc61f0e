"""Compressed files hold the same text, or an error says what came."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings, strategies as st

from kolmo import read
from kolmo.data import compression
from kolmo.data.compression import unpacked
from kolmo.data.decoding import Reading
from kolmo.data.symbols import read_content
from kolmo.errors import DataError

PACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.compress,
}
TABLE = "label,text\nspam,Prämie für dich\nham,bis später\n"
reuse_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)


def whole(path: Path) -> bytes:
    with unpacked(path) as (file, _):
        return file.read()


@pytest.mark.parametrize("ending", PACK)
@reuse_folder
@given(parts=st.lists(st.binary(max_size=2000), min_size=1, max_size=3), times=st.integers(1, 400))
def test_streams_one_after_another_are_one_file(tmp_path: Path, ending: str, parts: list[bytes], times: int) -> None:
    parts = [part * times for part in parts]
    path = tmp_path / f"a{ending}"
    path.write_bytes(b"".join(map(PACK[ending], parts)))
    assert whole(path) == b"".join(parts)


@pytest.mark.parametrize("ending", PACK)
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", TABLE),
        ("a.tsv", TABLE.replace(",", "\t")),
        ("a.jsonl", '{"text": "Prämie für dich", "label": "spam"}\n{"text": "bis später", "label": "ham"}\n'),
        ("a.txt", "__label__spam Prämie für dich\n__label__ham bis später\n"),
        ("a.label", "spam:x Prämie für dich\nham:y bis später\n"),
    ],
)
def test_every_format_may_be_packed(tmp_path: Path, ending: str, name: str, content: str) -> None:
    for packed_name in (f"{name}{ending}", name):  # by its first bytes, whatever its name
        (tmp_path / packed_name).write_bytes(PACK[ending](content.encode()))
        corpus = read(tmp_path / packed_name)
        assert corpus.texts() == ["Prämie für dich", "bis später"]
        assert corpus.labels == ["spam", "ham"]
        assert corpus.name == "a"
        assert any("decompressed from" in remark for remark in corpus.remarks)


@pytest.mark.parametrize("ending", PACK)
def test_damaged_and_foreign_files_are_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.csv{ending}"
    packed = PACK[ending](TABLE.encode() * 100)
    for place in (len(packed) // 2, len(packed) - 5):
        path.write_bytes(packed[:place])
        with pytest.raises(DataError, match=r"a\.csv.* is damaged: its \w+ data cannot be decompressed") as caught:
            read(path)
        assert "\n" not in str(caught.value)
    path.write_bytes(packed + b"something else")
    with pytest.raises(DataError, match="is damaged"):
        read(path)
    path.write_text(TABLE)
    with pytest.raises(DataError, match=r"expected \w+ data in a file of this name, got b'label,te'; rename it"):
        read(path)
    assert read_content(path, Reading(raw=True)).data == TABLE.encode()


@pytest.mark.parametrize("ending", PACK)
def test_a_file_that_expands_too_much_is_refused_early(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compression, "FREE_BYTES", 2**16)
    for name in ("a.csv", "a.txt", "a.json", "a"):
        path = tmp_path / f"{name}{ending}"
        path.write_bytes(PACK[ending](b"a,b\n" * 2**18))
        with pytest.raises(DataError, match=r"expand to at most 200 times .* if the file is trusted, decompress it"):
            read(path)


def test_memory_of_xz_and_zstd_is_bounded(tmp_path: Path) -> None:
    packed = bytearray(lzma.compress(b"label,text"))
    packed[16] = 40  # a dictionary of 4 GiB
    packed[20:24] = zlib.crc32(packed[12:20]).to_bytes(4, "little")
    (tmp_path / "a.csv.xz").write_bytes(packed)
    header = b"\x28\xb5\x2f\xfd" + bytes([0b00000000, 0b10101000]) + bytes(20)  # a window of 2 GiB
    (tmp_path / "a.csv.zst").write_bytes(header)
    for name in ("a.csv.xz", "a.csv.zst"):
        with pytest.raises(DataError, match="is damaged"):
            read(tmp_path / name)
