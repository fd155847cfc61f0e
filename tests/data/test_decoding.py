"""Encodings and normal forms: the same text, or an error that says what came."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from kolmo import read
from kolmo.data.decoding import Reading
from kolmo.data.symbols import read_content
from kolmo.errors import DataError, ParameterError

TABLE = "label,text\nspam,Prämie für dich\nham,bis später\n"
reuse_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)


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
