"""Tables as people have them: what is in them is found out, said, and refused where it is unclear."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from kolmo import read
from kolmo.errors import DataError, KolmoError, ParameterError

reuse_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
TEXTS = ["win a prize, now", 'he said "so"; yes', "two\nlines", "a | b", "plain"]


def written(folder: Path, content: str | bytes, name: str = "a.csv") -> Path:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder / name


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiters_and_quotes_are_found(tmp_path: Path, name: str, delimiter: str, quoting: Any, end: str) -> None:
    path = tmp_path / name
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=end)
        writer.writerows([("id", "label", "text"), *((n, "ab"[n % 2], text) for n, text in enumerate(TEXTS))])
    corpus = read(path)
    assert corpus.texts() == TEXTS
    assert corpus.labels == ["a", "b", "a", "b", "a"]
    own = {".csv": ",", ".tsv": "\t"}[path.suffix]
    assert any("cells separated by" in remark for remark in corpus.remarks) == (delimiter != own)
    assert read(path, delimiter=delimiter, quotes=True).texts() == TEXTS


@reuse_folder
@given(texts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\t\r\n\0")), min_size=1))
def test_a_tsv_without_quoting_reads_back(tmp_path: Path, texts: list[str]) -> None:
    path = written(tmp_path, "label\ttext\n" + "".join(f"x\t{text}\n" for text in texts), "a.tsv")
    assert read(path, quotes=False).texts() == texts


@reuse_folder
@given(texts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1))
def test_a_tsv_with_quoting_reads_back(tmp_path: Path, texts: list[str]) -> None:
    path = tmp_path / "a.tsv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = [("label", "text"), *(("x", text) for text in texts)]
        csv.writer(file, delimiter="\t", quoting=csv.QUOTE_ALL).writerows(rows)
    assert read(path).texts() == texts


def test_quotes_of_a_tsv_that_do_not_fit_are_characters(tmp_path: Path) -> None:
    path = written(tmp_path, 'ham\t"Hello" he said\nspam\tyou "won\nham\tso "much"\n', "a.tsv")
    assert read(path).texts() == ['"Hello" he said', 'you "won', 'so "much"']


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    for content, name in (('label\ttext\nx\t"a ""b"""\ny\tc\n', "tsv"), ("label;text\nx;caf\xe9\ny;c\n", "csv")):
        reading, writing = os.pipe()
        with os.fdopen(writing, "wb") as file:
            file.write(content.encode("latin-1"))
        try:
            corpus = read(f"/dev/fd/{reading}", format=name)
        finally:
            os.close(reading)
        assert corpus.texts() == (['a "b"', "c"] if name == "tsv" else ["café", "c"])


def test_rows_of_empty_cells_are_no_data(tmp_path: Path) -> None:
    assert read(written(tmp_path, "label;text\nx;one\n;\n\ny;two\n; \n")).texts() == ["one", "two"]


def test_the_line_of_excel_that_states_the_delimiter(tmp_path: Path) -> None:
    assert read(written(tmp_path, "\ufeffsep=;\r\nlabel;text\r\nx;a,b\r\ny;c\r\n")).texts() == ["a,b", "c"]


@pytest.mark.parametrize(
    ("content", "texts", "labels", "said"),
    [
        (
            "Kategorie;Nachricht\nspam;Gewinn, jetzt!\nham;Bis später\nspam;Hallo, du\nham;Ja\n",
            ["Gewinn, jetzt!", "Bis später", "Hallo, du", "Ja"],
            ["spam", "ham", "spam", "ham"],
            "text in column 'Nachricht', labels in column 'Kategorie'",
        ),
        (
            "id,date,msg,kind\n1,2020-01-01,hello my friend,x\n2,2020-01-02,how are you,y\n"
            "3,2020-01-03,fine thanks,x\n4,2020-01-04,good,y\n",
            ["hello my friend", "how are you", "fine thanks", "good"],
            ["x", "y", "x", "y"],
            "text in column 'msg', labels in column 'kind'",
        ),
        (
            "category,review\nx,good\ny,bad\n",
            ["good", "bad"],
            ["x", "y"],
            "text in column 'review', labels in column 'category'",
        ),
        (
            "spam,win a prize now\nham,see you at noon\nspam,another prize\n",
            ["win a prize now", "see you at noon", "another prize"],
            ["spam", "ham", "spam"],
            "no column names: the first row is data",
        ),
        (
            "win a prize now,spam\nsee you at noon,ham\nanother prize here,spam\nhello there,ham\n",
            ["win a prize now", "see you at noon", "another prize here", "hello there"],
            ["spam", "ham", "spam", "ham"],
            "text in column 0, labels in column 1",
        ),
        (
            "question,how are you today\ncomment,nice day\nquestion,why\n",
            ["how are you today", "nice day", "why"],
            ["question", "comment", "question"],
            "no column names",
        ),
        (
            "v1,v2,,,\nham,go until jurong point,,,\nspam,free entry,,,\nham,ok lar,,,\nspam,win cash now,,,\n",
            ["go until jurong point", "free entry", "ok lar", "win cash now"],
            ["ham", "spam", "ham", "spam"],
            "text in column 'v2', labels in column 'v1'",
        ),
        (",label,text\n0,x,one\n1,y,two\n", ["one", "two"], ["x", "y"], None),
        ("LABEL,Text\nx,one\ny,two\n", ["one", "two"], ["x", "y"], "text in column 'Text'"),
        ("text\nhello, you\n".replace(",", ""), ["hello you"], None, None),
    ],
)
def test_names_and_columns_are_found_and_said(
    tmp_path: Path, content: str, texts: list[str], labels: list[str] | None, said: str | None
) -> None:
    corpus = read(written(tmp_path, content))
    assert (corpus.texts(), corpus.labels) == (texts, labels)
    assert (said or "") in "; ".join(corpus.remarks)
    assert (said is None) == (not corpus.remarks)


def test_a_first_row_of_data_is_not_taken_for_names(tmp_path: Path) -> None:
    path = written(tmp_path, "spam,win a prize now\nham,see you at noon\nspam,another prize\n")
    with pytest.raises(
        ParameterError,
        match=r"expected column names in line 1, such as 'text', got what looks like data: "
        r"'spam, win a prize now'; .*--no-header / header=False.*columns from 0 to 1",
    ):
        read(path, text_columns=["text"], label_column="label")
    assert read(path, header=False, text_columns=["1"], label_column="0").labels == ["spam", "ham", "spam"]
    unclear = written(tmp_path, "spam,win\nham,see you\n")
    with pytest.raises(
        DataError, match=r"line 1 may hold column names or data: 'spam, win'; .*--header or --no-header"
    ):
        read(unclear)
    assert len(read(unclear, header=False)) == 2
    assert len(read(unclear, header=True)) == 1


@pytest.mark.parametrize(
    "content",
    [
        json.dumps([{"text": "a b", "label": "x"}, {"text": "c", "label": "y"}]),
        json.dumps([{"text": "a b", "label": "x"}, {"text": "c", "label": "y"}], indent=2),
        json.dumps({"version": 1, "data": [{"text": "a b", "label": "x"}, {"text": "c", "label": "y"}]}),
        json.dumps({"data": [{"text": "a b", "label": "x"}, {"text": "c", "label": "y"}]}, indent=1),
        json.dumps({"text": ["a b", "c"], "label": ["x", "y"]}),
        json.dumps({"text": {"0": "a b", "1": "c"}, "label": {"0": "x", "1": "y"}}),
        '{"text": "a b", "label": "x"}\n\n{"text": "c", "label": "y"}',
    ],
)
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_json_of_every_shape(tmp_path: Path, content: str, name: str) -> None:
    corpus = read(written(tmp_path, content, name))
    assert (corpus.texts(), corpus.labels) == (["a b", "c"], ["x", "y"])


def test_json_without_objects(tmp_path: Path) -> None:
    assert read(written(tmp_path, '["one", "two"]', "a.json")).texts() == ["one", "two"]
    assert read(written(tmp_path, '{"text": "one", "label": "x"}', "a.json")).texts() == ["one"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.csv",
            "label,text\nx,one, two\ny,three\n",
            r"line 2: expected 2 cells.*got 3: 'x \| one \|  two'.*--delimiter",
        ),
        ("a.csv", 'label,text\nx,"one\ny,two\n', r"line 3: unexpected end.*starts at line 2: 'x,\"one'.*--no-quotes"),
        ("a.csv", "label,text\rx,one\ry,two\r", "expected lines that end in LF or CRLF, got CR alone"),
        ("a.csv", b"PK\x03\x04...", "got a zip archive, such as a workbook of Excel; save it as CSV"),
        ("a.xlsx", b"PK\x03\x04...", "is a workbook, which cannot be read; save its table as CSV"),
        ("a.csv", b"\x89PNG\r\n\x1a\n", "expected text, got a picture"),
        ("a.json", '[\n {"text": "a"},\n {"text": "b" "c"}\n]', r"line 3 is not JSON: .* at column 15: ' {\"text\": "),
        ("a.jsonl", '{"text": "a"}\n{"text": "b" "c"}\n', r"line 2 is not JSON: .* at column 14: '{\"text\": "),
        ("a.csv", "text" + ",x" * 20_000 + "\n" + "a" + "," * 20_000, "expected at most 16,384 cells, got 20,001"),
        ("a.json", "[]", "is empty"),
        ("a.json", "{}", "expected an array of JSON objects"),
        ("a.json", '[["x", "a"]]', "item 1: expected a JSON object, got an array"),
        ("a.json", '{"a": [1], "b": [1, 2]}', "an object of columns of equal length"),
        ("a.json", '[{"text": "a"}, {"text": null}]', "the row at position 2 has no text in column 'text'"),
        ("a.json", "[" * 10**5, "line 1 is not JSON"),
    ],
)
def test_an_error_names_its_cause_and_the_line(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read(written(tmp_path, content, name))
    assert "\n" not in str(caught.value)


def test_a_json_document_has_a_limit(tmp_path: Path) -> None:
    path = written(tmp_path, "[\n" + '{"text": "a"},\n' * 100 + '{"text": "b"}\n]', "a.json")
    assert len(read(path)) == 101
    with pytest.raises(DataError, match="may have 1,000 bytes, got more; write one object a line"):
        read(path, max_item_bytes=1000)


@pytest.mark.parametrize("delimiter", ["", "ab", '"', "\n"])
def test_a_delimiter_is_one_character(tmp_path: Path, delimiter: str) -> None:
    with pytest.raises(ParameterError, match="delimiter: expected one character"):
        read(written(tmp_path, "label,text\nx,y\n"), delimiter=delimiter)


@reuse_folder
@given(
    data=st.one_of(st.binary(max_size=300), st.text(',;|\t\n\r"ab1{}[]:', max_size=200).map(str.encode)),
    name=st.sampled_from(["a.csv", "a.tsv", "a.json", "a.jsonl", "a.txt", "a.label", "a.fa", "a.fq", "a.csv.gz", "a"]),
    header=st.sampled_from([None, True, False]),
)
def test_any_bytes_are_read_or_refused_by_a_kolmo_error(tmp_path: Path, data: bytes, name: str, header: Any) -> None:
    path = written(tmp_path, data, name)
    try:
        corpus = read(path, header=header)
    except KolmoError as error:
        said = str(error)
    else:
        assert len(corpus) > 0
        said = " ".join(corpus.remarks)
    assert "\n" not in said
