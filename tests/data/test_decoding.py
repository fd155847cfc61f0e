"""Compressed files and encodings: the same text, or an error that says what came."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import unicodedata
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings, strategies as st

from kolmo import read
from kolmo.data import decoding
from kolmo.data.decoding import Reading, unpacked
from kolmo.data.symbols import read_content
from kolmo.errors import DataError, ParameterError

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
    monkeypatch.setattr(decoding, "FREE_BYTES", 2**16)
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


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"])
@pytest.mark.parametrize("ending", [".csv", ".tsv", ".txt", ".jsonl"])
def test_encodings_are_detected_and_said(tmp_path: Path, encoding: str, ending: str) -> None:
    texts = {
        ".csv": TABLE,
        ".tsv": TABLE.replace(",", "\t"),
        ".txt": "Prämie für dich\nbis später\n",
        ".jsonl": '{"text": "Prämie für dich"}\n{"text": "bis später"}\n',
    }
    text = texts[ending]
    if encoding == "cp1252":
        text = text.replace("dich", "dich…")
    (tmp_path / f"a{ending}").write_bytes(text.encode(encoding))
    corpus = read(tmp_path / f"a{ending}")
    assert corpus.texts() == ["Prämie für dich" + "…" * (encoding == "cp1252"), "bis später"]
    if encoding != "utf-8-sig":
        assert corpus.encoding is not None
        assert f"read as {corpus.encoding}" in corpus.remarks[0]
    assert read(tmp_path / f"a{ending}", encoding=encoding).texts() == corpus.texts()


def test_text_that_is_no_latin_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = "label,text\na,Привет как дела друзья\nb,Очень хорошо спасибо вам\n"
    path.write_bytes(rows.encode("cp1251"))
    with pytest.raises(DataError, match=r"line 2 is not utf-8: .*--encoding cp1251.*the line: 'a,\\xcf"):
        read(path)
    assert read(path, encoding="cp1251").texts()[0] == "Привет как дела друзья"
    path.write_bytes(b"label,text\na,caf\xc3\xa9\nb,caf\xc3\xa9\nc,caf\xe9\n")  # one line among lines of UTF-8
    with pytest.raises(DataError, match="line 4 is not utf-8: byte 0xe9 at position 5"):
        read(path)
    path.write_bytes("label,text\nа,дом\n".encode("utf-16")[:-1])
    with pytest.raises(DataError, match="line 2 is not utf-16-le: truncated data"):
        read(path)


def test_whole_files_change_by_a_mark_or_an_option_only(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for data, expected in (
        (b"\xef\xbb\xbfcaf\xc3\xa9", "café".encode()),
        ("café".encode("utf-16"), "café".encode()),
        (b"caf\xe9", b"caf\xe9"),
        (b"\xff\xfe\x00\x01\x02", b"\xff\xfe\x00\x01\x02"),  # no text
    ):
        path.write_bytes(data)
        assert list(read(path).items) == [expected]
        assert list(read(path, raw=True).items) == [data]
        assert list(read(path, encoding="bytes").items) == [data]
    path.write_bytes(b"caf\xe9")
    assert list(read(path, encoding="latin-1").items) == ["café".encode()]
    path.write_bytes("ab\U0001f600c".encode("utf-16"))
    assert read_content(path, Reading(), limit=8).data == b"ab"  # the cut falls into a character


@reuse_folder
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1))
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_normal_forms(tmp_path: Path, form: Any, text: str) -> None:
    expected = unicodedata.normalize(form, text).encode()
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": text, "label": "Cafe\u0301"}) + "\n")
    corpus = read(tmp_path / "a.jsonl", normalize=form)
    assert list(corpus.items) == [expected]
    assert corpus.labels == [unicodedata.normalize(form, "Cafe\u0301")]
    assert Reading(normalize=form).folded_bytes(text.encode()) == expected


def test_case_is_folded_in_texts_alone(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("label,text\nA,STRASSE\nB,Straße\n", encoding="utf-8")
    corpus = read(tmp_path / "a.csv", casefold=True)
    assert (list(corpus.items), corpus.labels) == ([b"strasse", b"strasse"], ["A", "B"])
    (tmp_path / "a").write_bytes("CAFÉ".encode("latin-1"))
    assert list(read(tmp_path / "a", casefold=True).items) == ["café".encode()]
    assert Reading(casefold=True).folded_bytes(b"A\xff") == b"a\xff"


@pytest.mark.parametrize("options", [{"normalize": "NFX"}, {"pixels": "cmyk"}, {"only": "video"}, {"encoding": "x-y"}])
def test_unknown_options_are_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    (tmp_path / "a").write_text("x")
    with pytest.raises(ParameterError, match=r"expected|no encoding named"):
        read(tmp_path / "a", **options)
