from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import resource
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sklearn.datasets import load_files

from kolmo import read
from kolmo.errors import DataError, KolmoError, MissingDependencyError, ParameterError

texts = st.text(st.characters(codec="utf-8"), max_size=40)
plain_texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\t", exclude_categories=["Cc"]), min_size=1)
labels = st.sampled_from(["spam", "ham", "x y", "ü", '"'])
reuse_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)


@reuse_folder
@given(rows=st.lists(st.tuples(labels, texts), min_size=1))
def test_csv_reads_back_what_was_written(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    path = tmp_path / "a.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("label", "text"), *rows])
    corpus = read(path)
    assert list(corpus.items) == [text.encode() for _, text in rows]
    assert list(corpus.labels or []) == [label for label, _ in rows]


@reuse_folder
@given(rows=st.lists(st.tuples(labels, texts), min_size=1))
def test_jsonl_reads_back_what_was_written(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"content": text, "class": label}) + "\n" for label, text in rows))
    corpus = read(path)
    assert list(corpus.items) == [text.encode() for _, text in rows]
    assert list(corpus.labels or []) == [label for label, _ in rows]


@reuse_folder
@given(rows=st.lists(st.tuples(st.sampled_from(["a", "ü"]), plain_texts), min_size=1))
def test_tsv_and_fasttext_and_lines_read_back_what_was_written(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    for name, line in (("a.tsv", "{}\t{}\n"), ("a.txt", "__label__{} {}\n")):
        (tmp_path / name).write_bytes("".join(line.format(*row) for row in rows).encode())
        corpus = read(tmp_path / name, header=False if name == "a.tsv" else None, quotes=False, delimiter="\t")
        assert [item.strip() for item in corpus.items] == [text.encode().strip() for _, text in rows]
        assert list(corpus.labels or []) == [label for label, _ in rows]


@reuse_folder
@given(data=st.binary(min_size=1))
def test_a_file_is_one_item_of_its_bytes(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.bin").write_bytes(data)
    corpus = read(tmp_path / "a.bin", raw=True)
    assert list(corpus.items) == [data]
    assert corpus.encoding is None


@reuse_folder
@given(
    lines=st.lists(st.binary(min_size=1).filter(lambda line: line.strip() and not set(line) & set(b"\r\n")), min_size=1)
)
def test_lines_keep_their_bytes(tmp_path: Path, lines: list[bytes]) -> None:
    for end in (b"\n", b"\r\n"):
        (tmp_path / "a").write_bytes(end.join(lines) + end)
        assert list(read(tmp_path / "a", format="lines", encoding="bytes").items) == lines


@reuse_folder
@given(
    data=st.binary(max_size=200), name=st.sampled_from(["a.csv", "a.tsv", "a.jsonl", "a.parquet", "a.txt", "a.label"])
)
def test_arbitrary_bytes_are_read_or_refused_by_a_kolmo_error(tmp_path: Path, data: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(data)
    for encoding in ("utf-8", "bytes"):
        try:
            corpus = read(tmp_path / name, encoding=encoding)
        except KolmoError:
            continue
        assert len(corpus) > 0


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": [1, 2], "text": ["naïve", "b"], "label": [0, 1]}), path)
    corpus = read(path)
    assert list(corpus.items) == ["naïve".encode(), b"b"]
    assert corpus.labels == ["0", "1"]
    assert list(read(path, text_columns=["id"], label_column="text").items) == [b"1", b"2"]
    with pytest.raises(ParameterError, match=r"no column 'txt'.*id, text, label; did you mean 'text'"):
        read(path, text_columns=["txt"])
    pq.write_table(pa.table({"text": ["a", None], "label": [0, 1]}), path)
    with pytest.raises(DataError, match="position 2 has no text in column 'text'"):
        read(path)
    pq.write_table(pa.table({"text": [b"caf\xe9"], "day": [dt.date(2020, 1, 31)], "label": [b"spam"]}), path)
    corpus = read(path)
    assert (list(corpus.items), corpus.labels) == ([b"caf\xe9"], ["spam"])
    assert list(read(path, text_columns=["day"]).items) == [b"2020-01-31"]
    with pytest.raises(DataError, match="position 1: expected at most 3 bytes of text, got 4"):
        read(path, max_item_bytes=3)


def test_a_missing_extra_names_the_line_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingDependencyError, match=r"pip install '\.\[parquet\]'"):
        read(tmp_path / "a.parquet")


def test_folders_are_read_as_scikit_learn_reads_them(tmp_path: Path) -> None:
    for label, name, data in (("b", "2", b"\xff two"), ("b", "1", b"one"), ("a", "x", b"ex")):
        (tmp_path / label).mkdir(exist_ok=True)
        (tmp_path / label / name).write_bytes(data)
    (tmp_path / ".hidden").mkdir()
    corpus = read(tmp_path)
    assert list(corpus.items) == [b"ex", b"one", b"\xff two"]
    assert corpus.labels == ["a", "b", "b"]
    theirs = load_files(tmp_path, shuffle=False, categories=["a", "b"])
    assert sorted(theirs.data) == sorted(corpus.items)


def test_columns_by_name_number_and_rule(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('3,"A title","A body, with comma"\n4,Other,Words\n')
    assert read(path).labels == ["3", "4"]
    assert list(read(path, separator=" . ").items) == [b"A title . A body, with comma", b"Other . Words"]
    assert list(read(path, text_columns=["2"], label_column="1").items) == [b"A body, with comma", b"Words"]
    assert list(read(path, text_columns=["-1", "0"]).items) == [b"A body, with comma 3", b"Words 4"]
    path.write_text("topic,body\nx,hello\n")
    corpus = read(path)
    assert (corpus.labels, list(corpus.items)) == (["x"], [b"hello"])
    assert list(read(path, header=False).items) == [b"body", b"hello"]
    path.write_text("id,message,kind\n1,hello,x\n")
    assert read(path, text_columns=["message"], label_column="kind").labels == ["x"]
    assert read(path, text_columns=["message"]).labels is None
    path.write_text("only a column\nof texts\n")
    assert read(path).labels is None


def test_encodings(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("label,text\na,caf\xe9\n".encode("latin-1"))
    found = read(path)
    assert (list(found.items), found.encoding) == (["café".encode()], "latin-1")
    with pytest.raises(
        DataError, match=r"line 2 is not utf-8: byte 0xe9 at position 5; .*--encoding latin-1.*--encoding bytes.*caf"
    ):
        read(path, encoding="utf-8")
    latin = read(path, encoding="latin-1")
    assert (list(latin.items), latin.encoding) == (["café".encode()], "latin-1")
    kept = read(path, encoding="bytes")
    assert (list(kept.items), kept.encoding) == ([b"caf\xe9"], None)
    with pytest.raises(ParameterError, match="no encoding named 'latin-99'"):
        read(path, encoding="latin-99")
    path.write_bytes(b"\xef\xbb\xbflabel,text\na,b\0c\n")
    assert read(path).labels == ["a"]
    assert list(read(path, encoding="utf-8-sig").items) == [b"b\0c"]
    for encoding in ("utf-16", "utf-16-be", "utf-32-le", "cp037"):
        path.write_text("label,text\na,café\n", encoding=encoding)
        assert list(read(path, encoding=encoding).items) == ["café".encode()]
    with pytest.raises(ParameterError, match="no encoding named 'hex'"):
        read(path, encoding="hex")


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(b"one\ntwo\n")

    monkeypatch.setattr("sys.stdin", Stdin)
    assert list(read("-").items) == [b"one", b"two"]


def test_text_files_go_by_their_first_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for content, expected_labels in (
        ("__label__x one\n__label__y two\n", ["x", "y"]),
        ("x\tone\ny\ttwo\n", ["x", "y"]),
        ("x y\tone\ny\ttwo\n", None),
        ("x\tone\ttwo\n", None),
        ("one\ntwo\n", None),
    ):
        path.write_text(content)
        assert read(path).labels == expected_labels, content


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"label,text\n", "a header and no rows"),
        ("a.csv", b"label,text\na,b\nc\n", "line 3: expected 2 cells, as in the first, got 1"),
        ("a.csv", b'label,text\na,"b\nc\n', "unexpected end of data"),
        ("a.csv", b"label,text\n,b\n x,c\n,d\n", "missing in 2 of 3 rows, the first at line 2"),
        ("a.csv", b"label,id\na,b\n", "no column has a well-known name for the text.*label, id.*--text-column"),
        ("a.tsv", b"a\tb\nc\td\te\n", "line 2: expected 2 cells, as in the first, got 3"),
        ("a.jsonl", b'{"text": "a"}\n{"text": \n', "line 2 is not JSON"),
        ("a.jsonl", b"[1]\n", "item 1: expected a JSON object, got a number: '1'"),
        ("a.jsonl", b'"one"\n', "line 1: expected a JSON object, got a string"),
        ("a.jsonl", b'{"text": "a", "label": 1}\n{"text": "b"}\n', "missing in 1 of 2 rows, the first at line 2"),
        ("a.jsonl", b'{"text": "a"}\n{"other": "b"}\n', "line 2 has no text in column 'text'"),
        ("a.jsonl", b"[" * 100_000, "line 1 is not JSON"),
        ("a.parquet", b"PAR1 this is none", "is not a Parquet file"),
        ("a.txt", b"\n \n", "holds no items"),
        ("a.label", b"no colon here\n", "line 1: expected a label at its start"),
        ("a.bin", b"", "holds no items"),
        ("a.jsonl", b'{"text": "a", "n": ' + b"1" * 5000 + b"}\n", "line 1 is not JSON"),
        ("a.jsonl", b'{"text": "a\\ud800"}\n', "line 1: expected Unicode text"),
    ],
)
def test_broken_files_are_refused_in_one_line(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


def test_unknown_columns_and_formats(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("label,text\na,b\n")
    with pytest.raises(ParameterError, match=r"no column 'lable' \(--label-column.*label, text; did you mean 'label'"):
        read(path, label_column="lable")
    path.write_text("1,b\n2,c\n")
    with pytest.raises(
        ParameterError, match=r"no header and 2 columns, so --text-column .*: expected a number from 0 to 1, got '2'"
    ):
        read(path, text_columns=["2"])
    with pytest.raises(ParameterError, match="no format 'cvs'"):
        read(path, format="cvs")
    with pytest.raises(ParameterError, match="has no columns"):
        read(path, format="lines", text_columns=["0"])
    with pytest.raises(ParameterError, match="max_item_bytes: expected an integer of at least 1, got 0"):
        read(path, max_item_bytes=0)
    path.write_text("a\nb\n")
    with pytest.raises(DataError, match="one column, which holds the label"):
        read(path, label_column="0")


def test_missing_files_directories_and_permissions(tmp_path: Path) -> None:
    for name in ("a.csv", "a.txt", "a.bin"):
        with pytest.raises(DataError, match="there is no file"):
            read(tmp_path / name)
    with pytest.raises(DataError, match="holds no files"):
        read(tmp_path)
    with pytest.raises(DataError, match="format 'csv': expected a file, got the directory"):
        read(tmp_path, format="csv")
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(DataError, match="format 'folder': expected a folder"):
        read(tmp_path / "file", format="folder")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no files"):
        read(tmp_path / "empty")
    assert (list(read(tmp_path).items), read(tmp_path).labels) == ([b"x"], None)
    for path in ("a\0b.csv", "a\0b.txt"):
        with pytest.raises(DataError, match="with a NUL byte"):
            read(path)
    with pytest.raises(DataError, match="the path is empty"):
        read("")
    with pytest.raises(DataError, match="cannot be read: File name too long"):
        read("a" * 5000)


def test_what_may_not_be_opened_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:  # a superuser may open anything, so modes prove nothing
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.csv").write_text("label,text\n")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match=r"a.csv cannot be read: Permission denied"):
        read(tmp_path / "a.csv")
    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(DataError, match="cannot be read: Permission denied"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.txt", "a.bin", "a.label"])
def test_a_line_of_two_gigabytes_is_refused_at_once(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    os.truncate(path, 2 * 2**30)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(DataError, match=r"longer than|holds 2,147,483,648 bytes"):
        read(path, max_item_bytes=16 * 2**20)
    assert time.monotonic() - start < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


@pytest.mark.realdata
def test_ag_news_reads_without_options(data_dir: Path) -> None:
    train = read(data_dir / "text" / "ag_news" / "train10k.tsv")
    test = read(data_dir / "text" / "ag_news" / "test.csv")
    assert (len(train), len(test)) == (10_000, 7_600)
    assert train.classes == test.classes == ["1", "2", "3", "4"]
    assert test.items[0].startswith(b"Fears for T N pension after talks Unions representing")


@pytest.mark.realdata
@pytest.mark.slow
def test_twenty_newsgroups_as_folders(data_dir: Path, tmp_path: Path) -> None:
    import tarfile

    with tarfile.open(data_dir / "text" / "20news-bydate" / "20news-bydate.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    (test,) = [folder for folder in tmp_path.rglob("*test") if folder.is_dir()]
    corpus = read(test)
    assert len(corpus) == 7_532
    assert len(corpus.classes or []) == 20
