"""Saved classifiers on the command line: fit, predict, evaluate, explain, model info, and training labels in doubt."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from kolmo import load_model, read
from kolmo.learn import evaluate_fitted, label_items

Topics = tuple[Path, Path]


@pytest.fixture
def model(kolmo: Any, topics: Topics) -> Path:
    kolmo("fit", topics[0], "-o", "model", "--method", "neighbors", "-k", "3")
    return Path("model")


def test_a_fitted_classifier_is_saved_and_shown(kolmo: Any, refused: Any, topics: Topics) -> None:
    out = kolmo("fit", topics[0], "-o", "model", "--method", "code-length", "-c", "zstd").stdout
    assert "CodeLengthClassifier" in out
    assert "3: food, money, pets" in out
    info = json.loads(kolmo("model", "info", "model", "--json").stdout)
    assert (info["n_items"], info["classes"]) == (60, ["food", "money", "pets"])
    assert "array codes" in kolmo("model", "info", "model", "-v").stdout
    before = Path("model/model.json").read_bytes()
    assert "exists and was not changed" in refused("fit", topics[0], "-o", "model", code=2)
    assert before == Path("model/model.json").read_bytes()
    kolmo("fit", topics[0], "-o", "model", "-k", "1", "--force")
    assert json.loads(kolmo("model", "info", "model", "--json").stdout)["model"] == "NCDClassifier"


def test_a_wrong_command_is_refused(refused: Any, topics: Topics, model: Path) -> None:
    assert "-o FOLDER" in refused("fit", topics[0], code=2)
    assert "no effect with --update" in refused("fit", "--update", model, topics[0], "-k", "3", code=2)
    assert "takes no more texts" in refused("fit", "--update", model, topics[0], code=2)
    assert "has no effect" in refused("fit", topics[0], "-o", "other", "--method", "label-code", "-k", "3", code=2)
    Path("plain.txt").write_text("a text\nanother\n")
    assert "--label-column" in refused("fit", "plain.txt", "-o", "other", code=1)
    assert "does not exist" in refused("predict", "missing", topics[1], code=1)
    assert "no labels" in refused("evaluate", model, "plain.txt", code=1)
    assert "kolmo fit" in refused("model", "info", ".", code=1)
    Path("other").mkdir()
    Path("other/notes.txt").write_text("mine")
    assert "other files" in refused("fit", topics[0], "-o", "other", "-f", code=2)
    assert sorted(path.name for path in Path().iterdir()) == ["model", "other", "plain.txt", "test.csv", "train.csv"]


def test_data_are_read_as_they_were_at_the_fit(kolmo: Any, topics: Topics) -> None:
    """The columns and the options that change a text are kept; other columns of the same file are not taken for it."""
    rows = list(csv.reader(topics[0].read_text().splitlines()))[1:]
    with Path("own.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["kind", "note"], *([label, text.upper()] for label, text in rows)])
    kolmo("fit", "own.csv", "-o", "model", "-k", "3", "--text-column", "note", "--label-column", "kind", "--casefold")
    held_out = list(csv.reader(topics[1].read_text().splitlines()))[1:]
    with Path("new.csv").open("w", newline="") as file:
        named = [["title", "label", "kind", "note"], *(["bonds", "pets", *row] for row in held_out)]
        csv.writer(file).writerows(named)
    assert json.loads(kolmo("evaluate", "model", "new.csv", "--json").stdout)["accuracy"] == 1
    labelled = list(csv.DictReader(kolmo("predict", "model", "new.csv").stdout.splitlines()))
    assert [row["predicted"] for row in labelled] == [label for label, _ in held_out]
    lines = "".join(json.dumps({"title": "bonds", "note": text.upper()}) + "\n" for _, text in held_out)
    streamed = kolmo("predict", "model", "-", "--format", "jsonl", stdin=lines.encode()).stdout.splitlines()
    assert [json.loads(line)["predicted"] for line in streamed] == [label for label, _ in held_out]
    other = csv.DictReader(kolmo("predict", "model", "new.csv", "--text-column", "title").stdout.splitlines())
    assert {row["predicted"] for row in other} == {"money"}
    unfolded = kolmo("predict", "model", "-", "--format", "jsonl", "--no-casefold", stdin=lines.encode()).stdout
    assert unfolded.splitlines() != streamed, "an option takes a kept flag back"


@pytest.mark.parametrize("forged", [{"pixels": ["rgb"]}, {"separator": 3}, {"columns": [[3], None]}, {"path": "/"}, 5])
def test_a_forged_way_to_read_is_refused(refused: Any, model: Path, topics: Topics, forged: Any) -> None:
    found = json.loads((model / "model.json").read_text()) | {"reading": forged}
    del found["sha256"]
    found["sha256"] = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
    (model / "model.json").write_text(json.dumps(found))
    refused("predict", model, topics[1], code=1)


def test_texts_that_a_model_has_already_are_counted_and_added(kolmo: Any, topics: Topics) -> None:
    options = ("--method", "code-length", "-c", "deflate")
    first = kolmo("fit", topics[0], "-o", "model", *options)
    assert "already" not in first.stderr
    n_items = json.loads(kolmo("model", "info", "model", "--json").stdout)["n_items"]
    again = kolmo("fit", "--update", "model", topics[0])
    assert f"{n_items} of {n_items} texts are in the model already, with the same label" in again.stderr
    assert "another label" not in again.stderr
    assert json.loads(kolmo("model", "info", "model", "--json").stdout)["n_items"] == 2 * n_items
    header, *rows = topics[0].read_text().splitlines()
    text = rows[0].split(",")[1]
    other = next(row.split(",")[0] for row in rows if row.split(",")[0] != rows[0].split(",")[0])
    Path("more.csv").write_text(f"{header}\n{other},{text}\n{rows[1]}\n{other},a text of its own\n")
    run = kolmo("fit", "--update", "model", "more.csv", "--json")
    assert "1 of 3 texts are in the model already" in run.stderr
    assert "1 of 3 texts are in the model with another label, which stays" in run.stderr
    found = json.loads(run.stdout)
    assert (found["n_repeated"], found["n_relabelled"], found["n_items"]) == (1, 1, 2 * n_items + 3)
    Path("new.csv").write_text(f"{header}\n{other},another text of its own\n")
    assert "already" not in kolmo("fit", "--update", "model", "new.csv").stderr


def test_an_update_equals_one_fit(kolmo: Any, topics: Topics) -> None:
    rows = topics[0].read_text().splitlines()
    Path("first.csv").write_text("\n".join(rows[:31]) + "\n")
    Path("rest.csv").write_text("\n".join([rows[0], *rows[31:]]) + "\n")
    options = ("--method", "code-length", "-c", "zstd")
    kolmo("fit", "first.csv", "-o", "model", *options)
    kolmo("fit", "--update", "model", "rest.csv", "-o", "second")
    kolmo("fit", "--update", "model", "rest.csv")
    kolmo("fit", topics[0], "-o", "whole", *options)
    items = read(topics[1]).items
    whole = load_model("whole").predict_proba(items)
    assert (load_model("model").predict_proba(items) == whole).all()
    assert (load_model("second").predict_proba(items) == whole).all()


def test_rows_keep_their_columns(kolmo: Any, topics: Topics, model: Path) -> None:
    path = Path("rows.csv")
    with topics[1].open() as source, path.open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["id", "text", "predicted"])
        for number, row in enumerate(csv.DictReader(source)):
            writer.writerow([number, f'"{row["text"]}",\nand more', "old"])
    kolmo("predict", model, path, "-o", "out.csv")
    with Path("out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["id", "text", "predicted", "predicted_2", "probability", "runner_up"]
    found = label_items(load_model(model), read(path, text_columns=["text"]).items)
    assert [row["predicted_2"] for row in rows] == found.labels.tolist()
    assert [row["id"] for row in rows] == [str(number) for number in range(18)]
    assert rows[0]["text"].endswith('",\nand more')
    with path.open(newline="") as file:
        assert [row["text"] for row in csv.DictReader(file)] == [row["text"] for row in rows]


def test_json_lines_keep_their_values(kolmo: Any, model: Path) -> None:
    Path("rows.jsonl").write_text(
        '{"id": 7, "text": "cat and dog", "tags": ["é"]}\n{"id": 8, "text": "bread", "tags": null}\n'
    )
    rows = [json.loads(line) for line in kolmo("predict", model, "rows.jsonl").stdout.splitlines()]
    assert [(row["id"], row["tags"], row["predicted"]) for row in rows] == [(7, ["é"], "pets"), (8, None, "food")]
    streamed = kolmo("predict", model, "-", "--format", "jsonl", stdin=Path("rows.jsonl").read_bytes()).stdout
    assert [json.loads(line) for line in streamed.splitlines()] == rows


def test_other_formats_become_csv(kolmo: Any, model: Path) -> None:
    Path("q.label").write_text("ANIMAL:cat my cat, and dog\nFOOD:x bread and butter\n")
    rows = list(csv.DictReader(kolmo("predict", model, "q.label").stdout.splitlines()))
    assert [(row["label"], row["text"], row["predicted"]) for row in rows] == [
        ("ANIMAL", "my cat, and dog", "pets"),
        ("FOOD", "bread and butter", "food"),
    ]
    Path("lines.txt").write_text("a cat\n")
    assert kolmo("predict", model, "lines.txt").stdout.startswith("a cat\tpets\t")
    Path("table.txt").write_text("x\tcat and dog\n")
    assert kolmo("predict", model, "table.txt").stdout.startswith("x\tcat and dog\tpets\t")


def test_abstaining_leaves_the_label_empty(kolmo: Any, model: Path, topics: Topics) -> None:
    out = kolmo("predict", model, topics[1], "--abstain-below", "1").stdout
    rows = list(csv.DictReader(out.splitlines()))
    assert [row["predicted"] == "" for row in rows] == [float(row["probability"]) < 1 for row in rows]
    assert all(row["label"] for row in rows)


def test_lines_are_labelled_as_they_arrive(model: Path) -> None:
    program = [sys.executable, "-m", "kolmo", "predict", str(model), "-"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        for text, label in ((b"cat dog purrs\n", b"pets"), (b"bread butter\n", b"food")):
            run.stdin.write(text)
            run.stdin.flush()
            start = time.monotonic()
            line = run.stdout.readline().rstrip(b"\n").split(b"\t")  # would wait for ever without a flush
            assert time.monotonic() - start < 60
            assert line[:2] == [text.strip(), label]
        run.stdin.close()
        assert run.wait(60) == 0


def test_a_stream_names_the_line_that_is_wrong(kolmo: Any, model: Path) -> None:
    run = kolmo("predict", model, "-", "--format", "jsonl", stdin=b'{"text": "cat"}\n{"id": 1}\n', code=1)
    assert json.loads(run.stdout)["predicted"] == "pets"
    assert "line 2" in run.stderr
    assert "--text-column" in run.stderr


def test_evaluation_is_that_of_python(kolmo: Any, model: Path, topics: Topics) -> None:
    document = json.loads(kolmo("evaluate", model, topics[1], "--errors", "--confusion", "--json").stdout)
    report = evaluate_fitted(load_model(model), read(topics[1]))
    assert document["accuracy"] == report.accuracy
    assert document["confusion"] == report.confusion.tolist()
    assert len(document["mistakes"]) == len(report.mistakes())
    table = kolmo("evaluate", model, topics[1], "--errors", "--abstain-below", "0.85").stdout
    assert "Accuracy against coverage" in table
    assert "0.85" in table
    assert "Most confident mistakes" in table


def test_reasons_are_shown(kolmo: Any, model: Path, topics: Topics) -> None:
    out = kolmo("explain", model, "my cat and dog")
    assert out.stdout.startswith("Votes: pets")
    found = json.loads(kolmo("explain", model, "-", "--json", stdin=b"my cat and dog").stdout)
    assert found["label"] == "pets"
    assert found["nearest"][0]["label"] == "pets"
    rows = list(csv.DictReader(kolmo("predict", model, topics[1], "--explain").stdout.splitlines()))
    assert all("near to item" in row["because"] for row in rows)


def test_doubtful_labels_are_listed(kolmo: Any, topics: Topics) -> None:
    rows = topics[0].read_text().splitlines()
    rows[5] = "food," + rows[5].split(",")[1].replace("food", "pets")
    topics[0].write_text("\n".join(rows) + "\n")
    wrong = rows[5].split(",")[1]
    out = kolmo("mislabelled", topics[0], "-o", "doubtful.csv", "--show", "3").stdout
    assert "Doubtful labels" in out
    kolmo("mislabelled", topics[0], "--html", "doubtful.html")
    page = Path("doubtful.html").read_text()
    assert "Which labels are probably wrong?" in page
    assert 'href="#item-4"' in page
    assert "expected label" in page
    with Path("doubtful.csv").open() as file:
        first = next(csv.DictReader(file))
    assert (first["item"], first["label"]) == ("4", "food")
    assert wrong.startswith(first["text"].rstrip("…"))


def test_one_file_is_split(kolmo: Any, refused: Any, topics: Topics) -> None:
    folds = json.loads(kolmo("classify", topics[0], "--folds", "4", "-c", "zstd", "--json", "-o", "folds.csv").stdout)
    assert (folds["folds"], folds["results"][0]["n_test"]) == (4, 60)
    with Path("folds.csv").open() as file:
        assert [row["item"] for row in csv.DictReader(file)] == [str(number) for number in range(60)]
    part = json.loads(
        kolmo("classify", topics[0], "--hold-out", "0.2", "-c", "zstd", "--json", "-o", "part.csv").stdout
    )
    assert (part["results"][0]["n_train"], part["results"][0]["n_test"]) == (48, 12)
    labels = read(topics[0]).labels
    with Path("part.csv").open() as file:
        assert all(labels[int(row["item"])] == row["label"] for row in csv.DictReader(file))
    assert "--folds 5" in refused("classify", topics[0], code=2)
    assert "leave one out" in refused("classify", *topics, "--folds", "3", code=2)
    assert "leave one out" in refused("classify", topics[0], "--folds", "3", "--hold-out", "0.1", code=2)
    assert "no effect" in refused("classify", topics[0], "--folds", "3", "--no-labels", code=2)


def test_a_label_column_with_gaps_can_be_filled(kolmo: Any, model: Path) -> None:
    Path("gaps.csv").write_text("label,text\npets,a cat\n,bread and butter\n")
    rows = list(csv.DictReader(kolmo("predict", model, "gaps.csv").stdout.splitlines()))
    assert [(row["label"], row["predicted"]) for row in rows] == [("pets", "pets"), ("", "food")]
