"""Items that are written as a table or as lines, and read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from kolmo import Corpus, read
from kolmo.data.writers import write_items
from kolmo.errors import DataError

ITEMS = [b'a cat, and "quotes"', "naïve".encode(), b"\xff bytes that are not UTF-8"]


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".txt"])
@pytest.mark.parametrize("labels", [None, ["pets", "other", "pets"]])
def test_items_are_read_back(ending: str, labels: list[str] | None, tmp_path: Path) -> None:
    corpus = Corpus(items=ITEMS, labels=labels)
    path = tmp_path / f"items{ending}"
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        if ending == ".txt" and labels:
            with pytest.raises(DataError, match="lines of text have no labels"):
                write_items(corpus, file, ending)
            return
        write_items(corpus, file, ending)
    found = read(path, encoding="bytes", format="lines" if ending == ".txt" else None)
    assert found.items == ITEMS
    assert found.labels == labels


@pytest.mark.parametrize(
    ("ending", "item"), [(".tsv", b"a\tb"), (".tsv", b"a\nb"), (".txt", b"a\nb"), (".txt", b"a\rb")]
)
def test_what_does_not_fit_the_format_is_refused(ending: str, item: bytes, tmp_path: Path) -> None:
    with (tmp_path / "items").open("w") as file, pytest.raises(DataError, match="item 1 holds a line break"):
        write_items(Corpus(items=[b"one", item]), file, ending)
