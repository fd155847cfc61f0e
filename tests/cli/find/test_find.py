"""The commands ``kolmo leaks``, ``duplicates`` and ``sketch``."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from kolmo.data.builtin import docstrings

TEXTS = [
    text.decode().replace("\n", " ").replace("\r", " ") for text in docstrings("test").items if 200 < len(text) < 500
]


@pytest.fixture
def sets() -> tuple[Path, Path]:
    """Two files of lines; in the second, line 7 holds line 3 of the first with a change, and line 8 repeats it."""
    train, test = Path("train.txt"), Path("test.txt")
    train.write_text("\n".join(TEXTS[:50]) + "\n")
    lines = [*TEXTS[50:57], TEXTS[3].upper()[:-30] + " and other words", TEXTS[3], *TEXTS[57:60]]
    test.write_text("\n".join(lines) + "\n")
    return train, test


def test_leaks_are_listed_and_left_out(kolmo: Any, sets: tuple[Path, Path]) -> None:
    train, test = sets
    document = json.loads(kolmo("leaks", train, test, "--json", "-o", "pairs.csv", "--write-clean", "clean.txt").stdout)
    (report,) = document["results"]
    found = {(leak["test_index"], leak["train_index"]) for leak in report["leaks"]}
    assert found >= {(7, 3), (8, 3)}
    with open("pairs.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(int(row["test_index"]), int(row["train_index"])) for row in rows} == found
    assert {"test_span_start", "train_span_end", "bits_saved"} <= set(rows[0])
    clean = Path("clean.txt").read_text().splitlines()
    assert len(clean) == 12 - len(report["flagged_test"])
    assert TEXTS[3] not in clean
    table = kolmo("leaks", train, test).stdout
    assert "12 test items contain a passage" in table
    assert "compared 600 of 600 pairs" in table


def test_ignored_files_do_not_count(kolmo: Any, sets: tuple[Path, Path]) -> None:
    Path("ignored").write_text(TEXTS[3])
    document = json.loads(kolmo("leaks", *sets, "--json", "--ignore", "ignored").stdout)
    found = {leak["test_index"] for leak in document["results"][0]["leaks"] if not leak["identical"]}
    assert 7 not in found


def test_duplicates_are_listed_and_left_out(kolmo: Any, sets: tuple[Path, Path]) -> None:
    document = json.loads(kolmo("duplicates", sets[1], "--json", "--write-unique", "unique.jsonl").stdout)
    (report,) = document["results"]
    assert (8, 7) in {(pair["index"], pair["other_index"]) for pair in report["pairs"]}
    assert {"index": 8, "kept_index": 7} in [
        {key: each[key] for key in ("index", "kept_index")} for each in report["removed"]
    ]
    kept = [json.loads(line)["text"] for line in Path("unique.jsonl").read_text().splitlines()]
    assert len(kept) == len(report["unique"])
    assert TEXTS[3] not in kept
    assert "share a passage with an earlier one" in kolmo("duplicates", sets[1], "--keep", "longest").stdout


def test_unique_rows_keep_their_labels(kolmo: Any) -> None:
    rows = [["label", "text"], *([f"class {n % 2}", text] for n, text in enumerate(TEXTS[:20])), ["class 1", TEXTS[0]]]
    with open("data.csv", "w", newline="") as file:
        csv.writer(file).writerows(rows)
    printed = kolmo("duplicates", "data.csv", "--write-unique", "unique.tsv").stdout
    assert "pairs have different labels" in printed
    written = Path("unique.tsv").read_text().splitlines()
    assert written[0] == "label\ttext"
    assert len(written) <= 21
    assert (
        "lines of text have no labels" in kolmo("duplicates", "data.csv", "--write-unique", "unique.txt", code=1).stderr
    )
    assert not Path("unique.txt").exists()


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl"])
def test_written_rows_keep_all_columns(kolmo: Any, ending: str) -> None:
    rows = [{"id": f"{number:03}", "text": f'{text}\n"second"', "note": ""} for number, text in enumerate(TEXTS[:20])]
    rows.append(rows[4] | {"id": "020"})
    with open("data.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, ["id", "text", "note"])
        writer.writeheader()
        writer.writerows(rows)
    kolmo("duplicates", "data.csv", "--write-unique", f"unique.{ending}")
    with open(f"unique.{ending}", newline="") as file:
        if ending == "jsonl":
            written = [json.loads(line) for line in file]
        else:
            written = list(csv.DictReader(file, delimiter="\t" if ending == "tsv" else ","))
    assert {row["id"] for row in written} <= {row["id"] for row in rows}
    assert all(row in rows for row in written)
    assert len(written) < len(rows)


def test_sketches_are_saved_extended_merged_and_queried(kolmo: Any, sets: tuple[Path, Path]) -> None:
    train, test = sets
    assert kolmo("sketch", "save", train, "store", "--size", 64).stdout == "store: 50 sketches of size 64\n"
    kolmo("sketch", "save", test, "other", "--size", 64)
    assert json.loads(kolmo("sketch", "append", "store", test, "--json").stdout)["n_items"] == 62
    assert kolmo("sketch", "merge", "store", "other", "-o", "both").stdout == "both: 74 sketches of size 64\n"
    document = json.loads(kolmo("sketch", "query", "store", test, "--top", 1, "--json").stdout)
    matches = document["results"][0]["matches"]
    assert [match["similarity"] for match in matches] == [1.0] * 12
    assert [match["index"] for match in matches if match["query"] == 8] == [3]


def test_unusable_input(refused: Any, kolmo: Any, sets: tuple[Path, Path]) -> None:
    train, test = sets
    assert "the same file" in refused("leaks", train, train, code=2)
    assert "there is no file" in refused("leaks", train, "nothing.txt", code=1)
    Path("binary.csv").write_bytes(b"label,text\na,\xff\xfe\x00\n")
    assert "is not utf-8" in refused("duplicates", "binary.csv", code=1)
    Path("one.txt").write_text("one line\n")
    assert "expected at least two items, got 1" in refused("duplicates", "one.txt", code=1)
    assert "expected a predictive coder" in refused("leaks", train, test, "-c", "gzip", code=2)
    assert "ending in .csv" in refused("duplicates", test, "--write-unique", "out", code=2)
    assert "is also an input" in refused("duplicates", test, "--write-unique", test, code=2)
    kolmo("sketch", "save", train, "store")
    assert "exists" in refused("sketch", "save", train, "store", code=2)
    kolmo("sketch", "save", train, "store", "--force")
    kolmo("sketch", "save", train, "small", "--size", 4)
    assert "got size=4" in refused("sketch", "merge", "store", "small", "-o", "both", code=2)
    assert "at least two stores" in refused("sketch", "merge", "store", "-o", "both", code=2)
    assert "expected the folder of a model" in refused("sketch", "query", train, test, code=1)


def test_passages_are_shown_side_by_side(kolmo: Any, sets: tuple[Path, Path]) -> None:
    plain = kolmo("leaks", *sets).stdout
    assert "side by side" not in plain
    assert TEXTS[3][:30] in plain
    shown = kolmo("leaks", *sets, "--side-by-side", "--html", "leaks.html").stdout
    assert shown.startswith(plain[:40])
    assert "test item 8, bytes 0-" in shown
    assert "training item 3, bytes 0-" in shown
    assert max(map(len, shown[len(plain) + 200 :].splitlines())) <= 130
    assert f"[{TEXTS[3][:40]}" in Path("leaks.html").read_text().replace("&#39;", "'")
    assert "later item 8, bytes 0-" in kolmo("duplicates", sets[1], "-y").stdout
    document = json.loads(kolmo("leaks", *sets, "-y", "--json").stdout)
    leak = next(leak for leak in document["results"][0]["leaks"] if leak["identical"])
    assert leak["test_passage"]["text"] == leak["train_passage"]["text"]
