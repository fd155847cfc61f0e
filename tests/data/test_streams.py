"""Streams of documents: equal to what `read` holds in memory, and held one at a time."""

from __future__ import annotations

import csv
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from kolmo import read
from kolmo.data.streams import Stream
from kolmo.errors import DataError, ParameterError

ROWS = [
    (number, f"report {number} of the station, {'rain' if number % 3 else 'wind'}", "ab"[number % 2])
    for number in range(40)
]
NAMES = ("number", "text", "label")


def as_csv(path: Path) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([NAMES, *ROWS])


def as_tsv(path: Path) -> None:
    path.write_text("\n".join("\t".join(map(str, row)) for row in [NAMES, *ROWS]) + "\n")


def as_jsonl(path: Path) -> None:
    path.write_text("".join(json.dumps(dict(zip(NAMES, row, strict=True))) + "\n" for row in ROWS))


def as_json(path: Path) -> None:
    path.write_text(json.dumps([dict(zip(NAMES, row, strict=True)) for row in ROWS]))


def as_parquet(path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed (extra parquet)")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = dict(zip(NAMES, map(list, zip(*ROWS, strict=True)), strict=True))
    parquet.write_table(arrow.table(columns), path)


def as_txt(path: Path) -> None:
    path.write_text("".join(f"{label}\t{text}\n" for _, text, label in ROWS))


def as_fasttext(path: Path) -> None:
    path.write_text("".join(f"__label__{label} {text}\n" for _, text, label in ROWS))


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.csv", as_csv),
        ("a.tsv", as_tsv),
        ("a.jsonl", as_jsonl),
        ("a.json", as_json),
        ("a.parquet", as_parquet),
        ("tabs.txt", as_txt),
        ("fast.txt", as_fasttext),
    ],
)
def test_a_stream_has_the_items_and_labels_of_the_corpus(
    name: str, write: Callable[[Path], None], tmp_path: Path
) -> None:
    write(tmp_path / name)
    corpus = read(tmp_path / name, keep_rows=True)
    stream = Stream(str(tmp_path / name))
    found = list(stream.documents())
    assert [each.data for each in found] == corpus.items
    assert [each.label for each in found] == corpus.labels
    assert stream.remarks == corpus.remarks
    if corpus.rows is not None:
        assert [list(each.cells or ()) for each in found] == [list(cells) for cells in corpus.rows.cells]
        assert corpus.rows.names == (None if stream.names is None else tuple(stream.names))


def test_missing_labels_are_blank(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\none,x\ntwo,\n")
    assert list(Stream(str(tmp_path / "a.csv"))) == [(b"one", "x"), (b"two", "")]
    with pytest.raises(DataError, match="label is missing"):
        read(tmp_path / "a.csv")


def test_a_damaged_row_ends_the_stream(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\none,x\ntwo\n")
    with pytest.raises(DataError, match="expected 2 cells"):
        list(Stream(str(tmp_path / "a.csv")))
    (tmp_path / "b.jsonl").write_text('{"text": "one"}\n{"text": \n')
    with pytest.raises(DataError, match="not JSON"):
        list(Stream(str(tmp_path / "b.jsonl")))


def test_columns_of_a_file_without_columns_are_refused(tmp_path: Path) -> None:
    (tmp_path / "lines.log").write_text("one\ntwo\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a").write_text("one")
    for name in ("lines.log", "folder"):
        with pytest.raises(ParameterError, match="has no columns"):
            list(Stream(str(tmp_path / name), {"text_columns": ["text"]}))


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.log"])
def test_the_memory_does_not_grow_with_the_table(name: str, tmp_path: Path) -> None:
    text = "many words of a long report " * 10
    path = tmp_path / name
    with path.open("w") as file:
        file.write("text,label\n" if name.endswith("csv") else "")
        for number in range(20_000):
            row = f"{text} {number}"
            file.write((json.dumps({"text": row}) if name.endswith("jsonl") else f"{row},{number % 2}") + "\n")
    assert path.stat().st_size > 5_000_000
    tracemalloc.start()
    assert sum(1 for _ in Stream(str(path))) == 20_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_500_000
